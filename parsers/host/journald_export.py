"""The systemd journal as `journalctl -o export` and systemd-journal-remote write it.

Source of the format: systemd.io/JOURNAL_EXPORT_FORMATS "Journal Export Format": fields `NAME=value` a line; values that
are no plain text as the name alone, a newline, their length in 8 bytes (little endian), the bytes, a newline; an empty
line ends the entry.

One record is one entry. What is damaged is rejected up to the next empty line that an entry follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from parsers.contract import Format, Grade, Item, Parsed, Record, Reject, Structure
from parsers.host.journal_entries import WANTED, message_of
from parsers.host.programs import Programs
from parsers.shell.typed import NO_FINAL_NEWLINE
from parsers.source import Source

FORMAT = Format(
    name="journald_export",
    title="systemd journal (journalctl -o export)",
    tables=("process", "login", "artefact", "mining_share", "usage_metric"),
    signature=True,
)

MAX_VALUE_BYTES = 64 << 20
READ_BYTES = 1 << 18

_NAME = re.compile(rb"[A-Z0-9_]{1,64}")
_BEGIN = re.compile(rb"\n*__CURSOR=[^\n]*\n(?:[A-Z0-9_]+=[^\n]*\n)*?__REALTIME_TIMESTAMP=\d{1,18}\n")
_NEXT_ENTRY = b"\n\n__"
_LENGTH_BYTES = 8

_Fields = dict[str, list[bytes]]


class _Damaged(ValueError):
    """An entry cannot be read; the message says why."""


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where a head begins with an entry's cursor and time: nothing else does."""
    return Grade.STRONG if _BEGIN.match(head) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield rows in file order, but for commands of sudo, which wait for their further messages.

    They are those of the same entries in `journald_json`.
    """
    programs = Programs()
    with source.open() as stream:
        for item, fields in _entries(_Window(stream)):
            yield item
            torn = isinstance(item, Parsed) and not item.record.separator
            message = message_of(fields, item.record, (NO_FINAL_NEWLINE,) * torn) if isinstance(item, Parsed) else None
            if message:
                yield from programs.take(message)
    yield from programs.rest()


class _Window:
    """What is held of a stream: `held` begins at byte `offset` and physical line `line`."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.held = b""
        self.offset = 0
        self.line = 1

    def reach(self, size: int) -> bool:
        """Hold `size` bytes, if there are so many."""
        while len(self.held) < size:
            block = self._stream.read(max(READ_BYTES, size - len(self.held)))
            if not block:
                return False
            self.held += block
        return True

    def find(self, what: bytes, begin: int, most: int) -> int:
        """Return where `what` stands at or behind `begin`, -1 if not within `most` bytes."""
        while (found := self.held.find(what, begin)) < 0:
            before = len(self.held)
            if before - begin > most:
                return -1
            self.reach(2 * before)
            if len(self.held) == before:
                return -1
        return found

    def drop(self, size: int) -> None:
        """Let go of the first `size` bytes."""
        self.line += self.held.count(b"\n", 0, size)
        self.offset += size
        self.held = self.held[size:]


def _entries(window: _Window) -> Iterator[tuple[Item, _Fields]]:
    """Account for the stream: entries with those of their fields that are wanted, damage, empty lines."""
    number = 0
    while window.reach(1):
        empty = len(window.held) - len(window.held.lstrip(b"\n"))
        if empty:
            yield Structure(window.offset, empty), {}
            window.drop(empty)
            continue
        number += 1
        reader = _EntryReader(window)
        try:
            fields = reader.read()
        except _Damaged as fault:
            record, length = _damaged(window, number, reader.good)
            yield Reject(record, str(fault)), {}
        else:
            separator = reader.at - reader.end
            record, length = Record(number, window.offset, reader.end, window.line, separator), reader.at
            yield Parsed(record), fields
        window.drop(length)


def _damaged(window: _Window, number: int, good: int) -> tuple[Record, int]:
    """Return the record of a damaged entry, which ends where another begins, and the bytes up to there."""
    counted = 0
    offset, line = window.offset, window.line
    while (found := window.find(_NEXT_ENTRY, good, MAX_VALUE_BYTES)) < 0 and window.reach(len(window.held) + 1):
        # far from any entry the bytes are only counted
        kept = len(_NEXT_ENTRY) - 1
        counted += len(window.held) - kept
        window.drop(len(window.held) - kept)
        good = 0
    length = found if found >= 0 else len(window.held)
    separator = 2 if found >= 0 else 0
    return Record(number, offset, counted + length, line, separator), length + separator


class _EntryReader:
    """Reads the entry at the begin of a window.

    `at` is how far it is read, `end` where its last field ends, `good` where the field begins that is being read.
    """

    def __init__(self, window: _Window) -> None:
        self._window = window
        self.at = self.end = self.good = 0

    def read(self) -> _Fields:
        """Return the wanted fields; raises `_Damaged`."""
        fields: _Fields = {}
        while line := self._line():
            name, equals, value = line.partition(b"=")
            if not _NAME.fullmatch(name):
                raise _Damaged("no name of a field where one was expected")
            if not equals:
                value = self._binary(name.decode("ascii"))
            if name.decode("ascii") in WANTED:
                fields.setdefault(name.decode("ascii"), []).append(value)
        return fields

    def _line(self) -> bytes:
        """Read a line; empty at the end of the entry."""
        self.good = self.at
        found = self._window.find(b"\n", self.at, MAX_VALUE_BYTES)
        if found < 0 and len(self._window.held) - self.at > MAX_VALUE_BYTES:
            raise _Damaged(f"a field of more than {MAX_VALUE_BYTES} bytes")
        stop = len(self._window.held) if found < 0 else found
        line = self._window.held[self.at : stop]
        self.at = stop + (found >= 0)
        if line:
            self.end = stop
        return line

    def _binary(self, name: str) -> bytes:
        begin = self.at + _LENGTH_BYTES
        if not self._window.reach(begin):
            raise _Damaged(f"the stream ends in field {name}")
        length = int.from_bytes(self._window.held[self.at : begin], "little")
        if length > MAX_VALUE_BYTES:
            raise _Damaged(f"a field of {length} bytes (the limit is {MAX_VALUE_BYTES})")
        self.end = begin + length
        if not self._window.reach(self.end):
            raise _Damaged(f"the stream ends in field {name}")
        self.at = self.end + 1
        if self._window.reach(self.at) and self._window.held[self.end : self.at] != b"\n":
            raise _Damaged(f"no newline behind field {name}")
        self.at = min(self.at, len(self._window.held))
        return self._window.held[begin : self.end]
