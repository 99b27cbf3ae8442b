"""What is offered while somebody types in the search field: a fragment, asked for by static/js/suggest.js."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from catalog.search import suggestions
from merchstore.storefront.shown import shown_cards
from merchstore.storefront.visit import Visit, page


@page
def suggest(request: HttpRequest, visit: Visit) -> HttpResponse:
    query = request.GET.get("q", "").strip()[:120].replace("\x00", "")
    found = suggestions(query, visit.market, visit.language, at=visit.at)
    context = {
        "query": query,
        "language": visit.language,
        "base": visit.base,
        "films": found.films,
        "categories": found.categories,
        "cards": shown_cards(found.cards, visit),
        "count": len(found.films) + len(found.categories) + len(found.cards),
    }
    return HttpResponse(render_to_string("storefront/_suggestions.html", context) if found else "")
