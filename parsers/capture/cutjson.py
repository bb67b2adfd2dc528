"""JSON of which only the beginning was captured: what can be read of it, and where it was cut.

A string that was cut comes as `CutText` with the part that is there; a number, literal or key that was cut is left out
(`10` may be the beginning of `100`). Text that turns out to be no JSON is read as far as it is.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

DEEPEST = 32
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,99})(?:\.\d{1,99})?(?:[eE][+-]?\d{1,3})?(?=[ \t\r\n,\]}])")
_LITERAL = re.compile(r"(true|false|null)\b")
_LITERALS = {"true": True, "false": False, "null": None}
_LONGEST_ESCAPE = 12  # a pair of surrogates


class CutText(str):
    """A string whose end was not captured."""

    __slots__ = ()


class _End(Exception):
    """The text ends here, or stops being JSON."""


def read_cut(data: bytes) -> Any:
    """Return the value whose beginning is `data`, None where not even that is there."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as fault:
        text = data[: fault.start].decode("utf-8")
    reader = _Reader(text)
    try:
        return reader.value(0)
    except _End:
        return None


def _text(quoted: str) -> str | None:
    try:
        value = json.loads(quoted, strict=False)
    except ValueError:
        return None
    return value if isinstance(value, str) else None


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.ended = False

    def value(self, depth: int) -> Any:
        first = self._next()
        if first == '"':
            return self._string()
        if first in "{[":
            if depth >= DEEPEST:
                raise _End
            return self._object(depth) if first == "{" else self._array(depth)
        if literal := _LITERAL.match(self.text, self.at):
            self.at = literal.end()
            return _LITERALS[literal[1]]
        if number := _NUMBER.match(self.text, self.at):
            self.at = number.end()
            return int(number[0]) if number[0].lstrip("-").isdigit() else Decimal(number[0])
        raise _End

    def _next(self) -> str:
        space = _SPACE.match(self.text, self.at)
        self.at = space.end() if space else self.at
        if self.at >= len(self.text):
            raise _End
        return self.text[self.at]

    def _string(self) -> str:
        whole = _STRING.match(self.text, self.at)
        text = _text(whole[0]) if whole else None
        if whole is None or text is None:
            return self._cut_string(self.text[self.at :])
        self.at = whole.end()
        return text

    def _cut_string(self, rest: str) -> str:
        self.ended = True
        # the cut may go through an escape: that much less of it can be read
        for shorter in range(min(_LONGEST_ESCAPE, len(rest)) + 1):
            text = _text(rest[: len(rest) - shorter] + '"')
            if text is not None:
                return CutText(text)
        raise _End

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self.at += 1
        try:
            while self._next() != "}":
                if self.text[self.at] == ",":
                    self.at += 1
                    self._next()
                if self.text[self.at] != '"':
                    raise _End
                key = self._string()
                if self.ended or self._next() != ":":
                    raise _End
                self.at += 1
                found[key] = self.value(depth + 1)
                if self.ended:
                    return found
            self.at += 1
        except _End:
            self.ended = True
        return found

    def _array(self, depth: int) -> list[Any]:
        found: list[Any] = []
        self.at += 1
        try:
            while self._next() != "]":
                if self.text[self.at] == ",":
                    self.at += 1
                found.append(self.value(depth + 1))
                if self.ended:
                    return found
            self.at += 1
        except _End:
            self.ended = True
        return found
