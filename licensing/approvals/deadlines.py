"""Deadlines in business days of the licensor's calendar.

The day of receipt, as the licensor's clock has it, is not counted: a deadline of N business days ends with the N-th
business day after it. The library `holidays` knows public holidays and, for China, the weekend days that are worked to
make up for others. What it does not know yet, because nobody has announced it, counts by the law's own rule; a deadline
is written down when the clock starts and does not move afterwards.
"""

from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from core.clock import end_of_day, start_of_day
from core.errors import Refused

#: No calendar rests this long; whoever gets here counts with a broken one.
_LONGEST_REST = 60


def known_calendar(code: str) -> str:
    """`code` when it names a calendar: an ISO country, or country-subdivision ("US-CA"). Refuses `unknown_calendar`."""
    _calendar(code, 2026)
    return code


def is_business_day(day: date, calendar: str) -> bool:
    return _calendar(calendar, day.year).is_working_day(day)


def business_day_after(day: date, number: int, calendar: str) -> date:
    """The `number`-th business day after `day`, which is not counted itself."""
    rested = 0
    while number > 0:
        day += timedelta(days=1)
        if is_business_day(day, calendar):
            number, rested = number - 1, 0
        else:
            rested += 1
            if rested > _LONGEST_REST:
                raise Refused("unknown_calendar", calendar=calendar)
    return day


def instant_after(received_at: datetime, days: Fraction | int, *, calendar: str, zone: str) -> datetime:
    """The instant at which `days` business days have passed since the day of receipt in `zone`; a part of a day is that
    part of the business day it falls into. Whole days end at midnight there, however long a changing clock makes them."""
    received_on = received_at.astimezone(ZoneInfo(zone)).date()
    whole, part = divmod(Fraction(days), 1)
    last = business_day_after(received_on, int(whole), calendar)
    if not part:
        return end_of_day(last, zone)
    following = business_day_after(last, 1, calendar)
    begins, ends = start_of_day(following, zone), end_of_day(following, zone)
    return begins + (ends - begins) * part.numerator // part.denominator


def business_days_between(earlier: datetime, later: datetime, *, calendar: str, zone: str) -> int:
    """Business days that end after `earlier` and not after `later`, on the clock of `zone`."""
    first, last = (moment.astimezone(ZoneInfo(zone)).date() for moment in (earlier, later))
    days = (first + timedelta(days=i) for i in range((last - first).days))
    return sum(is_business_day(day, calendar) for day in days)


@cache
def _calendar(code: str, year: int) -> holidays.HolidayBase:
    """One year, whole before anybody sees it: a calendar that grows as it is asked would answer wrongly to the thread that
    asks while another makes it grow."""
    country, _dash, subdivision = code.partition("-")
    try:
        return holidays.country_holidays(country, subdiv=subdivision or None, years=year, expand=False)
    except NotImplementedError:
        raise Refused("unknown_calendar", calendar=code) from None
