"""Delimited text cut into records whose byte ranges are true.

Source of the format: RFC 4180, as it is met: a field that begins with a quote ends at the next quote that is not
doubled; quotes elsewhere are content; a record ends at a newline outside quotes (a carriage return just before it
belongs to the terminator); the last one may lack its newline; a UTF-8 byte order mark may come first.

What cannot be cut costs one physical line and no more: text after a closing quote, a quote that is not closed within
`MAX_RECORD_BYTES` or `MAX_RECORD_LINES`, more than `MAX_FIELDS` fields, a line past `MAX_LINE_BYTES`. The next line
begins a record again.

Two cutters give the same records. One looks at whole blocks by numpy and vouches for those in which every quote
stands where RFC 4180 puts it; the other goes field by field through the blocks that the first turns down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from parsers.csvfields import (
    LINE_TOO_LONG,
    MAX_FIELDS,
    MAX_RECORD_BYTES,
    MAX_RECORD_LINES,
    RETURN,
    Cut,
    FieldCutter,
)
from parsers.source import BLOCK_BYTES, MAX_LINE_BYTES, Source
from parsers.text import decoded

BOM = b"\xef\xbb\xbf"
_NEWLINE, _QUOTE = 10, 34
_UNCUT = -1

Positions = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class CsvRecord(NamedTuple):
    """One record: number from 1 (blank lines count not), byte range without terminator, first physical line, fields.

    `separator` counts the terminator's bytes; `fault` says why a line could not be cut, `fields` is empty then.
    """

    number: int
    offset: int
    length: int
    line: int
    fields: tuple[bytes, ...]
    separator: int
    fault: str | None = None


@dataclass(frozen=True, eq=False)
class Stretch:
    """Records that follow each other without a gap; record n is `data[starts[n]:ends[n]]`, then comes `nexts[n]`.

    `offset` is the place of `data` in the stream, `lines` the first physical line of each record from 1, `widths` its
    number of fields: 0 for a blank line, -1 for a line that could not be cut, whose reason is in `faults`. A byte order
    mark comes as a stretch of `data` without records.
    """

    offset: int
    data: bytes
    starts: Positions
    ends: Positions
    nexts: Positions
    lines: Positions
    widths: Positions
    delimiter: bytes = b","
    faults: Mapping[int, str] = field(default_factory=dict)
    cut_fields: Sequence[tuple[bytes, ...]] | None = None  # only of blocks that went field by field

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def lengths(self) -> Positions:
        """Bytes of each record without its terminator."""
        return self.ends - self.starts

    def record(self, at: int) -> bytes:
        """Return the bytes of a record without its terminator."""
        return self.data[self.starts[at] : self.ends[at]]

    def fields(self, at: int) -> tuple[bytes, ...]:
        """Return the fields of a record; none of a blank line or one that could not be cut."""
        if self.cut_fields is not None:
            return self.cut_fields[at]
        if self.widths[at] > MAX_FIELDS or self.widths[at] < 1:
            return ()
        return FieldCutter(self.record(at), self.delimiter, final=True).record(0).fields

    def columns(self, rows: Positions, width: int) -> tuple[list[pa.StringArray], Flags]:
        """Return the fields of `rows`, all of `width` fields, column by column, and which rows hold undecodable bytes.

        Bytes that are no UTF-8 stand as `\\xNN`.
        """
        if self.cut_fields is None:
            checked = self._checked_columns(rows, width)
            if checked is not None:
                return checked, np.zeros(len(rows), np.bool_)
        return self._columns_by_field(rows, width)

    def _checked_columns(self, rows: Positions, width: int) -> list[pa.StringArray] | None:
        body = self._bytes_of(rows)
        if body.startswith(BOM):  # pyarrow would take it off
            return None
        names = [str(number) for number in range(width)]
        quoted = b'"' in body
        try:
            table = pyarrow.csv.read_csv(
                pa.BufferReader(body),
                pyarrow.csv.ReadOptions(use_threads=False, block_size=len(body) + 1, column_names=names),
                pyarrow.csv.ParseOptions(
                    delimiter=self.delimiter.decode(), quote_char='"' if quoted else False, newlines_in_values=quoted
                ),
                pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
            )
        except pa.ArrowInvalid:  # no UTF-8
            return None
        if table.num_rows != len(rows):
            return None
        return [column.combine_chunks() for column in table.columns]

    def _bytes_of(self, rows: Positions) -> bytes:
        """Join the bytes of `rows`, terminators included."""
        breaks = np.flatnonzero(np.diff(rows) != 1) + 1
        begins = self.starts[rows[np.concatenate(([0], breaks))]]
        ends = self.nexts[rows[np.concatenate((breaks - 1, [len(rows) - 1]))]]
        return b"".join(self.data[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True))

    def _columns_by_field(self, rows: Positions, width: int) -> tuple[list[pa.StringArray], Flags]:
        undecodable = np.zeros(len(rows), np.bool_)
        texts: list[Sequence[str]] = []
        for place, at in enumerate(rows.tolist()):
            row, clean = decoded_fields(self.fields(at))
            undecodable[place] = not clean
            texts.append(row)
        return [pa.array([row[column] for row in texts], pa.string()) for column in range(width)], undecodable


def decoded_fields(fields: Sequence[bytes]) -> tuple[list[str], bool]:
    """Decode the fields of a record; what is no UTF-8 becomes `\\xNN`, and the second value is False then."""
    try:
        return [str(cell, "utf-8") for cell in fields], True
    except UnicodeDecodeError:
        return [decoded(cell)[0] for cell in fields], False


def records(source: Source, delimiter: bytes = b",") -> Iterator[CsvRecord]:
    """Yield every record of the stream but blank lines, one by one."""
    number = 0
    for stretch in stretches(source, delimiter):
        for at in np.flatnonzero(stretch.widths != 0).tolist():
            number += 1
            begin, end = int(stretch.starts[at]), int(stretch.ends[at])
            yield CsvRecord(
                number,
                stretch.offset + begin,
                end - begin,
                int(stretch.lines[at]),
                stretch.fields(at),
                int(stretch.nexts[at]) - end,
                stretch.faults.get(at),
            )


def first_fields(head: bytes, delimiter: bytes = b",", most: int = 1) -> list[tuple[bytes, ...]]:
    """Return the fields of the first `most` records of a head that may be cut anywhere; faulty lines are left out."""
    found: list[tuple[bytes, ...]] = []
    at = len(BOM) if head.startswith(BOM) else 0
    cutter = FieldCutter(head, delimiter, final=True)
    while at < len(head) and len(found) < most:
        cut = cutter.record(at)
        if cut.fields:
            found.append(cut.fields)
        at = cut.next
    return found


def stretches(source: Source, delimiter: bytes = b",") -> Iterator[Stretch]:
    """Yield the records of the stream, each byte of it in one stretch.

    `delimiter` is one byte, neither quote nor newline.
    """
    offset, line, held, overlong = 0, 1, b"", 0
    for block, final in _ends_known(source):
        data = held + block
        if offset == 0 and line == 1 and not overlong and data.startswith(BOM):
            yield _bare(offset, line, BOM, [])
            offset, data = len(BOM), data[len(BOM) :]
        if overlong or (len(data) > MAX_LINE_BYTES and b"\n" not in data):
            newline = data.find(b"\n")
            if newline < 0 and not final:
                overlong, held = overlong + len(data), b""
                continue
            end = overlong + (newline if newline >= 0 else len(data))
            data = data[newline + 1 :] if newline >= 0 else b""
            yield _bare(offset, line, b"", [(end, end + (newline >= 0))])
            offset, line, overlong = offset + end + (newline >= 0), line + 1, 0
        while data and (final or b"\n" in data):
            stretch = _cut(data, offset, line, delimiter, final=final)
            if stretch is None:
                break
            yield stretch
            used = int(stretch.nexts[-1])
            line += data.count(b"\n", 0, used)
            offset, data = offset + used, data[used:]
        held = data


def _ends_known(source: Source) -> Iterator[tuple[bytes, bool]]:
    """Yield blocks, and with each whether it is the last."""
    before = None
    for block in source.blocks(BLOCK_BYTES):
        if before is not None:
            yield before, False
        before = block
    if before is not None:
        yield before, True


def _bare(offset: int, line: int, data: bytes, faults: list[tuple[int, int]]) -> Stretch:
    """Return a stretch of a byte order mark, or of one line whose bytes were not kept."""
    ends = np.array([end for end, _ in faults], np.int64)
    return Stretch(
        offset,
        data,
        starts=np.zeros(len(faults), np.int64),
        ends=ends,
        nexts=np.array([after for _, after in faults], np.int64),
        lines=np.full(len(faults), line, np.int64),
        widths=np.full(len(faults), _UNCUT, np.int64),
        faults=dict.fromkeys(range(len(faults)), LINE_TOO_LONG),
        cut_fields=[()] * len(faults),
    )


def _cut(data: bytes, offset: int, line: int, delimiter: bytes, *, final: bool) -> Stretch | None:
    """Cut what ends within `data`, or None if nothing does."""
    if len(data) <= 2 * BLOCK_BYTES:  # beyond it lies one very long line, of which no map of bytes should be made
        stretch = _cut_block(data, offset, line, delimiter, final=final)
        if stretch is not None:
            return stretch
    return _cut_by_field(data, offset, line, delimiter, final=final)


def _cut_block(data: bytes, offset: int, line: int, delimiter: bytes, *, final: bool) -> Stretch | None:
    """Cut a block in which every quote stands where RFC 4180 puts it; None where that is not so."""
    if b"\0" in data:
        return None
    octets = np.frombuffer(data, np.uint8)
    quotes = octets == _QUOTE if b'"' in data else None
    inside = None if quotes is None else np.bitwise_xor.accumulate(quotes)
    newlines = np.flatnonzero(octets == _NEWLINE)
    ends = newlines if inside is None else newlines[~inside[newlines]]
    used = len(data) if final else (int(ends[-1]) + 1 if len(ends) else 0)
    if used == 0 or (inside is not None and inside[used - 1]):
        return None
    octets = octets[:used]
    if quotes is not None and not _quotes_in_place(octets, np.flatnonzero(quotes[:used]), delimiter[0]):
        return None
    if b"\r" in data and not _returns_end_lines(octets):
        return None
    marks = octets == delimiter[0]
    if inside is not None:
        marks &= ~inside[:used]
    nexts = ends + 1
    if not len(ends) or nexts[-1] < used:  # the last line is torn
        ends, nexts = np.append(ends, used), np.append(nexts, used)
    starts = np.concatenate((np.zeros(1, np.int64), nexts[:-1]))
    ends = ends - ((octets[np.maximum(ends - 1, 0)] == RETURN) & (ends > starts) & (nexts > ends))
    delimiters = np.searchsorted(np.flatnonzero(marks), np.append(starts, used))
    widths = np.where(ends == starts, 0, np.diff(delimiters) + 1)
    first_lines = np.searchsorted(newlines, starts)
    stretch = Stretch(offset, data, starts, ends, nexts, first_lines + line, widths, delimiter)
    return stretch if _within_bounds(stretch, np.searchsorted(newlines, ends) - first_lines) else None


def _within_bounds(stretch: Stretch, further_lines: Positions) -> bool:
    many_lines = (further_lines > 0) & ((stretch.lengths > MAX_RECORD_BYTES) | (further_lines >= MAX_RECORD_LINES))
    return bool(not many_lines.any() and stretch.widths.max() <= MAX_FIELDS and stretch.lengths.max() <= MAX_LINE_BYTES)


def _quotes_in_place(octets: npt.NDArray[np.uint8], quotes: Positions, delimiter: int) -> bool:
    """Tell whether each opening quote begins a field or is the second of two, each closing one ends a field or is the
    first of two."""
    opening, closing = quotes[0::2], quotes[1::2]
    before = octets[np.maximum(opening - 1, 0)]
    opens = (before == delimiter) | (before == _NEWLINE) | (before == _QUOTE) | (opening == 0)
    padded = np.append(octets, np.array([_NEWLINE, _NEWLINE], np.uint8))
    after = padded[closing + 1]
    ended = (after == RETURN) & (padded[closing + 2] == _NEWLINE) & (closing + 2 < len(octets))
    closes = (after == delimiter) | (after == _NEWLINE) | (after == _QUOTE) | ended
    return bool(opens.all() and closes.all())


def _returns_end_lines(octets: npt.NDArray[np.uint8]) -> bool:
    """Tell whether every carriage return stands before a newline."""
    after = np.flatnonzero(octets == RETURN) + 1
    return bool(len(after) == 0 or (after[-1] < len(octets) and (octets[after] == _NEWLINE).all()))


def _cut_by_field(data: bytes, offset: int, line: int, delimiter: bytes, *, final: bool) -> Stretch | None:
    cutter = FieldCutter(data, delimiter, final=final)
    cuts: list[Cut] = []
    starts: list[int] = []
    at = 0
    while at < len(data):
        cut = cutter.record(at)
        if cut.next < 0:
            break
        starts.append(at)
        cuts.append(cut)
        at = cut.next
    if not cuts:
        return None
    newlines = np.flatnonzero(np.frombuffer(data, np.uint8, at) == _NEWLINE)
    return Stretch(
        offset,
        data,
        starts=np.array(starts, np.int64),
        ends=np.array([cut.end for cut in cuts], np.int64),
        nexts=np.array([cut.next for cut in cuts], np.int64),
        lines=np.searchsorted(newlines, np.array(starts, np.int64)) + line,
        widths=np.array([len(cut.fields) if cut.fault is None else _UNCUT for cut in cuts], np.int64),
        delimiter=delimiter,
        faults={place: cut.fault for place, cut in enumerate(cuts) if cut.fault is not None},
        cut_fields=[cut.fields for cut in cuts],
    )
