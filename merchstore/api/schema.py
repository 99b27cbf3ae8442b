"""What the OpenAPI document says of an endpoint, put together in one decorator."""

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.serializers import Serializer

from merchstore.api.answers import ReadView
from merchstore.api.examples import EXAMPLES
from merchstore.api.problems import CONTENT_TYPE, KINDS
from merchstore.api.serializers import ProblemSerializer

View = TypeVar("View", bound=ReadView)

_ANSWER = "application/json"
_WHEN = {
    400: "A parameter is missing, unknown or not valid; or there is no such market.",
    404: KINDS["not_found"].explanation,
    406: KINDS["not_acceptable"].explanation,
    503: KINDS["busy"].explanation,
}
_HEADERS = (
    ("Request-Id", "The id of the request; problem documents name it as `instance`."),
    ("ETag", "For `If-None-Match`: an answer that is still the same is 304."),
    ("Cache-Control", "Never reaches past the next instant at which the shelf turns."),
)
_REVISION = ("Shelf-Revision", "Which state of the market's shelf this is. Answers with the same one never contradict.")


def documented(
    summary: str,
    serializer: type[Serializer],
    *,
    example: str,
    shows_shelf: bool = False,
    by_name: str = "",
    failures: tuple[int, ...] = (),
) -> Callable[[type[View]], type[View]]:
    """Describe a view's `get`: its parameters are the view's own, its example is in examples.py."""
    headers = (*_HEADERS, _REVISION) if shows_shelf else _HEADERS
    statuses = {*failures, 400, 406} | ({404} if by_name else set()) | ({503} if shows_shelf else set())
    responses: dict[Any, Any] = {(200, _ANSWER): serializer}
    for status in sorted(statuses):
        responses[status, CONTENT_TYPE] = OpenApiResponse(ProblemSerializer, description=_WHEN[status])
    shown = OpenApiExample(
        summary, value=EXAMPLES[example], response_only=True, status_codes=["200"], media_type=_ANSWER
    )

    def describe(view: type[View]) -> type[View]:
        parameters = [parameter.in_schema() for parameter in view.parameters]
        parameters += [_header(name, text) for name, text in headers]
        if by_name:
            parameters.append(_path(f"The {by_name}'s public id or slug."))
        described = extend_schema(
            operation_id=summary.lower().replace(" a ", " ").replace(" ", "_"),
            summary=summary,
            description=(view.__doc__ or "").replace("\n   ", ""),
            tags=[summary.split()[-1].rstrip("s") + "s"],
            parameters=parameters,
            responses=responses,
            examples=[shown],
        )
        return extend_schema_view(get=described)(view)

    return describe


def _header(name: str, text: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.HEADER, description=text, response=[200])


def _path(text: str) -> OpenApiParameter:
    return OpenApiParameter("name", OpenApiTypes.STR, OpenApiParameter.PATH, description=text)
