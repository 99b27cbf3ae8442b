"""When a guarantee is earned out, at the pace of the last statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import ceil

from core.money import rounded
from licensing.ledger.account import account_of, agreement_of
from licensing.models import Licence, Statement
from licensing.royalties import values

#: The days whose pace is taken to go on, unless said otherwise.
WINDOW = 90


@dataclass(frozen=True, slots=True)
class EarnOut:
    """A guarantee as it stands on a day, and as it will if the pace stays. Amounts are minor units."""

    pool: str
    currency: str
    guarantee: int
    credited: int
    first_day: date | None
    last_day: date
    as_of: date
    #: Credited a day, exactly.
    pace: Fraction
    #: Credited when the guarantee ends, and what it would lack then.
    by_end: int
    shortfall: int
    #: The day on which it is earned out, has been before it (None with `is_earned_out`), or never.
    earned_out_on: date | None

    @property
    def is_earned_out(self) -> bool:
        return self.credited >= self.guarantee

    @property
    def share(self) -> int:
        """Basis points of the guarantee that are credited, for a bar: at most 10,000."""
        if self.guarantee <= 0:
            return 10_000
        return max(0, min(10_000, self.credited * 10_000 // self.guarantee))


def earn_out(
    history: Sequence[tuple[date, int]],
    *,
    guarantee: int,
    first_day: date | None,
    last_day: date,
    as_of: date,
    pool: str = "",
    currency: str = "",
    window: int = WINDOW,
) -> EarnOut:
    """What `history` promises: (day, credited by the end of that day), rising days, the last one the latest known figure.

    The pace is taken from the last known figure at least `window` days before `as_of` (or the first day of the guarantee, with
    nothing credited) up to `as_of`. No pace, or one below zero, never earns anything out.
    """
    known = [(day, credited) for day, credited in history if day <= as_of]
    credited = known[-1][1] if known else 0
    pace = _pace(known, credited, first_day=first_day, as_of=as_of, window=window)
    left = max(0, (last_day - as_of).days)
    ahead = pace * left if pace > 0 else Fraction(0)
    by_end = credited + rounded(ahead.numerator, ahead.denominator)
    return EarnOut(
        pool=pool, currency=currency, guarantee=guarantee, credited=credited, first_day=first_day, last_day=last_day,
        as_of=as_of, pace=pace, by_end=by_end, shortfall=max(0, guarantee - max(0, by_end)),
        earned_out_on=_day(guarantee - credited, pace, as_of),
    )  # fmt: skip


def _pace(
    known: Sequence[tuple[date, int]], credited: int, *, first_day: date | None, as_of: date, window: int
) -> Fraction:
    start = as_of - timedelta(days=window)
    before = [(day, amount) for day, amount in known if day <= start]
    if before:
        since, then = before[-1]
    elif first_day is not None and first_day <= as_of:
        since, then = first_day - timedelta(days=1), 0
    else:
        return Fraction(0)
    days = (as_of - since).days
    return Fraction(credited - then, days) if days > 0 else Fraction(0)


def _day(missing: int, pace: Fraction, as_of: date) -> date | None:
    """The day on which `missing` more are credited; None: they are already, or never (not within ten thousand days)."""
    if missing <= 0 or pace <= 0:
        return None
    days = ceil(Fraction(missing) / pace)
    return as_of + timedelta(days=days) if days <= 10_000 else None


def forecasts(licence: Licence, *, as_of: date, window: int = WINDOW) -> list[EarnOut]:
    """The guarantees of a licence, as `histories` gives them."""
    return [outlook for outlook, _history in histories(licence, as_of=as_of, window=window)]


def histories(licence: Licence, *, as_of: date, window: int = WINDOW) -> list[tuple[EarnOut, list[tuple[date, int]]]]:
    """The guarantees of a licence with what was credited by which day: what its statements say (the open ones as they were computed
    last), and what the pace gives. Three queries at most."""
    agreement = agreement_of(account_of(licence))
    statements = list(
        Statement.objects.filter(licence=licence, computed_at__isnull=False, first_day__lte=as_of)
        .order_by("number")
        .only("last_day", "figures", "currency")
    )
    found = []
    for guarantee in agreement.guarantees:
        history = _history(statements, guarantee.pool, as_of)
        outlook = earn_out(
            history,
            guarantee=guarantee.amount, first_day=guarantee.first_day, last_day=guarantee.last_day, as_of=as_of,
            pool=guarantee.pool, currency=agreement.currency, window=window,
        )  # fmt: skip
        found.append((outlook, history))
    return found


def _history(statements: Sequence[Statement], pool: str, as_of: date) -> list[tuple[date, int]]:
    """Of a period that is not over, the figure is today's."""
    found = []
    for statement in statements:
        credited = statement.figures["carried"]["credited"].get(pool, "0")
        amount = values.minor(credited, "credited", statement.currency, is_signed=True)
        found.append((min(statement.last_day, as_of), amount))
    return found
