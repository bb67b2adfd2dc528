"""bash history (`~/.bash_history`, `$HISTFILE`, `~/.bash_sessions/*.history` of macOS), with and without times.

Source of the format: bash 5.2 lib/readline/histfile.c and bashhist.c; `parsers/shell/bash_entries.py` has the rules
of where an entry ends.

One record is one entry: the timestamp line, if there is one, and every line of the command; `line` is the first of
them. Blank lines between entries without a time are structure. Entries keep their order in the file, which is the
order in which sessions ended; a step back in time at a session's border is no sign of tampering.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from parsers.blocks import Lines, Mask, Positions, line_blocks
from parsers.columns import batch, remarks, texts
from parsers.contract import Block, Format, Grade, Item, Record, Reject, Structure
from parsers.shell.bash_entries import Context, Entries, entries_of
from parsers.shell.bash_lines import OUT_OF_RANGE
from parsers.shell.typed import (
    MAX_ENTRY_BYTES,
    NO_COMMAND,
    NO_FINAL_NEWLINE,
    NUL_RUN,
    TIMESTAMP_OUT_OF_RANGE,
    TOO_LONG,
    may_be_commands,
    nul_reason,
    typed,
)
from parsers.source import Source
from parsers.times import SECOND

FORMAT = Format(
    name="bash_history",
    title="bash history, with or without times",
    tables=("process",),
    signature=False,
    # whether a boundary or a time is doubtful rests on the lines around an entry
    carried=("notes",),
)

_STAMP_LINE = re.compile(rb"^#[1-9]\d{8,9}\r?$", re.MULTILINE)
_OTHER_HISTORY = re.compile(rb"\A(?:: \d+:\d+;|- cmd:|_HiStOrY_V2_|# \d{9,10}\r?$)", re.MULTILINE)


def recognise(head: bytes, name: str) -> Grade:
    """Grade by the lines that are a timestamp and nothing else; a telling name raises a history without times."""
    if _OTHER_HISTORY.match(head):
        return Grade.NONE
    stamps = _STAMP_LINE.findall(head)
    lines = head.count(b"\n") + 1
    if stamps:
        convincing = len(stamps) >= 3 and 4 * len(stamps) >= lines and _STAMP_LINE.match(head)
        if convincing:
            return Grade.STRONG
        return Grade.PROBABLE if _named(name) or 5 * len(stamps) >= lines else Grade.WEAK
    if not may_be_commands(head):
        return Grade.NONE
    return Grade.PROBABLE if _named(name) else Grade.WEAK


def _named(name: str) -> bool:
    lower = name.lower()
    return "bash_history" in lower or (".history" in lower and "zsh" not in lower)


@dataclass(slots=True)
class _Progress:
    source_id: str
    offset: int = 0
    lines: int = 0
    records: int = 0
    context: Context = field(default_factory=Context)

    def next_record(self, length: int, separator: int) -> Record:
        self.records += 1
        return Record(self.records, self.offset, length, self.lines + 1, separator)

    def damaged(self) -> None:
        """What follows damage stands alone."""
        self.context = Context(begins_timed=self.context.begins_timed)


def read(source: Source) -> Iterator[Item]:
    """Yield one `process` row per entry, in file order.

    `ts` is the epoch second the shell wrote when the command was entered (precision 1 s), null where it wrote none.
    `command` is the text as typed, with its newlines; `notes` says what is doubtful (`parsers/shell/bash_entries.py`).
    Runs of NUL bytes at the begin of a line (left by a crash), entries of more than 16 MiB and timestamps without a
    command are rejected.
    """
    progress = _Progress(source.id)
    held = b""
    for block in line_blocks(source, longest=MAX_ENTRY_BYTES):
        if isinstance(block, Lines):
            held += block.data
            taken = yield from _take(held, progress, more=True)
            held = held[taken:]
            if len(held) > MAX_ENTRY_BYTES:
                yield from _too_long(held, progress)
                held = b""
        else:
            yield from _take(held, progress, more=False)
            held = b""
            yield Reject(progress.next_record(block.length, block.newline), TOO_LONG)
            progress.offset += block.length + block.newline
            progress.lines += block.newline
            progress.damaged()
    yield from _take(held, progress, more=False)


def _too_long(held: bytes, progress: _Progress) -> Iterator[Item]:
    newline = int(held.endswith(b"\n"))
    yield Reject(progress.next_record(len(held) - newline, newline), TOO_LONG)
    progress.offset += len(held)
    progress.lines += held.count(b"\n")
    progress.damaged()


def _take(data: bytes, progress: _Progress, *, more: bool) -> Generator[Item, None, int]:
    """Read whole lines; return how many bytes were taken. Runs of NUL bytes end whatever stands before them."""
    at = 0
    for run in NUL_RUN.finditer(data) if b"\0" in data else ():
        yield from _take_lines(data[at : run.start()], progress, more=False)
        newline = int(data[run.end() : run.end() + 1] == b"\n")
        length = run.end() - run.start()
        yield Reject(progress.next_record(length, newline), nul_reason(length))
        progress.offset += length + newline
        progress.lines += newline
        progress.damaged()
        at = run.end() + newline
    taken = yield from _take_lines(data[at:], progress, more=more)
    return at + taken


def _take_lines(data: bytes, progress: _Progress, *, more: bool) -> Generator[Item, None, int]:
    lines = Lines.of(data, progress.offset, progress.lines)
    entries, count, progress.context = entries_of(lines, progress.context, more=more)
    taken = len(data) if count == len(lines) else int(lines.starts[count])
    begin = 0
    entry = 0
    for orphan in (*entries.orphans, entries.count):
        end = taken if orphan == entries.count else int(lines.starts[entries.first[orphan]])
        yield from _block(lines, entries, range(entry, orphan), range(begin, end), progress)
        if orphan < entries.count:
            last = int(lines.ends[entries.last[orphan]])
            newline = int(last < len(data))
            yield Reject(progress.next_record(last - end, newline), NO_COMMAND)
            progress.offset += last - end + newline
            progress.lines += data.count(b"\n", end, last + newline)
            begin = last + newline
        entry = orphan + 1
    return taken


def _block(
    lines: Lines, entries: Entries, span: range, place: range, progress: _Progress
) -> Iterator[Block | Structure]:
    """Yield the entries of `span`, which lie at the bytes `place` of the lines, as one block."""
    if not place:
        return
    if not span:
        yield Structure(progress.offset, len(place))
    else:
        part = slice(span.start, span.stop)
        first, last = entries.first[part], entries.last[part]
        starts, ends = lines.starts[first], lines.ends[last]
        lengths = ends - starts
        commands, notes = _commands(lines, entries, span)
        seconds = entries.seconds[part]
        timed = seconds >= 0
        rows = batch(
            "process",
            len(span),
            {
                "source_id": progress.source_id,
                "record": pa.array(progress.records + 1 + np.arange(len(span))),
                "part": 0,
                "line": pa.array(lines.before + 1 + first),
                "offset": pa.array(lines.offset + starts),
                "length": pa.array(lengths),
                "ts": pa.array(seconds * SECOND, mask=~timed),
                "ts_precision_us": pa.array(np.full(len(span), SECOND), mask=~timed),
                "kind": "history",
                "command": commands,
                "argv_basis": "typed",
                "shell": "bash",
                "notes": notes,
            },
        )
        parsed = int(lengths.sum())
        yield Block(progress.offset, len(place), len(span), parsed, len(place) - parsed, {"process": rows})
        progress.records += len(span)
    progress.offset += len(place)
    progress.lines += lines.data.count(b"\n", place.start, place.stop)


def _commands(lines: Lines, entries: Entries, span: range) -> tuple[pa.Array, pa.Array]:
    """Return the commands as typed, and the notes."""
    part = slice(span.start, span.stop)
    begins, ends = lines.starts[entries.text[part]], lines.ends[entries.last[part]]
    notes: dict[int, list[str]] = {at - span.start: found for at, found in entries.notes.items() if at in span}
    for at in np.flatnonzero(entries.seconds[part] == OUT_OF_RANGE).tolist():
        notes[at] = [*notes.get(at, []), TIMESTAMP_OUT_OF_RANGE]
    if span.stop == entries.count and ends[-1] == len(lines.data):
        notes[len(span) - 1] = [*notes.get(len(span) - 1, []), NO_FINAL_NEWLINE]
    odd = _odd(lines, begins, ends)
    if odd is None:
        commands = texts(lines.data, begins, ends)
    else:
        values: list[str] = []
        for at, (begin, end) in enumerate(zip(begins.tolist(), ends.tolist(), strict=True)):
            text, oddities = typed(lines.data[begin:end]) if odd[at] else (lines.data[begin:end].decode(), [])
            values.append(text)
            if oddities:
                notes[at] = [*notes.get(at, []), *oddities]
        commands = pa.array(values, pa.large_string())
    return commands, remarks(len(span), notes)


def _odd(lines: Lines, begins: Positions, ends: Positions) -> Mask | None:
    """Tell which commands hold bytes that need a look: NUL, carriage returns, what is no UTF-8; None if none do."""
    data = lines.data
    try:
        data.decode("utf-8")
        utf8 = True
    except UnicodeDecodeError:
        utf8 = False
    if utf8 and b"\r" not in data and b"\0" not in data:
        return None
    places = np.flatnonzero((lines.array == 0) | (lines.array == 13) | ((lines.array >= 128) & (not utf8)))
    before = np.searchsorted(places, begins)
    odd: Mask = np.searchsorted(places, ends) > before
    return odd
