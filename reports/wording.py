"""Numbers, times and durations in the words and digits of the page. Pure text; rounding is fixed and said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from reports.model import When

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def moment(us: int) -> str:
    """Write microseconds since 1970 as `2026-03-02 14:03:11.204`, UTC, without trailing zeros of the fraction."""
    at = _EPOCH + timedelta(microseconds=us)
    text = f"{at.year:04d}-{at.month:02d}-{at.day:02d} {at.hour:02d}:{at.minute:02d}:{at.second:02d}"
    return f"{text}.{at.microsecond:06d}".rstrip("0") if at.microsecond else text


def when(time: When) -> str:
    """Write the best estimate, else the bounds, else that the time is not known."""
    if time.us is not None:
        return moment(time.us)
    if time.earliest_us is not None and time.latest_us is not None:
        return f"between {moment(time.earliest_us)} and {moment(time.latest_us)}"
    if time.earliest_us is not None:
        return f"not before {moment(time.earliest_us)}"
    if time.latest_us is not None:
        return f"not after {moment(time.latest_us)}"
    return "time not known"


def bounds(time: When) -> str:
    """Write the bounds of a known time where they lie apart by more than a second; else nothing."""
    if time.us is None or time.earliest_us is None or time.latest_us is None:
        return ""
    if time.latest_us - time.earliest_us <= 1_000_000:
        return ""
    return period(time.earliest_us, time.latest_us)


def period(from_us: int | None, to_us: int | None) -> str:
    """Write a stretch of time, the date once if it is the same; an end that is not known says so."""
    if from_us is None and to_us is None:
        return "time not known"
    begin = "start not known" if from_us is None else moment(from_us)
    end = "end not known" if to_us is None else moment(to_us)
    day = begin[:11]
    return f"{begin} to {end.removeprefix(day)}"


def percent(share: float) -> str:
    """Write a share with at most one decimal, half to even; never 0 or 100 for what is neither."""
    rounded = (Decimal(repr(share)) * 100).quantize(Decimal("0.1"), ROUND_HALF_EVEN)
    if rounded == 0 and share > 0:
        return "< 0.1 %"
    if rounded == 100 and share < 1:
        return "> 99.9 %"
    return f"{str(rounded).removesuffix('.0')} %"


def duration(seconds: float) -> str:
    """Write seconds in days, hours, minutes and seconds, to the millisecond; units of zero are left out."""
    rest = abs(round(seconds * 1000))
    parts: list[str] = []
    for size, unit in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        count, rest = divmod(rest, size * 1000)
        if count:
            parts.append(f"{count} {unit}")
    if rest or not parts:
        parts.append(f"{rest / 1000:.3f}".rstrip("0").rstrip(".") + " s")
    return ("-" if seconds < 0 else "") + " ".join(parts)


def window(at_least: float | None, at_most: float | None) -> str:
    """Write a duration that is known as bounds."""
    if at_least is None and at_most is None:
        return "not in evidence"
    if at_least is None:
        return f"at most {duration(at_most or 0)}"
    if at_most is None:
        return f"at least {duration(at_least)}"
    short, long = duration(at_least), duration(at_most)
    return short if short == long else f"{short} to {long}"


def amount(value: str) -> str:
    """Group the whole digits of a decimal string; no digit is rounded away."""
    sign = "-" if value.startswith("-") else ""
    whole, point, fraction = value.removeprefix("-").partition(".")
    return f"{sign}{int(whole):,}{point}{fraction}"


def count(number: int) -> str:
    """Write an integer with grouped digits."""
    return f"{number:,}"


def compact(value: float) -> str:
    """Write a chart's number in three digits and a metric prefix."""
    magnitude = abs(value)
    for limit, divisor, suffix in ((1e12, 1e12, " T"), (1e9, 1e9, " G"), (1e6, 1e6, " M"), (1e4, 1e3, " k")):
        if magnitude >= limit:
            return f"{value / divisor:.3g}{suffix}"
    return f"{value:.3g}" if magnitude < 1000 else f"{value:,.0f}"
