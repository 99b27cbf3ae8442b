"""Which rate: the rule that matches a line, the slices of its tiers, the exchange rate of a period."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from core.errors import Refused
from licensing.royalties.lines import Goods, Period
from licensing.royalties.rounding import major, round_royalty
from licensing.royalties.terms import (
    DAY,
    Agreement,
    FxGaps,
    FxMethod,
    FxTable,
    RateRule,
    Tier,
    TierMode,
    TierPeriod,
    Window,
)


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a base that lies in one tier. Amounts are minor units of the agreement's currency."""

    above: int
    up_to: int | None
    base: int
    rate: Fraction
    royalty: int


def rule_for(agreement: Agreement, of_property: str, goods: Goods, day: date, *, where: str) -> RateRule:
    """The one rule that matches. Refuses `NO_RATE_RULE`, and `AMBIGUOUS_RATE_RULE` naming the rules: a narrower rule does not
    beat a wider one."""
    dimensions = (of_property, goods.category, goods.territory, goods.channel, goods.basis)
    found = [rule for rule in agreement.rules if rule.window.holds(day) and rule.scope.holds(*dimensions)]
    if len(found) == 1:
        return found[0]
    told = " × ".join(value or "–" for value in dimensions)
    if not found:
        raise Refused("NO_RATE_RULE", path=where, goods=told)
    raise Refused("AMBIGUOUS_RATE_RULE", path=where, goods=told, rules=", ".join(rule.id for rule in found))


def slices(rule: RateRule, base: int, *, before: int, after_all: int, currency: str) -> Iterator[Slice]:
    """The slices of `base` when the rule has counted `before` already, and `after_all` with everything of this period.

    WHOLE: all of it at the rate of the tier that the count reaches with this period. A negative base walks back down.
    """
    if rule.mode is TierMode.WHOLE:
        tier, above = _reached(rule.tiers, after_all)
        if base:
            yield _slice(tier, above, base, currency)
        return
    low, high = sorted((before, before + base))
    sign = 1 if base > 0 else -1
    above = 0
    for tier in rule.tiers:
        start = low if above == 0 else max(low, above)  # what lies below nothing is charged as the first tier
        end = high if tier.up_to is None else min(high, tier.up_to)
        if end > start:
            yield _slice(tier, above, sign * (end - start), currency)
        above = tier.up_to or 0


def _slice(tier: Tier, above: int, base: int, currency: str) -> Slice:
    return Slice(above, tier.up_to, base, tier.rate, round_royalty(major(base, currency) * tier.rate, currency))


def _reached(tiers: tuple[Tier, ...], count: int) -> tuple[Tier, int]:
    above = 0
    for tier in tiers:
        if tier.up_to is None or count <= tier.up_to:
            return tier, above
        above = tier.up_to
    raise AssertionError("the last tier has no upper end")


def tier_year(agreement: Agreement, period: str, day: date) -> str:
    """What names the stretch of time in which tiers count on."""
    if agreement.tier_period is TierPeriod.PERIOD:
        return period
    if agreement.tier_period is TierPeriod.CALENDAR_YEAR:
        return str(day.year)
    if agreement.tier_period is TierPeriod.CONTRACT_YEAR:
        start = agreement.term.first_day
        assert start is not None, "reading an agreement makes sure of it"
        years = day.year - start.year
        return f"year {years + (day >= anniversary(start, years))}"
    return "term"


def anniversary(start: date, years: int) -> date:
    """The same day so many years later; of 29 February in a common year, 1 March."""
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return date(start.year + years, 3, 1)


def turning_days(agreement: Agreement, period: Period) -> list[date]:
    """The days inside a period on which a rule, a guarantee or a tier year begins or ends: sales before and after are groups of
    their own."""
    windows = [rule.window for rule in agreement.rules]
    windows += [Window(guarantee.first_day, guarantee.last_day) for guarantee in agreement.guarantees]
    days = {day for window in windows for day in window.turning_days()}
    years = range(period.first_day.year, period.last_day.year + 1)
    if agreement.tier_period is TierPeriod.CALENDAR_YEAR:
        days |= {date(year, 1, 1) for year in years}
    if agreement.tier_period is TierPeriod.CONTRACT_YEAR and (start := agreement.term.first_day):
        days |= {anniversary(start, year - start.year) for year in years}
    return sorted(day for day in days if period.first_day < day <= period.last_day)


def fx_rate(agreement: Agreement, period: Period, currency: str, *, where: str) -> Fraction:
    """How much of the agreement's currency one unit of `currency` buys in `period`. Refuses `FX_RATE_MISSING`."""
    if currency == agreement.currency:
        return Fraction(1)
    if currency in period.fx:
        return period.fx[currency]
    table = agreement.fx
    if table.method is FxMethod.FIXED:
        if currency in table.fixed:
            return table.fixed[currency]
        raise Refused("FX_RATE_MISSING", path=where, currency=currency, day=period.name)
    if table.method is FxMethod.AVERAGE:
        return _average(table, currency, period, where)
    day = period.first_day if table.method is FxMethod.FIRST_DAY else period.last_day
    return _on(table, currency, day, where)


def _on(table: FxTable, currency: str, day: date, where: str) -> Fraction:
    known = table.daily.get(currency, {})
    if day in known:
        return known[day]
    before = [earlier for earlier in known if earlier < day]
    if table.gaps is FxGaps.PREVIOUS and before:
        return known[max(before)]
    raise Refused("FX_RATE_MISSING", path=where, currency=currency, day=day.isoformat())


def _average(table: FxTable, currency: str, period: Period, where: str) -> Fraction:
    """The mean of the rates of the days that the table holds; with gaps filled, of every day of the period."""
    known = table.daily.get(currency, {})
    if table.gaps is FxGaps.PREVIOUS:
        rates = [_on(table, currency, day, where) for day in _days(period)]
    else:
        rates = [rate for day, rate in known.items() if period.first_day <= day <= period.last_day]
    if not rates:
        raise Refused("FX_RATE_MISSING", path=where, currency=currency, day=f"{period.first_day} – {period.last_day}")
    return sum(rates, Fraction(0)) / len(rates)


def _days(period: Period) -> Iterator[date]:
    day = period.first_day
    while day <= period.last_day:
        yield day
        day += DAY
