"""Sending: a merchant hands pieces of its parcel to a carrier, all at once or in parts.

Everything is asked again when goods leave: whether the order is paid, whether so many pieces are left, whether the rights
still allow it. Locks: order, its reservations, stock, each by variant.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from accounts.models import User
from accounts.services import record
from catalog.stock import hand_over
from core.errors import Refused
from merchants.events import emit
from orders.letters import write_letter
from orders.models import Order, OrderLine, Parcel, Reservation, Shipment, ShipmentLine
from orders.moving import moved
from orders.sendable import needs_label, stops_of


@transaction.atomic(durable=True)
def ship(
    parcel: Parcel,
    pieces: Mapping[OrderLine, int],
    *,
    carrier: str = "",
    tracking: str = "",
    tracking_url: str = "",
    is_labelled: bool = False,
    seen: Mapping[OrderLine, int] | None = None,
    by: User | None,
    at: datetime,
) -> Shipment:
    """Send `pieces` of the parcel's lines. They leave the stock, and the buyer is written to.

    `seen`: how many of each line had been sent when the form was shown. The same form again gives the shipment that it made;
    any other refuses `parcel_changed`. `is_labelled`: each piece carries the label that its licence asks for.
    Refuses `not_paid`, `nothing_to_ship`, `too_many_pieces`, `bad_tracking_url`, `not_to_be_shipped` in the gate's words, and
    `pre_order_waits` before the street date; then nothing is sent.
    """
    order = Order.objects.select_for_update(no_key=True, of=("self",)).get(pk=parcel.order_id)
    lines = {line.pk: line for line in parcel.lines.select_related("order", "product", "licence")}
    wanted = {line.pk: number for line, number in pieces.items() if number}
    if seen is not None and (earlier := _made_by_this_form(parcel, lines, wanted, seen)) is not None:
        return earlier
    sent = _checked(order, lines, wanted, tracking_url)
    stops = stops_of(sent, at=at, is_labelled=is_labelled)
    if first := next((stops[line.pk] for line in sent if line.pk in stops), None):
        raise first.refusal
    _leave(order, sent, wanted, at)
    shipment = Shipment.objects.create(
        parcel=parcel, carrier=carrier.strip(), tracking=tracking.strip(), tracking_url=tracking_url.strip(),
        shipped_at=at, by=by,
    )  # fmt: skip
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=shipment, line=line, quantity=wanted[line.pk]) for line in sent
    )
    facts = {"merchant": parcel.merchant.name, "carrier": shipment.carrier, "tracking": shipment.tracking}
    if needs_label(sent):
        facts["labelled"] = "yes"
    record(
        "order.shipped", order, by=by, of=parcel.merchant, shipment=shipment.public_id, parcel=parcel.public_id,
        pieces={line.public_id: wanted[line.pk] for line in sent}, **{name: fact for name, fact in facts.items() if fact},
    )  # fmt: skip
    write_letter(order, "shipped", about=shipment.public_id)
    emit(parcel.merchant_id, "order.sent", parcel, at=at, shipment=shipment.public_id, order=order.number)
    moved(parcel)
    return shipment


@transaction.atomic(durable=True)
def mark_delivered(shipment: Shipment, *, by: User | None, at: datetime) -> Shipment:
    """It has arrived: from now on the days for sending it back are counted. Refuses `already_done`."""
    if not Shipment.objects.filter(pk=shipment.pk, delivered_at=None).update(delivered_at=at):
        raise Refused("already_done")
    parcel = Parcel.objects.select_related("order", "merchant").get(pk=shipment.parcel_id)
    record(
        "order.delivered", parcel.order, by=by, of=parcel.merchant, shipment=shipment.public_id, parcel=parcel.public_id,
        merchant=parcel.merchant.name,
    )  # fmt: skip
    moved(parcel)
    emit(parcel.merchant_id, "order.delivered", parcel, at=at, shipment=shipment.public_id, order=parcel.order.number)
    shipment.delivered_at = at
    return shipment


def _made_by_this_form(
    parcel: Parcel, lines: Mapping[int, OrderLine], wanted: Mapping[int, int], seen: Mapping[OrderLine, int]
) -> Shipment | None:
    """Nothing when the parcel is as it was seen. Else what this very form has made of it, or a refusal."""
    before = {line.pk: number for line, number in seen.items()}
    now = {pk: line.shipped for pk, line in lines.items() if pk in before}
    if now == before:
        return None
    if now == {pk: number + wanted.get(pk, 0) for pk, number in before.items()}:
        last = parcel.shipments.order_by("-pk").first()
        if last is not None and dict(last.lines.values_list("line", "quantity")) == dict(wanted):
            return last
    raise Refused("parcel_changed")


def _checked(
    order: Order, lines: Mapping[int, OrderLine], wanted: Mapping[int, int], tracking_url: str
) -> Sequence[OrderLine]:
    """The lines that are sent, in the order of their variants. Refuses what no stock and no licence has to be asked about."""
    if order.state != Order.State.PAID:
        raise Refused("not_paid", number=order.number)
    if not wanted:
        raise Refused("nothing_to_ship")
    if tracking_url and not tracking_url.strip().lower().startswith(("http://", "https://")):
        raise Refused("bad_tracking_url")
    for pk, number in wanted.items():
        line = lines.get(pk)
        if number < 0 or line is None or number > line.to_ship:
            raise Refused("too_many_pieces", left=line.to_ship if line else 0, title=str(line.title_en) if line else "")
    return sorted((lines[pk] for pk in wanted), key=lambda line: (line.variant_id or 0, line.pk))


def _leave(order: Order, sent: Sequence[OrderLine], wanted: Mapping[int, int], at: datetime) -> None:
    """Every counter by one update that carries its own condition: reservations, stock, lines."""
    leaving: dict[int, int] = {}
    for line in sent:
        assert line.variant_id is not None  # parcels hold goods
        leaving[line.variant_id] = leaving.get(line.variant_id, 0) + wanted[line.pk]
    for variant_id in sorted(leaving):
        _unreserve(order, variant_id, leaving[variant_id])
    for variant_id in sorted(leaving):
        hand_over(variant_id, leaving[variant_id], at=at)
    for line in sent:
        number = wanted[line.pk]
        open_lines = OrderLine.objects.filter(pk=line.pk, quantity__gte=F("cancelled") + F("shipped") + number)
        if not open_lines.update(shipped=F("shipped") + number):
            raise Refused("too_many_pieces", left=line.to_ship, title=line.title_en)


def _unreserve(order: Order, variant_id: int, pieces: int) -> None:
    """What the order holds of the variant goes down; a reservation of none is none."""
    held = Reservation.objects.filter(order=order, variant=variant_id)
    if held.filter(pieces__gt=pieces).update(pieces=F("pieces") - pieces):
        return
    if not held.filter(pieces=pieces).delete()[0]:
        raise Refused("not_reserved", variant=str(variant_id))
