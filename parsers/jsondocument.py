"""JSON documents as records, where one program writes a log as lines, another as one printed document or an array.

Of an array each element is a record; of anything else each value at the top is one. Brackets, commas and white space
are structure.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.contract import HEAD_BYTES, Record, Reject, Structure
from parsers.jsonlines import BOM, JsonRecord, json_record, kind_of, records
from parsers.jsontext import JsonFault, JsonPiece, decode, decode_all, decode_array
from parsers.source import MAX_LINE_BYTES, Source

MAX_DOCUMENT_BYTES = MAX_LINE_BYTES
_SPACE = b" \t\r\n"


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


def document_records(source: Source) -> Iterator[JsonRecord | Reject | Structure]:
    """Account for the whole stream: lines where it holds lines, else the elements or values of its document."""
    with source.open() as stream:
        head = stream.read(HEAD_BYTES)
    if not is_document(head):
        yield from records(source)
        return
    with source.open() as stream:
        data = stream.read(MAX_DOCUMENT_BYTES + 1)
        length = len(data)
        while length > MAX_DOCUMENT_BYTES and (more := len(stream.read(MAX_LINE_BYTES))):
            length += more
    if length > MAX_DOCUMENT_BYTES:
        yield Reject(Record(1, 0, length, 1), f"a document of {length} bytes (the limit is {MAX_DOCUMENT_BYTES})")
        return
    yield from _accounted(data)


def _accounted(data: bytes) -> Iterator[JsonRecord | Reject | Structure]:
    begin = len(BOM) if data.startswith(BOM) else 0
    body = data[begin:]
    is_array = body.lstrip(_SPACE).startswith(b"[")
    pieces: list[JsonPiece] = []
    fault = None
    try:
        for piece in decode_array(body) if is_array else decode_all(body):
            pieces.append(piece)  # noqa: PERF402 (what came before a fault is kept)
    except JsonFault as found:
        fault = str(found)
    spans = [(begin + piece.begin, begin + piece.begin + piece.length) for piece in pieces]
    if fault is not None:
        rest = spans[-1][1] if spans else begin
        rest += len(data[rest:]) - len(data[rest:].lstrip(_SPACE + b","))
        # brackets that end what was cut are no record
        if rest < len(data):
            spans.append((rest, len(data)))
    if not spans or spans[0][0]:
        yield Structure(0, spans[0][0] if spans else len(data))
    line, counted = 1, 0
    for at, (start, end) in enumerate(spans):
        line += data.count(b"\n", counted, start)
        counted = start
        after = spans[at + 1][0] if at + 1 < len(spans) else len(data)
        record = Record(at + 1, start, end - start, line, after - end)
        if at == len(pieces):
            yield Reject(record, str(fault))
        elif not isinstance(pieces[at].value, dict):
            yield Reject(record, f"a JSON {kind_of(pieces[at].value)} where an object was expected")
        else:
            yield json_record(record, pieces[at])
