"""Days and instants: a street date is a day on a calendar, an embargo is one instant."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import end_of_day, known_zone, start_of_day, start_of_day_in
from core.errors import Refused

HOUR = timedelta(hours=1)


def test_one_midnight_is_nineteen_hours_apart_between_auckland_and_los_angeles():
    day = date(2026, 7, 17)

    auckland, los_angeles = start_of_day(day, "Pacific/Auckland"), start_of_day(day, "America/Los_Angeles")

    assert los_angeles - auckland == 19 * HOUR
    assert auckland == datetime(2026, 7, 16, 12, tzinfo=UTC)


def test_a_country_counts_its_days_in_the_zone_of_its_trade():
    day = date(2026, 11, 27)

    assert start_of_day_in(day, "CN") == datetime(2026, 11, 26, 16, tzinfo=UTC)
    assert start_of_day_in(day, "US") == datetime(2026, 11, 27, 5, tzinfo=UTC)
    assert start_of_day_in(day, "NZ") == datetime(2026, 11, 26, 11, tzinfo=UTC)
    assert start_of_day_in(day, "DE") == datetime(2026, 11, 26, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "zone", "length"),
    [
        (date(2026, 3, 29), "Europe/Berlin", 23 * HOUR),
        (date(2026, 10, 25), "Europe/Berlin", 25 * HOUR),
        (date(2026, 3, 8), "America/New_York", 23 * HOUR),
        (date(2026, 10, 4), "Australia/Lord_Howe", 23.5 * HOUR),
        (date(2026, 11, 22), "Asia/Shanghai", 24 * HOUR),
    ],
)
def test_a_day_is_as_long_as_its_clock_says(day, zone, length):
    assert end_of_day(day, zone) - start_of_day(day, zone) == length


def test_a_day_whose_midnight_does_not_exist_begins_at_its_first_instant():
    """In Santiago the clock goes from 23:59:59 of Saturday to 01:00:00 of Sunday."""
    begins = start_of_day(date(2026, 9, 6), "America/Santiago")

    assert begins == datetime(2026, 9, 6, 4, tzinfo=UTC)
    assert begins == end_of_day(date(2026, 9, 5), "America/Santiago")


@given(
    st.dates(date(1990, 1, 1), date(2037, 12, 31)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Pacific/Apia", "Africa/Cairo", "Asia/Kathmandu"]),
)
def test_days_follow_each_other_without_gap_or_overlap(day, zone):
    assert end_of_day(day, zone) == start_of_day(day + timedelta(days=1), zone)
    assert start_of_day(day, zone) < end_of_day(day, zone) or (day, zone) == (date(2011, 12, 30), "Pacific/Apia")


def test_a_zone_is_known_by_its_name_and_nothing_else():
    assert known_zone("Asia/Shanghai") == "Asia/Shanghai"
    for wrong in ("Asia/Nowhere", "", "../../etc/passwd", "+08:00", "CST6CDT\x00"):
        with pytest.raises(Refused) as refused:
            known_zone(wrong)
        assert refused.value.code == "unknown_zone"
