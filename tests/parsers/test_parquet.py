"""Parquet files: schema from the end, rows by number, row groups parsed or in quarantine as a whole."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from typing import Any

import golden
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers import parquet
from parsers.contract import Block, Format, Reject, Row, Structure
from parsers.csvsheet import Aside, Converted
from parsers.formats import head_of
from parsers.jsonlines import JsonRecord
from parsers.jsontext import compact
from parsers.source import Source


class Numbers:
    """A parser of files with one column of numbers: odd ones are no bytes, 4 is a gap, 6 is both."""

    FORMAT = Format("numbers", "Numbers", ("flow", "coverage_gap"), signature=True, line_based=False)

    def recognise(self, head: bytes, name: str):
        raise NotImplementedError

    def read(self, source: Source):
        return parquet.read_rows(source, "flow", _converted)


def _converted(batch: pa.RecordBatch) -> Converted:
    numbers = batch.column(0).to_pylist()
    faults = {at: "odd" for at, number in enumerate(numbers) if number % 2}
    rowless = pa.array([number == 4 for number in numbers]).to_numpy(zero_copy_only=False)
    asides = {at: Aside("coverage_gap", {"reason": "gap"}) for at, number in enumerate(numbers) if number in {4, 6}}
    return Converted({"src_bytes": pa.array(numbers, pa.uint64())}, faults, rowless, asides)


def written(numbers: list[int], **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"n": pa.array(numbers, pa.int64())}), sink, write_page_checksum=True, **options)
    return sink.getvalue()


def read(data: bytes):
    books, tables = golden.tables_of(Source.of_bytes(data), Numbers())
    assert books.stream_bytes == len(data)
    return books, {name: golden.rows_of(table) for name, table in tables.items()}


def test_rows_are_numbered_over_all_row_groups_and_batches(monkeypatch):
    monkeypatch.setattr(parquet, "BATCH_ROWS", 2)
    books, found = read(written([0, 2, 4, 1, 6, 8, 10], row_group_size=4))
    assert [(row["record"], row["part"], row["src_bytes"]) for row in found["flow"]] == [
        (1, 0, 0),
        (2, 0, 2),
        (5, 0, 6),
        (6, 0, 8),
        (7, 0, 10),
    ]
    assert [(row["record"], row["part"]) for row in found["coverage_gap"]] == [(3, 0), (5, 1)]
    assert [(row["record"], row["length"], row["reason"]) for row in found["quarantine"]] == [(4, 0, "row 3: odd")]
    assert (books.records, books.quarantined) == (6, 1)
    assert all("offset" not in row and "length" not in row and "line" not in row for row in found["flow"])


def test_bytes_are_structure_but_for_row_groups():
    data = written(list(range(0, 40, 2)), row_group_size=10)
    items = list(Numbers().read(Source.of_bytes(data)))
    groups = [item for item in items if isinstance(item, Block) and item.length]
    assert next(item.length for item in items if isinstance(item, Structure)) == len(parquet.MAGIC)
    assert groups[0].offset == 4
    assert groups[0].offset + groups[0].length == groups[1].offset
    assert sum(item.length for item in items) == len(data)


def test_a_damaged_row_group_costs_itself():
    data = bytearray(written(list(range(0, 40, 2)), row_group_size=10, use_dictionary=False, compression="none"))
    first = pq.read_metadata(io.BytesIO(data)).row_group(0).column(0)
    data[first.data_page_offset + first.total_compressed_size - 1] ^= 1
    _, found = read(bytes(data))
    assert [row["record"] for row in found["flow"]] == list(range(11, 21))
    [fault] = found["quarantine"]
    assert (fault["record"], fault["offset"], fault["length"]) == (1, 4, first.total_compressed_size)
    assert fault["reason"].startswith("row group 0, from row 0: ")
    assert "CRC" in fault["reason"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PAR1", "no Parquet footer at the end"),
        (b"PAR1PAR1", "no Parquet footer at the end"),
        (written([2])[:-1], "no Parquet footer at the end"),
        (b"PAR1" + b"\xff\xff\xff\x7f" + b"PAR1", "no Parquet footer at the end"),
        (b"PAR1" + b"\0" * 40 + (40).to_bytes(4, "little") + b"PAR1", "no Parquet footer that can be read: "),
    ],
)
def test_what_is_no_parquet_is_in_quarantine_whole(data, reason):
    books, found = read(data)
    assert (books.quarantined, books.bytes_quarantined) == (1, len(data))
    assert found["quarantine"][0]["reason"].startswith(reason)


def test_more_rows_than_bytes_can_hold_are_not_believed(monkeypatch):
    monkeypatch.setattr(parquet, "MOST_ROWS_PER_BYTE", 1)
    data = written([2] * 10_000)
    assert len(data) < 10_000
    _, found = read(data)
    assert "10000 rows" in found["quarantine"][0]["reason"]


def test_a_stream_that_cannot_be_wound_back_is_refused():
    data = written([2])

    class Forward(io.BytesIO):
        def seekable(self) -> bool:
            return False

    items = list(parquet.read_rows(Source("0" * 64, "x", lambda: Forward(data)), "flow", _converted))
    assert [type(item) for item in items] == [Reject]
    assert parquet.head_of(data[:10], Forward(data)) == data[:10]


def test_the_head_of_a_large_file_is_its_magic_and_footer():
    data = written(list(range(0, 400_000, 2)), compression="none", use_dictionary=False)
    assert len(data) > 1_000_000
    head = head_of(Source.of_bytes(data))
    assert len(head) < 10_000
    assert parquet.schema_of(head).names == ["n"]
    assert parquet.schema_of(data) == parquet.schema_of(head)
    assert head_of(Source.of_bytes(b"PAR1 and some text")) == b"PAR1 and some text"
    assert parquet.schema_of(b"text") is None
    assert parquet.schema_of(b"PAR1" + head[-20:]) is None


@given(at=st.integers(0, 10_000), value=st.integers(1, 255), cut=st.integers(0, 300))
def test_damage_is_contained(at, value, cut):
    data = bytearray(written(list(range(0, 40, 2)), row_group_size=10))
    data[at % len(data)] ^= value
    read(bytes(data[: len(data) - cut] if cut < 20 else data))


class Nested(Numbers):
    """A parser of files with nested columns, whose objects are kept as they are."""

    def read(self, source: Source):
        return parquet.read_records(source, _objects)


def _objects(item: JsonRecord):
    if "bad" in item.value:
        return "bad"
    return [Row("flow", item.record, {"extra": compact(item.value)}), Row("coverage_gap", item.record, {}, 1)]


def test_nested_records_are_objects_without_nulls(monkeypatch):
    monkeypatch.setattr(parquet, "BATCH_RECORDS", 2)
    table = pa.table(
        {
            "a": pa.array([{"b": 1, "c": {"d": None}}, None, {"b": None, "c": None}]),
            "when": pa.array([0, None, 1], pa.timestamp("us", "UTC")),
            "list": pa.array([[{"x": None, "y": "z"}], [], None]),
            "bytes": pa.array([b"\xff", None, None]),
            "bad": pa.array([None, 1, None]),
        }
    )
    sink = io.BytesIO()
    pq.write_table(table, sink)
    books, tables = golden.tables_of(Source.of_bytes(sink.getvalue()), Nested())
    rows = golden.rows_of(tables["flow"])
    assert [(row["record"], row["part"]) for row in rows] == [(1, 0), (3, 0)]
    assert [json.loads(row["extra"]) for row in rows] == [
        {"a": {"b": 1}, "when": "1970-01-01 00:00:00+00:00", "list": [{"y": "z"}], "bytes": "\\xff"},
        {"when": "1970-01-01 00:00:00.000001+00:00"},
    ]
    assert [(row["record"], row["part"]) for row in golden.rows_of(tables["coverage_gap"])] == [(1, 1), (3, 1)]
    assert [row["reason"] for row in golden.rows_of(tables["quarantine"])] == ["row 1: bad"]
    assert (books.records, books.quarantined) == (2, 1)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([1, None], pa.int32()), ["1", None]),
        (pa.array(["a", ""], pa.large_string()), ["a", ""]),
        (pa.array([1.0, 0.5, None]), ["1", "0.5", None]),
        (pa.array([b"a\xff"]), ["a\\xff"]),
        (pa.array(["x", None, "x"]).dictionary_encode(), ["x", None, "x"]),
        (pa.array([Decimal("1.50")]), ["1.50"]),
        (pa.array([0], pa.timestamp("us", "UTC")), ["1970-01-01 00:00:00.000000Z"]),
        (pa.array([[1, None], []], pa.list_(pa.int64())), ["[1,null]", "[]"]),
        (pa.array([{"a": 1, "b": "ü"}, None]), ['{"a":1,"b":"ü"}', None]),
        (pa.array([[("k", "v")], []], pa.map_(pa.string(), pa.string())), ['{"k":"v"}', "{}"]),
        (pa.array([[("k", "v"), ("k", "w")]], pa.map_(pa.string(), pa.string())), ['[["k","v"],["k","w"]]']),
    ],
)
def test_values_as_text(column, expected):
    assert parquet.texts(column).to_pylist() == expected
