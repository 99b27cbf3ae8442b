"""A merchant's own goods, whatever state they are in: lists for programs, and what one of them is doing where."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, Q, QuerySet

from catalog.facts import FactsReader, ProductFacts
from catalog.models import Image, Market, Price, Product, Stock, Variant
from catalog.queries.listing import ListingReason, in_market
from catalog.queries.markets import markets_of
from core.clock import FOREVER
from core.errors import Refused
from core.money import Money
from core.paging import Page, Position, page_of
from films.models import Film
from licensing.gate import Action, Gap, LicenceTerms, decide
from licensing.models import Category, DistributionChannel, Licence
from licensing.queries.licences import own_licences
from merchants.models import Merchant


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFilters:
    """`film` and `licence` by public id or by slug and number, `category` by its code."""

    state: str | None = None
    film: str | None = None
    category: str | None = None
    licence: str | None = None
    sku: str | None = None
    updated_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Covering:
    """A licence that covers the article. `until` is the first instant after what is left of it: term, then sell-off."""

    licence: Licence
    until: datetime
    is_sell_off: bool
    units_left: int | None


@dataclass(frozen=True, slots=True)
class OwnListing:
    """A market: listed there now, or the reasons why not; in which of its countries, and until when the rights last."""

    market: Market
    kind: str
    reasons: list[ListingReason]
    countries: tuple[str, ...]
    licences: tuple[str, ...]
    until: datetime | None

    @property
    def is_listed(self) -> bool:
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Standing:
    """What covers a product, and what each market sees of it."""

    covered_by: list[Covering]
    listings: list[OwnListing]


def own_products_page(merchant: Merchant, filters: OwnFilters, *, after: Position | None, limit: int) -> Page[Product]:
    """The merchant's products, oldest change first. Two queries and one per name, however many rows."""
    products = merchant.products.filter(**_named(merchant, filters))
    if filters.state is not None:
        products = products.filter(state=filters.state)
    if filters.sku is not None:
        products = products.filter(sku=filters.sku)
    if filters.updated_since is not None:
        products = products.filter(updated_at__gte=filters.updated_since)
    rows, following = page_of(_with_relations(products), after, limit)
    return Page(rows, following)


def own_product(merchant: Merchant, name: str, *, is_locked: bool = False) -> Product | None:
    """The merchant's product of this public id, or of this code of theirs. Locked, it stays as it is until the transaction
    ends."""
    products = merchant.products.filter(Q(public_id=name) | Q(sku=name)).order_by("pk")
    if is_locked:
        list(products.select_for_update(no_key=True).values_list("pk"))
    # A code of one product may be the public id of another: the id is meant.
    found = {product.public_id: product for product in _with_relations(products)}
    return found.get(name) or next(iter(found.values()), None)


def own_variant(merchant: Merchant, public_id: str, *, is_locked: bool = False) -> Variant | None:
    """The merchant's variant. Locked, its product stays as it is until the transaction ends."""
    variants = Variant.objects.filter(product__merchant=merchant, public_id=public_id)
    if is_locked:
        product_id = variants.values_list("product_id", flat=True).first()
        if product_id is not None:
            list(Product.objects.select_for_update(no_key=True).filter(pk=product_id))
    return variants.select_related("product__merchant", "stock").first()


def own_image(product: Product, public_id: str) -> Image | None:
    """The product's picture of this name."""
    return next((image for image in product.images.all() if image.public_id == public_id), None)


def stock_of(variant: Variant) -> Stock:
    """The variant's stock; of a variant that never had any, one that says so."""
    return Stock.objects.filter(variant=variant).first() or Stock(variant=variant)


def prices_now(variant: Variant, *, at: datetime) -> dict[str, Money]:
    """What the variant costs in each market that sells it, by the market's code. One query."""
    rows = Price.objects.filter(variant=variant, starts_at__lte=at).order_by("market__position", "market", "starts_at")
    found: dict[str, Money | None] = {}
    for code, currency, amount in rows.values_list("market__code", "market__currency", "amount"):
        found[code] = None if amount is None else Money(amount, currency)
    return {code: money for code, money in found.items() if money is not None}


def standing_of(product: Product, *, at: datetime) -> Standing:
    """Which licences cover the product, and what each market sees of it or why not. A constant number of queries."""
    markets = list(markets_of(product.merchant_id))
    [facts] = FactsReader(markets).read([product.pk], lock=False)
    terms = [one for one in facts.article.licences if one.licence_id and one.gap is Gap.NONE]
    rows = {row.pk: row for row in Licence.objects.filter(pk__in=[one.licence_id for one in terms])}
    covered_by = [_covering(one, rows[one.licence_id], at) for one in terms if one.licence_id in rows]
    return Standing(covered_by, [_listing(facts, market, covered_by, at) for market in markets])


def film_for(merchant: Merchant, name: str, *, at: datetime) -> Film | None:
    """The film of this public id or slug, if the merchant may know of it: it is public everywhere, or licensed to them."""
    countries = [code for market in markets_of(merchant.pk) for code in market.countries]
    film = Film.objects.filter(Q(slug=name) | Q(public_id=name)).first()
    if film is None or own_licences(merchant).filter(film=film).exists():
        return film
    return Film.objects.visible(at=at, countries=countries).filter(pk=film.pk).first()


def licence_for(merchant: Merchant, name: str) -> Licence | None:
    """The merchant's own licence of this public id or number."""
    return own_licences(merchant).filter(Q(public_id=name) | Q(number=name)).first()


def market_called(merchant: Merchant, code: str) -> Market:
    """One of those that the merchant sells in. Refuses `unknown_market`."""
    markets = {market.code: market for market in markets_of(merchant.pk)}
    if code not in markets:
        raise Refused("unknown_market", market=code, choices=", ".join(markets))
    return markets[code]


def _covering(terms: LicenceTerms, licence: Licence, at: datetime) -> Covering:
    is_sell_off = terms.has_sell_off and at >= terms.ends_at
    left = None if licence.unit_cap is None else max(0, licence.unit_cap - licence.units_used)
    if is_sell_off and terms.inventory is not None:
        left = terms.inventory if left is None else min(left, terms.inventory)
    return Covering(licence, terms.sell_off_ends_at if is_sell_off else terms.ends_at, is_sell_off, left)


def _listing(facts: ProductFacts, market: Market, covered_by: list[Covering], at: datetime) -> OwnListing:
    told = in_market(facts, market, at)
    countries = tuple(
        country
        for country in market.countries
        if decide(facts.article, Action.LIST, country=country, channel=DistributionChannel.OWN_SHOP, at=at).allowed
    )
    covering = covered_by if countries else []
    return OwnListing(
        market=market,
        kind=told.kind,
        reasons=told.reasons,
        countries=countries,
        licences=tuple(one.licence.number for one in covering),
        until=min((one.until for one in covering if one.until < FOREVER), default=None),
    )


def _named(merchant: Merchant, filters: OwnFilters) -> dict[str, int]:
    """The primary keys of what the filters name; 0 is the key of nothing."""
    wanted: tuple[tuple[str, QuerySet, str | None], ...] = (
        ("film", Film.objects.filter(Q(slug=filters.film) | Q(public_id=filters.film)), filters.film),
        ("category", Category.objects.filter(code=filters.category), filters.category),
        (
            "licence",
            own_licences(merchant).filter(Q(public_id=filters.licence) | Q(number=filters.licence)),
            filters.licence,
        ),
    )
    return {name: rows.values_list("pk", flat=True).first() or 0 for name, rows, value in wanted if value is not None}


def _with_relations(products: QuerySet[Product]) -> QuerySet[Product]:
    variants = Prefetch("variants", Variant.objects.order_by("position", "pk"))
    return products.select_related("film", "merchant", "category", "licence").prefetch_related(variants)
