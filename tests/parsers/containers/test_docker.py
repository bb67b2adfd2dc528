"""Docker: what containers were started with, and what was executed in them."""

from __future__ import annotations

import json

import pytest

from parsers.containers import docker_container, docker_events
from parsers.containers.docker_events import WINDOW_RECORDS
from parsers.contract import Grade
from parsers.formats import recognise_head
from parsers.source import Source

STARTED = "2026-03-04T09:20:12Z"
NEVER = "0001-01-01T00:00:00Z"


def container(state: dict | None = None, **more) -> dict:
    return {"ID": "ab", "Path": "/bin/x", "Args": [], "State": {"StartedAt": STARTED, **(state or {})}, **more}


def event(action: str, second: int = 0, kind: str = "container", **attributes) -> dict:
    actor = {"ID": "ab", "Attributes": attributes}
    return {"Type": kind, "Action": action, "Actor": actor, "time": second, "timeNano": second * 10**9 + 5}


def read(golden, parser, *values: dict) -> list[dict]:
    data = "".join(json.dumps(one) + "\n" for one in values).encode()
    books, tables = golden.tables_of(Source.of_bytes(data), parser)
    assert books.stream_bytes == len(data)
    return tables["process"].to_pylist() if "process" in tables else []


@pytest.mark.parametrize(
    ("state", "kinds", "succeeded"),
    [
        ({"Running": True}, ["exec"], True),
        ({"Running": False, "FinishedAt": "2026-03-04T10:20:12Z", "ExitCode": 1}, ["exec", "exit"], True),
        ({"Running": True, "FinishedAt": "2026-03-04T10:20:12Z"}, ["exec"], True),
        ({"Running": False, "FinishedAt": "2026-03-04T08:20:12Z"}, ["exec"], True),
        ({"Running": False, "FinishedAt": NEVER}, ["exec"], True),
        ({"StartedAt": NEVER, "FinishedAt": NEVER}, ["exec"], False),
        ({"Error": "no such device"}, ["exec"], False),
        ({"StartedAt": "soon"}, ["exec"], None),
    ],
)
def test_lives_of_containers(golden, state, kinds, succeeded):
    rows = read(golden, docker_container, container(state))
    assert [row["kind"] for row in rows] == kinds
    assert rows[0]["succeeded"] is succeeded
    notes = {NEVER: ["never_started"], "soon": ["start_unread"]}.get(state.get("StartedAt"))
    assert ((rows[0]["ts"] is None), rows[0]["notes"]) == (notes is not None, notes)


@pytest.mark.parametrize(
    ("more", "column", "value"),
    [
        ({"Args": ["-u", "a b"]}, "command", "/bin/x -u 'a b'"),
        ({"Args": ["-u", "a b"]}, "argv", ["/bin/x", "-u", "a b"]),
        ({"Args": None}, "argv", ["/bin/x"]),
        ({"Args": [1]}, "argv", None),
        ({"Config": {"User": "svc", "WorkingDir": "/w"}}, "user_name", "svc"),
        ({"Config": {"User": ""}}, "user_name", None),
        ({"State": {"StartedAt": STARTED, "Running": True, "Pid": 7}}, "pid", 7),
        ({"State": {"StartedAt": STARTED, "Running": False, "Pid": 7}}, "pid", None),
    ],
)
def test_columns(golden, more, column, value):
    (row,) = read(golden, docker_container, container() | more)
    assert row[column] == value


def test_an_exec_is_one_row_from_its_making_to_its_end(golden):
    steps = [event("exec_create: sh -c a b", 1, execID="e"), event("exec_start: sh -c a b", 2, execID="e")]
    (row,) = read(golden, docker_events, *steps, event("exec_die", 9, execID="e", exitCode="3"))
    assert (row["command"], row["argv_basis"], row["exit_code"], row["succeeded"]) == ("sh -c a b", "joined", 3, True)
    assert (row["ts"].second, row["ts_remainder_ns"], row["ts_end"].second) == (2, 5, 9)
    assert (row["record"], row["event_id"], row["container_id"]) == (1, "e", "ab")


def test_an_exec_that_was_not_started_did_not_run(golden):
    (row,) = read(golden, docker_events, event("exec_create: id", execID="e"))
    assert (row["succeeded"], row["notes"]) == (None, ["start_not_seen"])


def test_events_far_apart_are_rows_of_their_own(golden):
    between = [event("top")] * WINDOW_RECORDS
    rows = read(golden, docker_events, event("exec_start: id", execID="e"), *between, event("exec_die", execID="e"))
    assert [row["record"] for row in rows] == [1, WINDOW_RECORDS + 2]


@pytest.mark.parametrize(
    ("made", "exit_code", "notes"),
    [
        (event("die", exitCode="137"), 137, None),
        (event("die"), None, None),
        (event("die", exitCode="-1"), None, None),
        (event("oom"), None, ["killed_out_of_memory"]),
    ],
)
def test_ends_of_containers(golden, made, exit_code, notes):
    (row,) = read(golden, docker_events, made)
    assert (row["kind"], row["exit_code"], row["notes"], row["command"]) == ("exit", exit_code, notes, None)


@pytest.mark.parametrize("made", [event("start"), event("die", kind="plugin"), event("exec_start: id")])
def test_other_events_make_no_row(golden, made):
    assert read(golden, docker_events, made) == []


@pytest.mark.parametrize(
    ("value", "containers", "events"),
    [
        (container(), Grade.STRONG, Grade.NONE),
        (container() | {"State": None}, Grade.NONE, Grade.NONE),
        (container() | {"ID": ""}, Grade.NONE, Grade.NONE),
        (event("start"), Grade.NONE, Grade.STRONG),
        (event("start") | {"Actor": "x"}, Grade.NONE, Grade.NONE),
    ],
)
def test_grades(value, containers, events):
    head = json.dumps(value).encode()
    assert (docker_container.recognise(head, "x"), docker_events.recognise(head, "x")) == (containers, events)


@pytest.mark.shared
def test_a_real_container(shared, golden):
    (path,) = (shared / "data" / "host_execution" / "docker").glob("*config.json")
    data = path.read_bytes()
    assert recognise_head(data, "x").chosen == "docker_container"
    (row,) = golden.golden(Source.of_bytes(data), docker_container)["rows"]["process"]
    assert (row["ts"], row["ts_remainder_ns"]) == ("2016-01-07T16:49:08.674873Z", 770)
    assert (row["command"], row["pid"], row["cwd"]) == ("/bin/bash", 143_648, "/home/plaso")
    assert row["container_id"].startswith("e7d0b7ea5ccf")
