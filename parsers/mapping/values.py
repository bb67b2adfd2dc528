"""Text to values of a column, as a mapping says: one reader for CSV fields and for what stands in JSON."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa

from parsers.csvcells import exact
from parsers.money import LOSSY, scaled
from parsers.times import DAY, EARLIEST, LATEST, SECOND, Moment, epoch_milliseconds, epoch_seconds, iso

NO_NUMBER = "amount_is_no_number"
UNREADABLE = "value_unreadable"
NO_TIME = "time_unreadable"
ZONE_FROM_MAPPING = "zone_from_mapping"
AMBIGUOUS = "local_time_ambiguous"
NEVER_WAS = "local_time_never_was"
NO_ZONE = "zone_unknown"
SCALED = "scaled_by_mapping"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DIGITS = re.compile(r"-?[0-9]{1,20}")
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class Clock(NamedTuple):
    """How times are written: `format` is iso, epoch_s, epoch_ms or a strptime pattern; `zone` where they say none."""

    format: str = "iso"
    zone: ZoneInfo | None = None


class Value(NamedTuple):
    """What a text was read as; `note` says what a reader of the value should know, None where nothing."""

    value: Any
    note: str | None = None


class Instant(NamedTuple):
    """A time as read: `us` in UTC or `local_us` in an unknown zone, or neither."""

    us: int | None = None
    local_us: int | None = None
    precision_us: int | None = None
    remainder_ns: int | None = None
    note: str | None = None


def reader(
    kind: pa.DataType, decimal_mark: str = ".", clock: Clock | None = None, scale: int = 0
) -> Callable[[str], Value] | None:
    """Return what reads text into values of a column's type, None for a type that text cannot fill (lists).

    Numbers with places are taken times ten to the `scale`: -12 where a column counts piconero.
    """
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return Value
    if pa.types.is_boolean(kind):
        return _truth
    if pa.types.is_integer(kind):
        return partial(_integer, kind)
    if pa.types.is_decimal(kind):
        return partial(_decimal, kind, decimal_mark, scale)
    if pa.types.is_timestamp(kind):
        return partial(_timestamp, clock or Clock())
    return None


def _truth(text: str) -> Value:
    value = _TRUTH.get(text.casefold())
    return Value(value, UNREADABLE if value is None else None)


def _integer(kind: pa.DataType, text: str) -> Value:
    number = int(text) if _DIGITS.fullmatch(text) else None
    signed = pa.types.is_signed_integer(kind)
    low, high = (
        (-(1 << kind.bit_width - 1), (1 << kind.bit_width - 1) - 1) if signed else (0, (1 << kind.bit_width) - 1)
    )
    return Value(number) if number is not None and low <= number <= high else Value(None, UNREADABLE)


def _decimal(kind: pa.Decimal128Type, mark: str, scale: int, text: str) -> Value:
    plain = text if mark == "." else text.translate({ord(mark): ".", ord("."): "?"})
    value, number = exact(plain, kind)
    if scale:
        value = scaled(plain, scale, kind).value
    if value is not None:
        return Value(value, SCALED if scale else None)
    return Value(None, LOSSY if number else NO_NUMBER)


def _timestamp(clock: Clock, text: str) -> Value:
    found = instant(clock, text)
    return Value(found.us, found.note if found.us is not None or found.local_us is None else found.note or NO_ZONE)


def instant(clock: Clock, text: str) -> Instant:
    """Read a time; one without zone is put into the clock's zone if that makes one instant of it."""
    moment = _moment(clock.format, text)
    if moment is None:
        return Instant(note=NO_TIME)
    remainder = moment.remainder_ns or None
    if moment.zoned:
        return Instant(moment.us, None, moment.precision_us, remainder)
    if clock.zone is None:
        return Instant(None, moment.us, moment.precision_us, remainder)
    us, note = in_zone(moment.us, clock.zone)
    return Instant(us, moment.us if us is None else None, moment.precision_us, remainder, note)


def in_zone(local_us: int, zone: ZoneInfo) -> tuple[int | None, str]:
    """Return when a zone's clocks show a time, and what to note; None where they never do, or twice."""
    if not EARLIEST + 2 * DAY <= local_us <= LATEST - 2 * DAY:
        return None, NO_TIME
    local = (_EPOCH + local_us * _MICROSECOND).replace(tzinfo=None)
    instants = set()
    for fold in (0, 1):
        utc = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if utc.astimezone(zone).replace(tzinfo=None) == local:
            instants.add((utc - _EPOCH) // _MICROSECOND)
    if len(instants) == 1:
        return instants.pop(), ZONE_FROM_MAPPING
    return None, AMBIGUOUS if instants else NEVER_WAS


def _moment(written: str, text: str) -> Moment | None:
    if written == "iso":
        return iso(text)
    if written == "epoch_s":
        return epoch_seconds(text)
    if written == "epoch_ms":
        return epoch_milliseconds(int(text)) if _DIGITS.fullmatch(text) else None
    return _by_pattern(written, text)


def _by_pattern(pattern: str, text: str) -> Moment | None:
    try:
        found = datetime.strptime(text, pattern)  # noqa: DTZ007 (a pattern without zone is a time without zone)
    except ValueError:
        return None
    zoned = found.tzinfo is not None
    us = ((found if zoned else found.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND
    if not EARLIEST <= us <= LATEST:
        return None
    return Moment(us, zoned, _precision(pattern))


def _precision(pattern: str) -> int:
    for directive, step in (
        ("%f", 1),
        ("%S", SECOND),
        ("%M", 60 * SECOND),
        ("%H", 3600 * SECOND),
        ("%I", 3600 * SECOND),
    ):
        if directive in pattern:
            return step
    return DAY


def pattern_fault(pattern: str) -> str | None:
    """Say why a strptime pattern cannot be used, None if it can: a date that is not printed would be guessed."""
    if "%" not in pattern:
        return "is neither iso, epoch_s, epoch_ms nor a strptime pattern"
    directives = set(re.findall(r"%(.)", pattern.replace("%%", "")))
    unknown = directives - set("YymbBdjHIpMSfzaA")
    if unknown:
        return f"has %{min(unknown)}, which is not supported"
    if not directives & set("Yy") or not (directives & {"j"} or (directives & set("mbB") and directives & {"d"})):
        return "prints no whole date"
    return None
