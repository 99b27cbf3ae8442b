"""A merchant's own products as the panel lists them: page by page, narrowed by what they are, what is left and where they are
listed."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from catalog.facts import FactsReader
from catalog.models import Image, Market, Price, Product, ShelfSpan, Stock, Variant
from catalog.queries.listing import ListingReason, in_market
from catalog.stock import LOW_BY_DEFAULT
from core.money import Money
from licensing.queries.licences import own_licences
from merchants.models import Merchant

#: Products on a page.
PAGE = 50
#: What a list may be narrowed by.
NAMES = ("q", "state", "film", "category", "licence", "stock", "market", "listed")


@dataclass(frozen=True, slots=True)
class ListRow:
    """`kinds` says where it is listed now, by market code; `reasons` why not in the market that was asked for."""

    product: Product
    image: Image | None
    variants: list[Variant]
    left: int
    is_low: bool
    prices: dict[str, tuple[Money, Money]]
    kinds: dict[str, str]
    reasons: list[ListingReason] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ListPage:
    rows: list[ListRow]
    next: str


def narrowed(merchant: Merchant, filters: Mapping[str, str], *, at: datetime) -> QuerySet[Product]:
    """The merchant's products that fit. An unknown name fits nothing; `listed` is "yes" or "no" and needs a market."""
    products = merchant.products.all()
    if words := filters.get("q", "").strip():
        products = products.filter(
            Q(sku__icontains=words) | Q(title_en__icontains=words) | Q(title_zh__icontains=words)
            | Exists(Variant.objects.filter(product=OuterRef("pk"), sku__icontains=words))
        )  # fmt: skip
    for name, path in (("state", "state"), ("film", "film__slug"), ("category", "category__code")):
        if value := filters.get(name):
            products = products.filter(**{path: value})
    if number := filters.get("licence"):
        products = products.filter(licence__in=own_licences(merchant).filter(number=number))
    if stock := filters.get("stock"):
        products = products.filter(_with_stock(stock))
    if market := filters.get("market"):
        products = _listed(products, market, filters.get("listed", ""), at)
    return products


def own_list(merchant: Merchant, filters: Mapping[str, str], *, after: str, at: datetime) -> ListPage:
    """A page, the newest first, behind the product called `after`. A constant number of queries."""
    products = narrowed(merchant, filters, at=at)
    last = merchant.products.filter(public_id=after).values_list("pk", flat=True).first() if after else None
    if last is not None:
        products = products.filter(pk__lt=last)
    found = list(_with_parts(products).order_by("-pk")[: PAGE + 1])
    shown = found[:PAGE]
    markets = list(Market.objects.filter(is_public=not merchant.is_sandbox).order_by("position", "pk"))
    prices = _prices([variant.pk for row in shown for variant in row.variants.all()], markets, at)
    kinds = _kinds([row.pk for row in shown], markets, at)
    asked = next((market for market in markets if market.code == filters.get("market")), None)
    reasons = _reasons(shown, asked, at) if asked else {}
    rows = [_row(row, prices, kinds.get(row.pk, {}), reasons.get(row.pk, [])) for row in shown]
    return ListPage(rows, shown[-1].public_id if len(found) > PAGE else "")


def _with_stock(wanted: str) -> Q:
    rows = Stock.objects.filter(variant__product=OuterRef("pk")).annotate(
        free=F("on_hand") - F("reserved"), limit=Coalesce("low_at", Value(LOW_BY_DEFAULT))
    )
    if wanted == "out":
        return Q(Exists(rows.filter(free__lte=0)))
    return Q(Exists(rows.filter(free__gt=0, free__lte=F("limit")))) if wanted == "low" else Q()


def _listed(products: QuerySet[Product], market: str, listed: str, at: datetime) -> QuerySet[Product]:
    spans = Exists(ShelfSpan.objects.at(at).filter(market__code=market, product=OuterRef("pk")))
    if listed == "yes":
        return products.filter(spans)
    return products.filter(~spans) if listed == "no" else products


def _with_parts(products: QuerySet[Product]) -> QuerySet[Product]:
    return products.select_related("film", "category", "licence").prefetch_related(
        Prefetch("variants", Variant.objects.select_related("stock").order_by("position", "pk")),
        Prefetch("images", Image.objects.ready().order_by("position", "pk")),
    )


def _prices(variants: Sequence[int], markets: Sequence[Market], at: datetime) -> dict[int, dict[str, Money]]:
    """The regular prices in force, by variant and market code. One query."""
    by_pk = {market.pk: market for market in markets}
    latest = Price.objects.filter(
        variant=OuterRef("variant"), market=OuterRef("market"), starts_at__lte=at, starts_at__gt=OuterRef("starts_at")
    )
    rows = Price.objects.filter(
        ~Exists(latest), variant__in=variants, market__in=by_pk, starts_at__lte=at, amount__isnull=False
    )
    found: defaultdict[int, dict[str, Money]] = defaultdict(dict)
    for variant, market, amount in rows.values_list("variant_id", "market_id", "amount"):
        if amount is not None:
            found[variant][by_pk[market].code] = Money(amount, by_pk[market].currency)
    return found


def _kinds(products: Sequence[int], markets: Sequence[Market], at: datetime) -> dict[int, dict[str, str]]:
    codes = {market.pk: market.code for market in markets}
    spans = ShelfSpan.objects.at(at).for_products(products).filter(market__in=codes)
    told: dict[int, dict[int, str]] = defaultdict(dict)
    for product, market, kind in spans.values_list("product_id", "market_id", "kind"):
        told[product][market] = kind
    return {
        product: {codes[market.pk]: of[market.pk] for market in markets if market.pk in of}
        for product, of in told.items()
    }


def _reasons(rows: Sequence[Product], market: Market, at: datetime) -> dict[int, list[ListingReason]]:
    facts = FactsReader([market]).read([row.pk for row in rows], lock=False)
    return {one.product_id: in_market(one, market, at).reasons for one in facts}


def _row(
    product: Product, prices: Mapping[int, dict[str, Money]], kinds: dict[str, str], reasons: list[ListingReason]
) -> ListRow:
    variants = list(product.variants.all())
    stocks = [variant.stock for variant in variants if hasattr(variant, "stock")]
    left = [max(stock.on_hand - stock.reserved, 0) for stock in stocks]
    limits = [LOW_BY_DEFAULT if stock.low_at is None else stock.low_at for stock in stocks]
    ranges: dict[str, tuple[Money, Money]] = {}
    for variant in variants:
        for code, money in prices.get(variant.pk, {}).items():
            low, high = ranges.get(code, (money, money))
            ranges[code] = (min(low, money, key=_amount), max(high, money, key=_amount))
    return ListRow(
        product=product,
        image=next(iter(product.images.all()), None),
        variants=variants,
        left=sum(left),
        is_low=any(pieces <= limit for pieces, limit in zip(left, limits, strict=True)),
        prices=ranges,
        kinds=kinds,
        reasons=reasons,
    )


def _amount(money: Money) -> Any:
    return money.amount
