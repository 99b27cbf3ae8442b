"""Reads for the storefront's pages: cards, lists, the product page. All of it from the shelf of one market at one instant."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.core.files.storage import default_storage
from django.db.models import OuterRef, Subquery

from catalog.models import Image, Market, Offer, Price, Product, ShelfSpan, Variant
from catalog.shelf import offered_amount
from core.money import Money
from core.territories import country_name
from films.models import Film
from licensing.facts import load_rights_facts
from licensing.gate import Action, Decision, decide
from licensing.models import Category, DistributionChannel

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
    alt: str


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


#: What a card reads of a span and its neighbours.
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
    """A page of what is on the shelf, going on after a cursor. Two queries, however far down."""
    spans = ShelfSpan.objects.at(at).in_market(market)
    if film is not None:
        spans = spans.filter(film=film)
    if category is not None:
        spans = spans.filter(category=category)
    if is_soon:
        spans = spans.filter(kind__in=[ShelfSpan.Kind.COMING_SOON, ShelfSpan.Kind.PRE_ORDER])
    if promotion is not None:
        spans = spans.filter(promotion=promotion)
    spans = spans.after(sort, after.amount, after.product_id) if after else spans.sorted_by(sort)
    rows = list(spans.values_list(*_CARD_COLUMNS)[: limit + 1])
    cards = _cards(rows[:limit], market, language)
    last = rows[limit - 1] if len(rows) > limit else None
    return CardPage(cards, Cursor(last[2], last[0]) if last else None)


def cards_of(product_ids: Sequence[int], market: Market, language: str, *, at: datetime) -> list[Card]:
    """Cards of these products in this order, of those that are on the shelf. Two queries."""
    spans = ShelfSpan.objects.at(at).in_market(market).for_products(product_ids)
    found = {card.product_id: card for card in _cards(list(spans.values_list(*_CARD_COLUMNS)), market, language)}
    return [found[pk] for pk in product_ids if pk in found]


def categories() -> list[Category]:
    """All categories, in order. One query."""
    return list(Category.objects.all())


def product_page(slug: str, market: Market, language: str, *, at: datetime) -> ProductPage | None:
    """Everything a product page shows, or None when it is not on the shelf. A constant number of queries."""
    spans = ShelfSpan.objects.at(at).in_market(market)
    span = (
        spans.select_related("product__merchant", "product__licence", "product__category", "film")
        .filter(product__slug=slug)
        .first()
    )
    if span is None:
        return None
    product = span.product
    related = spans.filter(film=span.film_id).exclude(product=product.pk).sorted_by("newest")
    rows = list(related.values_list(*_CARD_COLUMNS)[:4])
    images = _images([product.pk, *(row[0] for row in rows)])
    row = (
        product.pk, span.kind, span.amount, span.top_amount, span.was_amount, span.low_amount, span.ends_at,
        product.slug, product.title_en, product.title_zh, product.merchant.name, product.merchant.name_zh,
        span.film.slug, span.film.title_en, span.film.title_zh,
    )  # fmt: skip
    return ProductPage(
        product=product,
        card=_card(row, market, language, images),
        images=images.get(product.pk, []),
        variants=_variants(product, span, market, at),
        destinations=_destinations(product, market, language, at),
        related=[_card(row, market, language, images) for row in rows],
    )


def product_slugs(market: Market, *, at: datetime, most: int) -> Iterator[str]:
    """The addresses of what is on the shelf, newest first, streamed."""
    spans = ShelfSpan.objects.at(at).in_market(market).sorted_by("newest")
    return spans.values_list("product__slug", flat=True)[:most].iterator(chunk_size=5_000)


def image_url(image: Image) -> str:
    return default_storage.url(image.file.name)


def _variants(product: Product, span: ShelfSpan, market: Market, at: datetime) -> list[VariantChoice]:
    latest = Price.objects.filter(variant=OuterRef("pk"), market=market, starts_at__lte=at).order_by("-starts_at")
    variants = product.variants.select_related("stock").annotate(regular=Subquery(latest.values("amount")[:1]))
    offer = (
        Offer.objects.filter(product=product, market=market, promotion=span.promotion_id).first()
        if span.promotion_id
        else None
    )
    return [_choice(variant, offer, market.currency) for variant in variants if variant.regular is not None]


def _choice(variant: Any, offer: Offer | None, currency: str) -> VariantChoice:
    amount = offered_amount(variant.regular, offer.kind, offer.value) if offer else variant.regular
    stock = getattr(variant, "stock", None)
    return VariantChoice(
        variant=variant,
        label=", ".join(str(value) for value in variant.options.values()) or variant.sku,
        price=Money(amount, currency),
        was=Money(variant.regular, currency) if amount < variant.regular else None,
        available=stock.on_hand - stock.reserved if stock else 0,
    )


def _destinations(product: Product, market: Market, language: str, at: datetime) -> list[Destination]:
    """May it be sold to a buyer in each country of the market? The gate decides. Four queries."""
    facts = load_rights_facts(
        film_ids=[product.film_id],
        merchant_ids=[product.merchant_id],
        licence_ids=[product.licence_id] if product.licence_id else [],
    )
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


def _images(product_ids: Collection[int]) -> dict[int, list[Image]]:
    found: dict[int, list[Image]] = {}
    for image in Image.objects.filter(product__in=list(product_ids)).order_by("position", "pk"):
        found.setdefault(image.product_id, []).append(image)
    return found


def _cards(rows: Sequence[tuple], market: Market, language: str) -> list[Card]:
    images = _images([row[0] for row in rows]) if rows else {}
    return [_card(row, market, language, images) for row in rows]


def _card(row: tuple, market: Market, language: str, images: dict[int, list[Image]]) -> Card:
    (product_id, kind, amount, top, was, low, ends_at, slug, title_en, title_zh, maker, maker_zh,
     film_slug, film_en, film_zh) = row  # fmt: skip
    is_zh = language.startswith("zh")
    image = images[product_id][0] if product_id in images else None
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
        image=image_url(image) if image else "",
        alt=image.alt_in(language) if image else "",
    )
