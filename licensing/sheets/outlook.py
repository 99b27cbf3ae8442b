"""A licence's royalties so far and to come: what was earned, advanced and paid, and each guarantee as a drawing and a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, log10
from typing import Any

from babel.dates import format_date
from babel.numbers import format_compact_currency
from django.utils.translation import gettext as _

from core.errors import Refused
from core.money import Money, rounded
from licensing.ledger.forecast import EarnOut, histories
from licensing.models import Licence
from licensing.sheets.sheet import Words, bar_of

#: The drawing, in its own units: so wide that its letters are readable on a telephone.
WIDE, HIGH = 440, 260
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 26, 30
#: Payments on the page.
MOST = 100


@dataclass(frozen=True, slots=True)
class Plot:
    """Places in the drawing; `points` are those of an SVG polyline."""

    earned: str
    area: str
    ahead: str
    goal_y: int
    today_x: int
    today_y: int
    rungs: Sequence[tuple[int, str]]
    days: Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Guarantee:
    pool: str
    amount: str
    sentence: str
    outlook: str
    plot: Plot
    rows: Sequence[tuple[str, str]]
    history: Sequence[tuple[str, str]]


def outlook_of(licence: Licence, *, as_of: date) -> dict[str, Any]:
    """Everything of the page. Blank for a licence whose terms of royalties nobody has entered. Five queries at most."""
    try:
        found = histories(licence, as_of=as_of)
    except Refused:
        return {"guarantees": [], "figures": [], "payments": []}
    last = licence.statements.filter(computed_at__isnull=False).order_by("-number").first()
    payments = licence.royalty_payments.order_by("-paid_on", "-pk")[:MOST]
    return {
        "guarantees": [_guarantee(outlook, history) for outlook, history in found],
        "figures": _figures(last.figures, Words(last.currency)) if last else [],
        "payments": [
            (
                one.get_kind_display(),
                Words(one.currency).day(one.paid_on),
                Words(one.currency).minor(one.amount),
                one.reference,
            )
            for one in payments
        ],
    }


def _figures(figures: dict[str, Any], say: Words) -> list[tuple[str, str, str]]:
    return [
        (_("Earned in all"), say.money(figures["cum_earned"]), ""),
        (_("Advances in all"), say.money(figures["cum_advance"]), ""),
        (_("Advances not worked off"), say.money(figures["advance_unrecouped"]), ""),
        (_("Still to be paid"), say.money(figures["balance"]), _("all that was asked for, less payments")),
    ]


def _guarantee(outlook: EarnOut, history: Sequence[tuple[date, int]]) -> Guarantee:
    say = Words(outlook.currency)
    bar = bar_of(outlook, say)
    month = outlook.pace * 30
    rows = [
        (_("Guaranteed"), say.minor(outlook.guarantee)),
        (_("Credited"), say.minor(outlook.credited)),
        (_("Pace of the last 90 days, a month"), say.minor(rounded(month.numerator, month.denominator))),
        (_("Expected by %(day)s") % {"day": say.day(outlook.last_day)}, say.minor(outlook.by_end)),
        (_("Expected shortfall"), say.minor(outlook.shortfall)),
        (_("Earned out"), _earned_out(outlook, say)),
    ]
    return Guarantee(
        pool=outlook.pool,
        amount=say.minor(outlook.guarantee),
        sentence=bar.sentence,
        outlook=bar.outlook,
        plot=plot_of(outlook, history, say),
        rows=rows,
        history=[(say.day(day), say.minor(credited)) for day, credited in history],
    )


def _earned_out(outlook: EarnOut, say: Words) -> str:
    if outlook.is_earned_out:
        return _("already")
    return say.day(outlook.earned_out_on) if outlook.earned_out_on else _("not at this pace")


def plot_of(outlook: EarnOut, history: Sequence[tuple[date, int]], say: Words) -> Plot:
    """Days go to the right, money upwards; the curve begins with nothing on the guarantee's first day."""
    known = [(day, credited) for day, credited in history if day <= outlook.as_of]
    start = outlook.first_day or (known[0][0] if known else outlook.as_of) - timedelta(days=90)
    start = min(start, outlook.as_of)
    end = max(outlook.last_day, outlook.as_of, start + timedelta(days=1))
    most = max(outlook.guarantee, outlook.by_end, *(credited for _day, credited in known), 1)
    step = _step(most)
    top = step * ceil(most * 1.05 / step)

    def x(day: date) -> int:
        return LEFT + (WIDE - LEFT - RIGHT) * (day - start).days // (end - start).days

    def y(amount: int) -> int:
        return HIGH - BOTTOM - (HIGH - TOP - BOTTOM) * max(0, amount) // top

    points = [(x(start), y(0)), *((x(max(day, start)), y(credited)) for day, credited in known)]
    today = (x(outlook.as_of), y(outlook.credited))
    if today[0] > points[-1][0]:
        points.append(today)
    line = " ".join(f"{across},{down}" for across, down in points)
    return Plot(
        earned=line,
        area=f"{line} {points[-1][0]},{y(0)} {x(start)},{y(0)}",
        ahead=f"{today[0]},{today[1]} {x(end)},{y(outlook.by_end)}" if outlook.as_of < outlook.last_day else "",
        goal_y=y(outlook.guarantee),
        today_x=today[0],
        today_y=today[1],
        rungs=[(y(amount), _short(amount, outlook.currency, say)) for amount in range(0, top + 1, step)],
        days=_days(start, end, x, say),
    )


def _short(amount: int, currency: str, say: Words) -> str:
    """As the scale writes it: “$2K”."""
    value = Money(amount, currency).decimal
    digits = 0 if value == value.to_integral_value() and value % 1000 == 0 else 1
    return str(format_compact_currency(value, currency, locale=say.locale, fraction_digits=digits))


def _step(most: int) -> int:
    """A round sum of which three to six lie below `most`."""
    power = 10 ** max(0, int(log10(max(1, most / 3))))
    return next(power * times for times in (1, 2, 5, 10) if most <= power * times * 6)


def _days(start: date, end: date, x: Any, say: Words) -> list[tuple[int, str]]:
    """Four days of the scale, with month and year."""
    whole = (end - start).days
    days = [start + timedelta(days=whole * part // 3) for part in range(4)]
    return [(x(day), str(format_date(day, format="MMM yyyy", locale=say.locale))) for day in days]
