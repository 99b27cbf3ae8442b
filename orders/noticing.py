"""Taking a provider's notice: read, believed or refused, applied, answered. A door hands in what came (storefront/notices.py), the
sandbox's cashier what it would send."""

import logging
from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from orders.models import PaymentEvent
from orders.payments import provider_named, sandbox
from orders.results import apply_result

logger = logging.getLogger(__name__)


def take_notice(provider: str, body: bytes, headers: Mapping[str, str], *, at: datetime) -> bytes:
    """Apply what a message says; returns what to answer. Refuses `unknown_provider`, `bad_signature` and `bad_notice`, and then
    nothing has changed. Of a payment that nobody knows it is kept that somebody told of it."""
    of = provider_named(provider)
    result = of.read_notice(body, headers)
    if result is not None:
        verdict = apply_result(provider, result, source=PaymentEvent.Source.NOTICE, at=at)
        logger.info("payment.noticed", extra={"provider": provider, "verdict": verdict})
    return of.notice_answer


def tell_late(*, at: datetime) -> int:
    """Let the sandbox's cashier do what it put off: pay, and tell the shop. Returns how many it told of."""
    if "sandbox" not in settings.PAYMENT_PROVIDERS:
        return 0
    bodies = sandbox.due_notices(at=at)
    for body in bodies:
        take_notice("sandbox", body, {}, at=at)
    return len(bodies)
