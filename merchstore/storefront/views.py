"""The storefront's pages: an address in, a query below, a template out."""

from collections.abc import Iterable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from campaigns.models import Placement
from campaigns.queries import LivePlacement, placements_at
from catalog.models import Market
from catalog.queries.cards import CardPage, Cursor, goods_page
from catalog.queries.product import product_page
from fans.queries import rating_of
from films.models import Artwork, Credit, Film
from films.queries import artworks_of, film_page, slate
from merchstore.storefront.also import bought_together
from merchstore.storefront.answers import answer, more_of, share_card
from merchstore.storefront.calendar import is_ahead
from merchstore.storefront.cursors import read_cursor, write_cursor
from merchstore.storefront.errors import bad_request, forbidden, not_found, server_error
from merchstore.storefront.listing import goods_of_film
from merchstore.storefront.product import about, buying, made_in
from merchstore.storefront.shown import ends_on, shown_cards, shown_films, shown_soon
from merchstore.storefront.sizes import size_tables
from merchstore.storefront.structured import film_data, list_data, product_data
from merchstore.storefront.visit import Visit, page

__all__ = ["bad_request", "forbidden", "not_found", "server_error"]

Artworks = dict[int, dict[str, Artwork]]

RAIL = 6
#: Films on a page of the slate.
FILMS = 24


@csrf_exempt
@require_safe
def doorstep(request: HttpRequest) -> HttpResponseRedirect:
    """Suggest a market by the browser's languages; nobody is kept from choosing another."""
    languages = request.headers.get("Accept-Language", "").lower()[:200]
    wanted = languages.split(",", 1)[0]
    codes = {market.code: market for market in Market.objects.filter(is_public=True).order_by("position", "pk")}
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
    return answer(request, visit, "home", context)


@page
def hero(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The top of the home page alone: what the countdown asks for when it reaches zero."""
    films = slate(at=visit.at, countries=visit.market.countries, limit=1)
    placement = _placement(visit, Placement.Slot.HOME_HERO)
    film = placement.film if placement else next(iter(films), None)
    context = {"placement": placement, **_hero_of(film, _artworks(visit, [film]))}
    return answer(request, visit, "_hero", context)


@page
def films(request: HttpRequest, visit: Visit) -> HttpResponse:
    after = read_cursor(request.GET.get("after"))
    rows = slate(at=visit.at, countries=visit.market.countries, after=after, limit=FILMS + 1)
    shown = rows[:FILMS]
    artworks = _artworks(visit, shown)
    more = write_cursor(shown[-1].position, shown[-1].pk) if len(rows) > FILMS else ""
    posters = shown_films(shown, artworks, visit)
    data = list_data(_("Films"), "films/", [poster["address"] for poster in posters], visit)
    return answer(request, visit, "films", {"films": posters, "more": more, "data": data})


@page
def film(request: HttpRequest, visit: Visit, slug: str) -> HttpResponse:
    found = film_page(slug, at=visit.at, countries=visit.market.countries)
    if found is None:
        raise Http404
    placement = next((p for p in placements_at(visit.market, visit.at, "") if p.film == found.film), None)
    context = {
        "page": found,
        "film": found.film,
        "placement": placement,
        "roles": Credit.Role.choices,
        "about": found.film.lede_in(visit.language) or found.film.title_in(visit.language),
        "data": film_data(found, visit),
        "share": share_card(visit, "films", found.film.slug),
        "releases": [(one, is_ahead(one.opens_on, one.zone, visit.at)) for one in found.releases],
        **goods_of_film(request.GET, visit, found.film),
    }
    return answer(request, visit, "film", context)


@page
def coming_soon(request: HttpRequest, visit: Visit) -> HttpResponse:
    after = read_cursor(request.GET.get("after"))
    found = goods_page(visit.market, visit.language, at=visit.at, is_soon=True, after=after and Cursor(*after))
    cards = shown_cards(found.cards, visit)
    data = list_data(_("Coming soon"), "coming-soon/", [card.address for card in cards], visit)
    return answer(request, visit, "coming_soon", {"cards": cards, "more": more_of(found), "data": data})


@page
def product(request: HttpRequest, visit: Visit, slug: str) -> HttpResponse:
    found = product_page(slug, visit.market, visit.language, at=visit.at)
    if found is None:
        raise Http404
    context = {"page": found, **buying(found, request.GET, visit)}
    if request.htmx:  # type: ignore[attr-defined]
        return answer(request, visit, "_choice", context | {"is_fragment": True})
    rating = rating_of(found.product)
    together = bought_together([found.product.pk], visit)
    shown = {card.product_id for card in together}
    context |= {
        "product": found.product,
        "card": found.card,
        "about": about(found.product, visit.language),
        "made_in": made_in(found.product.merchant, visit.language),
        "offer_ends_on": ends_on(found.card, visit),
        "share": share_card(visit, "goods", found.product.slug),
        "rating": rating,
        "sizes": size_tables(found.product.size_guide, visit.language) if found.product.size_guide_id else [],
        "data": product_data(found, visit, rating),
        "together": shown_cards(together, visit),
        "cards": shown_cards([card for card in found.related if card.product_id not in shown], visit, by_maker=True),
    }
    return answer(request, visit, "product", context)


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
        "more": more_of(found),
        "share": share_card(visit, "campaigns", slug),
    }
    return answer(request, visit, "campaign", context)


def _placement(visit: Visit, slot: str) -> LivePlacement | None:
    placements = placements_at(visit.market, visit.at, slot)
    return placements[0] if placements else None


def _artworks(visit: Visit, films: Iterable[Film | None]) -> Artworks:
    """The artwork that may be shown of these films, by film and kind. At most one query."""
    ids = {film.pk for film in films if film is not None}
    return artworks_of(ids, at=visit.at, countries=visit.market.countries) if ids else {}


def _hero_of(film: Film | None, artworks: Artworks) -> dict[str, Any]:
    return {"hero_film": film, "hero_art": artworks.get(film.pk, {}) if film else {}}
