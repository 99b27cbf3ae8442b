"""While the shop is closed for work (setting MAINTENANCE): a page that says so, and when to come again."""

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from merchstore.storefront.errors import closed

Handler = Callable[[HttpRequest], HttpResponse]
#: What stays open: staff who work on it, whoever watches it, and what the page itself is made of.
_OPEN = re.compile(r"^/(desk|health|static|media)/")


def maintenance(get_response: Handler) -> Handler:
    """503 with `Retry-After` for everybody but the desk; programs get a problem document, people a page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        seconds = settings.MAINTENANCE
        if not seconds or _OPEN.match(request.path_info):
            return get_response(request)
        response = _for_programs() if request.path_info.startswith("/api/") else closed(request)
        response["Retry-After"] = str(seconds)
        response["Cache-Control"] = "no-store"
        return response

    return middleware


def _for_programs() -> HttpResponse:
    said = {"type": "about:blank", "title": "Closed for work", "status": 503, "code": "maintenance"}
    return JsonResponse(said, status=503, content_type="application/problem+json")
