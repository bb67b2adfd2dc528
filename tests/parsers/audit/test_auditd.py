"""Audit logs: events are whole in whatever order their lines come, and say what the kernel said."""

from __future__ import annotations

import csv
import functools
import ipaddress
import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers import blocks
from parsers.audit import auditd
from parsers.contract import Grade
from parsers.source import Source

T = 1_790_000_000
GS = b"\x1d"
SAMPLES = {"oracle": 21}


def read(data: bytes, golden) -> dict[str, list[dict]]:
    return golden.golden(Source.of_bytes(data), auditd)["rows"]


def only(data: bytes, table: str, golden) -> dict:
    (row,) = read(data, golden)[table]
    return row


def encoded(value: bytes) -> bytes:
    """Write untrusted text as the kernel does."""
    if all(0x21 <= byte <= 0x7E and byte != 0x22 for byte in value):
        return b'"' + value + b'"'
    return value.hex().upper().encode()


def line(kind: str, body: bytes, serial: int = 7, time: str = f"{T}.123", node: str | None = None) -> bytes:
    prefix = f"node={node} " if node else ""
    return f"{prefix}type={kind} msg=audit({time}:{serial}): ".encode() + body + b"\n"


def call(number: int = 59, arch: str = "c000003e", *, success: str = "yes", code: int = 0, more: bytes = b"") -> bytes:
    return (
        f"arch={arch} syscall={number} success={success} exit={code} a0=1 a1=2 a2=3 a3=4 items=2 ppid=10 pid=11 "
        "auid=1000 uid=0 gid=0 euid=33 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts1 ses=3 "
        'comm="sh" exe="/usr/bin/dash" subj=unconfined key=(null)'
    ).encode() + more


def execve(*arguments: bytes) -> bytes:
    parts = [b"argc=%d" % len(arguments)]
    parts += [b"a%d=" % at + (encoded(one) if one else b'""') for at, one in enumerate(arguments)]
    return b" ".join(parts)


# --- commands -------------------------------------------------------------------------------------------------------


def test_a_command_with_all_its_columns(golden):
    data = line("SYSCALL", call(more=GS + b'SYSCALL=execve AUID="ada" UID="root"')) + line(
        "EXECVE", execve(b"sh", b"a b")
    )
    data += (
        line("CWD", b'cwd="/srv"') + line("PATH", b'item=0 name="/bin/x" inode=1 nametype=NORMAL') + line("EOE", b"")
    )
    row = only(data, "process", golden)
    assert row == {
        "record": 1, "part": 0, "line": 1, "offset": 0, "length": data.index(b"\n"),
        "ts": "2026-09-21T14:13:20.123000Z", "ts_precision_us": 1000, "kind": "exec", "user_name": "root", "uid": 0,
        "effective_uid": 33, "login_uid": 1000, "login_user_name": "ada", "login_session": 3, "tty": "pts1", "pid": 11,
        "parent_pid": 10, "name": "sh", "executable": "/usr/bin/dash", "command": "sh 'a b'", "argv": ["sh", "a b"],
        "argv_basis": "argv", "cwd": "/srv", "succeeded": True, "event_id": "7",
        "extra": '{"exit":0,"path":"/bin/x","syscall":"execve"}',
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "argv", "notes"),
    [
        (b'argc=2 a0="id" a1=2D7520726F6F74', ["id", "-u root"], []),
        (b'argc=2 a0="id" a1="3005"', ["id", "3005"], []),
        (b'argc=2 a0="id" a1=3005', ["id", "0\x05"], []),
        (b'argc=2 a0="id" a1=3005a', ["id", "3005a"], []),
        (b'argc=2 a0="id" a1=dead', ["id", "dead"], []),
        (b'argc=3 a0="x" a2="z"', ["x", "", "z"], ["empty_argument_inferred"]),
        (b'argc=3 a0="x" a1="y"', ["x", "y"], ["arguments_incomplete"]),
        (b'a0="x"', ["x"], ["arguments_incomplete"]),
        (b'argc=1 a0=""', [""], []),
        (b'argc=2 a0="x" a999999999="y"', ["x", "y"], ["arguments_incomplete"]),
        (b'argc=2 a0="x" a1_len=6 a1[0]="abc" a1[1]="def"', ["x", "abcdef"], []),
        (b'argc=2 a0="x" a1_len=12 a1[0]=616263 a1[1]=646566', ["x", "abcdef"], []),
        (b'argc=2 a0="x" a1_len=6 a1[0]="abc"', ["x", "abc"], ["arguments_incomplete"]),
        (b'argc=2 a0="x" a1_len=9 a1[0]="abc" a1[2]="ghi"', ["x", "abcghi"], ["arguments_incomplete"]),
        (b'argc=2 a0="x" a1=FF', ["x", "\\xff"], ["undecodable_bytes"]),
        (b"argc=0", None, []),
    ],
)
def test_arguments(body, argv, notes, golden):
    row = only(line("SYSCALL", call()) + line("EXECVE", body), "process", golden)
    assert (row.get("argv"), row.get("notes", [])) == (argv, notes)


def test_a_piece_may_end_inside_a_character(golden):
    raw = "größe".encode().hex().upper().encode()
    body = b'argc=2 a0="x" a1_len=%d a1[0]=' % len(raw) + raw[:6]
    data = line("SYSCALL", call()) + line("EXECVE", body) + line("EXECVE", b" a1[1]=" + raw[6:])
    assert only(data, "process", golden)["argv"] == ["x", "größe"]


@pytest.mark.parametrize(
    ("success", "argv", "basis", "notes"),
    [("yes", ["ls", "-l"], "proctitle", None), ("no", None, None, ["no_arguments"])],
)
def test_the_title_tells_a_command_only_if_it_came_to_run(success, argv, basis, notes, golden):
    data = line("SYSCALL", call(success=success)) + line("PROCTITLE", b"proctitle=" + b"ls\0-l".hex().upper().encode())
    row = only(data, "process", golden)
    assert (row.get("argv"), row.get("argv_basis"), row.get("notes")) == (argv, basis, notes)


@pytest.mark.parametrize(
    ("arch", "number", "table"),
    [
        ("c000003e", 59, "process"),
        ("c000003e", 322, "process"),
        ("c00000b7", 221, "process"),
        ("c00000b7", 281, "process"),
        ("40000003", 11, "process"),
        ("40000003", 358, "process"),
        ("c000003e", 221, None),
        ("c00000b7", 59, None),
        ("ffffffff", 59, None),
        ("zz", 59, None),
    ],
)
def test_a_number_means_nothing_without_its_architecture(arch, number, table, golden):
    found = read(line("SYSCALL", call(number, arch)), golden)
    assert list(found) == ([table] if table else [])


def test_unset_ids_are_none(golden):
    body = call().replace(b"auid=1000", b"auid=4294967295").replace(b"ses=3", b"ses=4294967295")
    body = body.replace(b"tty=pts1", b"tty=(none)")
    row = only(line("SYSCALL", body), "process", golden)
    assert not {"login_uid", "login_session", "tty"} & set(row)


def test_names_come_from_the_host_alone(golden):
    row = only(line("SYSCALL", call()), "process", golden)
    assert not {"user_name", "login_user_name"} & set(row)
    row = only(line("SYSCALL", call(more=GS + b'AUID="unset" UID="unknown(0)"')), "process", golden)
    assert not {"user_name", "login_user_name"} & set(row)


# --- addresses and files --------------------------------------------------------------------------------------------


def address(family: int, rest: bytes, order: str = "little") -> bytes:
    return b"saddr=" + (family.to_bytes(2, order) + rest).hex().upper().encode()


def inet(host: str, port: int) -> bytes:
    return port.to_bytes(2, "big") + ipaddress.ip_address(host).packed + bytes(8)


def inet6(host: str, port: int) -> bytes:
    return port.to_bytes(2, "big") + bytes(4) + ipaddress.ip_address(host).packed + bytes(4)


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (address(2, inet("192.0.2.1", 3333)), {"family": "inet", "address": "192.0.2.1", "port": 3333}),
        (address(10, inet6("2001:db8::1", 53)), {"family": "inet6", "address": "2001:db8::1", "port": 53}),
        (address(10, inet6("::ffff:192.0.2.1", 53)), {"family": "inet6", "address": "::ffff:192.0.2.1", "port": 53}),
        (address(1, b"/run/x\0junk"), {"family": "unix", "path": "/run/x"}),
        (address(1, b"\0name\0"), {"family": "unix", "path": "@name"}),
        (address(1, b""), {"family": "unix"}),
        (address(16, bytes(10)), {"family": "netlink"}),
        (address(0, bytes(14)), {"family": "other"}),
        (address(2, b"\0"), {"family": "inet", "notes": ["short_address"]}),
        (address(10, b"\0" * 10), {"family": "inet6", "notes": ["short_address"]}),
        (b"saddr=02", {"notes": ["short_address"]}),
        (b"saddr=", {"notes": ["short_address"]}),
        (b"saddr=xx" + GS + b"SADDR={ saddr_fam=inet laddr=192.0.2.1 lport=7 }",
         {"family": "inet", "address": "192.0.2.1", "port": 7}),
        (GS + b"SADDR={ fam=local path=/run/x }", {"family": "unix", "path": "/run/x"}),
    ],
)  # fmt: skip
def test_addresses(body, wanted, golden):
    row = only(line("SYSCALL", call(42)) + line("SOCKADDR", body), "socket_event", golden)
    assert row["kind"] == "connect"
    assert {key: row[key] for key in ("family", "address", "port", "path", "notes") if key in row} == wanted


def test_byte_order_is_the_architectures(golden):
    body = address(2, inet("192.0.2.1", 80), "big")
    row = only(line("SYSCALL", call(328, "80000015")) + line("SOCKADDR", body), "socket_event", golden)
    assert (row["family"], row["address"], row["port"]) == ("inet", "192.0.2.1", 80)


def test_a_connection_in_progress_is_no_failure_yet(golden):
    data = line("SYSCALL", call(42, success="no", code=-115)) + line("SOCKADDR", address(2, inet("192.0.2.1", 80)))
    row = only(data, "socket_event", golden)
    assert (row["succeeded"], row["exit_code"], row["notes"]) == (False, -115, ["in_progress"])


@pytest.mark.parametrize(
    ("number", "paths", "wanted"),
    [
        (257, [("d/", "PARENT"), ("f", "CREATE")], [("created", "f", None)]),
        (257, [("f", "NORMAL")], [("opened", "f", None)]),
        (90, [("f", "NORMAL")], [("changed", "f", None)]),
        (87, [("d/", "PARENT"), ("f", "DELETE")], [("deleted", "f", None)]),
        (87, [("d/", "PARENT")], [(None, "d/", None)]),
        (82, [("d/", "PARENT"), ("e/", "PARENT"), ("f", "DELETE"), ("g", "CREATE")], [("moved", "f", "g")]),
        (
            82,
            [("d/", "PARENT"), ("f", "DELETE"), ("g", "DELETE"), ("g", "CREATE")],
            [("moved", "f", "g"), ("deleted", "g", None)],
        ),
        (4, [("f", "NORMAL")], [(None, "f", None)]),
        (257, [("a b", "CREATE")], [("created", "a b", None)]),
    ],
)
def test_files(number, paths, wanted, golden):
    data = line("SYSCALL", call(number))
    for item, (name, nametype) in enumerate(paths):
        data += line("PATH", b"item=%d name=%s nametype=%s" % (item, encoded(name.encode()), nametype.encode()))
    found = read(data, golden)["file_event"]
    assert [(row.get("kind"), row["path"], row.get("new_path")) for row in found] == wanted
    assert [row["part"] for row in found] == list(range(len(found)))


# --- messages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "body", "wanted"),
    [
        ("USER_LOGIN", b"pid=1 uid=0 auid=5 ses=2 msg='op=login id=5 addr=192.0.2.1 terminal=ssh res=success'",
         {"kind": "start", "uid": 5, "login_session": 2, "address": "192.0.2.1", "tty": "ssh", "pid": 1}),
        ("USER_LOGIN", b"pid=1 uid=0 auid=4294967295 msg='op=login acct=28756E6B6E6F776E20757365722900 res=failed'",
         {"kind": "failure", "user_name": "(unknown user)\0", "pid": 1}),
        ("USER_LOGIN", b"pid=1 msg='op=login acct=\"eve\" hostname=2001:db8::1 addr=? terminal=? res=failed'",
         {"kind": "failure", "user_name": "eve", "address": "2001:db8::1", "pid": 1}),
        ("USER_AUTH", b"pid=1 msg='op=password acct=\"eve\" res=failed'",
         {"kind": "failure", "user_name": "eve", "method": "password", "pid": 1}),
        ("USER_END", b"user pid=1 uid=0 auid=0 msg='PAM: close acct=root : (hostname=?, terminal=cron res=success)'",
         {"kind": "end", "user_name": "root", "tty": "cron", "pid": 1}),
        ("LOGIN", b"login pid=1 uid=0 old auid=4294967295 new auid=7", {"kind": "start", "uid": 7, "pid": 1}),
        ("USER_START", b"pid=1 auid=7 ses=2 msg='acct=\"root\" exe=\"/usr/bin/sudo\" res=success'" + GS + b'AUID="ada"',
         {"kind": "start", "user_name": "root", "login_session": 2, "pid": 1}),
        ("USER_START", b"pid=1 auid=7 ses=2 msg='acct=\"ada\" res=success'" + GS + b'AUID="ada"',
         {"kind": "start", "user_name": "ada", "uid": 7, "login_session": 2, "pid": 1}),
        ("1112", b"pid=1 msg='acct=\"o'brien\" terminal=ssh res=failed'",
         {"kind": "failure", "user_name": "o'brien", "tty": "ssh", "pid": 1}),
    ],
)  # fmt: skip
def test_logins(kind, body, wanted, golden):
    row = only(line(kind, body), "login", golden)
    columns = ("kind", "user_name", "uid", "login_session", "address", "tty", "method", "pid")
    assert {key: row[key] for key in columns if key in row} == wanted


def test_a_successful_authentication_begins_no_session(golden):
    assert read(line("USER_AUTH", b"pid=1 msg='op=password acct=\"eve\" res=success'"), golden) == {}


def test_sudo_and_command_lines_of_shells(golden):
    sudo = b"pid=1 uid=5 auid=5 ses=2 msg='cwd=\"/a\" cmd=6C73202F terminal=pts/0 res=failed'" + GS + b'UID="ada"'
    row = only(line("USER_CMD", sudo), "process", golden)
    assert (row["kind"], row["command"], row["cwd"], row["tty"], row["succeeded"], row["user_name"]) == (
        "sudo", "ls /", "/a", "pts/0", False, "ada"
    )  # fmt: skip
    row = only(line("USER_TTY", b'pid=1 uid=0 auid=5 ses=2 data="exit"'), "process", golden)
    assert (row["kind"], row["command"], row["argv_basis"]) == ("history", "exit", "typed")
    assert read(line("TTY", b'tty pid=1 comm="bash" data=736563726574'), golden) == {}


@pytest.mark.parametrize(
    ("kind", "body", "reason", "lost"),
    [
        ("DAEMON_START", b"auditd start, ver=2.4", "auditd_started", None),
        ("DAEMON_END", b"auditd normal halt", "auditd_ended", None),
        ("DAEMON_ABORT", b"op=x", "auditd_aborted", None),
        ("CONFIG_CHANGE", b"audit_enabled=0 old=1 auid=1 res=1", "auditing_switched_off", None),
        ("CONFIG_CHANGE", b"audit_enabled=1 old=0 auid=1 res=1", "auditing_switched_on", None),
        ("KERNEL", b"audit_lost=4 audit_rate_limit=0", "records_lost", 4),
    ],
)
def test_gaps_by_the_logs_own_word(kind, body, reason, lost, golden):
    row = only(line(kind, body), "coverage_gap", golden)
    assert (row["reason"], row.get("lost_records"), row["text"]) == (reason, lost, body.decode())


def test_what_is_no_gap(golden):
    data = line("CONFIG_CHANGE", b"audit_enabled=1 old=1") + line("DAEMON_ROTATE", b"op=rotate", 9)
    data += line("CONFIG_CHANGE", b"op=add_rule list=4 res=1", 4000)
    assert read(data, golden) == {}


# --- events ---------------------------------------------------------------------------------------------------------


def event(serial: int, node: str | None = None) -> list[bytes]:
    common = {"serial": serial, "node": node, "time": f"{T + serial // 1000}.{serial % 1000:03}"}
    return [
        line("SYSCALL", call().replace(b"pid=11", b"pid=%d" % (serial + 20)), **common),
        line("EXECVE", execve(b"run", b"%d" % serial), **common),
        line("CWD", b'cwd="/srv/%d"' % serial, **common),
        line("PATH", b'item=0 name="/bin/run" nametype=NORMAL', **common),
        line("EOE", b"", **common),
    ]


def told(rows: dict[str, list[dict]]) -> list[tuple]:
    return sorted(
        (row.get("host_name", ""), row["event_id"], row["pid"], row["command"], row["cwd"], row.get("notes"))
        for row in rows["process"]
    )


@given(st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_any_order_gives_the_same_events(golden, seed):
    import random

    lines = [one for serial in range(12) for node in ("a", "b") for one in event(serial, node)]
    whole = told(read(b"".join(lines), golden))
    assert len(whole) == 24
    random.Random(seed).shuffle(lines)
    assert told(read(b"".join(lines), golden)) == whole


def test_key_is_node_time_and_serial(golden):
    again = [one.replace(f"audit({T}.001".encode(), f"audit({T + 9}.001".encode()) for one in event(1)]
    data = b"".join([*event(1), *event(1, "b"), *again, *event(2)])
    assert len(read(data, golden)["process"]) == 4


def test_a_row_is_at_its_first_line_and_names_the_others(golden):
    first, second = event(1), event(2)
    data = b"".join([first[0], second[0], first[2], second[1], first[1], second[2], first[4]])
    found = read(data, golden)
    assert [(row["record"], row["line"], row["event_id"]) for row in found["process"]] == [(1, 1, "1"), (2, 2, "2")]
    spans = {record: [row["span_line"] for row in found["locator"] if row["record"] == record] for record in (1, 2)}
    assert spans == {1: [1, 3, 5, 7], 2: [2, 4, 6]}


def test_a_line_that_comes_too_late_is_an_event_of_its_own(golden, monkeypatch):
    monkeypatch.setattr(auditd, "WINDOW_LINES", 4)
    late = event(1)
    data = b"".join([*late[:3], *event(2), *event(3), late[3]])
    found = read(data, golden)
    assert [row["event_id"] for row in found["process"]] == ["1", "2", "3"]
    (row,) = found["file_event"]
    assert (row["event_id"], row["path"], row["notes"]) == ("1", "/bin/run", ["late_record", "no_syscall_record"])


def test_memory_is_bounded_by_bytes_too(golden, monkeypatch):
    monkeypatch.setattr(auditd, "WINDOW_BYTES", 2000)
    data = b"".join(one for serial in range(30) for one in event(serial))
    assert len(read(data, golden)["process"]) >= 30
    endless = b"".join(line("PATH", b'item=%d name="/x/%d" nametype=NORMAL' % (at, at)) for at in range(200))
    assert len(read(endless, golden)["file_event"]) == 200


def test_closed_events_are_forgotten_in_the_end(golden, monkeypatch):
    monkeypatch.setattr(auditd, "WINDOW_LINES", 4)
    monkeypatch.setattr(auditd, "REMEMBERED_EVENTS", 1)
    late = event(1)
    data = b"".join([*late[:3], *event(2), *event(3), *event(4), late[3]])
    (row,) = read(data, golden)["file_event"]
    assert row["notes"] == ["no_syscall_record"]


def test_repeated_lines_count_once(golden):
    lines = event(1)
    row = only(b"".join(lines + lines), "process", golden)
    assert (row["argv"], row["notes"]) == (["run", "1"], ["duplicate_records"])


@pytest.mark.parametrize(
    ("header", "us", "precision"),
    [
        (f"audit({T}.123:1)", T * 10**6 + 123_000, 1000),
        (f"audit({T}.5:1)", T * 10**6 + 500_000, 100_000),
        (f"audit({T}:1)", T * 10**6, 10**6),
        (f"audit({T}.123456:1)", T * 10**6 + 123_456, 1),
        ("audit(999999999999999.123:1)", None, None),
    ],
)
def test_times(header, us, precision, golden):
    _, tables = golden.tables_of(Source.of_bytes(f"type=EXECVE msg={header}: argc=0\n".encode()), auditd)
    table = tables["process"]
    assert table.column("ts").cast("int64").to_pylist() == [us]
    assert table.column("ts_precision_us").to_pylist() == [precision]


@pytest.mark.parametrize(
    "data",
    [
        b"hello\n",
        b"type=SYSCALL msg=audit(1790000000): x\n",
        b"type=SYSCALL msg=audit(): x\n",
        b"type=UNKNOWN[1329] msg=?\n",
        b"type=SYSCALL audit 1\n",
        b"# a comment\n",
        b"\0" * 30,
        b"type=EXECVE msg=audit(1790000000.1:2): " + b"x" * (1 << 20) + b"\n",
    ],
)
def test_what_is_no_record_is_rejected(data, golden):
    found = golden.golden(Source.of_bytes(data), auditd)
    assert (found["books"]["records"], found["books"]["quarantined"]) == (0, 1)


def test_structure(golden):
    data = b"----\ntime->Tue Sep 22\n\n\r\n" + line("EOE", b"")
    found = golden.golden(Source.of_bytes(data), auditd)
    assert (found["books"]["records"], found["books"]["quarantined"]) == (1, 0)


@pytest.mark.parametrize(
    ("tail", "columns"),
    [
        (b"ppid=10 pid=1", {"parent_pid": 10}),
        (b"pid=11 auid=10", {"pid": 11}),
        (b'pid=11 uid=0 comm="s', {"pid": 11, "uid": 0, "name": "s"}),
    ],
)
def test_a_number_cut_by_the_end_of_the_file_is_not_believed(tail, columns, golden):
    row = only(line("SYSCALL", b"arch=c000003e syscall=59 success=yes " + tail).rstrip(b"\n"), "process", golden)
    assert {key: row[key] for key in ("pid", "parent_pid", "uid", "login_uid", "name") if key in row} == columns
    assert row["notes"] == ["no_arguments", "no_final_newline"]


# --- against other tools --------------------------------------------------------------------------------------------


def _sample_names(shared) -> list[str]:
    folder = shared / "data" / "host_execution" / "auditd" / "ausearch_oracle"
    return sorted(path.name.removesuffix(".csv") for path in folder.glob("*.csv"))


def _octal(text: str) -> str:
    return "".join(char if char.isprintable() else f"\\{ord(char):03o}" for char in text)


@pytest.mark.shared
def test_ausearch_tells_of_the_same_events(shared, golden):
    folder = shared / "data" / "host_execution" / "auditd"
    names = _sample_names(shared)
    assert len(names) >= SAMPLES["oracle"]
    executed = addresses = 0
    for name in names:
        found = read((folder / name).read_bytes(), golden)
        with (folder / "ausearch_oracle" / f"{name}.csv").open(newline="") as stream:
            events = list(csv.DictReader(stream))
        quoted = b'success="yes"' in (folder / name).read_bytes()
        known = {_moment(one) for one in events}
        if not events:
            continue  # ausearch says nothing of the AppArmor sample
        rows = [row for table in set(found) - {"locator", "quarantine"} for row in found[table]]
        # ausearch leaves out the records that have no time or type as it wants them
        mine = {(row["ts"], _serial(row)) for row in rows}
        assert mine <= known or name == "plaso__test_data__selinux.log", (name, mine - known)
        commands = {(row["ts"], row["event_id"]): row for row in found.get("process", []) if row["kind"] == "exec"}
        for one in events:
            if one["ACTION"] == "executed":
                row = commands[_moment(one)]
                # ausearch takes a quoted "yes" for a failure
                assert row["succeeded"] == (one["RESULT"] == "success") or quoted, name
                assert one["HOW"] in {row["executable"], row["name"]}, name
                executed += 1
        addresses += _compare_interpreted(name, folder, found)
    assert executed >= 40
    assert addresses >= 10


def _moment(one: dict[str, str]) -> tuple[str, str]:
    at = datetime.strptime(f"{one['DATE']} {one['TIME']}", "%m/%d/%y %H:%M:%S").replace(tzinfo=UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(one['MILLI']):03}000Z", one["SERIAL_NUM"]


def _serial(row: dict) -> str:
    return row["event_id"] if "event_id" in row else json.loads(row["extra"])["event_id"]


def _compare_interpreted(name: str, folder, found: dict[str, list[dict]]) -> int:
    """Compare argument lists and addresses with those that `ausearch -i` prints."""
    text = (folder / "ausearch_oracle" / f"{name}.interp.txt").read_text("utf-8")
    pattern = r"type=(EXECVE|SOCKADDR) msg=audit\([^)]*:(\d+)\) : (.*?) ?$"
    commands = {row["event_id"]: row for row in found.get("process", []) if row["kind"] == "exec"}
    sockets = {row["event_id"]: row for row in found.get("socket_event", [])}
    compared = 0
    for kind, serial, printed in re.findall(pattern, text, re.MULTILINE):
        if kind == "EXECVE" and not re.search(r"(^| )a\d+\[", printed):
            argv = commands[serial]["argv"]
            mine = " ".join(f"a{at}={_octal(argument)}" for at, argument in enumerate(argv))
            assert f"argc={len(argv)} {mine}" == printed, (name, serial)
        elif kind == "SOCKADDR":
            row = sockets[serial]
            if "saddr_fam=inet" in printed:
                assert f"laddr={row['address']} lport={row['port']} " in printed
            elif "saddr_fam=local" in printed:
                assert f"path={row['path']} " in printed
            elif "big" in name:
                # ausearch reads the address of a big-endian host as if it were its own
                assert (row["family"], row["address"], row["port"]) == ("inet", "0.0.0.0", 55555)
            else:
                assert row["family"] in {"netlink", "other"}
            compared += 1
    return compared


@pytest.mark.shared
def test_laurel_reads_the_same_values(shared, golden):
    folder = shared / "data" / "host_execution" / "auditd"
    compared = 0
    for path in sorted(folder.glob("laurel__*.json")):
        found = read(path.with_suffix(".txt").read_bytes(), golden)
        commands = {row["event_id"]: row for row in found.get("process", [])}
        for text in path.read_text("utf-8").splitlines():
            wanted = json.loads(text)
            row = commands.get(wanted["ID"].split(":")[1])
            if row is None:
                assert "EXECVE" not in wanted
                continue
            compared += 1
            syscall = wanted["SYSCALL"]
            assert [row.get("pid"), row.get("parent_pid"), row.get("uid"), row.get("effective_uid")] == [
                syscall["pid"], syscall["ppid"], syscall["uid"], syscall["euid"]
            ]  # fmt: skip
            assert (row["name"], row["executable"]) == (syscall["comm"], syscall["exe"])
            assert row.get("host_name") == wanted.get("NODE")
            assert row.get("user_name") == syscall.get("UID")
            if "EXECVE" in wanted:
                assert row["argv"] == wanted["EXECVE"]["ARGV"]
                assert row["cwd"] == wanted["CWD"]["cwd"]
    assert compared == 5


@pytest.mark.shared
def test_go_libaudit_reads_the_same_values(shared, golden):
    folder = shared / "data" / "host_execution" / "auditd"
    compared = 0
    for path in sorted(folder.glob("go-libaudit__auparse__*.golden")):
        found = read((folder / path.name.removesuffix(".golden")).read_bytes(), golden)
        rows: dict[str, list[dict]] = {}
        for table in set(found) - {"locator", "quarantine"}:
            for row in found[table]:
                rows.setdefault(_serial(row), []).append(row | {"table": table})
        for wanted in json.loads(path.read_text("utf-8")):
            data = (wanted or {}).get("data") or {}
            if not data:
                continue
            for row in rows.get(str(wanted.get("sequence")), []):
                assert row["ts"].startswith(wanted["@timestamp"].rstrip("Z"))
                if wanted["record_type"] == "execve":
                    assert row["argv"] == [data[f"a{at}"] for at in range(int(data["argc"]))]
                    compared += 1
                if wanted["record_type"] == "sockaddr" and data.get("family") == "ipv4":
                    assert (row["address"], str(row["port"])) == (data["addr"], data["port"])
                    compared += 1
                if wanted["record_type"] == "cwd" and row["table"] == "process":
                    assert row["cwd"] == data["cwd"]
                    compared += 1
                if wanted["record_type"] in {"user_cmd", "user_tty"}:
                    assert row["command"] == data.get("cmd", data.get("data"))
                    compared += 1
    assert compared >= 8


@pytest.mark.shared
def test_go_libaudit_groups_the_same_lines(shared, golden, monkeypatch):
    folder = shared / "data" / "host_execution" / "auditd"
    oracle = json.loads((folder / "go_libaudit_reassembler_expected.json").read_text())
    for name in ("out_of_order.log", "rollover.log"):
        seen = []

        class Counting(auditd.EventReader):
            def __init__(self, event, types, seen=seen):
                seen.append([int(event.stamp.split(b":")[1]), len(event.lines)])
                super().__init__(event, types)

        monkeypatch.setattr(auditd, "EventReader", Counting)
        read((folder / f"go-libaudit__testdata__{name}").read_bytes(), golden)
        assert seen == oracle[name]["events"]


@pytest.mark.shared
def test_expectations_of_plaso_and_filebeat(shared, golden):
    folder = shared / "data" / "host_execution"
    plaso = json.loads((folder / "auditd" / "plaso_expected.json").read_text())
    found = golden.golden(Source.of_file(folder / "auditd" / "plaso__test_data__audit_enriched.log"), auditd)
    assert found["books"]["records"] == plaso["audit_enriched.log"]["records"]
    wanted = plaso["audit_enriched.log"]["11"]
    (row,) = [row for row in found["rows"]["process"] if row["event_id"] == str(wanted["serial"])]
    assert (row["executable"], str(row["pid"]), str(row["parent_pid"])) == (
        wanted["exe"],
        wanted["pid"],
        wanted["ppid"],
    )
    found = golden.golden(Source.of_file(folder / "auditd" / "plaso__test_data__selinux.log"), auditd)
    # of the four lines that plaso warns of, two have a time and serial (the type is missing): they are records here
    assert found["books"]["records"] == plaso["selinux.log"]["events"] + 2
    assert found["books"]["quarantined"] == plaso["selinux.log"]["extraction_warnings"] - 2
    inline = json.loads((folder / "inline_from_tests" / "expected.json").read_text())["beats_execve_hex.log"][
        "expected"
    ]
    row = only((folder / "inline_from_tests" / "beats_execve_hex.log").read_bytes(), "process", golden)
    assert row["argv"] == inline["process.args"]
    assert row["ts"] == "2022-11-28T06:01:53.901000Z"


@pytest.mark.shared
def test_lab_log(shared, golden):
    path = shared / "data" / "lab" / "incident-a" / "evidence" / "audit" / "audit.log"
    found = read(path.read_bytes(), golden)
    assert (len(found["process"]), len(found["socket_event"])) == (36, 18)
    assert next(row["command"] for row in found["process"] if row["succeeded"]) == (
        "/usr/bin/python3 /home/agenta/work/telemetry.py"
    )
    assert {row["user_name"] for row in found["process"]} == {"agenta"}
    failed = [json.loads(row["extra"])["path"] for row in found["process"] if not row["succeeded"]]
    assert failed[0] == "/home/agenta/bin/bash"
    assert ("10.71.0.50", 3333) in {(row.get("address"), row.get("port")) for row in found["socket_event"]}


# --- properties -----------------------------------------------------------------------------------------------------

ARGUMENT = st.one_of(
    st.binary(max_size=40).map(lambda data: data.replace(b"\0", b"")),
    st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass").replace(b"\0", b"")),
)


@given(st.lists(ARGUMENT, min_size=1, max_size=70), st.integers(1, 30))
@settings(deadline=None)
def test_arguments_come_back_as_the_kernel_wrote_them(golden, arguments, room):
    lines, parts = [], [b"argc=%d" % len(arguments)]
    for at, argument in enumerate(arguments):
        written = encoded(argument) if argument else b'""'
        if len(written) <= 60:
            parts.append(b"a%d=" % at + written)
            continue
        quoted = written.startswith(b'"')
        text = written.strip(b'"')
        step = room * 2
        pieces = [text[begin : begin + step] for begin in range(0, len(text), step)]
        parts.append(b"a%d_len=%d" % (at, len(text)))
        for number, piece in enumerate(pieces):
            lines.append(b" ".join(parts))
            parts = [b" a%d[%d]=" % (at, number) + (b'"' + piece + b'"' if quoted else piece)]
    lines.append(b" ".join(parts))
    row = only(line("SYSCALL", call()) + b"".join(line("EXECVE", body) for body in lines), "process", golden)
    wanted = [argument.decode("utf-8", "backslashreplace") for argument in arguments]
    assert row["argv"] == wanted
    assert set(row.get("notes", [])) <= {"undecodable_bytes"}


LINE = st.one_of(
    st.sampled_from([one for serial in (1, 2, 3) for one in event(serial)]),
    st.sampled_from([b"\n", b"junk\n", b"----\n", line("USER_CMD", b"pid=1 msg='cmd=41 res=success'", 50), b"\0\0\n"]),
    st.binary(max_size=30).map(lambda data: data.replace(b"\n", b"") + b"\n"),
    st.tuples(st.sampled_from(event(4)), st.integers(0, 300), st.binary(max_size=3)).map(
        lambda cut: cut[0][: cut[1]].replace(b"\n", b"") + cut[2].replace(b"\n", b"") + b"\n"
    ),
)


@given(st.lists(LINE, max_size=40).map(b"".join), st.integers(1, 600))
@settings(deadline=None)
def test_the_size_of_blocks_changes_nothing(golden, data, size):
    whole = golden.golden(Source.of_bytes(data), auditd)
    assert not [row for row in whole["rows"].get("quarantine", []) if "stopped" in row["reason"]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(auditd, "line_blocks", functools.partial(_sized, step=size))
        assert golden.golden(Source.of_bytes(data), auditd) == whole


def _sized(source: Source, *, step: int, size: int, longest: int):
    return blocks.line_blocks(source, size=step, longest=longest)


@given(st.integers(0, 11), st.data())
@settings(deadline=None)
def test_damage_stays_in_its_event(golden, hit, data):
    events = [event(serial) for serial in range(12)]
    whole = told(read(b"".join(one for lines in events for one in lines), golden))
    damaged = bytearray(b"".join(events[hit]))
    at = data.draw(st.integers(0, len(damaged) - 2))
    damaged[at] = data.draw(st.integers(0, 255))
    lines = [b"".join(one) for one in events]
    lines[hit] = bytes(damaged)
    found = told_of_others(read(b"".join(lines), golden), hit)
    assert found == [one for one in whole if one[1] != str(hit)]


def told_of_others(rows: dict[str, list[dict]], hit: int) -> list[tuple]:
    kept = [row for row in rows["process"] if row.get("cwd") != f"/srv/{hit}" and row.get("pid") != hit + 20]
    own = {str(serial) for serial in range(12)} - {str(hit)}
    return told(
        {"process": [row for row in kept if row["event_id"] in own and row.get("argv") == ["run", row["event_id"]]]}
    )


# --- recognition ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "name", "grade"),
    [
        (b"".join(event(1)), "x", Grade.STRONG),
        (b"".join(event(1, "node1")), "x", Grade.STRONG),
        (b"".join(event(1))[:300], "x", Grade.STRONG),
        (b"audit(1790000000.1:2): argc=1 a0=\"x\"\n", "x", Grade.STRONG),
        (b"# from a test\n" * 50 + event(1)[0], "x", Grade.STRONG),
        (b"junk\n" * 50 + event(1)[0], "x", Grade.NONE),
        (b"junk\n" * 50 + event(1)[0], "audit.log", Grade.PROBABLE),
        (b"junk\n", "audit.log", Grade.NONE),
        (b"", "audit.log", Grade.NONE),
    ],
)  # fmt: skip
def test_grades(head, name, grade):
    assert auditd.recognise(head, name) == grade
