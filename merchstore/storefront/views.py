"""The storefront's pages: an address in, a query below, a template out."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from campaigns.models import Placement
from campaigns.queries import LivePlacement, placements_at
from catalog.models import Market
from catalog.queries.cards import SORTS, CardPage, Cursor, cards_of, categories, goods_page
from catalog.queries.markets import market_places
from catalog.queries.product import product_page
from catalog.search import search_product_ids
from core.errors import Refused
from films.models import Artwork, Credit, Film
from films.queries import artworks_of, film_page, slate
from merchstore.storefront.chrome import chrome
from merchstore.storefront.cursors import read_cursor, write_cursor
from merchstore.storefront.errors import bad_request, forbidden, not_found, server_error
from merchstore.storefront.shown import shown_cards, shown_films, shown_price, shown_soon, shown_variant_price
from merchstore.storefront.visit import Visit, page

__all__ = ["bad_request", "forbidden", "not_found", "server_error"]

Artworks = dict[int, dict[str, Artwork]]

RAIL = 6
SEARCH_LIMIT = 24
#: Films on a page of the slate.
FILMS = 24


@csrf_exempt
@require_safe
def doorstep(request: HttpRequest) -> HttpResponseRedirect:
    """Suggest a market by the browser's languages; nobody is kept from choosing another."""
    languages = request.headers.get("Accept-Language", "").lower()[:200]
    wanted = languages.split(",", 1)[0]
    codes = {market.code: market for market in Market.objects.order_by("position", "pk")}
    if not codes:
        raise Http404
    region = next((code for tag, code in _REGIONS if wanted.startswith(tag) and code in codes), None)
    market = codes.get(region or "us") or next(iter(codes.values()))
    prefix = "zh" if wanted.startswith("zh") else "en"
    response = redirect("storefront:home", market=market.code, prefix=prefix)
    response["Vary"] = "Accept-Language"
    return response


#: Browser languages that hint at a market, the more telling first.
_REGIONS = (
    ("zh-hk", "hk"), ("zh", "cn"), ("en-us", "us"), ("de", "eu"), ("fr", "eu"), ("it", "eu"), ("es", "eu"), ("nl", "eu"),
)  # fmt: skip


@page
def home(request: HttpRequest, visit: Visit) -> HttpResponse:
    films = slate(at=visit.at, countries=visit.market.countries, limit=RAIL)
    placement = _placement(visit, Placement.Slot.HOME_HERO)
    film = placement.film if placement else next(iter(films), None)
    artworks = _artworks(visit, [*films, film])
    context = {
        "placement": placement,
        **_hero_of(film, artworks),
        "films": shown_films(films, artworks, visit),
        "cards": shown_cards(
            goods_page(visit.market, visit.language, at=visit.at, limit=5).cards, visit, has_lead=True
        ),
        "soon": shown_soon(goods_page(visit.market, visit.language, at=visit.at, limit=4, is_soon=True).cards, visit),
    }
    return _answer(request, visit, "home", context)


@page
def hero(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The top of the home page alone: what the countdown asks for when it reaches zero."""
    films = slate(at=visit.at, countries=visit.market.countries, limit=1)
    placement = _placement(visit, Placement.Slot.HOME_HERO)
    film = placement.film if placement else next(iter(films), None)
    context = {"placement": placement, **_hero_of(film, _artworks(visit, [film]))}
    return _answer(request, visit, "_hero", context)


@page
def films(request: HttpRequest, visit: Visit) -> HttpResponse:
    after = read_cursor(request.GET.get("after"))
    rows = slate(at=visit.at, countries=visit.market.countries, after=after, limit=FILMS + 1)
    shown = rows[:FILMS]
    artworks = _artworks(visit, shown)
    more = write_cursor(shown[-1].position, shown[-1].pk) if len(rows) > FILMS else ""
    return _answer(request, visit, "films", {"films": shown_films(shown, artworks, visit), "more": more})


@page
def film(request: HttpRequest, visit: Visit, slug: str) -> HttpResponse:
    found = film_page(slug, at=visit.at, countries=visit.market.countries)
    if found is None:
        raise Http404
    after = read_cursor(request.GET.get("after"))
    goods = goods_page(visit.market, visit.language, at=visit.at, film=found.film, after=after and Cursor(*after))
    placement = next((p for p in placements_at(visit.market, visit.at, "") if p.film == found.film), None)
    context = {
        "page": found,
        "film": found.film,
        "cards": shown_cards(goods.cards, visit, by_maker=True),
        "more": _more(goods),
        "placement": placement,
    }
    context["roles"] = Credit.Role.choices
    return _answer(request, visit, "film", context)


@page
def goods(request: HttpRequest, visit: Visit) -> HttpResponse:
    return _list(request, visit, None)


@page
def category(request: HttpRequest, visit: Visit, code: str) -> HttpResponse:
    return _list(request, visit, code)


def _list(request: HttpRequest, visit: Visit, code: str | None) -> HttpResponse:
    shown = categories()
    chosen = next((category for category in shown if category.code == code), None)
    if code is not None and chosen is None:
        raise Http404
    sort = request.GET.get("sort", "newest")
    if sort not in SORTS:
        raise Refused("bad_cursor")
    after = read_cursor(request.GET.get("after"))
    found = goods_page(
        visit.market, visit.language, at=visit.at, category=chosen, sort=sort, after=after and Cursor(*after)
    )
    context = {
        "categories": shown,
        "category": chosen,
        "sort": sort,
        "sorts": [("newest", _("Newest")), ("price", _("Price, low to high")), ("-price", _("Price, high to low"))],
        "is_first": after is None,
        "cards": shown_cards(found.cards, visit),
        "more": _more(found),
    }
    return _answer(request, visit, "goods", context)


@page
def coming_soon(request: HttpRequest, visit: Visit) -> HttpResponse:
    after = read_cursor(request.GET.get("after"))
    found = goods_page(visit.market, visit.language, at=visit.at, is_soon=True, after=after and Cursor(*after))
    return _answer(request, visit, "coming_soon", {"cards": shown_cards(found.cards, visit), "more": _more(found)})


@page
def product(request: HttpRequest, visit: Visit, slug: str) -> HttpResponse:
    found = product_page(slug, visit.market, visit.language, at=visit.at)
    if found is None:
        raise Http404
    country = request.GET.get("country", found.destinations[0].code)
    destination = next((d for d in found.destinations if d.code == country), None)
    if destination is None:
        raise Refused("country_elsewhere")
    wanted = request.GET.get("v")
    chosen = next((choice for choice in found.variants if choice.variant.public_id == wanted), None)
    context = {
        "page": found,
        "product": found.product,
        "card": found.card,
        "destination": destination,
        "deliverable": [d for d in found.destinations if d.decision.allowed],
        "chosen": chosen,
        "price": shown_variant_price(chosen.price, chosen.was, found.card, visit)
        if chosen
        else shown_price(found.card, visit),
        "cards": shown_cards(found.related, visit, by_maker=True),
    }
    return _answer(request, visit, "product", context)


@page
def search(request: HttpRequest, visit: Visit) -> HttpResponse:
    query = request.GET.get("q", "").strip()
    ids = search_product_ids(query, visit.market, visit.at, SEARCH_LIMIT) if query else []
    cards = cards_of(ids, visit.market, visit.language, at=visit.at) if ids else []
    return _answer(
        request, visit, "search", {"query": query[:200].replace("\x00", ""), "cards": shown_cards(cards, visit)}
    )


@page
def campaign(request: HttpRequest, visit: Visit, slug: str) -> HttpResponse:
    """A campaign's own page, from its announcement on."""
    placement = next((p for p in placements_at(visit.market, visit.at, "") if p.campaign.slug == slug), None)
    if placement is None:
        raise Http404
    after = read_cursor(request.GET.get("after"))
    found = CardPage([], None)
    if placement.is_live:
        found = goods_page(
            visit.market,
            visit.language,
            at=visit.at,
            film=placement.film,
            promotion=placement.promotion_id,
            after=after and Cursor(*after),
        )
    context = {
        "placement": placement,
        **_hero_of(placement.film, _artworks(visit, [placement.film])),
        "cards": shown_cards(found.cards, visit, by_maker=True),
        "more": _more(found),
    }
    return _answer(request, visit, "campaign", context)


#: Which link of the header a page belongs to.
_SECTIONS = {"films": "films", "film": "films", "goods": "goods", "product": "goods", "coming_soon": "soon"}


def _placement(visit: Visit, slot: str) -> LivePlacement | None:
    placements = placements_at(visit.market, visit.at, slot)
    return placements[0] if placements else None


def _artworks(visit: Visit, films: Iterable[Film | None]) -> Artworks:
    """The artwork that may be shown of these films, by film and kind. At most one query."""
    ids = {film.pk for film in films if film is not None}
    return artworks_of(ids, at=visit.at, countries=visit.market.countries) if ids else {}


def _hero_of(film: Film | None, artworks: Artworks) -> dict[str, Any]:
    return {"hero_film": film, "hero_art": artworks.get(film.pk, {}) if film else {}}


def _more(found: CardPage) -> str:
    return write_cursor(*found.next) if found.next else ""


def _answer(request: HttpRequest, visit: Visit, template: str, context: dict[str, Any]) -> HttpResponse:
    """Render without context processors: a page holds nothing of the person who asks."""
    rest = request.path_info.removeprefix(visit.base)
    context |= {
        "visit": visit,
        "market": visit.market,
        "language": visit.language,
        "base": visit.base,
        "rest": rest,
        "site": settings.SITE_URL,
        "places": market_places(visit.language),
        "section": _SECTIONS.get(template, ""),
        **chrome(visit),
    }
    response = HttpResponse(render_to_string(f"storefront/{template}.html", context))
    response["Content-Language"] = visit.tag
    response["Vary"] = "HX-Request"
    return response
