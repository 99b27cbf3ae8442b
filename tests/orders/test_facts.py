"""What licensing is told: every sale and return once, with parts that add up to what was paid, whoever is killed where."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from catalog.models import Market, Product, TaxRate, Variant
from licensing.ledger.journal import Account
from licensing.ledger.statements import compute_statement
from licensing.ledger.terms import set_terms
from licensing.models import Licence, Posting, RoyaltyTerms, SaleLine
from licensing.sheets.behind import lines_behind
from orders import facts
from orders.facts import tell_licensing
from orders.models import Order, OrderLine, SaleFact
from orders.placing import place_lines
from orders.quoting import Wanted
from orders.refunds import Pieces, execute_refunds, request_refund
from tests import factories
from tests.factories import NOW
from tests.orders.conftest import Place, buyer, sells, terms
from tests.orders.test_refunds import Books, books  # noqa: F401
from tests.orders.test_results import tell

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]
HOUR = timedelta(hours=1)


def agree(licence: Licence, *, platform: str = "0.15", **changes: Any) -> None:
    set_terms(licence, {"currency": "USD", "rate": "10%"} | changes, by=None)
    RoyaltyTerms.objects.filter(licence=licence).update(platform_rate=Decimal(platform))


@pytest.fixture
def licence(product: Product) -> Licence:
    """10 % for the studio, 15 % for the shop."""
    assert product.licence is not None
    agree(product.licence)
    return product.licence


@pytest.fixture
def order(licence: Licence, place: Place, variant: Variant) -> Order:
    """Three pieces at 38.00 with 8 % on top, and 12.00 for delivery: paid, not told yet."""
    return paid(place(variant, 3))


def paid(order: Order, **changes: Any) -> Order:
    tell(order.payments.get(), **changes)
    order.refresh_from_db()
    return order


def give_back(order: Order, pieces: int, at: Any = NOW) -> None:
    request_refund(order, Pieces({order.lines.get(): pieces}), reason="returned", by=None, at=at)
    execute_refunds(at=at)


def parts(kind: str) -> dict[str, int]:
    """What each account has received (above zero) or given of lines of this kind, all together."""
    rows = Posting.objects.filter(journal__line__kind=kind).order_by().values_list("account")
    return dict(rows.annotate(total=Sum("amount")))


def told() -> list[tuple[str, str, int]]:
    rows = SaleLine.objects.order_by("pk").values_list("kind", "external_id", "quantity")
    return list(rows)


def test_a_paid_order_is_a_sale_whose_four_parts_are_what_was_paid(order: Order) -> None:
    assert tell_licensing(at=NOW) == 1

    line, fact = SaleLine.objects.get(), SaleFact.objects.get()
    assert (line.kind, line.source, line.external_id) == ("sale", "order", order.lines.get().public_id)
    assert (line.quantity, line.amount, line.currency, line.goods.territory) == (3, 11400, "USD", "US")
    assert (line.goods.channel, line.goods.basis, line.goods.properties) == (
        "own_shop",
        "DTC",
        order.lines.get().film.slug,
    )
    # 114.00 without tax: 11.40 for the studio, 17.10 for the shop, 9.12 tax, the rest.
    assert parts("sale") == {
        Account.CUSTOMER: 12312, Account.MERCHANT: -8550, Account.PLATFORM: -1710, Account.LICENSOR: -1140,
        Account.TAX: -912,
    }  # fmt: skip
    assert (fact.told_at, fact.problem, fact.amount) == (NOW, "", 12312)


@pytest.mark.parametrize(("amount", "pieces"), [(3799, 3), (1, 1), (1999, 7)])
def test_a_price_that_holds_its_tax_splits_into_what_was_paid(place: Place, amount: int, pieces: int) -> None:
    market = factories.make_market("eu")
    TaxRate.objects.create(market=market, country="DE", rate=Decimal("0.19"), starts_on="2020-01-01")
    product = factories.make_product(prices={"eu": amount})
    sells(product, market)
    agree(product.licence, currency="EUR")
    from_germany = _order(market, product.variants.get(), pieces)

    tell_licensing(at=NOW)

    found = parts("sale")
    assert found.pop(Account.CUSTOMER) == amount * pieces
    assert -sum(found.values()) == amount * pieces
    assert -found.get(Account.TAX, 0) == from_germany.lines.get().tax_amount


def _order(market: Market, variant: Variant, pieces: int) -> Order:
    wanted = [Wanted(variant.pk, pieces)]
    return paid(place_lines(wanted, market, buyer(), terms(market, wanted), at=NOW))


def test_pieces_that_come_back_take_their_parts_along_to_the_last_cent(order: Order) -> None:
    tell_licensing(at=NOW)
    for _piece in range(3):
        give_back(order, 1)
        tell_licensing(at=NOW)

    ids = [fact.refund.public_id for fact in SaleFact.objects.filter(kind="return")]
    line = order.lines.get().public_id
    assert told() == [("sale", line, 3), *(("return", f"{one}:{line}", 1) for one in ids)]
    assert {row.of for row in SaleLine.objects.filter(kind="return")} == {line}
    assert parts("return") == {account: -amount for account, amount in parts("sale").items()}


def test_the_statement_leads_back_to_the_line_of_the_order(order: Order, licence: Licence) -> None:
    tell_licensing(at=NOW)
    give_back(order, 1)
    tell_licensing(at=NOW)

    statement = compute_statement(licence, "2026-Q4", at=NOW)

    assert statement.figures["royalty"] == "7.60"
    behind = lines_behind(statement, 0).lines
    assert [(one.kind, one.external_id.split(":")[-1]) for one in behind] == [
        ("sale", order.lines.get().public_id), ("return", order.lines.get().public_id),
    ]  # fmt: skip


def test_told_again_changes_nothing(order: Order) -> None:
    tell_licensing(at=NOW)
    before = (told(), parts("sale"))

    assert tell_licensing(at=NOW + HOUR) == 0
    assert (told(), parts("sale")) == before


def test_a_worker_killed_before_it_wrote_that_it_told_is_followed_by_one_that_finds_it_there(order: Order) -> None:
    """Even where the product would be told otherwise by now."""
    tell_licensing(at=NOW)
    SaleFact.objects.update(told_at=None, try_at=NOW)
    order.lines.get().product.__class__.objects.update(category=factories.make_category("bags"))

    assert tell_licensing(at=NOW + HOUR) == 1

    assert len(told()) == 1
    assert (SaleFact.objects.get().told_at, SaleFact.objects.get().problem) == (NOW + HOUR, "")


def test_a_licence_without_terms_waits_with_the_reason_and_keeps_nobody_waiting(
    order: Order, place: Place, market: Market
) -> None:
    other = factories.make_product(prices={"us": 1000})
    sells(other, market)
    waits = paid(place(other.variants.get(), 1)).lines.get()

    assert tell_licensing(at=NOW) == 1

    fact = SaleFact.objects.get(line=waits)
    assert fact.told_at is None
    assert "royalty terms" in fact.problem
    assert fact.try_at == NOW + timedelta(minutes=5)
    # The wait grows with what has been waited already.
    tell_licensing(at=NOW + HOUR)
    fact.refresh_from_db()
    assert fact.try_at == NOW + 2 * HOUR
    agree(other.licence)
    assert tell_licensing(at=NOW + 2 * HOUR) == 1
    fact.refresh_from_db()
    assert (fact.told_at, fact.problem) == (NOW + 2 * HOUR, "")


def test_what_the_ledger_refuses_keeps_its_refusal(order: Order, licence: Licence) -> None:
    set_terms(licence, {"currency": "USD", "rates": [{"category": "mugs", "rate": "10%"}]}, by=None)

    assert tell_licensing(at=NOW) == 0

    fact = SaleFact.objects.get()
    assert (fact.told_at, SaleLine.objects.count()) == (None, 0)
    assert "rate" in fact.problem


def test_a_return_waits_for_its_sale(order: Order, licence: Licence) -> None:
    RoyaltyTerms.objects.all().delete()
    give_back(order, 1)
    tell_licensing(at=NOW)
    agree(licence)

    back = SaleFact.objects.get(kind="return")
    assert (back.told_at, back.problem) == (None, "The sale has not been told yet.")
    assert tell_licensing(at=NOW + HOUR) == 2
    assert [kind for kind, _id, _pieces in told()] == ["sale", "return"]


def test_goodwill_is_no_return(order: Order) -> None:
    line: OrderLine = order.lines.get()
    request_refund(order, Pieces(amounts={line: 500}), reason="goodwill", by=None, at=NOW)
    execute_refunds(at=NOW)

    assert tell_licensing(at=NOW) == 1
    assert SaleFact.objects.filter(kind="return").count() == 0


def test_a_licence_whose_telling_breaks_stops_only_itself(
    order: Order, place: Place, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = factories.make_product(prices={"us": 1000})
    sells(other, market)
    agree(other.licence)
    paid(place(other.variants.get(), 1))
    broken, record = order.lines.get().licence, facts.record_sales

    def breaks(licence: Licence, *arguments: Any, **named: Any) -> Any:
        if licence == broken:
            raise ZeroDivisionError
        return record(licence, *arguments, **named)

    monkeypatch.setattr(facts, "record_sales", breaks)
    with pytest.raises(ZeroDivisionError):
        tell_licensing(at=NOW)

    assert tell_licensing(at=NOW) == 1
    assert [line.licence for line in SaleLine.objects.all()] == [other.licence]


def test_an_article_that_the_agreement_lists_is_told_with_its_shares(
    place: Place, licence: Licence, variant: Variant
) -> None:
    shares = {"hero": 6000, "villain": 4000}
    agree(licence, articles={variant.product.sku: {"category": "home", "shares": shares}})
    paid(place(variant, 1))

    assert tell_licensing(at=NOW) == 1

    goods = SaleLine.objects.get().goods
    assert (sorted(map(tuple, goods.shares)), goods.category) == ([("hero", 6000), ("villain", 4000)], "home")


def test_the_facts_of_an_order_are_told_in_a_constant_number_of_queries(
    order: Order, place: Place, variant: Variant, django_assert_max_num_queries: Any
) -> None:
    for _number in range(3):
        paid(place(variant, 1))

    with django_assert_max_num_queries(25):
        assert tell_licensing(at=NOW) == 4
