"""A CSV file with a header, read block by block into the batches of one table.

A format says what it makes of a header (`Layout`): how wide records are, and how columns of text become columns of the
table. The rest is the same for all: the header and its repetitions in concatenated files, blank lines and trailers are
structure; records of another width and records that the layout turns down are rejects; all others are in blocks.
Where a record also says something that belongs in another table, the layout gives that row apart (`Aside`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from parsers.columns import batch
from parsers.contract import Block, Item, Parsed, Record, Reject, Row, Structure
from parsers.csvtext import Flags, Positions, Stretch, decoded_fields, first_fields, stretches
from parsers.schema import INT, STRING
from parsers.source import Source

NO_HEADER = "no header that this format knows comes before it"
MAX_CHANGED_HEADERS = 1000  # each costs a new start, and no file of evidence has so many

_NEAR, _FAR = 256, 1 << 40
_ROW, _ROWLESS, _STRUCTURE, _REJECT = range(4)


class Aside(NamedTuple):
    """A row that a record makes for a table other than the sheet's."""

    table: str
    values: Mapping[str, Any]


class Converted(NamedTuple):
    """Some records as columns of a table, one value (or one for all) a record.

    `faults` says why a record is turned down; `rowless` flags records that were read well and make no row of the
    sheet's table; `asides` are what records make for other tables.
    """

    columns: Mapping[str, pa.Array | str | int]
    faults: Mapping[int, str]
    rowless: Flags | None = None
    asides: Mapping[int, Aside] = MappingProxyType({})


class Layout(Protocol):
    """What a format makes of one header."""

    @property
    def width(self) -> int:
        """Fields that a record has."""
        ...

    def narrower(self, width: int) -> Layout | None:
        """Return how records of another width are read, None if they are not."""
        ...

    def convert(self, columns: list[pa.StringArray], undecodable: Flags) -> Converted:
        r"""Make the table's columns out of columns of text; bytes that were no UTF-8 stand as `\xNN`."""
        ...


@dataclass(frozen=True)
class WholeRecords:
    """The part of a layout that all formats share whose records have as many fields as their header."""

    header: tuple[str, ...]

    @property
    def width(self) -> int:
        """Fields of a record."""
        return len(self.header)

    def narrower(self, width: int) -> None:  # noqa: ARG002
        """Return None: which field a ragged record lacks cannot be told."""
        return


L = TypeVar("L", bound=Layout)
HeaderReader = Callable[[tuple[str, ...]], Layout | None]
Trailer = Callable[[int, tuple[bytes, ...]], bool]


def no_trailer(_position: int, _fields: tuple[bytes, ...]) -> bool:
    """Tell that a format has no trailer."""
    return False


def header_of(
    head: bytes, read: Callable[[tuple[str, ...]], L | None], delimiters: tuple[bytes, ...] = (b",",)
) -> tuple[bytes, L] | None:
    """Return the delimiter with which a head begins with a known header, and what the format makes of that header."""
    for delimiter in delimiters:
        for fields in first_fields(head, delimiter):
            layout = read(tuple(decoded_fields(fields)[0]))
            if layout is not None:
                return delimiter, layout
    return None


def read_sheet(
    source: Source,
    table: str,
    header: HeaderReader,
    *,
    delimiter: bytes = b",",
    trailer: Trailer = no_trailer,
    layout: Layout | None = None,
) -> Iterator[Item]:
    """Account for a CSV file and yield its rows.

    `header` makes a layout of a header's fields, or None of any other record's. `trailer(n, fields)` tells whether a
    record is the n-th one of a trailer. A `layout` given beforehand is for files without header.
    """
    sheet = _Sheet(source.id, table, header, trailer, layout)
    for stretch in stretches(source, delimiter):
        if not len(stretch):
            yield Structure(stretch.offset, len(stretch.data))
        at = 0
        while at < len(stretch):
            at = yield from sheet.items(stretch, at)


@dataclass(eq=False)
class _Part:
    """The records of a stretch from `begin` to `end` that come under one layout; `kinds` is by place in the stretch."""

    stretch: Stretch
    begin: int
    end: int
    kinds: npt.NDArray[np.int8]
    reasons: dict[int, str] = field(default_factory=dict)
    narrower: dict[int, list[int]] = field(default_factory=dict)  # records of other widths that can be read
    asides: dict[int, Aside] = field(default_factory=dict)
    layout_after: Layout | None = None

    def reject(self, at: int, reason: str) -> None:
        self.kinds[at] = _REJECT
        self.reasons[at] = reason


@dataclass(eq=False)
class _Sheet:
    source_id: str
    table: str
    header: HeaderReader
    trailer: Trailer
    layout: Layout | None
    header_bytes: bytes = b""
    changes: int = 0
    reach: int = _FAR  # how many records to take at a time
    trailing: int = 0  # how many records of a trailer came last
    number: int = 0

    def items(self, stretch: Stretch, begin: int) -> Generator[Item, None, int]:
        """Yield the items of the records from `begin` up to the end or just after the next header; return which."""
        part = self._sorted(stretch, begin)
        rows = self._rows(part) if self.layout is not None else None
        yield from self._emitted(part, rows)
        if part.layout_after is None:
            self.reach = min(2 * self.reach, _FAR)
            return part.end
        self.layout, self.trailing = part.layout_after, 0
        self.header_bytes = stretch.record(part.end - 1)
        if self.changes > 1:  # where headers follow each other closely, few records should be read anew for each
            self.reach = _NEAR
        return part.end

    def _sorted(self, stretch: Stretch, begin: int) -> _Part:
        end = min(begin + self.reach, len(stretch))
        part = _Part(stretch, begin, end, np.full(len(stretch), _ROW, np.int8))
        part.kinds[stretch.widths == 0] = _STRUCTURE
        if self.header_bytes:
            for at in np.flatnonzero(stretch.lengths == len(self.header_bytes)).tolist():
                if stretch.record(at) == self.header_bytes:
                    part.kinds[at] = _STRUCTURE
        width = self.layout.width if self.layout is not None else 0
        odd = begin + np.flatnonzero((stretch.widths[begin:end] != width) & (part.kinds[begin:end] == _ROW))
        if self.trailing:
            self._trail(part, begin)
        for at in odd.tolist():
            if at < part.end and part.kinds[at] == _ROW:
                self._sort_odd(part, at)
        return part

    def _trail(self, part: _Part, at: int) -> None:
        """Take records of the trailer as structure, from `at` on."""
        while at < part.end and self.trailer(self.trailing, part.stretch.fields(at)):
            part.kinds[at] = _STRUCTURE
            self.trailing += 1
            at += 1
        if at < part.end:
            self.trailing = 0

    def _sort_odd(self, part: _Part, at: int) -> None:
        fields = part.stretch.fields(at)
        if self.trailer(0, fields):
            self._trail(part, at)
        elif self._is_header(part, at, fields):
            return
        elif at in part.stretch.faults:
            part.reject(at, part.stretch.faults[at])
        elif self.layout is None:
            part.reject(at, NO_HEADER)
        elif self.layout.narrower(len(fields)) is not None:
            part.narrower.setdefault(len(fields), []).append(at)
        else:
            part.reject(at, f"{part.stretch.widths[at]} fields where {self.layout.width} are due")

    def _is_header(self, part: _Part, at: int, fields: tuple[bytes, ...]) -> bool:
        """Tell whether the record is a header; if so, the part ends with it."""
        if not fields or self.changes >= MAX_CHANGED_HEADERS:
            return False
        layout = self.header(tuple(decoded_fields(fields)[0]))
        if layout is None:
            return False
        self.changes += 1
        part.end, part.layout_after = at + 1, layout
        part.kinds[at] = _STRUCTURE
        return True

    def _rows(self, part: _Part) -> pa.RecordBatch:
        """Convert the records that look like rows; sort those out that are none. Rows have no provenance yet."""
        assert self.layout is not None
        usual = part.begin + np.flatnonzero(part.kinds[part.begin : part.end] == _ROW)
        others = [at for found in part.narrower.values() for at in found]
        groups = [(self.layout, np.setdiff1d(usual, others, assume_unique=True))]
        for width, found in part.narrower.items():
            layout = self.layout.narrower(width)
            assert layout is not None
            groups.append((layout, np.array(found, np.int64)))
        batches, places = [], []
        for layout, records in groups:
            if len(records):
                batches.append(self._converted(part, layout, records))
                places.append(records)
        if not batches:
            return batch(self.table, 0, {})
        made = pa.Table.from_batches(batches).combine_chunks().to_batches()[0] if len(batches) > 1 else batches[0]
        records = np.concatenate(places)
        kept = (part.kinds[records] == _ROW) & (records < part.end)
        order = np.argsort(records[kept])
        return made.take(pa.array(np.flatnonzero(kept)[order]))

    def _converted(self, part: _Part, layout: Layout, records: Positions) -> pa.RecordBatch:
        found = layout.convert(*part.stretch.columns(records, layout.width))
        if found.rowless is not None:
            part.kinds[records[found.rowless]] = _ROWLESS
        part.asides.update((int(records[place]), aside) for place, aside in found.asides.items())
        for place, reason in sorted(found.faults.items()):
            at = int(records[place])
            if at < part.end and not self._is_header(part, at, part.stretch.fields(at)):
                part.reject(at, reason)
        return batch(self.table, len(records), found.columns)

    def _emitted(self, part: _Part, rows: pa.RecordBatch | None) -> Iterator[Item]:
        stretch, kinds = part.stretch, part.kinds[part.begin : part.end]
        counted = np.cumsum(kinds != _STRUCTURE)
        if rows is not None and rows.num_rows:
            records = part.begin + np.flatnonzero(kinds == _ROW)
            rows = self._placed(part, rows, records, self.number + counted[records - part.begin])
        done = 0
        for begin, end in _runs(kinds):
            first, last = part.begin + begin, part.begin + end - 1
            offset, after = int(stretch.starts[first]), int(stretch.nexts[last])
            if kinds[begin] == _STRUCTURE:
                yield Structure(stretch.offset + offset, after - offset)
            elif kinds[begin] == _ROW:
                assert rows is not None
                length = int(stretch.lengths[first : last + 1].sum())
                found = {self.table: rows.slice(done, end - begin)}
                yield Block(
                    stretch.offset + offset, after - offset, end - begin, length, after - offset - length, found
                )
                done += end - begin
            else:
                for at in range(first, last + 1):
                    record = self._record(stretch, at, self.number + int(counted[at - part.begin]))
                    rejected = kinds[at - part.begin] == _REJECT
                    yield Reject(record, part.reasons[at]) if rejected else Parsed(record)
        yield from self._aside(part, counted)
        self.number += int(counted[-1])

    def _aside(self, part: _Part, counted: Positions) -> Iterator[Row]:
        """Yield the rows for other tables; beside a row of the sheet's own they are the record's second."""
        for at, aside in sorted(part.asides.items()):
            if at < part.end and part.kinds[at] in (_ROW, _ROWLESS):
                record = self._record(part.stretch, at, self.number + int(counted[at - part.begin]))
                yield Row(aside.table, record, aside.values, int(part.kinds[at] == _ROW))

    def _placed(self, part: _Part, rows: pa.RecordBatch, records: Positions, number: Positions) -> pa.RecordBatch:
        """Fill in the provenance of rows made from `records`."""
        stretch = part.stretch
        places: dict[str, pa.Array] = {
            "source_id": pa.repeat(pa.scalar(self.source_id, STRING), len(records)),
            "record": pa.array(number, INT),
            "part": pa.array(np.zeros(len(records), np.int32)),
            "line": pa.array(stretch.lines[records], INT),
            "offset": pa.array(stretch.offset + stretch.starts[records], INT),
            "length": pa.array(stretch.lengths[records], INT),
        }
        columns = [places.get(name, column) for name, column in zip(rows.schema.names, rows.columns, strict=True)]
        return pa.RecordBatch.from_arrays(columns, schema=rows.schema)

    def _record(self, stretch: Stretch, at: int, number: int) -> Record:
        begin, end = int(stretch.starts[at]), int(stretch.ends[at])
        separator = int(stretch.nexts[at]) - end
        return Record(number, stretch.offset + begin, end - begin, int(stretch.lines[at]), separator)


def _runs(kinds: npt.NDArray[np.int8]) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each run of one kind."""
    edges = (np.flatnonzero(np.diff(kinds)) + 1).tolist()
    return zip([0, *edges], [*edges, len(kinds)], strict=True)
