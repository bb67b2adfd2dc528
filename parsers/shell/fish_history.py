"""fish history (`~/.local/share/fish/<session>_history`), of fish 2 and later and of fish 1.

Source of the format: fish src/history/yaml_backend.rs (fish 4) and the older src/history.cpp; fish's own test samples.

It looks like YAML and is none. One record is one item: `- cmd: <text>` and the indented lines after it, `when:` (last
run), `added_when:` (first run), `paths:` with a list. In values `\\\\` is a backslash and `\\n` a newline, read in one
pass from the left; fish drops what follows any other escape, here it stays as written (`unknown_escape`). Lines of
`%`, `---` and `...` are structure. In fish 1 files an item is `# <epoch>`, then a command whose newlines follow a
backslash.

fish keeps one item for a command that ran twice, with the newest time, and never writes commands that begin with a
blank: that earlier runs are missing is normal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from parsers.contract import Format, Grade, Item, Parsed, Record, Reject, Row, Structure
from parsers.jsontext import compact
from parsers.shell.typed import (
    CARRIAGE_RETURNS,
    MAX_ENTRY_BYTES,
    NO_COMMAND,
    NO_FINAL_NEWLINE,
    TIMESTAMP_OUT_OF_RANGE,
    TOO_LONG,
    nul_reason,
    typed,
    without_nul_run,
)
from parsers.source import Line, Source
from parsers.times import SECOND, epoch_seconds

FORMAT = Format(
    name="fish_history",
    title="fish history",
    tables=("process",),
    signature=True,
)

UNKNOWN_ESCAPE = "unknown_escape"
REPEATED_KEYS = "repeated_keys"
UNREAD_LINES = "unread_lines"
CUT_NUMBER = "cut_number"  # the file ends in it: digits may be missing
EPOCH_DIGITS = 10

_SECONDS = re.compile(rb"[ \t]*(-?\d{1,30})[ \t\r]*")
_KEY = re.compile(rb"[ \t]+([A-Za-z_]\w*):(.*)", re.DOTALL)
_PATH = re.compile(rb"[ \t]+- (.*)", re.DOTALL)
_ESCAPE = re.compile(rb"\\(.?)", re.DOTALL)
_MARKER = (b"%", b"---", b"...")
_ITEM = re.compile(rb"^- cmd: ?[^\n]*\n[ \t]+(?:when|added_when): *\d{1,12}\r?$", re.MULTILINE)
_FISH_1_TIME = re.compile(rb"# (\d{1,30})\r?")
_FISH_1_ITEM = re.compile(rb"^# \d{9,10}\r?\n[^\n]", re.MULTILINE)


def recognise(head: bytes, name: str) -> Grade:
    """Grade by items: a command and its time on the next line."""
    named = "fish" in name.lower()
    if _ITEM.search(head):
        return Grade.STRONG if head.startswith((b"- cmd:", *_MARKER)) or named else Grade.PROBABLE
    if _FISH_1_ITEM.match(head):
        convincing = named or len(_FISH_1_ITEM.findall(head)) * 6 >= head.count(b"\n")
        return Grade.STRONG if convincing else Grade.PROBABLE
    if head.startswith(b"- cmd:"):
        return Grade.PROBABLE if named else Grade.WEAK
    return Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one `process` row per item, in file order.

    `ts` is `when`, in whole seconds; null where there is none. `added_when`, `paths` and keys that are not known are in
    `extra`. Lines that belong to no item (fish skips them as corrupt) and items of more than 16 MiB are rejected. A
    last line without a newline, which fish ignores, is read and noted.
    """
    first = next(source.lines(MAX_ENTRY_BYTES), None)
    fish_1 = first is not None and first.data is not None and bool(_FISH_1_TIME.fullmatch(first.data))
    number = 0
    for lines in _gathered(source, _begins_fish_1 if fish_1 else _begins):
        begin, last = lines[0], lines[-1]
        length = last.offset + last.length - begin.offset
        if begin.data is not None and (not length or (not fish_1 and begin.data.startswith(_MARKER))):
            yield Structure(begin.offset, length + last.newline)
            continue
        number += 1
        record = Record(number, begin.offset, length, begin.number, last.newline)
        values = _values(lines, length, fish_1=fish_1)
        if isinstance(values, str):
            yield Reject(record, values)
        else:
            yield Parsed(record)
            yield Row("process", record, values)


def _gathered(source: Source, begins: Callable[[bytes, list[Line]], bool]) -> Iterator[list[Line]]:
    """Yield the lines of each item; blank lines, markers, NUL runs and what is too long come as lines of their own."""
    held: list[Line] = []
    held_bytes = 0
    for line in source.lines(MAX_ENTRY_BYTES):
        for piece in without_nul_run(line):
            data = piece.data
            if held and (data is None or held_bytes > MAX_ENTRY_BYTES or begins(data, held)):
                yield held
                held, held_bytes = [], 0
            held.append(piece)
            held_bytes += piece.length
    if held:
        yield held


def _begins(data: bytes, held: list[Line]) -> bool:
    """Tell whether a line stands for itself; indented ones belong to an item, or to the corrupt line, before them."""
    before = held[-1].data
    return not data.startswith((b" ", b"\t")) or not before or before.startswith(_MARKER) or before[0] == 0


def _begins_fish_1(data: bytes, held: list[Line]) -> bool:
    """Tell whether a line is no command to the time before it, nor the rest of one that ends in a backslash."""
    before = held[-1].data or b""
    if len(held) == 1 and _FISH_1_TIME.fullmatch(before):
        return data[:1] == b"\0"
    return (len(before) - len(before.rstrip(b"\\"))) % 2 == 0 or data[:1] == b"\0"


def _values(lines: list[Line], length: int, *, fish_1: bool) -> dict[str, Any] | str:
    """Return the row of an item, or why it is none."""
    texts = [line.data for line in lines if line.data is not None]
    if length > MAX_ENTRY_BYTES or len(texts) < len(lines):
        return TOO_LONG
    if texts[0].startswith(b"\0"):
        return nul_reason(length)
    notes = []
    if all(text.endswith(b"\r") for text in texts):
        texts = [text[:-1] for text in texts]
        notes.append(CARRIAGE_RETURNS)
    found = _fish_1_item(texts) if fish_1 else _item(texts, notes, torn=not lines[-1].newline)
    if isinstance(found, str):
        return found
    command, when, extra = found
    text, remarks = typed(command)
    moment = epoch_seconds(when) if when is not None else None
    if when is not None and moment is None:
        notes.append(TIMESTAMP_OUT_OF_RANGE)
    if not lines[-1].newline:
        notes.append(NO_FINAL_NEWLINE)
    notes += remarks
    return {
        "ts": moment and moment.us,
        "ts_precision_us": moment and SECOND,
        "kind": "history",
        "command": text,
        "argv_basis": "typed",
        "shell": "fish",
        "notes": sorted(set(notes)) or None,
        "extra": compact(extra) if extra else None,
    }


def _item(texts: list[bytes], notes: list[str], *, torn: bool) -> tuple[bytes, int | None, dict[str, Any]] | str:
    """Return (command, when, what else there is) of an item of fish 2 or later."""
    if not texts[0].startswith(b"- cmd:"):
        return "a line that belongs to no item"
    command = _unescaped(texts[0][6:].removeprefix(b" "), notes)
    when: int | None = None
    extra: dict[str, Any] = {}
    paths: list[str] | None = None
    seen = set()
    for number, text in enumerate(texts[1:], 2):
        path = _PATH.fullmatch(text) if paths is not None else None
        key = None if path else _KEY.fullmatch(text)
        if path and paths is not None:
            paths.append(typed(_unescaped(path[1], notes))[0])
        elif not key:
            notes.append(UNREAD_LINES)
            extra.setdefault("lines", []).append(typed(text)[0])
        else:
            name, value = key[1].decode(), key[2].removeprefix(b" ")
            notes += [REPEATED_KEYS] if name in seen else []
            seen.add(name)
            paths = None
            seconds = _SECONDS.fullmatch(value) if name in {"when", "added_when"} else None
            if seconds and torn and number == len(texts) and len(seconds[1]) < EPOCH_DIGITS:
                notes.append(CUT_NUMBER)
                seconds = None
            if name == "paths" and not value:
                paths = extra["paths"] = []
            elif name == "when" and seconds:
                when = int(seconds[1])
            else:
                extra[name] = int(seconds[1]) if seconds else typed(_unescaped(value, notes))[0]
    return (command, when, extra) if command else "an item without a command"


def _unescaped(value: bytes, notes: list[str]) -> bytes:
    def one(escape: re.Match[bytes]) -> bytes:
        if escape[1] == b"n":
            return b"\n"
        if escape[1] != b"\\":
            notes.append(UNKNOWN_ESCAPE)
            return escape[0]
        return b"\\"

    return _ESCAPE.sub(one, value) if b"\\" in value else value


def _fish_1_item(texts: list[bytes]) -> tuple[bytes, int | None, dict[str, Any]] | str:
    """Return the same of an item of fish 1."""
    time = _FISH_1_TIME.fullmatch(texts[0])
    lines = texts[1:] if time else texts
    if not lines:
        return NO_COMMAND
    command = b"\n".join([*(line[:-1] for line in lines[:-1]), lines[-1]])
    return (command, int(time[1]) if time else None, {}) if command else NO_COMMAND
