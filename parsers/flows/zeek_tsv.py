"""Zeek's ASCII (tab-separated) logs.

Source of the format: zeek/zeek src/logging/writers/ascii/Ascii.cc; of the logs, docs.zeek.org, script reference.
One record is one line; lines that begin with the meta prefix are header, blank lines are structure. Headers may come
again in mid-file with other columns or for another log (logs that were concatenated).

conn gives a `flow`, dns one `name_lookup` per answer (one for a query without); ssl, quic and http give an
`application_message` and, where a name was sent, a `name_lookup`; notice, weird and intel an `alert`; capture_loss and
stats a `coverage_gap` where something was lost. Every other log gives an `application_message` with what it says in
`extra`, but for those in which the sensor speaks of itself. Runs of clean lines of conn, dns and ssl are read as blocks
(`zeek_blocks`), all else line by line; both give the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.blocks import Lines, line_blocks, line_ranges, runs
from parsers.contract import (
    HEAD_BYTES,
    RANGE_BYTES,
    Format,
    Grade,
    Item,
    Parsed,
    Range,
    Record,
    Reject,
    Row,
    Structure,
)
from parsers.flows import zeek_blocks
from parsers.flows.zeek_log import Fields, Header, ZeekFault, header_before, is_data, meta_lines
from parsers.flows.zeek_rows import rows_of
from parsers.source import Line, Source

WITHOUT_END = "line_without_end"
LAST_CUT = "last_column_may_be_cut"

FORMAT = Format(
    name="zeek_tsv",
    title="Zeek ASCII logs",
    tables=("flow", "name_lookup", "application_message", "alert", "coverage_gap"),
    signature=True,
    version=2,
)


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG for a whole header of Zeek's; logs without header are not claimed."""
    header = header_before(head)
    for line in meta_lines(head):
        header = header.after(line)
    return Grade.STRONG if header.path and header.fault() is None else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of every record in file order."""
    return _items(source, None, _start(source))


def ranges(source: Source, size: int = RANGE_BYTES) -> Iterator[Range]:
    """Cut the source after whole lines; the state of a range is the header in effect."""
    return line_ranges(source, size, _start(source), _survey)


def read_range(source: Source, span: Range) -> Iterator[Item]:
    """Yield the rows of every record of a range, numbered as in the whole."""
    return _items(source, span, span.state)


def _start(source: Source) -> Header:
    with source.open() as stream:
        return header_before(stream.read(HEAD_BYTES))


def _survey(block: Lines | Line, header: Header) -> tuple[int, Header]:
    if isinstance(block, Line):
        return 1, header
    meta = zeek_blocks.meta_candidates(block, header.prefix)
    records = len(block)
    for at in meta:
        line = block.data[block.starts[at] : block.ends[at]]
        if not is_data(header, line):
            records -= 1
            header = header.after(line)
    return records, header


def _items(source: Source, span: Range | None, header: Header) -> Iterator[Item]:
    reader = _Reader(source.id, header, span.records if span else 0)
    for block in line_blocks(source, span):
        if isinstance(block, Line):
            yield reader.too_long(block)
        else:
            yield from reader.block(block)


class _Reader:
    """The state of one pass: the header in effect and the number of records so far."""

    def __init__(self, source_id: str, header: Header, records: int) -> None:
        self._source_id = source_id
        self._records = records
        self._use(header)

    def _use(self, header: Header) -> None:
        self._header = header
        self._fault = header.fault()
        self._fields = Fields(header)

    def too_long(self, line: Line) -> Item:
        """Account for a line that is too long to be looked at."""
        return Reject(self._record(line, 0), f"a line of {line.length} bytes")

    def block(self, block: Lines) -> Iterator[Item]:
        """Yield the items of a block: meta lines where they stand, the data lines between them together."""
        begin = 0
        for at in zeek_blocks.meta_candidates(block, self._header.prefix):
            line = block.line(at)
            data = line.data or b""
            if is_data(self._header, data):
                continue
            yield from self._data(block, begin, at)
            yield Structure(line.offset, line.length + line.newline)
            changed = self._header.after(data)
            if changed != self._header:
                self._use(changed)
            begin = at + 1
        yield from self._data(block, begin, len(block))

    def _data(self, block: Lines, begin: int, end: int) -> Iterator[Item]:
        if begin == end:
            return
        clean = None
        if self._fault is None:
            clean = zeek_blocks.read(block.part(begin, end), self._header, self._source_id, self._records)
        if clean is None:
            for at in range(begin, end):
                yield from self._line(block.line(at))
            return
        for start, stop, good in runs(clean.good):
            if good:
                yield clean.block(start, stop)
                self._records += stop - start
            else:
                for at in range(begin + start, begin + stop):
                    yield from self._line(block.line(at))

    def _line(self, line: Line) -> Iterator[Item]:
        data = line.data or b""
        carriage = data.endswith(b"\r")  # Zeek never writes one bare: the file's line ends were converted
        record = self._record(line, 1 if carriage else 0)
        if self._fault:
            yield Reject(record, self._fault)
            return
        try:
            parts = self._fields.split(data[:-1] if carriage else data)
            notes = [] if line.newline else _cut(parts, self._header)
            values = self._fields.values(parts)
        except ZeekFault as fault:
            yield Reject(record, str(fault))
            return
        yield Parsed(record)
        notes += sorted(set(self._fields.notes))
        for part, (table, row) in enumerate(rows_of(self._header.path, values, notes)):
            yield Row(table, record, row, part)

    def _record(self, line: Line, carriage: int) -> Record:
        self._records += 1
        return Record(self._records, line.offset, line.length - carriage, line.number, line.newline + carriage)


def _cut(parts: list[bytes], header: Header) -> list[str]:
    """Take back the last field of a line without end, unless it cannot have been longer; return the notes."""
    whole: set[Any] = {header.unset, header.empty, b"T", b"F"}
    if parts[-1] in whole:
        return [WITHOUT_END]
    parts[-1] = header.unset
    return [WITHOUT_END, LAST_CUT]
