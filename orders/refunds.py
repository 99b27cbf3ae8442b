"""Money that goes back: asked for in the transaction of what causes it, given back by a worker, once.

A refund's public id is its number with the provider. Whoever is killed between the provider's answer and the commit leaves a
refund that is still to be done; done again under the same number, the provider gives back nothing more and says so.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from accounts.models import User
from accounts.services import record
from core.errors import Refused
from core.jobs import enqueue
from core.money import rounded
from orders import facts
from orders.letters import write_letter
from orders.models import Order, OrderLine, Parcel, Payment, Refund, RefundLine
from orders.payments import ProviderAway, provider_named

logger = logging.getLogger(__name__)

#: After so many attempts a person looks at it.
MOST_ATTEMPTS = 12
#: A worker that has claimed a refund has so long before another may try.
_CLAIM = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Pieces:
    """What is given back: so many pieces of lines, the delivery of parcels, and amounts of lines without a piece."""

    pieces: Mapping[OrderLine, int] = field(default_factory=dict)
    parcels: Sequence[Parcel] = ()
    amounts: Mapping[OrderLine, int] = field(default_factory=dict)


@transaction.atomic
def request_refund(
    order: Order, what: Pieces, *, reason: str, by: User | None, at: datetime, note: str = ""
) -> Refund | None:
    """Ask for a refund of a paid order's pieces, deliveries or amounts. None where they cost nothing. Refuses `not_paid`,
    `too_many_pieces`, and `refund_too_large` for more than was paid."""
    locked = Order.objects.select_for_update(no_key=True).get(pk=order.pk)
    return ask_for_refund(locked, what, reason=reason, by=by, at=at, note=note)


def ask_for_refund(
    order: Order, what: Pieces, *, reason: str, by: User | None, at: datetime, note: str = ""
) -> Refund | None:
    """As `request_refund`, for a caller that holds the order's row."""
    payment = order.payments.filter(is_applied=True).first()
    if payment is None:
        raise Refused("not_paid")
    rows = [
        *(_of_pieces(line, pieces) for line, pieces in sorted(what.pieces.items(), key=lambda one: one[0].pk)),
        *(_of_amount(line, amount) for line, amount in sorted(what.amounts.items(), key=lambda one: one[0].pk)),
        *(_of_parcel(parcel) for parcel in sorted(what.parcels, key=lambda one: one.pk)),
    ]
    total = sum(row.amount for row in rows)
    if not total:
        return None
    refund = _new(order, payment, total, reason, by, at, note)
    for row in rows:
        row.refund = refund
    RefundLine.objects.bulk_create(rows)
    return refund


def give_back(payment: Payment, *, reason: str, at: datetime) -> Refund:
    """Everything that came by a payment which does not count. Call with the order locked."""
    return _new(payment.order, payment, payment.received_amount, reason, None, at, "")


def share_of(total: int, pieces: int, before: int, back: int) -> int:
    """What `back` more of `pieces` pieces are worth when `before` have gone back: over all pieces, exactly the total."""
    return rounded(total * (before + back), pieces) - rounded(total * before, pieces)


def _new(
    order: Order, payment: Payment, amount: int, reason: str, by: User | None, at: datetime, note: str
) -> Refund:  # fmt: skip
    refund = Refund.objects.create(
        payment=payment, order=order, amount=amount, reason=reason, note=note[:200], requested_by=by, requested_at=at,
        try_at=at,
    )  # fmt: skip
    record("order.refund_requested", order, by=by, refund=refund.public_id, amount=amount, reason=reason)
    enqueue("orders.execute_refunds")
    return refund


def _of_pieces(line: OrderLine, pieces: int) -> RefundLine:
    fresh = OrderLine.objects.get(pk=line.pk)
    if not 1 <= pieces <= fresh.quantity - fresh.refunded_quantity:
        raise Refused("too_many_pieces", left=fresh.quantity - fresh.refunded_quantity)
    before = fresh.refunded_quantity
    # What was given back as goodwill before is not given twice.
    amount = min(
        share_of(fresh.total_amount, fresh.quantity, before, pieces), fresh.total_amount - fresh.refunded_amount
    )
    tax = share_of(fresh.tax_amount, fresh.quantity, before, pieces)
    OrderLine.objects.filter(pk=fresh.pk).update(
        refunded_quantity=F("refunded_quantity") + pieces, refunded_amount=F("refunded_amount") + amount
    )
    return RefundLine(line=fresh, quantity=pieces, amount=amount, tax_amount=min(tax, amount))


def _of_amount(line: OrderLine, amount: int) -> RefundLine:
    within = OrderLine.objects.filter(pk=line.pk, total_amount__gte=F("refunded_amount") + amount)
    if amount < 1 or not within.update(refunded_amount=F("refunded_amount") + amount):
        raise Refused("refund_too_large")
    return RefundLine(line=line, amount=amount, tax_amount=rounded(line.tax_amount * amount, line.total_amount))


def _of_parcel(parcel: Parcel) -> RefundLine:
    fresh = Parcel.objects.get(pk=parcel.pk)
    amount = fresh.total_amount - fresh.refunded_amount
    Parcel.objects.filter(pk=fresh.pk).update(refunded_amount=F("total_amount"))
    tax = rounded(fresh.tax_amount * amount, fresh.total_amount) if fresh.total_amount else 0
    return RefundLine(parcel=fresh, amount=amount, tax_amount=tax)


# -- giving back -------------------------------------------------------------------------------------


def execute_refunds(*, at: datetime, limit: int = 100) -> int:
    """Do the refunds that are due; returns how many succeeded. Any number of workers may run it at once."""
    due = Refund.objects.filter(state=Refund.State.REQUESTED, try_at__lte=at).order_by("try_at", "pk")
    return sum(execute_refund(pk, at=at) for pk in due.values_list("pk", flat=True)[:limit])


def execute_refund(refund_id: int, *, at: datetime) -> bool:
    """Give back what this refund says, unless somebody else has it in hand. True when it succeeded now.

    Claims it first, asks the provider without any lock, then writes what became of it.
    """
    mine = Refund.objects.filter(Q(try_at__lte=at), pk=refund_id, state=Refund.State.REQUESTED)
    if not mine.update(try_at=at + _CLAIM, attempts=F("attempts") + 1):
        return False
    refund = Refund.objects.select_related("payment", "order").get(pk=refund_id)
    try:
        answer = provider_named(refund.payment.provider).refund(refund)
    except (ProviderAway, Refused) as trouble:  # or one that the shop no longer uses
        _try_again(refund, str(trouble), at)
        return False
    if answer.status == "succeeded":
        return _succeeded(refund, answer.provider_reference, at)
    if answer.status == "pending":
        _try_again(refund, answer.problem, at)
    else:
        _failed(refund, answer.problem)
    return False


@transaction.atomic(durable=True)
def _succeeded(refund: Refund, reference: str, at: datetime) -> bool:
    order = Order.objects.select_for_update(no_key=True).get(pk=refund.order_id)
    done = Refund.objects.filter(pk=refund.pk, state=Refund.State.REQUESTED).update(
        state=Refund.State.SUCCEEDED, finished_at=at, try_at=None, provider_reference=reference[:200], problem=""
    )
    if not done:
        return False
    Payment.objects.filter(pk=refund.payment_id).update(refunded_amount=F("refunded_amount") + refund.amount)
    refund.refresh_from_db()
    facts.return_of(refund, at=at)
    record("order.refund_made", order, by=None, who="provider", refund=refund.public_id, amount=refund.amount)
    write_letter(order, "refund_made", about=refund.public_id)
    return True


def _try_again(refund: Refund, problem: str, at: datetime) -> None:
    logger.warning("refund.postponed", extra={"refund": refund.public_id, "attempts": refund.attempts})
    if refund.attempts >= MOST_ATTEMPTS:
        _failed(refund, problem)
        return
    wait = timedelta(seconds=min(30 * 2**refund.attempts, 6 * 3600))
    Refund.objects.filter(pk=refund.pk, state=Refund.State.REQUESTED).update(try_at=at + wait, problem=problem[:200])


@transaction.atomic
def _failed(refund: Refund, problem: str) -> None:
    logger.error("refund.failed", extra={"refund": refund.public_id})
    Refund.objects.filter(pk=refund.pk, state=Refund.State.REQUESTED).update(
        state=Refund.State.FAILED, try_at=None, problem=problem[:200]
    )
    Order.objects.filter(pk=refund.order_id).update(review="refund_failed")


@transaction.atomic(durable=True)
def try_refund_again(refund: Refund, *, by: User | None, at: datetime) -> Refund:
    """A person has looked at it: it is done again, under its old number. Refuses `already_done`."""
    failed = Refund.objects.filter(pk=refund.pk, state=Refund.State.FAILED)
    if not failed.update(state=Refund.State.REQUESTED, try_at=at, attempts=0):
        raise Refused("already_done")
    record("order.refund_tried_again", refund.order, by=by, refund=refund.public_id)
    enqueue("orders.execute_refunds")
    refund.refresh_from_db()
    return refund
