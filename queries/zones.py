"""Offsets of a named time zone over what its clocks show, from the IANA database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

FIRST, LAST = -(1 << 63), (1 << 63) - 1
_YEARS = (1990, 2040)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What the clocks show from `from_us` up to `until_us` is `offset_us` ahead of UTC; microseconds since 1970.

    `later_us` is how much later it may be: the hour that is shown twice when clocks are set back.
    """

    from_us: int
    until_us: int
    offset_us: int
    later_us: int = 0


@cache
def offsets_of(zone: str) -> tuple[Stretch, ...] | None:
    """Return the stretches of a zone by its IANA name, in order and without a gap; None for a name that is unknown."""
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    found: list[Stretch] = []
    from_us, before = FIRST, _offset(place, datetime(_YEARS[0], 1, 1, tzinfo=UTC))
    for change, after in _changes(place):
        if after < before:
            found += [
                Stretch(from_us, change + after, before),
                Stretch(change + after, change + before, before, before - after),
            ]
        else:
            found.append(Stretch(from_us, change + after, before))
        from_us, before = found[-1].until_us, after
    return (*found, Stretch(from_us, LAST, before))


def _changes(place: ZoneInfo) -> list[tuple[int, int]]:
    """Return when the offset changes (UTC microseconds, to the minute) and to what."""
    found = []
    day = datetime(_YEARS[0], 1, 1, tzinfo=UTC)
    while day.year < _YEARS[1]:
        next_day = day + timedelta(days=1)
        if _offset(place, next_day) != _offset(place, day):
            low, high = day, next_day
            while high - low > timedelta(minutes=1):
                half = (low + (high - low) / 2).replace(second=0, microsecond=0)
                low, high = (half, high) if _offset(place, half) == _offset(place, day) else (low, half)
            found.append((int(high.timestamp()) * 1_000_000, _offset(place, next_day)))
        day = next_day
    return found


def _offset(place: ZoneInfo, moment: datetime) -> int:
    span = moment.astimezone(place).utcoffset()
    return 0 if span is None else span // timedelta(microseconds=1)
