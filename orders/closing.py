"""How an order ends before it is sent: cancelled by somebody, or not paid in time."""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F

from accounts.models import User
from accounts.services import record
from catalog.models import Stock
from core.errors import Refused
from core.jobs import enqueue
from orders.holding import let_go, let_go_of
from orders.letters import write_letter
from orders.models import Order, OrderLine, Parcel, Payment, Refund
from orders.moving import moved
from orders.refunds import Pieces, ask_for_refund
from orders.telling import tell_programs

#: A sweep ends so many orders at once, each in a transaction of its own.
PAGE = 200


@transaction.atomic(durable=True)
def cancel_order(order: Order, *, by: User | None, at: datetime, reason: str = "", who: str = "") -> Order:
    """End the order and give back what it holds; what was paid is given back too, delivery included.

    A notice that comes afterwards finds it cancelled and is refunded. Refuses `already_sent` once a piece has left, and
    `already_done` for an order that is over.
    """
    locked = lock_order(order)
    if locked.state not in (Order.State.PENDING, Order.State.PAID):
        raise Refused("already_done")
    lines = list(locked.lines.order_by("pk"))
    if any(line.shipped for line in lines):
        raise Refused("already_sent")
    was_paid = locked.state == Order.State.PAID
    let_go(locked, at=at)
    if was_paid:
        pieces = {line: line.to_ship for line in lines if line.to_ship}
        ask_for_refund(
            locked, Pieces(pieces, parcels=list(locked.parcels.all())), reason=Refund.Reason.CANCELLED, by=by, at=at
        )
    locked.lines.update(cancelled=F("quantity"), units_taken_at=None)
    _close(locked, Order.State.CANCELLED, at)
    moved(locked)
    record("order.cancelled", locked, by=by, who=who or ("shop" if by else "buyer"), reason=reason)
    if was_paid:
        tell_programs(locked, "order.cancelled", at=at)
    write_letter(locked, "order_cancelled")
    return locked


@transaction.atomic(durable=True)
def cancel_pieces(line: OrderLine, quantity: int, *, by: User | None, at: datetime, reason: str = "") -> OrderLine:
    """So many pieces of a paid line will not be sent; their exact share is given back, and with the last piece of a parcel
    of which nothing was sent its delivery. Refuses `not_paid` and `too_many_pieces`."""
    _cancel(line.order, {line.pk: quantity}, reason=reason, by=by, at=at)
    line.refresh_from_db()
    return line


@transaction.atomic(durable=True)
def cancel_unsent(
    parcel: Parcel, pieces: Mapping[OrderLine, int], *, reason: str, by: User | None, at: datetime
) -> Parcel:
    """A merchant says that it will not send these pieces of its parcel, and why. They are given back in one refund.
    Refuses `reason_missing`, `nothing_to_cancel`, `not_paid` and `too_many_pieces`."""
    if not reason.strip():
        raise Refused("reason_missing")
    wanted = {line.pk: number for line, number in pieces.items() if number}
    if not wanted:
        raise Refused("nothing_to_cancel")
    if any(line.parcel_id != parcel.pk for line in pieces):
        raise Refused("too_many_pieces", left=0)
    _cancel(parcel.order, wanted, reason=reason.strip(), by=by, at=at)
    return parcel


def _cancel(of: Order, wanted: Mapping[int, int], *, reason: str, by: User | None, at: datetime) -> None:
    order = lock_order(of)
    if order.state != Order.State.PAID:
        raise Refused("not_paid", number=order.number)
    # In the order in which everybody locks stock.
    fresh = list(
        OrderLine.objects.select_related("order", "product").filter(pk__in=wanted).order_by("variant_id", "pk")
    )
    for line in fresh:
        if not 1 <= wanted[line.pk] <= line.to_ship:
            raise Refused("too_many_pieces", left=line.to_ship)
    let_go_of(order, [(line, wanted[line.pk]) for line in fresh], at=at)
    for line in fresh:
        OrderLine.objects.filter(pk=line.pk).update(cancelled=F("cancelled") + wanted[line.pk])
    what = Pieces({line: wanted[line.pk] for line in fresh}, parcels=_parcels_that_are_empty(order))
    ask_for_refund(order, what, reason=Refund.Reason.CANCELLED, by=by, at=at, note=reason)
    for line in fresh:
        record("order.pieces_cancelled", order, by=by, line=line.public_id, pieces=wanted[line.pk], reason=reason)
    tell_programs(order, "order.cancelled", at=at, of={line.parcel_id for line in fresh if line.parcel_id})
    if not order.lines.exclude(cancelled=F("quantity")).exists():
        _close(order, Order.State.CANCELLED, at)
        write_letter(order, "order_cancelled")
    moved(order)


def expire_orders(*, at: datetime, limit: int = PAGE) -> int:
    """End pending orders that may no longer be paid; returns how many. Those that somebody else is working on are left to
    them. Nothing waits for it: `free_expired` does the same when somebody wants the pieces."""
    over = Order.objects.over(at=at).order_by("expires_at").values_list("pk", flat=True)[:limit]
    return sum(_expire(pk, at) for pk in over)


def free_expired(variant: str, *, left: int, at: datetime) -> bool:
    """End the orders that hold the variant of this public id and were not paid in time. True when more than `left` pieces
    may be had now, whoever freed them: where somebody else is ending such an order, it waits, for the caller holds nothing."""
    holding = Order.objects.over(at=at).filter(reservations__variant__public_id=variant).order_by("expires_at")
    for pk in holding.values_list("pk", flat=True)[:PAGE]:
        _expire(pk, at, waits=True)
    there = F("on_hand") + F("pre_order_cap") - left
    return Stock.objects.filter(variant__public_id=variant, reserved__lt=there).exists()


def lock_order(order: Order) -> Order:
    """The order's row, held until the transaction ends: the first lock of everything that happens to an order."""
    return Order.objects.select_for_update(no_key=True).get(pk=order.pk)


@transaction.atomic(durable=True)
def _expire(pk: int, at: datetime, *, waits: bool = False) -> bool:
    skips = connection.features.has_select_for_update_skip_locked and not waits
    found = Order.objects.over(at=at).filter(pk=pk).select_for_update(no_key=True, skip_locked=skips).first()
    if found is None:
        return False
    let_go(found, at=at)
    found.lines.update(units_taken_at=None)
    _close(found, Order.State.EXPIRED, at)
    record("order.expired", found, by=None, who="system")
    return True


def _close(order: Order, state: str, at: datetime) -> None:
    order.state, order.closed_at = state, at
    order.save(update_fields=["state", "closed_at"])
    if order.payments.filter(state=Payment.State.OPEN).exists():
        enqueue("orders.close_payments", order_id=order.pk)


def _parcels_that_are_empty(order: Order) -> list[Parcel]:
    """Those of which every piece was cancelled, and whose delivery was not given back yet."""
    open_lines = OrderLine.objects.filter(order=order).exclude(cancelled=F("quantity"))
    return list(
        order.parcels.exclude(pk__in=open_lines.values("parcel"))
        .filter(total_amount__gt=0, refunded_amount=0)
        .order_by("pk")
    )
