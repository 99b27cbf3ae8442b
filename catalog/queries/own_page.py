"""What the page of a merchant's own product says of its prices and of its markets."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from catalog.facts import FactsReader
from catalog.models import Market, Price, Product, Variant
from catalog.queries.listing import MarketListing, in_market
from catalog.queries.prices import PriceStep
from core.money import Money


def product_listings(product: Product, markets: Sequence[Market], *, at: datetime) -> list[MarketListing]:
    """Each market, and whether the product is on its shelf or why not. A constant number of queries."""
    [facts] = FactsReader(markets).read([product.pk], lock=False)
    return [in_market(facts, market, at) for market in markets]


def product_history(
    product: Product, markets: Sequence[Market]
) -> list[tuple[Market, list[tuple[Variant, int, PriceStep]]]]:
    """Every price of each variant, by market and in order of variant and time, with the key of its row. One query."""
    rows = Price.objects.filter(variant__product=product).select_related("variant").order_by("starts_at")
    by_market: defaultdict[int, defaultdict[int, list[Price]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        by_market[row.market_id][row.variant_id].append(row)
    found = []
    for market in markets:
        steps = []
        for prices in by_market[market.pk].values():
            ends = [*(row.starts_at for row in prices[1:]), None]
            for row, ends_at in zip(prices, ends, strict=True):
                money = None if row.amount is None else Money(row.amount, market.currency)
                steps.append((row.variant, row.pk, PriceStep(row.starts_at, ends_at, money)))
        found.append((market, sorted(steps, key=lambda step: (step[0].position, step[0].pk, step[2].starts_at))))
    return found
