"""Answers of a JSON interface (pool, miner, wallet), saved as they came: what reading them has in common.

One record is one JSON object: the whole answer, each element where the answer is a list, each line where answers were
appended to one file. What a row does not say stays together in the `extra` of the record's first row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, TypeGuard

from parsers import times
from parsers.contract import HEAD_BYTES, Grade, Item, Parsed, Reject, Row
from parsers.jsondocument import NO_LISTS, document_records
from parsers.jsonlines import BOM, JsonRecord
from parsers.jsontext import JsonFault, compact, decode_listed
from parsers.money import amount, remarks, scaled
from parsers.schema import COIN
from parsers.source import Source

UNIT_UNKNOWN = "unit_unknown"
RUNNING_TOTALS = "running_totals"

_SPACE = b" \t\r\n"
_MOST = 2**63 - 1


class Made(NamedTuple):
    """One row to be: the table, and the values of its columns; `extra` as an object, `notes` as a list."""

    table: str
    values: dict[str, Any]


Reader = Callable[["Answer"], list[Made]]
Shape = Callable[[Mapping[str, Any]], Reader | None]


class Answer:
    """The keys of one object; what nobody takes becomes `extra`."""

    def __init__(self, value: Mapping[str, Any]) -> None:
        """`value` is the object."""
        self.left = dict(value)

    def take(self, key: str) -> Any:
        """Take whatever stands at a key, None if nothing does."""
        return self.left.pop(key, None)

    def text(self, key: str) -> str | None:
        """Take a text that is not empty."""
        value = self.left.get(key)
        return self.left.pop(key) if isinstance(value, str) and value else None

    def number(self, key: str) -> Decimal | None:
        """Take a JSON number."""
        value = self.left.get(key)
        return Decimal(self.left.pop(key)) if _is_number(value) else None

    def count(self, key: str) -> int | None:
        """Take a whole number from 0 up to what 63 bits hold."""
        value = self.left.get(key)
        whole = _is_number(value) and 0 <= value <= _MOST and value == int(value)
        return int(self.left.pop(key)) if whole else None

    def digits(self, key: str) -> str | None:
        """Take a number as its text, whether it was written as number or as text."""
        value = self.left.get(key)
        return str(self.left.pop(key)) if _is_number(value) or (isinstance(value, str) and value) else None

    def objects(self, key: str) -> list[Answer]:
        """Take a list of objects; whatever else is in the list stays."""
        value = self.left.get(key)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            return []
        return [Answer(item) for item in self.left.pop(key)]

    def inside(self, key: str) -> Answer:
        """Take an object; an empty one if there is none."""
        value = self.left.get(key)
        return Answer(self.left.pop(key)) if isinstance(value, dict) else Answer({})

    def seconds(self, key: str) -> dict[str, Any]:
        """Take a time in seconds since 1970 as time columns; 0 is no time."""
        return self._time(key, times.epoch_seconds)

    def milliseconds(self, key: str) -> dict[str, Any]:
        """Take a time in milliseconds since 1970 as time columns; 0 is no time."""
        return self._time(key, lambda number: times.epoch_milliseconds(int(number)))

    def _time(self, key: str, read: Callable[[Decimal], times.Moment | None]) -> dict[str, Any]:
        value = self.left.get(key)
        if not _is_number(value) or value == 0 or not -_MOST < value < _MOST:
            return {}
        moment = read(Decimal(value))
        if moment is None:
            return {}
        del self.left[key]
        return moment.columns()


def _is_number(value: Any) -> TypeGuard[int | Decimal]:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def coins(raw: str | None, exponent: int | None = 0, column: str = "amount") -> dict[str, Any]:
    """Return an amount's columns; `exponent` is the power of ten of the unit it counts, None where nobody tells it."""
    if exponent is None:
        return {column: None, f"{column}_raw": raw, "notes": [UNIT_UNKNOWN] if raw is not None else []}
    read = scaled(raw, exponent, COIN)
    return {column: read.value, f"{column}_raw": read.raw, "notes": remarks(read)}


def rate(raw: str | None, unit: str | None = "H/s", **columns: Any) -> list[Made]:
    """Return the row of a hash rate, none where there is no number."""
    return metric("hash_rate", raw, unit, **columns)


def metric(name: str, raw: str | None, unit: str | None, **columns: Any) -> list[Made]:
    """Return the row of a sample of load, none where there is no number."""
    if raw is None:
        return []
    read = amount(raw, COIN)
    notes = remarks(read) + ([] if unit else [UNIT_UNKNOWN])
    row = {"metric": name, "value": read.value, "value_raw": raw, "unit": unit, "notes": notes}
    return [Made("usage_metric", row | columns)]


def shares(answer: Answer, good: str, bad: str, last: str | None = None, **columns: Any) -> list[Made]:
    """Return the row of the running totals of shares under two keys; none before the first.

    `last` is the key of the time of the last one, in seconds.
    """
    if not any(_is_number(answer.left.get(key)) and answer.left[key] for key in (good, bad)):
        return []
    accepted, rejected = answer.count(good), answer.count(bad)
    row = {"accepted": bool(accepted), "total_accepted": accepted, "total_rejected": rejected}
    when = answer.seconds(last) if last else {}
    return [Made("mining_share", row | {"notes": [RUNNING_TOTALS]} | when | columns)]


def read_answers(source: Source, shape: Shape, what: str) -> Iterator[Item]:
    """Yield the rows of each object that has the shape; objects that have not are rejects: they are no `what`."""
    for item in document_records(source):
        if not isinstance(item, JsonRecord):
            yield item
            continue
        reader = shape(item.value)
        if reader is None:
            yield Reject(item.record, f"no {what}")
            continue
        yield Parsed(item.record)
        answer = Answer(item.value)
        made = reader(answer)
        if item.hidden:
            answer.left["duplicate_keys"] = [list(pair) for pair in item.hidden]
        for part, (table, values) in enumerate(made):
            notes = [*(item.notes if part == 0 else ()), *values.get("notes", ())]
            extra = values.get("extra", {}) | (answer.left if part == 0 else {})
            row = {"notes": list(dict.fromkeys(notes)) or None, "extra": compact(extra) if extra else None}
            yield Row(table, item.record, values | row, part)


def recognised(head: bytes, shape: Shape, keys: tuple[bytes, ...]) -> Grade:
    """STRONG where the first object has the shape; PROBABLE where it is longer than the head, which has the `keys`."""
    body = head.removeprefix(BOM).lstrip(_SPACE)
    if not body.startswith((b"{", b"[")):
        return Grade.NONE
    if len(head) >= HEAD_BYTES:  # may end within a character
        body = body[: body.rfind(b"}") + 1]
    try:
        first = next((piece for piece, _ in decode_listed(body, NO_LISTS)), None)
    except JsonFault:
        long = len(head) >= HEAD_BYTES and all(key in head for key in keys)
        return Grade.PROBABLE if long else Grade.NONE
    return Grade.STRONG if first and isinstance(first.value, dict) and shape(first.value) else Grade.NONE
