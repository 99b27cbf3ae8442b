"""Writing a page of drafts: everything in bulk, one transaction, the shelf and the search with it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.services import record_rows
from catalog.importing.compare import LONGEST_ALT, PRODUCT_VALUES, VARIANT_VALUES, ProductChange, plan_page
from catalog.importing.drafts import Draft
from catalog.models import Image, Price, Product, Stock, StockAlert, StockChange, Variant
from catalog.search import index_products
from catalog.shelf_store import recompile_products
from core.bulk import Among, as_json, insert_new, new_ids
from core.ids import new_public_ids
from core.importing.report import Outcome
from core.jobs import enqueue
from core.slugs import free_slugs, slug_wishes
from merchants.models import Merchant

#: Products per transaction.
PAGE = 2_000


def write_page(
    merchant: Merchant, drafts: Sequence[Draft], *, by: User | None, at: datetime, source: str
) -> list[ProductChange]:
    """Write these drafts. Call inside a transaction; it holds the merchant's row, so that two imports of one merchant
    follow each other page by page, then the products and their stock, then the markets, until it ends."""
    Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
    changes = plan_page(merchant, drafts, at=at, lock=True)
    created = [change for change in changes if change.outcome is Outcome.CREATED]
    updated = [change for change in changes if change.outcome is Outcome.UPDATED]
    if not created and not updated:
        return changes
    _create_products(merchant, created, at)
    _update_products(updated, at)
    _write_variants(created + updated, at)
    _write_stock(created + updated, at, by=by)
    _write_images(created + updated)
    _record(created, updated, by=by, source=source)
    index_products([change.pk for change in created], are_new=True)
    index_products([change.pk for change in updated])
    # Last, because it holds the markets until the transaction ends.
    recompile_products([change.pk for change in created + updated])
    return changes


# -- products ----------------------------------------------------------------------------------------


def _create_products(merchant: Merchant, created: list[ProductChange], at: datetime) -> None:
    if not created:
        return
    public_ids = new_public_ids("prd", len(created))
    wishes = [
        slug_wishes(change.values["title_en"], hints=[change.draft.key], public_id=public_id, longest=160)
        for change, public_id in zip(created, public_ids, strict=True)
    ]
    slugs = free_slugs(Product, wishes)
    for change, pk, public_id in zip(created, new_ids(Product, len(created)), public_ids, strict=True):
        change.pk, change.public_id = pk, public_id
    rows = (
        (change.pk, change.public_id, slug, change.draft.key, change.extra_text, *_values(change))
        for change, slug in zip(created, slugs, strict=True)
    )
    columns = ("id", "public_id", "slug", "sku", "extra", *PRODUCT_VALUES)
    insert_new(Product, columns, rows, merchant_id=merchant.pk, created_at=at, updated_at=at)


def _values(change: ProductChange) -> list[Any]:
    return [change.values[name] for name in PRODUCT_VALUES]


def _update_products(updated: list[ProductChange], at: datetime) -> None:
    """Also those of which only a variant changed get a new time: partners read products by when they changed."""
    if not updated:
        return
    moved: set[str] = set()
    rows = []
    for change in updated:
        product = change.product
        assert product is not None
        if change.fields:
            for name, pair in change.fields.items():
                if not name.startswith("extra."):
                    setattr(product, name, pair[1])
                moved.add("extra" if name.startswith("extra.") else name.removesuffix("_id"))
            product.extra = change.extra
            rows.append(product)
    Product.objects.filter(Among("pk", [change.pk for change in updated])).update(updated_at=at)
    if rows:
        Product.objects.bulk_update(rows, sorted(moved), batch_size=200)


# -- variants ----------------------------------------------------------------------------------------


def _write_variants(changes: list[ProductChange], at: datetime) -> None:
    fresh = [(change, row) for change in changes for row in change.variants if row.variant is None]
    if fresh:
        public_ids = new_public_ids("var", len(fresh))
        for (_change, row), pk in zip(fresh, new_ids(Variant, len(fresh)), strict=True):
            row.pk = pk
        rows = (
            (
                row.pk,
                public_id,
                change.pk,
                row.draft.sku,
                _options(row.draft.options),
                row.draft.gtin,
                row.position,
            )
            for (change, row), public_id in zip(fresh, public_ids, strict=True)
        )
        insert_new(Variant, ("id", "public_id", "product_id", "sku", "options", "gtin", "position"), rows)
    moved = []
    for row in (row for change in changes for row in change.variants):
        if row.variant is not None and row.fields:
            for name, pair in row.fields.items():
                setattr(row.variant, name, pair[1])
            moved.append(row.variant)
    Variant.objects.bulk_update(moved, VARIANT_VALUES, batch_size=200)
    insert_new(Price, ("variant_id", "market_id", "amount"), _prices(changes), starts_at=at, created_at=at)


def _options(options: dict[str, str]) -> str:
    return _json_of(tuple(options.items()))


@lru_cache(maxsize=10_000)
def _json_of(options: tuple[tuple[str, str], ...]) -> str:
    """Kept: sizes and colours are few."""
    return as_json(dict(options))


def _prices(changes: list[ProductChange]) -> Iterator[tuple]:
    for change in changes:
        for row in change.variants:
            for market_id, pair in row.prices.items():
                yield row.pk, market_id, pair[1]


def _write_stock(changes: list[ProductChange], at: datetime, *, by: User | None) -> None:
    """The rows are locked, or new. A first number is no correction; a later one leaves its row (StockChange)."""
    rows = [row for change in changes for row in change.variants if row.stock is not None]
    fresh = [row for row in rows if row.stock and row.stock[0] is None]
    moved = [row for row in rows if row.stock and row.stock[0] is not None]
    insert_new(Stock, ("variant_id", "on_hand"), ((row.pk, row.draft.stock) for row in fresh), updated_at=at)
    move_stock([(row.pk, *row.stock) for row in moved if row.stock], at=at, by=by)


def move_stock(moves: Sequence[tuple[int, int, int]], *, at: datetime, by: User | None, note: str = "") -> None:
    """Set the pieces on hand of variants whose stock the caller has locked: (variant id, before, after) each."""
    if not moves:
        return
    after = {variant_id: on_hand for variant_id, _before, on_hand in moves}
    stocks = list(Stock.objects.filter(Among("variant_id", after)).order_by("pk"))
    for stock in stocks:
        stock.on_hand, stock.updated_at = after[stock.variant_id], at
        if stock.low_at is not None and stock.on_hand - stock.reserved > stock.low_at:
            stock.told_low_at = None
    Stock.objects.bulk_update(stocks, ["on_hand", "updated_at", "told_low_at"], batch_size=500)
    insert_new(
        StockChange,
        ("variant_id", "before", "after"),
        moves,
        reason=StockChange.Reason.IMPORT.value,
        note=note,
        by_id=by and by.pk,
        at=at,
    )
    more = [variant_id for variant_id, before, on_hand in moves if on_hand > before]
    if more and StockAlert.objects.filter(Among("variant_id", more), sent_at=None).exists():
        enqueue("catalog.send_alerts")


# -- pictures, and who did it ---------------------------------------------------------------------------


def _write_images(changes: list[ProductChange]) -> None:
    """The addresses only: the worker fetches them and looks at what comes. Until then no page shows them."""
    rows = [
        (change.pk, image.source, image.alt[:LONGEST_ALT], image.alt_zh[:LONGEST_ALT], image.position)
        for change in changes
        for image in change.images
    ]
    if rows:
        shared: dict[str, Any] = {"state": Image.State.WAITING.value, "try_at": timezone.now()}
        insert_new(Image, ("product_id", "source", "alt_en", "alt_zh", "position"), rows, **shared)
        enqueue("catalog.process_images")


def _record(created: list[ProductChange], updated: list[ProductChange], *, by: User | None, source: str) -> None:
    """Where each product came from, or what the file has changed in it."""
    file = as_json(source)
    origins = ((change.public_id, f'{{"file": {file}, "line": {change.draft.line}}}') for change in created)
    record_rows("product.imported", Product, origins, by=by)
    changes = ((change.public_id, as_json(change.as_plain())) for change in updated)
    record_rows("product.import_updated", Product, changes, by=by)
