"""Many buyers at once, on PostgreSQL, in processes of their own: what is held and sold is exactly what is there.

Every lock and every condition has its control, which fails without it: there the processes are brought to the dangerous place
together, so that it does not fail by luck. What happens to money at once is in test_money_races.py.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import Sum

from catalog import stock
from catalog.models import Market, Price, Product, Stock, Variant
from catalog.stock import pieces_left
from core.clock import ALWAYS
from core.errors import Refused
from licensing.models import Licence
from orders import holding, limits, placing
from orders.models import Basket, Order, PersonCount, Reservation
from orders.placing import Terms, place_lines, place_order
from orders.quoting import Wanted
from tests import factories
from tests.factories import NOW
from tests.orders.conftest import Place, buyer, sells, terms
from tests.orders.processes import Meeting, in_processes, no_jobs, tried, without_locks  # noqa: F401

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres, pytest.mark.usefixtures("no_jobs")]

#: Two for each core would do; with more, more of them wait for one row.
PROCESSES = 8
HOUR = timedelta(hours=1)

Buy = Callable[[], Any]


def buyers(
    name: str, count: int, lines: Sequence[Wanted], market: Market, said: Terms, *, mail: str = "", at: datetime = NOW
) -> Buy:
    """So many buyers, one after the other in one process; answers how often what became of it."""

    def buy() -> Counter[str]:
        return Counter(
            tried(
                lambda number=number: place_lines(
                    lines, market, buyer(email=mail or f"{name}-{number}@example.com"),
                    replace(said, checkout_key=f"{name}-{number}"), at=at,
                )
            )
            for number in range(count)
        )  # fmt: skip

    return buy


def together(verbs: Sequence[Buy]) -> dict[str, int]:
    return dict(sum(in_processes(*verbs), Counter()))


def crowd(count: int, lines: Sequence[Wanted], market: Market, said: Terms, **named: Any) -> dict[str, int]:
    """`count` buyers in PROCESSES processes."""
    each = count // PROCESSES
    return together([buyers(f"buyer-{i}", each, lines, market, said, **named) for i in range(PROCESSES)])


def reserved(variant: Variant) -> int:
    return Stock.objects.get(variant=variant).reserved


def held(variant: Variant) -> int:
    return Reservation.objects.filter(variant=variant).aggregate(pieces=Sum("pieces"))["pieces"] or 0


# -- pieces ------------------------------------------------------------------------------------------


def test_of_two_hundred_buyers_ten_get_the_ten_pieces(market: Market, variant: Variant) -> None:
    lines = [Wanted(variant.pk, 1)]

    got = crowd(200, lines, market, terms(market, lines))

    assert got == {"done": 10, "out_of_stock": 190}
    assert (Order.objects.count(), reserved(variant), held(variant)) == (10, 10, 10)
    assert Licence.objects.get().units_used == 10


def test_two_lines_of_one_variant_are_never_more_than_there_are(market: Market, variant: Variant) -> None:
    lines = [Wanted(variant.pk, 2), Wanted(variant.pk, 1)]

    got = crowd(80, lines, market, terms(market, lines))

    assert got == {"done": 3, "out_of_stock": 77}
    assert (reserved(variant), held(variant), Licence.objects.get().units_used) == (9, 9, 9)


def test_two_markets_sell_from_one_stock(market: Market, product: Product, variant: Variant) -> None:
    eu = factories.make_market("eu")
    Price.objects.create(variant=variant, market=eu, amount=4000, starts_at=ALWAYS)
    sells(product, eu, 500)
    lines = [Wanted(variant.pk, 1)]
    said = {one: terms(one, lines) for one in (market, eu)}

    got = together([buyers(f"{i}", 10, lines, one, said[one]) for i, one in enumerate([market, eu] * 4)])

    assert got == {"done": 10, "out_of_stock": 70}
    assert (reserved(variant), held(variant)) == (10, 10)


def _read_then_write(variant_id: int, pieces: int, *, is_pre_order: bool = False, at: datetime) -> None:
    if pieces_left(variant_id, is_pre_order) < pieces:
        raise Refused("out_of_stock", variant=Variant.objects.get(pk=variant_id).public_id, left=0)
    row = Stock.objects.get(variant=variant_id)
    MEET[0].wait()
    row.reserved += pieces
    row.save(update_fields=["reserved"])


#: Where the processes of a control meet.
MEET = [Meeting()]


@pytest.mark.parametrize("is_conditional", [True, False], ids=["as_it_is", "read_then_write"])
def test_the_last_piece_is_promised_by_one_conditional_update(
    market: Market, variant: Variant, monkeypatch: pytest.MonkeyPatch, is_conditional: bool
) -> None:
    Stock.objects.update(on_hand=1)
    lines = [Wanted(variant.pk, 1)]
    said = terms(market, lines)
    if is_conditional:
        meeting = Meeting().before(monkeypatch, stock, "reserve")
    else:
        meeting = MEET[0] = Meeting()
        monkeypatch.setattr(stock, "reserve", _read_then_write)

    got = together([buyers(name, 1, lines, market, said) for name in ("a", "b")])

    assert meeting.happened
    assert got == ({"done": 1, "out_of_stock": 1} if is_conditional else {"done": 2})
    assert (held(variant), reserved(variant)) == (1 if is_conditional else 2, 1)


@pytest.mark.parametrize("is_sorted", [True, False], ids=["as_it_is", "in_the_order_of_lines"])
def test_orders_of_the_same_variants_do_not_wait_for_each_other(
    market: Market, product: Product, monkeypatch: pytest.MonkeyPatch, is_sorted: bool
) -> None:
    one, two = factories.make_product(licence=product.licence, variants=2).variants.order_by("pk")
    there, back = [Wanted(one.pk, 1), Wanted(two.pk, 1)], [Wanted(two.pk, 1), Wanted(one.pk, 1)]
    said = terms(market, there)
    meeting = Meeting(comes=not is_sorted)
    _met_after_the_first_piece(monkeypatch, meeting)
    if not is_sorted:
        monkeypatch.setattr(holding, "sorted", list, raising=False)

    got = together([buyers("there", 1, there, market, said), buyers("back", 1, back, market, said)])

    assert meeting.happened is not is_sorted
    assert got == ({"done": 2} if is_sorted else {"done": 1, "OperationalError": 1})


def _met_after_the_first_piece(monkeypatch: pytest.MonkeyPatch, meeting: Meeting) -> None:
    whole, pieces = stock.reserve, []

    def reserve(*arguments: Any, **named: Any) -> None:
        whole(*arguments, **named)
        pieces.append(1)
        if len(pieces) == 1:
            meeting.wait()

    monkeypatch.setattr(stock, "reserve", reserve)


# -- one form, two tabs ------------------------------------------------------------------------------


def _basket(market: Market, variant: Variant) -> Basket:
    basket = Basket.objects.create(key="k", market=market, created_at=NOW, updated_at=NOW)
    basket.lines.create(variant=variant, quantity=1, seen_amount=3800, added_at=NOW)
    return basket


@pytest.mark.parametrize("is_from_basket", [True, False], ids=["basket", "lines"])
def test_a_form_sent_eight_times_at_once_makes_one_order(
    market: Market, variant: Variant, is_from_basket: bool
) -> None:
    lines = [Wanted(variant.pk, 1)]
    said, basket = terms(market, lines), _basket(market, variant)

    def click() -> str:
        if is_from_basket:
            return tried(lambda: place_order(basket, buyer(), said, at=NOW).number)
        return tried(lambda: place_lines(lines, market, buyer(), said, at=NOW).number)

    got = in_processes(*[click] * PROCESSES)

    assert got == [Order.objects.get().number] * PROCESSES
    assert (reserved(variant), held(variant)) == (1, 1)


def test_without_its_key_a_form_sent_twice_makes_two_orders(market: Market, variant: Variant) -> None:
    lines = [Wanted(variant.pk, 1)]
    said = terms(market, lines)
    meeting = Meeting()

    def click(key: str) -> str:
        meeting.wait()
        return tried(lambda: place_lines(lines, market, buyer(), replace(said, checkout_key=key), at=NOW))

    assert in_processes(lambda: click("one"), lambda: click("two")) == ["done", "done"]
    assert (Order.objects.count(), reserved(variant)) == (2, 2)


@pytest.mark.parametrize("is_locked", [True, False], ids=["with_lock", "without_lock"])
def test_two_tabs_with_one_basket_make_one_order(
    market: Market, variant: Variant, monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    basket, said = _basket(market, variant), terms(market, [Wanted(variant.pk, 1)])
    meeting = Meeting(comes=not is_locked).after(monkeypatch, placing, "_BASKET_LINES")
    if not is_locked:
        without_locks(monkeypatch)

    def tab(key: str) -> str:
        return tried(lambda: place_order(basket, buyer(), replace(said, checkout_key=key), at=NOW))

    got = in_processes(lambda: tab("one"), lambda: tab("two"))

    assert meeting.happened is not is_locked
    assert sorted(got) == (["basket_empty", "done"] if is_locked else ["done", "done"])
    assert (Order.objects.count(), reserved(variant)) == ((1, 1) if is_locked else (2, 2))


# -- what was not paid in time -----------------------------------------------------------------------


def test_pieces_that_were_not_paid_in_time_go_to_as_many_as_there_are(
    place: Place, market: Market, variant: Variant
) -> None:
    lines = [Wanted(variant.pk, 1)]
    said = terms(market, lines)
    over = [place(variant, 2, at=NOW - HOUR, by=buyer(email=f"{i}@example.com")) for i in range(5)]

    got = crowd(48, lines, market, said)

    assert got == {"done": 10, "out_of_stock": 38}
    assert set(Order.objects.filter(pk__in=[order.pk for order in over]).values_list("state", flat=True)) == {"expired"}
    assert (reserved(variant), held(variant), Licence.objects.get().units_used) == (10, 10, 10)


def test_nobody_is_refused_what_another_buyer_is_freeing(place: Place, market: Market, variant: Variant) -> None:
    """As many buyers as pieces, all held by orders that are over: each gets one."""
    Stock.objects.update(on_hand=8)
    lines = [Wanted(variant.pk, 1)]
    said = terms(market, lines)
    for i in range(4):
        place(variant, 2, at=NOW - HOUR, by=buyer(email=f"{i}@example.com"))

    assert crowd(8, lines, market, said) == {"done": 8}
    assert (reserved(variant), held(variant)) == (8, 8)


# -- units and persons -------------------------------------------------------------------------------


def test_twenty_units_of_a_licence_go_to_twenty_of_sixty_buyers(market: Market, product: Product) -> None:
    Licence.objects.update(unit_cap=100, units_used=80)
    variants = factories.make_product(licence=product.licence, variants=4, stock=50).variants.all()
    said = {one: terms(market, [Wanted(one.pk, 1)]) for one in variants}

    got = together(
        [buyers(f"{i}", 15, [Wanted(one.pk, 1)], market, said[one]) for i, one in enumerate(variants)]
    )  # fmt: skip

    assert got == {"done": 20, "unit_cap_reached": 40}
    assert Licence.objects.get().units_used == 100
    assert sum(reserved(one) for one in variants) == Order.objects.count() == 20


def test_without_its_condition_the_last_unit_is_sold_twice(
    market: Market, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    Licence.objects.update(unit_cap=1)
    one, two = factories.make_product(licence=product.licence, variants=2).variants.order_by("pk")
    said = {variant: terms(market, [Wanted(variant.pk, 1)]) for variant in (one, two)}
    meeting = Meeting()

    def take_units(licence: Licence, sku: str, quantity: int, *, at: datetime) -> None:
        row = Licence.objects.get(pk=licence.pk)
        if row.unit_cap is not None and row.units_used + quantity > row.unit_cap:
            raise Refused("unit_cap_reached")
        meeting.wait()
        row.units_used += quantity
        row.save(update_fields=["units_used"])

    monkeypatch.setattr(holding, "take_units", take_units)
    got = together([buyers(f"{v.pk}", 1, [Wanted(v.pk, 1)], market, said[v]) for v in (one, two)])

    assert meeting.happened
    assert got == {"done": 2}
    assert (Order.objects.count(), Licence.objects.get().units_used) == (2, 1)


@pytest.mark.parametrize("is_conditional", [True, False], ids=["as_it_is", "read_then_write"])
def test_one_person_in_eight_processes_has_one_allowance(
    market: Market, product: Product, variant: Variant, monkeypatch: pytest.MonkeyPatch, is_conditional: bool
) -> None:
    Product.objects.update(per_person=3)
    Stock.objects.update(on_hand=100)
    lines = [Wanted(variant.pk, 1)]
    said = terms(market, lines)
    if not is_conditional:
        PersonCount.objects.create(product=product, person=limits.persons_of(Order(email="wei@example.com"))[0])
        MEET[0] = Meeting(PROCESSES)
        # Eight that wait for one piece's row would meet nowhere else.
        monkeypatch.setattr(stock, "reserve", lambda *_pieces, **_named: None)
        monkeypatch.setattr(holding, "count_persons", _read_then_count)

    got = crowd(8 if not is_conditional else 40, lines, market, said, mail="wei@example.com")

    if is_conditional:
        assert got == {"done": 3, "per_person_reached": 37}
        assert (PersonCount.objects.get().pieces, Order.objects.count(), reserved(variant)) == (3, 3, 3)
    else:
        assert MEET[0].happened
        assert (got, PersonCount.objects.get().pieces) == ({"done": 8}, 1)


def _read_then_count(order: Order, pieces_of: dict[Product, int]) -> None:
    for product, pieces in pieces_of.items():
        row = PersonCount.objects.get(product=product, person=limits.persons_of(order)[0])
        assert product.per_person is not None
        if row.pieces + pieces > product.per_person:
            raise Refused("per_person_reached")
        MEET[0].wait()
        row.pieces += pieces
        row.save(update_fields=["pieces"])
