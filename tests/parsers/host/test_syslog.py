"""Syslog lines: headers, what programs say in them, damage, and the expectations of others."""

from __future__ import annotations

import csv
import json
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.contract import Grade
from parsers.formats import recognise_head
from parsers.host import syslog
from parsers.host.programs import HELD_RECORDS
from parsers.host.syslog_header import header_of
from parsers.source import Source
from parsers.times import DAY
from parsers.years import YEAR, Turns, day_of_year

AT = "2026-03-04T09:20:12Z gpu-07 "


def rows(golden, data: bytes) -> dict[str, list[dict]]:
    books, tables = golden.tables_of(Source.of_bytes(data), syslog)
    assert books.stream_bytes == len(data)
    return {table: found.to_pylist() for table, found in tables.items()}


def one(golden, line: str, table: str = "process") -> dict:
    (row,) = rows(golden, f"{AT}{line}\n".encode())[table]
    return row


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Mar  4 09:15:01 h p[7]: x", ("03-04", 33_301_000_000, 1_000_000, "h", "p", 7, "x")),
        ("Mar 4 09:15:01 h p: x", ("03-04", 33_301_000_000, 1_000_000, "h", "p", None, "x")),
        ("<38>Mar  4 09:15:01.25 h p[7]: x", ("03-04", 33_301_250_000, 10_000, "h", "p", 7, "x")),
        ("Mar  4 09:15:01 h daemon.info p[7]: x", ("03-04", 33_301_000_000, 1_000_000, "h", "p", 7, "x")),
        ("Mar  4 09:15:01 p[7]: x", ("03-04", 33_301_000_000, 1_000_000, None, "p", 7, "x")),
        ("Feb 29 23:59:60 h /USR/SBIN/CRON[7]: x", ("02-29", 86_399_999_999, 1_000_000, "h", "/USR/SBIN/CRON", 7, "x")),
        ("Mar  4 09:15:01 h no tag here", ("03-04", 33_301_000_000, 1_000_000, "h", None, None, "no tag here")),
        ("Mar  4 09:15:01 2001:db8::1 p: x", ("03-04", 33_301_000_000, 1_000_000, "2001:db8::1", "p", None, "x")),
    ],
)
def test_headers_without_year(line, expected):
    found = header_of(line)
    when, (month, day) = found.when, map(int, found.date.split("-"))
    of_day = when["time_of_day_us"] - day_of_year(month, day) * DAY
    assert (found.date, of_day, when["ts_precision_us"], *found[2:]) == expected


@pytest.mark.parametrize(
    ("month", "day", "number"),
    [(1, 1, 0), (2, 29, 59), (3, 1, 60), (12, 31, 365), (2, 30, None), (4, 31, None), (0, 1, None), (13, 1, None)],
)
def test_days_are_counted_as_in_a_leap_year(month, day, number):
    assert day_of_year(month, day) == number


@pytest.mark.parametrize(
    ("days", "turned"),
    [
        ([364, 365, 0, 1], [364, 365, 366, 367]),
        ([365, 0, 365, 0], [365, 366, 365, 366]),  # a line that comes late
        ([0, 365], [0, -1]),  # the newest first
        ([334, 31], [334, 397]),  # nothing written for two months
        ([10, 9, 40, 20], [10, 9, 40, 20]),
        ([365, 0, 100, 200, 300, 0], [365, 366, 466, 566, 666, 732]),
    ],
)
def test_turns_of_the_year_in_file_order(days, turned):
    turns = Turns()
    assert [turns.placed(day * DAY) for day in days] == [day * DAY for day in turned]


@given(st.lists(st.integers(0, YEAR - 1)))
def test_each_line_stands_within_half_a_year_of_the_one_before(times):
    turns = Turns()
    placed = [turns.placed(time) for time in times]
    assert [time % YEAR for time in placed] == times
    assert all(abs(later - earlier) <= YEAR // 2 for earlier, later in pairwise(placed))


@pytest.mark.parametrize(
    "line",
    [
        *("", "x", "Mar 32 00:00:00 h p: x", "Feb 30 00:00:00 h p: x", "Mai  4 00:00:00 h p: x"),
        *("Mar  4 24:00:00 h p: x", "Mar  0 00:00:00 h p: x", "2026-13-04T09:20:12Z h p: x", "2026-03-04 h p: x"),
        *("<14>1 yesterday h p 1 - - x", "<14>1 - h p 1 - [open x", "<14>Mar", '{"a": 1}'),
    ],
)
def test_no_headers(line):
    assert header_of(line) is None


def test_dated_headers_keep_their_zone(golden):
    row = one(golden, "sudo: a : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/id")
    assert (row["ts"].isoformat(), row["ts_local"], row["time_of_day_us"]) == ("2026-03-04T09:20:12+00:00", None, None)
    local = rows(golden, b"2026-03-04T09:20:12 h CRON[1]: (root) CMD (id)\n")["process"][0]
    assert (local["ts"], local["ts_local"].isoformat()) == (None, "2026-03-04T09:20:12")


@pytest.mark.parametrize(
    ("message", "user", "tty", "cwd", "command", "succeeded", "notes"),
    [
        # four of these five are lost by a regular expression for TTY=pts/N and plain paths
        ("a : TTY=pts/0 ; PWD=/x ; USER=root ; COMMAND=/bin/id", "a", "pts/0", "/x", "/bin/id", True, None),
        ("   a : TTY=unknown ; PWD=/x ; USER=root ; COMMAND=/bin/id", "a", "unknown", "/x", "/bin/id", True, None),
        ("a : TTY=p ; PWD=/tmp/run-1 ; USER=root ; COMMAND=id", "a", "p", "/tmp/run-1", "id", True, None),
        ("a : PWD=/x y ; USER=root ; COMMAND=/bin/id -u", "a", None, "/x y", "/bin/id -u", True, None),
        ("svc-gpu : TTY=console ; PWD=/ ; USER=svc-gpu ; COMMAND=list", "svc-gpu", "console", "/", "list", True, None),
        ("a : user NOT in sudoers ; TTY=p ; PWD=/ ; USER=root ; COMMAND=id", "a", "p", "/", "id", False, None),
        ("a : 3 incorrect password attempts ; PWD=/ ; USER=root ; COMMAND=id", "a", None, "/", "id", False, None),
        ("a : something new ; PWD=/ ; USER=root ; COMMAND=/bin/id", "a", None, "/", "/bin/id", None, None),
        ("a : PWD=/ ; USER=root ; COMMAND=/bin/sh -c a ; USER=b ; COMMAND=c", "a", None, "/",
         "/bin/sh -c a ; USER=b ; COMMAND=c", True, None),
        ("a : PWD=/ ; PWD=/b ; USER=root ; COMMAND=c", "a", None, "/", "c", True, ["ambiguous_fields"]),
        ("a : PWD=/ ; USER=root ; COMMAND=sh -c x#012y", "a", None, "/", "sh -c x#012y", True,
         ["control_characters_escaped"]),
    ],
)  # fmt: skip
def test_sudo(golden, message, user, tty, cwd, command, succeeded, notes):
    row = one(golden, f"sudo[9]: {message}")
    found = (row["user_name"], row["tty"], row["cwd"], row["command"], row["succeeded"], row["notes"])
    assert found == (user, tty, cwd, command, succeeded, notes)
    assert (row["kind"], row["argv_basis"], row["argv"], row["pid"], row["uid"]) == ("sudo", "joined", None, 9, None)


def test_a_long_sudo_command_is_put_together_whatever_stands_between(golden):
    lines = [
        "sudo: a : PWD=/ ; USER=root ; COMMAND=/bin/echo one",
        "sudo: b : PWD=/ ; USER=root ; COMMAND=/bin/echo other",
        "CRON[3]: (root) CMD (id)",
        "sudo: a : (command continued) two",
        "sudo: a : (command continued) three",
        "sudo: a : PWD=/ ; USER=root ; COMMAND=/bin/echo next",
    ]
    found = rows(golden, "".join(f"{AT}{line}\n" for line in lines).encode())
    assert {row["record"]: row["command"] for row in found["process"]} == {
        1: "/bin/echo one two three",
        2: "/bin/echo other",
        3: "id",
        6: "/bin/echo next",
    }
    assert [(row["record"], row["span_record"]) for row in found["locator"]] == [(1, 1), (1, 4), (1, 5)]


def test_a_part_that_comes_too_late_is_no_part(golden):
    begin = f"{AT}sudo: a : PWD=/ ; USER=root ; COMMAND=/bin/echo one\n"
    end = f"{AT}sudo: a : (command continued) two\n"
    for between, joined in ((HELD_RECORDS - 2, True), (HELD_RECORDS, False)):
        found = rows(golden, (begin + f"{AT}x: y\n" * between + end).encode())["process"]
        assert (found[0]["command"] == "/bin/echo one two") is joined
        assert (len(found) == 1) is joined


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("sshd[4]: Accepted publickey for a from 192.0.2.1 port 5 ssh2", ("start", "a", "192.0.2.1", "publickey")),
        ("sshd-session[4]: Accepted password for a from ::1 port 5", ("start", "a", "::1", "password")),
        ("sshd[4]: Failed none for invalid user  from 192.0.2.1 port 5 ssh2", ("failure", "", "192.0.2.1", "none")),
        ("sshd[4]: Failed password for a from b from 192.0.2.1 port 5 ssh2 [preauth]",
         ("failure", "a from b", "192.0.2.1", "password")),
        ("sshd[4]: Failed keyboard-interactive/pam for a from h.example port 5 ssh2",
         ("failure", "a", None, "keyboard-interactive/pam")),
        ("sshd[4]: Invalid user a from 192.0.2.1", ("failure", "a", "192.0.2.1", None)),
        ("sshd[4]: Disconnected from user a 192.0.2.1 port 5", ("end", "a", "192.0.2.1", None)),
        ("login[4]: pam_unix(login:session): session opened for user a by LOGIN(uid=0)", ("start", "a", None, "login")),
        ("su: pam_unix(su-l:session): session closed for user root", ("end", "root", None, "su-l")),
        ("su: FAILED su for root by a", ("failure", "root", None, "su")),
        ("su: Successful su for root by a", ("start", "root", None, "su")),
        ("systemd-logind[1]: New session 3 of user a.", ("start", "a", None, "logind")),
    ],
)  # fmt: skip
def test_logins(golden, line, expected):
    row = one(golden, line, "login")
    assert (row["kind"], row["user_name"], row["address"], row["method"]) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("kernel: Memory cgroup out of memory: Killed process 77 (xm rig) total-vm:9kB, UID:0 pgtables:1kB",
         ("exit", 77, "xm rig", 0, None)),
        ("kernel: [    1.000000] Killed process 77 (xmrig) total-vm:9kB, anon-rss:1kB",
         ("exit", 77, "xmrig", None, None)),
        ("kernel: Killed process 77, UID 5, (xmrig) total-vm:9kB", ("exit", 77, None, None, None)),
        ("systemd[1]: m.service: Main process exited, code=exited, status=203/EXEC", ("exit", None, None, None, 203)),
    ],
)  # fmt: skip
def test_ends_of_processes(golden, line, expected):
    row = one(golden, line)
    assert (row["kind"], row["pid"], row["name"], row["uid"], row["exit_code"]) == expected
    assert row["command"] is None


@pytest.mark.parametrize(
    "line",
    [
        "app[4]: Accepted publickey for a from 192.0.2.1 port 5 ssh2",
        "sshd[4]: Accepted publickey for a from 192.0.2.1 port 5 ssh2 and more",
        "sshd[4]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.1",
        "sudo: a : problem with defaults entries ; TTY=pts/0 ; PWD=/ ;",
        "CRON[4]: (root) LIST (root)",
        "kernel: Out of memory: Kill process 77 (python) score 900 or sacrifice child",
        "systemd[1]: Started m.service.",
    ],
)
def test_lines_that_make_no_row_are_read_all_the_same(golden, line):
    data = f"{AT}{line}\n".encode()
    books, tables = golden.tables_of(Source.of_bytes(data), syslog)
    assert (books.records, books.quarantined, tables) == (1, 0, {})


def test_a_line_too_long_is_a_reject(golden, monkeypatch):
    monkeypatch.setattr(syslog, "LONGEST_LINE", 100)
    found = rows(golden, f"{AT}CRON[1]: (root) CMD (id)\n{AT}x: {'y' * 200}\n".encode())
    assert [row["reason"] for row in found["quarantine"]] == ["a line of 231 bytes (the limit is 100)"]


@pytest.mark.parametrize(
    ("head", "grade"),
    [
        (b"Mar  4 09:15:01 h p[7]: x\n", Grade.PROBABLE),
        (b"Mar  4 09:15:01 h p[7]: x\nand on\nand on\nand on\n", Grade.NONE),
        (b"Mar  4 09:15:01 h p[7]: x\nMar  4 09:15:02 h p[7]: y\nMar  4 09", Grade.PROBABLE),
        (b"ls\nMar  4 09:15:01 h p[7]: x\n", Grade.NONE),
        (b"Mar  4 09:15:01 h p\n", Grade.NONE),
        (b"", Grade.NONE),
    ],
)
def test_grades(head, grade):
    assert syslog.recognise(head, "x") == grade


MESSAGE = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0"), max_size=60)


@given(
    MESSAGE, st.sampled_from(["sudo", "sshd", "CRON", "su", "kernel", "systemd-logind", "bash", "systemd", "crontab"])
)
def test_any_message_is_read(golden, message, program):
    data = f"{AT}{program}[1]: {message}\n".encode()
    books, _ = golden.tables_of(Source.of_bytes(data), syslog)
    assert (books.records, books.quarantined) == (1, 0)


COMMAND = MESSAGE.filter(lambda text: "COMMAND=" not in text)


@given(COMMAND)
def test_a_command_comes_back_as_logged(golden, command):
    row = one(golden, f"sudo: a : TTY=unknown ; PWD=/tmp/run-1 ; USER=root ; COMMAND={command}")
    assert row["command"] == command


@pytest.mark.shared
def test_expectations_of_peers(shared, golden):
    folder = shared / "data" / "host_execution" / "syslog_cron_sudo"
    expected = json.loads((folder / "plaso_expected.json").read_text())
    cron = rows(golden, (folder / "plaso__test_data__syslog__syslog_cron.log").read_bytes())["process"]
    wanted = expected["syslog_cron.log"]
    assert len(cron) == wanted["events"]
    assert (cron[1]["command"], cron[1]["user_name"]) == (wanted["1"]["command"], wanted["1"]["username"])
    date, of_day = json.loads(cron[1]["extra"])["date"], cron[1]["time_of_day_us"] % DAY // 1_000_000
    printed = f"{of_day // 3600:02d}:{of_day // 60 % 60:02d}:{of_day % 60:02d}"
    assert f"{date}T{printed}" == wanted["1"]["time_no_year"]
    ssh = {
        row["record"]: row
        for row in rows(golden, (folder / "plaso__test_data__syslog__syslog_ssh.log").read_bytes())["login"]
    }
    wanted = expected["syslog_ssh.log"]
    assert ssh[2]["address"] == wanted["1"]["ip"]
    assert json.loads(ssh[2]["extra"])["fingerprint"] == wanted["1"]["fingerprint"]
    failed = json.loads(ssh[4]["extra"])
    assert (ssh[4]["kind"], failed["peer"], str(failed["port"])) == ("failure", wanted["3"]["ip"], wanted["3"]["port"])


@pytest.mark.shared
def test_every_line_of_a_real_server_against_the_structured_copy(shared, golden):
    folder = shared / "data" / "host_execution" / "syslog_cron_sudo"
    data = (folder / "loghub__OpenSSH__OpenSSH_2k.log").read_bytes()
    with (folder / "loghub__OpenSSH__OpenSSH_2k.log_structured.csv").open(newline="") as lines:
        oracle = list(csv.DictReader(lines))
    found = Counter(row["record"] for row in rows(golden, data)["login"])
    # Accepted, Failed (also none and repeated), Invalid user, session opened and closed
    wanted = {
        int(line["LineId"])
        for line in oracle
        if line["EventId"] in ("E1", "E8", "E9", "E10", "E13", "E14", "E22", "E23")
    }
    assert set(found) == wanted
    assert max(found.values()) == 1
    for line, header in zip(oracle, data.decode().splitlines(), strict=True):
        told = header_of(header)
        assert (told.host, told.program, told.pid) == (line["Component"], "sshd", int(line["Pid"]))
        assert told.message.strip() == line["Content"].strip()


@pytest.mark.shared
def test_real_files_are_known_by_their_content(shared):
    for path in sorted((shared / "data" / "host_execution" / "syslog_cron_sudo").glob("*syslog_*")):
        assert recognise_head(path.read_bytes()[:65536], "x").chosen == "syslog", path.name
