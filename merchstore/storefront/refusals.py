"""A business "no" raised by a service or a query becomes a page that says so."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from core.errors import Refused
from merchstore.languages import LANGUAGES
from merchstore.storefront.errors import problem_page

_STATUS = {"not_found": 404, "other_site": 403, "busy": 503}


class refusals:  # noqa: N801 a middleware, named like its neighbours
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refused) or request.path_info.startswith(("/api/", "/desk/")):
            return None
        prefix = (request.resolver_match.kwargs if request.resolver_match else {}).get("prefix", "en")
        with translation.override(LANGUAGES.get(prefix, "en")):
            return problem_page(request, _STATUS.get(exception.code, 400), exception.sentence)
