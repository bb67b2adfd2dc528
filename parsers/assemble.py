"""From a parser's items to Arrow batches and balanced books.

The books are checked, not trusted: items must account for the stream in order, without gap or overlap. A parser that
stops in the middle leaves the rest of the stream in quarantine, never unaccounted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from parsers.contract import Block, Format, Item, Parsed, Parser, Range, Record, Reject, Row, Structure, is_ranged
from parsers.errors import BooksDoNotBalance, ParsersError
from parsers.schema import TABLES
from parsers.source import Source

BATCH_ROWS = 65_536
ROWS_AT_ONCE = 256


@dataclass
class Books:
    """What became of every byte of one source, or of one range of it. `stream_bytes` is their sum."""

    records: int = 0
    quarantined: int = 0
    bytes_parsed: int = 0
    bytes_quarantined: int = 0
    bytes_structure: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    first_us: int | None = None
    last_us: int | None = None

    @property
    def stream_bytes(self) -> int:
        """Bytes accounted for so far: the next item must begin that far into the source or range."""
        return self.bytes_parsed + self.bytes_quarantined + self.bytes_structure

    @classmethod
    def total(cls, parts: Iterable[Books]) -> Books:
        """Add up the books of a source's ranges."""
        whole = cls()
        for books in parts:
            whole.records += books.records
            whole.quarantined += books.quarantined
            whole.bytes_parsed += books.bytes_parsed
            whole.bytes_quarantined += books.bytes_quarantined
            whole.bytes_structure += books.bytes_structure
            for table, count in books.rows.items():
                whole.rows[table] = whole.rows.get(table, 0) + count
            whole.note_times(books.first_us, books.last_us)
        return whole

    def note_times(self, first_us: int | None, last_us: int | None) -> None:
        """Widen the stretch of time that the rows lie in."""
        if first_us is not None:
            self.first_us = first_us if self.first_us is None else min(self.first_us, first_us)
        if last_us is not None:
            self.last_us = last_us if self.last_us is None else max(self.last_us, last_us)


class Reading:
    """One pass over one source, or over the range `span` of it: iterate `batches()`, then look at `books`.

    Only a parser for which `is_ranged` holds reads ranges.
    """

    def __init__(self, source: Source, parser: Parser, batch_rows: int = BATCH_ROWS, span: Range | None = None) -> None:
        self.source = source
        self.parser = parser
        self.span = span
        self.format: Format = parser.FORMAT
        self.books = Books()
        self._batch_rows = batch_rows
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._begin = span.offset if span else 0
        self._last_record = span.records if span else 0

    def batches(self) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Yield (table, batch) in reading order; quarantine and locator rows are batches like any other.

        Raises `BooksDoNotBalance` if the parser accounts for a byte twice or leaves one out.
        """
        try:
            for item in self._items():
                yield from self._take(item)
        except BooksDoNotBalance:
            raise
        except (
            ParsersError,
            ValueError,
            OSError,  # what Arrow says of a corrupt Parquet file
            OverflowError,
            RecursionError,
            LookupError,
            TypeError,
            pa.ArrowException,
        ) as fault:
            self._rest_to_quarantine(f"the parser stopped: {type(fault).__name__}: {fault}")
        self._check_end()
        for table in sorted(self._rows):
            yield from self._flush(table)

    def _items(self) -> Iterator[Item]:
        if self.span is None:
            return self.parser.read(self.source)
        if not is_ranged(self.parser):
            raise BooksDoNotBalance(f"{self.format.name} does not read ranges", source=self.source.name)
        return self.parser.read_range(self.source, self.span)

    def _take(self, item: Item) -> Iterator[tuple[str, pa.RecordBatch]]:
        books = self.books
        if isinstance(item, Parsed):
            record = item.record
            self._expect(record.offset)
            books.records += 1
            books.bytes_parsed += record.length
            books.bytes_structure += record.separator
            self._last_record = record.number
        elif isinstance(item, Row):
            yield from self._add_row(item)
        elif isinstance(item, Structure):
            self._expect(item.offset)
            books.bytes_structure += item.length
        elif isinstance(item, Reject):
            self._expect(item.record.offset)
            self._quarantine(item.record, item.reason)
        else:
            yield from self._take_block(item)

    def _take_block(self, block: Block) -> Iterator[tuple[str, pa.RecordBatch]]:
        self._expect(block.offset)
        if block.parsed + block.structure != block.length:
            raise BooksDoNotBalance("a block's parts do not add up", source=self.source.name, offset=block.offset)
        books = self.books
        books.records += block.records
        books.bytes_parsed += block.parsed
        books.bytes_structure += block.structure
        self._last_record += block.records
        for table, batch in block.tables.items():
            yield from self._flush(table)
            self._note_times(batch)
            books.rows[table] = books.rows.get(table, 0) + batch.num_rows
            yield table, batch

    def _expect(self, offset: int) -> None:
        if offset != self._position():
            raise BooksDoNotBalance(
                f"an item begins at byte {offset}, the one before ended at {self._position()}",
                source=self.source.name,
                offset=offset,
            )

    def _quarantine(self, record: Record, reason: str) -> None:
        self.books.quarantined += 1
        self.books.bytes_quarantined += record.length
        self.books.bytes_structure += record.separator
        self._last_record = record.number
        self._rows.setdefault("quarantine", []).append(
            {
                "source_id": self.source.id,
                "record": record.number,
                "line": record.line,
                "offset": record.offset,
                "length": record.length,
                "reason": reason,
                "format": self.format.name,
            }
        )

    def _position(self) -> int:
        return self._begin + self.books.stream_bytes

    def _rest_to_quarantine(self, reason: str) -> None:
        begin = self._position()
        end = self._end()
        if end > begin:
            self._quarantine(Record(self._last_record + 1, begin, end - begin, None), reason)

    def _check_end(self) -> None:
        end = self._end()
        if end != self._position():
            raise BooksDoNotBalance(
                f"the stream ends at byte {end}, it is accounted for up to {self._position()}",
                source=self.source.name,
                offset=self._position(),
            )

    def _end(self) -> int:
        if self.span is not None:
            return self.span.offset + self.span.length
        if self.source.size is not None:
            return self.source.size
        return sum(len(block) for block in self.source.blocks())

    def _add_row(self, row: Row) -> Iterator[tuple[str, pa.RecordBatch]]:
        record = row.record
        values = {
            **row.values,
            "source_id": self.source.id,
            "record": record.number,
            "part": row.part,
            "line": record.line,
            "offset": record.offset,
            "length": record.length,
        }
        rows = self._rows.setdefault(row.table, [])
        rows.append(values)
        if row.also:
            self._rows.setdefault("locator", []).extend(
                {
                    "source_id": self.source.id,
                    "record": record.number,
                    "part": row.part,
                    "span": number,
                    "span_record": span.number,
                    "span_line": span.line,
                    "span_offset": span.offset,
                    "span_length": span.length,
                }
                for number, span in enumerate((record, *row.also))
            )
            if len(self._rows["locator"]) >= self._batch_rows:
                yield from self._flush("locator")
        if len(rows) >= self._batch_rows:
            yield from self._flush(row.table)

    def _flush(self, table: str) -> Iterator[tuple[str, pa.RecordBatch]]:
        rows = self._rows.pop(table, None)
        if not rows:
            return
        batch = to_batch(table, rows)
        self._note_times(batch)
        self.books.rows[table] = self.books.rows.get(table, 0) + batch.num_rows
        yield table, batch

    def _note_times(self, batch: pa.RecordBatch) -> None:
        if "ts" not in batch.schema.names:
            return
        import pyarrow.compute as pc

        bounds = pc.min_max(batch.column("ts").cast(pa.int64())).as_py()
        self.books.note_times(bounds["min"], bounds["max"])


def to_batch(table: str, rows: list[dict[str, Any]]) -> pa.RecordBatch:
    """Build one batch of `table` from dictionaries; a key that the schema does not know is a defect and raises."""
    schema = TABLES[table]
    present = set().union(*rows)
    if not present <= set(schema.names):
        raise BooksDoNotBalance(f"table {table} has no column {sorted(present - set(schema.names))}")
    columns: dict[str, list[Any]] = {name: [] for name in schema.names if name in present}
    # a few rows at a time: column by column over all of them, each row would be fetched from memory for each column
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = rows[start : start + ROWS_AT_ONCE]
        for name, values in columns.items():
            values.extend([row.get(name) for row in some])
    arrays = [
        pa.array(columns[column.name], type=column.type) if column.name in columns else pa.nulls(len(rows), column.type)
        for column in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
