"""What a merchant's sales come to, in figures: sums and days, added up by the database.

A sale is a line of an order that is paid, on the day of its payment in the zone that is asked for; what was refunded of it is
taken off that day. Amounts of two currencies are never added.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from core.clock import start_of_day
from core.money import Money
from merchants.models import Merchant
from orders.models import Order, OrderLine, Return
from orders.queries import open_parcels

#: Days of each period, today being the last.
PERIODS = (1, 7, 30)


@dataclass(frozen=True, slots=True)
class Takings:
    """Of one currency in one period, and in the period before, which is as long: today until now is compared with
    yesterday until the same hour."""

    days: int
    now: Money
    before: Money
    pieces: int
    pieces_before: int


@dataclass(frozen=True, slots=True)
class CameBack:
    """Pieces of the period's sales that were sent, and those of them that came back."""

    sent: int
    returned: int

    @property
    def per_mille(self) -> int | None:
        return self.returned * 1000 // self.sent if self.sent else None


@dataclass(frozen=True, slots=True)
class Day:
    on: date
    pieces: int
    pre_orders: int


def sales_of(merchant: Merchant) -> QuerySet[OrderLine]:
    return OrderLine.objects.filter(merchant=merchant, order__state=Order.State.PAID)


def takings(merchant: Merchant, *, zone: str, at: datetime) -> dict[str, list[Takings]]:
    """By currency, the one that sells most lines of all first: today, 7 days and 30. One query."""
    sums: dict[str, Any] = {}
    for days in PERIODS:
        starts_at = _period_starts(days, zone, at)
        length = timedelta(days=days)
        for name, span in (("now", _paid_in(starts_at, at)), ("before", _paid_in(starts_at - length, at - length))):
            sums[f"{name}_{days}"] = Sum(F("total_amount") - F("refunded_amount"), filter=span, default=0)
            sums[f"{name}_{days}_pieces"] = Sum(F("quantity") - F("cancelled"), filter=span, default=0)
    since = _period_starts(max(PERIODS), zone, at) - timedelta(days=max(PERIODS))
    lines = sales_of(merchant).filter(order__paid_at__gte=since)
    rows: list[dict[str, Any]] = list(lines.values("order__currency").annotate(**sums))  # type: ignore[arg-type]
    found = {}
    for row in sorted(rows, key=lambda row: (-row["now_30_pieces"], row["order__currency"])):
        currency = row["order__currency"]
        found[currency] = [
            Takings(
                days, Money(row[f"now_{days}"], currency), Money(row[f"before_{days}"], currency),
                row[f"now_{days}_pieces"], row[f"before_{days}_pieces"],
            )
            for days in PERIODS
        ]  # fmt: skip
    return found


def came_back(merchant: Merchant, *, zone: str, at: datetime, days: int = 30) -> tuple[CameBack, CameBack]:
    """Of what was sold in the last `days`, and in those before. One query."""
    starts_at, length = _period_starts(days, zone, at), timedelta(days=days)
    spans = {"now": _paid_in(starts_at, at), "before": _paid_in(starts_at - length, at - length)}
    row = sales_of(merchant).aggregate(
        **{
            f"{name}_{column}": Sum(column, filter=span, default=0)
            for name, span in spans.items()
            for column in ("shipped", "returned")
        }
    )
    now, before = (CameBack(row[f"{name}_shipped"], row[f"{name}_returned"]) for name in spans)
    return now, before


def daily(merchant: Merchant, *, zone: str, at: datetime, days: int) -> list[Day]:
    """Pieces sold on each of the last `days`, the days without a sale too. One query."""
    tz = ZoneInfo(zone)
    today = at.astimezone(tz).date()
    starts_on = today - timedelta(days=days - 1)
    lines = sales_of(merchant).filter(_paid_in(start_of_day(starts_on, zone), at))
    pieces = F("quantity") - F("cancelled")
    rows = (
        lines.values(on=TruncDate("order__paid_at", tzinfo=tz))
        .annotate(pieces=Sum(pieces), pre_orders=Sum(pieces, filter=Q(is_pre_order=True), default=0))
        .order_by("on")
    )
    found = {row["on"]: Day(row["on"], row["pieces"], row["pre_orders"]) for row in rows}
    return [found.get(on) or Day(on, 0, 0) for on in (starts_on + timedelta(days=i) for i in range(days))]


def pieces_by_product(product_ids: Sequence[int], *, since: datetime) -> dict[int, int]:
    """Pieces of these products paid since then. One query."""
    lines = OrderLine.objects.filter(product__in=product_ids, order__state=Order.State.PAID, order__paid_at__gte=since)
    rows = lines.values_list("product_id").annotate(pieces=Sum(F("quantity") - F("cancelled")))
    return dict(rows.order_by())


def parcels_waiting(merchant: Merchant, *, today: date) -> tuple[int, int, int]:
    """Parcels to be sent, those of them that were to arrive before today, and announced returns. Two queries."""
    row = open_parcels(merchant).aggregate(all=Count("pk"), late=Count("pk", filter=Q(arrives_to__lt=today)))
    returns = Return.objects.filter(parcel__merchant=merchant, state=Return.State.REQUESTED).count()
    return row["all"], row["late"], returns


def _period_starts(days: int, zone: str, at: datetime) -> datetime:
    today = at.astimezone(ZoneInfo(zone)).date()
    return start_of_day(today - timedelta(days=days - 1), zone)


def _paid_in(starts_at: datetime, ends_at: datetime) -> Q:
    return Q(order__paid_at__gte=starts_at, order__paid_at__lte=ends_at)
