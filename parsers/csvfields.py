"""Records of delimited text, cut field by field: what a record is, and what is none.

Slow and plain; `parsers.csvtext` vouches for whole blocks where it can and must give the same.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from parsers.source import MAX_LINE_BYTES

MAX_RECORD_BYTES = 1 << 20  # of a record that spans lines
MAX_RECORD_LINES = 10_000
MAX_FIELDS = 65_536

TEXT_AFTER_QUOTE = "text after a closing quote"
NOT_CLOSED = f"a quote is not closed within {MAX_RECORD_BYTES} bytes and {MAX_RECORD_LINES} lines"
TOO_MANY_FIELDS = f"more than {MAX_FIELDS} fields"
LINE_TOO_LONG = f"a line of more than {MAX_LINE_BYTES} bytes"

RETURN = 13


class Cut(NamedTuple):
    """Where a record ends and the next begins; `next` is -1 where the data end before that is known."""

    end: int
    next: int
    fields: tuple[bytes, ...] = ()
    fault: str | None = None


_MORE = Cut(-1, -1)


class FieldCutter:
    """Cuts records out of `data`, field by field; `final` tells whether the stream ends with it."""

    def __init__(self, data: bytes, delimiter: bytes, *, final: bool) -> None:
        self._data = data
        self._delimiter = delimiter
        self._final = final
        self._stop = re.compile(b"[" + re.escape(delimiter) + b"\n]")

    def record(self, at: int) -> Cut:
        """Cut the record that begins at `at`."""
        data = self._data
        newline = data.find(b"\n", at)
        if newline < 0 and not self._final:
            return _MORE
        line_end, after = (newline, newline + 1) if newline >= 0 else (len(data), len(data))
        line_end -= newline > at and data[newline - 1] == RETURN
        if line_end == at:
            return Cut(at, after)
        if line_end - at > MAX_LINE_BYTES:
            return Cut(line_end, after, fault=LINE_TOO_LONG)
        if data.find(b'"', at, line_end) < 0:
            if data.count(self._delimiter, at, line_end) >= MAX_FIELDS:
                return Cut(line_end, after, fault=TOO_MANY_FIELDS)
            return Cut(line_end, after, tuple(data[at:line_end].split(self._delimiter)))
        cut = self._quoted(at, after)
        return cut if cut.fault is None else Cut(line_end, after, fault=cut.fault)

    def _quoted(self, at: int, first_line_end: int) -> Cut:
        """Cut the record at `at`, whose first line holds a quote; of a fault only the reason counts."""
        data, start, fields = self._data, at, list[bytes]()
        limit = max(first_line_end, start + MAX_RECORD_BYTES + 2)
        known = self._final or len(data) >= limit
        limit = min(limit, len(data))
        while len(fields) < MAX_FIELDS:
            if data.startswith(b'"', at):
                closed = self._closing_quote(at + 1, limit)
                if closed < 0:
                    return Cut(-1, 0, fault=NOT_CLOSED) if known else _MORE
                fields.append(data[at + 1 : closed].replace(b'""', b'"'))
                at = closed + 1
            else:
                found = self._stop.search(data, at, limit)
                stop = found.start() if found else limit
                if not found and not (self._final and limit == len(data)):
                    return Cut(-1, 0, fault=NOT_CLOSED) if known else _MORE
                stop -= data[stop - 1 : stop + 1] == b"\r\n" and stop > at
                fields.append(data[at:stop])
                at = stop
            if data.startswith(self._delimiter, at):
                at += 1
                continue
            return self._end(start, at, tuple(fields))
        return Cut(-1, 0, fault=TOO_MANY_FIELDS)

    def _closing_quote(self, at: int, limit: int) -> int:
        """Return the place of the quote that closes a field, -1 if none does before `limit`."""
        data = self._data
        while True:
            quote = data.find(b'"', at, limit)
            if quote < 0 or not data.startswith(b'"', quote + 1):
                return quote
            at = quote + 2

    def _end(self, start: int, at: int, fields: tuple[bytes, ...]) -> Cut:
        data = self._data
        if data.startswith(b"\n", at):
            after = at + 1
        elif data.startswith(b"\r\n", at):
            after = at + 2
        elif at == len(data):
            if not self._final:
                return _MORE
            after = at
        elif not self._final and len(data) - at == 1 and data[at] == RETURN:
            return _MORE
        else:
            return Cut(-1, 0, fault=TEXT_AFTER_QUOTE)
        further_lines = data.count(b"\n", start, at)
        if further_lines and (at - start > MAX_RECORD_BYTES or further_lines >= MAX_RECORD_LINES):
            return Cut(-1, 0, fault=NOT_CLOSED)
        return Cut(at, after, fields)
