"""Whether a promotion counts, and the memory of those that no longer do.

The shelf is made of the present's facts, also its past: a promotion that is taken away leaves no span behind. What it had
asked was asked all the same, and the lowest price of thirty days has to name it; so its run is written down here. Call
these inside the transaction that compiles the shelf afterwards.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from catalog.models import Market, Promotion, PromotionRun

#: Longer than any reduction looks back, by far.
KEEP_RUNS = timedelta(days=400)


def publish_promotion(promotion: Promotion, *, at: datetime) -> None:
    """Its offers count from now on. Once more changes nothing."""
    if Promotion.objects.filter(pk=promotion.pk, is_published=False).update(is_published=True, published_at=at):
        promotion.is_published, promotion.published_at = True, at


def withdraw_promotion(promotion: Promotion, *, at: datetime) -> None:
    """Its offers count no more, in no market."""
    if Promotion.objects.filter(pk=promotion.pk, is_published=True).update(is_published=False):
        promotion.is_published = False
        held = promotion.held_markets.values("pk")
        _remember(promotion, Market.objects.exclude(pk__in=held).order_by("pk"), at)


def hold_promotion(promotion: Promotion, market: Market, *, at: datetime) -> None:
    """Its offers count no more in one market."""
    if not promotion.held_markets.filter(pk=market.pk).exists():
        if promotion.is_published:
            _remember(promotion, [market], at)
        promotion.held_markets.add(market)


def release_promotion(promotion: Promotion, market: Market) -> None:
    """Its offers count in the market again."""
    promotion.held_markets.remove(market)


def prune_runs(*, at: datetime) -> int:
    """Forget what no reduction looks back to; returns how many."""
    return PromotionRun.objects.filter(ends_at__lt=at - KEEP_RUNS).delete()[0]


def _remember(promotion: Promotion, markets: Iterable[Market], at: datetime) -> None:
    """From when it counted until now. After a hold that was lifted it says more than was asked: too low a price is named
    rather than too high a one."""
    starts_at = max(promotion.starts_at, promotion.published_at or promotion.starts_at)
    ends_at = min(promotion.ends_at, at)
    if starts_at < ends_at:
        PromotionRun.objects.bulk_create(
            [
                PromotionRun(promotion=promotion, market=market, starts_at=starts_at, ends_at=ends_at)
                for market in markets
            ]
        )
