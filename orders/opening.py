"""Making a payment payable: the provider is asked where, after the order is committed and without any lock."""

import logging

from django.db.models import Case, F, Value, When

from orders.models import Payment
from orders.payments import provider_named

logger = logging.getLogger(__name__)


def open_payment(payment: Payment, *, return_url: str, notify_url: str) -> Payment:
    """Ask the provider where to pay, and keep the answer. An open payment that was answered before is returned as it is; one
    that is over is not asked about. Raises ProviderAway: it stays open, and can be opened again.

    A notice may be faster than the answer: the answer never touches a state.
    """
    if payment.pay_url or payment.qr_text or payment.state != Payment.State.OPEN:
        return payment
    opened = provider_named(payment.provider).open(payment, return_url=return_url, notify_url=notify_url)
    # The reference only while nothing else is known: the trade that a notice names is the one that was paid.
    known = Case(
        When(provider_reference="", then=Value(opened.provider_reference[:200])), default=F("provider_reference")
    )
    Payment.objects.filter(pk=payment.pk).update(
        pay_url=opened.pay_url[:2000], qr_text=opened.qr_text[:500], provider_reference=known
    )
    payment.refresh_from_db()
    return payment
