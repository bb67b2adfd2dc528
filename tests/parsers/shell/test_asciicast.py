"""Recordings of asciinema: lines entered at prompts, put together from events, at the events' times."""

from __future__ import annotations

import json

import pytest

from parsers.contract import Grade
from parsers.formats import recognise_head
from parsers.shell import asciicast
from parsers.source import Source

ON = "\x1b[?2004h"
V2 = {"version": 2, "width": 80, "height": 24, "timestamp": 1_772_616_012}
V3 = {"version": 3, "term": {"cols": 80, "rows": 24}, "timestamp": 1_772_616_012}


def read(golden, *values) -> list[dict]:
    data = "".join(json.dumps(one) + "\n" for one in values).encode()
    books, tables = golden.tables_of(Source.of_bytes(data), asciicast)
    assert books.stream_bytes == len(data)
    return tables["process"].to_pylist()


@pytest.mark.parametrize(("header", "second"), [(V2, 2), (V3, 3)])
def test_times_are_from_the_begin_or_from_the_event_before(golden, header, second):
    _, row = read(golden, header, [1, "o", f"{ON}$ l"], [2, "o", "s\r\n"])
    assert (row["command"], row["record"], row["ts"].second - 12) == ("ls", 2, second)
    assert row["ts_precision_us"] == 1_000_000


def test_lines_of_one_event_are_told_apart(golden):
    rows = read(golden, V2, [1, "o", f"{ON}$ a\r\n{ON}$ b\r\nx\r\n{ON}$ c"], [2, "o", "\r\n"])[1:]
    assert [(row["record"], row["part"], row["command"]) for row in rows] == [(2, 0, "a"), (2, 1, "b"), (2, 2, "c")]


def test_without_a_time_there_is_none(golden):
    rows = read(golden, {key: value for key, value in V2.items() if key != "timestamp"}, [1, "o", f"{ON}$ ls\r\n"])
    assert [row["ts"] for row in rows] == [None, None]


def test_a_second_header_begins_again(golden):
    rows = read(golden, V3, [5, "o", f"{ON}$ l"], V3, [1, "o", "s\r\n"], [1, "o", f"{ON}$ id\r\n"])
    assert [row["command"] for row in rows] == [None, None, "id"]
    assert rows[2]["ts"].second - 12 == 2


def test_a_line_without_end_is_let_go(golden, monkeypatch):
    monkeypatch.setattr(asciicast, "_MOST_EVENTS", 3)
    rows = read(golden, V2, [1, "o", f"{ON}$ "], *([1, "o", "x"] for _ in range(5)), [1, "o", f"\r\n{ON}$ id\r\n"])
    assert [row["command"] for row in rows] == [None, "id"]


@pytest.mark.parametrize(("said", "code"), [("0", 0), ("130", 130), ("-1", None), ("x", None)])
def test_exits(golden, said, code):
    rows = read(golden, V3, [1, "x", said])[1:]
    assert [(row["kind"], row["exit_code"]) for row in rows] == ([("exit", code)] if code is not None else [])


@pytest.mark.parametrize(
    ("head", "grade"),
    [
        (json.dumps(V2).encode() + b"\n[1,", Grade.STRONG),
        (json.dumps(V3).encode(), Grade.STRONG),
        (b'{"version": 1, "width": 1, "height": 1}\n', Grade.NONE),
        (b'{"version": 2}\n', Grade.NONE),
        (b'{"version": true, "width": 1, "height": 1}\n', Grade.NONE),
        (b"", Grade.NONE),
    ],
)
def test_grades(head, grade):
    assert asciicast.recognise(head, "x.cast") == grade


@pytest.mark.shared
def test_asciinemas_own_recordings(shared, golden):
    files = sorted((shared / "data" / "host_execution" / "asciinema").glob("*.cast"))
    assert len(files) == 4
    for path in files:
        data = path.read_bytes()
        assert recognise_head(data, "x").chosen == "asciicast", path.name
        found = golden.golden(Source.of_bytes(data), asciicast)
        assert found["books"]["quarantined"] == 0, path.name
        first = found["rows"]["process"][0]
        if "full" in path.name:
            assert (first["command"], first["ts"]) == ("/bin/bash", "2017-10-27T08:10:18.000000Z")
            exits = [row["exit_code"] for row in found["rows"]["process"] if row["kind"] == "exit"]
            assert len(exits) == data.count(b'"x"')
