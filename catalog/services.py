"""Verbs that change the catalogue: products and variants. Prices, stock and pictures have homes of their own.

Each is one transaction, leaves an audit entry, and ends with the shelf and the search document brought up to date.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, ProtectedError
from django.utils import timezone

from accounts.models import User
from accounts.services import record
from catalog.models import Market, Product, SizeGuide, Stock, Variant
from catalog.prices import put_price
from catalog.search import index_products
from catalog.shelf_store import recompile_products
from catalog.stock import put_on_hand
from core.errors import Refused
from core.slugs import free_slugs, slug_wishes
from films.models import Film
from licensing.models import Category
from merchants.events import emit
from merchants.models import Merchant

#: What a person may write about a product. Its slug is its address and stays; states have verbs of their own.
PRODUCT_FIELDS = frozenset(
    {"film", "category", "licence", "sku", "title_en", "title_zh", "description_en", "description_zh"}
    | {"listing", "reveals", "on_sale_at", "street_on", "size_guide", "extra"}
)


@dataclass(frozen=True, slots=True)
class VariantFacts:
    """A variant as somebody enters it. Prices are minor units by market; a market that is not named is left alone."""

    sku: str
    options: Mapping[str, str] = field(default_factory=dict)
    gtin: str = ""
    prices: Mapping[Market, int | None] = field(default_factory=dict)
    stock: int | None = None


@transaction.atomic(durable=True)
def create_product(
    merchant: Merchant,
    *,
    film: Film,
    category: Category,
    sku: str,
    title_en: str,
    by: User | None,
    at: datetime,
    variants: Sequence[VariantFacts] = (),
    state: str = Product.State.DRAFT,
    **fields: Any,
) -> Product:
    """A new product of `merchant` with its variants; prices hold from `at`. Refuses a SKU that the merchant has."""
    # Locked, so that two products with one code cannot both find it free.
    Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
    if Product.objects.filter(merchant=merchant, sku=sku).exists():
        raise Refused("sku_taken", sku=sku)
    product = Product(
        merchant=merchant, film=film, category=category, sku=sku, title_en=title_en, state=state, **_known(fields)
    )
    wishes = slug_wishes(title_en, hints=[sku], public_id=product.public_id, longest=160)
    product.slug = free_slugs(Product, [wishes])[0]
    product.save()
    _put_variants(product, variants or [VariantFacts(sku)], at)
    record("product.created", product, by=by, sku=sku, merchant=merchant.public_id, film=film.public_id, state=state)
    _changed(product, kind="product.created")
    return product


@transaction.atomic(durable=True)
def edit_product(product: Product, *, by: User | None, **fields: Any) -> Product:
    """Write the given fields; what is not named stays. The address (slug) never follows a new title. Refuses a SKU that
    another product of the merchant has (`sku_taken`)."""
    locked = _lock(product)
    changes = {}
    for name, value in _known(fields).items():
        if (old := getattr(locked, name)) != value:
            changes[name] = [_plain(old), _plain(value)]
            setattr(locked, name, value)
    if changes:
        _save_under_its_sku(locked)
        record("product.edited", locked, by=by, **changes)
        _changed(locked)
    return locked


@transaction.atomic(durable=True)
def put_variants(product: Product, variants: Sequence[VariantFacts], *, by: User | None, at: datetime) -> list[Variant]:
    """Add the variants that are new by their SKU, change those that stand, and leave the others alone."""
    locked = _lock(product)
    rows = _put_variants(locked, variants, at)
    record("product.variants_put", locked, by=by, skus=[row.sku for row in rows])
    _changed(locked)
    return rows


@transaction.atomic(durable=True)
def replace_variants(product: Product, variants: Sequence[VariantFacts], *, by: User | None, at: datetime) -> None:
    """These variants in this order, and no others: known ones by their SKU. Refuses `variants_missing` for none, and
    `variant_in_use` where one would go that was ordered: it is part of somebody's order."""
    if not variants:
        raise Refused("variants_missing")
    locked = _lock(product)
    skus = [facts.sku for facts in variants]
    for gone in locked.variants.exclude(sku__in=skus):
        _drop_variant(gone)
    rows = _put_variants(locked, variants, at)
    for position, row in enumerate(rows):
        if row.position != position:
            Variant.objects.filter(pk=row.pk).update(position=position)
    locked.save(update_fields=["updated_at"])
    record("product.variants_replaced", locked, by=by, skus=skus)
    _changed(locked)


@transaction.atomic(durable=True)
def edit_variant(variant: Variant, *, by: User | None, **fields: Any) -> Variant:
    """Write the given ones of `sku`, `options` and `gtin`. Refuses a SKU that another variant of the product has
    (`variant_sku_taken`)."""
    if unknown := fields.keys() - {"sku", "options", "gtin"}:
        raise TypeError(f"not a variant's fields: {sorted(unknown)}")
    product = _lock(variant.product)
    standing = Variant.objects.get(pk=variant.pk)
    changes = {name: [getattr(standing, name), value] for name, value in fields.items()}
    changes = {name: sides for name, sides in changes.items() if sides[0] != sides[1]}
    if "sku" in changes and product.variants.filter(sku=fields["sku"]).exclude(pk=variant.pk).exists():
        raise Refused("variant_sku_taken", sku=fields["sku"])
    if changes:
        for name, (_old, value) in changes.items():
            setattr(standing, name, value)
        standing.save(update_fields=list(changes))
        product.save(update_fields=["updated_at"])
        record("product.variant_edited", product, by=by, variant=standing.public_id, **changes)
        _changed(product)
    return standing


@transaction.atomic(durable=True)
def remove_variant(variant: Variant, *, by: User | None) -> None:
    """Take one away that nobody has ordered. Refuses `variant_in_use`, `variants_missing` for the last one, and `already_done`."""
    product = _lock(variant.product)
    standing = product.variants.filter(pk=variant.pk).first()
    if standing is None:
        raise Refused("already_done")
    if not product.variants.exclude(pk=standing.pk).exists():
        raise Refused("variants_missing")
    _drop_variant(standing)
    product.save(update_fields=["updated_at"])
    record("product.variant_removed", product, by=by, sku=standing.sku)
    _changed(product)


@transaction.atomic(durable=True)
def activate_product(product: Product, *, by: User | None) -> Product:
    """From draft or archived to active. Whether it may be sold, and where, the rights gate decides."""
    return _move(product, {Product.State.DRAFT, Product.State.ARCHIVED}, Product.State.ACTIVE, by)


@transaction.atomic(durable=True)
def archive_product(product: Product, *, by: User | None) -> Product:
    """Off every shelf at once; nothing is deleted."""
    return _move(product, {Product.State.DRAFT, Product.State.ACTIVE}, Product.State.ARCHIVED, by)


def _known(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    if unknown := fields.keys() - PRODUCT_FIELDS:
        raise TypeError(f"not a product's fields: {sorted(unknown)}")
    return fields


def _plain(value: Any) -> Any:
    """A field's value as the audit trail keeps it."""
    if isinstance(value, Film | Category):
        return value.slug if isinstance(value, Film) else value.code
    if isinstance(value, SizeGuide):
        return value.public_id
    return getattr(value, "number", value) if hasattr(value, "pk") else _plain_moment(value)


def _plain_moment(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _lock(product: Product) -> Product:
    return Product.objects.select_for_update(no_key=True).get(pk=product.pk)


def _save_under_its_sku(product: Product) -> None:
    """Others create and rename at the same time, so the database has the last word on whose code it is."""
    try:
        with transaction.atomic():
            product.save()
    except IntegrityError:
        if Product.objects.filter(merchant=product.merchant_id, sku=product.sku).exclude(pk=product.pk).exists():
            raise Refused("sku_taken", sku=product.sku) from None
        raise


def _drop_variant(variant: Variant) -> None:
    stock = Stock.objects.filter(variant=variant).first()
    if stock is not None and (stock.reserved or stock.sold):
        raise Refused("variant_in_use", sku=variant.sku)
    try:
        with transaction.atomic():
            variant.delete()
    except ProtectedError:
        raise Refused("variant_in_use", sku=variant.sku) from None


def _changed(product: Product, *, kind: str = "product.changed") -> None:
    emit(product.merchant_id, kind, product, at=timezone.now(), sku=product.sku, state=product.state)
    recompile_products([product.pk])
    index_products([product.pk])


def _move(product: Product, leaving: set[str], state: str, by: User | None) -> Product:
    locked = _lock(product)
    if locked.state not in leaving:
        raise Refused("wrong_state", state=locked.get_state_display())
    old, locked.state = locked.state, state
    locked.save()
    record(f"product.{state}", locked, by=by, state=[old, state])
    _changed(locked)
    return locked


def _put_variants(product: Product, variants: Sequence[VariantFacts], at: datetime) -> list[Variant]:
    position = (product.variants.aggregate(last=Max("position"))["last"] or 0) + 1 if product.variants.exists() else 0
    rows = []
    for facts in variants:
        texts = {"options": dict(facts.options), "gtin": facts.gtin}
        row, is_new = Variant.objects.update_or_create(
            product=product, sku=facts.sku, defaults=texts, create_defaults={**texts, "position": position}
        )
        position += is_new
        for market, amount in facts.prices.items():
            put_price(row, market, amount, at)
        if facts.stock is not None:
            put_on_hand(row, facts.stock, at=at)
        rows.append(row)
    return rows
