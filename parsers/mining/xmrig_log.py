r"""XMRig's log, from its log file or from a captured terminal.

Source of the format: xmrig/xmrig src/base/io/log/Log.cpp (`[YYYY-MM-DD HH:MM:SS.mmm]`, local time without zone; colours
where a terminal was captured), src/net/Network.cpp (accepted, rejected, new job), src/base/net/stratum (use pool),
src/core/Miner.cpp (speed), src/Summary.cpp (banner lines ` * ABOUT ...`).

One record is one line. accepted/rejected give a `mining_share` of count 1, speed one `usage_metric` for each window,
pools and all other messages an `artefact`, and where a pool's name and address stand together a `name_lookup`. The
counters N/M restart with the miner. A number with a suffix (120K) was rounded by the miner and is noted so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from parsers import ip, times
from parsers.contract import Format, Grade, Item, Parsed, Record, Reject, Row, Structure
from parsers.jsontext import compact
from parsers.mining.endpoints import Endpoint, endpoint, is_name
from parsers.money import fits
from parsers.schema import COIN, WORK
from parsers.source import Line, Source
from parsers.text import UNDECODABLE, decoded

FORMAT = Format(
    name="xmrig_log",
    title="XMRig log",
    tables=("mining_share", "usage_metric", "artefact", "name_lookup"),
    signature=True,
    carried=("pool",),
)

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

_RECOGNISED_LINES = 200
_SCALE = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}
_WINDOW = {"s": 1, "m": 60, "h": 3600}
_BANNER_KINDS = {"ABOUT": "miner_version", "VERSIONS": "miner_version", "DONATE": "donate_level"}

_COUNTED = ("accepted (", "rejected (", "speed ")
_WHOLE_ENDS = (" ms)", "H/s")
_POOL_IN_USE = frozenset({"use pool", "new job"})

Made = tuple[str, dict[str, Any]]
Maker = Callable[[re.Match[str], str | None], list[Made]]


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where a log begins as XMRig's and says so in its messages, PROBABLE where other lines come first."""
    lines = [_plain(line)[0] for line in head.split(b"\n")[:_RECOGNISED_LINES] if _holds_text(line)]
    if not any(_telling(line) for line in lines):
        return Grade.NONE
    shaped = [bool(_STAMP.fullmatch(line) or _BANNER.fullmatch(line)) for line in lines]
    if sum(shaped) * 2 < len(lines):
        return Grade.NONE
    return Grade.STRONG if shaped[0] else Grade.PROBABLE


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of every line in file order; `pool` on a share is the pool named last before it."""
    reader = _Reader()
    number = 0
    for line in source.lines():
        if line.data is not None and not _holds_text(line.data):
            yield Structure(line.offset, line.length + line.newline)
            continue
        number += 1
        yield from reader.items(line, number)


class _Reader:
    """One pass: remembers the pool."""

    def __init__(self) -> None:
        self._pool: str | None = None

    def items(self, line: Line, number: int) -> Iterator[Item]:
        """Account for one line and yield its rows."""
        record = Record(number, line.offset, line.length, line.number, line.newline)
        if line.data is None:
            yield Reject(record, f"a line of {line.length} bytes")
            return
        text, whole = _plain(line.data)
        stamp = _STAMP.fullmatch(text)
        when = times.iso(stamp[1]) if stamp else None
        made = self._rows(stamp[2] if stamp else text, stamped=bool(stamp))
        if made is None or (stamp and not when):
            yield Reject(record, "not a line that XMRig writes")
            return
        if not line.newline and _counts(made) and not text.endswith(_WHOLE_ENDS):
            yield Reject(record, "a last line without end, whose numbers may be cut")
            return
        yield Parsed(record)
        for part, (table, values) in enumerate(made):
            notes = [*values.get("notes", ()), *(() if whole else (UNDECODABLE,))]
            yield Row(table, record, (dict(when.columns()) if when else {}) | values | {"notes": notes or None}, part)

    def _rows(self, text: str, *, stamped: bool) -> list[Made] | None:
        banner = _BANNER.fullmatch(text)
        if banner:
            return _banner(banner[1], banner[2])
        tag, message = _parted(text)
        found, make = _message(message)
        if found and make:
            return [self._with_pool(table, row) for table, row in make(found, tag)]
        if message.startswith(_COUNTED):
            return None
        if not stamped:
            return [] if _TABLE.fullmatch(text) else None
        return [("artefact", {"kind": "miner_message", "name": tag, "value": message})]

    def _with_pool(self, table: str, row: dict[str, Any]) -> Made:
        if table == "mining_share":
            return table, row | {"pool": self._pool}
        if row.get("name") in _POOL_IN_USE:
            self._pool = row["value"]
        return table, row


def _counts(made: list[Made]) -> bool:
    return any(table in {"mining_share", "usage_metric"} or row.get("name") == "new job" for table, row in made)


def _holds_text(line: bytes) -> bool:
    return any(byte not in b" \t\r" for byte in line)


def _plain(line: bytes) -> tuple[str, bool]:
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


def _telling(line: str) -> bool:
    stamp = _STAMP.fullmatch(line)
    rest = stamp[2] if stamp else line
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
    value = Decimal(digits) * _SCALE[suffix]
    notes = [ROUNDED] if suffix else []
    return (value, notes) if fits(value, WORK) else (None, [*notes, TOO_BIG])


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
    value = Decimal(number) * _SCALE[suffix]
    return (value if fits(value, COIN) else None), f"{number} {suffix}H/s" if suffix else number


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
