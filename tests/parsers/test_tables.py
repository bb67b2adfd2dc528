"""One part, the same bytes however its rows arrived."""

from __future__ import annotations

import hashlib
import random
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from parsers import tables
from parsers.assemble import to_batch
from parsers.errors import ParsersError
from parsers.schema import ALL_TABLES
from parsers.tables import PartWriter


def flow_rows(count: int) -> list[dict]:
    rng = random.Random(7)
    return [
        {
            "source_id": "ab" * 32,
            "record": number + 1,
            "part": 0,
            "line": number + 9,
            "offset": number * 100,
            "length": 99,
            "ts": 1_700_000_000_000_000 + number * 1_000,
            "ts_precision_us": 1,
            "flow_id": f"C{number:x}",
            "src_address": f"10.0.0.{rng.randrange(4)}",
            "src_port": rng.randrange(65_536),
            "protocol": 6,
            "src_bytes": rng.choice([None, 2**64 - 1, rng.randrange(10**6)]),
            "notes": rng.choice([None, [], ["odd"], ["odd", "very"]]),
            "extra": rng.choice([None, "{}", '{"local_orig":true}']),
        }
        for number in range(count)
    ]


def written(path, table, batch, sizes) -> bytes:
    with PartWriter(path, table) as writer:
        at = 0
        for size in sizes:
            writer.write(batch.slice(at, size))
            at += size
        writer.write(batch.slice(at))
    assert writer.rows == batch.num_rows
    return path.read_bytes()


def chunkings(total: int) -> list[list[int]]:
    rng = random.Random(11)
    some: list[int] = []
    while sum(some) < total:
        some.append(rng.randrange(1, total // 3))
    return [[], [1], [total], [0, 0, 5], [total // 2], some, [7] * (total // 7)]


def test_chunking_does_not_change_the_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "ROW_GROUP_ROWS", 1000)
    batch = to_batch("flow", flow_rows(3_456))
    digests = {
        hashlib.sha256(written(tmp_path / f"{n}.parquet", "flow", batch, sizes)).hexdigest()
        for n, sizes in enumerate(chunkings(3_456))
    }
    assert len(digests) == 1
    file = pq.ParquetFile(tmp_path / "0.parquet")
    assert [file.metadata.row_group(g).num_rows for g in range(4)] == [1000, 1000, 1000, 456]
    assert file.read().combine_chunks().to_batches()[0].equals(batch)


def test_full_size_groups_are_cut_alike(tmp_path):
    batch = to_batch("flow", flow_rows(2_000))
    long = pa.Table.from_batches([batch] * 70).combine_chunks().to_batches()[0]
    whole = written(tmp_path / "a.parquet", "flow", long, [])
    assert whole == written(tmp_path / "b.parquet", "flow", long, [999] * 130)
    assert pq.ParquetFile(tmp_path / "a.parquet").metadata.row_group(0).num_rows == tables.ROW_GROUP_ROWS


def test_many_pages_and_large_dictionaries_are_cut_alike(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "_FEW_ROWS", 0)  # never joined before they are written
    rows = [
        {
            "source_id": f"{n:x}" * 12,
            "record": n * n,
            "part": n % 7,
            "reason": f"{n % 5_000} " + "because " * (n % 40),
            "text": None if n % 3 else "x" * (n % 500),
            "notes": [f"note_{n}", "odd"][: n % 3],
            "extra": f'{{"n":{n}}}',
        }
        for n in range(45_000)
    ]
    batch = to_batch("coverage_gap", rows)
    digests = {
        hashlib.sha256(written(tmp_path / f"{n}.parquet", "coverage_gap", batch, sizes)).hexdigest()
        for n, sizes in enumerate([[], [1], [19_999, 2, 20_001], [777] * 57, [13_000] * 3])
    }
    assert len(digests) == 1
    assert pq.read_table(tmp_path / "0.parquet").combine_chunks().to_batches()[0].equals(batch)


def test_groups_of_much_text_are_smaller_and_still_do_not_depend_on_chunking(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "ROW_GROUP_TEXT_BYTES", 5_000)
    rng = random.Random(3)
    rows = [
        {"source_id": "ab", "record": n, "part": 0, "text": rng.choice([None, "x" * rng.randrange(900)])}
        for n in range(500)
    ]
    rows[77]["text"] = "y" * 20_000  # larger than any group
    for row in rows:
        row["notes"] = rng.choice([None, ["z" * rng.randrange(60), "q"], []])
    batch = to_batch("resource_request", rows)
    digests = {
        hashlib.sha256(written(tmp_path / f"{n}.parquet", "resource_request", batch, sizes)).hexdigest()
        for n, sizes in enumerate(chunkings(500))
    }
    assert len(digests) == 1
    file = pq.ParquetFile(tmp_path / "0.parquet")
    assert file.metadata.num_row_groups > 20
    assert file.read().combine_chunks().to_batches()[0].equals(batch)


@pytest.mark.parametrize("table", sorted(ALL_TABLES))
def test_every_table_can_be_written_empty(tmp_path, table):
    with PartWriter(tmp_path / "part.parquet", table) as writer:
        writer.close()
    assert pq.read_schema(tmp_path / "part.parquet").equals(ALL_TABLES[table])


@pytest.mark.parametrize("table", sorted(ALL_TABLES))
def test_every_table_survives_a_row_of_nulls_and_pages_are_checksummed(tmp_path, table):
    batch = pa.RecordBatch.from_arrays([pa.nulls(3, f.type) for f in ALL_TABLES[table]], schema=ALL_TABLES[table])
    written(tmp_path / "part.parquet", table, batch, [])
    assert pq.read_table(tmp_path / "part.parquet", page_checksum_verification=True).num_rows == 3
    metadata = pq.ParquetFile(tmp_path / "part.parquet").metadata
    assert metadata.row_group(0).column(0).compression == "ZSTD"
    assert b"pandas" not in (metadata.metadata or {})


def test_a_damaged_page_is_noticed(tmp_path):
    path = tmp_path / "part.parquet"
    written(path, "flow", to_batch("flow", flow_rows(1_000)), [])
    data = bytearray(path.read_bytes())
    data[len(data) // 4] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(OSError):
        pq.read_table(path, page_checksum_verification=True)


def test_positions_are_delta_encoded_and_names_have_dictionaries(tmp_path):
    path = tmp_path / "part.parquet"
    written(path, "flow", to_batch("flow", flow_rows(1_000)), [])
    group = pq.ParquetFile(path).metadata.row_group(0)
    encodings = {group.column(i).path_in_schema: group.column(i).encodings for i in range(group.num_columns)}
    assert "DELTA_BINARY_PACKED" in encodings["offset"]
    assert "DELTA_BINARY_PACKED" in encodings["ts"]
    assert "RLE_DICTIONARY" in encodings["src_address"]
    assert "RLE_DICTIONARY" in encodings["notes.list.element"]
    assert "RLE_DICTIONARY" not in encodings["flow_id"]


def test_another_schema_is_refused(tmp_path):
    with PartWriter(tmp_path / "part.parquet", "flow") as writer, pytest.raises(ParsersError):
        writer.write(to_batch("price", [{"record": 1, "price": Decimal(1)}]))


def left_by_an_exception(path) -> None:
    with PartWriter(path, "flow") as writer:
        writer.write(to_batch("flow", flow_rows(10)))
        raise KeyError("of the caller")


def test_an_exception_passes_through_and_the_held_rows_are_not_written(tmp_path):
    with pytest.raises(KeyError):
        left_by_an_exception(tmp_path / "part.parquet")
    assert pq.ParquetFile(tmp_path / "part.parquet").metadata.num_rows == 0
