"""Zeek's ASCII logs: headers, and fields to values. What the rows mean is in `zeek_rows`.

Source of the format: zeek/zeek src/logging/writers/ascii/Ascii.cc (header, unset and empty fields),
src/threading/formatters/Ascii.cc (one text form per type), src/util.cc get_escaped_string (`\\xNN`, and `\\\\`).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, NamedTuple

from parsers import ip, times
from parsers.text import UNDECODABLE, decoded

_SEPARATOR_LINE = re.compile(rb"(.{0,32}?)separator[ \t]([^\r\n]+)\r?")
_ESCAPE = re.compile(rb"\\(?:\\|x([0-9a-fA-F]{2}))")
_CONTAINER = re.compile(r"(?:set|vector|table)\[(.+)\]")
_DIGITS = re.compile(rb"0*([0-9]{1,20})")
_INTEGER = re.compile(rb"-?[0-9]{1,19}")
_SECONDS = re.compile(rb"-?[0-9]{1,15}(?:\.[0-9]{1,12})?")
_EXPONENT = re.compile(rb"-?[0-9](?:\.[0-9]{1,17})?e[+-][0-9]{2}")
_DOUBLE = re.compile(rb"-?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?|nan|-?inf")
_NOT_FINITE = (b"nan", b"inf", b"-inf")
_LAST_UINT64 = 2**64 - 1
_LAST_PORT = 65_535
_SHORT, _MOST_KNOWN = 80, 10_000  # what is remembered of a column: fields repeat themselves
_UNREAD = object()
_MOST_COMMENTS = 32  # lines that may stand above the header


class ZeekFault(ValueError):
    """A line or a field is not what the header says; the message tells which and how."""


class Interval(NamedTuple):
    """A span of time: microseconds, rounded down where the sensor printed more digits than six."""

    us: int
    exact: bool
    seconds: Decimal


@dataclass(frozen=True, slots=True)
class Header:
    """The header in effect at some line. `names` and `types` are empty until `#fields` and `#types` were seen."""

    prefix: bytes = b"#"
    separator: bytes = b"\t"
    set_separator: bytes = b","
    empty: bytes = b"(empty)"
    unset: bytes = b"-"
    path: str = ""
    names: tuple[str, ...] = ()
    types: tuple[str, ...] = ()

    def fault(self) -> str | None:
        """Tell in words why lines cannot be read under this header, None if they can."""
        if not self.names:
            return "no header is in effect"
        if len(self.names) != len(self.types):
            return f"the header names {len(self.names)} columns and {len(self.types)} types"
        if len(set(self.names)) != len(self.names):
            return "the header names a column twice"
        if not self.separator or b"\n" in self.separator:
            return "the header's separator cannot part fields"
        return None

    def after(self, line: bytes) -> Header:
        """Return the header in effect after a meta line (which begins with `prefix`)."""
        body = line[len(self.prefix) :].removesuffix(b"\r")
        if body.startswith((b"separator ", b"separator\t")):
            # a new block of header lines: nothing of the one before holds any longer
            return Header(prefix=self.prefix, separator=unescaped(body[len(b"separator ") :]))
        key, _, value = body.partition(self.separator) if self.separator else (body, b"", b"")
        if key == b"set_separator":
            return replace(self, set_separator=value)
        if key == b"empty_field":
            return replace(self, empty=value)
        if key == b"unset_field":
            return replace(self, unset=value)
        if key == b"path":
            return replace(self, path=decoded(unescaped(value))[0])
        if key in {b"fields", b"types"}:
            words = tuple(decoded(word)[0] for word in value.split(self.separator))
            return replace(self, names=words, types=()) if key == b"fields" else replace(self, types=words)
        return self


def header_before(head: bytes) -> Header:
    """Return the state before the first line: Zeek's defaults, with the meta prefix that the file's start shows."""
    lines = head.split(b"\n", _MOST_COMMENTS)
    for line, following in itertools.pairwise(lines):
        found = _SEPARATOR_LINE.fullmatch(line)
        if found and found[1] and following.startswith(found[1]):
            return Header(prefix=found[1])
        if not line.startswith(b"#"):
            break
    return Header()


def unescaped(data: bytes) -> bytes:
    r"""Undo `\xNN` and `\\`; any other backslash stands for itself (old sensors did not double them)."""
    if b"\\" not in data:
        return data
    return _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()) if found[1] else b"\\", data)


class _Forgetful(dict[bytes, Any]):
    """Keeps nothing: times hardly ever come twice."""

    def __setitem__(self, key: bytes, value: Any) -> None:
        pass


class Fields:
    """Turns a line's fields into values, by the header's types.

    Absent values are None; text is str, `bool` bool, counts int, ports int, addresses canonical text, times
    `times.Moment`, intervals `Interval`, doubles Decimal (None where not finite), sets and vectors lists.
    """

    def __init__(self, header: Header) -> None:
        self.header = header
        self.notes: list[str] = []  # of the line read last
        self._columns = [
            (name, self.reader(kind), {} if kind != "time" else _Forgetful())
            for name, kind in zip(header.names, header.types, strict=False)
        ]

    def split(self, data: bytes) -> list[bytes]:
        """Part a line; raises `ZeekFault` where it has another number of fields than the header has columns."""
        parts = data.split(self.header.separator)
        if len(parts) != len(self.header.names):
            raise ZeekFault(f"{len(parts)} fields where the header names {len(self.header.names)}")
        return parts

    def values(self, parts: list[bytes]) -> dict[str, Any]:
        """Read every field; raises `ZeekFault` naming the column that does not hold what its type says."""
        self.notes = []
        found: dict[str, Any] = {}
        for (name, reader, known), part in zip(self._columns, parts, strict=True):
            value = known.get(part, _UNREAD)
            if value is _UNREAD:
                noted = len(self.notes)
                try:
                    value = reader(part)
                except ZeekFault as fault:
                    raise ZeekFault(f"column {name}: {fault}") from None
                if len(self.notes) == noted and len(part) <= _SHORT and len(known) < _MOST_KNOWN:
                    known[part] = value
            found[name] = value
        return found

    def reader(self, kind: str) -> Callable[[bytes], Any]:
        """Return the function that reads one field of a type."""
        container = _CONTAINER.fullmatch(kind)
        if container:
            return lambda data: self._elements(data, container[1])
        read = _SCALARS.get(kind)

        def scalar(data: bytes) -> Any:
            if data == self.header.unset:
                return None
            return read(data) if read else self._text(data)

        return scalar

    def _elements(self, data: bytes, kind: str) -> list[Any] | None:
        if data == self.header.unset:
            return None
        if data == self.header.empty:
            return []
        read = self._text if _CONTAINER.fullmatch(kind) else self.reader(kind)
        # parted before anything is unescaped: a separator inside an element is written as an escape
        parts = data.split(self.header.set_separator) if self.header.set_separator else [data]
        return [read(part) for part in parts]

    def _text(self, data: bytes) -> str:
        if data == self.header.empty:
            return ""
        text, whole = decoded(unescaped(data))
        if not whole:
            self.notes.append(UNDECODABLE)
        return text


def is_data(header: Header, line: bytes) -> bool:
    """Tell whether a line holds data: it is neither blank nor a meta line."""
    return line not in {b"", b"\r"} and not line.startswith(header.prefix)


def _count(data: bytes) -> int:
    digits = _DIGITS.fullmatch(data)
    value = int(digits[1]) if digits else -1
    if not 0 <= value <= _LAST_UINT64:
        raise ZeekFault(f"{_shown(data)} is no count")
    return value


def _int(data: bytes) -> int:
    value = int(data) if _INTEGER.fullmatch(data) else None
    if value is None or not -(2**63) <= value < 2**63:
        raise ZeekFault(f"{_shown(data)} is no integer")
    return value


def _port(data: bytes) -> int:
    digits = _DIGITS.fullmatch(data)
    value = int(digits[1]) if digits else -1
    if not 0 <= value <= _LAST_PORT:
        raise ZeekFault(f"{_shown(data)} is no port")
    return value


def _bool(data: bytes) -> bool:
    if data not in {b"T", b"F"}:
        raise ZeekFault(f"{_shown(data)} is neither T nor F")
    return data == b"T"


def _address(data: bytes) -> str:
    address = ip.canonical(data.decode("ascii")) if data.isascii() else None
    if address is None:
        raise ZeekFault(f"{_shown(data)} is no address")
    return address


def _time(data: bytes) -> times.Moment:
    moment = times.epoch_seconds(data.decode()) if _SECONDS.fullmatch(data) else None
    if moment is None:
        raise ZeekFault(f"{_shown(data)} is no time")
    return moment


def _interval(data: bytes) -> Interval:
    # old writers print long ones with an exponent
    if not _SECONDS.fullmatch(data) and not _EXPONENT.fullmatch(data):
        raise ZeekFault(f"{_shown(data)} is no interval")
    seconds = Decimal(data.decode())
    us, rest = divmod(seconds * 1_000_000, 1)
    if not -(2**62) < us < 2**62:
        raise ZeekFault(f"{_shown(data)} is no interval that time can hold")
    return Interval(int(us), rest == 0, seconds)


def _double(data: bytes) -> Decimal | None:
    if not _DOUBLE.fullmatch(data):
        raise ZeekFault(f"{_shown(data)} is no number")
    return None if data in _NOT_FINITE else Decimal(data.decode())


def _shown(data: bytes) -> str:
    text = decoded(data[:40])[0]
    return repr(text)


_SCALARS: dict[str, Callable[[bytes], Any]] = {
    "count": _count,
    "int": _int,
    "port": _port,
    "bool": _bool,
    "addr": _address,
    "time": _time,
    "interval": _interval,
    "double": _double,
}


def meta_lines(data: bytes) -> Iterator[bytes]:
    """Yield the lines before the first data line of a head."""
    header = header_before(data)
    for line in data.split(b"\n"):
        if is_data(header, line):
            return
        yield line
