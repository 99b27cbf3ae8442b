"""The epoch of a market: which compilation of its shelf is in force, and since which instant.

Nothing that a market's anonymous pages show changes within an epoch, so it is the key under which they are kept,
the revision their headers tell, and the limit of every max-age.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery

from catalog.models import Market, ShelfBoundary
from core.clock import ALWAYS, FOREVER


@dataclass(frozen=True, slots=True)
class Epoch:
    market: Market
    at: datetime
    since: datetime
    until: datetime

    @property
    def revision(self) -> str:
        """What the `Shelf-Revision` header says: market, version of the compilation, last boundary in microseconds."""
        return f"{self.market.code}.{self.market.shelf_version}.{int(self.since.timestamp() * 1_000_000)}"

    def max_age(self, most: int) -> int:
        """Seconds an answer may be kept: never past the next boundary, never more than `most`."""
        return max(0, min(most, int((self.until - self.at).total_seconds())))


def read_epoch(market_code: str, at: datetime) -> Epoch | None:
    """The epoch of a market at `at`, or None for an unknown market. One query."""
    boundaries = ShelfBoundary.objects.filter(market=OuterRef("pk"))
    market = (
        Market.objects.filter(code=market_code)
        .annotate(
            since=Subquery(boundaries.filter(at__lte=at).order_by("-at").values("at")[:1]),
            until=Subquery(boundaries.filter(at__gt=at).order_by("at").values("at")[:1]),
        )
        .first()
    )
    if market is None:
        return None
    return Epoch(market=market, at=at, since=market.since or ALWAYS, until=market.until or FOREVER)
