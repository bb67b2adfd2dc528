"""The members of a JSON object, noting which were used: what is left becomes `extra`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from parsers import ip, times
from parsers.contract import Row
from parsers.jsonlines import JsonRecord
from parsers.jsontext import compact

LAST_UINT64 = 2**64 - 1
LAST_DIGITS = len(str(LAST_UINT64))
LAST_INT32 = 2**31 - 1
LAST_PORT = 65_535

Produced = tuple[str, dict[str, Any]]


class Members:
    """An object's members. A value is taken only if it is what the caller asks for; all others stay in `rest`."""

    def __init__(self, value: Mapping[str, Any]) -> None:
        self._left = dict(value)
        self._inner: dict[str, Members] = {}

    def inner(self, key: str) -> Members:
        """Return the members of an inner object, empty where there is none; what is left of it stays under `key`."""
        if key not in self._inner:
            value = self._left.get(key)
            if type(value) is not dict:
                return Members({})
            self._inner[key] = Members(value)
        return self._inner[key]

    def look(self, key: str) -> Any:
        """Return a value without taking it."""
        return self._left.get(key)

    def drop(self, key: str) -> None:
        """Take a value whatever it is."""
        self._left.pop(key, None)

    def text(self, key: str) -> str | None:
        """Take a text."""
        value = self._left.get(key)
        return self._taken(key, value) if type(value) is str else None

    def number(self, key: str, last: int = LAST_UINT64) -> int | None:
        """Take a whole number from 0 to `last`."""
        value = self._left.get(key)
        return self._taken(key, value) if type(value) is int and 0 <= value <= last else None

    def count(self, key: str) -> int | None:
        """Take a whole number that may be printed as text, as numbers of 64 bits often are in JSON."""
        value = self._left.get(key)
        if type(value) is str and value.isascii() and value.isdigit() and len(value) <= LAST_DIGITS:
            value = int(value)
        return self._taken(key, value) if type(value) is int and 0 <= value <= LAST_UINT64 else None

    def port(self, key: str) -> int | None:
        """Take a port."""
        return self.number(key, LAST_PORT)

    def address(self, key: str) -> str | None:
        """Take an address, in its canonical form."""
        value = self._left.get(key)
        found = ip.canonical(value) if type(value) is str else None
        return self._taken(key, found) if found else None

    def moment(self, key: str) -> times.Moment | None:
        """Take a time in ISO 8601."""
        value = self._left.get(key)
        found = times.iso(value) if type(value) is str else None
        return self._taken(key, found) if found else None

    def rest(self) -> dict[str, Any]:
        """Return what was not taken and is not null."""
        found = {}
        for key, value in self._left.items():
            if key in self._inner:
                inner = self._inner[key].rest()
                if inner:
                    found[key] = inner
            elif value is not None:
                found[key] = value
        return found

    def _taken(self, key: str, value: Any) -> Any:
        del self._left[key]
        return value


def told(item: JsonRecord, event: Members, made: Iterable[Produced]) -> Iterator[Row]:
    """Yield the rows made of an event; what is left of it stands in `extra`, beside what `extra` a row has of its own.

    Said once: a name that a message binds has the message beside it, so that rows of other tables than the first's
    do not repeat what is left.
    """
    rows = list(made)
    left = event.rest()
    if item.hidden:
        left["duplicate_keys"] = [list(pair) for pair in item.hidden]
    for part, (table, values) in enumerate(rows):
        extra = (left if table == rows[0][0] else {}) | (values.get("extra") or {})
        notes = [*item.notes, *(values.get("notes") or ())]
        row = values | {"extra": compact(extra) if extra else None, "notes": notes or None}
        yield Row(table, item.record, row, part)
