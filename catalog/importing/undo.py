"""Taking back what an import has written: what it created goes, what it changed is as before, and what somebody has changed
since stays and is named.

A page of products is one transaction with its shelf and its search, so an undo that was stopped goes on where it was. Prices
that were in force stay as history, because they were asked: what goes back is the price from now on.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import record
from catalog.importing import runs
from catalog.importing.compare import PRODUCT_VALUES, VARIANT_VALUES, digest_of
from catalog.importing.kept import as_text
from catalog.importing.ledger import Superseded
from catalog.importing.store import move_stock
from catalog.models import (
    Image,
    ImportChange,
    ImportRun,
    Price,
    Product,
    SearchDocument,
    ShelfSpan,
    Stock,
    StockChange,
    Variant,
)
from catalog.search import index_products
from catalog.shelf_store import recompile_products
from core.bulk import Among, insert_new
from core.errors import Refused
from core.jobs import enqueue
from merchants.models import Merchant

#: Products per transaction.
PAGE = 500

State = ImportRun.State
#: What a product is made of; anything else that refers to it keeps it from being removed.
_OWN_OF_PRODUCT = (Variant, Image, ShelfSpan, SearchDocument, ImportChange)
_OWN_OF_VARIANT = (Price, Stock, StockChange)
#: In a change's `kept`: the whole product, because somebody has changed what the run created.
WHOLE = "product"


def order_undo(run: ImportRun, *, by: User | None, at: datetime) -> None:
    """Undo a run by the worker: what the desk calls. Refuses as `undo_import` does."""
    with transaction.atomic(durable=True):
        begun = _begin(run, by=by, at=at)
        # No heartbeat: nobody works on it yet.
        ImportRun.objects.filter(pk=begun.pk).update(heartbeat_at=None)
        enqueue("catalog.undo_import", run_id=begun.pk)


def undo_import(run: ImportRun, *, by: User | None) -> ImportRun:
    """Take back what `run` has written, here and now. Refuses `wrong_state` for a run that wrote nothing or is undone, and
    `importing` while another run of the merchant is being worked on."""
    begun = _begin(run, by=by, at=timezone.now())
    return _carry_out(begun)


def go_on_undoing(run_id: int) -> None:
    """The worker's part: go on with an undo that was ordered, or whose process is gone. Anything else is left alone."""
    run = ImportRun.objects.filter(pk=run_id, state=State.UNDOING).select_related("merchant", "undone_by").first()
    if run is None:
        return
    free = ImportRun.objects.filter(pk=run_id, state=State.UNDOING, attempt=run.attempt)
    is_ordered = models.Q(heartbeat_at=None) | models.Q(heartbeat_at__lt=timezone.now() - runs.SILENT_FOR)
    if not free.filter(is_ordered).update(attempt=run.attempt + 1, heartbeat_at=timezone.now()):
        return
    run.attempt += 1
    _carry_out(run)


def _begin(run: ImportRun, *, by: User | None, at: datetime) -> ImportRun:
    """The run, now being undone."""
    if run.is_dry_run:
        raise Refused("wrong_state", state=run.get_state_display())
    begun = runs.claim(run.pk, state=State.UNDOING, leaving=frozenset({State.DONE, State.STOPPED}), at=at)
    if begun is None:
        run.refresh_from_db()
        if run.state in (State.DONE, State.STOPPED):
            raise Refused("importing")
        raise Refused("wrong_state", state=run.get_state_display())
    ImportRun.objects.filter(pk=run.pk).update(undone_by=by)
    begun.undone_by = by
    return begun


def _carry_out(run: ImportRun) -> ImportRun:
    try:
        while _undo_page(run):
            pass
    except Superseded:
        return ImportRun.objects.get(pk=run.pk)
    with transaction.atomic(durable=True):
        totals = undone_counts(run)
        at = timezone.now()
        if runs.close(run, state=State.UNDONE, at=at, undone_at=at, finished_at=run.finished_at):
            record("import.undone", run, by=run.undone_by, file=run.file_name, **totals)
    return ImportRun.objects.get(pk=run.pk)


def undone_counts(run: ImportRun) -> dict[str, int]:
    """Changes that were taken back whole, and those of which something was kept."""
    kept = ~models.Q(kept=[])
    done = run.changes.filter(is_undone=True)
    return {"undone": done.exclude(kept).count(), "kept": done.filter(kept).count()}


@transaction.atomic(durable=True)
def _undo_page(run: ImportRun) -> bool:
    """The next page of changes, the newest first; False when none is left."""
    Merchant.objects.select_for_update(no_key=True).get(pk=run.merchant_id)
    mine = ImportRun.objects.filter(pk=run.pk, attempt=run.attempt, state=State.UNDOING)
    if not mine.update(heartbeat_at=timezone.now()):
        raise Superseded(run.public_id)
    changes = list(run.changes.filter(is_undone=False).order_by("-pk")[:PAGE])
    if not changes:
        return False
    page = _Page.of(changes, timezone.now(), run)
    page.undo()
    for change in changes:
        change.is_undone = True
    ImportChange.objects.filter(Among("pk", [change.pk for change in changes if not change.kept])).update(
        is_undone=True
    )
    ImportChange.objects.bulk_update(
        [change for change in changes if change.kept], ["is_undone", "kept"], batch_size=200
    )
    return True


@dataclass
class _Page:
    """The products of some changes as they stand now, locked."""

    run: ImportRun
    at: datetime
    changes: Sequence[ImportChange]
    products: dict[int, Product]
    variants: dict[int, list[Variant]] = field(default_factory=dict)
    #: Variant id → its prices, oldest first.
    prices: dict[int, list[Price]] = field(default_factory=dict)
    stocks: dict[int, Stock] = field(default_factory=dict)
    images: dict[int, list[str]] = field(default_factory=dict)
    #: Products and variants that something beside their own parts refers to.
    used_products: set[int] = field(default_factory=set)
    used_variants: set[int] = field(default_factory=set)
    # What is to be written.
    dead_products: list[int] = field(default_factory=list)
    dead_variants: list[int] = field(default_factory=list)
    dead_stocks: list[int] = field(default_factory=list)
    dead_images: list[tuple[int, str]] = field(default_factory=list)
    moved_products: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    moved_variants: dict[int, Variant] = field(default_factory=dict)
    new_prices: list[tuple[int, int, int | None]] = field(default_factory=list)
    stock_moves: list[tuple[int, int, int]] = field(default_factory=list)
    #: Planned prices that go, and limits of stock as they were.
    dead_prices: list[int] = field(default_factory=list)
    limits: list[tuple[int, int | None]] = field(default_factory=list)

    @classmethod
    def of(cls, changes: Sequence[ImportChange], at: datetime, run: ImportRun) -> "_Page":
        ids = [change.product_id for change in changes if change.product_id]
        products = Product.objects.filter(Among("pk", ids)).order_by("pk").select_for_update(no_key=True)
        page = cls(run, at, changes, {product.pk: product for product in products})
        for variant in Variant.objects.filter(Among("product_id", ids)).order_by("pk"):
            page.variants.setdefault(variant.product_id, []).append(variant)
        variant_ids = [variant.pk for variants in page.variants.values() for variant in variants]
        for price in Price.objects.filter(Among("variant_id", variant_ids)).order_by("starts_at", "pk"):
            page.prices.setdefault(price.variant_id, []).append(price)
        stocks = Stock.objects.filter(Among("variant_id", variant_ids)).order_by("pk").select_for_update()
        page.stocks = {stock.variant_id: stock for stock in stocks}
        for product_id, source in Image.objects.filter(Among("product_id", ids)).values_list("product_id", "source"):
            page.images.setdefault(product_id, []).append(source)
        page.used_products = _referred_to(Product, ids, but=_OWN_OF_PRODUCT)
        page.used_variants = _referred_to(Variant, variant_ids, but=_OWN_OF_VARIANT)
        return page

    def undo(self) -> None:
        for change in self.changes:
            product = self.products.get(change.product_id or 0)
            if product is None:
                continue  # somebody has removed it since
            if change.is_creation:
                self._undo_creation(change, product)
            else:
                self._undo_update(change, product)
        self._write()

    def _undo_creation(self, change: ImportChange, product: Product) -> None:
        variants = self.variants.get(product.pk, [])
        if self._digest(product) != change.after["digest"]:
            change.kept = [WHOLE]
        elif product.pk in self.used_products or any(self._is_used(variant) for variant in variants):
            if product.state != Product.State.ARCHIVED:
                product.state = Product.State.ARCHIVED
                self.moved_products[product.pk].add("state")
        else:
            self.dead_products.append(product.pk)

    def _is_used(self, variant: Variant) -> bool:
        stock = self.stocks.get(variant.pk)
        return variant.pk in self.used_variants or bool(stock and (stock.reserved or stock.sold))

    def _digest(self, product: Product) -> str:
        variants = []
        for variant in self.variants.get(product.pk, []):
            prices = sorted([price.market_id, price.amount] for price in self.prices.get(variant.pk, []))
            stock = self.stocks.get(variant.pk)
            variants.append([variant.sku, variant.options, variant.gtin, prices, stock and stock.on_hand])
        values = [getattr(product, name) for name in PRODUCT_VALUES]
        return digest_of(values, as_text(product.extra), variants, self.images.get(product.pk, []))

    # -- a product that stood before ------------------------------------------------------------------
    def _undo_update(self, change: ImportChange, product: Product) -> None:
        for name, after in change.after.items():
            if name not in ("variants", "images"):
                self._undo_value(change, product, name, change.before.get(name), after)
        by_id = {variant.pk: variant for variant in self.variants.get(product.pk, [])}
        for key, after in change.after.get("variants", {}).items():
            variant = by_id.get(int(key))
            if variant is None:
                continue
            if after.get("is_new"):
                self._undo_new_variant(change, variant, after)
            else:
                self._undo_variant(change, variant, change.before["variants"][key], after)
        self.dead_images += [(product.pk, source) for source in change.after.get("images", [])]
        self.moved_products[product.pk].add("updated_at")

    def _undo_value(self, change: ImportChange, product: Product, name: str, before: Any, after: Any) -> None:
        if name.startswith("extra."):
            key = name.removeprefix("extra.")
            if product.extra.get(key) != after:
                change.kept.append(name)
            elif before is None:
                product.extra.pop(key)
            else:
                product.extra[key] = before
            self.moved_products[product.pk].add("extra")
            return
        column = _PRODUCT_COLUMNS[name]
        if getattr(product, name) != column.to_python(after):
            change.kept.append(name)
        else:
            setattr(product, name, column.to_python(before))
            self.moved_products[product.pk].add(name)

    def _undo_new_variant(self, change: ImportChange, variant: Variant, after: dict[str, Any]) -> None:
        stock = self.stocks.get(variant.pk)
        prices = sorted((str(price.market_id), price.amount) for price in self.prices.get(variant.pk, []))
        is_untouched = (
            all(getattr(variant, name) == after.get(name, default) for name, default in _VARIANT_DEFAULTS.items())
            and prices == sorted(after.get("prices", {}).items())
            and (stock and stock.on_hand) == after.get("stock")
        )
        if is_untouched and not self._is_used(variant):
            self.dead_variants.append(variant.pk)
        else:
            change.kept.append(f"variant.{variant.sku}")

    def _undo_variant(
        self, change: ImportChange, variant: Variant, before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        for name in VARIANT_VALUES:
            if name in after and getattr(variant, name) != after[name]:
                change.kept.append(f"variant.{variant.sku}.{name}")
            elif name in after:
                setattr(variant, name, before[name])
                self.moved_variants[variant.pk] = variant
        for market, amount in after.get("prices", {}).items():
            self._undo_price(change, variant, int(market), before["prices"][market], amount)
        for market, (starts_at, amount) in after.get("planned", {}).items():
            self._undo_planned(change, variant, int(market), datetime.fromisoformat(starts_at), amount)
        if "low_at" in after:
            self._undo_limit(change, variant, before["low_at"], after["low_at"])
        if "stock" in after:
            self._undo_stock(change, variant, before["stock"], after["stock"])

    def _undo_price(
        self, change: ImportChange, variant: Variant, market_id: int, before: int | None, after: int | None
    ) -> None:
        rows = [price for price in self.prices.get(variant.pk, []) if price.market_id == market_id]
        standing = next((price for price in reversed(rows) if price.starts_at <= self.at), None)
        if standing is None or standing.amount != after:
            change.kept.append(f"variant.{variant.sku}.price.{market_id}")
        else:
            self.new_prices.append((variant.pk, market_id, before))

    def _undo_planned(
        self, change: ImportChange, variant: Variant, market_id: int, starts_at: datetime, after: int
    ) -> None:
        """What has begun was asked and stays; the price before it follows by itself when the row goes."""
        rows = [row for row in self.prices.get(variant.pk, []) if row.market_id == market_id]
        planned = next((row for row in rows if row.starts_at == starts_at and row.amount == after), None)
        if planned is None or starts_at <= self.at:
            change.kept.append(f"variant.{variant.sku}.price.{market_id}")
        else:
            self.dead_prices.append(planned.pk)

    def _undo_limit(self, change: ImportChange, variant: Variant, before: int | None, after: int) -> None:
        stock = self.stocks.get(variant.pk)
        if stock is None or stock.low_at != after:
            change.kept.append(f"variant.{variant.sku}.low_at")
        else:
            self.limits.append((stock.pk, before))

    def _undo_stock(self, change: ImportChange, variant: Variant, before: int | None, after: int) -> None:
        stock = self.stocks.get(variant.pk)
        promised = stock.reserved - stock.pre_order_cap if stock else 0
        if stock is None or stock.on_hand != after or (before or 0) < promised:
            change.kept.append(f"variant.{variant.sku}.stock")
        elif before is None and not (stock.reserved or stock.sold or stock.pre_order_cap):
            self.dead_stocks.append(stock.pk)
        else:
            self.stock_moves.append((variant.pk, after, before or 0))

    # -- writing ---------------------------------------------------------------------------------------
    def _write(self) -> None:
        self._remove()
        columns = sorted({name for names in self.moved_products.values() for name in names} | {"updated_at"})
        moved = [self.products[pk] for pk in self.moved_products]
        for product in moved:
            product.updated_at = self.at
        Product.objects.bulk_update(moved, [name.removesuffix("_id") for name in columns], batch_size=200)
        Variant.objects.bulk_update(self.moved_variants.values(), VARIANT_VALUES, batch_size=200)
        insert_new(Price, ("variant_id", "market_id", "amount"), self.new_prices, starts_at=self.at, created_at=self.at)
        _delete(Price.objects.filter(Among("pk", self.dead_prices)))
        for stock_id, low_at in self.limits:
            Stock.objects.filter(pk=stock_id).update(low_at=low_at, told_low_at=None, updated_at=self.at)
        move_stock(self.stock_moves, at=self.at, by=self.run.undone_by, note=self.run.public_id)
        standing = sorted(self.products.keys() - set(self.dead_products))
        # The dead too: their documents and spans go, and the markets learn of it.
        index_products([*standing, *self.dead_products])
        recompile_products([*standing, *self.dead_products])

    def _remove(self) -> None:
        variants = [row.pk for pk in self.dead_products for row in self.variants.get(pk, [])] + self.dead_variants
        for model in _OWN_OF_VARIANT:
            _delete(model.objects.filter(Among("variant_id", variants)))
        _delete(Stock.objects.filter(Among("pk", self.dead_stocks)))
        _delete(Variant.objects.filter(Among("pk", variants)))
        for part in (Image, SearchDocument):
            _delete(part.objects.filter(Among("product_id", self.dead_products)))
        for product_id, source in self.dead_images:
            Image.objects.filter(product=product_id, source=source).delete()
        # The spans go with the shelf's own writer; the changes of imports stay, and remember the product by its number.
        _delete(Product.objects.filter(Among("pk", self.dead_products)))


_PRODUCT_COLUMNS = {column.attname: column for column in Product._meta.concrete_fields}
_VARIANT_DEFAULTS: dict[str, Any] = {"sku": "", "options": {}, "gtin": ""}


def _delete(rows: models.QuerySet[Any, Any]) -> None:
    """In one statement: what refers to them is gone already, or is there no more."""
    rows._raw_delete(rows.db)


def _referred_to(model: type[models.Model], ids: Sequence[int], *, but: Iterable[type[models.Model]]) -> set[int]:
    """Those of `ids` that a row of any table but these refers to: an offer, a listing, later an order."""
    found: set[int] = set()
    for relation in model._meta.related_objects:
        if relation.related_model not in but:
            rows = relation.related_model._base_manager.filter(Among(relation.field.attname, ids))
            found.update(rows.values_list(relation.field.attname, flat=True).distinct())
    return found
