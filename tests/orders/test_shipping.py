"""Sending: exactly what is paid, here, and still allowed leaves, once."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import AuditEntry
from catalog.models import Market, Product, Stock, Variant
from licensing.models import LicensedArticle
from licensing.takedowns import release_takedown, start_takedown
from orders import shipping
from orders.closing import cancel_order, cancel_pieces
from orders.models import Letter, Order, OrderLine, Parcel, Shipment
from orders.shipping import mark_delivered, ship
from tests import factories
from tests.factories import NOW
from tests.orders.conftest import MINUTE, Place, refused, sells
from tests.orders.processes import Meeting, in_processes, no_jobs, tried, without_locks
from tests.orders.test_results import tell

__all__ = ["no_jobs"]

LATER = NOW + timedelta(hours=2)


def paid(order: Order) -> Order:
    tell(order.payments.get())
    order.refresh_from_db()
    return order


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


def send(parcel: Parcel, pieces: Mapping[OrderLine, int], **changes: Any) -> Shipment:
    return ship(parcel, pieces, **{"carrier": "DHL", "tracking": "J1", "by": None, "at": LATER} | changes)


def stock(variant: Variant) -> tuple[int, int, int]:
    """On hand, reserved, sold."""
    return Stock.objects.values_list("on_hand", "reserved", "sold").get(variant=variant)


def held(order: Order) -> list[int]:
    return list(order.reservations.values_list("pieces", flat=True))


def nothing_has_left(order: Order) -> bool:
    stocks = Stock.objects.filter(sold__gt=0)
    return not (Shipment.objects.exists() or stocks.exists() or order.lines.filter(shipped__gt=0).exists())


@pytest.mark.django_db
def test_pieces_leave_in_parts_and_every_counter_says_so(
    order: Order, parcel: Parcel, line: OrderLine, variant: Variant
) -> None:
    assert (stock(variant), held(order)) == ((10, 3, 0), [3])

    first = send(parcel, {line: 1}, tracking_url="https://carrier.example/J1")
    line.refresh_from_db()
    assert (line.shipped, stock(variant), held(order)) == (1, (9, 2, 1), [2])
    second = send(parcel, {line: 2})

    line.refresh_from_db()
    assert (line.shipped, stock(variant), held(order)) == (3, (7, 0, 3), [])
    assert [one.lines.get().quantity for one in (first, second)] == [1, 2]
    assert (first.carrier, first.tracking, first.tracking_url) == ("DHL", "J1", "https://carrier.example/J1")
    assert sorted(Letter.objects.filter(template="shipped").values_list("about", flat=True)) == sorted(
        [first.public_id, second.public_id]
    )
    entries = AuditEntry.objects.filter(verb="order.shipped", subject_id=order.public_id).order_by("id")
    assert [entry.changes["pieces"] for entry in entries] == [{line.public_id: 1}, {line.public_id: 2}]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "pieces, changes, code",
    [
        (0, {}, "nothing_to_ship"),
        (4, {}, "too_many_pieces"),
        (-1, {}, "too_many_pieces"),
        (1, {"tracking_url": "javascript:alert(1)"}, "bad_tracking_url"),
        (1, {"tracking_url": "//carrier.example/"}, "bad_tracking_url"),
    ],
)
def test_what_cannot_be_sent_changes_nothing(
    order: Order, parcel: Parcel, line: OrderLine, variant: Variant, pieces: int, changes: dict[str, str], code: str
) -> None:
    with refused(code):
        send(parcel, {line: pieces}, **changes)

    assert nothing_has_left(order)
    assert (stock(variant), held(order)) == ((10, 3, 0), [3])


@pytest.mark.django_db
def test_what_is_not_paid_or_was_cancelled_is_not_sent(place: Place, variant: Variant) -> None:
    pending, cancelled = place(variant, 1), paid(place(variant, 1))
    cancel_order(cancelled, by=None, at=NOW)

    for one in (pending, cancelled):
        with refused("not_paid"):
            send(one.parcels.get(), {one.lines.get(): 1})
        assert nothing_has_left(one)


@pytest.mark.django_db
def test_cancelled_pieces_are_not_sent(order: Order, parcel: Parcel, line: OrderLine) -> None:
    cancel_pieces(line, 2, by=None, at=NOW)

    with refused("too_many_pieces"):
        send(parcel, {line: 2})
    assert nothing_has_left(order)
    assert send(parcel, {line: 1}).lines.get().quantity == 1


@pytest.mark.django_db
def test_lines_of_another_parcel_are_not_sent_with_this_one(
    place: Place, market: Market, variant: Variant, order: Order, parcel: Parcel
) -> None:
    other = factories.make_product()
    sells(other, market)
    theirs = paid(place(other.variants.get(), 1))

    with refused("too_many_pieces"):
        send(parcel, {theirs.lines.get(): 1})
    assert nothing_has_left(theirs)


@pytest.mark.django_db
@pytest.mark.parametrize("subject", ["film", "merchant", "licence", "article"])
def test_what_a_dispute_holds_is_sent_once_it_is_released(
    order: Order, parcel: Parcel, line: OrderLine, product: Product, subject: str
) -> None:
    article = LicensedArticle.objects.get_or_create(merchant=product.merchant, sku=product.sku)[0]
    held_by = {"article": article}.get(subject) or getattr(product, subject)
    takedown = start_takedown(held_by, claimant="Lamp", reason="Ours", by=None, at=NOW + MINUTE)

    with refused("not_to_be_shipped") as refusal:
        send(parcel, {line: 1})
    assert takedown.public_id in refusal.value.sentence
    assert refusal.value.facts["reasons"] == ["LICENCE_SUSPENDED"]
    assert nothing_has_left(order)

    release_takedown(takedown, outcome="Withdrawn", by=None, at=LATER)
    assert send(parcel, {line: 1}).lines.get().quantity == 1


@pytest.mark.django_db
def test_what_was_paid_within_the_term_ships_within_the_days_of_grace(
    order: Order, parcel: Parcel, line: OrderLine, product: Product
) -> None:
    licence = product.licence
    assert licence is not None
    licence.ends_on, licence.grace_days = NOW.date(), 10
    licence.save()

    with refused("not_to_be_shipped") as refusal:
        send(parcel, {line: 1}, at=NOW + timedelta(days=12))
    assert refusal.value.facts["reasons"] == ["TERM_EXPIRED"]
    assert nothing_has_left(order)
    send(parcel, {line: 1}, at=NOW + timedelta(days=5))


@pytest.mark.django_db
def test_a_piece_that_needs_a_label_leaves_with_one(
    order: Order, parcel: Parcel, line: OrderLine, product: Product
) -> None:
    assert product.licence is not None
    type(product.licence).objects.update(needs_labels=True)

    with refused("not_to_be_shipped"):
        send(parcel, {line: 1})
    assert nothing_has_left(order)
    send(parcel, {line: 1}, is_labelled=True)
    assert AuditEntry.objects.get(verb="order.shipped").changes["labelled"] == "yes"


@pytest.mark.django_db
def test_a_pre_order_waits_for_its_street_date(place: Place, product: Product, variant: Variant) -> None:
    Product.objects.update(street_on=NOW.date() + timedelta(days=3))
    order = paid(place(variant, 1))
    line = order.lines.get()

    with refused("pre_order_waits") as refusal:
        send(order.parcels.get(), {line: 1})
    assert refusal.value.facts["street_on"] == "2026-11-25"
    assert nothing_has_left(order)
    send(order.parcels.get(), {line: 1}, at=NOW + timedelta(days=4))


@pytest.mark.django_db
def test_two_lines_of_one_variant_leave_one_stock(place: Place, variant: Variant) -> None:
    order = paid(place(variant, 2, variant, 1))
    lines = list(order.lines.all())

    send(order.parcels.get(), dict(zip(lines, (1, 1), strict=False)))

    assert (stock(variant), held(order)) == ((8, 1, 2), [1])


@pytest.mark.django_db
def test_pieces_that_are_not_here_yet_are_not_sent(
    order: Order, parcel: Parcel, line: OrderLine, variant: Variant
) -> None:
    Stock.objects.update(on_hand=1, pre_order_cap=5)

    with refused("not_reserved"):
        send(parcel, {line: 2})
    assert nothing_has_left(order)
    assert held(order) == [3]


@pytest.mark.django_db
def test_the_same_form_again_gives_the_shipment_that_it_made(order: Order, parcel: Parcel, line: OrderLine) -> None:
    first = send(parcel, {line: 1}, seen={line: 0})

    assert send(parcel, {line: 1}, seen={line: 0}) == first
    with refused("parcel_changed"):
        send(parcel, {line: 2}, seen={line: 0})
    assert (Shipment.objects.count(), OrderLine.objects.get().shipped) == (1, 1)
    assert send(parcel, {line: 1}, seen={line: 1}) != first


@pytest.mark.django_db
def test_it_arrives_once(order: Order, parcel: Parcel, line: OrderLine) -> None:
    shipment = send(parcel, {line: 1})

    mark_delivered(shipment, by=None, at=LATER + MINUTE)
    with refused("already_done"):
        mark_delivered(shipment, by=None, at=LATER + 2 * MINUTE)

    shipment.refresh_from_db()
    assert shipment.delivered_at == LATER + MINUTE
    assert AuditEntry.objects.filter(verb="order.delivered").count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_jobs")
@pytest.mark.parametrize("is_locked", [True, False], ids=["with_lock", "without_lock"])
def test_a_form_that_is_sent_twice_at_once_makes_one_shipment(
    order: Order, parcel: Parcel, line: OrderLine, variant: Variant, monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    if not is_locked:
        without_locks(monkeypatch)
    meeting = Meeting(comes=not is_locked).before(monkeypatch, shipping, "stops_of")

    got = in_processes(*[lambda: send(parcel, {line: 1}, seen={line: 0}).public_id] * 2)

    assert meeting.happened is not is_locked
    made = set(Shipment.objects.values_list("public_id", flat=True))
    assert (set(got), len(made)) == (made, 1 if is_locked else 2)
    # The counters hold by their own conditions.
    assert stock(variant)[2] == OrderLine.objects.get().shipped == len(made)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_jobs")
def test_the_last_piece_leaves_once_even_without_the_lock(
    place: Place, variant: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = paid(place(variant, 1))
    other = paid(place(variant, 1))
    parcel, line = order.parcels.get(), order.lines.get()
    without_locks(monkeypatch)
    meeting = Meeting().before(monkeypatch, shipping, "stops_of")

    got = in_processes(*[lambda: tried(lambda: send(parcel, {line: 1}) and "done")] * 2)

    assert meeting.happened
    line.refresh_from_db()
    assert sorted(got) == ["done", "not_reserved"]
    assert (line.shipped, stock(variant), held(other)) == (1, (9, 1, 1), [1])
