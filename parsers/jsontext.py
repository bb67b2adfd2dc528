"""Strict JSON for evidence: nothing coerced, nothing dropped in silence.

Numbers with a fraction or exponent become `Decimal` (money must not pass through a float); NaN and Infinity are no
JSON; of repeated keys the last wins, as in every common reader, and what it hides is reported, so that a row can say
that another reader may see another value. Depth is bounded, by the same number whatever stack the caller stands on.

Two readers give one result. orjson is tried first; what it read is taken only if the bytes prove that the strict
reader would have read the same: every `":` is a key of the result (so no key was repeated), no number became a float
(so none had a fraction, an exponent or more than 64 bits), and nothing lies too deep. Everything else, and every
fault, goes to the strict reader, whose word is final.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator, Mapping, Set
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple, NoReturn

import orjson

from parsers.text import storable

MAX_INTEGER_DIGITS = 4000
MAX_DEPTH = 200
DUPLICATE_KEYS = "duplicate_keys"

_SPACE = " \t\r\n"
_SPACED_COLON = re.compile(rb'"[ \t\r\n]+:')


class JsonFault(ValueError):
    """The text is not JSON; the message says why and at which character."""


class JsonPiece(NamedTuple):
    """One value found in a line: where its bytes begin, how many they are, and the keys that were repeated.

    `hidden` holds, as (key, value), what later values of the same key took the place of. `storable` tells that nothing
    is hidden and no text in it has a lone surrogate.
    """

    value: Any
    begin: int
    length: int
    repeated_keys: tuple[str, ...]
    hidden: tuple[tuple[str, Any], ...] = ()
    storable: bool = False


@dataclass
class _Hooks:
    hidden: list[tuple[str, Any]] = field(default_factory=list)

    def pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            last: dict[str, Any] = {}
            for key, value in pairs:
                if key in last:
                    self.hidden.append((key, last[key]))
                last[key] = value
        return found


def _constant(name: str) -> NoReturn:
    raise JsonFault(f"{name} is not JSON")


def _integer(digits: str) -> int:
    if len(digits) > MAX_INTEGER_DIGITS:
        raise JsonFault(f"an integer of {len(digits)} digits")
    return int(digits)


def decode(data: bytes) -> JsonPiece:
    """Decode one value that fills `data` but for white space around it; raises `JsonFault`."""
    pieces = list(decode_all(data))
    if len(pieces) != 1:
        raise JsonFault(f"{len(pieces)} values where one was expected")
    return pieces[0]


def decode_all(data: bytes) -> Iterator[JsonPiece]:
    """Yield every value of a line: concurrent writers put two objects on one. Raises `JsonFault` at the first fault."""
    quick = _quick(data)
    if quick is not None:
        yield quick
        return
    strict = StrictText(data)
    at = strict.skip_space(0)
    while at < len(strict.text):
        piece, end = strict.value(at)
        yield piece
        at = strict.skip_space(end)


def decode_listed(data: bytes, names: frozenset[str]) -> Iterator[tuple[JsonPiece, Mapping[str, Any] | None]]:
    """Yield the values of a text one by one, with what stands around them; raises `JsonFault` at the first fault.

    Of an array each element is a value, and so it is of an array that an object holds under one of `names`: around it
    are the object's other members, all of them when the text was read to its end. Anything else is a value as it
    stands. What ends behind a comma is cut off, not faulty.
    """
    strict = StrictText(data)
    at = strict.skip_space(0)
    while at < len(strict.text):
        if strict.text[at] == "[":
            at = yield from _elements(strict, at, None)
        elif strict.text[at] == "{":
            at = yield from _members(strict, at, names)
        else:
            piece, at = strict.value(at)
            yield piece, None
        at = strict.skip_space(at)


_Listed = Generator[tuple[JsonPiece, Mapping[str, Any] | None], None, int]


def _elements(strict: StrictText, at: int, around: Mapping[str, Any] | None) -> _Listed:
    """Yield the elements of the array at character `at`; return the character behind it."""
    at = strict.skip_space(at + 1)
    if strict.text[at : at + 1] == "]":
        return at + 1
    while at < len(strict.text):
        piece, end = strict.value(at)
        yield piece, around
        at = strict.skip_space(end)
        if strict.text[at : at + 1] == "]":
            return at + 1
        if strict.text[at : at + 1] != ",":
            raise JsonFault(f"neither comma nor bracket at character {at}")
        at = strict.skip_space(at + 1)
    return at


def _members(strict: StrictText, start: int, names: frozenset[str]) -> _Listed:
    """Yield the elements of the arrays under `names` of the object at character `start`, the object if it has none."""
    around: dict[str, Any] = {}
    lists = 0
    at = strict.skip_space(start + 1)
    while strict.text[at : at + 1] == '"':
        key, at = strict.decoded(at)
        at = strict.skip_space(at)
        if strict.text[at : at + 1] != ":":
            raise JsonFault(f"no colon at character {at}")
        at = strict.skip_space(at + 1)
        if key in names and strict.text[at : at + 1] == "[":
            lists += 1
            at = yield from _elements(strict, at, around)
        else:
            around[key], at = strict.decoded(at)
        at = strict.skip_space(at)
        if strict.text[at : at + 1] != ",":
            break
        at = strict.skip_space(at + 1)
    if not lists:
        piece, end = strict.value(start)
        yield piece, None
        return end
    if at < len(strict.text) and strict.text[at] != "}":
        raise JsonFault(f"neither comma nor bracket at character {at}")
    return at + 1


def decodable_bytes(data: bytes) -> int:
    """Count the bytes before the first that is no UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as fault:
        return fault.start
    return len(data)


class StrictText:
    """The strict reader over one text: positions are characters, given back as bytes; they may only grow."""

    def __init__(self, data: bytes) -> None:
        """Raises `JsonFault` where the bytes are no UTF-8."""
        try:
            self.text = data.decode("utf-8")
        except UnicodeDecodeError as fault:
            raise JsonFault(f"not UTF-8 at byte {fault.start}") from None
        self._plain = len(self.text) == len(data)
        self._storable = b"\\u" not in data  # a lone surrogate can only be an escape
        self._counted_to = self._bytes_before = 0
        self._hooks = _Hooks()
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._hooks.pairs, parse_float=Decimal, parse_int=_integer, parse_constant=_constant
        )

    def skip_space(self, at: int) -> int:
        """Return the first character from `at` on that is no white space."""
        text = self.text
        while at < len(text) and text[at] in _SPACE:
            at += 1
        return at

    def value(self, at: int) -> tuple[JsonPiece, int]:
        """Read the value at character `at`, which lies behind those read before; return it and the character behind."""
        value, end = self.decoded(at)
        hidden = tuple(self._hooks.hidden)
        begin = self.byte_at(at)
        keys = tuple(key for key, _ in hidden)
        storable = self._storable and not hidden
        return JsonPiece(value, begin, self.byte_at(end) - begin, keys, hidden, storable), end

    def decoded(self, at: int) -> tuple[Any, int]:
        """Read the value at character `at` without its place; return it and the character behind it."""
        self._hooks.hidden = []
        try:
            value, end = self._decoder.raw_decode(self.text, at)
        except json.JSONDecodeError as fault:
            raise JsonFault(f"{fault.msg} at character {fault.pos}") from None
        except RecursionError:
            raise JsonFault("nested too deep") from None
        if _keys_if_exact(value, floats=True) is None:
            raise JsonFault("nested too deep")
        return value, end

    def is_without(self, keys: Set[str], at: int) -> bool:
        """Tell whether the object at character `at` has none of these keys, as far as can be seen if it is torn."""
        if not any(f'"{key}"' in self.text for key in keys):
            return True
        try:
            return keys.isdisjoint(self.decoded(at)[0])
        except JsonFault:
            return False

    def byte_at(self, at: int) -> int:
        """Return the byte at which character `at` begins."""
        if self._plain:
            return at
        self._bytes_before += len(self.text[self._counted_to : at].encode())
        self._counted_to = at
        return self._bytes_before


def _quick(data: bytes) -> JsonPiece | None:
    """Read one object that fills `data`, if the bytes prove that `StrictText` would read the same."""
    end = len(data) - 1 if data.endswith(b"\r") else len(data)
    if not data.startswith(b"{") or data[end - 1 : end] != b"}":
        return None
    escaped = data.count(b'\\":')
    # an escaped backslash before the quote, or space behind it: the counts would mean nothing
    if (escaped and b'\\\\":' in data) or _SPACED_COLON.search(data):
        return None
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    if _keys_if_exact(value) != data.count(b'":') - escaped:
        return None
    return JsonPiece(value, 0, end, (), storable=True)


def _keys_if_exact(value: Any, *, floats: bool = False) -> int | None:
    """Count the keys in a decoded value; None if it is nested too deep or, unless `floats`, holds a float."""
    keys = depth = 0
    level = [value] if type(value) is dict or type(value) is list else []
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            return None
        below = []
        for node in level:
            if type(node) is dict:
                keys += len(node)
            for child in node.values() if type(node) is dict else node:
                kind = type(child)
                if kind is str:
                    continue
                if kind is dict or kind is list:
                    below.append(child)
                elif kind is float and not floats:
                    return None
        level = below
    return keys


def storable_value(value: Any) -> tuple[Any, bool]:
    r"""Make every text in a decoded value storable: lone surrogates become `\udNNN`, and the second value is False."""
    changed: list[bool] = []
    return _storable(value, changed), not changed


def _storable(value: Any, changed: list[bool]) -> Any:
    if isinstance(value, str):
        text, whole = storable(value)
        if not whole:
            changed.append(True)
        return text
    if isinstance(value, list):
        return [_storable(item, changed) for item in value]
    if isinstance(value, dict):
        return {_storable(key, changed): _storable(item, changed) for key, item in value.items()}
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value) if value == Decimal(str(float(value))) else str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def compact(value: Any) -> str:
    """Write a decoded value as JSON in its own key order, without spaces; a number no float holds becomes a string."""
    try:
        # refuses what the other writes in its own way: Decimal, integers over 64 bits, lone surrogates
        return orjson.dumps(value).decode("utf-8")
    except orjson.JSONEncodeError:
        return storable(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain))[0]


def extra_of(value: dict[str, Any], mapped: frozenset[str] | set[str]) -> str | None:
    """Return the unmapped keys of an object as JSON, None where there are none."""
    rest = {key: item for key, item in value.items() if key not in mapped}
    return compact(rest) if rest else None
