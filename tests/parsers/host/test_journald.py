"""The journal in its two written forms: the same entries give the same rows; damage stays where it is."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.contract import Grade
from parsers.host import journald_export, journald_json
from parsers.host.journal_entries import values_of
from parsers.schema import PROVENANCE
from parsers.source import Source

PLACE = {name for name, _ in PROVENANCE}
T = 1_772_616_012_000_000


def entry(message, **fields) -> dict:
    return {"__CURSOR": "c", "__REALTIME_TIMESTAMP": str(T), "_HOSTNAME": "h", **fields, "MESSAGE": message}


def as_json(*entries: dict) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in entries).encode()


def as_export(*entries: dict) -> bytes:
    found = b""
    for one in entries:
        for name, value in one.items():
            for data in values_of(value):
                if all(byte >= 32 or byte == 9 for byte in data):
                    found += name.encode() + b"=" + data + b"\n"
                else:
                    found += name.encode() + b"\n" + struct.pack("<Q", len(data)) + data + b"\n"
        found += b"\n"
    return found


def read(golden, parser, data: bytes) -> dict[str, list[dict]]:
    books, tables = golden.tables_of(Source.of_bytes(data), parser)
    assert books.stream_bytes == len(data)
    return {
        table: [{key: value for key, value in row.items() if key not in PLACE} for row in rows.to_pylist()]
        for table, rows in tables.items()
    }


def test_both_forms_of_the_sample_give_the_same_rows(golden):
    texts = [
        (golden.DATA / name).read_bytes() for name in ("journald_json/lines/journal", "journald_export/whole/journal")
    ]
    one, other = read(golden, journald_json, texts[0]), read(golden, journald_export, texts[1])
    assert one == other
    assert len(one["process"]) == 4


TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
FIELDS = st.dictionaries(st.sampled_from(["_PID", "_COMM", "_UID", "_EXE", "UNIT", "_TRANSPORT"]), TEXT, max_size=4)


@given(st.lists(st.tuples(TEXT | st.binary(min_size=1, max_size=40).map(list), FIELDS), max_size=5))
def test_any_entries_give_the_same_rows_in_both_forms(golden, drawn):
    entries = [entry(message, SYSLOG_IDENTIFIER="CRON", **fields) for message, fields in drawn]
    entries += [entry("(root) CMD (id)", SYSLOG_IDENTIFIER="CRON")]
    one, other = (
        read(golden, journald_json, as_json(*entries)),
        read(golden, journald_export, as_export(*entries)),
    )
    assert one == other
    assert one["process"][-1]["command"] == "id"


@pytest.mark.parametrize(
    ("identifier", "fields", "forged"),
    [
        ("sudo", {"_COMM": "sudo"}, False),
        ("sudo", {"_COMM": "logger"}, True),
        ("sudo", {}, False),  # an old journal: nobody tells
        ("CRON", {"_COMM": "cron"}, False),
        ("CRON", {"_COMM": "python3"}, True),
        ("sshd", {"_COMM": "sshd-session"}, False),
        ("systemd", {"_COMM": "(systemd)"}, False),
        ("kernel", {"_TRANSPORT": "kernel"}, False),
        ("kernel", {"_TRANSPORT": "syslog", "_COMM": "logger"}, True),
    ],
)
def test_who_writes_in_anothers_name_is_noted(golden, identifier, fields, forged):
    messages = {
        "sudo": "a : PWD=/ ; USER=root ; COMMAND=/bin/id",
        "CRON": "(root) CMD (id)",
        "sshd": "Accepted password for a from 192.0.2.1 port 5 ssh2",
        "systemd": "m.service: Main process exited, code=exited, status=1/FAILURE",
        "kernel": "Killed process 7 (xmrig) total-vm:9kB",
    }
    found = read(golden, journald_json, as_json(entry(messages[identifier], SYSLOG_IDENTIFIER=identifier, **fields)))
    (rows,) = found.values()
    assert ("written_by_another_program" in (rows[0]["notes"] or [])) is forged


def test_who_logged_in_stays_with_sudo(golden):
    fields = {"_AUDIT_LOGINUID": "1004", "_AUDIT_SESSION": "31", "_PID": "9", "_UID": "0", "SYSLOG_IDENTIFIER": "sudo"}
    data = as_json(
        entry("a : PWD=/ ; USER=root ; COMMAND=/bin/echo 1", **fields),
        entry("a : (command continued) 2", **fields),
        entry("pam_unix(sudo:session): session opened for user root(uid=0) by a(uid=1004)", **fields),
    )
    found = read(golden, journald_json, data)
    (row,) = found["process"]
    assert (row["login_uid"], row["login_session"], row["pid"]) == (1004, 31, 9)
    assert (row["command"], row["uid"]) == ("/bin/echo 1 2", None)
    (login,) = found["login"]
    assert (login["uid"], login["login_session"]) == (0, 31)
    assert json.loads(login["extra"])["login_uid"] == 1004


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ä", ["ä".encode()]),
        ([104, 0, 255], [b"h\0\xff"]),
        (["a", [98]], [b"a", b"b"]),
        (None, []),
        ([], []),
        ([300], []),
        (7, [b"7"]),
        (True, []),
        ({"a": "b"}, []),
    ],
)
def test_values_in_json(value, expected):
    assert list(values_of(value)) == expected


GOOD = as_export(entry("(root) CMD (id)", SYSLOG_IDENTIFIER="CRON"))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (b"__CURSOR=x\nMESSAGE\n" + b"\xff" * 8 + b"a\n\n", "a field of 18446744073709551615 bytes"),
        (b"__CURSOR=x\nMESSAGE\n" + struct.pack("<Q", 1) + b"ab\n\n", "no newline behind field MESSAGE"),
        (b"__CURSOR=x\nmessage=a\n\n", "no name of a field"),
        (b"__CURSOR=x\n\0\0\0\0\n\n", "no name of a field"),
    ],
)
def test_damage_ends_where_the_next_entry_begins(golden, damage, reason):
    found = read(golden, journald_export, GOOD + damage + GOOD)
    assert [row["command"] for row in found["process"]] == ["id", "id"]
    (reject,) = found["quarantine"]
    assert reject["reason"].startswith(reason)


@pytest.mark.parametrize("cut", [b"MESSAGE\n\x05\0\0", b"MESSAGE\n\x05\0\0\0\0\0\0\0abc"])
def test_a_stream_cut_in_a_value(golden, cut):
    found = read(golden, journald_export, GOOD + b"__CURSOR=x\n" + cut)
    assert [row["reason"] for row in found["quarantine"]] == ["the stream ends in field MESSAGE"]
    assert len(found["process"]) == 1


def test_what_is_longer_than_a_window_is_read(golden, monkeypatch):
    monkeypatch.setattr(journald_export, "READ_BYTES", 7)
    data = as_export(entry("(root) CMD (id)", SYSLOG_IDENTIFIER="CRON", OTHER="x" * 300, RAW=[0, 10, 10, 95, 95] * 50))
    assert len(read(golden, journald_export, data * 3)["process"]) == 3


def test_a_line_beyond_the_limit_is_rejected_and_the_rest_read(golden, monkeypatch):
    monkeypatch.setattr(journald_export, "MAX_VALUE_BYTES", 50)
    monkeypatch.setattr(journald_export, "READ_BYTES", 10)
    data = GOOD + b"__CURSOR=" + b"x" * 500 + b"\nMESSAGE=a\n\n" + GOOD
    found = read(golden, journald_export, data)
    assert [row["reason"] for row in found["quarantine"]] == ["a field of more than 50 bytes"]
    assert len(found["process"]) == 2


@pytest.mark.parametrize(
    ("head", "lines", "export"),
    [
        (as_json(entry("x")), Grade.STRONG, Grade.NONE),
        (json.dumps(entry("x"), indent="\t").encode(), Grade.STRONG, Grade.NONE),
        (as_export(entry("x")), Grade.NONE, Grade.STRONG),
        (b"\n" + as_export(entry("x", OTHER="\n")), Grade.NONE, Grade.STRONG),
        (b'{"__REALTIME_TIMESTAMP":"1"}\n', Grade.NONE, Grade.NONE),
        (b'{"a":1}\n' + as_json(entry("x")), Grade.NONE, Grade.NONE),
        (b"__CURSOR=x\nMESSAGE=a\n\n", Grade.NONE, Grade.NONE),
        (b"", Grade.NONE, Grade.NONE),
    ],
)
def test_grades(head, lines, export):
    assert (journald_json.recognise(head, "x"), journald_export.recognise(head, "x")) == (lines, export)
