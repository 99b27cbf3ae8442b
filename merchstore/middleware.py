"""What every request goes through."""

import logging
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]

logger = logging.getLogger(__name__)


def request_id(get_response: Handler) -> Handler:
    """Every answer says which request it answers: `Request-Id`, also in problem documents and logs."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.request_id = f"req_{uuid.uuid4().hex}"  # type: ignore[attr-defined]
        response = get_response(request)
        response["Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response

    return middleware


class PageCacheMiddleware:
    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)


def refusals(get_response: Handler) -> Handler:
    return get_response
