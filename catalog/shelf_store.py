"""Writing the shelf: compile what changed, compare with what stands, write the difference.

The one writer of ShelfSpan and ShelfBoundary. Readers never wait: they see the old spans until the transaction
commits and the new ones after, all at once.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import F

from catalog.facts import FactsReader, ProductFacts
from catalog.models import Market, ShelfBoundary, ShelfSpan
from catalog.shelf import Span
from core.bulk import Among, in_pages, insert_rows, read_rows
from core.clock import ALWAYS, FOREVER

PAGE = 2_000

_KEY_COLUMNS = ("product_id", "market_id")
_SPAN_COLUMNS = (
    "film_id", "category_id", "promotion_id", "kind", "starts_at", "ends_at", "amount", "top_amount", "was_amount",
    "low_amount",
)  # fmt: skip

#: (product id, market id) → its spans, each in the order of _SPAN_COLUMNS, by start.
Shelf = dict[tuple[int, int], list[tuple]]


@dataclass
class ShelfChange:
    """What a compilation has changed so far."""

    spans: int = 0
    #: By market id; a market without boundaries turns its epoch once, now.
    boundaries: defaultdict[int, set[datetime]] = field(default_factory=lambda: defaultdict(set))

    def touch(self, markets: Iterable[Market], at: Iterable[datetime] = ()) -> None:
        for market in markets:
            self.boundaries[market.pk].update(at)


def recompile_products(
    product_ids: Iterable[int], *, markets: Iterable[Market] | None = None, is_news: bool = True
) -> ShelfChange:
    """Bring the shelf of these products up to their facts, in all `markets` (default: every market).

    Call inside the transaction that changed the facts. Locks the products in primary-key order, page by page,
    then the markets, until the transaction ends. Unchanged spans are not written. A new epoch begins in every
    market, since texts may have changed where prices did not; with `is_news` false only where spans changed.
    """
    reader = FactsReader(list(markets) if markets is not None else list(Market.objects.order_by("pk")))
    change = ShelfChange()
    with transaction.atomic():
        for page in in_pages(sorted(set(product_ids)), PAGE):
            _recompile_page(reader, page, change)
            if is_news:
                change.touch(reader.markets)
        _announce(change)
    return change


def _announce(change: ShelfChange) -> None:
    """Write the boundaries and count up the versions of the markets that saw a change: a new epoch begins.

    Last in its transaction, because it locks the markets: all of them, in order, so that a second announcement of the
    same transaction never waits for somebody who waits for it.
    """
    list(Market.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    rows = [
        ShelfBoundary(market_id=pk, at=at)
        for pk, instants in sorted(change.boundaries.items())
        for at in sorted(instants)
    ]
    ShelfBoundary.objects.bulk_create(rows, ignore_conflicts=True, batch_size=2_000)
    for pk in sorted(change.boundaries):
        Market.objects.filter(pk=pk).update(shelf_version=F("shelf_version") + 1)


def turn_epoch(markets: Iterable[Market], *, at: Iterable[datetime] = ()) -> None:
    """Begin a new epoch in `markets`, and again at each instant `at`: something else on their pages changes then."""
    change = ShelfChange()
    change.touch(markets, set(at))
    _announce(change)


def _recompile_page(reader: FactsReader, product_ids: Sequence[int], change: ShelfChange) -> None:
    facts = reader.read(product_ids, lock=True)
    wanted: Shelf = {}
    for product in facts:
        wanted.update(_compiled(reader, product))
    standing = _standing(product_ids, [market.pk for market in reader.markets])
    stale = [key for key, rows in standing.items() if wanted.get(key) != rows]
    fresh = [key for key, rows in wanted.items() if standing.get(key) != rows]
    _delete(stale)
    insert_rows(ShelfSpan, (*_KEY_COLUMNS, *_SPAN_COLUMNS), _rows(wanted, fresh))
    for key in (*stale, *fresh):
        _note_instants(change.boundaries[key[1]], wanted.get(key, ()))
    change.spans += sum(len(wanted[key]) for key in fresh)


def _compiled(reader: FactsReader, product: ProductFacts) -> Iterator[tuple[tuple[int, int], list[tuple]]]:
    if not product.is_active:
        return
    for market_id in product.prices:
        if spans := reader.spans(product, market_id):
            yield (product.product_id, market_id), [_row(product, span) for span in spans]


def _row(product: ProductFacts, span: Span) -> tuple:
    """A span in the order of _SPAN_COLUMNS."""
    starts_at, ends_at, (kind, amount, top_amount, was_amount, promotion_id), low_amount = span
    return (
        product.film_id, product.category_id, promotion_id, kind, starts_at, ends_at, amount, top_amount, was_amount,
        low_amount,
    )  # fmt: skip


def _standing(product_ids: Collection[int], market_ids: Collection[int]) -> Shelf:
    found: Shelf = {}
    rows = (
        ShelfSpan.objects.filter(Among("product_id", product_ids), market__in=market_ids)
        .order_by("market_id", "product_id", "starts_at")
        .values_list(*_KEY_COLUMNS, *_SPAN_COLUMNS)
    )
    for row in read_rows(rows):
        found.setdefault(row[:2], []).append(row[2:])
    return found


def _delete(keys: Iterable[tuple[int, int]]) -> None:
    by_market: defaultdict[int, list[int]] = defaultdict(list)
    for product_id, market_id in keys:
        by_market[market_id].append(product_id)
    for market_id, product_ids in by_market.items():
        spans = ShelfSpan.objects.filter(Among("product_id", product_ids), market=market_id)
        # Spans refer to nothing and nothing refers to them: delete in one statement, without collecting.
        spans._raw_delete(spans.db)


def _rows(wanted: Shelf, keys: Iterable[tuple[int, int]]) -> Iterator[tuple]:
    for key in keys:
        for row in wanted[key]:
            yield key + row


def _note_instants(noted: set[datetime], rows: Iterable[tuple]) -> None:
    for row in rows:
        noted.update(row[4:6])
    noted.difference_update((ALWAYS, FOREVER))
