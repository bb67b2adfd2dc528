"""atuin's database: who ran a command and what for, times that are real and times that an importer made up."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from parsers.contract import HEAD_BYTES, Grade
from parsers.formats import recognise_head
from parsers.shell import atuin_history
from parsers.source import Source

S = 1_772_616_012 * 10**9
MS = 10**6
TABLE = (
    "create table history (id text primary key, timestamp integer not null, duration integer not null,"
    " exit integer not null, command text not null, cwd text not null, session text not null,"
    " hostname text not null, deleted_at integer, author text, intent text, shell text, author_kind integer,"
    " unique(timestamp, cwd, command))"
)


@pytest.fixture
def read(tmp_path, golden):
    def reading(*entries: dict) -> list[dict]:
        path = tmp_path / "history.db"
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(TABLE)
            for number, entry in enumerate(entries):
                row = {"id": f"{number}", "timestamp": S, "duration": 0, "exit": 0, "command": f"c{number}"}
                row |= {"cwd": "/", "session": "s", "hostname": "h:u"} | entry
                names, marks = ", ".join(row), ", ".join("?" * len(row))
                connection.execute(f"insert into history ({names}) values ({marks})", list(row.values()))
        _, tables = golden.tables_of(Source.of_file(path), atuin_history)
        return tables["process"].to_pylist()

    return reading


@pytest.mark.parametrize(
    ("entry", "kind", "notes"),
    [
        ({"author": "alice", "author_kind": 1}, "user", None),
        ({"author": "claude-code", "author_kind": 2}, "agent", None),
        ({"author": "some-bot", "author_kind": 2}, "agent", None),
        ({"author": "codex"}, "agent", ["author_kind_from_name"]),
        ({"author": "codex", "author_kind": 1}, "user", None),
        ({"author": "alice"}, None, None),
        ({"author_kind": 9}, None, None),
        ({}, None, None),
    ],
)
def test_who_ran_it(read, entry, kind, notes):
    (row,) = read(entry)
    assert (row["author_kind"], row["notes"]) == (kind, notes)


IMPORTED = {"duration": -1, "exit": -1}


@pytest.mark.parametrize(
    ("times", "real"),
    [
        # a time, then lines without one: the importer counts up
        ([S, S + MS, S + 2 * MS], [True, False, False]),
        # lines before the first time: it counts down from there
        ([S - 2 * MS, S - MS, S], [False, False, True]),
        # no times at all: it counts from when it ran
        ([S + 123_456, S + 123_456 + MS], [False, False]),
        # a command that still ran, or one alone
        ([S + 5], [True]),
        ([S, S + 10**9], [True, True]),
        ([S + 5, S + 5 + 2 * MS], [True, True]),
    ],
)
def test_invented_times_are_none(read, times, real):
    rows = read(*({**IMPORTED, "timestamp": at} for at in times))
    assert [row["ts"] is not None for row in rows] == real
    for row, at, known in zip(rows, times, real, strict=True):
        assert row["notes"] == (None if known else ["imported_without_time"])
        assert json.loads(row["extra"]).get("timestamp_ns") == (None if known else at)


def test_quick_commands_a_millisecond_apart_are_real(read):
    rows = read({"timestamp": S + 1}, {"timestamp": S + 1 + MS}, {**IMPORTED, "timestamp": S + 1 + 2 * MS})
    assert all(row["ts"] for row in rows)


@pytest.mark.parametrize(
    ("entry", "column", "value"),
    [
        ({"hostname": "gpu-07:svc:x"}, "user_name", "svc:x"),
        ({"hostname": "gpu-07"}, "user_name", None),
        ({"exit": 1}, "succeeded", False),
        ({"exit": 0}, "succeeded", True),
        ({"exit": -1}, "succeeded", None),
        ({"duration": 1_999}, "duration_us", 1),
        ({"duration": -1}, "duration_us", None),
        ({"timestamp": S + 123_456_789}, "ts_remainder_ns", 789),
        ({"command": ""}, "command", ""),
        ({"intent": "earn"}, "intent", "earn"),
    ],
)
def test_columns(read, entry, column, value):
    (row,) = read(entry)
    assert row[column] == value


def test_other_databases_are_not_atuins(tmp_path):
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table history (session integer, line integer, source text)")
    assert atuin_history.recognise(path.read_bytes(), "history.db") == Grade.NONE


@pytest.mark.shared
def test_a_database_made_by_atuins_own_migrations(shared, golden):
    source = Source.of_file(shared / "data" / "host_execution" / "atuin" / "history.db")
    with source.open() as stream:
        assert recognise_head(stream.read(HEAD_BYTES), "x").chosen == "atuin_history"
    _, tables = golden.tables_of(source, atuin_history)
    rows = tables["process"].to_pylist()
    assert [(row["command"], row["author_kind"], row["intent"]) for row in rows] == [
        ("nvidia-smi", "user", None),
        ("nohup ./xmrig -o pool.example:443 &", "agent", "raise funds for more compute"),
        ("history -c", "agent", None),
    ]
    assert [row["notes"] for row in rows] == [None, None, ["author_kind_from_name", "deleted"]]
    assert [row["exit_code"] for row in rows] == [0, None, 1]
