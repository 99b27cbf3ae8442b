"""The epoch of a market: which compilation of its shelf is in force, and since which instant.

Nothing that a market's anonymous pages show changes within an epoch, so it is the key under which they are kept,
the revision their headers tell, and the limit of every max-age.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from catalog.models import Market, ShelfBoundary
from core.clock import ALWAYS, FOREVER
from core.prepared import Prepared, columns_of, instances


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


def read_epoch(market_code: str, at: datetime, *, is_public: bool = True) -> Epoch | None:
    """The epoch of a market at `at`, or None for an unknown market; the sandbox's is one unless it is asked for. One query."""
    rows = _EPOCHS(is_public, code=market_code, at=at)
    if not rows:
        return None
    *cells, since, until = rows[0]
    [market] = instances(Market, _MARKET, [cells])
    return Epoch(market=market, at=at, since=since or ALWAYS, until=until or FOREVER)


_MARKET = columns_of(Market)


def _epochs(is_public: bool, *, code: str, at: datetime) -> QuerySet[Any, Any]:
    boundaries = ShelfBoundary.objects.filter(market=OuterRef("pk"))
    since = boundaries.filter(at__lte=at).order_by("-at").values("at")[:1]
    until = boundaries.filter(at__gt=at).order_by("at").values("at")[:1]
    return Market.objects.filter(code=code, is_public=is_public).values_list(*_MARKET, Subquery(since), Subquery(until))


#: Asked for every request, and nothing but this for a page that is kept.
_EPOCHS = Prepared(_epochs)
