"""Sitemaps: every page that may be known in a market, each beside its other languages and the markets that see it too."""

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from campaigns.queries import placements_at
from catalog.models import Market
from catalog.queries.addresses import last_product, shelf_addresses, shelved_categories
from catalog.queries.lists import all_markets
from films.queries import films_named, slate
from merchstore.languages import LANGUAGES
from merchstore.middleware import MAX_AGE
from merchstore.storefront.visit import Visit, page, region_tag

#: Products in one sitemap, by primary key. The protocol's limits are 50,000 addresses and 50 MB: with four markets in two
#: languages a product with the longest of names takes 2.5 kB.
_PART = 10_000
_FILMS = 1_000
_TYPE = "application/xml; charset=utf-8"


@csrf_exempt
@require_safe
def sitemap_index(request: HttpRequest) -> HttpResponse:
    """The sitemaps of each market and language: one for the pages, films and oldest goods, further ones for the newer."""
    parts = ["", *(f"-{part}" for part in range(1, last_product() // _PART + 1))]
    places = [
        f"<sitemap><loc>{settings.SITE_URL}/{market.code}/{prefix}/sitemap{part}.xml</loc></sitemap>"
        for market in all_markets()
        for prefix in LANGUAGES
        for part in parts
    ]
    return HttpResponse("".join(_document("sitemapindex", places)), content_type=_TYPE)


@page
def sitemap(request: HttpRequest, visit: Visit, part: str = "0") -> HttpResponseBase:
    """Pages, films and goods that may be known in the market now, in the order of their age."""
    response = StreamingHttpResponse(_document("urlset", _places(visit, int(part))), content_type=_TYPE)
    response["Cache-Control"] = f"public, max-age={visit.epoch.max_age(MAX_AGE)}"
    return response


def _places(visit: Visit, part: int) -> Iterator[str]:
    entry = _Entry(visit, all_markets())
    if part == 0:
        yield from (entry(rest, entry.markets) for rest in ("", "films/", "goods/", "coming-soon/"))
        yield from _category_places(entry)
        yield from _campaign_places(entry)
        yield from _film_places(entry)
    for address in shelf_addresses(entry.markets, at=visit.at, first=part * _PART, end=(part + 1) * _PART):
        if visit.market.pk in address.markets:
            seen_in = [market for market in entry.markets if market.pk in address.markets]
            yield entry(f"goods/p/{address.slug}/", seen_in, modified=f"{address.changed_at:%Y-%m-%dT%H:%M:%SZ}")


def _category_places(entry: "_Entry") -> Iterator[str]:
    codes = {market.pk: shelved_categories(market, at=entry.visit.at) for market in entry.markets}
    for code in codes[entry.visit.market.pk]:
        yield entry(f"goods/{code}/", [market for market in entry.markets if code in codes[market.pk]])


def _campaign_places(entry: "_Entry") -> Iterator[str]:
    placements = placements_at(entry.visit.market, entry.visit.at, "")
    for slug in dict.fromkeys(placement.campaign.slug for placement in placements):
        yield entry(f"campaigns/{slug}/", [entry.visit.market])


def _film_places(entry: "_Entry") -> Iterator[str]:
    """Each film beside the markets in which its title may be known too."""
    visit, after = entry.visit, None
    others = [market for market in entry.markets if market.pk != visit.market.pk]
    while films := slate(at=visit.at, countries=visit.market.countries, after=after, limit=_FILMS):
        slugs = [film.slug for film in films]
        known = {market.pk: films_named(slugs, at=visit.at, countries=market.countries) for market in others}
        known[visit.market.pk] = {film.slug: film for film in films}
        for slug in slugs:
            yield entry(f"films/{slug}/", [market for market in entry.markets if slug in known[market.pk]])
        if len(films) < _FILMS:
            return
        after = (films[-1].position, films[-1].pk)


class _Entry:
    """One address of the market with its alternates, called with what comes after market and language."""

    def __init__(self, visit: Visit, markets: list[Market]) -> None:
        self.visit = visit
        self.markets = [visit.market if market.pk == visit.market.pk else market for market in markets]
        # Where nobody's language and country fit, search engines send readers where the doorstep does.
        self._default = next((market for market in markets if market.code == "us"), markets[0])

    def __call__(self, rest: str, markets: Iterable[Market], modified: str = "") -> str:
        links: dict[str, str] = {}
        for market in markets:
            for prefix in LANGUAGES:
                links.setdefault(region_tag(prefix, market), self._address(market, prefix, rest))
            if market.pk == self._default.pk:
                links["x-default"] = self._address(market, "en", rest)
        alternates = "".join(
            f'<xhtml:link rel="alternate" hreflang="{tag}" href="{address}"/>' for tag, address in links.items()
        )
        lastmod = f"<lastmod>{modified}</lastmod>" if modified else ""
        return f"<url><loc>{self._address(self.visit.market, self.visit.prefix, rest)}</loc>{lastmod}{alternates}</url>"

    def _address(self, market: Market, prefix: str, rest: str) -> str:
        return escape(f"{settings.SITE_URL}/{market.code}/{prefix}/{rest}")


def _document(root: str, places: Iterable[str]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
    for place in places:
        yield place + "\n"
    yield f"</{root}>\n"
