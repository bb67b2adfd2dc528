"""JSON lines as records: one record is one JSON object, also where a line holds several or the last one is torn.

Shared by every format whose lines are JSON objects. White space, blank lines and a byte order mark are structure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from parsers.contract import HEAD_BYTES, Record, Reject, Structure
from parsers.jsontext import DUPLICATE_KEYS, JsonFault, JsonPiece, decode_all, storable_value
from parsers.source import MAX_LINE_BYTES, Line, Source

BOM = b"\xef\xbb\xbf"
LONE_SURROGATES = "lone_surrogates"


class JsonRecord(NamedTuple):
    """One object and its place. `notes` tells what was odd about its JSON; `hidden` as in `JsonPiece`.

    `around` holds the other members of the object in whose list it stands: see `parsers.jsondocument`.
    """

    record: Record
    value: dict[str, Any]
    notes: tuple[str, ...]
    hidden: tuple[tuple[str, Any], ...]
    around: Mapping[str, Any] | None = None


class Head(NamedTuple):
    """What the first 64 KiB of a source hold: the values of its first lines, lines that are no JSON, a line cut off."""

    values: list[Any]
    faults: int
    cut: bytes


def first_values(head: bytes, lines: int = 64) -> Head:
    """Decode the first lines of `head`, for recognition."""
    pieces = head.removeprefix(BOM).split(b"\n")
    cut = pieces.pop() if len(head) >= HEAD_BYTES else b""
    values: list[Any] = []
    faults = 0
    for data in pieces[:lines]:
        found, fault = _pieces(data)
        values.extend(piece.value for piece in found)
        faults += fault is not None
    return Head(values, faults, cut)


def records(source: Source) -> Iterator[JsonRecord | Reject | Structure]:
    """Account for the whole stream: objects, lines (or rests of lines) that are none, and what lies between."""
    number = 0
    for line in source.lines():
        for item in records_of_line(line, number):
            number += not isinstance(item, Structure)
            yield item


def records_of_line(line: Line, number: int) -> Iterator[JsonRecord | Reject | Structure]:
    """Account for one line; `number` records came before it."""
    if line.data is None:
        reason = f"a line of {line.length} bytes (the limit is {MAX_LINE_BYTES})"
        yield Reject(Record(number + 1, line.offset, line.length, line.number, line.newline), reason)
        return
    if line.offset == 0 and line.data.startswith(BOM):
        yield Structure(0, len(BOM))
        line = line._replace(offset=len(BOM), length=line.length - len(BOM), data=line.data[len(BOM) :])
    data = line.data or b""
    pieces, fault = _pieces(data)
    if len(pieces) == 1 and not fault and pieces[0].length == len(data) and type(pieces[0].value) is dict:
        yield json_record(Record(number + 1, line.offset, len(data), line.number, line.newline), pieces[0])
        return
    yield from _accounted(line, number, pieces, fault)


def _pieces(data: bytes) -> tuple[list[JsonPiece], str | None]:
    """Return the values up to the first fault, and the fault."""
    pieces: list[JsonPiece] = []
    try:
        for piece in decode_all(data):
            pieces.append(piece)  # noqa: PERF402 (what came before a fault is kept)
    except JsonFault as fault:
        # a line torn at its beginning may start with what looks like a text or a number
        while pieces and not isinstance(pieces[-1].value, dict):
            pieces.pop()
        return pieces, str(fault)
    return pieces, None


def _accounted(
    line: Line, number: int, pieces: list[JsonPiece], fault: str | None
) -> Iterator[JsonRecord | Reject | Structure]:
    """Lay the values found in a line over its bytes; what comes behind the last good one is the rest that failed."""
    data, begin = line.data or b"", line.offset
    spans = [(piece.begin, piece.begin + piece.length) for piece in pieces]
    if fault is not None:
        spans.append((_first_content(data, spans[-1][1] if spans else 0), len(data)))
    if not spans:
        if len(data) + line.newline:
            yield Structure(begin, len(data) + line.newline)
        return
    if spans[0][0]:
        yield Structure(begin, spans[0][0])
    for at, (start, end) in enumerate(spans):
        last = at == len(spans) - 1
        separator = (len(data) + line.newline if last else spans[at + 1][0]) - end
        record = Record(number + at + 1, begin + start, end - start, line.number, separator)
        if at == len(pieces):
            torn = "torn last line: " if not line.newline else ""
            yield Reject(record, f"{torn}{fault}")
        elif not isinstance(pieces[at].value, dict):
            yield Reject(record, f"a JSON {kind_of(pieces[at].value)} where an object was expected")
        else:
            yield json_record(record, pieces[at])


def json_record(record: Record, piece: JsonPiece, around: Mapping[str, Any] | None = None) -> JsonRecord:
    """Make a record of a decoded object, with every text in it storable."""
    if piece.storable:
        return JsonRecord(record, piece.value, (), (), around)
    (value, hidden), whole = storable_value([piece.value, [list(pair) for pair in piece.hidden]])
    notes = (DUPLICATE_KEYS,) * bool(hidden) + (LONE_SURROGATES,) * (not whole)
    return JsonRecord(record, value, notes, tuple((key, item) for key, item in hidden), around)


def _first_content(data: bytes, at: int) -> int:
    while at < len(data) and data[at] in b" \t\r\n":
        at += 1
    return at


def kind_of(value: Any) -> str:
    """Name the JSON type of a value that is no object."""
    names = {list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")
