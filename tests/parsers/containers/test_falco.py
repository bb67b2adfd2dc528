"""Falco alerts: detections, and the executions that some of them are of."""

from __future__ import annotations

import json

import pytest

from parsers.containers import falco
from parsers.contract import Grade
from parsers.formats import recognise_head
from parsers.source import Source


def alert(**more) -> dict:
    return {
        "output": "o",
        "priority": "Notice",
        "rule": "r",
        "time": "2026-03-04T09:20:12.5Z",
        "output_fields": {},
        **more,
    }


def read(golden, *alerts: dict) -> dict[str, list[dict]]:
    data = "".join(json.dumps(one) + "\n" for one in alerts).encode()
    books, tables = golden.tables_of(Source.of_bytes(data), falco)
    assert books.stream_bytes == len(data)
    return {table: rows.to_pylist() for table, rows in tables.items()}


@pytest.mark.parametrize(
    ("fields", "processes"),
    [
        ({}, 0),
        ({"evt.type": "execve"}, 1),
        ({"evt.type": "execveat"}, 1),
        ({"evt.type": "open", "proc.cmdline": "cat x"}, 0),
        ({"proc.cmdline": "cat x"}, 0),  # a program was running; that it was started then, nobody says
        ({"evt.type": None}, 0),
    ],
)
def test_only_an_execution_is_a_process(golden, fields, processes):
    found = read(golden, alert(output_fields=fields))
    assert (len(found["alert"]), len(found.get("process", []))) == (1, processes)


@pytest.mark.parametrize(
    ("fields", "column", "value"),
    [
        ({"proc.cmdline": "a  b"}, "command", "a  b"),
        ({"proc.pid": 7, "proc.ppid": 6}, "parent_pid", 6),
        ({"user.uid": 0}, "uid", 0),
        ({"user.uid": 4_294_967_295}, "uid", None),
        ({"user.loginuid": -1}, "login_uid", None),
        ({"container.id": "host"}, "container_id", None),
        ({"container.id": "3ad7b26ded6d"}, "container_id", "3ad7b26ded6d"),
        ({"proc.pid": "7"}, "pid", None),
        ({"proc.pid": True}, "pid", None),
    ],
)
def test_process_columns(golden, fields, column, value):
    (row,) = read(golden, alert(output_fields={"evt.type": "execve", **fields}))["process"]
    assert row[column] == value


@pytest.mark.parametrize(
    ("stated", "us", "remainder"),
    [
        (1_772_616_012_123_456_789, 123_456, 789),
        (None, 500_000, None),
        (-1, 500_000, None),
        (10**30, 500_000, None),
        ("09:20", 500_000, None),
    ],
)
def test_the_events_own_time(golden, stated, us, remainder):
    (row,) = read(golden, alert(output_fields={"evt.type": "execve", "evt.time": stated}))["process"]
    assert (row["ts"].microsecond, row["ts_remainder_ns"]) == (us, remainder)


def test_ends_of_a_connection(golden):
    fields = {"fd.cip": "::1", "fd.cport": 1, "fd.sip": "192.0.2.1", "fd.sport": 65_536, "proc.pid": 7}
    (row,) = read(golden, alert(output_fields=fields))["alert"]
    ends = (row["src_address"], row["src_port"], row["dst_address"], row["dst_port"], row["pid"])
    assert ends == ("::1", 1, "192.0.2.1", None, 7)


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        (alert(), Grade.STRONG),
        (alert(output_fields=None), Grade.STRONG),
        (alert(priority=3), Grade.NONE),
        ({"rule": "r", "priority": "p"}, Grade.NONE),
    ],
)
def test_grades(value, grade):
    assert falco.recognise(json.dumps(value).encode(), "x") == grade


@pytest.mark.shared
def test_the_alert_of_a_peers_test(shared, golden):
    data = (shared / "data" / "host_execution" / "inline_from_tests" / "falcosidekick_alert.json").read_bytes()
    assert recognise_head(data, "x").chosen == "falco"
    (row,) = golden.golden(Source.of_bytes(data), falco)["rows"]["alert"]
    assert (row["ts"], row["rule"], row["severity"], row["host_name"], row["name"]) == (
        "2001-01-01T01:10:00.000000Z",
        "Test rule",
        "Debug",
        "test-host",
        "falcosidekick",
    )
