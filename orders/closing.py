"""How an order ends before it is sent: cancelled by somebody, or not paid in time."""

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
from orders.refunds import Pieces, ask_for_refund

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
    record("order.cancelled", locked, by=by, who=who or ("shop" if by else "buyer"), reason=reason)
    write_letter(locked, "order_cancelled")
    return locked


@transaction.atomic(durable=True)
def cancel_pieces(line: OrderLine, quantity: int, *, by: User | None, at: datetime, reason: str = "") -> OrderLine:
    """So many pieces of a paid line will not be sent; their exact share is given back, and with the last piece of a parcel
    of which nothing was sent its delivery. Refuses `not_paid` and `too_many_pieces`."""
    order = lock_order(line.order)
    if order.state != Order.State.PAID:
        raise Refused("not_paid")
    fresh = OrderLine.objects.select_related("order", "product").get(pk=line.pk)
    if not 1 <= quantity <= fresh.to_ship:
        raise Refused("too_many_pieces", left=fresh.to_ship)
    let_go_of(fresh, quantity, at=at)
    OrderLine.objects.filter(pk=fresh.pk).update(cancelled=F("cancelled") + quantity)
    parcels = _parcels_that_are_empty(order)
    ask_for_refund(
        order, Pieces({fresh: quantity}, parcels=parcels), reason=Refund.Reason.CANCELLED, by=by, at=at, note=reason
    )
    record("order.pieces_cancelled", order, by=by, line=fresh.public_id, pieces=quantity, reason=reason)
    if not order.lines.exclude(cancelled=F("quantity")).exists():
        _close(order, Order.State.CANCELLED, at)
        write_letter(order, "order_cancelled")
    fresh.refresh_from_db()
    return fresh


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
