"""Where payment providers tell the shop what became of a payment."""

import logging

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core.errors import Refused
from orders.noticing import take_notice

logger = logging.getLogger(__name__)

#: No provider's message is longer.
LARGEST = 64 * 1024


@csrf_exempt
@require_POST
def notify(request: HttpRequest, provider: str) -> HttpResponse:
    """A signed message. The signature says who sends it, so neither cookie nor token is asked for. What is not well signed
    changes nothing (400); what is good is answered in the provider's words, also when it is old news."""
    body = request.read(LARGEST + 1)
    if len(body) > LARGEST:
        return HttpResponse("failure: no message is so large", status=413, content_type="text/plain")
    try:
        answer = take_notice(provider, body, request.headers, at=timezone.now())
    except Refused as refusal:
        if refusal.code == "unknown_provider":
            raise Http404 from None
        logger.warning("payment.notice_refused", extra={"provider": provider, "code": refusal.code})
        return HttpResponse("failure: this is no message of the provider", status=400, content_type="text/plain")
    return HttpResponse(answer, content_type="text/plain")
