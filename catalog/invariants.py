"""What must be true in production: the law of the shelf, sampled; that references of derived rows still stand; and that
stock adds up."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q

from catalog.facts import FactsReader, ProductFacts
from catalog.models import Market, Product, ShelfSpan, Stock, StockAlert
from catalog.shelf import ShelfState, shelf_state

TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Breach:
    """A span, or its absence, that does not say what the facts say."""

    product: str
    market: str
    at: datetime
    shelf: ShelfState | None
    facts: ShelfState | None


def law_breaches(product_ids: Iterable[int], *, at: datetime) -> list[Breach]:
    """Compare shelf and facts of these products in every market: at `at`, and at each of their boundaries ± 1 µs."""
    markets = list(Market.objects.order_by("pk"))
    reader = FactsReader(markets)
    names = dict(Product.objects.filter(pk__in=list(product_ids)).values_list("pk", "public_id"))
    spans: dict[tuple[int, int], list[ShelfSpan]] = {}
    for span in ShelfSpan.objects.for_products(names):
        spans.setdefault((span.product_id, span.market_id), []).append(span)
    found = []
    for product in reader.read(list(names), lock=False):
        for market in markets:
            of_both = spans.get((product.product_id, market.pk), [])
            for moment in _moments(of_both, at):
                shown, said = _shown(of_both, moment), _said(product, market, moment)
                if shown != said:
                    found.append(Breach(names[product.product_id], market.code, moment, shown, said))
    return found


def orphaned_spans() -> int:
    """Spans of products that are gone: no constraint keeps this one."""
    return ShelfSpan.objects.exclude(product__in=Product.objects.values("pk")).count()


def negative_stock() -> int:
    """Variants with fewer than no pieces on hand, promised or sold: the database's own constraint holds this one."""
    return Stock.objects.filter(Q(on_hand__lt=0) | Q(reserved__lt=0) | Q(sold__lt=0)).count()


def oversold_stock() -> int:
    """Variants of which more is promised than is there or may be promised ahead."""
    return Stock.objects.filter(reserved__gt=F("on_hand") + F("pre_order_cap")).count()


def alerts_sent_twice() -> int:
    """Letters that answered a request which a letter had answered: asked before the other was sent, and sent as well."""
    other = StockAlert.objects.filter(
        variant=OuterRef("variant"), market=OuterRef("market"), email=OuterRef("email"), pk__lt=OuterRef("pk"),
        sent_at__gt=OuterRef("created_at"),
    )  # fmt: skip
    return StockAlert.objects.filter(Exists(other), sent_at__isnull=False).count()


def sample(size: int) -> list[int]:
    """Primary keys of `size` products, anywhere in the catalogue."""
    return list(Product.objects.order_by("?").values_list("pk", flat=True)[:size])


def _moments(spans: list[ShelfSpan], at: datetime) -> list[datetime]:
    turns = {turn for span in spans for turn in (span.starts_at, span.ends_at) if 1970 < turn.year < 9999}
    return [at, *(turn + step for turn in sorted(turns) for step in (-TICK, timedelta(), TICK))]


def _shown(spans: list[ShelfSpan], at: datetime) -> ShelfState | None:
    running = [span for span in spans if span.starts_at <= at < span.ends_at]
    if not running:
        return None
    span = running[0]
    return ShelfState(span.kind, span.amount, span.top_amount, span.was_amount, span.promotion_id)


def _said(product: ProductFacts, market: Market, at: datetime) -> ShelfState | None:
    if not product.is_active:
        return None
    prices, offers = product.prices.get(market.pk, []), product.offers.get(market.pk, [])
    return shelf_state(product.article, market.countries, prices, offers, needs_campaign=product.needs_campaign, at=at)
