"""Pages as they go out: a template, with what is the same round all of them."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.templatetags.static import static

from catalog.queries.cards import CardPage
from merchstore.middleware import page_parameters
from merchstore.storefront.chrome import chrome
from merchstore.storefront.cursors import write_cursor
from merchstore.storefront.structured import absolute
from merchstore.storefront.visit import Visit

#: What is shown of a page that has no picture of its own, where somebody shares its address.
SHARE = "share.png"
#: Which link of the header a page belongs to.
_SECTIONS = {
    "films": "films",
    "film": "films",
    "goods": "goods",
    "product": "goods",
    "maker": "goods",
    "coming_soon": "soon",
}


def share_card(visit: Visit, kind: str, slug: str) -> str:
    """Where the card of a film, product or campaign is fetched (storefront/share.py)."""
    return absolute(f"{visit.base}share/{kind}/{slug}.jpg")


def see_other(address: str) -> HttpResponse:
    """Go and look there: a reload of that page sends no form again."""
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response


def more_of(found: CardPage) -> str:
    return write_cursor(*found.next) if found.next else ""


def answer(
    request: HttpRequest, visit: Visit, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render without context processors: a page holds nothing of the person who asks."""
    rest = request.path_info.removeprefix(visit.base)
    context.setdefault("share", absolute(static(SHARE)))
    context |= {
        "visit": visit,
        "market": visit.market,
        "language": visit.language,
        "base": visit.base,
        "rest": rest,
        "site": settings.SITE_URL,
        **chrome(
            visit,
            _SECTIONS.get(template, ""),
            rest=rest,
            after=_goes_on_after(request) if "more" in context else "",
            query=context.get("query", ""),
            state=_state(request),
        ),
    }
    response = HttpResponse(render_to_string(f"storefront/{template}.html", context), status=status)
    response["Content-Language"] = visit.tag
    response["Vary"] = "HX-Request"
    return response


def _state(request: HttpRequest) -> str:
    """What the address asks for besides its path, as the page in the other language is asked for it."""
    asked = page_parameters(request.GET) if request.GET else ""
    return f"?{asked}" if asked else ""


def _goes_on_after(request: HttpRequest) -> str:
    """Where a list goes on, if that is all its address says: such a page shows what no other does, so it is its own original.
    Lists that are sorted or filtered show nothing new; their original is the plain one."""
    is_plain = request.GET.keys() <= {"after", "sort"} and request.GET.get("sort", "newest") == "newest"
    return request.GET.get("after", "") if is_plain else ""
