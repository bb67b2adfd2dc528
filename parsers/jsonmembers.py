"""Documents of which each part is a record: the messages of a trajectory, and what stands beside them.

A harness that keeps a whole run in one JSON object hides a thousand messages in one record. Here each element of the
lists that matter, and each other member of the object at the top, is a record with bytes of its own; brackets, keys of
lists, commas and white space are structure, or separators of the record before them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from parsers.contract import HEAD_BYTES, Record, Reject, Structure
from parsers.jsondocument import MAX_DOCUMENT_BYTES, is_document
from parsers.jsonlines import BOM, JsonRecord, json_record
from parsers.jsontext import JsonFault, Member, decode_members
from parsers.source import MAX_LINE_BYTES, Source

_SPACE = b" \t\r\n"


class Part(NamedTuple):
    """One record of a document. `top`, `key` and `place` as in `Member`; `value` is of any JSON type."""

    top: int
    key: str | None
    place: int | None
    record: Record
    value: Any
    notes: tuple[str, ...]
    hidden: tuple[tuple[str, Any], ...]


def head_members(head: bytes, lists: frozenset[str], *, whole: bool = False) -> list[Member]:
    """Return the whole parts of the beginning of a document, for recognition."""
    found: list[Member] = []
    try:
        for member in decode_members(head.removeprefix(BOM), lists, whole=whole):
            found.append(member)  # noqa: PERF402 (what came before the cut is kept)
    except JsonFault:
        pass
    return found


def document_parts(
    source: Source, lists: frozenset[str], *, whole: bool = False
) -> Iterator[Part | Reject | Structure]:
    """Account for the whole stream: documents one a line, or one over many lines, taken apart at `lists`.

    With `whole`, an object that holds none of these lists is one part: events, one a line or one a file.
    """
    with source.open() as stream:
        head = stream.read(HEAD_BYTES)
    if is_document(head):
        yield from _document(source, lists, whole=whole)
        return
    tops = number = 0
    for line in source.lines():
        if line.data is None:
            record = Record(number + 1, line.offset, line.length, line.number, line.newline)
            number += 1
            yield Reject(record, f"a line of {line.length} bytes (the limit is {MAX_LINE_BYTES})")
            continue
        place = _Place(line.offset, line.number, number, tops)
        for item in _accounted(line.data + b"\n" * line.newline, lists, place, whole=whole):
            if not isinstance(item, Structure):
                number += 1
            if isinstance(item, Part):
                tops = item.top
            yield item
        tops += 1


def _document(source: Source, lists: frozenset[str], *, whole: bool) -> Iterator[Part | Reject | Structure]:
    with source.open() as stream:
        data = stream.read(MAX_DOCUMENT_BYTES + 1)
        length = len(data)
        while length > MAX_DOCUMENT_BYTES and (more := len(stream.read(MAX_LINE_BYTES))):
            length += more
    if length > MAX_DOCUMENT_BYTES:
        yield Reject(Record(1, 0, length, 1), f"a document of {length} bytes (the limit is {MAX_DOCUMENT_BYTES})")
        return
    yield from _accounted(data, lists, _Place(0, 1, 0, 0), whole=whole)


class _Place(NamedTuple):
    """Where a stretch begins: byte, line, records and values at the top before it."""

    offset: int
    line: int
    number: int
    top: int


def _accounted(
    data: bytes, lists: frozenset[str], place: _Place, *, whole: bool
) -> Iterator[Part | Reject | Structure]:
    begin = len(BOM) if data.startswith(BOM) and not place.offset else 0
    members: list[Member] = []
    fault = None
    try:
        for member in decode_members(data[begin:], lists, whole=whole):
            members.append(member)  # noqa: PERF402 (what came before a fault is kept)
    except JsonFault as found:
        fault = str(found)
    spans = [(begin + item.piece.begin, begin + item.piece.begin + item.piece.length) for item in members]
    if fault is not None:
        rest = spans[-1][1] if spans else begin
        rest += len(data[rest:]) - len(data[rest:].lstrip(_SPACE + b","))
        # brackets that end what was cut are no record
        if rest < len(data):
            spans.append((rest, len(data)))
    if not spans or spans[0][0]:
        yield Structure(place.offset, spans[0][0] if spans else len(data))
    line, counted = place.line, 0
    for at, (start, end) in enumerate(spans):
        line += data.count(b"\n", counted, start)
        counted = start
        after = spans[at + 1][0] if at + 1 < len(spans) else len(data)
        record = Record(place.number + at + 1, place.offset + start, end - start, line, after - end)
        if at == len(members):
            yield Reject(record, str(fault))
        else:
            yield _part(members[at], record, place.top)


def _part(member: Member, record: Record, tops: int) -> Part:
    # a record is made of an object: any other value gets one around it for the while
    whole: JsonRecord = json_record(record, member.piece._replace(value={"": member.piece.value}))
    return Part(tops + member.top, member.key, member.place, record, whole.value[""], whole.notes, whole.hidden)
