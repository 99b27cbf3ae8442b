"""Pages that say what went wrong, in words, without repeating anything of the request."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from merchstore.languages import LANGUAGES


def problem_page(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    """A page with one sentence and a way on. Needs no database, so it also stands when that is away."""
    titles = {
        400: _("That address cannot be read"),
        403: _("That is not open to you"),
        404: _("There is nothing here"),
        429: _("That was too often"),
        500: _("Something broke on our side"),
        503: _("Closed for work"),
    }
    home = "" if status == 503 else _home(request)
    context = {
        "status": status,
        "title": titles.get(status, titles[400]),
        "sentence": sentence,
        "home": home,
        # A form that was sent is not sent again by a link.
        "again": request.path if status in (500, 503) and request.method == "GET" else "",
        "is_search": status == 404 and home not in ("", "/"),
        "language": translation.get_language(),
    }
    return HttpResponse(render_to_string("storefront/problem.html", context), status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    with _language(request):
        return problem_page(request, 400, _("Check the address, or start again from the home page."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    with _language(request):
        return problem_page(request, 403, _("Sign in with an account that may see it."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    with _language(request):
        return problem_page(request, 404, _("It may be sold elsewhere, not be on sale yet, or never have been here."))


def server_error(request: HttpRequest) -> HttpResponse:
    with _language(request):
        return problem_page(request, 500, _("We have been told. Try again in a minute."))


def closed(request: HttpRequest) -> HttpResponse:
    """While the shop is closed for work (storefront/maintenance.py)."""
    with _language(request):
        sentence = _("We are working on the shop and open again soon. Orders that are paid are safe and on their way.")
        return problem_page(request, 503, sentence)


def _language(request: HttpRequest) -> translation.override:
    """The address's; where it names none, the one that the browser asks for first."""
    parts = request.path_info.split("/")
    if len(parts) > 2 and parts[2] in LANGUAGES:
        return translation.override(LANGUAGES[parts[2]])
    wanted = request.headers.get("Accept-Language", "").lower()
    return translation.override(LANGUAGES["zh" if wanted.startswith("zh") else "en"])


def _home(request: HttpRequest) -> str:
    match = request.resolver_match
    if match is not None and {"market", "prefix"} <= match.kwargs.keys() and match.kwargs["prefix"] in LANGUAGES:
        return f"/{match.kwargs['market']}/{match.kwargs['prefix']}/"
    return "/"
