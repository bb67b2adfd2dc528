"""Tetragon events: processes with their arguments, addresses, files, what was dropped."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.containers import tetragon
from parsers.contract import HEAD_BYTES, Grade
from parsers.formats import recognise_head
from parsers.source import Source


def event(name: str = "process_exec", process: dict | None = None, **body) -> dict:
    found = {"exec_id": "x", "pid": 7, "binary": "/bin/x", "start_time": "2026-03-04T09:20:12Z", **(process or {})}
    return {name: {"process": found, **body}, "node_name": "n", "time": "2026-03-04T09:20:13.5Z"}


def read(golden, *events: dict) -> dict[str, list[dict]]:
    data = "".join(json.dumps(one) + "\n" for one in events).encode()
    books, tables = golden.tables_of(Source.of_bytes(data), tetragon)
    assert books.stream_bytes == len(data)
    return {table: rows.to_pylist() for table, rows in tables.items()}


@pytest.mark.parametrize(
    ("arguments", "argv", "command", "basis"),
    [
        (None, ["/bin/x"], "/bin/x", "split"),
        ("", ["/bin/x"], "/bin/x", "split"),
        ("-a b", ["/bin/x", "-a", "b"], "/bin/x -a b", "split"),
        ('-c "a b" ""', ["/bin/x", "-c", "a b", ""], "/bin/x -c 'a b' ''", "split"),
        ("it's", ["/bin/x", "it's"], "/bin/x 'it'\"'\"'s'", "split"),
        ('-c "a "b" c"', None, '/bin/x -c "a "b" c"', "joined"),
        ('a"b', None, '/bin/x a"b', "joined"),
        ('"open', None, '/bin/x "open', "joined"),
        ("two  blanks", None, "/bin/x two  blanks", "joined"),
    ],
)
def test_arguments(golden, arguments, argv, command, basis):
    (row,) = read(golden, event(process={"arguments": arguments}))["process"]
    assert (row["argv"], row["command"], row["argv_basis"]) == (argv, command, basis)


ARGUMENT = st.text(st.characters(codec="utf-8", exclude_characters='"', exclude_categories=["Z", "C"]), max_size=9)


@given(st.lists(st.lists(ARGUMENT, max_size=3).map(" ".join), min_size=1, max_size=5))
def test_arguments_come_back(golden, arguments):
    joined = " ".join(f'"{one}"' if " " in one or not one else one for one in arguments)
    (row,) = read(golden, event(process={"arguments": joined}))["process"]
    assert row["argv"] == ["/bin/x", *arguments]


@pytest.mark.parametrize(
    ("process", "column", "value"),
    [
        ({"auid": 4_294_967_295}, "login_uid", None),
        ({"auid": 1004}, "login_uid", 1004),
        ({"uid": 0}, "uid", 0),
        ({"docker": "ab12"}, "container_id", "ab12"),
        ({"docker": "ab12", "pod": {"container": {"id": "containerd://ab12cd"}}}, "container_id", "ab12cd"),
        ({"flags": "execve truncArgs"}, "notes", ["arguments_truncated"]),
        ({"flags": "execve clone"}, "notes", None),
        ({"user": {"name": "svc"}}, "user_name", "svc"),
        ({"pid": "7"}, "pid", None),
    ],
)
def test_process_columns(golden, process, column, value):
    (row,) = read(golden, event(process=process))["process"]
    assert row[column] == value


def test_an_exit_tells_what_it_says_and_no_more(golden):
    plain, failed = read(golden, event("process_exit"), event("process_exit", status=3, signal="SIGTERM"))["process"]
    assert (plain["kind"], plain["exit_code"], plain["duration_us"]) == ("exit", None, 1_500_000)
    assert (failed["exit_code"], json.loads(failed["extra"])["signal"]) == (3, "SIGTERM")


def test_a_clock_that_went_back_gives_no_duration(golden):
    (row,) = read(golden, event("process_exit", {"start_time": "2026-03-04T09:20:14Z"}))["process"]
    assert row["duration_us"] is None


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (event("process_connect", destination_ip="::1", destination_port=5), ("connect", "inet6", "::1", 5)),
        (event("process_listen", ip="0.0.0.0", port=5), ("listen", "inet", "0.0.0.0", 5)),
        (
            event(
                "process_kprobe", function_name="tcp_connect", args=[{"sock_arg": {"daddr": "192.0.2.1", "dport": 5}}]
            ),
            ("connect", "inet", "192.0.2.1", 5),
        ),
        (
            event("process_kprobe", function_name="tcp_close", args=[{"sock_arg": {"daddr": "192.0.2.1", "dport": 5}}]),
            (None, "inet", "192.0.2.1", 5),
        ),
        (event("process_connect", destination_ip="h", destination_port=65_536), ("connect", None, None, None)),
    ],
)
def test_addresses(golden, made, expected):
    (row,) = read(golden, made)["socket_event"]
    assert (row["kind"], row["family"], row["address"], row["port"]) == expected
    assert (row["host_name"], row["pid"]) == ("n", 7)


def test_a_closed_connection_has_an_end_and_no_begin(golden):
    stats = {"bytes_sent": "18446744073709551615", "bytes_received": 7, "segs_in": -1}
    (row,) = read(golden, event("process_close", stats=stats, protocol="UDP"))["flow"]
    assert (row["ts"], row["ts_end"].isoformat()) == (None, "2026-03-04T09:20:13.500000+00:00")
    assert (row["src_bytes"], row["dst_bytes"], row["dst_packets"], row["protocol"]) == (None, 7, None, 17)


def test_what_was_dropped_is_a_gap(golden):
    dropped = {"rate_limit_info": {"number_of_dropped_process_events": "41"}, "time": "2026-03-04T09:20:13Z"}
    (row,) = read(golden, dropped)["coverage_gap"]
    assert (row["reason"], row["lost_records"]) == ("events_dropped", 41)


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        (event(), Grade.STRONG),
        (event("process_lsm"), Grade.STRONG),
        ({"process_exec": {"exec_id": "x"}}, Grade.NONE),
        ({"process": {"exec_id": "x"}}, Grade.NONE),
        ({"process_name": "x", "exec_id": "y"}, Grade.NONE),
    ],
)
def test_grades(value, grade):
    assert tetragon.recognise(json.dumps(value).encode(), "x") == grade


@pytest.mark.shared
def test_the_events_in_tetragons_documentation(shared, golden):
    files = sorted((shared / "data" / "host_execution" / "tetragon").glob("*.json"))
    assert len(files) == 26
    tables = {"exec": "process", "exit": "process", "connect": "socket_event", "listen": "socket_event"}
    tables |= {"close": "flow", "kprobe": "file_event"}
    for path in files:
        data = path.read_bytes()
        assert recognise_head(data[:HEAD_BYTES], "x").chosen == "tetragon", path.name
        value = json.loads(data)
        (name,) = (key for key in value if key.startswith("process_"))
        rows = golden.golden(Source.of_bytes(data), tetragon)["rows"]
        assert set(rows) == {tables[name.removeprefix("process_")]}, path.name
        (row,) = rows[tables[name.removeprefix("process_")]]
        process = value[name]["process"]
        if "pid" in row:
            # an id holds node, kernel time and thread id
            node = base64.b64decode(process["exec_id"]).decode().split(":")[0]
            assert (row["pid"], row["event_id"], row["host_name"]) == (process["pid"], process["exec_id"], node)
        if "argv" in row and '"' not in process.get("arguments", ""):
            assert row["command"].split(" ")[0] == process["binary"]
            assert len(row["argv"]) == 1 + len(process.get("arguments", "").split())
