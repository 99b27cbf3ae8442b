"""The table of exchange rates, with their source. An agreement uses the rates of the source that it names, to its own currency."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

from django.db import transaction
from django.db.models import Max, Q

from accounts.models import User
from accounts.services import record
from licensing.models import FxRate, RoyaltyTerms, Statement
from licensing.royalties import values
from licensing.royalties.terms import Agreement, FxGaps, FxMethod


@dataclass(frozen=True, slots=True)
class RateRow:
    """One rate as somebody gives it: so much of `base` for one unit of `currency`, on a day, by `source`."""

    source: str
    base: str
    currency: str
    on: date
    rate: str


def read_rate(raw: dict[str, Any], *, source: str = "", base: str = "") -> RateRow:
    """A row of a table of rates: currency, date, rate, and base and source unless they are said for all. Refuses what is wrong with
    it, by its field."""
    for field in ("currency", "date", "rate"):
        if raw.get(field) in (None, ""):
            values.refuse("MISSING_FIELD", field, field=field)
    named = values.text(_said(raw, "source", source), "source")
    if not named:
        values.refuse("MISSING_FIELD", "source", field="source")
    if len(named) > 80:
        values.refuse("ID_TOO_LONG", "source")
    own = values.currency(_said(raw, "base", base), "base")
    currency = values.currency(raw["currency"], "currency")
    if currency == own:
        values.refuse("CONFLICT", "currency", field="currency", other="base")
    rate = values.exchange_rate(raw["rate"], "rate")
    return RateRow(named, own, currency, values.day(raw["date"], "date"), f"{rate:f}")


def _said(raw: dict[str, Any], field: str, otherwise: str) -> Any:
    """What the row says, else what is said for all. An empty list or a false is not nothing said, but nonsense."""
    value = raw.get(field)
    return otherwise if value is None or value == "" else value


@transaction.atomic(durable=True)
def add_rates(rows: Iterable[RateRow], *, by: User | None) -> int:
    """Keep these rates; returns how many are new or other than before. Every change is audited, and computed statements that are
    open are computed again; a closed one keeps the rates that it used. Waits for whoever is computing."""
    list(RoyaltyTerms.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    changed = 0
    for row in rows:
        changed += _kept(row, by=by)
    if changed:
        Statement.objects.filter(state=Statement.State.OPEN, is_stale=False).update(is_stale=True)
    return changed


def _kept(row: RateRow, *, by: User | None) -> bool:
    rate, is_new = FxRate.objects.select_for_update().get_or_create(
        source=row.source, base=row.base, currency=row.currency, on=row.on, defaults={"rate": row.rate}
    )
    if not is_new and rate.rate == row.rate:
        return False
    old, rate.rate = (None if is_new else rate.rate), row.rate
    rate.save()
    told = {"source": row.source, "base": row.base, "currency": row.currency, "on": row.on.isoformat()}
    record("fx.rate_set", rate, by=by, **told, rate=[old, row.rate])
    return True


def with_table(agreement: Agreement, *, first_day: date, last_day: date) -> Agreement:
    """The agreement with the table's rates of its source for these days beside its own, which go before them. Two queries."""
    table = agreement.fx
    if table.method is FxMethod.FIXED:
        return agreement
    daily = {currency: dict(rates) for currency, rates in table.daily.items()}
    for rate in _rates(table.source, agreement.currency, first_day, last_day, table.gaps is FxGaps.PREVIOUS):
        daily.setdefault(rate.currency, {}).setdefault(rate.on, Fraction(rate.rate))
    return replace(agreement, fx=replace(table, daily=daily))


def _rates(source: str, base: str, first_day: date, last_day: date, goes_on: bool) -> Iterator[FxRate]:
    of_source = FxRate.objects.filter(source=source, base=base).order_by()
    wanted = Q(on__range=(first_day, last_day))
    if goes_on:  # the last one before the first day, too
        before = of_source.filter(on__lt=first_day).values("currency").annotate(last=Max("on"))
        for row in before:
            wanted |= Q(currency=row["currency"], on=row["last"])
    return of_source.filter(wanted).iterator()
