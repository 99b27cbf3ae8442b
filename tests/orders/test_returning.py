"""Taking back: what came is refunded exactly, what is fit goes back into stock, and nothing happens twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import AuditEntry
from catalog.models import Market, Product, Stock, Variant
from licensing.models import Licence
from orders.closing import cancel_pieces
from orders.models import Letter, Order, OrderLine, Parcel, Refund, Return
from orders.refunds import Pieces, request_refund
from orders.returning import RETURN_DAYS, announce_return, receive_return, refuse_return
from orders.shipping import mark_delivered
from tests import factories
from tests.orders.conftest import Place, refused, sells
from tests.orders.test_shipping import LATER, paid, send, stock

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def order(place: Place, variant: Variant) -> Order:
    """Three pieces, paid."""
    return paid(place(variant, 3))


@pytest.fixture
def parcel(order: Order) -> Parcel:
    return order.parcels.get()


@pytest.fixture
def line(order: Order) -> OrderLine:
    return order.lines.get()


def announce(parcel: Parcel, pieces: dict[OrderLine, int], **changes: Any) -> Return:
    return announce_return(parcel, pieces, **{"reason": "withdrawal", "by": None, "at": LATER + DAY} | changes)


def receive(returned: Return, received: dict[OrderLine, tuple[int, int]]) -> Refund | None:
    return receive_return(returned, received, by=None, at=LATER + 2 * DAY)


def units() -> int:
    return Licence.objects.values_list("units_used", flat=True).get()


def test_what_came_is_refunded_and_what_is_fit_is_sold_again(
    order: Order, parcel: Parcel, line: OrderLine, variant: Variant
) -> None:
    send(parcel, {line: 3})
    returned = announce(parcel, {line: 2}, note="Too small")
    assert (stock(variant), units(), Refund.objects.count()) == ((7, 0, 3), 3, 0)

    refund = receive(returned, {line: (2, 1)})

    line.refresh_from_db()
    returned.refresh_from_db()
    assert refund is not None
    assert (refund.amount, refund.reason, refund.note) == (8208, "returned", returned.public_id)
    assert (line.returned, line.refunded_quantity, line.refunded_amount) == (2, 2, 8208)
    assert (stock(variant), units()) == ((8, 0, 2), 1)
    assert (returned.state, returned.settled_at) == ("received", LATER + 2 * DAY)
    assert list(returned.lines.values_list("quantity", "received", "resaleable")) == [(2, 2, 1)]
    templates = Letter.objects.filter(about=returned.public_id).values_list("template", flat=True)
    assert sorted(templates) == ["return_announced", "return_received"]
    verbs = AuditEntry.objects.filter(verb__startswith="order.return").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["order.return_announced", "order.return_received"]


@pytest.mark.parametrize("pieces, code", [(0, "nothing_to_return"), (3, "too_many_pieces"), (-1, "too_many_pieces")])
def test_only_what_was_sent_is_announced(parcel: Parcel, line: OrderLine, pieces: int, code: str) -> None:
    send(parcel, {line: 2})

    with refused(code):
        announce(parcel, {line: pieces})
    assert not Return.objects.exists()


def test_what_is_announced_or_came_back_is_not_announced_again(parcel: Parcel, line: OrderLine) -> None:
    send(parcel, {line: 3})
    first = announce(parcel, {line: 2})
    with refused("too_many_pieces"):
        announce(parcel, {line: 2})
    receive(first, {line: (1, 1)})

    with refused("too_many_pieces"):
        announce(parcel, {line: 3})
    assert Return.objects.count() == 1
    # What was announced and did not come is still with the buyer.
    announce(parcel, {line: 2})


def test_the_days_count_from_arrival_or_from_sending_where_nobody_said(parcel: Parcel, line: OrderLine) -> None:
    arrived, silent = send(parcel, {line: 1}), send(parcel, {line: 1})
    mark_delivered(arrived, by=None, at=LATER + 5 * DAY)
    last_day = LATER + RETURN_DAYS * DAY

    with refused("return_too_late"):
        announce(parcel, {line: 2}, at=last_day + DAY)
    assert not Return.objects.exists()
    announce(parcel, {line: 1}, at=last_day + DAY)
    with refused("return_too_late"):
        announce(parcel, {line: 1}, at=last_day + 6 * DAY)
    # Staff takes back what is faulty long after.
    announce(parcel, {line: 1}, at=last_day + 6 * DAY, reason="faulty", days=None)
    assert (Return.objects.count(), silent.delivered_at) == (2, None)


@pytest.mark.parametrize(
    "received, code",
    [
        ((0, 0), "nothing_received"),
        ((3, 3), "too_many_pieces"),
        ((-1, 0), "too_many_pieces"),
        ((1, 2), "bad_resaleable"),
        ((1, -1), "bad_resaleable"),
    ],
)
def test_what_did_not_come_changes_nothing(
    parcel: Parcel, line: OrderLine, variant: Variant, received: tuple[int, int], code: str
) -> None:
    send(parcel, {line: 3})
    returned = announce(parcel, {line: 2})

    with refused(code):
        receive(returned, {line: received})

    returned.refresh_from_db()
    line.refresh_from_db()
    assert (returned.state, line.returned, stock(variant), Refund.objects.count()) == ("requested", 0, (7, 0, 3), 0)


SETTLE: list[Callable[[Return, OrderLine], Any]] = [
    lambda returned, line: receive(returned, {line: (1, 1)}),
    lambda returned, line: refuse_return(returned, reason="Worn", by=None, at=LATER + 2 * DAY),
]


@pytest.mark.parametrize("first", SETTLE, ids=["received", "refused"])
@pytest.mark.parametrize("second", SETTLE, ids=["receive", "refuse"])
def test_a_return_is_settled_once(
    parcel: Parcel, line: OrderLine, variant: Variant, first: Callable[..., Any], second: Callable[..., Any]
) -> None:
    send(parcel, {line: 3})
    returned = announce(parcel, {line: 1})
    first(returned, line)
    before = (stock(variant), Refund.objects.count(), AuditEntry.objects.count())

    with refused("already_done"):
        second(Return.objects.get(), line)

    assert (stock(variant), Refund.objects.count(), AuditEntry.objects.count()) == before


def test_a_refusal_says_why_and_keeps_the_pieces_with_the_buyer(parcel: Parcel, line: OrderLine) -> None:
    send(parcel, {line: 3})
    returned = announce(parcel, {line: 1})

    with refused("reason_missing"):
        refuse_return(returned, reason=" ", by=None, at=LATER)
    returned.refresh_from_db()
    assert returned.state == "requested"
    refuse_return(returned, reason="It was worn", by=None, at=LATER)

    returned.refresh_from_db()
    assert (returned.state, returned.answer, Refund.objects.count()) == ("refused", "It was worn", 0)
    assert Letter.objects.filter(template="return_refused", about=returned.public_id).count() == 1


def test_delivery_goes_back_with_the_last_piece_alone(order: Order, parcel: Parcel, line: OrderLine) -> None:
    send(parcel, {line: 3})
    refunds = [receive(announce(parcel, {line: pieces}), {line: (pieces, pieces)}) for pieces in (2, 1)]

    parcel.refresh_from_db()
    assert [refund.amount for refund in refunds] == [8208, 4104 + parcel.total_amount]
    assert parcel.refunded_amount == parcel.total_amount > 0
    assert sum(refund.amount for refund in refunds) == order.total_amount


@pytest.mark.parametrize("amount", [3799, 3333, 1, 9999])
@pytest.mark.parametrize(
    "steps", [("ship 1", "cancel 1", "back 1", "ship 5", "back 2", "back 3"), ("cancel 2", "ship 5", "back 5")]
)
def test_in_any_parts_everything_adds_up_to_what_was_paid(
    place: Place, market: Market, amount: int, steps: tuple[str, ...]
) -> None:
    product: Product = factories.make_product(prices={"us": amount}, stock=9)
    sells(product, market, 777)
    order = paid(place(product.variants.get(), 7))
    parcel, line = order.parcels.get(), order.lines.get()
    cancelled = sum(int(step[-1]) for step in steps if step.startswith("cancel"))

    for step in steps:
        verb, pieces = step.split()[0], int(step[-1])
        if verb == "ship":
            send(parcel, {line: pieces})
        elif verb == "cancel":
            cancel_pieces(line, pieces, by=None, at=LATER)
        else:
            receive(announce(parcel, {line: pieces}), {line: (pieces, pieces)})

    given = sum(Refund.objects.values_list("amount", flat=True))
    line.refresh_from_db()
    assert given == order.total_amount
    assert (line.cancelled + line.returned, line.refunded_amount) == (7, line.total_amount)
    held = Stock.objects.get(variant=line.variant)
    assert (held.on_hand, held.reserved, held.sold) == (9, 0, 0)
    assert (Licence.objects.get(pk=line.licence_id).units_used, cancelled) == (0, cancelled)


def test_goodwill_is_not_given_twice(order: Order, parcel: Parcel, line: OrderLine) -> None:
    send(parcel, {line: 3})
    request_refund(order, Pieces(amounts={line: 10_000}), reason="goodwill", by=None, at=LATER)

    refund = receive(announce(parcel, {line: 3}), {line: (3, 3)})

    assert refund is not None
    assert refund.amount == line.total_amount - 10_000 + parcel.total_amount


def test_pieces_given_back_before_they_came_are_taken_back_and_not_paid_twice(
    order: Order, parcel: Parcel, line: OrderLine, variant: Variant
) -> None:
    send(parcel, {line: 3})
    request_refund(order, Pieces({line: 2}), reason="goodwill", by=None, at=LATER)

    refund = receive(announce(parcel, {line: 3}), {line: (3, 3)})

    line.refresh_from_db()
    assert (line.returned, line.refunded_quantity, line.refunded_amount) == (3, 3, line.total_amount)
    assert refund is not None
    assert sum(one.amount for one in Refund.objects.all()) == order.total_amount
    assert stock(variant) == (10, 0, 0)
