"""The days of a licence, as days of its own zone and as instants. Pure; no query."""

from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from core.clock import end_of_day, start_of_day
from licensing.models import Licence


class Span(NamedTuple):
    """Half-open: starts on or before, ends strictly after."""

    starts_at: datetime
    ends_at: datetime


def sell_off_ends_on(licence: Licence) -> date:
    """The last day of the sell-off; of the term where none is granted."""
    return licence.ends_on + timedelta(days=licence.sell_off_days)


def is_over_on(licence: Licence) -> date:
    """The first day on which nothing can happen under the licence any more: after term, sell-off and days of grace."""
    return sell_off_ends_on(licence) + timedelta(days=licence.grace_days + 1)


def term_of(licence: Licence) -> Span:
    """From the first instant of its first day to the first after its last."""
    return Span(
        start_of_day(licence.starts_on, licence.time_zone),
        end_of_day(licence.ends_on, licence.time_zone),
    )


def sold_until(licence: Licence) -> datetime:
    """The first instant at which nothing may be sold any more, declared stock neither."""
    return end_of_day(sell_off_ends_on(licence), licence.time_zone)


def local_day(licence: Licence, at: datetime) -> date:
    """What day it is at `at` where the licence counts its days."""
    return at.astimezone(ZoneInfo(licence.time_zone)).date()
