"""Without a network: a small worker in the browser answers with a page of ours instead of the browser's own."""

import hashlib
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from merchstore.languages import LANGUAGE_TAGS, LANGUAGES

#: What the page is made of; the worker keeps it beside the page.
_STYLES = ("tokens", "base", "layout", "components", "pages")


@csrf_exempt
@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The worker: it lies at the root, or it would serve no page. Every release names its own store, and empties the others."""
    kept = [f"/unconnected/{prefix}/" for prefix in LANGUAGES] + [static(f"css/{name}.css") for name in _STYLES]
    name = hashlib.blake2b(f"{settings.RELEASE}{kept}".encode(), digest_size=8).hexdigest()
    body = render_to_string("storefront/worker.js", {"name": name, "kept": kept})
    response = HttpResponse(body, content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response


@csrf_exempt
@require_safe
def page(request: HttpRequest, prefix: str) -> HttpResponse:
    """What is shown without a network. It knows no market: nobody can ask for one. Its address is like none of a market's."""
    with translation.override(LANGUAGES[prefix]):
        context: dict[str, Any] = {
            "status": "",
            "title": _("You are not connected"),
            "sentence": _(
                "The page could not be fetched. What is in your basket is kept. Try again when there is a network."
            ),
            "home": "",
            "again": " ",
            "language": LANGUAGES[prefix],
        }
        response = HttpResponse(render_to_string("storefront/problem.html", context))
    response["Content-Language"] = LANGUAGE_TAGS[prefix]
    response["Cache-Control"] = "public, max-age=3600"
    return response
