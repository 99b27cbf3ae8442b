"""POSTs that may be sent twice and run once: the header, the fingerprint of the request, the answer kept as it went out."""

import hashlib
import re
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from core.errors import Refused
from merchants.idempotency import Answer, Run, begin, finish, give_up
from merchants.models import Merchant
from merchstore.api.problems import Problem, problem_of, problem_response

_KEY = re.compile(r"[!-~]{1,255}", re.ASCII)
#: Headers that belong to the answer. What belongs to the one request (its id, how long to keep it) is written anew.
_KEPT_HEADERS = ("Content-Type", "Location", "ETag")
#: These say "come again": kept, they would say it for a day.
_NOT_KEPT = frozenset({408, 409, 425, 429})
#: Seconds after which it is worth asking whether the first request is done.
_RETRY_AFTER = "1"


def idempotency_key(request: Any) -> str:
    """The header's value. Raises `idempotency_key_missing`, or `idempotency_key_invalid` for what is no key."""
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        raise Problem("idempotency_key_missing")
    if not _KEY.fullmatch(key):
        raise Problem("idempotency_key_invalid")
    return str(key)


def answer_once(
    request: Any, merchant: Merchant, body: bytes, work: Callable[[], Response], *, shown_once: str = ""
) -> HttpResponse:
    """What `work` answers, or what it answered to the same request before. Raises what `merchants.idempotency` refuses.

    `shown_once`: the field of the answer that is shown once. It is not kept, and null when the answer is given again.
    """
    key = idempotency_key(request)
    try:
        found = begin(merchant, key, _fingerprint(request, body), at=timezone.now())
    except Refused as refusal:
        headers = {"Retry-After": _RETRY_AFTER} if refusal.code == "idempotency_running" else {}
        raise Problem(refusal.code, headers=headers) from None
    if isinstance(found, Answer):
        return _as_response(found, {"Idempotent-Replayed": "true"})
    return _run(request, found, work, shown_once)


def _run(request: Any, run: Run, work: Callable[[], Response], shown_once: str) -> HttpResponse:
    is_kept = False
    try:
        try:
            response = work()
        except Problem as problem:
            response = problem_response(problem, request)
        except Refused as refusal:
            response = problem_response(problem_of(refusal), request)
        answer = Answer(response.status_code, _headers(response), JSONRenderer().render(response.data))
        if answer.status < 500 and answer.status not in _NOT_KEPT:
            finish(run, _without(shown_once, response, answer))
            is_kept = True
    finally:
        if not is_kept:
            give_up(run)
    others = {name: value for name, value in response.items() if name not in answer.headers}
    return _as_response(answer, others)


def _without(shown_once: str, response: Response, answer: Answer) -> Answer:
    """What may be kept of the answer."""
    if not shown_once or shown_once not in response.data:
        return answer
    kept = JSONRenderer().render({**response.data, shown_once: None})
    return Answer(answer.status, answer.headers, kept)


def _fingerprint(request: Any, body: bytes) -> str:
    # A form's boundary is made anew each time it is sent; what it separates is in `body`.
    is_form = request._request.content_type == "multipart/form-data"
    content_type = "multipart/form-data" if is_form else request.content_type or ""
    told = (request.method, request.path, request.META.get("QUERY_STRING", ""), content_type)
    # Under another clock it is another request.
    told = (*told, *([clock] if (clock := request.META.get("HTTP_X_CLOCK")) is not None else []))
    digest = hashlib.sha256()
    for part in (*(text.encode("utf-8", "surrogateescape") for text in told), body):
        digest.update(len(part).to_bytes(8) + part)
    return digest.hexdigest()


def _headers(response: Response) -> dict[str, str]:
    found = {name: response[name] for name in _KEPT_HEADERS if name in response}
    # A response of REST framework gets its type when it is rendered; a problem says its own.
    found["Content-Type"] = response.content_type or "application/json"
    return found


def _as_response(answer: Answer, headers: dict[str, str]) -> HttpResponse:
    return HttpResponse(answer.body, status=answer.status, headers={**headers, **answer.headers})
