"""What merchants are paid for what the shop sold: the ledger's part, once, when it was sent, and not while somebody disputes it."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from catalog.models import Market, Variant
from core.errors import Refused
from licensing.models import ArticleProperty, Licence, LicensedArticle
from licensing.takedowns import release_takedown, start_takedown
from orders import payouts
from orders.closing import cancel_pieces
from orders.facts import tell_licensing
from orders.frozen import frozen_lines
from orders.models import Order, OrderLine, Payout, PayoutLine, SaleFact
from orders.payouts import currencies_of, make_payout, payable
from orders.refunds import execute_refunds
from orders.shipping import ship
from tests import factories
from tests.factories import NOW
from tests.licensing.test_ledger_at_once import in_threads
from tests.orders.conftest import Place, refused, sells
from tests.orders.test_facts import give_back, licence, order, paid  # noqa: F401
from tests.orders.test_refunds import books  # noqa: F401
from tests.orders.test_results import tell

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]
DAY = timedelta(days=1)
LATER = NOW + 14 * DAY
#: The merchant's part of three pieces, as test_facts.py has it.
WHOLE = 8550


def send(line: OrderLine, pieces: int, at: Any = NOW) -> None:
    ship(line.parcel, {line: pieces}, by=None, at=at)


@pytest.fixture
def line(order: Order) -> OrderLine:  # noqa: F811
    """Told to licensing, not sent."""
    tell_licensing(at=NOW)
    return order.lines.select_related("merchant", "parcel", "film").get()


def owed(line: OrderLine, at: Any = LATER) -> tuple[list[int], list[tuple[str, int | None]]]:
    """What is due, and what is held and why."""
    found = payable(line.merchant, "USD", at=at)
    return [one.amount for one in found.due], [(one.code, one.amount) for one in found.held]


def pay(line: OrderLine, reference: str = "T-1", at: Any = LATER, **more: Any) -> Payout:
    return make_payout(line.merchant, "USD", reference=reference, by=None, at=at, **more)


def test_it_is_due_a_while_after_the_last_piece_was_sent(line: OrderLine) -> None:
    assert owed(line) == ([], [("not_sent", WHOLE)])
    send(line, 2)
    assert owed(line) == ([], [("not_sent", WHOLE)])
    send(line, 1, at=NOW + DAY)

    assert owed(line, LATER) == ([], [("waiting", WHOLE)])
    assert payable(line.merchant, "USD", at=LATER).held[0].until == LATER + DAY
    assert owed(line, LATER + DAY) == ([WHOLE], [])
    assert currencies_of(line.merchant) == ["USD"]


def test_a_payout_pays_each_fact_once(line: OrderLine) -> None:
    send(line, 3)
    made = pay(line, expected=WHOLE)

    assert (made.amount, made.currency, made.merchant) == (WHOLE, "USD", line.merchant)
    assert [(one.fact.line, one.amount) for one in made.lines.all()] == [(line, WHOLE)]
    assert owed(line) == ([], [])
    assert currencies_of(line.merchant) == []
    with refused("nothing_to_pay"):
        pay(line, "T-2")


def test_the_same_reference_is_the_same_payout(line: OrderLine) -> None:
    send(line, 3)
    made = pay(line, expected=WHOLE)

    assert pay(line, expected=WHOLE) == made
    assert pay(line) == made
    with refused("reference_taken"):
        pay(line, expected=WHOLE + 1)
    with refused("reference_taken"):
        make_payout(line.merchant, "EUR", reference="T-1", by=None, at=LATER)
    with refused("reference_missing"):
        pay(line, " ")
    assert Payout.objects.count() == 1


def test_what_changed_since_it_was_seen_is_not_paid(line: OrderLine) -> None:
    send(line, 3)

    with refused("payout_changed"):
        pay(line, expected=WHOLE - 1)
    assert Payout.objects.count() == 0


def test_a_return_before_the_payout_lowers_it(line: OrderLine) -> None:
    send(line, 3)
    give_back(line.order, 1)
    # The money has gone back, and licensing does not know of it yet.
    assert owed(line) == ([], [("refund_open", WHOLE), ("not_split", None)])
    tell_licensing(at=NOW)

    assert owed(line) == ([WHOLE, -2850], [])
    assert pay(line).amount == WHOLE - 2850


def test_a_return_after_the_payout_is_taken_off_the_next_one(line: OrderLine, place: Place, variant: Variant) -> None:
    send(line, 3)
    pay(line)
    give_back(line.order, 3)
    tell_licensing(at=LATER)
    assert owed(line) == ([-WHOLE], [])
    with refused("nothing_to_pay"):
        pay(line, "T-2")

    second = paid(place(variant, 4)).lines.select_related("parcel").get()
    tell_licensing(at=LATER)
    send(second, 4, at=LATER)

    assert pay(line, "T-2", at=LATER + 14 * DAY).amount == 11400 - WHOLE
    assert PayoutLine.objects.count() == 3


def test_pieces_that_were_cancelled_are_not_waited_for(line: OrderLine) -> None:
    cancel_pieces(line, 1, by=None, at=NOW)
    send(line, 2)
    assert owed(line) == ([], [("refund_open", WHOLE)])
    execute_refunds(at=NOW)
    tell_licensing(at=NOW)

    assert sum(owed(line)[0]) == WHOLE - 2850


def test_without_royalty_terms_nothing_is_payable_and_it_says_why(place: Place, variant: Variant) -> None:
    line = paid(place(variant, 1)).lines.select_related("merchant", "parcel").get()
    tell_licensing(at=NOW)
    send(line, 1)

    assert owed(line) == ([], [("not_split", None)])
    assert "royalty terms" in payable(line.merchant, "USD", at=LATER).held[0].reason


def test_what_the_studio_funds_of_a_discount_is_paid_and_taken_back_to_the_last_cent(line: OrderLine) -> None:
    OrderLine.objects.filter(pk=line.pk).update(discount_amount=1000, studio_discount=500)
    send(line, 3)
    assert owed(line) == ([WHOLE + 500], [])

    for _piece in range(3):
        give_back(line.order, 1)
        tell_licensing(at=NOW)

    due = payable(line.merchant, "USD", at=LATER).due
    assert [one.studio_amount for one in due] == [500, -167, -166, -167]
    assert sum(one.amount for one in due) == 0


def further_property(line: OrderLine) -> Licence:
    article = LicensedArticle.objects.create(merchant=line.merchant, sku=line.sku)
    other = factories.make_licence(factories.make_film(), line.merchant)
    ArticleProperty.objects.create(article=article, film=other.film, licence=other)
    return other


@pytest.mark.parametrize(
    "subject",
    [
        lambda line: line.film,
        lambda line: line.merchant,
        lambda line: line.licence,
        lambda line: LicensedArticle.objects.create(merchant=line.merchant, sku=line.sku),
        lambda line: further_property(line).film,
        further_property,
    ],
)
def test_a_dispute_holds_goods_and_money_and_its_release_gives_both_back(
    line: OrderLine, market: Market, place: Place, subject: Callable[[OrderLine], Any]
) -> None:
    other = factories.make_product(prices={"us": 1000})
    sells(other, market)
    free = paid(place(other.variants.get(), 1)).lines.get()
    pending = place(line.variant, 1)
    send(line, 2)
    takedown = start_takedown(subject(line), claimant="A studio", reason="Whose is it?", by=None, at=NOW)

    assert list(frozen_lines(NOW)) == [line]
    assert free not in frozen_lines(NOW)
    with refused("not_to_be_shipped"):
        send(line, 1)
    with pytest.raises(Refused) as no:
        place(line.variant, 1)
    assert no.value.code == "not_to_this_country"
    # The rights of an order that waits for its money were decided when it was placed: it becomes paid, and is held.
    assert tell(pending.payments.get()) == "paid"
    assert set(frozen_lines(NOW)) == {line, pending.lines.get()}
    assert {code for code, _amount in owed(line)[1]} == {"frozen", "not_split"}
    tell_licensing(at=NOW)
    assert owed(line) == ([], [("frozen", WHOLE), ("frozen", 2850)])
    with refused("nothing_to_pay"):
        pay(line)

    release_takedown(takedown, outcome="Ours", by=None, at=NOW)

    assert list(frozen_lines(NOW)) == []
    assert place(line.variant, 1).state == "pending"
    send(line, 1)
    send(pending.lines.select_related("parcel").get(), 1)
    assert owed(line) == ([WHOLE, 2850], [])


def test_other_merchants_and_currencies_are_apart(line: OrderLine) -> None:
    send(line, 3)

    assert payable(line.merchant, "EUR", at=LATER).due == []
    assert payable(factories.make_merchant(), "USD", at=LATER).due == []


def test_many_lines_cost_no_more_queries(
    line: OrderLine, place: Place, variant: Variant, django_assert_num_queries: Any
) -> None:
    for _number in range(3):
        paid(place(variant, 1))
    tell_licensing(at=NOW)
    with django_assert_num_queries(5):
        assert len(payable(line.merchant, "USD", at=LATER).held) == 4
    SaleFact.objects.exclude(line=line).delete()

    with django_assert_num_queries(5):
        assert len(payable(line.merchant, "USD", at=LATER).held) == 1


# -- at once -----------------------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_who_pay_at_once_one_pays(line: OrderLine) -> None:
    send(line, 3)

    found = in_threads(lambda: pay(line, "T-1").amount, lambda: pay(line, "T-2").amount)

    assert sorted(map(str, found)) == [str(WHOLE), "nothing_to_pay"]
    assert PayoutLine.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_lock_and_constraint_both_would_pay(line: OrderLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: first only the database stops the second; without its constraint too, money goes twice."""
    send(line, 3)
    look, barrier = payouts.payable, Barrier(2)

    def seen_by_both(*arguments: Any, **named: Any) -> Any:
        found = look(*arguments, **named)
        barrier.wait(5)
        return found

    monkeypatch.setattr(payouts, "payable", seen_by_both)
    monkeypatch.setattr(payouts, "_lock", lambda merchant: merchant)
    found = in_threads(lambda: pay(line, "T-1").amount, lambda: pay(line, "T-2").amount)
    assert sorted(str(one)[:13] for one in found) == [str(WHOLE), "duplicate key"]

    PayoutLine.objects.all().delete()
    Payout.objects.all().delete()
    unique = _drop_unique()
    try:
        found = in_threads(lambda: pay(line, "T-1").amount, lambda: pay(line, "T-2").amount)
        assert found == [WHOLE, WHOLE]
    finally:
        PayoutLine.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(f'ALTER TABLE orders_payoutline ADD CONSTRAINT "{unique}" UNIQUE (fact_id)')


def _drop_unique() -> str:
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, "orders_payoutline")
        name = next(
            name for name, one in constraints.items() if one["columns"] == ["fact_id"] and one["unique"]
        )  # fmt: skip
        cursor.execute(f'ALTER TABLE orders_payoutline DROP CONSTRAINT "{name}"')
    return str(name)
