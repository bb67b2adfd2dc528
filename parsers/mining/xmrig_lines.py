r"""What a line of XMRig's says, whichever log carried it: shares, hash rates, pools, jobs, banner lines.

Source of the format: xmrig/xmrig src/base/io/log/Log.cpp (`[YYYY-MM-DD HH:MM:SS.mmm]`, local time without zone; colours
where a terminal was captured), src/net/Network.cpp (accepted, rejected, new job), src/base/net/stratum (use pool),
src/core/Miner.cpp (speed), src/Summary.cpp (banner lines ` * ABOUT ...`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from parsers import ip, times
from parsers.jsontext import compact
from parsers.mining.endpoints import Endpoint, endpoint, is_name
from parsers.money import held
from parsers.schema import COIN, WORK
from parsers.text import decoded

ROUNDED = "difficulty_rounded"
TOO_BIG = "difficulty_too_big"

_COLOUR = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
_STAMP = re.compile(r"\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?)\] ?(.*)", re.DOTALL | re.ASCII)
_TAGGED = re.compile(r"(?:([a-z][a-z0-9_-]{1,11}) +)?(.*)", re.DOTALL | re.ASCII)
_BANNER = re.compile(r" *\* ([A-Z][A-Z0-9 #/-]{1,18}?)  +(.*)", re.DOTALL | re.ASCII)
_SHARE = re.compile(
    r"(accepted|rejected) \((\d{1,18})/(\d{1,18})(?:\+\d+)?\) diff (\d{1,30}(?:\.\d+)?)([KMGTP]?)"
    r'(?: "(.*)")?(?: \((\d{1,9}) ms\))?',
    re.DOTALL | re.ASCII,
)
_SPEED = re.compile(
    r"speed ((?:[\d.]+[smh]/)*[\d.]+[smh]) ((?:(?:[\d.]+|n/a) )+)([kKMGT]?)H/s"
    r"(?: max ([\d.]+|n/a)(?: ([kKMGT]?)H/s)?)?",
    re.ASCII,
)
_JOB = re.compile(
    r"new job from (\S+) diff (\d{1,30}(?:\.\d+)?)([KMGTP]?)(?: algo (\S+))?(?: height (\d{1,18}))?(?: .*)?"
)
_USE = re.compile(r"use (?:pool|daemon) (\S+)(?: +(TLS\S+))?(?: +(\S+))? *")
_TROUBLE = re.compile(r"\[?([^\s\[\]]+:\d{1,5})\]? ((?:[a-z]+ )*error\b.*)", re.DOTALL | re.ASCII)
_NUMBER = re.compile(r"\d{1,24}(?:\.\d{1,18})?", re.ASCII)
_TABLE = re.compile(r"\|.*\||-{3,}|=+")
_VERSION = re.compile(r"XMRig(?:-[A-Za-z]+)?/\d")

_SCALE = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}
_WINDOW = {"s": 1, "m": 60, "h": 3600}
_BANNER_KINDS = {"ABOUT": "miner_version", "VERSIONS": "miner_version", "DONATE": "donate_level"}

_COUNTED = ("accepted (", "rejected (", "speed ")
_WHOLE_ENDS = (" ms)", "H/s")

Made = tuple[str, dict[str, Any]]
Maker = Callable[[re.Match[str], str | None], list[Made]]


class MinerLine(NamedTuple):
    """One line as read: the time in front of it, if there is one, and its rows (table, columns)."""

    when: times.Moment | None
    rows: list[Made]

    @property
    def counts(self) -> bool:
        """Tell whether there is a number in it that could be cut."""
        tables = {"mining_share", "usage_metric"}
        return any(table in tables or row.get("name") == "new job" for table, row in self.rows)


def read_line(text: str) -> MinerLine | None:
    """Read a line; None if it is not one that XMRig writes."""
    stamp = _STAMP.fullmatch(text)
    when = times.iso(stamp[1]) if stamp else None
    rows = _rows(stamp[2] if stamp else text, stamped=bool(stamp))
    return None if rows is None or (stamp and not when) else MinerLine(when, rows)


def _rows(text: str, *, stamped: bool) -> list[Made] | None:
    banner = _BANNER.fullmatch(text)
    if banner:
        return _banner(banner[1], banner[2])
    tag, message = _parted(text)
    found, make = _message(message)
    if found and make:
        return make(found, tag)
    if message.startswith(_COUNTED):
        return None
    if not stamped:
        return [] if _TABLE.fullmatch(text) else None
    return [("artefact", {"kind": "miner_message", "name": tag, "value": message})]


def is_shaped(text: str) -> bool:
    """Tell whether a line looks like XMRig's: a time in brackets, or a banner."""
    return bool(_STAMP.fullmatch(text) or _BANNER.fullmatch(text))


def is_whole(text: str) -> bool:
    """Tell whether a line with numbers ends as they do."""
    return text.endswith(_WHOLE_ENDS)


def plain(line: bytes) -> tuple[str, bool]:
    """Return a line without colours and carriage return, and whether all its bytes were text."""
    return decoded(_COLOUR.sub(b"", line).removesuffix(b"\r"))


def _parted(text: str) -> tuple[str | None, str]:
    """Part the tag (net, cpu, miner) from the message; old versions wrote none."""
    text = text.lstrip(" ")
    if text.startswith(_COUNTED) or _message(text)[0]:
        return None, text
    found = _TAGGED.fullmatch(text)
    return (found[1], found[2]) if found else (None, text)


def _message(text: str) -> tuple[re.Match[str] | None, Maker | None]:
    for shape, make in _MESSAGES:
        found = shape.fullmatch(text)
        if found:
            return found, make
    return None, None


def is_telling(text: str) -> bool:
    """Tell whether nothing but XMRig writes such a line: shares, speeds and jobs with a time, its name in a banner."""
    stamp = _STAMP.fullmatch(text)
    rest = stamp[2] if stamp else text
    banner = _BANNER.fullmatch(rest)
    if banner:
        return banner[1] in {"ABOUT", "VERSIONS"} and bool(_VERSION.match(banner[2]))
    return bool(stamp) and _message(_parted(rest)[1])[1] in {_share, _speed, _job}


def _banner(name: str, value: str) -> list[Made]:
    row: dict[str, Any] = {"kind": _BANNER_KINDS.get(name, "miner_banner"), "name": name, "value": value}
    if name.startswith("POOL #"):
        found, _, rest = value.partition(" ")
        return _pool_rows(name, endpoint(found), found, extra={"text": rest or None})
    if name == "HTTP API":
        found_listener = endpoint(value.partition(" ")[0])
        if found_listener:
            row |= {"kind": "listener", "host": found_listener.host, "port": found_listener.port}
    return [("artefact", row)]


def _share(found: re.Match[str], tag: str | None) -> list[Made]:
    verdict, accepted, rejected, difficulty, suffix, reason, elapsed = found.groups()
    value, notes = _difficulty(difficulty, suffix)
    extra = {
        "backend": tag,
        "difficulty": None if value is not None and not suffix else difficulty + suffix,
        "elapsed_ms": int(elapsed) if elapsed else None,
    }
    row = {
        "difficulty": value,
        "count": 1,
        "accepted": verdict == "accepted",
        "reason": reason,
        "total_accepted": int(accepted),
        "total_rejected": int(rejected),
        "notes": notes,
        "extra": _json(extra),
    }
    return [("mining_share", row)]


def _difficulty(digits: str, suffix: str) -> tuple[Decimal | None, list[str]]:
    value = held(Decimal(digits) * _SCALE[suffix], WORK)
    notes = [ROUNDED] if suffix else []
    return value, [*notes, TOO_BIG] if value is None else notes


def _speed(found: re.Match[str], tag: str | None) -> list[Made]:  # noqa: ARG001
    windows, values, suffix, most, most_suffix = found.groups()
    names, numbers = windows.split("/"), values.split()
    if len(names) != len(numbers):
        return [("artefact", {"kind": "miner_message", "name": "speed", "value": found[0]})]
    highest = _rate(most, suffix if most_suffix is None else most_suffix)[0] if most else None
    rows: list[Made] = []
    for window, number in zip(names, numbers, strict=True):
        value, raw = _rate(number, suffix)
        if raw is None:
            continue
        seconds = Decimal(window[:-1]) * _WINDOW[window[-1]]
        whole = seconds == int(seconds)
        row = {
            "metric": "hash_rate",
            "value": value,
            "value_raw": raw,
            "unit": "H/s",
            "window_s": int(seconds) if whole else None,
            "extra": _json({"window": None if whole else window, "highest": highest}),
        }
        rows.append(("usage_metric", row))
    return rows


def _rate(number: str, suffix: str) -> tuple[Decimal | None, str | None]:
    """Return hashes per second, exact, and the text they were read from; (None, None) for n/a."""
    if not _NUMBER.fullmatch(number):
        return None, None
    value = held(Decimal(number) * _SCALE[suffix], COIN)
    return value, f"{number} {suffix}H/s" if suffix else number


def _job(found: re.Match[str], tag: str | None) -> list[Made]:  # noqa: ARG001
    place, difficulty, suffix, algorithm, height = found.groups()
    value, notes = _difficulty(difficulty, suffix)
    exact = value is not None and not suffix and value == int(value)
    extra = {
        "difficulty": int(value) if exact and value is not None else difficulty + suffix,
        "algorithm": algorithm,
        "height": int(height) if height else None,
    }
    return _pool_rows("new job", endpoint(place), place, notes=notes, extra=extra)


def _use(found: re.Match[str], tag: str | None) -> list[Made]:  # noqa: ARG001
    place, tls, address = found.groups()
    pool = endpoint(place)
    known = ip.canonical(address) if address else None
    extra = {"tls": tls, "address": None if known else address}
    rows = _pool_rows("use pool", pool, place, tls=bool(tls) or None, extra=extra)
    if pool and known and is_name(pool.host):
        rows.append(("name_lookup", {"kind": "log", "name": pool.host, "address": known, "port": pool.port}))
    return rows


def _trouble(found: re.Match[str], tag: str | None) -> list[Made]:  # noqa: ARG001
    return _pool_rows("error", endpoint(found[1]), found[1], extra={"text": found[2]})


def _pool_rows(
    name: str,
    pool: Endpoint | None,
    text: str,
    *,
    tls: bool | None = None,
    notes: list[str] | None = None,
    extra: dict[str, Any] | None = None,
) -> list[Made]:
    row: dict[str, Any] = {"kind": "pool", "name": name, "value": pool.text if pool else text, "tls": tls}
    row |= {"notes": notes or [], "extra": _json(extra or {})}
    if pool:
        row |= {"host": pool.host, "port": pool.port, "tls": tls or pool.tls}
    return [("artefact", row)]


def _json(values: dict[str, Any]) -> str | None:
    kept = {name: value for name, value in values.items() if value is not None}
    return compact(kept) if kept else None


_MESSAGES: tuple[tuple[re.Pattern[str], Maker], ...] = (
    (_SHARE, _share),
    (_SPEED, _speed),
    (_JOB, _job),
    (_USE, _use),
    (_TROUBLE, _trouble),
)
