"""Linux audit log (`/var/log/audit/audit.log`, `ausearch --raw`), raw or enriched, of one host or with `node=`.

Source of the format: Linux kernel/audit.c and kernel/auditsc.c; audit-userspace (auditd, auparse, and its field
dictionary); the parts of this package name theirs.

One record is one line. Lines of an event (same node, time and serial) interleave with others and may come late. They
are gathered over `WINDOW_LINES` lines from an event's first one, whatever ends an event by the book (EOE, PROCTITLE):
logs out of order are put together better than by ausearch, and memory stays bounded however long the log. A line that
comes later still makes an event of its own, noted `late_record` as long as its event is among the last
`REMEMBERED_EVENTS`. A row's record is the first line of its event; the locator names the others.

Keystrokes (TTY records) make no rows: they hold passwords. Gaps between serials are no finding: rules filter.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from parsers.audit.event_rows import EventReader
from parsers.audit.event_tables import EventTables
from parsers.audit.messages import values_of
from parsers.audit.records import CALL_TYPES, HEADER, AuditEvent, Key
from parsers.blocks import Lines, line_blocks
from parsers.contract import Block, Format, Grade, Item, Record, Reject
from parsers.source import Line, Source

FORMAT = Format(
    name="auditd",
    title="Linux audit log (auditd)",
    tables=("process", "socket_event", "file_event", "login", "coverage_gap"),
    signature=True,
)

WINDOW_LINES = 4096
WINDOW_BYTES = 64 << 20
REMEMBERED_EVENTS = 65_536
BLOCK_BYTES = 2 << 20
LONGEST_LINE = 1 << 20  # the kernel writes at most 8970 bytes

_BLANK = (b"", b"\r")
_SEPARATORS = (b"----", b"time->")  # of ausearch's printed form


def recognise(head: bytes, name: str) -> Grade:
    """Grade by the share of lines that begin as audit records do."""
    lines = [line for line in head.split(b"\n")[:200] if line and not line.startswith((b"#", *_SEPARATORS))]
    if len(lines) > 1 and not head.endswith(b"\n"):
        del lines[-1]  # may be cut
    found = sum(HEADER.match(line) is not None for line in lines)
    if found and 2 * found >= len(lines):
        return Grade.STRONG
    return Grade.PROBABLE if found and "audit" in name.lower() else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of each event once its lines are together.

    `ts` is the event's time (milliseconds). `process`: executed commands with their argument list, sudo, command lines
    that shells reported (USER_TTY); `socket_event`, `file_event`: addresses and paths of other system calls; `login`:
    sessions as login programs reported them; `coverage_gap`: where auditing began, ended or lost records by its own
    word. Lines that are no audit records are rejected.
    """
    log = _Log(source.id)
    for block in line_blocks(source, size=BLOCK_BYTES, longest=LONGEST_LINE):
        if isinstance(block, Lines):
            yield from log.read(block)
        else:
            yield log.reject(block)
    yield log.rest()


class _Log:
    """A log in reading: the events whose lines may still come, in the order of their first lines, and the rows made."""

    def __init__(self, source_id: str) -> None:
        self._open: dict[Key, AuditEvent] = {}
        self._order: deque[tuple[int, Key]] = deque()
        self._closed: dict[Key, None] = {}
        self._held_bytes = 0
        self._number = 0
        self._offset = 0
        self._rows = EventTables(source_id)

    def read(self, lines: Lines) -> Iterator[Item]:
        """Take a block of lines; rejects divide it."""
        begin = records = parsed = 0
        data = lines.data
        matched = HEADER.match
        known = self._open
        for at, (start, end) in enumerate(zip(lines.starts.tolist(), lines.ends.tolist(), strict=True)):
            header = matched(data, start, end)
            if header is None or end - start > LONGEST_LINE:
                if header is None and (data.startswith(_SEPARATORS, start, end) or data[start:end] in _BLANK):
                    continue
                yield self._block(start - begin, records, parsed)
                line = lines.line(at)
                yield self.reject(line)
                begin, records, parsed = end + line.newline, 0, 0
                continue
            records += 1
            parsed += end - start
            self._number += 1
            node, kind, stamp = header.groups()
            event = known.get((node, stamp)) or self._begin((node, stamp))
            text = data[header.end() : end]
            line_number = lines.before + at + 1
            event.lines.append((kind or b"", text, self._number, lines.offset + start, end - start, line_number))
            self._held_bytes += end - start
            if end == len(data):
                event.tear()
            if self._held_bytes > WINDOW_BYTES:
                self._close()
        yield self._block(len(data) - begin, records, parsed)

    def reject(self, line: Line) -> Reject:
        """Take a line that is no audit record."""
        self._number += 1
        self._offset += line.length + line.newline
        record = Record(self._number, line.offset, line.length, line.number, line.newline)
        return Reject(record, "not an audit record" if line.length <= LONGEST_LINE else "longer than any audit record")

    def rest(self) -> Block:
        """Give out what is still open, as a block without lines of its own."""
        while self._order:
            self._close()
        return self._block(0, 0, 0)

    def _block(self, length: int, records: int, parsed: int) -> Block:
        block = Block(self._offset, length, records, parsed, length - parsed, self._rows.taken())
        self._offset += length
        return block

    def _begin(self, key: Key) -> AuditEvent:
        """Begin an event, and give out those that began too long ago, or that memory has no room for."""
        while self._order and (self._order[0][0] + WINDOW_LINES <= self._number or self._held_bytes > WINDOW_BYTES):
            self._close()
        event = self._open[key] = AuditEvent(*key, late=key in self._closed)
        self._order.append((self._number, key))
        return event

    def _close(self) -> None:
        _, key = self._order.popleft()
        event = self._open.pop(key)
        self._held_bytes -= sum(line[4] for line in event.lines)
        self._closed[key] = None
        if len(self._closed) > REMEMBERED_EVENTS:
            del self._closed[next(iter(self._closed))]
        types = event.by_type()
        found = [*EventReader(event, types).values()]
        if not CALL_TYPES.issuperset(types):
            found += values_of(event, types)
        for part, (table, values) in enumerate(found):
            self._rows.add(table, event.lines, part, values)
