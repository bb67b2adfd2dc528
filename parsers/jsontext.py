"""Strict JSON for evidence: nothing coerced, nothing dropped in silence.

Numbers with a fraction or exponent become `Decimal` (money must not pass through a float); NaN and Infinity are no
JSON; of repeated keys the last wins, as in every common reader, and their names are reported, so that a row can say
that another reader may see another value. Depth is bounded by the interpreter's own check.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple, NoReturn

from parsers.text import storable

MAX_INTEGER_DIGITS = 4000
DUPLICATE_KEYS = "duplicate_keys"


class JsonFault(ValueError):
    """The text is not JSON; the message says why and at which character."""


class JsonPiece(NamedTuple):
    """One value found in a line: where its bytes begin and how many they are, and the keys that were repeated."""

    value: Any
    begin: int
    length: int
    repeated_keys: tuple[str, ...]


@dataclass
class _Hooks:
    repeated: list[str]

    def pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    self.repeated.append(key)
                seen.add(key)
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
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise JsonFault(f"not UTF-8 at byte {fault.start}") from None
    hooks = _Hooks([])
    decoder = json.JSONDecoder(
        object_pairs_hook=hooks.pairs, parse_float=Decimal, parse_int=_integer, parse_constant=_constant
    )
    plain = len(text) == len(data)
    at = _skip_space(text, 0)
    while at < len(text):
        hooks.repeated = []
        try:
            value, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as fault:
            raise JsonFault(f"{fault.msg} at character {fault.pos}") from None
        except RecursionError:
            raise JsonFault("nested too deep") from None
        begin = at if plain else len(text[:at].encode())
        length = end - at if plain else len(text[at:end].encode())
        yield JsonPiece(value, begin, length, tuple(hooks.repeated))
        at = _skip_space(text, end)


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value) if value == Decimal(str(float(value))) else str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def compact(value: Any) -> str:
    """Write a decoded value as JSON in its own key order, without spaces; a number no float holds becomes a string."""
    return storable(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain))[0]


def extra_of(value: dict[str, Any], mapped: frozenset[str] | set[str]) -> str | None:
    """Return the unmapped keys of an object as JSON, None where there are none."""
    rest = {key: item for key, item in value.items() if key not in mapped}
    return compact(rest) if rest else None
