"""What a variant has cost, costs and will cost regularly."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from catalog.models import Market, Price, Variant
from catalog.queries.markets import markets_of
from core.money import Money


@dataclass(frozen=True, slots=True)
class PriceStep:
    """One regular price from when to when; no end: until another is set. No price: it is not sold there."""

    starts_at: datetime
    ends_at: datetime | None
    price: Money | None

    def state(self, at: datetime) -> str:
        """One of past, in_force and planned."""
        if self.starts_at > at:
            return "planned"
        return "in_force" if self.ends_at is None or at < self.ends_at else "past"


def price_history(variant: Variant, market: Market) -> list[PriceStep]:
    """All of them, in order of time. One query."""
    prices = Price.objects.filter(variant=variant, market=market).order_by("starts_at")
    return _steps(list(prices.values_list("starts_at", "amount")), market)


def price_histories(variant: Variant) -> list[tuple[Market, list[PriceStep]]]:
    """Those of every market that its merchant sells in, in their order. Two queries, with the product loaded."""
    rows: defaultdict[int, list[tuple[datetime, int | None]]] = defaultdict(list)
    prices = Price.objects.filter(variant=variant).order_by("starts_at")
    for market_id, starts_at, amount in prices.values_list("market_id", "starts_at", "amount"):
        rows[market_id].append((starts_at, amount))
    return [(market, _steps(rows[market.pk], market)) for market in markets_of(variant.product.merchant_id)]


def _steps(rows: list[tuple[datetime, int | None]], market: Market) -> list[PriceStep]:
    if not rows:
        return []
    ends = [*[starts_at for starts_at, _amount in rows[1:]], None]
    return [
        PriceStep(starts_at, ends_at, Money(amount, market.currency) if amount is not None else None)
        for (starts_at, amount), ends_at in zip(rows, ends, strict=True)
    ]
