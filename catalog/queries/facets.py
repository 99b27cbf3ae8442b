"""Narrowing lists: by film, kind, maker, price and availability, with how many pieces each choice would leave.

What stands on a market's shelf is read once per epoch: how many pieces there are of every combination of the five, and of
which combination each product is. Every state of every list and search is added up from that in memory, so a filter costs
no query; a hundred thousand products take half a megabyte.
"""

import contextlib
from array import array
from bisect import bisect_right
from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from threading import Lock
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import Q
from redis.exceptions import RedisError

from catalog.epoch import Epoch
from catalog.models import Market, ShelfSpan
from catalog.queries import cards
from catalog.queries.cards import CardPage, Cursor, card_of, first_cards, on_shelf
from catalog.search import Holds
from core.bulk import read_rows
from core.money import minor_digits
from films.models import Film
from licensing.models import Category
from merchants.models import Merchant

#: Whole units of a currency at which one price band ends and the next begins.
_BANDS = (15, 30, 60, 120)
_BANDS_OF = {"CNY": (100, 200, 400, 800), "HKD": (100, 200, 400, 800), "JPY": (2_000, 4_000, 8_000, 16_000)}
#: How many shelves are kept by each process: those of some markets now, and of those that staff preview.
_KEPT = 8
_KEEP_SECONDS = 3600
#: Matches nothing: what a value stands for that nothing on the shelf has.
_NOBODY = -1

#: (film, category, merchant, price band, availability, how many).
Cell = tuple[int, int, int, int, str, int]
#: Primary key → (code in addresses, English name, Chinese name).
Names = dict[int, tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to, as an address says it; within one facet any of the values will do."""

    film: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    maker: tuple[str, ...] = ()
    price: tuple[str, ...] = ()
    available: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in FACETS)

    def __len__(self) -> int:
        return sum(len(getattr(self, name)) for name in FACETS)


#: In the order of the cells, and of addresses.
FACETS = tuple(one.name for one in fields(Filters))


@dataclass(frozen=True, slots=True)
class Counts:
    """The pieces of a list by every combination of what they can be narrowed by."""

    cells: Sequence[Cell]
    films: Names = field(default_factory=dict)
    categories: Names = field(default_factory=dict)
    merchants: Names = field(default_factory=dict)
    #: Of the shelf alone: for each product, by its primary key less `first`, one more than its place in `cells`; else 0.
    places: "array[int]" = field(default_factory=lambda: array("I"))
    first: int = 0

    def within(self, *, film: int | None = None, category: int | None = None) -> "Counts":
        """Those of one film or one category."""
        scope = [(i, pk) for i, pk in enumerate((film, category)) if pk is not None]
        cells = [cell for cell in self.cells if all(cell[i] == pk for i, pk in scope)]
        return Counts(cells, self.films, self.categories, self.merchants)

    def of(self, product_ids: Iterable[int]) -> "Counts":
        """Those of some products of the shelf."""
        found = Counter(place for pk in product_ids if (place := self._place(pk)))
        cells = [(*self.cells[place - 1][:5], pieces) for place, pieces in found.items()]
        return Counts(cells, self.films, self.categories, self.merchants)

    def among(self, product_ids: Iterable[int], filters: Filters, market: Market) -> list[int]:
        """Those of the products that are on the shelf and that the filters leave, in their order."""
        chosen = _chosen(self, filters, market)
        fits = {0: False}
        left = []
        for pk in product_ids:
            place = self._place(pk)
            if place not in fits:
                cell = self.cells[place - 1]
                fits[place] = all(cell[i] in wanted for i, wanted in chosen)
            if fits[place]:
                left.append(pk)
        return left

    def _place(self, product_id: int) -> int:
        at = product_id - self.first
        return self.places[at] if 0 <= at < len(self.places) else 0


@dataclass(frozen=True, slots=True)
class Narrowed:
    """How many pieces there are, and for each facet how many each of its values would leave, the others staying as chosen."""

    total: int
    by_facet: dict[str, Counter[Any]]


def price_bands(currency: str) -> list[tuple[str, int, int | None]]:
    """(code, from, up to) of each band: whole units in the code, minor ones from and up to, the last without an end."""
    edges = (0, *_BANDS_OF.get(currency, _BANDS))
    unit = 10 ** minor_digits(currency)
    ends: tuple[int | None, ...] = (*edges[1:], None)
    return [
        (f"{start}-{'' if end is None else end}", start * unit, end and end * unit)
        for start, end in zip(edges, ends, strict=True)
    ]


def market_counts(epoch: Epoch) -> Counts:
    """What is on the shelf of a market in an epoch. Kept by each process and in the cache; else four queries.

    Should it turn while they are asked, they are of the next epoch: then so is the page, and nobody asks for this one again.
    """
    key = f"counts:{settings.RELEASE}:{epoch.revision}"
    counts = _near.get(key) or _far(key)
    if counts is None:
        with _COUNTING:
            counts = _near.get(key) or count_shelf(epoch)
        with contextlib.suppress(RedisError):
            cache.set(key, tuple(getattr(counts, one.name) for one in fields(Counts)), _KEEP_SECONDS)
    _near[key] = counts
    while len(_near) > _KEPT:
        with contextlib.suppress(KeyError):  # another thread may have taken the last one
            _near.popitem(last=False)
    return counts


_near: OrderedDict[str, Counts] = OrderedDict()
_COUNTING = Lock()


def _far(key: str) -> Counts | None:
    with contextlib.suppress(RedisError):
        kept = cache.get(key)
        return Counts(*kept) if kept else None
    return None


def count_shelf(epoch: Epoch) -> Counts:
    """The same, read anew. Four queries."""
    ends = [end for _code, _start, end in price_bands(epoch.market.currency) if end is not None]
    columns = ("product_id", "amount", "film_id", "category_id", "product__merchant_id", "kind")
    numbers: dict[tuple[Any, ...], int] = {}
    places: dict[int, int] = {}
    for pk, amount, film, category, merchant, kind in read_rows(
        on_shelf(epoch.market.pk, epoch.at).values_list(*columns)
    ):
        combination = (film, category, merchant, bisect_right(ends, amount), kind)
        places[pk] = numbers.setdefault(combination, len(numbers) + 1)
    pieces = Counter(places.values())
    cells = [(*combination, pieces[number]) for combination, number in numbers.items()]
    films, categories, merchants = ({cell[i] for cell in cells} for i in range(3))
    first = min(places, default=0)
    return Counts(
        cells,
        _names(Film.objects.filter(pk__in=films).values_list("pk", "slug", "title_en", "title_zh")),
        _names(Category.objects.filter(pk__in=categories).values_list("pk", "code", "name_en", "name_zh")),
        _names(Merchant.objects.filter(pk__in=merchants).values_list("pk", "slug", "name", "name_zh")),
        array("I", [places.get(pk, 0) for pk in range(first, max(places, default=-1) + 1)]),
        first,
    )


def _names(rows: Iterable[tuple[Any, ...]]) -> Names:
    return {pk: (code, english, chinese) for pk, code, english, chinese in rows}


def narrowed(counts: Counts, filters: Filters, market: Market) -> Narrowed:
    """Add up. A piece that misses one facet alone still counts for the other values of that facet."""
    chosen = _chosen(counts, filters, market)
    by_place: tuple[Counter[Any], ...] = tuple(Counter() for _facet in FACETS)
    total = 0
    for cell in counts.cells:
        missed = [place for place, wanted in chosen if cell[place] not in wanted]
        pieces = cell[5]
        if not missed:
            total += pieces
            for counter, value in zip(by_place, cell, strict=False):
                counter[value] += pieces
        elif len(missed) == 1:
            by_place[missed[0]][cell[missed[0]]] += pieces
    return Narrowed(total, dict(zip(FACETS, by_place, strict=True)))


def _chosen(counts: Counts, filters: Filters, market: Market) -> list[tuple[int, set[Any]]]:
    return [(place, wanted) for place, wanted in enumerate(_wanted(counts, filters, market)) if wanted is not None]


def _wanted(counts: Counts, filters: Filters, market: Market) -> list[set[Any] | None]:
    """For each facet what its values stand for in the cells; None where nothing is chosen."""
    bands = [code for code, _start, _end in price_bands(market.currency)]
    meanings: list[dict[str, Any]] = [
        *({name[0]: pk for pk, name in names.items()} for names in (counts.films, counts.categories, counts.merchants)),
        {code: place for place, code in enumerate(bands)},
        {kind: kind for kind in ShelfSpan.Kind.values},
    ]
    return [
        {meaning.get(value, _NOBODY) for value in getattr(filters, name)} if getattr(filters, name) else None
        for name, meaning in zip(FACETS, meanings, strict=True)
    ]


def narrowed_page(
    counts: Counts,
    filters: Filters,
    market: Market,
    language: str,
    *,
    at: datetime,
    sort: str,
    after: Cursor | None = None,
    film: int | None = None,
    category: int | None = None,
    query: str = "",
) -> CardPage:
    """A page of what the filters leave of a list: of a film, of a category, of what `query` finds. One query."""
    spans = on_shelf(market.pk, at)
    scope = {"film": film, "category": category}
    spans = spans.filter(**{name: pk for name, pk in scope.items() if pk is not None})
    if query:
        spans = spans.filter(Holds("product_id", query))
    spans = spans.filter(_condition(_wanted(counts, filters, market), market))
    spans = spans.after(sort, after.amount, after.product_id) if after else spans.sorted_by(sort)
    rows = list(first_cards(spans, sort, cards.PAGE + 1))
    shown = [card_of(row, market, language) for row in rows[: cards.PAGE]]
    last = rows[cards.PAGE - 1] if len(rows) > cards.PAGE else None
    return CardPage(shown, Cursor(last[2], last[0]) if last else None)


def _condition(wanted: list[set[Any] | None], market: Market) -> Q:
    films, categories, merchants, bands, kinds = wanted
    condition = Q()
    for column, values in (
        ("film", films),
        ("category", categories),
        ("product__merchant", merchants),
        ("kind", kinds),
    ):
        if values is not None:
            condition &= Q(**{f"{column}__in": sorted(values)})
    if bands is not None:
        condition &= _priced(sorted(bands), market)
    return condition


def _priced(bands: list[int], market: Market) -> Q:
    limits = price_bands(market.currency)
    condition = Q(pk__in=())
    for place in bands:
        if place == _NOBODY:
            continue
        _code, start, end = limits[place]
        condition |= Q(amount__gte=start) & (Q() if end is None else Q(amount__lt=end))
    return condition
