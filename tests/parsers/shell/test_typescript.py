"""Recorded terminals: what script(1) says, and what stood on the screen when a line was entered."""

from __future__ import annotations

import json

import pytest

from parsers.contract import Grade
from parsers.formats import recognise_head
from parsers.shell import typescript
from parsers.shell.screen import rendered
from parsers.source import Source

ON = "\x1b[?2004h"
OFF = "\x1b[?2004l\r"


def rows(golden, text: str) -> list[dict]:
    data = text.encode()
    books, tables = golden.tables_of(Source.of_bytes(data), typescript)
    assert (books.stream_bytes, books.quarantined) == (len(data), 0)
    return tables["process"].to_pylist() if "process" in tables else []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("abc\b\bX", "aXc"),
        ("abc\b\b\x1b[K", "a"),
        ("abc\rX", "Xbc"),
        ("abc\x1b[2DX", "aXc"),
        ("abc\r\x1b[CX", "aXc"),
        ("abc\r\x1b[2P", "c"),
        ("bc\r\x1b[1@a", "abc"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b]133;A\x1b\\x", "x"),
        ("\x1b[01;32mgreen\x1b[0m", "green"),
        ("a\x07b", "ab"),
        ("\b\b\x1b[9Dx", "x"),
        ("\x1b[99999Cx", " x"),
        ("", ""),
    ],
)
def test_what_a_terminal_shows(text, shown):
    assert rendered(text) == shown


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (f"{ON}bash-5.2# echo hi\r\n{OFF}hi\r\n", "echo hi"),
        (f"{ON}a@h:~$ ls # $ x\r\n", "ls # $ x"),
        (f"{ON}❯ ls\r\n", "ls"),
        (f"{OFF}{ON}$ ls\r\n", "ls"),
        (f"{ON}$ sleep 9^C\r\n", None),
        (f"{ON}no prompt\r\n", None),
        (f"{ON}$ \r\n", None),
        (f"{ON}$ torn", None),
        ("$ printed by a program\r\n", None),
        ("echo typed ahead\r\n", None),
    ],
)
def test_entered_lines(golden, line, command):
    found = rows(golden, line)
    assert [row["command"] for row in found] == ([command] if command else [])
    assert all((row["kind"], row["ts"], row["notes"]) == ("history", None, ["screen_reconstructed"]) for row in found)


@pytest.mark.parametrize(
    ("line", "expected", "extra"),
    [
        (
            'Script started on 2026-03-04 09:20:12+01:00 [COMMAND="bash -c "a b"" <not executed on terminal>]\n',
            ("exec", 'bash -c "a b"', None, None),
            None,
        ),
        (
            'Script started on 2026-03-04 09:20:12+01:00 [TERM="xterm" TTY="/dev/pts/3" COLUMNS="80" LINES="24"]\n',
            ("exec", None, "pts/3", None),
            {"TERM": "xterm", "COLUMNS": "80", "LINES": "24"},
        ),
        ('Script done on 2026-03-04 09:20:12+01:00 [COMMAND_EXIT_CODE="130"]\n', ("exit", None, None, 130), None),
        ("Script done on 2026-03-04 09:20:12+01:00\n", ("exit", None, None, None), None),
        ('Script done on 2026-03-04 09:20:12+01:00 [COMMAND_EXIT_CODE="-1"]\n', ("exit", None, None, None), None),
    ],
)
def test_what_script_says(golden, line, expected, extra):
    (row,) = rows(golden, line)
    assert (row["kind"], row["command"], row["tty"], row["exit_code"]) == expected
    assert row["ts"].isoformat() == "2026-03-04T08:20:12+00:00"
    assert (row["extra"] and json.loads(row["extra"])) == extra


def test_a_time_in_words_stays_words(golden):
    (row,) = rows(golden, "Script started on Wed 04 Mar 2026 09:30:00 AM UTC\n")
    assert (row["ts"], row["ts_local"], row["notes"]) == (None, None, ["timestamp_unread"])
    assert json.loads(row["extra"]) == {"time": "Wed 04 Mar 2026 09:30:00 AM UTC"}


@pytest.mark.parametrize(
    ("head", "grade"),
    [
        (b"Script started on 2026-03-04 09:20:12+00:00 [TERM=", Grade.NONE),
        (b'Script started on 2026-03-04 09:20:12+00:00 [TERM="x"]\n', Grade.STRONG),
        (b"Script started on Wed 04 Mar 2026 09:30:00 AM UTC\r\n", Grade.STRONG),
        (b"Script started, output log file is 'typescript'.\n", Grade.NONE),
        (b"x\nScript started on 2026-03-04 09:20:12+00:00\n", Grade.NONE),
        (b"", Grade.NONE),
    ],
)
def test_grades(head, grade):
    assert typescript.recognise(head, "typescript") == grade


@pytest.mark.shared
def test_what_was_typed_into_a_real_script(shared, golden):
    folder = shared / "data" / "host_execution" / "typescript" / "generated"
    oracle = json.loads((folder / "expected.json").read_text())
    for name, typed in (
        ("classic.typescript", oracle["classic.typescript"]["commands_typed"]),
        ("adv.io", oracle["commands_typed"]),
    ):
        data = (folder / name).read_bytes()
        assert recognise_head(data, "x").chosen == "typescript"
        found = golden.golden(Source.of_bytes(data), typescript)["rows"]["process"]
        assert [row["command"] for row in found if row["kind"] == "history"] == typed
        assert found[0]["command"].startswith("bash --norc")
        assert found[-1]["exit_code"] == 0


@pytest.mark.shared
def test_expectations_of_util_linux(shared, golden):
    files = sorted((shared / "data" / "host_execution" / "typescript").glob("*options-dashdash*"))
    assert len(files) == 4
    for path in files:
        begin, end = golden.golden(Source.of_file(path), typescript)["rows"]["process"]
        assert begin["command"] == f"echo {path.read_text().splitlines()[1]}"
        assert (begin["ts"], end["exit_code"]) == ("2015-05-24T17:43:18.000000Z", 0)
