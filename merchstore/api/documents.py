"""The API's own description: the OpenAPI document, and a page that shows it."""

from functools import cache
from threading import Lock
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from rest_framework.response import Response

from merchstore.api.answers import ReadView

_MAX_AGE = 300


_one_at_a_time = Lock()


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document. It depends on the code alone, so it is made once per process."""
    with _one_at_a_time:
        return _made()


@cache
def _made() -> dict[str, Any]:
    # What makes it looks for its extensions the first time it is asked, and fails where two threads do so at once.
    return SchemaGenerator().get_schema(request=None, public=True)


class Schema(ReadView):
    schema = None
    # By `Accept`: JSON for whoever does not care.
    renderer_classes = (OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer2, OpenApiYamlRenderer)

    def get(self, _request: Any) -> Response:
        return self.answer(openapi_document(), max_age=_MAX_AGE)


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The schema as a page. Its script comes from the site itself, so the site's policy holds here too."""
    response = render(request, "api/docs.html")
    response["Cache-Control"] = f"public, max-age={_MAX_AGE}"
    return response
