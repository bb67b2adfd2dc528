"""Times from text: integers of microseconds since 1970 UTC, exact, or absent. Nothing is guessed here."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

SECOND = 1_000_000
DAY = 86_400 * SECOND
# what timestamp[us] and Python's datetime both hold: year 1 to 9999
EARLIEST = -62_135_596_800 * SECOND
LATEST = 253_402_300_799 * SECOND + 999_999

_ISO = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)"
    r"(?:[T ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,12}))?)?)?"
    r"\s?(Z|z|UTC|[+-]\d\d(?::?\d\d)?)?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(NamedTuple):
    """A printed time: `us` since 1970, in UTC if `zoned`, else in whatever zone the writer had.

    `precision_us` is the step of the last digit printed; `remainder_ns` what a nanosecond source says beyond `us`.
    """

    us: int
    zoned: bool
    precision_us: int
    remainder_ns: int = 0

    def columns(self) -> dict[str, int | None]:
        """Return the time columns of a row."""
        return {
            "ts": self.us if self.zoned else None,
            "ts_local": None if self.zoned else self.us,
            "ts_precision_us": self.precision_us,
            "ts_remainder_ns": self.remainder_ns or None,
        }


def iso(text: str) -> Moment | None:
    """Read an ISO 8601 / RFC 3339 date and time (also with a blank for T, also basic format); None if it is none.

    A leap second is kept as the last microsecond of its minute.
    """
    match = _ISO.fullmatch(text)
    if not match:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    leap = second == "60"
    try:
        day_start = datetime(int(year), int(month), int(day), tzinfo=UTC)
        base = day_start.replace(hour=int(hour or 0), minute=int(minute or 0), second=59 if leap else int(second or 0))
    except ValueError:
        return None
    us = (base - _EPOCH) // _MICROSECOND
    nanos = int((fraction or "").ljust(9, "0")[:9])
    us += 999_999 if leap else nanos // 1000
    if zone and zone not in {"Z", "z", "UTC"}:
        us -= _zone_us(zone)
    if not EARLIEST <= us <= LATEST:
        return None
    return Moment(us, bool(zone), _precision(hour, second, fraction), nanos % 1000)


def _zone_us(zone: str) -> int:
    digits = zone[1:].replace(":", "").ljust(4, "0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return (-seconds if zone[0] == "-" else seconds) * SECOND


def _precision(hour: str | None, second: str | None, fraction: str | None) -> int:
    if hour is None:
        return DAY
    if second is None:
        return 60 * SECOND
    return max(10 ** (6 - len(fraction)), 1) if fraction and len(fraction) <= 6 else (1 if fraction else SECOND)


def epoch_seconds(number: int | str | Decimal) -> Moment | None:
    """Read seconds since 1970 given as integer or decimal text; None if it is none or out of range."""
    try:
        value = Decimal(number)
    except ArithmeticError:
        return None
    # compared as it stands: arithmetic on a number of any size may overflow
    if not value.is_finite() or not -LATEST <= value <= LATEST:
        return None
    nanos = int(value * 1_000_000_000)
    us = nanos // 1000
    if not EARLIEST <= us <= LATEST:
        return None
    return Moment(us, zoned=True, precision_us=_step_of(value), remainder_ns=nanos % 1000)


def _step_of(value: Decimal) -> int:
    exponent = int(value.as_tuple().exponent)
    return SECOND if exponent >= 0 else max(10 ** max(6 + exponent, 0), 1)


def epoch_milliseconds(number: int) -> Moment | None:
    """Read whole milliseconds since 1970."""
    us = number * 1000
    return Moment(us, zoned=True, precision_us=1000) if EARLIEST <= us <= LATEST else None


def text_of(us: int) -> str:
    """Write microseconds since 1970 as `YYYY-MM-DDTHH:MM:SS.ffffffZ`."""
    return (_EPOCH + timedelta(microseconds=us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")
