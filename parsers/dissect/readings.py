r"""Other readings of a text, each with the way back: what is hidden behind escapes is found at its place in the text.

A reading is a text in which something is undone: signs without width removed (also the NULs of UTF-16 read byte by
byte), JSON escapes (`\u003d`, `\/`, `\n`) or percent escapes (`%3D`) resolved. Spans in a reading map to spans of the
text that was given.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

HIDDEN_SIGNS, JSON, PERCENT = "hidden_signs", "json", "percent"  # how a reading was made

_HIDDEN = re.compile("[\0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]+")
_JSON_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([\"\\/bfnrt]))")
_JSON_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_TELLING_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|/)")
_PERCENT = re.compile(r"%([0-9a-fA-F]{2})")
_STRETCH_END = re.compile(r"[\s\"'<>`]")
_STRETCH_SIGNS = " \t\r\n\"'<>`"
STRETCH_LENGTH = 16_384  # of an unbroken run with percent escapes


@dataclass(frozen=True, slots=True)
class Reading:
    """A text and the way back: `starts[i]` of the reading is `places[i]` of the text that was read.

    Pieces are verbatim from their start to the next piece, unless `widths` says that the whole piece stands for that
    many characters (an escape).
    """

    text: str
    how: str
    starts: list[int]
    places: list[int]
    widths: list[int]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return where a span of the reading stands in the text it was made from."""
        return self._begin(start), self._end(end)

    def _begin(self, at: int) -> int:
        piece = bisect_right(self.starts, at) - 1
        return self.places[piece] + (0 if self.widths[piece] else at - self.starts[piece])

    def _end(self, at: int) -> int:
        if at == 0:
            return self.places[0]
        piece = bisect_right(self.starts, at - 1) - 1
        if self.widths[piece]:
            return self.places[piece] + self.widths[piece]
        return self.places[piece] + at - self.starts[piece]


class _Builder:
    def __init__(self, how: str) -> None:
        self._how = how
        self._parts: list[str] = []
        self._length = 0
        self._starts: list[int] = []
        self._places: list[int] = []
        self._widths: list[int] = []

    def add(self, text: str, place: int, width: int = 0) -> None:
        if not text:
            return
        self._starts.append(self._length)
        self._places.append(place)
        self._widths.append(width)
        self._parts.append(text)
        self._length += len(text)

    def reading(self) -> Reading:
        return Reading("".join(self._parts), self._how, self._starts, self._places, self._widths)


def readings(text: str) -> Iterator[Reading]:
    """Yield the further readings a text has; most have none."""
    plain = unescaped(text) if "\\" in text and _TELLING_ESCAPE.search(text) else None
    if plain is not None:
        yield plain
    bare = without_hidden(text)
    if bare is not None:
        yield bare
    elif plain is not None:
        inner = without_hidden(plain.text)
        if inner is not None:
            yield _chained(plain, inner)
    if "%" in text:
        decoded = percent_decoded(text)
        if decoded is not None:
            yield decoded


def without_hidden(text: str) -> Reading | None:
    """Remove the signs that have no width; None where there are none."""
    if text.isascii() and "\0" not in text:
        return None
    builder = _Builder(HIDDEN_SIGNS)
    last = 0
    for match in _HIDDEN.finditer(text):
        builder.add(text[last : match.start()], last)
        last = match.end()
    if last == 0:
        return None
    builder.add(text[last:], last)
    return builder.reading()


def unescaped(text: str) -> Reading:
    """Resolve JSON escapes; halves of surrogate pairs become a blank, for no secret and no address holds one."""
    builder = _Builder(JSON)
    last = 0
    for match in _JSON_ESCAPE.finditer(text):
        builder.add(text[last : match.start()], last)
        code, letter = match.groups()
        point = int(code, 16) if code else 0
        sign = (" " if 0xD800 <= point < 0xE000 else chr(point)) if code else _JSON_LETTERS.get(letter, letter)
        builder.add(sign, match.start(), match.end() - match.start())
        last = match.end()
    builder.add(text[last:], last)
    return builder.reading()


def percent_decoded(text: str) -> Reading | None:
    """Resolve percent escapes in the unbroken runs that have any; a line end parts the runs. None where none has."""
    builder = _Builder(PERCENT)
    at = 0
    while match := _PERCENT.search(text, at):
        floor = max(at, match.start() - STRETCH_LENGTH)
        begin = max((text.rfind(sign, floor, match.start()) for sign in _STRETCH_SIGNS), default=-1) + 1
        begin = max(begin, floor)
        closing = _STRETCH_END.search(text, match.end(), match.end() + STRETCH_LENGTH)
        end = closing.start() if closing else min(len(text), match.end() + STRETCH_LENGTH)
        _decode_run(text, begin, end, builder)
        builder.add("\n", end, 1)
        at = end
    return builder.reading() if at else None


def _decode_run(text: str, begin: int, end: int, builder: _Builder) -> None:
    last = begin
    for match in _PERCENT.finditer(text, begin, end):
        builder.add(text[last : match.start()], last)
        # bytes beyond ASCII would have to be joined to characters; nothing looked for has any
        code = int(match[1], 16)
        builder.add(chr(code) if code < 0x80 else "\ufffd", match.start(), 3)
        last = match.end()
    builder.add(text[last:end], last)


def _chained(outer: Reading, inner: Reading) -> Reading:
    """Map an inner reading of a reading to the first text."""
    starts, places, widths = [], [], []
    ends = [*inner.starts[1:], len(inner.text)]
    for begin, end in zip(inner.starts, ends, strict=True):
        for at in range(begin, end):
            first, last = outer.place(*inner.place(at, at + 1))
            starts.append(at)
            places.append(first)
            widths.append(last - first)
    return Reading(inner.text, inner.how, starts, places, widths)
