"""The beginning of a syslog line: when, which host, which program.

Source of the format: RFC 3164 (`Mar 11 00:00:00 host tag[pid]: text`, no year, no zone), the same with an RFC 3339 time
as rsyslog and journalctl -o short-iso write it, RFC 5424 (`<pri>1 time host app procid msgid data text`), busybox
sysklogd/syslogd.c (facility.level before the tag).
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from parsers import times
from parsers.years import Turns, day_of_year

_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_OLD = re.compile(
    r"(?:<\d{1,3}>)?([A-Z][a-z]{2}) ([ \d]\d|\d) ([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(\.\d{1,6})?(?:: | )(.*)",
    re.DOTALL | re.ASCII,
)
_ISO = re.compile(r"(?:<\d{1,3}>)?(\d{4}-\d\d-\d\d[T ]\S{8,40}) (.*)", re.DOTALL | re.ASCII)
_NEW = re.compile(
    r'<\d{1,3}>[1-9]\d? (\S+) (\S+) (\S+) (\S+) \S+ (?:-|(?:\[[^\]"]*(?:"(?:[^"\\]|\\.)*"[^\]"]*)*\])+)(?: (.*)|)',
    re.DOTALL | re.ASCII,
)
_HOST = re.compile(r"([^\s:]+|[0-9A-Fa-f:.]+) (.*)", re.DOTALL)
_LEVEL = re.compile(r"[a-z]+[0-7]?\.(?:emerg|alert|crit|err|warn|notice|info|debug|panic|error|warning) ")
_TAG = re.compile(r"([^\s\[\]:]{1,128})(?:\[(\d{1,10})\])?:(?: (.*)|)", re.DOTALL | re.ASCII)
_PID = re.compile(r"\d{1,10}", re.ASCII)
_NIL = "-"


class Header(NamedTuple):
    """What a line says before its message. `when` holds the time columns, `date` month and day without a year.

    Where there is a `date`, `time_of_day_us` counts from the start of a leap year.
    """

    when: dict[str, Any]
    date: str | None
    host: str | None
    program: str | None
    pid: int | None
    message: str


def header_of(text: str) -> Header | None:
    """Read the beginning of a line; None if it does not begin as syslog lines do."""
    if found := _NEW.fullmatch(text):
        return _new(found)
    if found := _OLD.fullmatch(text):
        month, day = _MONTHS.get(found[1], 0), int(found[2])
        number = day_of_year(month, day)
        return None if number is None else _tagged(_time_of_year(found, number), f"{month:02d}-{day:02d}", found[7])
    if found := _ISO.fullmatch(text):
        when = times.iso(found[1])
        return _tagged(dict(when.columns()), None, found[2]) if when else None
    return None


def turned(header: Header | None, turns: Turns) -> Header | None:
    """Return the header with the turns of the year that its source had seen by then."""
    if header is None or header.date is None:
        return header
    return header._replace(when=header.when | {"time_of_day_us": turns.placed(header.when["time_of_day_us"])})


def _new(found: re.Match[str]) -> Header | None:
    stamp, host, program, pid, message = found.groups()
    when = times.iso(stamp)
    if when is None and stamp != _NIL:
        return None
    return Header(
        dict(when.columns()) if when else {},
        None,
        None if host == _NIL else host,
        None if program == _NIL else program,
        int(pid) if _PID.fullmatch(pid) else None,
        (message or "").removeprefix("\ufeff"),
    )


def _time_of_year(found: re.Match[str], day: int) -> dict[str, Any]:
    hour, minute, second, fraction = found[3], found[4], found[5], found[6] or ""
    whole = (int(hour) * 60 + int(minute)) * 60 + min(int(second), 59)
    us = 999_999 if second == "60" else int(fraction[1:].ljust(6, "0"))
    step = 10 ** (7 - len(fraction)) if fraction else times.SECOND
    return {"time_of_day_us": day * times.DAY + whole * times.SECOND + us, "ts_precision_us": step}


def _tagged(when: dict[str, Any], date: str | None, rest: str) -> Header:
    tag = _TAG.fullmatch(rest)
    host = None if tag else _HOST.fullmatch(rest)
    if host:
        rest = host[2]
        level = _LEVEL.match(rest)
        rest = rest[level.end() :] if level else rest
        tag = _TAG.fullmatch(rest)
    pid = int(tag[2]) if tag and tag[2] else None
    return Header(when, date, host[1] if host else None, tag[1] if tag else None, pid, (tag[3] or "") if tag else rest)
