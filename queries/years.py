"""Times that print no year, counted from the start of a leap year, and what they are once a year is given."""

from __future__ import annotations

from queries.zones import Stretch

DAY_US = 86_400_000_000
YEAR_US = 366 * DAY_US
_LEAP_DAY = 59  # days before 29 February
_MEAN_YEAR = 146_097  # days in 400 years
_EPOCH_DAY = 719_162  # days from 0001-01-01 to 1970-01-01


def calendar(year: int, first_us: int, last_us: int) -> tuple[Stretch, ...]:
    """Return how far times from `first_us` to `last_us` are ahead of the calendar's, if time 0 begins `year`.

    The calendar counts microseconds since 1970. In a year that is no leap year 29 February belongs to no stretch, and
    what lies behind it is a day less.
    """
    found: list[Stretch] = []
    for turn in range(first_us // YEAR_US, last_us // YEAR_US + 1):
        begin, end = turn * YEAR_US, (turn + 1) * YEAR_US
        ahead = begin - _begin_us(year + turn)
        if is_leap(year + turn):
            found.append(Stretch(begin, end, ahead))
        else:
            leap = begin + _LEAP_DAY * DAY_US
            found += [Stretch(begin, leap, ahead), Stretch(leap + DAY_US, end, ahead + DAY_US)]
    return tuple(found)


def ahead_us(year: int, us: int) -> int | None:
    """Return how far a time is ahead of the calendar's; None on a day that its year does not have."""
    return next((part.offset_us for part in calendar(year, us, us) if part.from_us <= us < part.until_us), None)


def nearest_year(us: int, ahead: int) -> int | None:
    """Return the year at time 0 with which a time, `ahead` of UTC, is next to its calendar's; None for 29 February."""
    about = year_of(us - ahead) - us // YEAR_US
    found = [
        (abs(own - ahead), year) for year in range(about - 1, about + 2) if (own := ahead_us(year, us)) is not None
    ]
    apart, year = min(found, default=(YEAR_US, None))
    return year if apart <= YEAR_US // 2 else None


def year_of(us: int) -> int:
    """Return the year of microseconds since 1970."""
    about = (us // DAY_US + _EPOCH_DAY) * 400 // _MEAN_YEAR + 1
    return next(year for year in (about + 1, about, about - 1) if _begin_us(year) <= us)


def is_leap(year: int) -> bool:
    """Tell whether a year has 29 February."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _begin_us(year: int) -> int:
    past = year - 1
    return (past * 365 + past // 4 - past // 100 + past // 400 - _EPOCH_DAY) * DAY_US
