"""What the demo's merchants owe: agreements, quarters of sales made elsewhere, statements closed and paid as time went by."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import cycle, islice
from zoneinfo import ZoneInfo

from accounts.models import User
from demo.files import Row, read_table
from demo.rows import Tally
from licensing.ledger.fx import add_rates, read_rate
from licensing.ledger.payments import adjust, record_payment
from licensing.ledger.sales import record_sales
from licensing.ledger.statements import close_statement, compute_statement
from licensing.ledger.terms import set_terms
from licensing.models import FxRate, Licence, RoyaltyTerms
from licensing.royalties.lines import Period
from licensing.royalties.terms import PeriodKind
from licensing.royalties.values import calendar_period

#: How long the studio took to close a quarter, and how long before it was due the merchant paid.
CLOSED_AFTER, PAID_BEFORE = timedelta(days=9), timedelta(days=4)
#: How long after its sale a piece came back; across the end of a quarter it is a late return.
BACK_AFTER = timedelta(days=12)


def load_royalties(now: datetime, by: User) -> Tally:
    """Agreements with all that happened under them; a licence that has one keeps it. What was closed is closed for good."""
    tally = Tally()
    table = read_table("royalties")
    _load_exchange(table["exchange"], by, tally)
    for row in (*table["agreements"], *_plain(table["plain"])):
        licence = Licence.objects.select_related("film").get(number=row["licence"])
        if RoyaltyTerms.objects.filter(licence=licence).exists():
            tally.unchanged += 1
            continue
        set_terms(licence, row["terms"], by=by, platform_rate=Decimal(row["platform_rate"]))
        _live(licence, row, now, by)
        tally.created += 1
    return tally


def _plain(rows: Iterable[Row]) -> Iterator[Row]:
    """One agreement for each licence: one rate for all, and no sales elsewhere."""
    fx = {"method": "LAST_DAY", "source": "Demo table", "gaps": "PREVIOUS"}
    for row in rows:
        terms = {"currency": row["currency"], "rates": [{"rate": row["rate"]}], "fx": fx}
        for licence in row["licences"]:
            yield {"licence": licence, "platform_rate": row["platform_rate"], "terms": terms}


def _load_exchange(table: Row, by: User, tally: Tally) -> None:
    named = {"date": table["from"], "source": table["source"]}
    rates = [read_rate(rate | named) for rate in table["rates"]]
    known = set(FxRate.objects.filter(source=table["source"]).values_list("base", "currency"))
    missing = [rate for rate in rates if (rate.base, rate.currency) not in known]
    if missing:
        add_rates(missing, by=by)
    tally.created += len(missing)
    tally.unchanged += len(rates) - len(missing)


def _live(licence: Licence, row: Row, now: datetime, by: User) -> None:
    """Quarter by quarter: what was sold is recorded, what is over is closed and paid."""
    today = now.astimezone(ZoneInfo(licence.time_zone)).date()
    lines = defaultdict(list)
    for line in _lines(licence, row, today) if "sold" in row else ():
        lines[_quarter(_day(line)).name].append(line)
    over = _quarters_over(licence.starts_on, today)
    closed = over if row.get("closes_last", True) else over[:-1]
    for quarter in [*over, _quarter(today)]:
        # Told the day after the last one, in the evening; the future is not recorded.
        told_at = min(_evening(quarter.last_day + timedelta(days=1), licence), now)
        for result in record_sales(licence, lines[quarter.name], source="csv", by=by, at=told_at):
            assert result.refusal is None, f"{licence}: {result.refusal}"
        if quarter in closed:
            _close(licence, quarter, now, by, is_paid=row.get("is_paid_up", True) or quarter != closed[-1])
    for one in row.get("adjustments", ()):
        adjust(licence, amount=one["amount"], reason=one["reason"], by=by, at=now)


def _close(licence: Licence, quarter: Period, now: datetime, by: User, *, is_paid: bool) -> None:
    at = min(_evening(quarter.last_day + CLOSED_AFTER, licence), now)
    closed = close_statement(compute_statement(licence, at=at), by=by, at=at)
    assert closed.due_on is not None
    if is_paid and closed.payable > 0:
        paid_on = min(closed.due_on - PAID_BEFORE, now.astimezone(ZoneInfo(licence.time_zone)).date())
        reference = f"{licence.number} {closed.period}"
        at = min(_evening(paid_on, licence), now)
        record_payment(licence, amount=closed.payable, paid_on=paid_on, reference=reference, by=by, at=at)


def _lines(licence: Licence, row: Row, today: date) -> Iterator[Row]:
    """Sales up to yesterday; of some a piece comes back."""
    goods, pieces = cycle(row["sold"]), cycle(row["pieces"])
    count = -(-(today - licence.starts_on).days // row["every_days"])
    for number, (sold, quantity) in enumerate(islice(zip(goods, pieces, strict=False), count), start=1):
        on = licence.starts_on + timedelta(days=(number - 1) * row["every_days"])
        told = {"kind": "sale", "id": f"{number:04}", "date": on.isoformat(), "quantity": quantity}
        yield told | {"property": licence.film.slug} | sold
        is_returned = row["returned_every"] and number % row["returned_every"] == 0
        if is_returned and on + BACK_AFTER < today:
            told = {"kind": "return", "id": f"{number:04}-back", "date": (on + BACK_AFTER).isoformat()}
            yield told | {"of": f"{number:04}", "quantity": 1}


def _quarters_over(first: date, today: date) -> list[Period]:
    found = []
    while (quarter := _quarter(first)).last_day < today:
        found.append(quarter)
        first = quarter.last_day + timedelta(days=1)
    return found


def _quarter(day: date) -> Period:
    return calendar_period(PeriodKind.QUARTER, day)


def _day(line: Row) -> date:
    return date.fromisoformat(line["date"])


def _evening(day: date, licence: Licence) -> datetime:
    return datetime.combine(day, time(18), ZoneInfo(licence.time_zone))
