"""Verbs that change the catalogue: products, variants, prices, stock and pictures.

Each is one transaction, leaves an audit entry, and ends with the shelf and the search document brought up to date.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import record
from catalog.models import Image, Market, Price, Product, Stock, Variant
from catalog.pictures import Picture, read_picture, read_trusted_art
from catalog.search import index_products
from catalog.shelf_store import recompile_products
from core.errors import Refused
from core.slugs import free_slugs, slug_wishes
from films.models import Film
from licensing.models import Category
from merchants.models import Merchant

#: What a person may write about a product. Its slug is its address and stays; states have verbs of their own.
PRODUCT_FIELDS = frozenset(
    {"film", "category", "licence", "sku", "title_en", "title_zh", "description_en", "description_zh"}
    | {"listing", "reveals", "on_sale_at", "street_on", "extra"}
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
        raise Refused("invalid", problem=_("You already have a product with the SKU “%(sku)s”.") % {"sku": sku})
    product = Product(
        merchant=merchant, film=film, category=category, sku=sku, title_en=title_en, state=state, **_known(fields)
    )
    wishes = slug_wishes(title_en, hints=[sku], public_id=product.public_id, longest=160)
    product.slug = free_slugs(Product, [wishes])[0]
    product.save()
    _put_variants(product, variants or [VariantFacts(sku)], at)
    record("product.created", product, by=by, sku=sku, merchant=merchant.public_id, film=film.public_id, state=state)
    _changed(product)
    return product


@transaction.atomic(durable=True)
def edit_product(product: Product, *, by: User | None, **fields: Any) -> Product:
    """Write the given fields; what is not named stays. The address (slug) never follows a new title."""
    locked = _lock(product)
    changes = {}
    for name, value in _known(fields).items():
        if (old := getattr(locked, name)) != value:
            changes[name] = [_plain(old), _plain(value)]
            setattr(locked, name, value)
    if changes:
        locked.save()
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
def activate_product(product: Product, *, by: User | None) -> Product:
    """From draft or archived to active. Whether it may be sold, and where, the rights gate decides."""
    return _move(product, {Product.State.DRAFT, Product.State.ARCHIVED}, Product.State.ACTIVE, by)


@transaction.atomic(durable=True)
def archive_product(product: Product, *, by: User | None) -> Product:
    """Off every shelf at once; nothing is deleted."""
    return _move(product, {Product.State.DRAFT, Product.State.ACTIVE}, Product.State.ARCHIVED, by)


@transaction.atomic(durable=True)
def set_price(variant: Variant, market: Market, amount: int | None, *, starts_at: datetime, by: User | None) -> Price:
    """From `starts_at` on the variant costs `amount` minor units in `market`; None: it is not sold there.

    Earlier prices stay as history, a later one that is already planned still follows. Refuses amounts of 0 and below.
    """
    product = _lock(variant.product)
    old = _price_at(variant, market, starts_at)
    price = _set_price(variant, market, amount, starts_at)
    facts = {"variant": variant.public_id, "market": market.code, "starts_at": starts_at.isoformat()}
    record("product.price_set", product, by=by, amount=[old.amount if old else None, amount], **facts)
    _changed(product)
    return price


@transaction.atomic(durable=True)
def set_stock(variant: Variant, on_hand: int, *, by: User | None) -> Stock:
    """There are `on_hand` pieces. Refuses less than what is promised to orders. Moves no shelf: stock is not on it."""
    stock, _created = Stock.objects.select_for_update().get_or_create(variant=variant)
    if on_hand < stock.reserved:
        problem = _("%(reserved)s pieces are promised to orders, so there cannot be fewer.") % {
            "reserved": stock.reserved
        }
        raise Refused("invalid", problem=problem)
    if stock.on_hand != on_hand:
        record("product.stock_set", variant.product, by=by, variant=variant.public_id, on_hand=[stock.on_hand, on_hand])
        stock.on_hand = on_hand
        stock.save()
    return stock


@transaction.atomic(durable=True)
def attach_image(
    product: Product,
    content: bytes,
    *,
    by: User | None,
    alt_en: str = "",
    alt_zh: str = "",
    position: int | None = None,
) -> Image:
    """A picture from a merchant: JPEG, PNG or WebP by its bytes, encoded anew, named after its content.

    The same picture twice is one image. Refuses `file_unreadable` for anything else.
    """
    return _attach(product, read_picture(content), by=by, alt_en=alt_en, alt_zh=alt_zh, position=position)


@transaction.atomic(durable=True)
def attach_studio_art(
    product: Product,
    svg: bytes,
    *,
    channel_content: bytes,
    by: User | None,
    alt_en: str = "",
    alt_zh: str = "",
    position: int | None = None,
) -> Image:
    """The studio's own vector art with its PNG for channels. Never for a file that a stranger has made:
    an SVG can hold scripts, and this one is served as it is."""
    art = read_trusted_art(svg, channel_content)
    return _attach(product, art, by=by, alt_en=alt_en, alt_zh=alt_zh, position=position)


@transaction.atomic(durable=True)
def remove_image(image: Image, *, by: User | None) -> None:
    """Take a picture off its product. The file stays: another product may show the same one."""
    product = _lock(image.product)
    if not Image.objects.filter(pk=image.pk).delete()[0]:
        raise Refused("already_done")
    record("product.image_removed", product, by=by, file=image.file.name)
    _changed(product)


def _known(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    if unknown := fields.keys() - PRODUCT_FIELDS:
        raise TypeError(f"not a product's fields: {sorted(unknown)}")
    return fields


def _plain(value: Any) -> Any:
    """A field's value as the audit trail keeps it."""
    if isinstance(value, Film | Category):
        return value.slug if isinstance(value, Film) else value.code
    return getattr(value, "number", value) if hasattr(value, "pk") else _plain_moment(value)


def _plain_moment(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _lock(product: Product) -> Product:
    return Product.objects.select_for_update(no_key=True).get(pk=product.pk)


def _changed(product: Product) -> None:
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
            _set_price(row, market, amount, at)
        if facts.stock is not None:
            Stock.objects.update_or_create(variant=row, defaults={"on_hand": facts.stock})
        rows.append(row)
    return rows


def _price_at(variant: Variant, market: Market, at: datetime) -> Price | None:
    return Price.objects.filter(variant=variant, market=market, starts_at__lte=at).order_by("-starts_at").first()


def _set_price(variant: Variant, market: Market, amount: int | None, starts_at: datetime) -> Price:
    """A row from `starts_at`, unless the price that holds then is the same already."""
    if amount is not None and amount <= 0:
        raise Refused("invalid", problem=_("A price is above zero."))
    standing = _price_at(variant, market, starts_at)
    if standing is not None and standing.amount == amount:
        return standing
    price, _created = Price.objects.update_or_create(
        variant=variant, market=market, starts_at=starts_at, defaults={"amount": amount}
    )
    return price


def _attach(
    product: Product, picture: Picture, *, by: User | None, alt_en: str, alt_zh: str, position: int | None
) -> Image:
    locked = _lock(product)
    name = _store(picture.name, picture.content)
    if image := Image.objects.filter(product=locked, file=name).first():
        return image
    if position is None:
        last = locked.images.aggregate(last=Max("position"))["last"]
        position = 0 if last is None else last + 1
    image = Image.objects.create(
        product=locked,
        file=name,
        channel_file=_store(picture.channel_name, picture.channel_content),
        width=picture.width,
        height=picture.height,
        alt_en=alt_en,
        alt_zh=alt_zh,
        position=position,
    )
    record("product.image_attached", locked, by=by, file=name)
    _changed(locked)
    return image


def _store(name: str, content: bytes) -> str:
    """Write a file that is named after its content, unless it is there."""
    return name if default_storage.exists(name) else default_storage.save(name, ContentFile(content))
