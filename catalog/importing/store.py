"""A page of drafts against the products that stand: what is new, what differs, and writing it in bulk."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.services import record_many
from catalog.importing.drafts import IMAGES, Draft, VariantDraft
from catalog.models import Price, Product, Stock, Variant
from catalog.search import index_products
from catalog.shelf_store import recompile_products
from core.importing.report import Outcome, Problem
from core.slugs import free_slugs, slug_wishes
from merchants.models import Merchant

#: Products per transaction.
PAGE = 500

_PRODUCT_COLUMNS = [
    "title_en", "title_zh", "description_en", "description_zh", "state", "listing", "reveals", "film_id", "category_id",
    "licence_id", "extra",
]  # fmt: skip


@dataclass
class Standing:
    """What is there of a page's products."""

    products: dict[str, Product] = field(default_factory=dict)
    variants: dict[int, list[Variant]] = field(default_factory=dict)
    #: (variant id, market id) → the amount in force.
    prices: dict[tuple[int, int], int | None] = field(default_factory=dict)
    stocks: dict[int, Stock] = field(default_factory=dict)


@dataclass
class VariantChange:
    draft: VariantDraft
    variant: Variant
    is_new: bool
    fields: dict[str, list[Any]] = field(default_factory=dict)
    #: Market id → [old, new] minor units.
    prices: dict[int, list[int | None]] = field(default_factory=dict)
    stock: Stock | None = None
    stock_is_new: bool = False

    @property
    def outcome(self) -> Outcome:
        if self.is_new:
            return Outcome.CREATED
        return Outcome.UPDATED if self.fields or self.prices or self.stock else Outcome.UNCHANGED

    def as_plain(self) -> dict[str, Any]:
        stock = {"stock": self.stock.on_hand} if self.stock else {}
        return self.fields | {f"price.{market}": pair for market, pair in self.prices.items()} | stock


@dataclass
class ProductChange:
    """What one draft does."""

    draft: Draft
    product: Product
    is_new: bool
    fields: dict[str, list[Any]] = field(default_factory=dict)
    variants: list[VariantChange] = field(default_factory=list)
    known_images: frozenset[str] = frozenset()
    warnings: list[Problem] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        if self.is_new:
            return Outcome.CREATED
        changed = self.fields or any(change.outcome is not Outcome.UNCHANGED for change in self.variants)
        return Outcome.UPDATED if changed else Outcome.UNCHANGED

    def row_outcomes(self) -> list[Outcome]:
        """One for each row that landed: its variant's, or its picture's. What changed about the product itself counts
        for the first of them."""
        if self.is_new:
            return [Outcome.CREATED] * (len(self.variants) + len(self.draft.image_rows))
        outcomes = [change.outcome for change in self.variants]
        if self.fields and outcomes[0] is Outcome.UNCHANGED:
            outcomes[0] = Outcome.UPDATED
        is_known = [address in self.known_images for address in self.draft.image_rows.values()]
        return outcomes + [Outcome.UNCHANGED if known else Outcome.UPDATED for known in is_known]

    def as_plain(self) -> dict[str, Any]:
        plain: dict[str, Any] = {
            "line": self.draft.line,
            "outcome": self.outcome.value,
            "sku": self.draft.key,
            "title": self.product.title_en,
        }
        if self.outcome is Outcome.UPDATED:
            plain["fields"] = self.fields
            plain["variants"] = {change.draft.sku: told for change in self.variants if (told := change.as_plain())}
        return plain


def plan_page(merchant: Merchant, drafts: Sequence[Draft], *, at: datetime, lock: bool) -> list[ProductChange]:
    """What these drafts (each key once) would do at `at`. With `lock` their products stay locked.

    A constant number of queries, however long the page is.
    """
    standing = _read_standing(merchant, [draft.key for draft in drafts], at, lock=lock)
    return [_compare(merchant, draft, standing) for draft in drafts]


def _read_standing(merchant: Merchant, keys: list[str], at: datetime, *, lock: bool) -> Standing:
    products = Product.objects.filter(merchant=merchant, sku__in=keys).order_by("pk")
    if lock:
        products = products.select_for_update(no_key=True)
    standing = Standing({product.sku: product for product in products})
    ids = [product.pk for product in standing.products.values()]
    for variant in Variant.objects.filter(product__in=ids).order_by("position", "pk"):
        standing.variants.setdefault(variant.product_id, []).append(variant)
    begun = Price.objects.filter(variant__product__in=ids, starts_at__lte=at).order_by("starts_at", "pk")
    for variant_id, market_id, amount in begun.values_list("variant_id", "market_id", "amount"):
        standing.prices[variant_id, market_id] = amount
    stocks = Stock.objects.filter(variant__product__in=ids).order_by("pk")
    if lock:
        stocks = stocks.select_for_update()
    standing.stocks = {stock.variant_id: stock for stock in stocks}
    return standing


def _compare(merchant: Merchant, draft: Draft, standing: Standing) -> ProductChange:
    """What the file does not say leaves what stands: a text, a price, a licence that the desk has chosen."""
    product = standing.products.get(draft.key)
    is_new = product is None
    told = dict(draft.fields)
    if product is None:
        product = Product(merchant=merchant, sku=draft.key, state=Product.State.ACTIVE)
    elif product.licence_id and (product.film_id, product.category_id) == (told["film_id"], told["category_id"]):
        told.pop("licence_id")
    known_images = frozenset(image["src"] for image in product.extra.get(IMAGES, []))
    change = ProductChange(draft, product, is_new, known_images=known_images)
    for name, value in told.items():
        _set(product, name, value, change.fields)
    for name, value in draft.extra.items():
        if (old := product.extra.get(name)) != value:
            change.fields[f"extra.{name}"] = [old, value]
    product.extra = {**product.extra, **draft.extra}
    change.variants = _compare_variants(draft, product, standing, change.warnings)
    return change


def _set(row: Product | Variant, name: str, value: Any, changes: dict[str, list[Any]]) -> None:
    if (old := getattr(row, name)) != value:
        changes[name] = [old, value]
        setattr(row, name, value)


def _compare_variants(
    draft: Draft, product: Product, standing: Standing, warnings: list[Problem]
) -> list[VariantChange]:
    known = standing.variants.get(product.pk, [])
    skus = {variant.sku for variant in draft.variants}
    by_sku = {variant.sku: variant for variant in known}
    # A variant whose code has changed, or that had none in an earlier file, is still the one with these options.
    unnamed = [variant for variant in known if variant.sku not in skus]
    position = max((variant.position for variant in known), default=-1) + 1
    changes = []
    for wanted in draft.variants:
        variant = by_sku.get(wanted.sku) or next((row for row in unnamed if row.options == wanted.options), None)
        is_new = variant is None
        if variant is None:
            variant, position = Variant(product=product, position=position), position + 1
        change = VariantChange(wanted, variant, is_new)
        _set(variant, "sku", wanted.sku, change.fields)
        _set(variant, "options", wanted.options, change.fields)
        if wanted.gtin:
            _set(variant, "gtin", wanted.gtin, change.fields)
        for market_id, amount in wanted.prices.items():
            old = standing.prices.get((variant.pk, market_id))
            if old != amount:
                change.prices[market_id] = [old, amount]
        _compare_stock(change, standing.stocks.get(variant.pk), warnings)
        changes.append(change)
    return changes


def _compare_stock(change: VariantChange, stock: Stock | None, warnings: list[Problem]) -> None:
    if change.draft.stock is None:
        return
    change.stock_is_new = stock is None
    stock = stock or Stock(variant=change.variant)
    if change.draft.stock < stock.reserved:
        warnings.append(Problem("stock_below_reserved", change.draft.line, facts={"reserved": stock.reserved}))
    on_hand = max(change.draft.stock, stock.reserved)
    if change.stock_is_new or stock.on_hand != on_hand:
        stock.on_hand = on_hand
        change.stock = stock


def write_page(
    merchant: Merchant, drafts: Sequence[Draft], *, by: User | None, at: datetime, source: str
) -> list[ProductChange]:
    """Plan and write a page in one transaction, with its shelf and search. Done again where a slug was taken."""
    for _attempt in range(3):
        try:
            return _write_page(merchant, drafts, by=by, at=at, source=source)
        except IntegrityError:
            continue
    return _write_page(merchant, drafts, by=by, at=at, source=source)


@transaction.atomic(durable=True)
def _write_page(
    merchant: Merchant, drafts: Sequence[Draft], *, by: User | None, at: datetime, source: str
) -> list[ProductChange]:
    # Two imports of one merchant follow each other, so that each sees what the other has created.
    Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
    changes = plan_page(merchant, drafts, at=at, lock=True)
    created = [change for change in changes if change.outcome is Outcome.CREATED]
    updated = [change for change in changes if change.outcome is Outcome.UPDATED]
    _write_products(created, updated, at)
    _write_variants(created + updated, at)
    origins = [(change.product, {"file": source, "line": change.draft.line}) for change in created]
    record_many("product.imported", origins, by=by)
    record_many("product.import_updated", [(change.product, change.as_plain()) for change in updated], by=by)
    if ids := [change.product.pk for change in created + updated]:
        recompile_products(ids)
        index_products(ids)
    return changes


def _write_products(created: list[ProductChange], updated: list[ProductChange], at: datetime) -> None:
    wishes = [
        slug_wishes(product.title_en, hints=[product.sku], public_id=product.public_id, longest=160)
        for product in (change.product for change in created)
    ]
    for change, slug in zip(created, free_slugs(Product, wishes), strict=True):
        change.product.slug = slug
    Product.objects.bulk_create([change.product for change in created])
    for change in updated:
        # Also when only a variant changed: partners read products by when they changed.
        change.product.updated_at = at
    columns = [name.removesuffix("_id") for name in _PRODUCT_COLUMNS]
    Product.objects.bulk_update([change.product for change in updated], [*columns, "updated_at"], batch_size=100)


def _write_variants(changes: list[ProductChange], at: datetime) -> None:
    variants = [change for product in changes for change in product.variants]
    Variant.objects.bulk_create([change.variant for change in variants if change.is_new], batch_size=1_000)
    moved = [change.variant for change in variants if change.fields and not change.is_new]
    Variant.objects.bulk_update(moved, ["sku", "options", "gtin"], batch_size=200)
    prices = [
        Price(variant=change.variant, market_id=market_id, amount=pair[1], starts_at=at)
        for change in variants
        for market_id, pair in change.prices.items()
    ]
    Price.objects.bulk_create(prices, batch_size=2_000)
    stocks = [(change.stock, change.stock_is_new) for change in variants if change.stock is not None]
    Stock.objects.bulk_create([stock for stock, is_new in stocks if is_new], batch_size=2_000)
    for stock, _is_new in stocks:
        stock.updated_at = at
    Stock.objects.bulk_update(
        [stock for stock, is_new in stocks if not is_new], ["on_hand", "updated_at"], batch_size=500
    )
