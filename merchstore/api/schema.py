"""What the OpenAPI document says of an endpoint, put together in a decorator."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.serializers import Serializer

from merchstore.api.answers import ApiView
from merchstore.api.examples import EXAMPLES
from merchstore.api.problems import CONTENT_TYPE, KINDS
from merchstore.api.serializers import ProblemSerializer

View = TypeVar("View", bound=ApiView)

_ANSWER = "application/json"
_WHEN = {
    400: "A parameter, a header or the body is missing, unknown or not valid; or there is no such market.",
    401: "There is no key, or it is not known, expired or revoked.",
    403: "The key has not the scope that this needs, or its merchant may not trade now.",
    404: KINDS["not_found"].explanation,
    406: KINDS["not_acceptable"].explanation,
    409: "The request meets another that is still being worked on, or what it asks for does not go with the state of "
    "things. `code` says which.",
    411: KINDS["length_required"].explanation,
    412: KINDS["precondition_failed"].explanation,
    413: KINDS["body_too_large"].explanation,
    415: KINDS["unsupported_media_type"].explanation,
    422: "A rule is against it: `code` and `detail` say which. Or an Idempotency-Key was used for another request.",
    428: KINDS["precondition_required"].explanation,
    429: KINDS["rate_limited"].explanation,
    503: KINDS["busy"].explanation,
}
_REQUEST_ID = ("Request-Id", "The id of the request; problem documents name it as `instance`.")
_ETAG = ("ETag", "For `If-None-Match`: an answer that is still the same is 304.")
_HEADERS = (_REQUEST_ID, _ETAG, ("Cache-Control", "Never reaches past the next instant at which the shelf turns."))
_ETAG_TO_WRITE = ("ETag", "For the `If-Match` of the next change.")
#: How a write can fail, whatever it writes.
_WRITING = frozenset({400, 401, 403, 404, 406, 409, 411, 413, 415, 422})
_OWN = ("Cache-Control", "`private, no-store`: what belongs to one merchant is kept by no cache.")
_LIMITS = (
    ("RateLimit", 'What is left of the key\'s quota, and the seconds until it is whole again: `"default";r=599;t=60`.'),
    ("RateLimit-Policy", 'The quota itself, for so many seconds: `"default";q=600;w=60`.'),
    ("X-RateLimit-Limit", "The quota, as a number."),
    ("X-RateLimit-Remaining", "What is left of it, as a number."),
    ("X-RateLimit-Reset", "The seconds until it is whole again."),
)
_RETRY_AFTER = ("Retry-After", "The seconds after which it is worth asking again.")
_REPLAYED = ("Idempotent-Replayed", "`true` when the answer is the first request's, given again.")
_LOCATION = ("Location", "The address of what was made.")
_REVISION = ("Shelf-Revision", "Which state of the market's shelf this is. Answers with the same one never contradict.")


def documented(
    summary: str,
    serializer: Any,
    *,
    example: str,
    shows_shelf: bool = False,
    is_own: bool = False,
    is_streamed: bool = False,
    also_as: Sequence[str] = (),
    only_as: Sequence[str] = (),
    by_name: str = "",
    also_named: Sequence[tuple[str, str]] = (),
    failures: tuple[int, ...] = (),
) -> Callable[[type[View]], type[View]]:
    """Describe a view's `get`: its parameters are the view's own, its example is in examples.py. `also_as` are other media types
    that `Accept` may ask for; `only_as` are those of an answer that is no JSON."""
    headers = (_REQUEST_ID, _ETAG, _OWN) if is_own else (*_HEADERS, _REVISION) if shows_shelf else _HEADERS
    if is_streamed:  # what is not held whole has no digest
        headers = tuple(header for header in headers if header is not _ETAG)
    statuses = {*failures, 400, 406} | ({404} if by_name else set()) | ({503} if shows_shelf else set())
    statuses |= {401, 403} if is_own else set()
    described = _described(summary, serializer, example, statuses, headers, also_as=also_as, only_as=only_as)

    def describe(view: type[View]) -> type[View]:
        parameters = [parameter.in_schema() for parameter in view.parameters]
        parameters += [_header(name, text) for name, text in headers]
        parameters += [_part(name, text) for name, text in also_named]
        if by_name:
            parameters.append(_path(by_name, is_own))
        return extend_schema_view(get=described(view, parameters))(view)

    return describe


def documented_post(
    summary: str,
    serializer: type[Serializer],
    *,
    request: Any,
    example: str,
    request_examples: Sequence[tuple[str, str]] = (),
    status: int = 200,
    by_name: str = "",
    also_named: Sequence[tuple[str, str]] = (),
    failures: tuple[int, ...] = (),
) -> Callable[[type[View]], type[View]]:
    """Describe a view's `post`, which runs once for each Idempotency-Key. `request_examples` are media types and names in
    examples.py; of rows each is one, and the schema puts it into an array. `also_named`: as in `documented_change`."""
    headers = (_REQUEST_ID, _OWN, _REPLAYED) + ((_LOCATION,) if status in (201, 202) else ())
    return _written(
        "post", summary, serializer, request, example, request_examples, status, by_name,
        {*_WRITING, *failures}, (*headers, _ETAG_TO_WRITE) if status == 201 else headers, _IDEMPOTENCY_KEY,
        *[_part(name, text) for name, text in also_named],
    )  # fmt: skip


def documented_change(
    method: str,
    summary: str,
    serializer: type[Serializer] | None,
    *,
    request: Any = None,
    example: str = "",
    request_examples: Sequence[tuple[str, str]] = (),
    status: int = 200,
    by_name: str = "",
    also_named: Sequence[tuple[str, str]] = (),
    failures: tuple[int, ...] = (),
    needs_match: bool = True,
) -> Callable[[type[View]], type[View]]:
    """Describe a view's `patch`, `put` or `delete`, which takes `If-Match` unless told otherwise. Without a serializer it
    answers 204. `also_named` are further parts of the address: names and what they are."""
    failed = {*_WRITING, *failures} | ({412, 428} if needs_match else set())
    if request is None:
        failed -= {413, 415}
    headers = (_REQUEST_ID, _OWN, _ETAG_TO_WRITE) if needs_match and serializer else (_REQUEST_ID, _OWN)
    return _written(
        method, summary, serializer, request, example, request_examples, status if serializer else 204, by_name,
        failed, headers, *([_IF_MATCH] if needs_match else []), *[_part(name, text) for name, text in also_named],
    )  # fmt: skip


def _written(
    method: str,
    summary: str,
    serializer: type[Serializer] | None,
    request: Any,
    example: str,
    request_examples: Sequence[tuple[str, str]],
    status: int,
    by_name: str,
    statuses: set[int],
    headers: Sequence[tuple[str, str]],
    *more: OpenApiParameter,
) -> Callable[[type[View]], type[View]]:
    examples = [
        OpenApiExample(name.capitalize(), value=EXAMPLES[name], request_only=True, media_type=media_type)
        for media_type, name in request_examples
    ]
    described = _described(
        summary, serializer, example, statuses, headers, request=request, examples=examples, status=status
    )

    def describe(view: type[View]) -> type[View]:
        parameters = [parameter.in_schema() for parameter in view.parameters_of(method)]
        parameters += [_header(name, text, status) for name, text in headers]
        parameters += more
        if by_name:
            parameters.append(_path(by_name, is_own=True))
        return extend_schema_view(**{method: described(view, parameters)})(view)

    return describe


def _described(
    summary: str,
    serializer: Any,
    example: str,
    statuses: set[int],
    headers: Sequence[tuple[str, str]],
    *,
    request: Any = None,
    examples: Sequence[OpenApiExample] = (),
    status: int = 200,
    also_as: Sequence[str] = (),
    only_as: Sequence[str] = (),
) -> Callable[[type[View], list[OpenApiParameter]], Any]:
    limits: list[OpenApiParameter] = []
    if 401 in statuses:  # what takes a key counts it
        statuses = {*statuses, 429}
        limits = [_header(name, text, status) for name, text in _LIMITS]
        limits += [_header(name, text, 429) for name, text in (*_LIMITS, _RETRY_AFTER)]
    responses: dict[Any, Any] = {(status, media_type): serializer for media_type in only_as or (_ANSWER,)}
    responses |= {(status, media_type): OpenApiTypes.STR for media_type in also_as}
    if serializer is None:
        responses = {status: OpenApiResponse(description="It is done; there is nothing to show.")}
    for failure in sorted(statuses):
        responses[failure, CONTENT_TYPE] = OpenApiResponse(ProblemSerializer, description=_WHEN[failure])
    shown = [
        OpenApiExample(
            summary, value=EXAMPLES[example], response_only=True, status_codes=[str(status)], media_type=_ANSWER
        )
        for example in ([example] if example else [])
    ]

    def describe(view: type[View], parameters: list[OpenApiParameter]) -> Any:
        return extend_schema(
            operation_id=summary.lower().replace(" an ", " ").replace(" a ", " ").replace(" ", "_"),
            summary=summary,
            description=(view.__doc__ or "").replace("\n   ", ""),
            tags=[_tag(summary)],
            parameters=[*parameters, *limits],
            request=request,
            responses=responses,
            examples=[*shown, *examples],
        )

    return describe


def _tag(summary: str) -> str:
    """What an operation is about: the last word of what it does."""
    word = summary.split()[-1].rstrip("s")
    return {"sandbox": "sandboxes", "stock": "stock", "pick": "orders"}.get(word, f"{word}s")


def _header(name: str, text: str, status: int = 200) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.HEADER, description=text, response=[status])


def _path(what: str, is_own: bool) -> OpenApiParameter:
    text = f"The {what}'s public id." if is_own else f"The {what}'s public id or slug."
    return OpenApiParameter("name", OpenApiTypes.STR, OpenApiParameter.PATH, description=text)


def _part(name: str, text: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.PATH, description=text)


_IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="The ETag that GET gave for this address, or `*` for whatever is there.",
)
_IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="Yours, new for each request, the same when it is sent again: 1 to 255 visible ASCII characters. "
    "Answers are kept for 24 hours.",
)
