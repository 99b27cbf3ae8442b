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
    409: "The request meets another: it is still being worked on, a product code is several merchants', "
    "or a run is in no state for it.",
    413: KINDS["body_too_large"].explanation,
    415: KINDS["unsupported_media_type"].explanation,
    422: KINDS["idempotency_key_reused"].explanation,
    503: KINDS["busy"].explanation,
}
_REQUEST_ID = ("Request-Id", "The id of the request; problem documents name it as `instance`.")
_ETAG = ("ETag", "For `If-None-Match`: an answer that is still the same is 304.")
_HEADERS = (_REQUEST_ID, _ETAG, ("Cache-Control", "Never reaches past the next instant at which the shelf turns."))
_OWN = ("Cache-Control", "`private, no-store`: what belongs to one merchant is kept by no cache.")
_REPLAYED = ("Idempotent-Replayed", "`true` when the answer is the first request's, given again.")
_LOCATION = ("Location", "The address of the run.")
_REVISION = ("Shelf-Revision", "Which state of the market's shelf this is. Answers with the same one never contradict.")


def documented(
    summary: str,
    serializer: Any,
    *,
    example: str,
    shows_shelf: bool = False,
    is_own: bool = False,
    is_streamed: bool = False,
    by_name: str = "",
    failures: tuple[int, ...] = (),
) -> Callable[[type[View]], type[View]]:
    """Describe a view's `get`: its parameters are the view's own, its example is in examples.py."""
    headers = (_REQUEST_ID, _ETAG, _OWN) if is_own else (*_HEADERS, _REVISION) if shows_shelf else _HEADERS
    if is_streamed:  # what is not held whole has no digest
        headers = tuple(header for header in headers if header is not _ETAG)
    statuses = {*failures, 400, 406} | ({404} if by_name else set()) | ({503} if shows_shelf else set())
    statuses |= {401, 403} if is_own else set()
    described = _described(summary, serializer, example, statuses, headers)

    def describe(view: type[View]) -> type[View]:
        parameters = [parameter.in_schema() for parameter in view.parameters]
        parameters += [_header(name, text) for name, text in headers]
        if by_name:
            parameters.append(_path(by_name, is_own))
        return extend_schema_view(get=described(view, parameters))(view)

    return describe


def documented_post(
    summary: str,
    serializer: type[Serializer],
    *,
    request: dict[str, Any] | None,
    example: str,
    request_examples: Sequence[tuple[str, str]],
    status: int = 200,
    by_name: str = "",
) -> Callable[[type[View]], type[View]]:
    """Describe a view's `post`, which runs once for each Idempotency-Key. `request_examples` are media types and names in
    examples.py; of rows each is one, and the schema puts it into an array."""
    headers = (_REQUEST_ID, _OWN, _REPLAYED)
    statuses = {400, 401, 403, 404, 406, 409, 413, 415, 422}
    examples = [
        OpenApiExample(name.capitalize(), value=EXAMPLES[name], request_only=True, media_type=media_type)
        for media_type, name in request_examples
    ]
    described = _described(
        summary, serializer, example, statuses, headers, request=request, examples=examples, status=status
    )

    def describe(view: type[View]) -> type[View]:
        parameters = [parameter.in_schema() for parameter in view.parameters]
        told = (*headers, _LOCATION) if status == 202 else headers
        parameters += [_header(name, text, status) for name, text in told]
        parameters.append(_IDEMPOTENCY_KEY)
        if by_name:
            parameters.append(_path(by_name, is_own=True))
        return extend_schema_view(post=described(view, parameters))(view)

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
) -> Callable[[type[View], list[OpenApiParameter]], Any]:
    responses: dict[Any, Any] = {(status, _ANSWER): serializer}
    for failure in sorted(statuses):
        responses[failure, CONTENT_TYPE] = OpenApiResponse(ProblemSerializer, description=_WHEN[failure])
    shown = OpenApiExample(
        summary, value=EXAMPLES[example], response_only=True, status_codes=[str(status)], media_type=_ANSWER
    )

    def describe(view: type[View], parameters: list[OpenApiParameter]) -> Any:
        return extend_schema(
            operation_id=summary.lower().replace(" a ", " ").replace(" ", "_"),
            summary=summary,
            description=(view.__doc__ or "").replace("\n   ", ""),
            tags=[summary.split()[-1].rstrip("s") + "s"],
            parameters=parameters,
            request=request,
            responses=responses,
            examples=[shown, *examples],
        )

    return describe


def _header(name: str, text: str, status: int = 200) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.HEADER, description=text, response=[status])


def _path(what: str, is_own: bool) -> OpenApiParameter:
    text = f"The {what}'s public id." if is_own else f"The {what}'s public id or slug."
    return OpenApiParameter("name", OpenApiTypes.STR, OpenApiParameter.PATH, description=text)


_IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="Yours, new for each request, the same when it is sent again: 1 to 255 visible ASCII characters. "
    "Answers are kept for 24 hours.",
)
