"""Tables on disk: one Parquet part from Arrow batches, the same bytes however the rows arrived.

The writer cuts row groups by itself: after `ROW_GROUP_ROWS` rows, or before the row that would take the text of the
group over `ROW_GROUP_TEXT_BYTES`; pages after `PAGE_ROWS` rows and never for their size, which Arrow looks at only
between batches. All depend on the rows alone, not on how they were batched, so that a part read in one go and one read
in many small batches are byte-identical.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from parsers.errors import ParsersError
from parsers.schema import ALL_TABLES

ROW_GROUP_ROWS = 131_072
ROW_GROUP_TEXT_BYTES = 128 << 20
PAGE_ROWS = 20_000
_NEVER = 1 << 30  # bytes that no page or dictionary of a group reaches
_FEW_ROWS = 4_096

# ids that hardly ever repeat: a dictionary of them would be built and thrown away
_DISTINCT_TEXT = frozenset(
    {"flow_id", "event_id", "message_id", "native_id", "parent_id", "call_id", "request_id", "transaction_id"}
)


class PartWriter:
    """Writes rows of one table into one new Parquet file.

    Batches must have the table's schema exactly. zstd level 1, page checksums, delta encoding for numbers and times,
    dictionaries for text that repeats. Making the file durable (fsync) and giving it its final name is the caller's
    business; a writer that an exception leaves closes a file of fewer rows, which the caller must not rename.
    """

    def __init__(self, path: Path, table: str) -> None:
        self.path = path
        self.table = table
        self.rows = 0
        self._schema = ALL_TABLES[table]
        self._pending: list[pa.RecordBatch] = []
        self._pending_rows = 0
        self._pending_text = 0
        self._writer = pq.ParquetWriter(
            path,
            self._schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=_dictionary_columns(self._schema),
            column_encoding=_encodings(self._schema),
            write_page_checksum=True,
            write_statistics=_ordered_columns(self._schema),
            version="2.6",
            max_rows_per_page=PAGE_ROWS,
            data_page_size=_NEVER,
            dictionary_pagesize_limit=_NEVER,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self._pending = []
            self._writer.close()

    def write(self, batch: pa.RecordBatch) -> None:
        """Append a batch; raises `ParsersError` if it is not of this table's schema."""
        if not batch.schema.equals(self._schema):
            raise ParsersError(f"a batch for table {self.table} has another schema")
        while batch.num_rows:
            taken, text = self._room(batch)
            if taken:
                self._pending.append(batch.slice(0, taken))
                self._pending_rows += taken
                self._pending_text += text
                batch = batch.slice(taken)
            if batch.num_rows or self._pending_rows == ROW_GROUP_ROWS:
                self._flush()

    def close(self) -> None:
        """Write what is held back and the footer. A second call does nothing."""
        self._flush()
        self._writer.close()

    def _room(self, batch: pa.RecordBatch) -> tuple[int, int]:
        """Return how many leading rows still belong to the current group, and the text bytes in them."""
        rows = min(batch.num_rows, ROW_GROUP_ROWS - self._pending_rows)
        head = batch.slice(0, rows)
        text = _text_bytes(head)
        if self._pending_text + text <= ROW_GROUP_TEXT_BYTES:
            return rows, text
        running = np.cumsum(_text_bytes_per_row(head))
        rows = int(np.searchsorted(running, ROW_GROUP_TEXT_BYTES - self._pending_text, side="right"))
        if rows == 0 and self._pending_rows == 0:
            rows = 1  # one row larger than a whole group is a group of its own
        return rows, int(running[rows - 1]) if rows else 0

    def _flush(self) -> None:
        if not self._pending:
            return
        group = pa.Table.from_batches(self._pending, self._schema)
        if group.num_rows < len(self._pending) * _FEW_ROWS:
            group = group.combine_chunks()  # many small batches are written faster as one
        self._writer.write_table(group, row_group_size=ROW_GROUP_ROWS)
        self.rows += group.num_rows
        self._pending, self._pending_rows, self._pending_text = [], 0, 0


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _dictionary_columns(schema: pa.Schema) -> list[str]:
    """Name the columns (as Parquet paths) whose values repeat: names, kinds, amounts, odd fields; not free text."""
    return [
        f"{field.name}.list.element" if pa.types.is_list(field.type) else field.name
        for field in schema
        if field.name not in _DISTINCT_TEXT
        and (
            pa.types.is_string(field.type)
            or field.name == "extra"
            or pa.types.is_decimal(field.type)
            or (pa.types.is_list(field.type) and _is_text(field.type.value_type))
        )
    ]


def _encodings(schema: pa.Schema) -> dict[str, str]:
    """Name the encodings of columns without dictionary: numbers and times climb or stay near one another."""
    found = {}
    dictionaries = set(_dictionary_columns(schema))
    for field in schema:
        if pa.types.is_integer(field.type) or pa.types.is_timestamp(field.type):
            found[field.name] = "DELTA_BINARY_PACKED"
        elif _is_text(field.type) and field.name not in dictionaries:
            found[field.name] = "DELTA_LENGTH_BYTE_ARRAY"
    return found


def _ordered_columns(schema: pa.Schema) -> list[str]:
    """Name the columns whose bounds help a reader to skip groups: places, times, numbers. Text lies in no order."""
    return [
        field.name
        for field in schema
        if pa.types.is_integer(field.type) or pa.types.is_timestamp(field.type) or pa.types.is_decimal(field.type)
    ]


def _text_bytes(batch: pa.RecordBatch) -> int:
    """Count the bytes of all text in a batch, from the offsets alone."""
    return sum(_bytes_of(column) for column in batch.columns)


def _bytes_of(column: pa.Array) -> int:
    if len(column) == 0:
        return 0
    if pa.types.is_list(column.type):
        return _bytes_of(column.flatten())
    if not _is_text(column.type):
        return 0
    offsets = _offsets(column)
    return int(offsets[-1]) - int(offsets[0])


def _text_bytes_per_row(batch: pa.RecordBatch) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    total = np.zeros(batch.num_rows, np.int64)
    for column in batch.columns:
        if pa.types.is_list(column.type) and _is_text(column.type.value_type):
            parents = pc.list_parent_indices(column).to_numpy(zero_copy_only=False)
            np.add.at(total, parents, np.diff(_offsets(column.flatten())))
        elif _is_text(column.type):
            total += np.diff(_offsets(column))
    return total


def _offsets(column: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    wide = pa.types.is_large_string(column.type)
    offsets = np.frombuffer(column.buffers()[1], np.int64 if wide else np.int32)
    return offsets[column.offset : column.offset + len(column) + 1].astype(np.int64)
