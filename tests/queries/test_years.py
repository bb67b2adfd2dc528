"""Times that print no year against Python's calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.years import DAY_US, YEAR_US, ahead_us, calendar, is_leap, nearest_year, year_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
HOUR_US = 3_600_000_000
MOMENTS = st.datetimes(datetime(2, 1, 2), datetime(9998, 12, 30)).map(lambda time: time.replace(tzinfo=UTC))  # noqa: DTZ001


def printed(time: datetime) -> int:
    """Return what a source shows that counts from the start of a leap year."""
    leap = time.replace(year=2024)
    return (leap - datetime(2024, 1, 1, tzinfo=UTC)) // MICROSECOND


@given(MOMENTS, st.integers(-2, 2))
def test_a_year_makes_a_date_of_what_was_printed(time: datetime, turn: int) -> None:
    us = printed(time) + turn * YEAR_US
    ahead = ahead_us(time.year - turn, us)
    assert ahead is not None
    assert us - ahead == (time - EPOCH) // MICROSECOND
    assert year_of(us - ahead) == time.year


@given(MOMENTS, st.integers(-12 * HOUR_US, 14 * HOUR_US), st.integers(-2, 2))
def test_the_year_is_found_again_whatever_the_zone(time: datetime, zone: int, turn: int) -> None:
    us = printed(time) + turn * YEAR_US
    assert nearest_year(us, us - ((time - EPOCH) // MICROSECOND - zone)) == time.year - turn


@pytest.mark.parametrize("year", [1900, 2000, 2023, 2024, 2100])
def test_a_29_february_is_of_leap_years_only(year: int) -> None:
    day = 59 * DAY_US
    assert (ahead_us(year, day) is None) == (not is_leap(year))
    assert ahead_us(year, day - 1) is not None
    assert ahead_us(year, day + DAY_US) is not None


def test_no_year_is_near_a_29_february_among_years_that_have_none() -> None:
    moment = (datetime(2022, 3, 1, tzinfo=UTC) - EPOCH) // MICROSECOND
    assert nearest_year(59 * DAY_US, 59 * DAY_US - moment) is None


def test_a_calendar_goes_over_the_turns_of_the_year() -> None:
    found = calendar(2023, 300 * DAY_US, YEAR_US)
    assert [(part.from_us // DAY_US, part.until_us // DAY_US) for part in found] == [(0, 59), (60, 366), (366, 732)]
