"""Goods as lists show them: cards, page by page, from the shelf of one market at one instant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import OuterRef, QuerySet, Subquery

from catalog.models import Image, Market, ShelfSpan, ShelfSpanQuerySet
from core.media import address_of
from core.money import Money
from core.prepared import Prepared, columns_of, instances
from films.models import Film
from licensing.models import Category

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
    # Only what a page may say: when the span ends may be what nobody may know yet, a campaign's start.
    offer_ends_at: datetime | None
    on_sale_at: datetime | None
    street_on: date | None
    image: str


@dataclass(frozen=True, slots=True)
class CardPage:
    cards: list[Card]
    next: Cursor | None


#: What a card reads of a span and its neighbours; the name of its first picture follows.
CARD_COLUMNS = (
    "product_id", "kind", "amount", "top_amount", "was_amount", "low_amount", "promotion__ends_at", "product__on_sale_at",
    "product__street_on",
    "product__slug", "product__title_en", "product__title_zh", "product__merchant__name", "product__merchant__name_zh",
    "film__slug", "film__title_en", "film__title_zh",
)  # fmt: skip


def goods_page(
    market: Market,
    language: str,
    *,
    at: datetime,
    film: Film | None = None,
    category: Category | None = None,
    sort: str = "newest",
    after: Cursor | None = None,
    limit: int | None = None,
    is_soon: bool = False,
    promotion: int | None = None,
) -> CardPage:
    """A page of what is on the shelf, going on after a cursor. One query, however far down."""
    limit = limit or PAGE
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
    cards = [card_of(row, market, language) for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return CardPage(cards, Cursor(last[2], last[0]) if last else None)


def _goods(
    sort: str, limit: int, is_soon: bool, narrowed: tuple[str, ...], *, market: Any, at: datetime, **values: int
) -> QuerySet[Any, Any]:
    spans = on_shelf(market, at).filter(**{name: values[name] for name in narrowed})
    if is_soon:
        spans = spans.filter(kind__in=[ShelfSpan.Kind.COMING_SOON, ShelfSpan.Kind.PRE_ORDER])
    after = values.get("product_id")
    spans = spans.after(sort, values.get("amount", 0), after) if after is not None else spans.sorted_by(sort)
    return first_cards(spans, sort, limit)


def on_shelf(market: Any, at: datetime) -> ShelfSpanQuerySet:
    return ShelfSpan.objects.at(at).in_market(market)


def as_cards(spans: ShelfSpanQuerySet) -> QuerySet[Any, Any]:
    pictures = Image.objects.ready().filter(product=OuterRef("product_id")).order_by("position", "pk").values("file")
    return spans.values_list(*CARD_COLUMNS, Subquery(pictures[:1]))


def first_cards(spans: ShelfSpanQuerySet, sort: str, limit: int) -> QuerySet[Any, Any]:
    """The cards of the first `limit` of `spans`, which are in the order `sort`.

    Which spans they are is found in one index before anything is joined: left to itself the planner may merge the
    shelf with all products from their beginning, and a list far down costs what is above it.
    """
    return as_cards(ShelfSpan.objects.filter(pk__in=Subquery(spans.values("pk")[:limit])).sorted_by(sort))


_GOODS = Prepared(_goods)


def cards_of(product_ids: Sequence[int], market: Market, language: str, *, at: datetime) -> list[Card]:
    """Cards of these products in this order, of those that are on the shelf. One query."""
    rows = _CARDS_OF(market=market.pk, at=at, products=list(product_ids)) if product_ids else []
    found = {row[0]: card_of(row, market, language) for row in rows}
    return [found[pk] for pk in product_ids if pk in found]


_CARDS_OF = Prepared(lambda *, market, at, products: as_cards(on_shelf(market, at).for_products(products)))


def categories() -> list[Category]:
    """All categories, in order. One query."""
    return instances(Category, _CATEGORY, _CATEGORIES())


_CATEGORY = columns_of(Category)
_CATEGORIES = Prepared(lambda: Category.objects.values_list(*_CATEGORY))


def card_of(row: tuple[Any, ...], market: Market, language: str) -> Card:
    (product_id, kind, amount, top, was, low, offer_ends_at, on_sale_at, street_on, slug, title_en, title_zh, maker, maker_zh,
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
        offer_ends_at=offer_ends_at,
        on_sale_at=on_sale_at,
        street_on=street_on,
        image=address_of(image) if image else "",
    )
