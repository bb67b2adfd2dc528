"""Databases of strangers: ordinary tables are read, nothing in them runs, damage ends in quarantine."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from types import SimpleNamespace

import pytest

from parsers import sqlite
from parsers.contract import Format
from parsers.source import Source
from parsers.sqlite import Database, Made, read_database

FORMAT = Format(name="made_up", title="", tables=("process", "coverage_gap"), signature=True, line_based=False)


@pytest.fixture
def made(tmp_path):
    def make(*statements: str, name: str = "made up?.db") -> Source:
        path = tmp_path / name
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("pragma page_size = 512")
            for statement in statements:
                connection.execute(statement)
        return Source.of_file(path)

    return make


def commands(database: Database):
    for row in database.rows("t", ("a", "b")):
        if row["a"] == b"bad":
            yield "a bad row"
        else:
            yield Made("process", {"command": str(row.get("a")), "exit_code": row.get("b")})


def read(golden, source: Source):
    return golden.golden(source, SimpleNamespace(FORMAT=FORMAT, read=lambda one: read_database(one, commands)))


def test_rows_are_numbered_and_bad_ones_rejected(golden, made):
    source = made("create table t (a text, b integer)", "insert into t values ('x', 1), ('bad', 2), ('y', 3)")
    found = read(golden, source)
    assert [(row["record"], row["command"]) for row in found["rows"]["process"]] == [(1, "b'x'"), (3, "b'y'")]
    assert [(row["record"], row["length"], row["reason"]) for row in found["rows"]["quarantine"]] == [
        (2, 0, "row 2: a bad row")
    ]
    assert found["books"]["bytes_parsed"] == source.size


def test_more_rows_than_a_batch_has(golden, made, monkeypatch):
    monkeypatch.setattr(sqlite, "_BATCH_ROWS", 3)
    values = ", ".join(f"('{at}', {at})" for at in range(10))
    found = read(golden, made("create table t (a text, b integer)", f"insert into t values {values}"))
    assert [row["record"] for row in found["rows"]["process"]] == list(range(1, 11))
    assert [row["exit_code"] for row in found["rows"]["process"]] == list(range(10))


def test_a_compressed_delivery_gives_the_same(golden, made):
    source = made("create table t (a text, b integer)", "insert into t values ('x', 1)")
    with source.open() as stream:
        unpacked = Source.of_bytes(stream.read(), source.name)
    assert read(golden, source) == read(golden, unpacked)


@pytest.mark.parametrize(
    "statements",
    [
        ("create view t as select 'x' as a",),
        ("create table other (a text)",),
        ("create table t (c text)",),
        ("create virtual table t using fts5(a, b)",),
    ],
)
def test_only_ordinary_tables_with_known_columns_are_read(golden, made, statements):
    source = made(*statements)
    found = read(golden, source)
    (reject,) = found["rows"].pop("quarantine")
    assert reject["reason"] == "after row 0: no table t with a column that this format knows"
    assert (found["rows"], reject["length"]) == ({}, source.size)


@pytest.mark.parametrize(
    "statement",
    [
        "select load_extension('x')",
        "select upper(a) from t",
        "attach 'other.db' as other",
        "insert into t values ('x', 1)",
        "pragma journal_mode = delete",
        "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n",
    ],
)
def test_nothing_else_can_be_asked_of_it(made, statement):
    source = made("create table t (a text, b integer)")
    with (
        sqlite._opened(source, source.size) as database,
        pytest.raises(sqlite3.DatabaseError, match=r"authorized|prohib"),
    ):
        database._connection.execute(statement).fetchone()


def test_names_are_quoted(made):
    source = made('create table "t" ("a" text, "b ""c" integer)')
    with sqlite._opened(source, source.size) as database:
        assert database.columns("t") == ("a", 'b "c')
        assert database.columns("t; drop table t") == ()


def test_a_write_ahead_log_is_a_gap(golden, made):
    source = made("create table t (a text, b integer)", "pragma journal_mode = wal", "insert into t values ('x', 1)")
    found = read(golden, source)
    assert [row["command"] for row in found["rows"]["process"]] == ["b'x'"]
    (gap,) = found["rows"]["coverage_gap"]
    assert (gap["record"], gap["offset"], gap["length"], gap["reason"]) == (2, 0, 100, "write_ahead_log_apart")
    assert found["books"]["bytes_parsed"] == source.size


def test_nothing_is_written_beside_the_evidence(golden, made, tmp_path):
    source = made("create table t (a text, b integer)", "pragma journal_mode = wal", "insert into t values ('x', 1)")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    read(golden, source)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_rows_that_the_file_has_no_room_for_end_the_reading(golden, made, monkeypatch):
    monkeypatch.setattr(sqlite, "_LEAST_ROW_BYTES", 512)
    values = ", ".join(f"('{at}', {at})" for at in range(10))
    source = made("create table t (a text, b integer)", f"insert into t values {values}")
    found = read(golden, source)
    assert len(found["rows"]["process"]) == 2
    assert found["rows"]["quarantine"][0]["reason"] == "after row 2: more rows than the file has room for"


@pytest.mark.parametrize("data", [b"", b"x", b"SQLite format 3\0", b"SQLite format 3\0" + b"\0" * 600])
def test_what_is_no_database(golden, data):
    found = read(golden, Source.of_bytes(data))
    assert set(found["rows"]) == ({"quarantine"} if data else set())
    assert found["books"]["bytes_quarantined"] == len(data)


def test_every_cut_and_every_flipped_byte_is_survived(golden, made):
    values = ", ".join(f"('{'x' * 60}{at}', {at})" for at in range(60))
    source = made("create table t (a text, b integer)", f"insert into t values {values}")
    with source.open() as stream:
        whole = stream.read()
    for at in range(0, len(whole), 97):
        for damaged in (whole[:at], whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]):
            books = read(golden, Source.of_bytes(damaged))["books"]
            assert books["bytes_parsed"] + books["bytes_quarantined"] == len(damaged)
