"""Lists that can be narrowed and sorted: all goods, those of a kind, those that a search finds. Every state is an address."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.models import ShelfSpan
from catalog.queries.cards import SORTS, CardPage, Cursor, cards_of, categories, goods_page
from catalog.queries.facets import FACETS, Filters, market_counts, narrowed, narrowed_page, price_bands
from catalog.search import UNRANKED, corrected, has_words, matching_products, ranked_products
from core.errors import Refused
from films.models import Film
from licensing.models import Category
from merchants.models import Merchant
from merchstore.storefront import facets
from merchstore.storefront.answers import answer, more_of
from merchstore.storefront.cursors import read_cursor
from merchstore.storefront.product import made_in
from merchstore.storefront.shown import shown_cards
from merchstore.storefront.structured import list_data
from merchstore.storefront.visit import Visit, page

#: So many pieces on a page of what a search finds, and at most so many filters in an address.
FOUND, MOST_FILTERS = 24, 30
#: The order that is the search's own: by how well the words fit.
RELEVANCE = "relevance"


@page
def goods(request: HttpRequest, visit: Visit) -> HttpResponse:
    return _list(request, visit, None)


@page
def category(request: HttpRequest, visit: Visit, code: str) -> HttpResponse:
    chosen = next((category for category in categories() if category.code == code), None)
    if chosen is None:
        raise Http404
    return _list(request, visit, chosen)


def _list(request: HttpRequest, visit: Visit, chosen: Category | None) -> HttpResponse:
    filters, sort, after = read_filters(request.GET, visit), _sort(request.GET, SORTS), _cursor(request.GET)
    counts = market_counts(visit.epoch)
    pk = chosen.pk if chosen else None
    if filters:
        found = narrowed_page(
            counts, filters, visit.market, visit.language, at=visit.at, sort=sort, after=after, category=pk
        )
    else:
        found = goods_page(visit.market, visit.language, at=visit.at, category=chosen, sort=sort, after=after)
    rest = f"goods/{chosen.code}/" if chosen else "goods/"
    title = chosen.name_in(visit.language) if chosen else _("Goods")
    context = {
        "category": chosen,
        "title": title,
        "is_first": after is None,
        "cards": shown_cards(found.cards, visit),
        "more": more_of(found),
        "data": list_data(title, rest, [f"{visit.base}goods/p/{card.slug}/" for card in found.cards], visit),
        **_bar(request.GET, sort, SORTS),
        **facets.sidebar(counts, filters, visit, rest, sort=sort, category=pk),
    }
    return answer(request, visit, "goods", context)


def goods_of_film(asked: QueryDict, visit: Visit, film: Film) -> dict[str, Any]:
    """The list on a film's own page, by maker, with the same choices beside it."""
    filters, sort, after = read_filters(asked, visit), _sort(asked, SORTS), _cursor(asked)
    counts = market_counts(visit.epoch)
    if filters:
        found = narrowed_page(
            counts, filters, visit.market, visit.language, at=visit.at, sort=sort, after=after, film=film.pk
        )
    else:
        found = goods_page(visit.market, visit.language, at=visit.at, film=film, sort=sort, after=after)
    return {
        "is_first": after is None,
        "cards": shown_cards(found.cards, visit, by_maker=True),
        "more": more_of(found),
        **_bar(asked, sort, SORTS),
        **facets.sidebar(counts, filters, visit, f"films/{film.slug}/#results", sort=sort, film=film.pk),
        # The pages of kinds are of all films: from here they would lead away.
        "kinds": "",
    }


@page
def maker(request: HttpRequest, visit: Visit, slug: str) -> HttpResponse:
    """Who makes goods that are on the shelf here: where they work, and the goods. Of others nothing is known in this market."""
    counts, sort, after = market_counts(visit.epoch), _sort(request.GET, SORTS), _cursor(request.GET)
    pk = next((pk for pk, names in counts.merchants.items() if names[0] == slug), None)
    merchant = Merchant.objects.filter(pk=pk).first() if pk else None
    if merchant is None:
        raise Http404
    chosen = Filters(maker=(slug,))
    found = narrowed_page(counts, chosen, visit.market, visit.language, at=visit.at, sort=sort, after=after)
    cards, name = shown_cards(found.cards, visit), merchant.name_in(visit.language)
    pieces = narrowed(counts, chosen, visit.market).total
    context = {
        "name": name,
        "made_in": made_in(merchant, visit.language),
        "pieces": ngettext("%(total)s piece", "%(total)s pieces", pieces) % {"total": f"{pieces:,}"},
        "cards": cards,
        "more": more_of(found),
        "narrow": f"{visit.base}goods/?{urlencode({'maker': slug})}",
        "data": list_data(name, f"makers/{slug}/", [card.address for card in cards], visit),
    }
    return answer(request, visit, "maker", context)


@page
def search(request: HttpRequest, visit: Visit) -> HttpResponse:
    """What was asked for; where nothing is found and one letter otherwise finds something, that, and it says so."""
    query = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    filters, sort = read_filters(request.GET, visit), _sort(request.GET, (RELEVANCE, *SORTS))
    after = _cursor(request.GET)
    context: dict[str, Any] = {"query": query, "cards": [], "more": "", "is_first": after is None}
    if not has_words(query):
        return answer(request, visit, "search", context)
    ranks, is_all = ranked_products(query, visit.market, visit.at)
    meant = query
    if not ranks and (other := corrected(query, visit.market, visit.at)):
        meant, context["meant"] = other, other
        ranks, is_all = ranked_products(meant, visit.market, visit.at)
    if not ranks:
        return answer(request, visit, "search", context)
    counts = market_counts(visit.epoch)
    found_ids = _in_order(ranks, matching_products(meant) if not is_all else [])
    found = counts.of(found_ids)
    if sort == RELEVANCE:
        found_page = _best_page(counts.among(found_ids, filters, visit.market), ranks, after, visit)
    else:
        found_page = narrowed_page(
            counts, filters, visit.market, visit.language, at=visit.at, sort=sort, after=after, query=meant
        )
    context |= {
        "cards": shown_cards(found_page.cards, visit),
        "more": more_of(found_page),
        **_bar(request.GET, sort, (RELEVANCE, *SORTS)),
        **facets.sidebar(found, filters, visit, "search/", sort=sort, query=query),
    }
    return answer(request, visit, "search", context)


def _in_order(ranks: dict[int, int], matching: list[int]) -> list[int]:
    """Best rank first, the newest first among equals; then what was not looked at."""
    best = sorted(ranks, key=lambda product_id: (ranks[product_id], -product_id))
    return best + [product_id for product_id in matching if product_id not in ranks]


def _best_page(ids: list[int], ranks: dict[int, int], after: Cursor | None, visit: Visit) -> CardPage:
    """A page of these, which are in order of relevance, going on after a rank and a product."""
    if after is not None:
        place = (after.amount, -after.product_id)
        ids = [product_id for product_id in ids if (ranks.get(product_id, UNRANKED), -product_id) > place]
    shown = ids[:FOUND]
    cards = cards_of(shown, visit.market, visit.language, at=visit.at)
    has_more = len(ids) > FOUND
    return CardPage(cards, Cursor(ranks.get(shown[-1], UNRANKED), shown[-1]) if has_more else None)


def read_filters(asked: QueryDict, visit: Visit) -> Filters:
    """What the address narrows to. Names that nothing on the shelf has are good and find nothing, so that nobody learns
    which there are; refuses `bad_cursor` for prices and availabilities that no list has, and for too many values."""
    values = {name: tuple(sorted(set(asked.getlist(name)))) for name in FACETS}
    known = {"price": {code for code, *_ends in price_bands(visit.market.currency)}, "available": ShelfSpan.Kind.values}
    if sum(map(len, values.values())) > MOST_FILTERS:
        raise Refused("bad_cursor")
    if any(not set(values[name]).issubset(codes) for name, codes in known.items()):
        raise Refused("bad_cursor")
    return Filters(**values)


def _sort(asked: QueryDict, sorts: tuple[str, ...]) -> str:
    sort = asked.get("sort", sorts[0])
    if sort not in sorts:
        raise Refused("bad_cursor")
    return sort


def _cursor(asked: QueryDict) -> Cursor | None:
    after = read_cursor(asked.get("after"))
    return Cursor(*after) if after else None


def _bar(asked: QueryDict, sort: str, sorts: tuple[str, ...]) -> dict[str, Any]:
    """The choice of order, and what the address of the next page says before where it goes on."""
    names = {
        RELEVANCE: _("Best match"),
        "newest": _("Newest"),
        "price": _("Price, low to high"),
        "-price": _("Price, high to low"),
    }
    kept = QueryDict(mutable=True)
    for name in ("q", *FACETS, "sort"):
        if name in asked:
            kept.setlist(name, sorted(set(asked.getlist(name))) if name in FACETS else [asked[name]])
    state = kept.urlencode()
    return {"sort": sort, "sorts": [(code, names[code]) for code in sorts], "state": f"{state}&" if state else ""}
