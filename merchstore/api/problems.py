"""Errors as RFC 9457 problem details. Every `type` is a page (`/api/v1/problems/<code>`) that exists."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import Http404
from django.urls import reverse
from django.utils.translation import override
from rest_framework import exceptions
from rest_framework.response import Response

from core.errors import Refused

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    status: int
    title: str
    explanation: str


KINDS = {
    "bad_request": Kind(400, "The request cannot be read", "The request is not valid HTTP, UTF-8 or JSON."),
    "invalid_parameters": Kind(
        400,
        "A parameter is not valid",
        "`errors` names each parameter that is unknown, missing, given twice or of the wrong form. "
        "`pointer` is `/query/` and the parameter's name.",
    ),
    "unknown_market": Kind(
        400,
        "No such market",
        "Prices belong to a market, so it has to be named: `market=us`. `markets` lists the codes there are.",
    ),
    "invalid_body": Kind(
        400,
        "The body cannot be read",
        "It is not UTF-8, not what its type says (JSON or CSV), or not of the form that the endpoint asks for. `errors` "
        "says where.",
    ),
    "idempotency_key_missing": Kind(
        400,
        "An Idempotency-Key is required",
        "Send the header `Idempotency-Key` with a value of your own that is new for each request, such as a UUID, and the "
        "same one when you send the request again.",
    ),
    "idempotency_key_invalid": Kind(
        400, "The Idempotency-Key is not valid", "It is 1 to 255 visible ASCII characters without spaces."
    ),
    "key_required": Kind(
        401, "A key is required", "Send `Authorization: Bearer msk_…` with a key that the studio made for you."
    ),
    "key_invalid": Kind(
        401,
        "The key is not known",
        "The header `Authorization` is there, but holds no key: `Bearer`, a space, and the whole secret as it was shown.",
    ),
    "key_expired": Kind(401, "The key has expired", "Ask the studio for another one."),
    "key_revoked": Kind(401, "The key was revoked", "It opens nothing any more. Ask the studio for another one."),
    "scope_needed": Kind(
        403, "The key may not do this", "The key has not been given the scope that this endpoint needs."
    ),
    "merchant_not_authorised": Kind(
        403,
        "The merchant may not trade now",
        "Keys open nothing while their merchant is not approved, suspended or closed.",
    ),
    "not_found": Kind(
        404, "There is nothing at this address", "The object does not exist, or may not be seen where you asked for it."
    ),
    "method_not_allowed": Kind(405, "The method is not allowed here", "The header `Allow` names the methods that are."),
    "not_acceptable": Kind(
        406, "The answer cannot be given in a form you accept", "Answers are JSON: send `Accept: application/json`."
    ),
    "several_products": Kind(
        409,
        "Several merchants have this product code",
        "A product code belongs to its merchant. Name the merchant too; `merchants` lists them.",
    ),
    "wrong_state": Kind(
        409,
        "It is in no state for this",
        "`detail` says which state it is in. Where the object has `links`, they name what may be done with it now.",
    ),
    "already_done": Kind(
        409, "This was done already", "What was asked for stands. Of a dry run `followed_by` names the run."
    ),
    "conflict": Kind(
        409,
        "The state of things does not allow this",
        "Something else came first, or has to come first. `code` and `detail` say what; read the object again, then decide.",
    ),
    "precondition_failed": Kind(
        412,
        "Somebody has changed this since",
        "The ETag in `If-Match` is not the object's any more. Read it again, then send the change with its new ETag.",
    ),
    "idempotency_running": Kind(
        409,
        "The first request is still being worked on",
        "A request with this Idempotency-Key has come in and has not been answered yet. Send it again after `Retry-After` "
        "seconds: the answer is then the first one's.",
    ),
    "length_required": Kind(
        411,
        "The length of the body is required",
        "Send `Content-Length`. A body in pieces (`Transfer-Encoding: chunked`) is not read.",
    ),
    "body_too_large": Kind(413, "The body is too large", "Send it in parts, each with an Idempotency-Key of its own."),
    "unsupported_media_type": Kind(
        415, "The body is in a form that is not read", "The endpoint's description says which types it takes, in UTF-8."
    ),
    "refused": Kind(
        422,
        "This is not done here",
        "The request can be read, and what it asks for goes against a rule. `code` and `detail` say which.",
    ),
    "precondition_required": Kind(
        428,
        "An If-Match is required",
        "Send the ETag that GET gave for this address in the header `If-Match`, so that nobody's change is written over "
        "unseen. `If-Match: *` writes over whatever is there.",
    ),
    "idempotency_key_reused": Kind(
        422,
        "The Idempotency-Key was used for another request",
        "The first request under this key had another address, type or body. A new request needs a new key.",
    ),
    "clock_not_yours": Kind(
        403,
        "The clock is not yours to move",
        "`X-Clock` moves the clock of a sandbox, so only a sandbox's key may show it. Leave it out.",
    ),
    "clock_invalid": Kind(
        400,
        "The clock shows no such time",
        "`X-Clock` is an instant as in RFC 3339, in UTC: `2027-01-01T00:00:00Z`, within ten years of today.",
    ),
    "not_a_sandbox": Kind(
        403,
        "This is for sandboxes",
        "Only a sandbox's key opens this: it tries things out that real goods do not go through.",
    ),
    "rate_limited": Kind(
        429,
        "Too many requests",
        "The key has used up its quota. `RateLimit` says what is left of it, and `Retry-After` in how many seconds it is "
        "whole again.",
    ),
    "busy": Kind(
        503,
        "The shelf is changing",
        "The shelf was compiled again while it was read, several times in a row. An answer that mixes two states is "
        "never given; ask again in a second.",
    ),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the request: where, its stable code, and a sentence."""

    pointer: str
    code: str
    detail: str


@dataclass(eq=False)
class Problem(Exception):
    """Raise it anywhere in the API: the answer is the problem document. `more` are extension members.

    `kind` is the code's own unless it is named: a business's "no" has many codes and few kinds.
    """

    code: str
    detail: str = ""
    errors: list[Fault] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = ""


#: Refusals that are a matter of when, not of what: the same request may be right later, or was right before.
_CONFLICTS = """
    already_member already_sent approval_missing busy changes_open delivery_waiting frozen import_stopped importing
    inventory_outdated invitation_closed key_not_live keys_live last_owner licence_amended not_paid not_payable
    not_reserved not_to_be_shipped nothing_to_roll_back number_taken out_of_stock parcel_changed payout_changed period_not_over
    pre_order_waits price_begun reference_taken round_open sku_taken slug_taken statement_closed statement_not_next
    stock_changed stock_promised terms_fixed total_changed track_is_final variant_in_use variant_sku_taken
    version_open webhook_disabled webhook_secret_lost window_passed
"""
CONFLICTS = frozenset(_CONFLICTS.split())
#: Refusals that have a page of their own.
_OWN_KIND = frozenset({"wrong_state", "already_done", "not_found", "idempotency_key_reused", "idempotency_running"})


def problem_of(refusal: Refused, **more: Any) -> Problem:
    """A business's "no" as a problem: 404, 409 for the state of things, 422 for a rule. Its own code, its sentence in
    English; `more` are extension members."""
    with override("en"):
        sentence = refusal.sentence
    if refusal.code in _OWN_KIND:
        return Problem(refusal.code, "" if refusal.code == "not_found" else sentence, more=more)
    return Problem(refusal.code, sentence, more=more, kind="conflict" if refusal.code in CONFLICTS else "refused")


def type_address(code: str) -> str:
    return settings.SITE_URL + reverse("api:problem", kwargs={"code": code})


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's hook: what is not an expected error stays one, and is seen as a 500."""
    problem = _as_problem(error)
    return None if problem is None else problem_response(problem, context["request"])


def problem_response(problem: Problem, request: Any) -> Response:
    name = problem.kind or problem.code
    kind = KINDS[name]
    body = {
        "type": type_address(name),
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail or kind.explanation,
        "instance": request.request_id,
        "code": problem.code,
        "errors": [{"pointer": e.pointer, "code": e.code, "detail": e.detail} for e in problem.errors],
        **problem.more,
    }
    headers = {"Cache-Control": "no-store", **problem.headers}
    return Response(body, status=kind.status, content_type=CONTENT_TYPE, headers=headers)


def _as_problem(error: Exception) -> Problem | None:
    if isinstance(error, Problem):
        return error
    if isinstance(error, Refused):
        return problem_of(error)
    if isinstance(error, Http404 | exceptions.NotFound):
        return Problem("not_found")
    if isinstance(error, exceptions.MethodNotAllowed):
        return Problem("method_not_allowed")
    if isinstance(error, exceptions.NotAcceptable):
        return Problem("not_acceptable")
    if isinstance(error, exceptions.UnsupportedMediaType):
        return Problem("unsupported_media_type")
    if isinstance(error, exceptions.ParseError | SuspiciousOperation):
        return Problem("bad_request")
    return None
