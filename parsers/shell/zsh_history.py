"""zsh history (`~/.zsh_history`, `~/.zhistory`, `~/.histfile`), with times (EXTENDED_HISTORY, SHARE_HISTORY) or plain.

Source of the format: zsh 5.9 Src/hist.c, readhistline(), readhistfile() and savehistfile(); Src/utils.c, metafy() and
unmetafy().

One record is one entry: `: <start>:<elapsed>;<command>` or a bare command (`\\:` where that begins with a colon),
continued on the next line where a line ends in a backslash. The second number is an absolute end time in old files,
that is, where it is not less than the first. A line that ends in a backslash of its own has one blank more. Bytes
0x00 and 0x83 to 0xa2 are written as 0x83 and the byte XOR 0x20; no newline can come of that, so lines are cut first.
Lines that another program appended as they were are recognised (`not_metafied`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from parsers.contract import Format, Grade, Item, Parsed, Record, Reject, Row, Structure
from parsers.shell.typed import (
    MAX_ENTRY_BYTES,
    NO_COMMAND,
    NO_FINAL_NEWLINE,
    TIMESTAMP_OUT_OF_RANGE,
    TOO_LONG,
    continued_lines,
    may_be_commands,
    nul_reason,
    typed,
)
from parsers.source import Line, Source
from parsers.times import SECOND, epoch_seconds

FORMAT = Format(
    name="zsh_history",
    title="zsh history, with or without times",
    tables=("process",),
    signature=False,
)

NOT_METAFIED = "not_metafied"
UNFINISHED = "unfinished_command"
AMBIGUOUS_BOUNDARY = "ambiguous_boundary"  # an inner line looks like the begin of an entry
MOST_SECONDS = 10**10

_META = 0x83
_METAFIED = bytes([0, *range(0x83, 0xA3)])  # what is never written as it is
_PAIR = re.compile(rb"\x83([%s])" % re.escape(bytes(byte ^ 0x20 for byte in _METAFIED)), re.DOTALL)
_BARE = re.compile(rb"[%s]" % re.escape(_METAFIED))
_HEADER = re.compile(rb":[ \t]*(?:(\d{1,30})[ \t]*:[ \t]*(\d{1,30})|:);")
_CUT_HEADER = re.compile(rb":(?: \d*(?::\d*)?)?")
_EXTENDED_LINE = re.compile(rb"^: {1,3}\d{9,10}:\d{1,10};", re.MULTILINE)
_OWN_BLANK = re.compile(rb"\\ +\Z")


def recognise(head: bytes, name: str) -> Grade:
    """Grade by lines that begin with two numbers as zsh writes them; a telling name raises a plain history."""
    lower = name.lower()
    named = ("zsh" in lower and "hist" in lower) or "zhistory" in lower or lower.endswith(".histfile")
    timed = len(_EXTENDED_LINE.findall(head))
    lines = head.count(b"\n") + 1
    if timed:
        if _EXTENDED_LINE.match(head) and (timed >= 2 or lines <= 3) and 8 * timed >= lines:
            return Grade.STRONG
        return Grade.PROBABLE if named or 2 * timed >= lines else Grade.WEAK
    if not may_be_commands(head):
        return Grade.NONE
    return Grade.PROBABLE if named else Grade.WEAK


def read(source: Source) -> Iterator[Item]:
    """Yield one `process` row per entry, in file order.

    `ts` is the start in whole seconds (precision 1 s), null for plain entries and for start 0. `duration_us` is null
    for an elapsed time of 0: that is what zsh writes before a command has ended (SHARE_HISTORY, INC_APPEND_HISTORY),
    so it says nothing of quick commands. Entries without a command, runs of NUL bytes at the begin of a line (left by
    a crash) and entries of more than 16 MiB are rejected.
    """
    number = 0
    for lines in continued_lines(source, b"\\"):
        first, last = lines[0], lines[-1]
        length = last.offset + last.length - first.offset
        if not length:
            yield Structure(first.offset, first.newline)
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
    """Return the row of an entry, or why it is none."""
    if any(line.data is None for line in lines):
        return TOO_LONG
    texts = [line.data or b"" for line in lines]
    if texts[0].startswith(b"\0"):
        return nul_reason(len(texts[0]))
    entry, notes = _joined(texts, newline=lines[-1].newline)
    start, elapsed, command = _timed(entry)
    if not command or (not lines[-1].newline and _CUT_HEADER.fullmatch(entry)):
        return NO_COMMAND
    plain, odd = _unmetafied(command)
    text, remarks = typed(plain)
    moment = epoch_seconds(start) if start else None
    duration = elapsed * SECOND if moment and 0 < elapsed < MOST_SECONDS else None
    if start and (not moment or elapsed >= MOST_SECONDS):
        notes.append(TIMESTAMP_OUT_OF_RANGE)
    notes += [*odd, *remarks]
    return {
        "ts": moment and moment.us,
        "ts_precision_us": moment and SECOND,
        "kind": "history",
        "command": text,
        "argv_basis": "typed",
        "duration_us": duration,
        "shell": "zsh",
        "notes": sorted(notes) or None,
    }


def _joined(texts: list[bytes], newline: int) -> tuple[bytes, list[str]]:
    """Join the lines of an entry as zsh does: no backslash before a newline, and no blank after a last one."""
    notes = []
    last = texts[-1]
    if newline and last.endswith(b"\\"):
        notes.append(UNFINISHED)  # the file ends where it promises another line
        last = last[:-1] + b"\n"
    elif newline and _OWN_BLANK.search(last):
        last = last[:-1]
    if not newline:
        notes.append(NO_FINAL_NEWLINE)
    if any(_EXTENDED_LINE.match(text) for text in texts[1:]):
        notes.append(AMBIGUOUS_BOUNDARY)
    return b"\n".join([*(text[:-1] for text in texts[:-1]), last]), notes


def _timed(entry: bytes) -> tuple[int, int, bytes]:
    """Return (start, elapsed, command); start 0 where there is none."""
    header = _HEADER.match(entry)
    if not header:
        return 0, 0, entry[1:] if entry.startswith(b"\\:") else entry
    start, second = int(header[1] or 0), int(header[2] or 0)
    return start, second - start if second >= start else second, entry[header.end() :]


def _unmetafied(command: bytes) -> tuple[bytes, list[str]]:
    """Undo metafy(), unless the bytes show that it was never done."""
    if not _BARE.search(command):
        return command, []
    plain = _PAIR.sub(lambda pair: bytes([pair[1][0] ^ 0x20]), command)
    if _BARE.search(_PAIR.sub(b"", command)) or (_is_utf8(command) and not _is_utf8(plain)):
        return command, [NOT_METAFIED]
    return plain, []


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
