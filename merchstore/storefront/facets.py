"""The choices beside a list: what it can be narrowed to, each with how many pieces it would leave."""

from collections import OrderedDict
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.queries.facets import FACETS, Counts, Filters, Names, narrowed, price_bands
from core.money import Money
from merchstore.storefront.visit import Visit

#: So many values of a facet are seen at once; the others are behind "more".
SEEN = 6
#: And no more than so many are there at all, the most frequent.
MOST = 40
#: How many plain sidebars a process keeps: of lists that nobody has narrowed.
_KEPT = 200


class Choice(NamedTuple):
    value: str
    name: str
    pieces: int
    is_chosen: bool


class Facet(NamedTuple):
    title: str
    #: The choices that are seen at once, and the others; and how many those are.
    seen: SafeString
    rest: SafeString
    hidden: int


class Chip(NamedTuple):
    """A filter that is on, and the address of the list without it."""

    name: str
    address: str


#: The form, the links to the kinds, how many pieces.
_Kept = tuple[SafeString, SafeString, int]
_plain: OrderedDict[tuple[Any, ...], _Kept] = OrderedDict()


def sidebar(
    counts: Counts,
    filters: Filters,
    visit: Visit,
    rest: str,
    *,
    sort: str,
    film: int | None = None,
    category: int | None = None,
    query: str = "",
) -> dict[str, Any]:
    """For the page at `rest`: `facets`, a form; `kinds`, links to the pages of kinds of goods; `total`, how many pieces, in words;
    `chips`, the filters that are on, and `clear`, the address without them. What nobody has narrowed is rendered once
    per epoch, language and page, then only put in."""
    key = (settings.RELEASE, visit.epoch.revision, visit.prefix, rest)
    kept = _plain.get(key) if not filters and not query and not settings.DEBUG else None
    if kept is None:
        within = counts.within(film=film, category=category) if film or category else counts
        found = narrowed(within, filters, visit.market)
        left_out = {"film": film, "category": category}
        shown = _facets(within, found.by_facet, filters, visit, [name for name, pk in left_out.items() if pk])
        context = {"facets": shown, "address": f"{visit.base}{rest}", "query": query}
        form = SafeString(render_to_string("storefront/_facets.html", context))
        kept = form, _kinds(counts, category, visit) if not filters and not query else SafeString(""), found.total
        if not filters and not query:
            _plain[key] = kept
            while len(_plain) > _KEPT:
                _plain.popitem(last=False)
    form, kinds, total = kept
    chips = _chips(counts, filters, visit, query, sort) if filters else []
    clear = _address(Filters(), query, sort)
    said = ngettext("%(total)s piece", "%(total)s pieces", total) % {"total": f"{total:,}"}
    return {"facets": form, "kinds": kinds, "total": said, "chips": chips, "clear": clear}


def _kinds(counts: Counts, category: int | None, visit: Visit) -> SafeString:
    kinds = [(pk == category, code, name) for pk, (code, name) in _names(counts, visit)["category"].items()]
    context = {"kinds": sorted(kinds, key=lambda kind: kind[2]), "is_all": category is None, "base": visit.base}
    return SafeString(render_to_string("storefront/_kinds.html", context))


def _facets(counts: Counts, pieces: dict[str, Any], filters: Filters, visit: Visit, left_out: list[str]) -> list[Facet]:
    titles = {
        "film": _("Film"),
        "category": _("Kind"),
        "price": _("Price"),
        "available": _("Availability"),
        "maker": _("Maker"),
    }
    names = _names(counts, visit)
    facets = []
    for code, title in titles.items():
        chosen = getattr(filters, code)
        choices = [
            Choice(value, name, pieces[code][key], value in chosen)
            for key, (value, name) in names[code].items()
            if pieces[code][key] or value in chosen
        ]
        if code in ("film", "maker", "category"):
            choices = sorted(choices, key=lambda one: (not one.is_chosen, -one.pieces, one.name))[:MOST]
        if choices and code not in left_out:
            seen, rest = choices[:SEEN], choices[SEEN:]
            facets.append(Facet(title, _labels(code, seen), _labels(code, rest), len(rest)))
    return facets


#: A list has a hundred of them: put together here, they cost a fifth of what the template would take.
_LABEL = (
    '<label class="check"><input type="checkbox" name="{}" value="{}"{}><span>{}</span>'
    '<span class="check-count">{}</span></label>'
)
_CHECKED = {True: SafeString(" checked"), False: ""}


def _labels(code: str, choices: list[Choice]) -> SafeString:
    rows = ((code, value, _CHECKED[is_chosen], name, f"{pieces:,}") for value, name, pieces, is_chosen in choices)
    return format_html_join("\n", _LABEL, rows)


def _names(counts: Counts, visit: Visit) -> dict[str, dict[Any, tuple[str, str]]]:
    """For each facet: what stands in the cells → what the address says, and what the reader sees."""
    is_zh = visit.language.startswith("zh")

    def named(names: Names) -> dict[Any, tuple[str, str]]:
        return {pk: (code, (is_zh and chinese) or english) for pk, (code, english, chinese) in names.items()}

    return {
        "film": named(counts.films),
        "category": named(counts.categories),
        "maker": named(counts.merchants),
        "price": dict(enumerate(_bands(visit))),
        "available": {
            "on_sale": ("on_sale", _("On sale")),
            "pre_order": ("pre_order", _("Pre-order")),
            "coming_soon": ("coming_soon", _("Coming soon")),
        },
    }


def _bands(visit: Visit) -> list[tuple[str, str]]:
    def said(amount: int) -> str:
        return Money(amount, visit.market.currency).in_locale(visit.language)

    bands = []
    for code, start, end in price_bands(visit.market.currency):
        if not start and end is not None:
            words = _("Under %(price)s") % {"price": said(end)}
        elif end is None:
            words = _("%(price)s and more") % {"price": said(start)}
        else:
            words = _("%(from)s to %(to)s") % {"from": said(start), "to": said(end - 1)}
        bands.append((code, words))
    return bands


def _chips(counts: Counts, filters: Filters, visit: Visit, query: str, sort: str) -> list[Chip]:
    names = _names(counts, visit)
    chips = []
    for code in FACETS:
        known = dict(names[code].values())
        for value in getattr(filters, code):
            others = {one: getattr(filters, one) for one in FACETS}
            others[code] = tuple(other for other in others[code] if other != value)
            # What nothing here has is not named: it may be what nobody is to know.
            chips.append(
                Chip(known.get(value, _("Something that is not here")), _address(Filters(**others), query, sort))
            )
    return chips


def _address(filters: Filters, query: str, sort: str) -> str:
    """A list's state as an address says it, always in the same order."""
    said = [("q", query)] if query else []
    said += [(name, value) for name in FACETS for value in getattr(filters, name)]
    if sort != ("relevance" if query else "newest"):
        said.append(("sort", sort))
    return f"?{urlencode(said)}" if said else "?"
