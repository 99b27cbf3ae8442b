"""Lists for machines: films and products page by page, as one market's shelf has them at an instant.

They go on from a position (`core.paging`), so nothing is counted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from catalog.models import Image, Market, Offer, Price, Product, ShelfBoundary, ShelfSpan, Stock, Variant
from catalog.shelf import offered_amount
from core.clock import FOREVER
from core.money import Money
from core.paging import Page, Position, page_of
from films.models import Artwork, Embargo, Film, Tier
from licensing.facts import load_rights_facts
from licensing.gate import Action, Article, Flag, decide
from licensing.models import Category, DistributionChannel, Licence
from merchants.models import Merchant

#: The primary key of nothing.
_NO_ROW = 0


@dataclass(frozen=True, slots=True)
class Rights:
    """What lets the goods be offered: the licence, in which of the market's countries, and the instant its term ends.

    An order that comes unasked from elsewhere in the EEA may be accepted under a licence that is not exclusive; the
    goods are not offered there, so those countries are not among them.
    """

    licence: Licence | None
    countries: tuple[str, ...]
    until: datetime | None


@dataclass(frozen=True, slots=True)
class VariantOnShelf:
    variant: Variant
    price: Money
    was: Money | None
    is_in_stock: bool


@dataclass(frozen=True, slots=True)
class ProductOnShelf:
    """A product as a market sees it."""

    product: Product
    market: Market
    span: ShelfSpan
    rights: Rights
    variants: list[VariantOnShelf] = field(default_factory=list)

    @property
    def price(self) -> Money:
        return Money(self.span.amount, self.market.currency)

    @property
    def highest_price(self) -> Money:
        return Money(self.span.top_amount, self.market.currency)

    @property
    def was(self) -> Money | None:
        return None if self.span.was_amount is None else Money(self.span.was_amount, self.market.currency)

    @property
    def lowest_30_days(self) -> Money | None:
        return None if self.span.low_amount is None else Money(self.span.low_amount, self.market.currency)


@dataclass(frozen=True, slots=True)
class VisibleFilm:
    """A film whose title may be known, with what of it may be shown."""

    film: Film
    artworks: list[Artwork]
    shows_plot: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFilters:
    """By slug or public id, category by its code. `promotions`: only what these offer, by primary key."""

    film: str | None = None
    category: str | None = None
    merchant: str | None = None
    promotions: Sequence[int] | None = None
    updated_since: datetime | None = None


def all_markets() -> list[Market]:
    """Those that everybody may know of."""
    return list(Market.objects.filter(is_public=True))


def next_turn(at: datetime) -> datetime:
    """When any market's shelf turns next. One query."""
    return ShelfBoundary.objects.filter(at__gt=at).order_by("at").values_list("at", flat=True).first() or FOREVER


def films_page(
    *, at: datetime, countries: Iterable[str], updated_since: datetime | None, after: Position | None, limit: int
) -> Page[VisibleFilm]:
    """Films whose title may be known in every one of `countries`, oldest change first. Five queries, however many."""
    countries = list(countries)
    films = Film.objects.visible(at=at, countries=countries)
    if updated_since is not None:
        films = films.filter(updated_at__gte=updated_since)
    rows, following = page_of(films.prefetch_related("credits", "releases", "artworks"), after, limit)
    return Page(_as_visible(rows, at, countries), following)


def visible_film(name: str, *, at: datetime, countries: Iterable[str]) -> VisibleFilm | None:
    """The film of this public id or slug, unless its title is under embargo in one of `countries`."""
    countries = list(countries)
    films = Film.objects.visible(at=at, countries=countries).filter(Q(slug=name) | Q(public_id=name))
    rows = list(films.prefetch_related("credits", "releases", "artworks")[:1])
    return _as_visible(rows, at, countries)[0] if rows else None


def products_page(
    market: Market, filters: ProductFilters, *, at: datetime, after: Position | None, limit: int
) -> Page[ProductOnShelf]:
    """What the market sees at `at`, oldest change first. Nine queries at most, one per name, and those of goods with
    facts of their own, however many rows."""
    products = _on_shelf(market, at).filter(**_named(filters))
    if filters.promotions is not None:
        offers = Offer.objects.filter(product=OuterRef("pk"), market=market, promotion__in=filters.promotions)
        products = products.filter(Exists(offers))
    if filters.updated_since is not None:
        products = products.filter(updated_at__gte=filters.updated_since)
    rows, following = page_of(_with_relations(products), after, limit)
    return Page(shelf_rows(rows, market, at=at), following)


def product_on_shelf(name: str, market: Market, *, at: datetime) -> ProductOnShelf | None:
    """The product of this public id or slug with its variants, or None when the market does not see it at `at`."""
    products = _with_relations(_on_shelf(market, at).filter(Q(slug=name) | Q(public_id=name)))
    rows = shelf_rows(list(products[:1]), market, at=at)
    if not rows:
        return None
    row = rows[0]
    return ProductOnShelf(row.product, market, row.span, row.rights, _variants(row, at))


def shelf_rows(products: Sequence[Product], market: Market, *, at: datetime) -> list[ProductOnShelf]:
    """These products as the market sees them at `at`, in their order; what it does not see is left out.

    Needs `licence` loaded. Seven queries at most and those of goods with facts of their own, however many.
    """
    ids = [product.pk for product in products]
    spans = {span.product_id: span for span in ShelfSpan.objects.at(at).in_market(market).for_products(ids)}
    seen = [product for product in products if product.pk in spans]
    rights = _rights_of(seen, market, at)
    return [ProductOnShelf(product, market, spans[product.pk], rights[product.pk]) for product in seen]


def _on_shelf(market: Market, at: datetime) -> QuerySet[Product]:
    return Product.objects.filter(Exists(ShelfSpan.objects.at(at).in_market(market).filter(product=OuterRef("pk"))))


def _named(filters: ProductFilters) -> dict[str, int]:
    """The primary keys of what the filters name. Looked up first: with them an index is chosen, with a join all
    products are read to find that a name has none."""
    wanted: tuple[tuple[str, QuerySet, str | None], ...] = (
        ("film", Film.objects.filter(Q(slug=filters.film) | Q(public_id=filters.film)), filters.film),
        ("category", Category.objects.filter(code=filters.category), filters.category),
        (
            "merchant",
            Merchant.objects.filter(Q(slug=filters.merchant) | Q(public_id=filters.merchant)),
            filters.merchant,
        ),
    )
    return {
        name: rows.values_list("pk", flat=True).first() or _NO_ROW for name, rows, value in wanted if value is not None
    }


def _with_relations(products: QuerySet[Product]) -> QuerySet[Product]:
    related = products.select_related("film", "merchant", "category", "licence")
    return related.prefetch_related(Prefetch("images", Image.objects.ready().order_by("position", "pk")))


def _as_visible(films: Sequence[Film], at: datetime, countries: list[str]) -> list[VisibleFilm]:
    secret: dict[int, set[str]] = {film.pk: set() for film in films}
    for film_id, tier in (
        Embargo.objects.in_force(at=at, countries=countries).filter(film__in=films).values_list("film_id", "tier")
    ):
        secret[film_id].add(tier)
    return [
        VisibleFilm(
            film=film,
            artworks=[art for art in film.artworks.all() if not secret[film.pk].intersection(Tier.up_to(art.reveals))],
            shows_plot=not secret[film.pk].intersection(Tier.up_to(Tier.PLOT)),
        )
        for film in films
    ]


def _rights_of(products: Sequence[Product], market: Market, at: datetime) -> dict[int, Rights]:
    """For each product: its licence, the countries of the market where it is offered at `at`, the end of the term."""
    facts = load_rights_facts(
        film_ids={product.film_id for product in products},
        merchant_ids={product.merchant_id for product in products},
        licence_ids={product.licence_id for product in products if product.licence_id},
        articles=[(product.merchant_id, product.sku) for product in products],
    )
    found: dict[int, Rights] = {}
    for product in products:
        article = facts.article(
            film_id=product.film_id,
            merchant_id=product.merchant_id,
            category_id=product.category_id,
            licence_id=product.licence_id,
            sku=product.sku,
            reveals=product.reveals,
            on_sale_at=product.on_sale_at,
            street_on=product.street_on,
        )
        until = article.licence.ends_at if article.licence else None
        found[product.pk] = Rights(product.licence, _selling_countries(article, market, at), until)
    return found


def _selling_countries(article: Article, market: Market, at: datetime) -> tuple[str, ...]:
    found = []
    for country in market.countries:
        decision = decide(article, Action.SELL, country=country, channel=DistributionChannel.OWN_SHOP, at=at)
        if decision.allowed and Flag.EEA_PASSIVE_SALE not in decision.flags:
            found.append(country)
    return tuple(found)


def _variants(row: ProductOnShelf, at: datetime) -> list[VariantOnShelf]:
    """The variants with a price in the market at `at`, at what the shelf's promotion makes of it. Three queries."""
    prices = Price.objects.filter(market=row.market, starts_at__lte=at).order_by("starts_at")
    variants = row.product.variants.select_related("stock").prefetch_related(Prefetch("prices", prices))
    offer = Offer.objects.filter(product=row.product, market=row.market, promotion=row.span.promotion_id).first()
    currency = row.market.currency
    found = []
    for variant in variants:
        steps = list(variant.prices.all())
        regular = steps[-1].amount if steps else None
        if regular is None:
            continue
        amount = offered_amount(regular, offer.kind, offer.value) if offer else regular
        stock = getattr(variant, "stock", None)
        found.append(
            VariantOnShelf(
                variant=variant,
                price=Money(amount, currency),
                was=Money(regular, currency) if amount < regular else None,
                is_in_stock=stock is not None and _is_in_stock(stock, row.span.kind),
            )
        )
    return found


def _is_in_stock(stock: Stock, kind: str) -> bool:
    """Whether a piece is left; of pre-orders those count that may be promised before they arrive."""
    return stock.on_hand + (stock.pre_order_cap if kind == ShelfSpan.Kind.PRE_ORDER else 0) > stock.reserved
