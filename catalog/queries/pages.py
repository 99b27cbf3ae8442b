"""Reads for the storefront's pages: cards, lists, the product page. All of it from the shelf of one market at one instant."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.core.files.storage import default_storage
from django.db.models import F, Model, OuterRef, QuerySet, Subquery

from catalog.models import Image, Market, Offer, Price, Product, ShelfSpan, ShelfSpanQuerySet, Variant
from catalog.shelf import offered_amount
from core.money import Money
from core.prepared import Prepared, columns_of, instances
from core.territories import country_name
from films.models import Film
from licensing.facts import rights_of
from licensing.gate import Action, Decision, decide
from licensing.models import Category, DistributionChannel, Licence
from merchants.models import Merchant

PAGE = 24
SORTS = ("newest", "price", "-price")


class Cursor(NamedTuple):
    """Where a list goes on: after this amount (lists by price) and product."""

    amount: int
    product_id: int


@dataclass(frozen=True, slots=True)
class Card:
    """A product as a tile shows it. Amounts are Money; `flag` names the one flag a tile may carry."""

    product_id: int
    slug: str
    title: str
    film_slug: str
    film_title: str
    maker: str
    kind: str
    price: Money
    is_range: bool
    was: Money | None
    low: Money | None
    percent_off: int
    ends_at: datetime
    image: str


@dataclass(frozen=True, slots=True)
class CardPage:
    cards: list[Card]
    next: Cursor | None


@dataclass(frozen=True, slots=True)
class VariantChoice:
    variant: Variant
    label: str
    price: Money
    was: Money | None
    available: int


@dataclass(frozen=True, slots=True)
class Destination:
    """A country of the market: may the product be delivered there, and if not, why."""

    code: str
    name: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class ProductPage:
    product: Product
    card: Card
    images: list[Image]
    variants: list[VariantChoice]
    destinations: list[Destination]
    related: list[Card] = field(default_factory=list)


#: What a card reads of a span and its neighbours; the name of its first picture follows.
_CARD_COLUMNS = (
    "product_id", "kind", "amount", "top_amount", "was_amount", "low_amount", "ends_at",
    "product__slug", "product__title_en", "product__title_zh", "product__merchant__name", "product__merchant__name_zh",
    "film__slug", "film__title_en", "film__title_zh",
)  # fmt: skip


def goods(
    market: Market,
    language: str,
    *,
    at: datetime,
    film: Film | None = None,
    category: Category | None = None,
    sort: str = "newest",
    after: Cursor | None = None,
    limit: int = PAGE,
    is_soon: bool = False,
    promotion: int | None = None,
) -> CardPage:
    """A page of what is on the shelf, going on after a cursor. One query, however far down."""
    narrowed: dict[str, int] = {}
    if film is not None:
        narrowed["film"] = film.pk
    if category is not None:
        narrowed["category"] = category.pk
    if promotion is not None:
        narrowed["promotion"] = promotion
    cursor = {} if after is None else {"product_id": after.product_id}
    if after is not None and sort != "newest":
        cursor["amount"] = after.amount
    rows = _GOODS(sort, limit + 1, is_soon, tuple(narrowed), market=market.pk, at=at, **narrowed, **cursor)
    cards = [_card(row, market, language) for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return CardPage(cards, Cursor(last[2], last[0]) if last else None)


def _goods(
    sort: str, limit: int, is_soon: bool, narrowed: tuple[str, ...], *, market: Any, at: datetime, **values: int
) -> QuerySet[Any, Any]:
    spans = _on_shelf(market, at).filter(**{name: values[name] for name in narrowed})
    if is_soon:
        spans = spans.filter(kind__in=[ShelfSpan.Kind.COMING_SOON, ShelfSpan.Kind.PRE_ORDER])
    after = values.get("product_id")
    spans = spans.after(sort, values.get("amount", 0), after) if after is not None else spans.sorted_by(sort)
    return _as_cards(spans)[:limit]


def _on_shelf(market: Any, at: datetime) -> ShelfSpanQuerySet:
    return ShelfSpan.objects.at(at).in_market(market)


def _as_cards(spans: ShelfSpanQuerySet) -> QuerySet[Any, Any]:
    pictures = Image.objects.filter(product=OuterRef("product_id")).order_by("position", "pk").values("file")
    return spans.values_list(*_CARD_COLUMNS, Subquery(pictures[:1]))


_GOODS = Prepared(_goods)


def cards_of(product_ids: Sequence[int], market: Market, language: str, *, at: datetime) -> list[Card]:
    """Cards of these products in this order, of those that are on the shelf. One query."""
    rows = _CARDS_OF(market=market.pk, at=at, products=list(product_ids)) if product_ids else []
    found = {row[0]: _card(row, market, language) for row in rows}
    return [found[pk] for pk in product_ids if pk in found]


_CARDS_OF = Prepared(lambda *, market, at, products: _as_cards(_on_shelf(market, at).for_products(products)))


def categories() -> list[Category]:
    """All categories, in order. One query."""
    return instances(Category, _CATEGORY, _CATEGORIES())


_CATEGORY = columns_of(Category)
_CATEGORIES = Prepared(lambda: Category.objects.values_list(*_CATEGORY))


def product_page(slug: str, market: Market, language: str, *, at: datetime) -> ProductPage | None:
    """Everything a product page shows, or None when it is not on the shelf. A constant number of queries."""
    rows = _PRODUCT(market=market.pk, at=at, slug=slug)
    if not rows:
        return None
    product, span = _product_of(rows[0])
    related = _RELATED(market=market.pk, at=at, film=product.film_id, product=product.pk)
    images = instances(Image, _IMAGE, _IMAGES(product=product.pk))
    return ProductPage(
        product=product,
        card=_card((*span[:-1], images[0].file.name if images else None), market, language),
        images=images,
        variants=_variants(product, span[-1], market, at),
        destinations=_destinations(product, market, language, at),
        related=[_card(row, market, language) for row in related],
    )


#: The models that a product's page is made of, with the columns that it reads of each.
_PARTS: tuple[tuple[type[Model], str, list[str]], ...] = (
    (Product, "product", columns_of(Product, "extra", "created_at", "updated_at")),
    (Merchant, "product__merchant", columns_of(Merchant)),
    (Licence, "product__licence", columns_of(Licence)),
    (Category, "product__category", _CATEGORY),
)
_PART_COLUMNS = tuple(f"{path}__{column}" for _model, path, columns in _PARTS for column in columns)


def _product_of(row: tuple[Any, ...]) -> tuple[Product, tuple[Any, ...]]:
    """The product with its merchant, licence and category, and what else the row says of its span."""
    parts: list[Any] = []
    for model, _path, columns in _PARTS:
        cells, row = row[: len(columns)], row[len(columns) :]
        parts.append(instances(model, columns, [cells])[0] if cells[0] is not None else None)
    product, product.merchant, product.licence, product.category = parts
    return product, row


_IMAGE = columns_of(Image)
_IMAGES = Prepared(
    lambda *, product: Image.objects.filter(product=product).order_by("position", "pk").values_list(*_IMAGE)
)
_PRODUCT = Prepared(
    lambda *, market, at, slug: (
        _on_shelf(market, at).filter(product__slug=slug).values_list(*_PART_COLUMNS, *_CARD_COLUMNS, "promotion_id")
    )
)
_RELATED = Prepared(
    lambda *, market, at, film, product: _as_cards(
        _on_shelf(market, at).filter(film=film).exclude(product=product).sorted_by("newest")
    )[:4]
)


def last_product() -> int:
    """The highest primary key of any product, 0 without one. One query."""
    return Product.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def product_slugs(market: Market, *, at: datetime, first: int, end: int) -> Iterator[str]:
    """The addresses of what is on the shelf, of the products from `first` on and before `end`, streamed."""
    spans = ShelfSpan.objects.at(at).in_market(market).filter(product__gte=first, product__lt=end)
    return spans.order_by("product_id").values_list("product__slug", flat=True).iterator(chunk_size=5_000)


def _variants(product: Product, promotion_id: int | None, market: Market, at: datetime) -> list[VariantChoice]:
    rows = _VARIANTS(product=product.pk, market=market.pk, at=at)
    offers = _OFFER(product=product.pk, market=market.pk, promotion=promotion_id) if promotion_id else []
    offer = offers[0] if offers else None
    return [_choice(row, offer, market.currency) for row in rows if row[-3] is not None]


def _choice(row: tuple[Any, ...], offer: tuple[str, int] | None, currency: str) -> VariantChoice:
    *cells, regular, on_hand, reserved = row
    [variant] = instances(Variant, _VARIANT, [cells])
    amount = offered_amount(regular, *offer) if offer else regular
    return VariantChoice(
        variant=variant,
        label=", ".join(str(value) for value in variant.options.values()) or variant.sku,
        price=Money(amount, currency),
        was=Money(regular, currency) if amount < regular else None,
        available=on_hand - reserved if on_hand is not None else 0,
    )


_VARIANT = columns_of(Variant)


def _variants_of(*, product: int, market: int, at: datetime) -> QuerySet[Any, Any]:
    latest = Price.objects.filter(variant=OuterRef("pk"), market=market, starts_at__lte=at).order_by("-starts_at")
    variants = Variant.objects.filter(product=product)
    return variants.values_list(
        *_VARIANT, Subquery(latest.values("amount")[:1]), F("stock__on_hand"), F("stock__reserved")
    )


_VARIANTS = Prepared(_variants_of)
_OFFER = Prepared(lambda **of: Offer.objects.filter(**of).values_list("kind", "value"))


def _destinations(product: Product, market: Market, language: str, at: datetime) -> list[Destination]:
    """May it be sold to a buyer in each country of the market? The gate decides. Two queries."""
    facts = rights_of(film_id=product.film_id, merchant=product.merchant, licence=product.licence)
    article = facts.article(
        film_id=product.film_id, merchant_id=product.merchant_id, category_id=product.category_id,
        licence_id=product.licence_id, sku=product.sku, reveals=product.reveals, on_sale_at=product.on_sale_at,
        street_on=product.street_on,
    )  # fmt: skip
    return [
        Destination(
            code,
            country_name(code, language),
            decide(article, Action.SELL, country=code, channel=DistributionChannel.OWN_SHOP, at=at),
        )
        for code in market.countries
    ]


def _card(row: tuple[Any, ...], market: Market, language: str) -> Card:
    (product_id, kind, amount, top, was, low, ends_at, slug, title_en, title_zh, maker, maker_zh,
     film_slug, film_en, film_zh, image) = row  # fmt: skip
    is_zh = language.startswith("zh")
    currency = market.currency
    return Card(
        product_id=product_id,
        slug=slug,
        title=(is_zh and title_zh) or title_en,
        film_slug=film_slug,
        film_title=(is_zh and film_zh) or film_en,
        maker=(is_zh and maker_zh) or maker,
        kind=kind,
        price=Money(amount, currency),
        is_range=top > amount,
        was=Money(was, currency) if was else None,
        low=Money(low, currency) if low else None,
        # From the same figure that is shown as the lowest before, rounded down: never more than is true.
        percent_off=(low - amount) * 100 // low if low and low > amount else 0,
        ends_at=ends_at,
        image=default_storage.url(image) if image else "",
    )
