"""Windows events: command lines taken apart, both shapes, what cannot be read stays beside the row."""

from __future__ import annotations

import json
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.contract import Grade
from parsers.dissect.commands import dissect
from parsers.host import windows_events
from parsers.host.windows_events import SECURITY, SYSMON, arguments_of
from parsers.source import Source


def beat(number: object, provider: str = SYSMON, **data: object) -> dict:
    winlog = {"provider_name": provider, "event_id": number, "computer_name": "w", "event_data": data}
    return {"@timestamp": "2026-03-04T09:20:12.345Z", "winlog": winlog}


def read(golden, *events: dict) -> dict[str, list[dict]]:
    data = "".join(json.dumps(one) + "\n" for one in events).encode()
    books, tables = golden.tables_of(Source.of_bytes(data), windows_events)
    assert books.stream_bytes == len(data)
    return {table: rows.to_pylist() for table, rows in tables.items()}


@pytest.mark.parametrize(
    ("line", "rest"),
    [  # the table of "Parsing C command-line arguments"
        (r'"abc" d e', ["abc", "d", "e"]),
        (r'a\\\b d"e f"g h', [r"a\\\b", "de fg", "h"]),
        (r"a\\\"b c d", [r"a\"b", "c", "d"]),
        (r'a\\\\"b c" d e', [r"a\\b c", "d", "e"]),
        ('a"b"" c d', ['ab" c d']),
        ('""', [""]),
        ('"open quote', ["open quote"]),
        ("a\t b  ", ["a", "b"]),
    ],
)
def test_command_lines(line, rest):
    assert arguments_of("test.exe " + line) == ["test.exe", *rest]
    assert arguments_of(r'"C:\Program Files\t.exe" ' + line) == [r"C:\Program Files\t.exe", *rest]


ARGUMENT = st.text(st.sampled_from("ab \t\\\"'ü"), max_size=8)


@given(st.lists(ARGUMENT, max_size=5))
def test_arguments_come_back(arguments):
    assert arguments_of(subprocess.list2cmdline(["x.exe", *arguments])) == ["x.exe", *arguments]


@given(st.text(max_size=40))
def test_every_line_ends(line):
    assert all(type(argument) is str for argument in arguments_of(line))


def test_a_miner_behind_a_path_with_backslashes_is_seen(golden):
    line = r'"C:\Users\Public\run 1\xmrig.exe" -o pool.example:3333 -u 4A'
    (row,) = read(golden, beat(1, CommandLine=line, ProcessId="7"))["process"]
    (part,) = dissect(row["command"])
    assert part.executable == "xmrig.exe"
    assert part.argv[1:] == ("-o", "pool.example:3333", "-u", "4A")


@pytest.mark.parametrize(
    ("made", "table", "expected"),
    [
        (beat("3", DestinationIp="::1", DestinationPort=5), "socket_event", {"kind": "connect", "family": "inet6"}),
        (beat(3, Initiated="false", SourceIp="192.0.2.1"), "socket_event", {"kind": "accept", "address": "192.0.2.1"}),
        (beat(26, TargetFilename="C:\\x"), "file_event", {"kind": "deleted", "path": "C:\\x"}),
        (beat(4688, SECURITY, NewProcessId="0x1F", ProcessId="0x2"), "process", {"pid": 31, "parent_pid": 2}),
        (beat(4689, SECURITY, ProcessId="0x1F", Status="0x1"), "process", {"kind": "exit", "exit_code": 1}),
        (beat(4624, SECURITY, TargetUserName="m", LogonType="3"), "login", {"kind": "start", "user_name": "m"}),
        (beat(22, QueryName="A.example.", QueryStatus="0"), "name_lookup", {"kind": "dns_query", "name": "a.example"}),
    ],
)
def test_rows(golden, made, table, expected):
    (row,) = read(golden, made)[table]
    assert {column: row[column] for column in expected} == expected


@pytest.mark.parametrize(
    ("number", "provider", "field", "value"),
    [
        (1, SYSMON, "ProcessId", "many"),
        (1, SYSMON, "UtcTime", "yesterday"),
        (3, SYSMON, "DestinationPort", "65536"),
        (3, SYSMON, "DestinationIp", "host"),
        (5, SYSMON, "Image", 5),
        (11, SYSMON, "TargetFilename", ["x"]),
        (4624, SECURITY, "LogonType", "interactive"),
        (1, SYSMON, "Added", "in a later version"),
    ],
)
def test_what_no_column_holds_stays(golden, number, provider, field, value):
    tables = read(golden, beat(number, provider, **{field: value}))
    ((row,),) = tables.values()
    assert json.loads(row["extra"])[field] == value


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        (beat(1), Grade.STRONG),
        (beat("7045", "Service Control Manager"), Grade.STRONG),
        (beat("one"), Grade.NONE),
        ({"winlog": {"event_id": 1}}, Grade.NONE),
        ({"Event": {"System": {"EventID": 1}}}, Grade.NONE),
        ({"event_id": 1, "provider_name": SYSMON}, Grade.NONE),
    ],
)
def test_grades(value, grade):
    assert windows_events.recognise(json.dumps(value).encode(), "x") == grade
