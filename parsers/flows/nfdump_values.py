"""Values as nfdump prints them, in whatever layout: times, durations, ports, ICMP types, TCP flags.

Source: phaag/nfdump, src/output/output_fmt.c, output_csv.c, output_json.c.
"""

from __future__ import annotations

import re

from parsers.flows.protocols import tcp_flags
from parsers.times import Moment, epoch_milliseconds, epoch_seconds, iso

AGGREGATED = "aggregated_flows"
# how nfdump prints what a flow does not have
NOTHING = frozenset({"", "0", "0.0", "0.000", "0-0-0", "0/0", "00:00:00:00:00:00", "0.0.0.0", "::", "<none>"})  # noqa: S104

_DURATION = re.compile(r"(?:(?:([0-9]{1,6})d )?([0-9]{2}):([0-9]{2}):)?([0-9]{1,12})(?:\.([0-9]{1,6}))?")
_ICMP_PORT = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})")


def moment(text: str) -> Moment | None:
    """Read a date and time without zone, or seconds or milliseconds since 1970."""
    if text.isascii() and text.isdigit():
        return epoch_milliseconds(int(text)) if len(text) <= 16 else None
    whole, point, rest = text.partition(".")
    if point and whole.isdigit() and rest.isdigit():
        return epoch_seconds(text)
    return iso(text)


def duration(text: str) -> int | None:
    """Read a time span in microseconds: seconds, or `1d 02:03:04.567`."""
    found = _DURATION.fullmatch(text)
    if not found:
        return None
    days, hours, minutes, seconds, fraction = found.groups()
    whole = ((int(days or 0) * 24 + int(hours or 0)) * 60 + int(minutes or 0)) * 60 + int(seconds)
    return whole * 1_000_000 + int((fraction or "").ljust(6, "0"))


def _number_upto(text: str, most: int) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= most else None


def port(text: str) -> int | None:
    """Read a port."""
    return _number_upto(text, 65_535)


def octet(text: str) -> int | None:
    """Read a number of one byte."""
    return _number_upto(text, 255)


def icmp(text: str) -> tuple[int | None, int | None]:
    """Read `type.code`, or type * 256 + code in one number, of which 0 is also how nothing is printed."""
    found = _ICMP_PORT.fullmatch(text)
    if found:
        return octet(found[1]), octet(found[2])
    number = _number_upto(text, 65_535)
    return (number >> 8, number & 255) if number else (None, None)


def flag_bits(text: str) -> int | None:
    """Read TCP flags as letters, a number, or hexadecimal."""
    if text.lower().startswith("0x"):
        return int(text, 16) & 255 if re.fullmatch(r"0[xX][0-9a-fA-F]{1,4}", text) else None
    return tcp_flags(text) if len(text) <= 8 and not text.isdigit() else octet(text)
