"""What is the same round every page of a market and language: rendered once per process, then only put in."""

from functools import lru_cache

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from catalog.queries.markets import market_places
from merchstore.languages import LANGUAGE_NAMES, LANGUAGE_TAGS, LANGUAGES
from merchstore.storefront.visit import Visit, region_tag

#: Stand where the header has the rest of the page's address, what was searched for, and what the address asks for besides.
#: No text has such letters.
_REST, _QUERY, _STATE = "\ue000", "\ue001", "\ue002"
Pair = tuple[str, str]


def chrome(visit: Visit, section: str, *, rest: str, after: str, query: str, state: str = "") -> dict[str, SafeString]:
    """The parts round a page: `links` to itself and its other language, with where a list goes on `after`; `assets`; `swaps`,
    for pages that swap parts of themselves; the header with the link of `section` marked; the footer. Call in the language
    of the visit."""
    # While somebody edits the templates, they want to see what they do.
    parts = _parts.__wrapped__ if settings.DEBUG else _parts
    tags = tuple((region_tag(prefix, visit.market), f"/{visit.market.code}/{prefix}/") for prefix in LANGUAGES)
    found = parts(visit.base, visit.market.code, visit.prefix, section, tuple(market_places(visit.language)), tags)
    here = escape(rest)
    filled = {
        "header": found["header"].replace(_REST, here).replace(_QUERY, escape(query)).replace(_STATE, escape(state)),
        "links": found["links"].replace(_REST, f"{here}?after={escape(after)}" if after else here),
    }
    return found | {name: mark_safe(part) for name, part in filled.items()}  # noqa: S308 the templates', and escaped


@lru_cache(maxsize=1_000)
def _parts(
    base: str, market: str, prefix: str, section: str, places: tuple[Pair, ...], tags: tuple[Pair, ...]
) -> dict[str, SafeString]:
    other = "en" if prefix == "zh" else "zh"
    context = {
        "base": base,
        "market_code": market,
        "prefix": prefix,
        "section": section,
        "pages": [
            ("films", f"{base}films/", _("Films")),
            ("goods", f"{base}goods/", _("Goods")),
            ("soon", f"{base}coming-soon/", _("Coming soon")),
        ],
        "places": places,
        "languages": tags,
        "site": settings.SITE_URL,
        "place": dict(places).get(market, ""),
        "other_prefix": other,
        "other_tag": LANGUAGE_TAGS[other],
        "other_language": LANGUAGE_NAMES[other],
        "rest": _REST,
        "query": _QUERY,
        "state": _STATE,
    }
    return {name: render_to_string(f"storefront/_{name}.html", context) for name in _PARTS}


_PARTS = ("links", "assets", "swaps", "header", "footer")
