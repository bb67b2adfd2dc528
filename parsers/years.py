"""Printed times with month and day but no year, as one number.

They count from the start of a leap year, so that 29 February has a place, and every turn of the year adds 366 days: the
first line of a source stands in year 0, and each other in the year that brings it nearest to the line before it. So
from December to January is one year on, and a line that comes late, from January back to December, one year back.
Which year it was is not told here: rows carry the note `year_unknown`.
"""

from __future__ import annotations

from itertools import accumulate

from parsers import times

YEAR_UNKNOWN = "year_unknown"
DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
YEAR = sum(DAYS) * times.DAY

_BEFORE = (0, *accumulate(DAYS))


def day_of_year(month: int, day: int) -> int | None:
    """Return the number of a day from 0, 29 February counted; None where there is no such day."""
    if not 1 <= month <= len(DAYS) or not 1 <= day <= DAYS[month - 1]:
        return None
    return _BEFORE[month - 1] + day - 1


class Turns:
    """One pass over a source in file order."""

    def __init__(self) -> None:
        self._before: int | None = None

    def placed(self, us: int) -> int:
        """Return a time of the year, in microseconds, with the turns of the year up to it."""
        if self._before is not None:
            us += (self._before - us + YEAR // 2) // YEAR * YEAR
        self._before = us
        return us
