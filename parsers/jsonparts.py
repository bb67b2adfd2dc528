"""One JSON document as many records, for formats that keep a whole session in one.

A harness that keeps a whole run in one JSON object hides a thousand messages in one record. Which objects and arrays
are taken apart is the format's to say; their members and elements are the records, so that a row points at its message
and not at a file. Brackets, commas, the keys of what is taken apart, white space and a byte order mark are structure.
A document that is cut off gives what is whole in it; its torn end is rejected.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any, Literal, NamedTuple

from parsers.contract import Record, Reject, Structure
from parsers.jsondocument import whole_document
from parsers.jsonlines import BOM, json_record
from parsers.jsontext import JsonFault, StrictText, decodable_bytes
from parsers.source import MAX_LINE_BYTES, Line, Source
from parsers.text import storable

_BLANKS = b" \t\r"

Path = tuple[str | int, ...]
Pattern = tuple[str | None, ...]  # None stands for any element of an array


class JsonPart(NamedTuple):
    """One member or element: where it stands in which of the stream's documents (from 0), and its value.

    The record of a member spans its key too. `notes` and `hidden` as in `JsonRecord`.
    """

    record: Record
    document: int
    path: Path
    value: Any
    notes: tuple[str, ...]
    hidden: tuple[tuple[str, Any], ...]

    @property
    def key(self) -> str | None:
        """The member of the document that this is or stands in, None where there is none."""
        key = self.path[0] if self.path else None
        return key if isinstance(key, str) else None

    @property
    def place(self) -> int | None:
        """The place in its list from 0, None for what is no element of one."""
        place = self.path[-1] if self.path else None
        return place if isinstance(place, int) else None


_Reading = Generator[JsonPart | Structure, None, tuple[int, bool]]  # ends with where to go on, and if behind a comma


class Opened(NamedTuple):
    """What is taken apart: the paths of objects and arrays (the root is `()`).

    With `whole`, an object at the top that has none of the members named there is one record: events, one a line or
    one a file.
    """

    paths: frozenset[Pattern]
    whole: bool = False


def lists(*names: str, whole: bool = False) -> Opened:
    """Open the document, and the members of these names."""
    return Opened(frozenset({(), *((name,) for name in names)}), whole)


def head_parts(head: bytes, opened: Opened) -> list[JsonPart]:
    """Return the whole parts of the beginning of a stream, for recognition."""
    return [item for item in parts(Source.of_bytes(head), opened) if isinstance(item, JsonPart)]


def parts(source: Source, opened: Opened) -> Iterator[JsonPart | Reject | Structure]:
    """Account for the whole stream: the values in what is `opened`, each a record of its own.

    A stream holds one document, or one on each line: then a damaged line takes no other with it.
    """
    if not _has_lines(source, opened):
        data = whole_document(source)
        yield from [data] if isinstance(data, Reject) else _Walk(Line(1, 0, len(data), data, 0), opened).items()
        return
    number = document = 0
    for line in source.lines():
        walk = _Walk(line, opened, number, document)
        yield from walk.items()
        number, document = walk.number, walk.document


def _has_lines(source: Source, opened: Opened) -> bool:
    """Tell whether documents stand on lines: the first is whole, or it is damaged and a later one is a whole object.

    A line that ends within an object or array, with no fault before, begins a document of many lines. So does, behind a
    damaged one, a whole object before a comma, or before a line that closes something: an element of a list.
    """
    lines = (line for line in source.lines() if line.data is None or line.data.strip(_BLANKS))
    first = next(lines, None)
    if first is None or not first.newline:
        return False  # the only one: it is read the same either way
    state = _state(first, opened)
    return state == "whole" if state != "damaged" else _has_documents(lines, opened)


def _has_documents(lines: Iterator[Line], opened: Opened) -> bool:
    for line in lines:
        data = (line.data or b"").strip(_BLANKS)
        if not data.startswith(b"{"):
            continue
        if data.endswith(b",") and _state(line._replace(data=data[:-1]), opened) == "whole":
            return False
        if _state(line, opened) == "whole":
            behind = next(lines, line)
            return not (behind.data or b"").lstrip(_BLANKS).startswith((b"]", b"}"))
    return False


def _state(line: Line, opened: Opened) -> Literal["whole", "open", "damaged"]:
    walk = _Walk(line, opened)
    if any(isinstance(item, Reject) for item in walk.items()):
        return "damaged"
    return "open" if walk.is_open else "whole"


class _Walk:
    """One pass over a line, or over all lines as one; `_done` counts the bytes accounted for."""

    def __init__(self, line: Line, opened: Opened, number: int = 0, document: int = 0) -> None:
        self.number, self.document = number, document  # of records and documents before
        self.is_open = False
        self._line = line
        self._data = line.data or b""
        self._opened = opened
        self._base = len(BOM) if not line.offset and self._data.startswith(BOM) else 0
        self._done = 0
        self._start = self._base  # of the record that is being read
        self._lines = self._counted = 0

    def items(self) -> Iterator[JsonPart | Reject | Structure]:
        """Account for the text and its newline."""
        whole = self._line.length + self._line.newline
        if self._line.data is None:
            reason = f"a line of {self._line.length} bytes (the limit is {MAX_LINE_BYTES})"
            yield Reject(self._record(0, self._line.length, self._line.newline), reason)
            return
        data = self._data[self._base :]
        end = decodable_bytes(data)
        try:
            self._strict = StrictText(data[:end])
            yield from self._documents()
            fault = None
        except JsonFault as found:
            fault = str(found)
        if end < len(data):
            fault = f"not UTF-8 at byte {end}"
        if fault is not None:
            begin = max(self._start, self._done)
            yield from self._structure(begin)
            yield Reject(self._record(begin, len(self._data) - begin, 0), fault)
            self.document += 1
        yield from self._structure(whole)

    def _documents(self) -> Iterator[JsonPart | Structure]:
        at = self._strict.skip_space(0)
        while at < len(self._strict.text):
            self._start = self._byte(at)
            at, _ = yield from self._value(at, ())
            at = self._strict.skip_space(at)
            self.document += 1

    def _value(self, at: int, path: Path) -> _Reading:
        """Read the value at `at`, of the record that begins at `_start`."""
        bracket = self._strict.text[at : at + 1]
        if bracket in ("{", "[") and self._is_opened(at, path):
            return (yield from self._members(self._strict.skip_space(at + 1), path, "}" if bracket == "{" else "]"))
        piece, end = self._strict.value(at)
        end_byte = self._byte(end)
        after, comma = self._behind(end, path)
        yield from self._structure(self._start)
        record = self._record(self._start, end_byte - self._start, self._byte(after) - end_byte)
        read = json_record(record, piece._replace(value={"value": piece.value}))
        yield JsonPart(record, self.document, path, read.value["value"], read.notes, read.hidden)
        return after, comma

    def _is_opened(self, at: int, path: Path) -> bool:
        opened = self._opened
        if tuple(None if type(step) is int else step for step in path) not in opened.paths:
            return False
        if path or not opened.whole or self._strict.text[at] == "[":
            return True
        return not self._strict.is_without({str(place[0]) for place in opened.paths if place}, at)

    def _members(self, at: int, path: Path, closing: str) -> _Reading:
        """Read what an opened object or array holds from `at` on."""
        strict, text = self._strict, self._strict.text
        count = 0
        while at < len(text) and text[at] != closing:
            self._start = self._byte(at)
            step: str | int = count
            if closing == "}":
                step, at = self._key(at)
            at, comma = yield from self._value(at, (*path, step))
            at = strict.skip_space(at)
            # a comma before the end is let pass: it hides nothing
            if not comma and at < len(text) and text[at] != closing:
                raise JsonFault(f"neither comma nor bracket at character {at}")
            count += 1
        self.is_open = self.is_open or at >= len(text)
        return self._behind(min(at + 1, len(text)), path)

    def _key(self, at: int) -> tuple[str, int]:
        """Read a key and its colon; return it and where its value begins."""
        key, end = self._strict.decoded(at)
        end = self._strict.skip_space(end)
        if type(key) is not str or self._strict.text[end : end + 1] != ":":
            raise JsonFault(f"no key with a colon at character {at}")
        return storable(key)[0], self._strict.skip_space(end + 1)

    def _behind(self, end: int, path: Path) -> tuple[int, bool]:
        """Return where to go on behind a value: behind the comma that follows, where one does."""
        comma = self._strict.skip_space(end)
        if path and self._strict.text[comma : comma + 1] == ",":
            return self._strict.skip_space(comma + 1), True
        return comma, False

    def _byte(self, at: int) -> int:
        return self._base + self._strict.byte_at(at)

    def _structure(self, end: int) -> Iterator[Structure]:
        if end > self._done:
            yield Structure(self._line.offset + self._done, end - self._done)
            self._done = end

    def _record(self, begin: int, length: int, separator: int) -> Record:
        self.number += 1
        self._lines += self._data.count(b"\n", self._counted, begin)
        self._counted = begin
        self._done = begin + length + separator
        return Record(self.number, self._line.offset + begin, length, self._line.number + self._lines, separator)
