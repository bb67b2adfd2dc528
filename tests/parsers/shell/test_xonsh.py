"""xonsh's two histories, and what peers read out of them."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from parsers.contract import HEAD_BYTES, Grade
from parsers.formats import parser_of, recognise_head
from parsers.shell import xonsh_json, xonsh_sqlite
from parsers.source import Source


def document(commands) -> bytes:
    data = {"cmds": commands, "sessionid": "s"}
    return f'{{"locs": [1],\n "index": {{"offsets":{{}}}},\n "data": {json.dumps(data)}\n}}\n'.encode()


def read(golden, data: bytes) -> dict[str, list[dict]]:
    books, tables = golden.tables_of(Source.of_bytes(data), xonsh_json)
    assert books.stream_bytes == len(data)
    return {table: rows.to_pylist() for table, rows in tables.items()}


@pytest.mark.parametrize(
    ("stamps", "ts", "precision", "duration"),
    [
        ("[1772616012.25, 1772616013.5]", "2026-03-04T09:20:12.250000+00:00", 10_000, 1_250_000),
        ("[1772616012, 1772616011]", "2026-03-04T09:20:12+00:00", 1_000_000, None),
        ("[1772616012, null]", "2026-03-04T09:20:12+00:00", 1_000_000, None),
        ("null", None, None, None),
        ("[1]", None, None, None),
        ("[true, false]", None, None, None),
    ],
)
def test_times(golden, stamps, ts, precision, duration):
    data = document([{"inp": "ls\n", "ts": 0}]).replace(b'"ts": 0', b'"ts": ' + stamps.encode())
    (row,) = read(golden, data)["process"]
    assert (row["ts"] and row["ts"].isoformat(), row["ts_precision_us"], row["duration_us"]) == (
        ts,
        precision,
        duration,
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (document([])[:-9], "Expecting"),
        (document("x"), "no list of commands"),
        (b"[]", "no list of commands"),
        (b'{"data": 1}', "no list of commands"),
    ],
)
def test_what_is_no_history(golden, data, reason):
    (reject,) = read(golden, data)["quarantine"]
    assert reason in reject["reason"]


def test_white_space_is_structure(golden):
    found = golden.golden(Source.of_bytes(b"\n\n" + document([{"inp": "ls"}]) + b"\n"), xonsh_json)
    assert (found["books"]["bytes_structure"], found["rows"]["process"][0]["line"]) == (4, 3)
    assert golden.golden(Source.of_bytes(b" \n"), xonsh_json)["books"]["bytes_structure"] == 2


def test_grades():
    assert xonsh_json.recognise(document([]), "x") == Grade.STRONG
    assert xonsh_json.recognise(b'{"locs": [1]}', "x") == Grade.NONE
    assert xonsh_sqlite.recognise(b"CREATE TABLE xonsh_history", "x") == Grade.NONE


@pytest.mark.shared
def test_what_a_peer_expects(shared, golden):
    folder = shared / "data" / "host_execution" / "xonsh"
    expected = json.loads((folder / "expected.json").read_text())
    rows = []
    for path in sorted(folder.glob("atuin__*.json"), reverse=True):
        source = Source.of_file(path)
        with source.open() as stream:
            assert recognise_head(stream.read(HEAD_BYTES), "x").chosen == "xonsh_json"
        _, tables = golden.tables_of(source, xonsh_json)
        rows += tables["process"].to_pylist()
    assert len(rows) == len(expected)
    for row, wanted in zip(rows, expected, strict=True):
        assert (row["command"], row["cwd"], str(row["exit_code"])) == (wanted["command"], wanted["cwd"], wanted["exit"])
        # the peer's times went through binary fractions
        assert abs(row["duration_us"] - int(wanted["duration"]) / 1000) <= 2
        date, of_day, _ = wanted["timestamp"].replace("-6 ", "-06 ").split(" ")
        stamp = datetime.fromisoformat(f"{date}T{of_day[:8]}+00:00").timestamp() + float(of_day[8:])
        assert abs(row["ts"].timestamp() - stamp) < 2e-6


@pytest.mark.shared
def test_a_real_database(shared, golden):
    path = (
        shared / "data" / "host_execution" / "xonsh" / "atuin__crates__atuin-client__tests__data__xonsh-history.sqlite"
    )
    source = Source.of_file(path)
    with source.open() as stream:
        chosen = recognise_head(stream.read(HEAD_BYTES), "x").chosen
    assert chosen == "xonsh_sqlite"
    _, tables = golden.tables_of(source, parser_of(chosen))
    rows = tables["process"].to_pylist()
    assert [row["command"] for row in rows] == ["echo hello world!", "ls -l", "false", "exit"]
    assert [row["exit_code"] for row in rows] == [0, 0, 1, 0]
