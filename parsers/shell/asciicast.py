"""Terminal sessions as asciinema records them (asciicast v2 and v3).

Source of the format: docs.asciinema.org, asciicast v2 and v3: a header, then events `[time, code, data]` a line, times
from the begin (v2) or since the event before (v3), comments after `#` (v3).

One record is one line. The header makes a `process` row `exec`, with the command that was recorded if it names one; an
exit (`x`, v3) an `exit` row. Lines entered at a marked prompt make `history` rows, put together from the output that
showed them (see `parsers.shell.screen`), at the time of the event that ended them. Times are the header's, in whole
seconds, plus those of the events; without one in the header there are none. Keystrokes (`i`) make no rows: they may be
passwords.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from parsers.contract import Format, Grade, Item, Parsed, Record, Reject, Row, Structure
from parsers.jsonlines import BOM
from parsers.jsontext import JsonFault, compact, decode, storable_value
from parsers.shell.screen import SCREEN, entered
from parsers.source import Source
from parsers.times import LATEST, SECOND
from parsers.transcripts.fields import integer, rest, text

FORMAT = Format(
    name="asciicast",
    title="Terminal sessions recorded by asciinema (v2, v3)",
    tables=("process",),
    signature=True,
    carried=("ts", "ts_precision_us"),
)

_BLANK = (b"", b"\r")
_LONGEST = 1 << 16  # of a line on a screen, in characters
_MOST_EVENTS = 4096  # of one line
_MAPPED = frozenset({"command", "timestamp"})
_VERSIONS = (2, 3)


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where the first line is a header."""
    first = head.removeprefix(BOM).split(b"\n", 1)[0]
    try:
        return Grade.STRONG if _is_header(decode(first).value) else Grade.NONE
    except JsonFault:
        return Grade.NONE


def _is_header(value: Any) -> bool:
    if not isinstance(value, dict) or type(value.get("version")) is not int or value["version"] not in _VERSIONS:
        return False
    return isinstance(value.get("term"), dict) if value["version"] == 3 else "width" in value and "height" in value


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of each line in file order; blank lines and comments are structure."""
    recording = _Recording()
    number = 0
    for line in source.lines():
        if line.data in _BLANK or (line.data or b"").startswith(b"#"):
            yield Structure(line.offset, line.length + line.newline)
            continue
        number += 1
        record = Record(number, line.offset, line.length, line.number, line.newline)
        try:
            if line.data is None:
                raise JsonFault(f"a line of {line.length} bytes")
            value, _ = storable_value(decode(line.data.removeprefix(BOM) if number == 1 else line.data).value)
        except JsonFault as fault:
            yield Reject(record, str(fault))
            continue
        if _is_header(value):
            stamp = integer(value.get("timestamp"))
            known = stamp is not None and 0 <= stamp <= LATEST // SECOND
            recording = _Recording(value["version"], stamp * SECOND if stamp is not None and known else None)
            rows: list[Row] | None = [Row("process", record, recording.begun(value))]
        else:
            rows = recording.rows(value, record)
        if rows is None:
            yield Reject(record, "neither a header nor an event")
            continue
        yield Parsed(record)
        yield from rows


class _Recording:
    """One pass: the header in effect, the time so far, and the output since the last newline."""

    def __init__(self, version: int = 2, begin: int | None = None) -> None:
        self._version = version
        self._begin = begin
        self._offset = Decimal(0)
        self._shown = ""
        self._from: list[Record] = []
        self._parts: dict[int, int] = {}

    def rows(self, value: Any, record: Record) -> list[Row] | None:
        """Return the rows of an event, None if it is none."""
        if not isinstance(value, list) or len(value) != 3 or type(value[1]) is not str or type(value[2]) is not str:
            return None
        if type(value[0]) is not int and not isinstance(value[0], Decimal):
            return None
        self._offset = Decimal(value[0]) if self._version == 2 else self._offset + Decimal(value[0])
        if value[1] == "x" and value[2].isascii() and value[2].isdigit() and len(value[2]) < 10:
            return [Row("process", record, self._when() | {"kind": "exit", "exit_code": int(value[2])})]
        return list(self._output(value[2], record)) if value[1] == "o" else []

    def begun(self, header: dict[str, Any]) -> dict[str, Any]:
        """Return the columns of the row that the header makes."""
        command = text(header.get("command"))
        extra = rest(header, _MAPPED)
        return self._when() | {
            "kind": "exec",
            "command": command,
            "argv_basis": "typed" if command else None,
            "extra": compact(extra) if extra else None,
        }

    def _when(self) -> dict[str, Any]:
        if self._begin is None or not self._offset.is_finite() or abs(self._offset) > LATEST // SECOND:
            return {}
        us = self._begin + int(self._offset * SECOND)
        # the header counts whole seconds: all that follows may be up to one later
        return {"ts": us, "ts_precision_us": SECOND} if 0 <= us <= LATEST else {}

    def _output(self, data: str, record: Record) -> Iterator[Row]:
        self._from.append(record)
        *ended, last = (self._shown + data).split("\n")
        for line in ended:
            command = entered(line) if len(line) <= _LONGEST else None
            if command:
                yield self._entered(command)
            self._from = [record]
        if len(last) > _LONGEST or len(self._from) > _MOST_EVENTS:
            last = ""  # no line that somebody entered
        self._shown = last
        if not last:
            self._from = []

    def _entered(self, command: str) -> Row:
        first, *also = self._from
        part = self._parts.get(first.number, 0)
        self._parts = {first.number: part + 1}
        values = self._when() | {"kind": "history", "command": command, "argv_basis": "typed", "notes": [SCREEN]}
        return Row("process", first, values, part, tuple(also))
