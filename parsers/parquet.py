"""Parquet files: recognised by their schema, read row group by row group into the batches of one table.

Source of the format: apache/parquet-format README.md and parquet.thrift: magic, row groups of column chunks, footer
with the schema, its length, magic.

The schema stands at the end, so the head of a Parquet file, as recognisers see it, is its magic and its footer: a
Parquet file without data. A row has no range of bytes; its record is its number in the file, from 1, over all row
groups (`row` in references is one less). A row group's bytes are parsed or in quarantine as a whole; magic, footer and
what lies between row groups are structure. Checksums of pages are compared where there are some. It is Arrow that
decodes, in the process that reads: the workbench limits it as it does for all parsers.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from parsers.assemble import to_batch
from parsers.columns import batch as batch_of
from parsers.contract import Block, Item, Record, Reject, Row, Structure
from parsers.csvsheet import Converted
from parsers.jsonlines import JsonRecord
from parsers.jsontext import compact
from parsers.schema import INT, STRING
from parsers.source import Source
from parsers.text import decoded

MAGIC = b"PAR1"
BATCH_ROWS = 65_536
BATCH_RECORDS = 4096  # records of nested columns become objects, which take more room
MOST_FOOTER_BYTES = 64 << 20
MOST_ROWS_PER_BYTE = 1000  # run lengths can claim any number of rows
_TAIL = 8  # length of the footer, magic
_FAULTS = (pa.ArrowException, OSError, ValueError, OverflowError)

Convert = Callable[[pa.RecordBatch], Converted]
Produce = Callable[[JsonRecord], Iterable[Row] | str]


def head_of(head: bytes, stream: BinaryIO) -> bytes:
    """Return magic and footer of the Parquet file in `stream`; `head`, as it is, where that is none."""
    if not head.startswith(MAGIC) or not stream.seekable():
        return head
    size = stream.seek(0, io.SEEK_END)
    footer = _footer_bytes(stream, size)
    if footer is None:
        return head
    stream.seek(size - footer)
    return MAGIC + stream.read(footer)


@lru_cache(maxsize=4)
def schema_of(head: bytes) -> pa.Schema | None:
    """Return the schema that a head ends with, None where it is no head of a Parquet file."""
    if not (head.startswith(MAGIC) and head.endswith(MAGIC)):
        return None
    try:
        return pq.ParquetFile(io.BytesIO(head)).schema_arrow
    except _FAULTS:
        return None


def read_rows(source: Source, table: str, convert: Convert) -> Iterator[Item]:
    """Account for a Parquet file and yield its rows; `convert` makes the columns of `table` out of a batch.

    `Converted.faults` turn single rows down: they are in quarantine by their number, without bytes of their own.
    """
    return _items(source, BATCH_ROWS, lambda batch, first: _converted(source, batch, first, table, convert))


def read_records(source: Source, produce: Produce) -> Iterator[Item]:
    """Account for a Parquet file of nested columns; `produce` makes the rows of one record, or says why it does not.

    Records come as objects of JSON would: what is null is left out, times are text.
    """
    return _items(source, BATCH_RECORDS, lambda batch, first: _produced(source, batch, first, produce))


class _Made(NamedTuple):
    """What a batch of a file makes: rows of tables, how many of its records were read, why others were not."""

    tables: Mapping[str, pa.RecordBatch]
    read: int
    faults: Mapping[int, str]


_Make = Callable[[pa.RecordBatch, int], _Made]


def _items(source: Source, at_once: int, make: _Make) -> Iterator[Item]:
    with source.open() as stream:
        if not stream.seekable():
            yield from _refused(source, "a Parquet file that is compressed as a whole and too large to be unpacked")
            return
        size = stream.seek(0, io.SEEK_END)
        footer = _footer_bytes(stream, size)
        if footer is None:
            yield from _refused(source, "no Parquet footer at the end")
            return
        try:
            file = pq.ParquetFile(stream, page_checksum_verification=True, pre_buffer=False)
            groups = _groups(file.metadata, size - footer, size)
        except _FAULTS as fault:
            yield from _refused(source, f"no Parquet footer that can be read: {_told(fault)}")
            return
        at = 0
        for group in groups:
            if group.begin > at:
                yield Structure(at, group.begin - at)
            yield from _group_items(file, group, at_once, make)
            at = group.end
        if size > at:
            yield Structure(at, size - at)


class _Group(NamedTuple):
    number: int
    begin: int
    end: int
    first_row: int
    rows: int


def _footer_bytes(stream: BinaryIO, size: int) -> int | None:
    """Return how many bytes footer, length and magic take at the end, None where they do not stand there."""
    if size < len(MAGIC) + _TAIL:
        return None
    stream.seek(size - _TAIL)
    tail = stream.read(_TAIL)
    footer = int.from_bytes(tail[:4], "little") + _TAIL
    fits = footer <= min(size - len(MAGIC), MOST_FOOTER_BYTES)
    return footer if tail.endswith(MAGIC) and fits else None


def _groups(metadata: pq.FileMetaData, data_end: int, size: int) -> list[_Group]:
    """Return the row groups with the bytes that are theirs; where these make no sense, the first one has them all."""
    if metadata.num_rows > MOST_ROWS_PER_BYTE * size:
        raise ValueError(f"{metadata.num_rows} rows in {size} bytes")
    groups, row = [], 0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        begin, end = _extent(group)
        groups.append(_Group(number, begin, end, row, group.num_rows))
        row += group.num_rows
    if row != metadata.num_rows:
        raise ValueError(f"{row} rows in row groups where the footer says {metadata.num_rows}")
    edges = [len(MAGIC), *(edge for group in groups for edge in (group.begin, group.end)), data_end]
    if edges != sorted(edges):
        places = [(len(MAGIC), data_end), *[(data_end, data_end)] * (len(groups) - 1)]
        groups = [group._replace(begin=begin, end=end) for group, (begin, end) in zip(groups, places, strict=True)]
    return groups


def _extent(group: pq.RowGroupMetaData) -> tuple[int, int]:
    begins, ends = [], []
    for place in range(group.num_columns):
        column = group.column(place)
        begin = column.data_page_offset
        if column.has_dictionary_page and 0 < column.dictionary_page_offset < begin:
            begin = column.dictionary_page_offset
        begins.append(begin)
        ends.append(begin + column.total_compressed_size)
    return (min(begins), max(ends)) if begins else (0, 0)


def _group_items(file: pq.ParquetFile, group: _Group, at_once: int, make: _Make) -> Iterator[Item]:
    """Yield the rows of a row group without bytes, then the whole group's bytes as parsed or rejected."""
    row = group.first_row
    length = group.end - group.begin
    try:
        for batch in file.iter_batches(at_once, row_groups=[group.number], use_threads=False):
            made = make(batch, row + 1)
            yield Block(
                group.begin, 0, made.read, 0, 0, {name: rows for name, rows in made.tables.items() if len(rows)}
            )
            for place, reason in sorted(made.faults.items()):
                yield Reject(Record(row + place + 1, group.begin, 0, None), f"row {row + place}: {reason}")
            row += batch.num_rows
        if row != group.first_row + group.rows:
            raise ValueError(f"{row - group.first_row} rows where the footer says {group.rows}")
    except _FAULTS as fault:
        reason = f"row group {group.number}, from row {row}: {_told(fault)}"
        yield Reject(Record(row + 1, group.begin, length, None), reason)
        return
    yield Block(group.begin, length, 0, length, 0, {})


def _converted(source: Source, batch: pa.RecordBatch, first: int, table: str, convert: Convert) -> _Made:
    count = batch.num_rows
    found = convert(batch)
    kept = np.ones(count, np.bool_)
    kept[list(found.faults)] = False
    without_row = np.zeros(count, np.bool_) if found.rowless is None else found.rowless
    tables = {table: _placed(source, table, count, first, found.columns).filter(pa.array(kept & ~without_row))}
    asides: dict[str, list[dict[str, Any]]] = {}
    for place, aside in sorted(found.asides.items()):
        if kept[place]:
            own = {"source_id": source.id, "record": first + place, "part": int(not without_row[place])}
            asides.setdefault(aside.table, []).append({**aside.values, **own})
    tables |= {name: to_batch(name, rows) for name, rows in asides.items()}
    return _Made(tables, int(kept.sum()), found.faults)


def _produced(source: Source, batch: pa.RecordBatch, first: int, produce: Produce) -> _Made:
    columns = [(field, column.to_pylist()) for field, column in zip(batch.schema, batch.columns, strict=True)]
    tables: dict[str, list[dict[str, Any]]] = {}
    faults: dict[int, str] = {}
    for place in range(batch.num_rows):
        value = {field.name: _object(values[place], field.type) for field, values in columns}
        kept = {name: item for name, item in value.items() if item is not None}
        made = produce(JsonRecord(Record(first + place, 0, 0, None), kept, (), ()))
        if isinstance(made, str):
            faults[place] = made
            continue
        for row in made:
            own = {"source_id": source.id, "record": first + place, "part": row.part}
            tables.setdefault(row.table, []).append({**row.values, **own})
    read = batch.num_rows - len(faults)
    return _Made({name: to_batch(name, rows) for name, rows in tables.items()}, read, faults)


def _placed(source: Source, table: str, count: int, first: int, columns: Mapping[str, Any]) -> pa.RecordBatch:
    """Return a batch of `table` whose rows are the records from `first` on."""
    places = {
        "source_id": pa.repeat(pa.scalar(source.id, STRING), count),
        "record": pa.array(np.arange(first, first + count), INT),
        "part": pa.array(np.zeros(count, np.int32)),
    }
    return batch_of(table, count, {**columns, **places})


def _refused(source: Source, reason: str) -> Iterator[Item]:
    size = source.size if source.size is not None else sum(len(block) for block in source.blocks())
    if size:
        yield Reject(Record(1, 0, size, None), reason)


def _told(fault: BaseException) -> str:
    """Return the first line of what Arrow says; the rest names places in its own source code."""
    return str(fault).split("\n", 1)[0][:300] or type(fault).__name__


def texts(column: pa.Array) -> pa.StringArray:
    """Return a column's values as text: numbers in digits, times in ISO 8601, lists, maps and structures as JSON."""
    if isinstance(column, pa.DictionaryArray):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_floating(kind):
        return pa.array([None if value is None else _text(value, kind) for value in column.to_pylist()], STRING)
    return column.cast(STRING)


def _text(value: Any, kind: pa.DataType) -> str:
    if isinstance(value, bytes):
        return decoded(value)[0]
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return compact(_plain(value, kind))


def _plain(value: Any, kind: pa.DataType) -> Any:
    """Return a value as JSON has it; a map that repeats a key stays a list of pairs."""
    if value is None:
        return None
    if pa.types.is_struct(kind):
        return {field.name: _plain(value[field.name], field.type) for field in kind}
    if pa.types.is_map(kind):
        pairs = [(str(key), _plain(item, kind.item_type)) for key, item in value]
        return dict(pairs) if len(dict(pairs)) == len(pairs) else [list(pair) for pair in pairs]
    if isinstance(value, list):
        return [_plain(item, kind.value_type) for item in value]
    return value if isinstance(value, str | int | float | Decimal) else str(value)


def _object(value: Any, kind: pa.DataType) -> Any:
    """Return a value as an object of JSON would have it: members that are null are not there."""
    return _without_nulls(_plain(decoded(value)[0] if isinstance(value, bytes) else value, kind))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        members = {name: _without_nulls(item) for name, item in value.items()}
        return {name: item for name, item in members.items() if item is not None} or None
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
