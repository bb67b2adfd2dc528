"""Values out of decoded JSON, taken only where they are what a column holds."""

from __future__ import annotations

from collections.abc import Container
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from parsers.money import LOSSY, amount, held
from parsers.schema import MONEY, TABLES
from parsers.times import SECOND, Moment, epoch_seconds, iso

LONGEST_NAME = 4096
_PERCENT: pa.Decimal128Type = TABLES["transcript"].field("limit_used_percent").type
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def name(value: Any) -> str | None:
    """Return an identifier, name or path; None for other values and for text longer than any of these."""
    return value if type(value) is str and len(value) <= LONGEST_NAME else None


def text(value: Any) -> str | None:
    """Return text of any length; None for other values."""
    return value if type(value) is str else None


def integer(value: Any) -> int | None:
    """Return an integer that fits 64 bits; None for other values, also true and false."""
    return value if type(value) is int and -(2**63) <= value < 2**63 else None


def flag(value: Any) -> bool | None:
    """Return true or false; None for other values."""
    return value if type(value) is bool else None


def percent(value: Any) -> Decimal | None:
    """Return a share in percent, exact or not at all."""
    if type(value) is not int and not isinstance(value, Decimal):
        return None
    return held(Decimal(value), _PERCENT)


def time_columns(value: Any) -> dict[str, Any] | None:
    """Return the time columns of ISO 8601 text or of seconds since 1970; None for anything else."""
    if type(value) is str:
        # the one form that most harnesses write, read in one step: 2026-01-31T10:00:00.000Z
        if len(value) == 24 and value[4] == value[7] == "-" and value[10] == "T" and value[19:24:4] == ".Z":
            us = _milliseconds_in_utc(value)
            if us is not None:
                return {"ts": us, "ts_precision_us": 1000}
        when = iso(value)
    else:
        when = moment(value)
    return when.columns() if when else None


def _milliseconds_in_utc(value: str) -> int | None:
    if not (value.isascii() and value[13] == value[16] == ":"):
        return None
    try:
        since = datetime.fromisoformat(value) - _EPOCH
    except ValueError:
        return None
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


def moment(value: Any) -> Moment | None:
    """Read seconds since 1970 given as a number."""
    return epoch_seconds(value) if type(value) is int or isinstance(value, Decimal) else None


def microseconds(value: Any, *, unit_us: int) -> int | None:
    """Return a duration given in units of `unit_us` microseconds, fractions cut off."""
    if type(value) is not int and not isinstance(value, Decimal):
        return None
    if isinstance(value, Decimal) and (not value.is_finite() or value.adjusted() > 18):
        return None
    return integer(int(value * unit_us))


def dollars(value: Any) -> dict[str, Any]:
    """Return the cost columns of a number of dollars, and a note where the column cannot hold it exactly."""
    if type(value) is not int and not isinstance(value, Decimal):
        return {}
    cost = amount(str(value), MONEY)
    columns = {"cost_usd": cost.value, "cost_usd_raw": cost.raw}
    return columns if cost.value is not None else columns | {"notes": [LOSSY]}


def rest(value: dict[str, Any], mapped: Container[str | None]) -> dict[str, Any]:
    """Return the keys of an object that are not mapped and not null."""
    return {key: item for key, item in value.items() if item is not None and key not in mapped}


def rest_of_counts(value: dict[str, Any], counts: Container[str]) -> dict[str, Any]:
    """Return what is left of an object when its `counts` have gone to columns; those that no column holds stay."""
    return {
        key: item
        for key, item in value.items()
        if item is not None and not (key in counts and integer(item) is not None)
    }
