"""What a variant has cost, costs and will cost regularly."""

from dataclasses import dataclass
from datetime import datetime

from catalog.models import Market, Price, Variant
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
    rows = list(prices.values_list("starts_at", "amount"))
    ends = [*[starts_at for starts_at, _amount in rows[1:]], None]
    return [
        PriceStep(starts_at, ends_at, Money(amount, market.currency) if amount is not None else None)
        for (starts_at, amount), ends_at in zip(rows, ends, strict=True)
    ]
