"""Asking providers: about payments of which nothing was heard, and each night about those of the last days.

Notice, query and reconciliation say the same of a payment and end in the same place, `apply_result`.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import F, Model, QuerySet

from core.errors import Refused
from core.jobs import enqueue
from orders.models import Order, Payment, PaymentEvent, Refund
from orders.payments import ProviderAway, provider_named
from orders.refunds import try_refund_again
from orders.results import apply_result

logger = logging.getLogger(__name__)

#: Seconds until a payment is asked about again, by how often it was.
_WAITS = (20, 30, 60, 60, 120, 120, 300, 600, 1800, 3600)
#: What is asked about each night: what was begun in so many days.
LOOK_BACK = timedelta(days=3)
PAGE = 100

Row = TypeVar("Row", bound=Model)


def ask_open_payments(*, at: datetime, limit: int = PAGE) -> int:
    """Ask about the payments that are due; returns how many were. Each by one worker: who moves `ask_at` on asks."""
    due = Payment.objects.filter(ask_at__lte=at).order_by("ask_at", "pk")
    asked = 0
    for payment in due.select_related("order")[:limit]:
        if _claim(payment, at):
            asked += 1
            ask(payment, at=at)
    return asked


def ask(payment: Payment, *, at: datetime, source: str = PaymentEvent.Source.QUERY) -> str:
    """What the provider says of the payment now, applied. Returns the verdict, or "away" when it does not answer."""
    try:
        result = provider_named(payment.provider).query(payment)
    except ProviderAway as trouble:
        logger.warning("payment.provider_away", extra={"payment": payment.public_id, "error": str(trouble)})
        return "away"
    except Refused:
        return "away"  # a provider that is no longer configured
    if result.status in ("unknown", "pending"):
        return result.status
    return apply_result(payment.provider, result, source=source, at=at)


def ask_soon(order: Order, *, at: datetime) -> None:
    """Somebody waits for the answer: a worker asks about the order's open payments now. Each time is one of the times that a
    payment is asked about, so not at every wish."""
    waiting = Payment.objects.filter(order=order, state=Payment.State.OPEN, ask_at__gt=at)
    if waiting.update(ask_at=at):
        enqueue("orders.ask_payments")


def reconcile(*, at: datetime) -> Counter[str]:
    """Compare every payment begun and every refund asked for in the last days with what its provider says, whatever they stand
    at here, and apply what nobody had told us. Returns how many there were of each verdict: of payments anything but repeat,
    pending, unknown, closed and failed is news, of refunds anything but refund_agrees."""
    since = at - LOOK_BACK
    verdicts: Counter[str] = Counter()
    for payment in _one_by_one(Payment.objects.filter(created_at__gte=since).select_related("order")):
        verdicts[ask(payment, at=at, source=PaymentEvent.Source.RECONCILIATION)] += 1
    asked_for = Refund.objects.filter(requested_at__gte=since).exclude(state=Refund.State.REQUESTED)
    for refund in _one_by_one(asked_for.select_related("payment", "order")):
        verdicts[_compare(refund, at=at)] += 1
    logger.info("payments.reconciled", extra={"verdicts": dict(verdicts)})
    return verdicts


def _compare(refund: Refund, *, at: datetime) -> str:
    """What was written off and was given back after all is done again, under its number, which finds it done. What is given
    back here and not there is for a person."""
    try:
        answer = provider_named(refund.payment.provider).query_refund(refund)
    except (ProviderAway, Refused):
        return "refund_away"
    is_made = answer.status == "succeeded"
    if is_made == (refund.state == Refund.State.SUCCEEDED):
        return "refund_agrees"
    if is_made:
        try_refund_again(refund, by=None, at=at)
        return "refund_made_after_all"
    logger.error("refund.differs", extra={"refund": refund.public_id, "says": answer.status})
    Order.objects.filter(pk=refund.order_id).update(review="refund_differs")
    return "refund_differs"


def _one_by_one(rows: QuerySet[Row]) -> Iterator[Row]:
    """In pages: no cursor stays open while a provider is waited for."""
    last = 0
    while page := list(rows.filter(pk__gt=last).order_by("pk")[:PAGE]):
        yield from page
        last = page[-1].pk


def close_payments(order: Order, *, at: datetime) -> None:
    """Close the order's open payments with their providers, so that nobody pays what is over. What was paid in the meantime is
    found first, and applied."""
    for payment in order.payments.filter(state=Payment.State.OPEN).select_related("order"):
        if ask(payment, at=at) in ("away", "paid", "too_late", "double", "wrong_amount"):
            continue
        try:
            provider_named(payment.provider).close(payment)
        except (ProviderAway, Refused):
            continue  # asked about again by `ask_at`
        still_open = Payment.objects.filter(pk=payment.pk, state=Payment.State.OPEN)
        still_open.update(state=Payment.State.CLOSED, ask_at=at + timedelta(minutes=10))


def _claim(payment: Payment, at: datetime) -> bool:
    """Move the next question on; after the last one only the nightly reconciliation asks."""
    wait = _WAITS[payment.asked] if payment.asked < len(_WAITS) else None
    ask_at = None if wait is None else at + timedelta(seconds=wait)
    mine = Payment.objects.filter(pk=payment.pk, ask_at=payment.ask_at)
    return mine.update(ask_at=ask_at, asked=F("asked") + 1) == 1
