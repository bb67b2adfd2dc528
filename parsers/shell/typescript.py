r"""Terminal sessions as script(1) records them (`typescript`).

Source of the format: util-linux term-utils/script.c (`Script started on`, `Script done on`); readline's bracketed
paste, which marks where a line is edited (`ESC [ ? 2004 h` before the prompt).

One record is one line. Its first line tells what was run (a `process` row `exec`), its last one how it ended (`exit`).
Lines that were edited at a prompt make `history` rows: what stood on the screen behind the prompt when the line was
entered, noted `screen_reconstructed`. They have no time: it lies between the session's begin and end. Shells that do
not mark their prompts leave no such rows, and whatever a program prints may look like a prompt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from parsers import times
from parsers.contract import Format, Grade, Item, Parsed, Record, Reject, Row, Structure
from parsers.jsontext import compact
from parsers.shell.screen import SCREEN, entered
from parsers.shell.typed import NO_FINAL_NEWLINE
from parsers.source import Line, Source
from parsers.text import UNDECODABLE, decoded

FORMAT = Format(
    name="typescript",
    title="Terminal sessions recorded by script(1)",
    tables=("process",),
    signature=True,
)

TIMESTAMP_UNREAD = "timestamp_unread"

_STARTED = re.compile(r"Script started on ([^\[\r]{8,64}?)(?: \[(.*)\])?\r?", re.DOTALL)
_DONE = re.compile(r"Script done on ([^\[\r]{8,64}?)(?: \[(.*)\])?\r?", re.DOTALL)
_COMMAND = re.compile(r'COMMAND="(.*?)"(?= <not executed on terminal>$| [A-Z]+="|$)', re.DOTALL)
_SETTING = re.compile(r'\b(TERM|TTY|COLUMNS|LINES|COMMAND_EXIT_CODE)="([^"]*)"')
_BLANK = (b"", b"\r")
_LONGEST = 1 << 16


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where the first line is script's."""
    first = head.split(b"\n", 1)[0][:4096]
    return Grade.STRONG if _STARTED.fullmatch(decoded(first)[0]) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of each line in file order; blank lines are structure."""
    number = 0
    for line in source.lines():
        if line.data in _BLANK:
            yield Structure(line.offset, line.length + line.newline)
            continue
        number += 1
        record = Record(number, line.offset, line.length, line.number, line.newline)
        if line.data is None:
            yield Reject(record, f"a line of {line.length} bytes")
            continue
        yield Parsed(record)
        values = _values(line) if line.length <= _LONGEST else None
        if values:
            yield Row("process", record, values)


def _values(line: Line) -> dict[str, Any] | None:
    text, whole = decoded(line.data or b"")
    notes = [*(() if whole else (UNDECODABLE,)), *(() if line.newline else (NO_FINAL_NEWLINE,))]
    if started := _STARTED.fullmatch(text):
        return _begin(started[1], started[2] or "", notes)
    if done := _DONE.fullmatch(text):
        return _end(done[1], done[2] or "", notes)
    command = entered(text)
    if not command:
        return None
    return {"kind": "history", "command": command, "argv_basis": "typed", "notes": sorted([*notes, SCREEN])}


def _begin(stamp: str, settings: str, notes: list[str]) -> dict[str, Any]:
    command = _COMMAND.search(settings)
    told = dict(_SETTING.findall(settings))
    tty = told.pop("TTY", None)
    values = {
        "kind": "exec",
        "tty": tty.removeprefix("/dev/") if tty else None,
        "command": command[1] if command else None,
        "argv_basis": "typed" if command else None,
    }
    return values | _of_script(stamp, told, notes)


def _end(stamp: str, settings: str, notes: list[str]) -> dict[str, Any]:
    told = dict(_SETTING.findall(settings))
    code = told.pop("COMMAND_EXIT_CODE", "")
    exit_code = int(code) if code.isascii() and code.isdigit() and len(code) < 10 else None
    return {"kind": "exit", "exit_code": exit_code} | _of_script(stamp, told, notes)


def _of_script(stamp: str, told: dict[str, str], notes: list[str]) -> dict[str, Any]:
    """Return what rows of script's own lines have in common."""
    when = times.iso(stamp)
    if when is None:
        notes, told = [*notes, TIMESTAMP_UNREAD], {**told, "time": stamp}
    columns = dict(when.columns()) if when else {}
    return columns | {"name": "script", "notes": notes or None, "extra": compact(told) if told else None}
