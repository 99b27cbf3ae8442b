"""Asking providers: about payments of which nothing was heard, and each night about those of the last days.

Notice, query and reconciliation say the same of a payment and end in the same place, `apply_result`.
"""

import logging
from datetime import datetime, timedelta

from django.db.models import F

from core.errors import Refused
from orders.models import Order, Payment, PaymentEvent
from orders.payments import ProviderAway, provider_named
from orders.results import apply_result

logger = logging.getLogger(__name__)

#: Seconds until a payment is asked about again, by how often it was.
_WAITS = (20, 30, 60, 60, 120, 120, 300, 600, 1800, 3600)
#: What is asked about each night: what was begun in so many days.
LOOK_BACK = timedelta(days=3)
PAGE = 100


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


def reconcile(*, at: datetime) -> dict[str, int]:
    """Compare every payment begun in the last days with what its provider says, and apply what nobody had told us. Returns how
    many there were of each verdict: anything but repeat, pending, unknown, closed and failed is news."""
    verdicts: dict[str, int] = {}
    begun = Payment.objects.filter(created_at__gte=at - LOOK_BACK).select_related("order").order_by("pk")
    for payment in begun.iterator(chunk_size=PAGE):
        verdict = ask(payment, at=at, source=PaymentEvent.Source.RECONCILIATION)
        verdicts[verdict] = verdicts.get(verdict, 0) + 1
    logger.info("payments.reconciled", extra={"verdicts": verdicts})
    return verdicts


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
