"""JSON documents as records, where one program writes a log as lines, another as one printed document or an array.

Of an array each element is a record; of an object that holds its records in a list (`{"Records": [...]}`) each element
of that list, if the format names it; of anything else each value at the top is one. Brackets, commas, white space and
the other members of such an object are structure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from parsers.contract import HEAD_BYTES, Grade, Record, Reject, Structure
from parsers.jsonlines import BOM, JsonRecord, json_record, kind_of, records, records_of_line
from parsers.jsontext import JsonFault, JsonPiece, decode, decode_listed
from parsers.source import MAX_LINE_BYTES, Line, Source

MAX_DOCUMENT_BYTES = MAX_LINE_BYTES
NO_LISTS: frozenset[str] = frozenset()
_SPACE = b" \t\r\n"
_VALUES_LOOKED_AT = 15


def is_document(head: bytes) -> bool:
    """Tell from its beginning whether a source is one document over several lines, not a file of lines."""
    start = head.removeprefix(BOM).lstrip(_SPACE)
    line, newline, after = start.partition(b"\n")
    if start.startswith(b"["):
        # an array on a line of its own, with more behind it, is an odd line in a file of lines
        return not (newline and after.strip(_SPACE) and _is_whole(line))
    return bool(newline) and line.rstrip(_SPACE)[-1:] in (b"{", b"[")


def _is_whole(line: bytes) -> bool:
    try:
        decode(line)
    except JsonFault:
        return False
    return True


def head_grade(
    head: bytes, lists: frozenset[str], marks: Iterable[bytes], is_one: Callable[[dict[str, Any]], bool]
) -> Grade:
    """Grade a head by its first records: STRONG where most of them are what `is_one` knows.

    `marks` are bytes without which no record is; they spare the reading of what is something else.
    """
    if not all(mark in head for mark in marks):
        return Grade.NONE
    found = document_records(Source.of_bytes(head[:HEAD_BYTES]), lists)
    values = [item.value for item in found if isinstance(item, JsonRecord)][:_VALUES_LOOKED_AT]
    known = sum(1 for value in values if is_one(value))
    return Grade.STRONG if known * 2 > len(values) else Grade.NONE


def document_records(source: Source, lists: frozenset[str] = NO_LISTS) -> Iterator[JsonRecord | Reject | Structure]:
    """Account for the whole stream: lines where it holds lines, else the elements or values of its document.

    `lists` are the members under which objects of this format keep a list of records, also on a line.
    """
    with source.open() as stream:
        head = stream.read(HEAD_BYTES)
    if not is_document(head) and not _begins_list(head, lists):
        yield from _lines(source, lists) if lists else records(source)
        return
    data = whole_document(source)
    if isinstance(data, Reject):
        yield data
    else:
        yield from _accounted(Line(1, 0, len(data), data, 0), 0, lists)


def whole_document(source: Source) -> bytes | Reject:
    """Read a document, or tell that it is longer than the limit."""
    with source.open() as stream:
        data = stream.read(MAX_DOCUMENT_BYTES + 1)
        length = len(data)
        while length > MAX_DOCUMENT_BYTES and (more := len(stream.read(MAX_LINE_BYTES))):
            length += more
    if length > MAX_DOCUMENT_BYTES:
        return Reject(Record(1, 0, length, 1), f"a document of {length} bytes (the limit is {MAX_DOCUMENT_BYTES})")
    return data


def _begins_list(head: bytes, lists: frozenset[str]) -> bool:
    """Tell whether the first line begins an object whose list goes on in further lines."""
    line, newline, after = head.removeprefix(BOM).partition(b"\n")
    if not (newline and after.strip(_SPACE) and _names_any(line, lists)) or _is_whole(line):
        return False
    pieces, _ = _listed(line, lists)
    return any(around is not None for _, around in pieces)


def _names_any(data: bytes, lists: frozenset[str]) -> bool:
    return any(f'"{name}"'.encode() in data for name in lists)


def _lines(source: Source, lists: frozenset[str]) -> Iterator[JsonRecord | Reject | Structure]:
    number = 0
    for line in source.lines():
        for item in _of_line(line, number, lists):
            number += not isinstance(item, Structure)
            yield item


def _of_line(line: Line, number: int, lists: frozenset[str]) -> Iterator[JsonRecord | Reject | Structure]:
    items = list(records_of_line(line, number))
    torn = any(isinstance(item, Reject) for item in items) and _names_any(line.data or b"", lists)
    if torn or any(isinstance(item, JsonRecord) and not lists.isdisjoint(item.value) for item in items):
        yield from _accounted(line, number, lists)
    else:
        yield from items


_Pieces = list[tuple[JsonPiece, Mapping[str, Any] | None]]


def _listed(data: bytes, lists: frozenset[str]) -> tuple[_Pieces, str | None]:
    """Return the values up to the first fault, and the fault."""
    pieces: _Pieces = []
    try:
        for piece in decode_listed(data, lists):
            pieces.append(piece)
    except JsonFault as fault:
        return pieces, str(fault)
    return pieces, None


def _accounted(text: Line, number: int, lists: frozenset[str]) -> Iterator[JsonRecord | Reject | Structure]:
    """Lay the values found in a text over its bytes; `number` records came before it."""
    data, offset = text.data or b"", text.offset
    begin = len(BOM) if not offset and data.startswith(BOM) else 0
    pieces, fault = _listed(data[begin:], lists)
    spans = [(begin + piece.begin, begin + piece.begin + piece.length) for piece, _ in pieces]
    if fault is not None:
        rest = spans[-1][1] if spans else begin
        rest += len(data[rest:]) - len(data[rest:].lstrip(_SPACE + b","))
        # brackets that end what was cut are no record
        if rest < len(data):
            spans.append((rest, len(data)))
    first, whole = spans[0][0] if spans else len(data) + text.newline, len(data) + text.newline
    if first:
        yield Structure(offset, first)
    line, counted = text.number, 0
    for at, (start, end) in enumerate(spans):
        line += data.count(b"\n", counted, start)
        counted = start
        after = spans[at + 1][0] if at + 1 < len(spans) else whole
        record = Record(number + at + 1, offset + start, end - start, line, after - end)
        if at == len(pieces):
            yield Reject(record, str(fault))
        elif not isinstance(pieces[at][0].value, dict):
            yield Reject(record, f"a JSON {kind_of(pieces[at][0].value)} where an object was expected")
        else:
            yield json_record(record, *pieces[at])
