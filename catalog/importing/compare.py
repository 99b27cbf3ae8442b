"""A page of drafts against the products that stand: what is new and what differs. Nothing is written here."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from catalog.importing.drafts import Draft, ImageDraft, VariantDraft
from catalog.importing.kept import merged
from catalog.models import Image, Price, Product, Stock, Variant
from core.bulk import Among, AmongTexts, read_rows
from core.importing.report import Outcome, Problem
from merchants.models import Merchant

LONGEST_ADDRESS = 1_000
LONGEST_ALT = 200
#: What a person or a file may say about a product, by column. The order of its digest.
PRODUCT_VALUES = (
    "title_en", "title_zh", "description_en", "description_zh", "state", "listing", "reveals", "film_id", "category_id",
    "licence_id", "tax_class", "on_sale_at", "street_on",
)  # fmt: skip
VARIANT_VALUES = ("sku", "options", "gtin")
_COLUMNS = {column.attname: column for column in Product._meta.concrete_fields}
_NEW_PRODUCT: dict[str, Any] = {name: _COLUMNS[name].get_default() for name in PRODUCT_VALUES} | {
    "state": Product.State.ACTIVE.value
}

_in_order = DjangoJSONEncoder(ensure_ascii=False, sort_keys=True).encode

#: [old, new]
Pair = list[Any]


@dataclass
class Standing:
    """What is there of a page's products."""

    products: dict[str, Product] = field(default_factory=dict)
    variants: dict[int, list[Variant]] = field(default_factory=dict)
    #: (variant id, market id) → the amount in force.
    prices: dict[tuple[int, int], int | None] = field(default_factory=dict)
    stocks: dict[int, Stock] = field(default_factory=dict)
    #: Variant id → the markets in which it has a price.
    priced: dict[int, set[int]] = field(default_factory=dict)
    #: Product id → address → position of its pictures.
    images: dict[int, dict[str, int]] = field(default_factory=dict)


@dataclass(slots=True)
class VariantChange:
    draft: VariantDraft
    #: None: it is new.
    variant: Variant | None
    position: int = 0
    fields: dict[str, Pair] = field(default_factory=dict)
    #: By market id, in minor units.
    prices: dict[int, Pair] = field(default_factory=dict)
    #: Pieces on hand; the old number is None where none were counted.
    stock: Pair | None = None
    #: Of the variant, also once a new one is written.
    pk: int = 0

    @property
    def outcome(self) -> Outcome:
        if self.variant is None:
            return Outcome.CREATED
        return Outcome.UPDATED if self.fields or self.prices or self.stock else Outcome.UNCHANGED

    def as_plain(self) -> dict[str, Any]:
        stock = {"stock": self.stock[1]} if self.stock else {}
        return self.fields | {f"price.{market}": pair for market, pair in self.prices.items()} | stock

    def side(self, new: int) -> dict[str, Any]:
        """What it changes, before (0) or after (1)."""
        told: dict[str, Any] = {name: pair[new] for name, pair in self.fields.items()}
        if self.prices:
            told["prices"] = {str(market): pair[new] for market, pair in self.prices.items()}
        if self.stock:
            told["stock"] = self.stock[new]
        return told


@dataclass(slots=True)
class ProductChange:
    """What one draft does."""

    draft: Draft
    #: None: it is new.
    product: Product | None
    fields: dict[str, Pair] = field(default_factory=dict)
    variants: list[VariantChange] = field(default_factory=list)
    #: Pictures that are not there yet.
    images: list[ImageDraft] = field(default_factory=list)
    #: Columns of a new product, and what is kept with it, as JSON.
    values: dict[str, Any] = field(default_factory=dict)
    extra_text: str = ""
    #: What is kept with one that stands.
    extra: dict[str, Any] = field(default_factory=dict)
    warnings: list[Problem] = field(default_factory=list)
    #: Of the product, also once a new one is written.
    pk: int = 0
    public_id: str = ""
    #: The markets in which it has a price after this.
    priced: frozenset[int] = frozenset()

    @property
    def is_new(self) -> bool:
        return self.product is None

    @property
    def title(self) -> str:
        return self.product.title_en if self.product is not None else self.values["title_en"]

    @property
    def outcome(self) -> Outcome:
        if self.product is None:
            return Outcome.CREATED
        is_changed = self.fields or self.images or any(row.outcome is not Outcome.UNCHANGED for row in self.variants)
        return Outcome.UPDATED if is_changed else Outcome.UNCHANGED

    def row_outcomes(self) -> list[Outcome]:
        """One for each row that landed: its variant's, or its picture's. What changed about the product itself counts
        for the first of them."""
        draft = self.draft
        if draft.is_one_row:
            return [self.outcome]
        if self.product is None:
            rows = sum(1 + len(change.draft.more_lines) for change in self.variants)
            return [Outcome.CREATED] * (len(draft.heading_lines) + rows + len(draft.image_rows))
        outcomes = [Outcome.UNCHANGED] * len(draft.heading_lines)
        for change in self.variants:
            outcomes += [change.outcome] * (1 + len(change.draft.more_lines))
        fresh = {image.source for image in self.images}
        of_pictures = [
            Outcome.UPDATED if source in fresh else Outcome.UNCHANGED for source in draft.image_rows.values()
        ]
        is_about_itself = self.fields or fresh - set(draft.image_rows.values())
        if is_about_itself and outcomes[0] is Outcome.UNCHANGED:
            outcomes[0] = Outcome.UPDATED
        return outcomes + of_pictures

    def lines(self) -> list[int]:
        """Where the file speaks of it."""
        draft = self.draft
        lines = {draft.line, *draft.heading_lines, *draft.image_rows}
        lines.update(change.draft.line for change in self.variants)
        for change in self.variants:
            lines.update(change.draft.more_lines)
        return sorted(lines)

    def as_plain(self) -> dict[str, Any]:
        plain: dict[str, Any] = {
            "line": self.draft.line,
            "outcome": self.outcome.value,
            "sku": self.draft.key,
            "title": self.title,
        }
        if self.outcome is Outcome.UPDATED:
            plain["fields"] = self.fields
            plain["variants"] = {change.draft.sku: told for change in self.variants if (told := change.as_plain())}
            if self.images:
                plain["images"] = [image.source for image in self.images]
        return plain

    def side(self, new: int) -> dict[str, Any]:
        """What it changes of a product that stands, before (0) or after (1)."""
        told: dict[str, Any] = {name: pair[new] for name, pair in self.fields.items()}
        variants = {}
        for change in self.variants:
            if change.outcome is Outcome.UPDATED:
                variants[str(change.pk)] = change.side(new)
            elif change.variant is None and new:
                variants[str(change.pk) if change.pk else change.draft.sku] = change.side(1) | {"is_new": True}
        if variants:
            told["variants"] = variants
        if self.images and new:
            told["images"] = [image.source for image in self.images]
        return told


def plan_page(merchant: Merchant, drafts: Sequence[Draft], *, at: datetime, lock: bool) -> list[ProductChange]:
    """What these drafts (each key once) would do at `at`. With `lock` their products stay locked.

    A constant number of queries, however long the page is.
    """
    standing = _read_standing(merchant, [draft.key for draft in drafts], at, lock=lock)
    return [_compare(draft, standing) for draft in drafts]


def _read_standing(merchant: Merchant, keys: list[str], at: datetime, *, lock: bool) -> Standing:
    products = Product.objects.filter(AmongTexts("sku", keys), merchant=merchant).order_by("pk")
    if lock:
        products = products.select_for_update(no_key=True)
    standing = Standing({product.sku: product for product in products})
    ids = [product.pk for product in standing.products.values()]
    for variant in Variant.objects.filter(Among("product_id", ids)).order_by("position", "pk"):
        standing.variants.setdefault(variant.product_id, []).append(variant)
    begun = Price.objects.filter(Among("variant__product_id", ids), starts_at__lte=at).order_by("starts_at", "pk")
    for variant_id, market_id, amount in read_rows(begun.values_list("variant_id", "market_id", "amount")):
        standing.prices[variant_id, market_id] = amount
    for (variant_id, market_id), amount in standing.prices.items():
        if amount is not None:
            standing.priced.setdefault(variant_id, set()).add(market_id)
    stocks = Stock.objects.filter(Among("variant__product_id", ids)).order_by("pk")
    if lock:
        stocks = stocks.select_for_update(of=("self",))
    standing.stocks = {stock.variant_id: stock for stock in stocks}
    images = Image.objects.filter(Among("product_id", ids)).values_list("product_id", "source", "position")
    for product_id, source, position in read_rows(images):
        standing.images.setdefault(product_id, {})[source] = position
    return standing


def _compare(draft: Draft, standing: Standing) -> ProductChange:
    """What the file does not say leaves what stands: a text, a price, a licence that the desk has chosen."""
    product = standing.products.get(draft.key)
    change = ProductChange(draft, product)
    if product is None:
        change.values = _NEW_PRODUCT | draft.fields
        change.extra_text = draft.extra_text
    else:
        change.pk, change.public_id = product.pk, product.public_id
        told = dict(draft.fields)
        if product.licence_id and (product.film_id, product.category_id) == (told["film_id"], told["category_id"]):
            told.pop("licence_id")
        for name, value in told.items():
            if (old := getattr(product, name)) != value:
                change.fields[name] = [old, value]
        change.extra = merged(product.extra, json.loads(draft.extra_text))
        for name, value in change.extra.items():
            if (old := product.extra.get(name)) != value:
                change.fields[f"extra.{name}"] = [old, value]
    _compare_variants(change, standing)
    change.priced = _priced(change, standing)
    _compare_images(change, standing.images.get(change.pk, {}))
    return change


def _priced(change: ProductChange, standing: Standing) -> frozenset[int]:
    """The markets in which a variant has a price, by the file or from before."""
    known = standing.variants.get(change.pk, ())
    told = [row.draft.prices for row in change.variants]
    return frozenset().union(*told, *(standing.priced.get(variant.pk, ()) for variant in known))


def _compare_variants(change: ProductChange, standing: Standing) -> None:
    known = standing.variants.get(change.pk, [])
    if not known:
        change.variants = [_new_variant(wanted, place) for place, wanted in enumerate(change.draft.variants)]
        return
    skus = {variant.sku for variant in change.draft.variants}
    by_sku = {variant.sku: variant for variant in known}
    # A variant whose code has changed, or that had none in an earlier file, is still the one with these options.
    unnamed = [variant for variant in known if variant.sku not in skus]
    position = max(variant.position for variant in known) + 1
    for wanted in change.draft.variants:
        variant = by_sku.get(wanted.sku) or next((row for row in unnamed if row.options == wanted.options), None)
        if variant is None:
            row, position = _new_variant(wanted, position), position + 1
        else:
            row = _known_variant(wanted, variant, standing.prices)
        _compare_stock(row, standing.stocks.get(row.pk), change.warnings)
        change.variants.append(row)


def _new_variant(wanted: VariantDraft, position: int) -> VariantChange:
    fields: dict[str, Pair] = {"sku": ["", wanted.sku]}
    if wanted.options:
        fields["options"] = [{}, wanted.options]
    if wanted.gtin:
        fields["gtin"] = ["", wanted.gtin]
    prices: dict[int, Pair] = {market: [None, amount] for market, amount in wanted.prices.items()}
    return VariantChange(wanted, None, position, fields, prices, None if wanted.stock is None else [None, wanted.stock])


def _known_variant(wanted: VariantDraft, variant: Variant, prices: dict[tuple[int, int], int | None]) -> VariantChange:
    change = VariantChange(wanted, variant, pk=variant.pk)
    for name in VARIANT_VALUES:
        old, value = getattr(variant, name), getattr(wanted, name)
        if old != value and (value or name != "gtin"):
            change.fields[name] = [old, value]
    for market_id, amount in wanted.prices.items():
        if (old := prices.get((variant.pk, market_id))) != amount:
            change.prices[market_id] = [old, amount]
    return change


def _compare_stock(change: VariantChange, stock: Stock | None, warnings: list[Problem]) -> None:
    wanted = change.draft.stock
    if wanted is None:
        return
    if stock is None:
        change.stock = [None, wanted]
        return
    if wanted < stock.reserved:
        warnings.append(Problem("stock_below_reserved", change.draft.line, facts={"reserved": stock.reserved}))
        wanted = stock.reserved
    if stock.on_hand != wanted:
        change.stock = [stock.on_hand, wanted]


def _compare_images(change: ProductChange, known: dict[str, int]) -> None:
    """A picture whose place the file does not say comes after those that are there."""
    last = max(known.values(), default=-1)
    for image in change.draft.images:
        if len(image.source) > LONGEST_ADDRESS:
            facts = {"most": LONGEST_ADDRESS}
            change.warnings.append(Problem("too_long", image.line, facts=facts))
        elif image.source not in known:
            last = image.position or last + 1
            change.images.append(image if image.position == last else replace(image, position=last))


# -- whether somebody has changed what a run created -------------------------------------------------


def digest_of(values: Iterable[Any], extra_text: str, variants: Iterable[Sequence[Any]], images: Iterable[str]) -> str:
    """Sixteen bytes that change when anything does that a file can say: a product's PRODUCT_VALUES in order, what is
    kept with it (kept.as_text), its variants (code, options, barcode, (market, amount) of each price, pieces), its
    pictures."""
    own = _in_order(list(values))
    others = _in_order([sorted(variants, key=lambda row: row[0]), sorted(images)]).removeprefix("[")
    return hashlib.blake2b(f"[{own}, {extra_text}, {others}".encode(), digest_size=16).hexdigest()


def digest_of_new(change: ProductChange) -> str:
    """The digest of a product as this change creates it."""
    variants = []
    for row in change.variants:
        prices = sorted([market, pair[1]] for market, pair in row.prices.items())
        variants.append([row.draft.sku, row.draft.options, row.draft.gtin, prices, row.stock and row.stock[1]])
    values = [change.values[name] for name in PRODUCT_VALUES]
    return digest_of(values, change.extra_text, variants, [image.source for image in change.images])
