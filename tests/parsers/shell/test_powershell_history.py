"""PSReadLine history: commands as typed, several lines, damage."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.contract import Grade
from parsers.shell import powershell_history, typed
from parsers.source import Source


def written(command: str, newline: str = "\n") -> bytes:
    return (command.replace("\n", "`" + newline) + newline).encode()


def commands(golden, data: bytes) -> list[str]:
    found = golden.golden(Source.of_bytes(data), powershell_history)["rows"]
    assert "quarantine" not in found
    return [row["command"] for row in found.get("process", [])]


COMMAND = st.text(st.characters(codec="utf-8", exclude_characters="\r\ufeff"), min_size=1).filter(
    lambda text: text[0] not in "\0\n" and not text.endswith("`") and text.split("\n")[-1] and "\n\0" not in text
)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@given(st.lists(COMMAND, max_size=10))
def test_commands_come_back_as_written(golden, newline, typed_commands):
    data = b"".join(written(command, newline) for command in typed_commands)
    # a blank inner line ends an entry on disk only where the mark before it is missing
    assert commands(golden, data) == typed_commands


@pytest.mark.parametrize(
    ("data", "expected", "notes"),
    [
        (b"a ``\n  -b\n", "a `\n  -b", None),
        (b"a`\r\nb\r\n", "a\nb", ["carriage_returns"]),
        (b"a`\nb\r\n", "a\nb\r", None),
        (b"a`\n", "a`", ["unfinished_command"]),
        (b"a`", "a`", ["no_final_newline"]),
        (b"  a  \n", "  a  ", None),
    ],
)
def test_ends_of_lines(golden, data, expected, notes):
    (row,) = golden.golden(Source.of_bytes(data), powershell_history)["rows"]["process"]
    assert (row["command"], row.get("notes")) == (expected, notes)
    assert "ts" not in row


def test_what_is_too_long_is_rejected_and_the_rest_is_read(golden, monkeypatch):
    for module in (powershell_history, typed):
        monkeypatch.setattr(module, "MAX_ENTRY_BYTES", 50)
    found = golden.golden(Source.of_bytes(b"ls\n" + b"a`\n" * 30 + b"b\nid\n"), powershell_history)["rows"]
    assert {row["reason"] for row in found["quarantine"]} == {"an entry of more than 16 MiB"}
    assert [found["process"][at]["command"] for at in (0, -1)] == ["ls", "id"]


@pytest.mark.parametrize(
    ("head", "name", "grade"),
    [
        (b"ls\n", "C/PSReadLine/ConsoleHost_history.txt", Grade.PROBABLE),
        (b"ls\n", "ConsoleHost_history.txt", Grade.PROBABLE),
        (b"\xef\xbb\xbfls\n", r"C:\Users\a\PSReadLine\Visual Studio Code Host_history.txt", Grade.PROBABLE),
        (b"ls\n", "my_history.txt", Grade.NONE),
        (b'{"a":1}\n', "ConsoleHost_history.txt", Grade.NONE),
        (b"", "ConsoleHost_history.txt", Grade.NONE),
    ],
)
def test_grades(head, name, grade):
    assert powershell_history.recognise(head, name) == grade


@pytest.mark.shared
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_what_a_peer_expects(shared, golden, newline):
    folder = shared / "data" / "host_execution" / "inline_from_tests"
    data = (folder / "atuin_psreadline.txt").read_bytes().replace(b"\n", newline)
    wanted = json.loads((folder / "expected.json").read_text())["atuin_psreadline.txt"]["expected"]
    assert commands(golden, data) == wanted
