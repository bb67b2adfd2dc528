"""The benchmarks compare like with like: both sides find the same rows in what was made for them. No timing here."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from parsers.assemble import Reading
from parsers.formats import parser_of, recognise
from parsers.source import Source

SIZE = 150_000


@pytest.fixture(scope="module", autouse=True)
def beside():
    folder = str(Path(__file__).parent)
    sys.path.insert(0, folder)
    yield
    sys.path.remove(folder)


@pytest.fixture(scope="module")
def bench():
    return importlib.import_module("bench_reading")


@pytest.mark.parametrize(
    ("name", "table"),
    [("auditd", "process"), ("bash_history", "process"), ("claude_code", "transcript"), ("pcap", "flow")],
)
def test_plain_python_finds_as_many_rows(bench, tmp_path, name, table):
    write, read_plainly = bench.OTHERS[name]
    path = tmp_path / name
    write(path, SIZE)
    source = Source.of_file(path)
    assert recognise(source).chosen == name
    reading = Reading(source, parser_of(name))
    for _ in reading.batches():
        pass
    assert reading.books.quarantined == 0
    assert reading.books.rows[table] == read_plainly(path).num_rows > 10


def test_zeek_both_ways(bench, tmp_path):
    duckdb = pytest.importorskip("duckdb")
    log = tmp_path / "conn.log"
    records = bench.generate.zeek_conn(log, SIZE)
    assert (
        log.read_bytes() == (bench.generate.zeek_conn(tmp_path / "again", SIZE), (tmp_path / "again").read_bytes())[1]
    )

    class Here:
        imap = staticmethod(map)

    bench._read_with_books(Here, log, tmp_path, records)
    with duckdb.connect() as connection:
        bench._copy_with_duckdb(connection, log, tmp_path / "copy.parquet", records)
        ours = connection.sql(f"select src_bytes, flow_id from '{tmp_path}/flow-0.parquet' order by all").fetchall()
        theirs = connection.sql(f"select orig_ip_bytes, uid from '{tmp_path}/copy.parquet' order by all").fetchall()
    assert ours == theirs


def test_numbers_are_ratios_of_speed(bench):
    numbers = bench.in_turn(1_000_000, lambda: 0.0, lambda: 0.0, rounds=2).numbers()
    assert set(numbers) >= {"megabytes", "ours_best", "theirs_median", "ratio_best", "ratio_processor"}
