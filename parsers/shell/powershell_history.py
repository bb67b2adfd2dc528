"""PSReadLine history of PowerShell (`ConsoleHost_history.txt`, `<host>_history.txt`).

Source of the format: PowerShell/PSReadLine PSReadLine/History.cs, WriteHistoryRange() and ReadHistoryLinesImpl().

One record is one command; newlines in it are written as a backtick and a newline. There are no times. A line continued
by a backtick of its own reads as two of them; a command of one line that ends in a backtick cannot be told from one
that goes on.

PSReadLine leaves out commands that look sensitive (password, asplaintext, token, apikey, secret): that such a command
is missing is normal. Only interactive hosts write it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.contract import Format, Grade, Item, Parsed, Record, Reject, Row, Structure
from parsers.shell.typed import (
    CARRIAGE_RETURNS,
    MAX_ENTRY_BYTES,
    NO_FINAL_NEWLINE,
    TOO_LONG,
    continued_lines,
    may_be_commands,
    nul_reason,
    typed,
)
from parsers.source import Line, Source

FORMAT = Format(
    name="powershell_history",
    title="PowerShell history (PSReadLine)",
    tables=("process",),
    signature=False,
)

UNFINISHED = "unfinished_command"  # the file ends where it promises another line

_BOM = b"\xef\xbb\xbf"
_MARK = b"`"


def recognise(head: bytes, name: str) -> Grade:
    """Grade by the name: the content is lines that somebody typed, and no more."""
    if not may_be_commands(head.removeprefix(_BOM)):
        return Grade.NONE
    file = name.lower().replace("\\", "/").rpartition("/")
    named = file[2] == "consolehost_history.txt" or (file[2].endswith("_history.txt") and "psreadline" in file[0])
    return Grade.PROBABLE if named else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one `process` row a command, in file order, without a time."""
    number = 0
    for lines in continued_lines(source, _MARK, _MARK + b"\r"):
        if lines[0].offset == 0 and (lines[0].data or b"").startswith(_BOM):
            yield Structure(0, len(_BOM))
            first = lines[0]
            rest = (first.data or b"")[len(_BOM) :]
            lines[0] = first._replace(offset=len(_BOM), length=first.length - len(_BOM), data=rest)
        first, last = lines[0], lines[-1]
        length = last.offset + last.length - first.offset
        if last.data in (b"", b"\r") and len(lines) == 1:
            yield Structure(first.offset, length + last.newline)
            continue
        number += 1
        record = Record(number, first.offset, length, first.number, last.newline)
        values = _values(lines) if length <= MAX_ENTRY_BYTES else TOO_LONG
        if isinstance(values, str):
            yield Reject(record, values)
        else:
            yield Parsed(record)
            yield Row("process", record, values)


def _values(lines: list[Line]) -> dict[str, Any] | str:
    """Return the row of a command, or why it is none."""
    if any(line.data is None for line in lines):
        return TOO_LONG
    texts = [line.data or b"" for line in lines]
    if texts[0].startswith(b"\0"):
        return nul_reason(len(texts[0]))
    notes = []
    if all(text.endswith(b"\r") for text in texts):
        texts = [text[:-1] for text in texts]
        notes.append(CARRIAGE_RETURNS)
    *inner, last = texts
    if last.endswith(_MARK) and lines[-1].newline:
        notes.append(UNFINISHED)
    if not lines[-1].newline:
        notes.append(NO_FINAL_NEWLINE)
    text, remarks = typed(b"\n".join([*(line.removesuffix(b"\r").removesuffix(_MARK) for line in inner), last]))
    return {
        "kind": "history",
        "command": text,
        "argv_basis": "typed",
        "shell": "powershell",
        "notes": sorted({*notes, *remarks}) or None,
    }
