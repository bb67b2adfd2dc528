"""Lines by the block: positions as arrays, so that clean stretches are read without a loop over lines.

A block is a run of whole lines. What is wrong with a line is found by counting (newlines, delimiters, control bytes);
a format then decodes the lines that check out together and reads the others one by one.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from parsers.contract import Range
from parsers.source import MAX_LINE_BYTES, Line, Source

LINE_BLOCK_BYTES = 8 << 20

Positions = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_NEWLINE = 10
_POINT = 46
_CONTROL_END = 32
_WORD = 8
_REACH = 24  # a time is read from the words that end up to so many bytes before its end
_MICROS = re.compile(rb"([0-9]+)\.([0-9]{6})")
# masks that keep the last k bytes of a little-endian word
_LAST_BYTES = np.array([(1 << 64) - (1 << 8 * (_WORD - kept)) for kept in range(_WORD + 1)], np.uint64)
_ZEROS = np.uint64(0x3030303030303030)


@dataclass(frozen=True, slots=True)
class Lines:
    """Whole lines of a stream: `data` begins at byte `offset`, after `before` lines.

    Line i is `data[starts[i]:ends[i]]`; every line but a torn last one is followed by a newline.
    """

    offset: int
    before: int
    data: bytes
    starts: Positions
    ends: Positions

    @classmethod
    def of(cls, data: bytes, offset: int, before: int) -> Lines:
        """Find the lines in `data`, which begins with one."""
        ends = np.flatnonzero(np.frombuffer(data, np.uint8) == _NEWLINE)
        if data and not data.endswith(b"\n"):
            ends = np.append(ends, len(data))
        starts = np.empty_like(ends)
        starts[:1] = 0
        starts[1:] = ends[:-1] + 1
        return cls(offset, before, data, starts, ends)

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def array(self) -> npt.NDArray[np.uint8]:
        """The data as numbers."""
        return np.frombuffer(self.data, np.uint8)

    def line(self, at: int) -> Line:
        """Return line number `at` of the block, counted from 0."""
        start, end = int(self.starts[at]), int(self.ends[at])
        newline = 1 if end < len(self.data) else 0
        return Line(self.before + at + 1, self.offset + start, end - start, self.data[start:end], newline)

    def part(self, begin: int, end: int) -> Lines:
        """Return lines `begin` to `end` (exclusive, `begin` < `end`) as a block of their own."""
        if begin == 0 and end == len(self):
            return self
        first, last = int(self.starts[begin]), min(int(self.ends[end - 1]) + 1, len(self.data))
        starts, ends = self.starts[begin:end] - first, self.ends[begin:end] - first
        return Lines(self.offset + first, self.before + begin, self.data[first:last], starts, ends)

    def joined(self, chosen: Mask) -> bytes:
        """Return the chosen lines, each with its newline."""
        if chosen.all():
            return self.data
        return b"".join(
            self.data[self.starts[begin] : self.ends[end - 1] + 1] for begin, end, value in runs(chosen) if value
        )

    def holding(self, positions: Positions) -> Mask:
        """Tell for each line whether one of the byte positions lies in it."""
        found = np.zeros(len(self), np.bool_)
        found[np.searchsorted(self.ends, positions)] = True
        return found


def line_blocks(
    source: Source,
    span: Range | None = None,
    size: int = LINE_BLOCK_BYTES,
    longest: int = MAX_LINE_BYTES,
) -> Iterator[Lines | Line]:
    """Yield the lines of a source or of a range of it, in blocks of about `size` bytes.

    A line of more than `longest` bytes (at least `size`) comes as a `Line` without data, as from `Source.lines`.
    """
    offset, before = (span.offset, span.lines) if span else (0, 0)
    left = span.length if span else None
    held: list[bytes] = []
    held_bytes = 0
    with source.open() as stream:
        if offset:
            stream.seek(offset)
        while chunk := stream.read(size if left is None else min(size, left)):
            if left is not None:
                left -= len(chunk)
            first = chunk.find(b"\n")
            if first >= 0 and held_bytes + first > longest:
                length = held_bytes + first
                yield Line(before + 1, offset, length, None, 1)
                offset, before, held, held_bytes = offset + length + 1, before + 1, [], 0
                chunk = chunk[first + 1 :]
            cut = chunk.rfind(b"\n") + 1
            if cut:
                block = Lines.of(b"".join((*held, memoryview(chunk)[:cut])), offset, before)
                yield block
                offset, before, held, held_bytes = offset + len(block.data), before + len(block), [], 0
            held_bytes += len(chunk) - cut
            # past the limit the bytes are only counted, never gathered: one line must not exhaust the machine
            held = [*held, chunk[cut:]] if held_bytes <= longest else []
    if held_bytes > longest:
        yield Line(before + 1, offset, held_bytes, None, 0)
    elif held_bytes:
        yield Lines.of(b"".join(held), offset, before)


def line_ranges(
    source: Source, size: int, state: Any, survey: Callable[[Lines | Line, Any], tuple[int, Any]]
) -> Iterator[Range]:
    """Cut a source of lines into ranges of about `size` bytes, after whole blocks.

    `survey(block, state)` counts the block's records and returns the state after it.
    """
    begin = Range(0, 0, 0, 0, state)
    end = begin
    for block in line_blocks(source):
        records, state = survey(block, state)
        bytes_, lines = _extent(block)
        end = Range(end.offset + bytes_, 0, end.lines + lines, end.records + records, state)
        if end.offset - begin.offset >= size:
            yield begin._replace(length=end.offset - begin.offset)
            begin = end
    if end.offset > begin.offset:
        yield begin._replace(length=end.offset - begin.offset)


def _extent(block: Lines | Line) -> tuple[int, int]:
    return (len(block.data), len(block)) if isinstance(block, Lines) else (block.length + block.newline, 1)


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The delimiters in a block: their positions, the number in each line, positions of control bytes that are none."""

    places: Positions
    counts: Positions
    control: Positions


def delimited(lines: Lines, delimiter: int) -> Delimiters:
    """Find the delimiters of a block; newlines are no control bytes here."""
    array = lines.array
    places = np.flatnonzero(array == delimiter)
    below = array < _CONTROL_END
    newlines = len(lines) - (len(lines) > 0 and lines.ends[-1] == len(array))
    control = np.zeros(0, np.int64)
    if np.count_nonzero(below) != newlines + (len(places) if delimiter < _CONTROL_END else 0):
        control = np.flatnonzero(below & (array != _NEWLINE) & (array != delimiter))
    return Delimiters(places, _counts(lines, places), control)


def _counts(lines: Lines, places: Positions) -> Positions:
    each, rest = divmod(len(places), max(len(lines), 1))
    if each and not rest:
        rows = places.reshape(-1, each)
        if (rows[:, 0] >= lines.starts).all() and (rows[:, -1] < lines.ends).all():
            return np.full(len(lines), each)  # every line has its share: no need to search
    return np.diff(np.searchsorted(places, lines.ends), prepend=0)


def equal_to(lines: Lines, starts: Positions, ends: Positions, text: bytes) -> Mask:
    """Tell which of the fields between `starts` and `ends` hold exactly `text`."""
    same: Mask = ends - starts == len(text)
    candidates = np.flatnonzero(same)
    for at, letter in enumerate(text):
        same[candidates] &= lines.array[starts[candidates] + at] == letter
    return same


def micros(lines: Lines, starts: Positions, ends: Positions, most_whole: int) -> tuple[Positions, Mask]:
    """Read fields of the form `123.456789` as millionths, exactly; the mask tells which have this form.

    One to `most_whole` (at most 12) digits, a point, six digits: no sign, no exponent. Other fields give a meaningless
    number.
    """
    whole = ends - starts - 7
    good = (whole >= 1) & (whole <= most_whole) & (ends >= _REACH)
    value = np.zeros(len(ends), np.int64)
    if good.any():
        value = _millionths(lines.data, np.where(good, ends, _REACH), np.where(good, whole, 1), good)
    # too near the begin of the data for whole words: hardly ever more than the first line
    for at in np.flatnonzero(ends < _REACH).tolist():
        found = _MICROS.fullmatch(lines.data, int(starts[at]), int(ends[at]))
        good[at] = found is not None and len(found[1]) <= most_whole
        value[at] = int(found[1] + found[2]) if found and good[at] else 0
    return value, good


def _millionths(data: bytes, ends: Positions, whole: Positions, good: Mask) -> Positions:
    """Read the numbers eight bytes at a time; takes those that are none out of `good`."""
    words = np.ndarray((len(data) - _WORD + 1,), "<u8", data, 0, (1,))  # a word at every byte
    tail = words[ends - 8]
    good &= (tail >> np.uint64(8) & np.uint64(0xFF)) == _POINT
    value = _digits(tail, np.full(len(ends), 6), good)
    value += _digits(words[ends - 15], np.minimum(whole, 8), good) * np.uint64(10**6)
    if (whole > _WORD).any():
        value += _digits(words[ends - 23], np.clip(whole - 8, 0, 4), good) * np.uint64(10**14)
    return value.view(np.int64)


def _digits(words: npt.NDArray[np.uint64], kept: Positions, good: Mask) -> npt.NDArray[np.uint64]:
    """Read the last `kept` bytes of each word as a decimal number; takes words with other bytes out of `good`."""
    mask = _LAST_BYTES[kept]
    values = ((words & mask) | (_ZEROS & ~mask)) - _ZEROS
    # above nine, or below "0" and so borrowed: in both cases a top bit shows, now or after adding
    good &= ((values | (values + np.uint64(0x7676767676767676))) & np.uint64(0x8080808080808080)) == 0
    # neighbours make pairs, pairs fours, fours eights: the first byte of the text is the lowest of the word
    pairs = values * np.uint64(10) + (values >> np.uint64(8))
    even, odd = pairs & np.uint64(0x000000FF000000FF), pairs >> np.uint64(16) & np.uint64(0x000000FF000000FF)
    fours = even * np.uint64(0x000F424000000064) + odd * np.uint64(0x0000271000000001)
    return fours >> np.uint64(32)


def runs(mask: Mask) -> Iterator[tuple[int, int, bool]]:
    """Yield (begin, end, value) for each stretch of equal values."""
    if not len(mask):
        return
    edges = np.flatnonzero(mask[1:] != mask[:-1]) + 1
    bounds = [0, *edges.tolist(), len(mask)]
    value = bool(mask[0])
    for begin, end in itertools.pairwise(bounds):
        yield begin, end, value
        value = not value
