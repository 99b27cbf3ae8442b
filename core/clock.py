"""Instants and periods. Time is UTC and always an argument; periods are half-open: [starts_at, ends_at)."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

from core.errors import Refused
from core.territories import zone_of

#: The two ends of time for rows that have always been true or stay true. Real instants rather than NULL
#: or infinity, so that every database compares and indexes them the same way.
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
FOREVER = datetime(9999, 12, 31, tzinfo=UTC)

When = TypeVar("When", bound=date)


def start_of_day(on: date, zone: str) -> datetime:
    """The instant at which `on` begins in the IANA `zone`, in UTC.

    The arithmetic is done on the wall clock, so a change to summer time never shifts the day.
    """
    return datetime.combine(on, time.min, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def end_of_day(on: date, zone: str) -> datetime:
    """The first instant after the last day `on`, for half-open periods that name their last day."""
    return start_of_day(on + timedelta(days=1), zone)


def start_of_day_in(on: date, country: str) -> datetime:
    """The instant at which `on` begins in `country` (ISO 3166-1 alpha-2)."""
    return start_of_day(on, zone_of(country))


def known_zone(zone: str) -> str:
    """`zone` when it is an IANA time zone. Refuses `unknown_zone` for anything else."""
    if zone not in _zones():
        raise Refused("unknown_zone", zone=zone)
    return zone


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def plausible(when: When) -> When:
    """`when` (a date or an instant) when calendars can count with it. Refuses `date_out_of_range` for anything else:
    a day at the very end of time has no day after it, and databases hold years that Python cannot read."""
    if not 1970 <= when.year < 2200:
        raise Refused("date_out_of_range", date=f"{when:%Y-%m-%d}")
    return when
