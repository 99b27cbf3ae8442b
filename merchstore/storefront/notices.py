"""Where payment providers tell the shop what became of a payment."""

import logging

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core.errors import Refused
from orders.models import PaymentEvent
from orders.payments import provider_named
from orders.results import apply_result

logger = logging.getLogger(__name__)

#: No provider's message is longer.
LARGEST = 64 * 1024


@csrf_exempt
@require_POST
def notify(request: HttpRequest, provider: str) -> HttpResponse:
    """A signed message. The signature says who sends it, so neither cookie nor token is asked for. What is not well signed
    changes nothing (400); what is good is answered in the provider's words, also when it is old news."""
    if int(request.headers.get("Content-Length") or 0) > LARGEST:
        return HttpResponse("too large", status=413, content_type="text/plain")
    try:
        answer = take_notice(provider, request.body, request.headers)
    except Refused as refusal:
        if refusal.code == "unknown_provider":
            raise Http404 from None
        logger.warning("payment.notice_refused", extra={"provider": provider, "code": refusal.code})
        return HttpResponse("failure", status=400, content_type="text/plain")
    return HttpResponse(answer, content_type="text/plain")


def take_notice(provider: str, body: bytes, headers: object) -> bytes:
    """Read a message and apply what it says; returns what to answer. The sandbox's cashier comes in here too."""
    of = provider_named(provider)
    result = of.read_notice(body, headers)  # type: ignore[arg-type]
    verdict = apply_result(provider, result, source=PaymentEvent.Source.NOTICE, at=timezone.now())
    logger.info("payment.noticed", extra={"provider": provider, "verdict": verdict})
    return of.notice_answer
