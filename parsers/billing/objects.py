"""Bills written as JSON objects, read through the same columns of text as bills in CSV.

An object becomes one line of a bill or several; members of members are columns named with a dot between, lists stay
JSON. Numbers are texts with the digits they were written in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from parsers.columns import batch
from parsers.contract import Item, Parsed, Record, Reject, Row, Structure
from parsers.csvsheet import Converted
from parsers.csvtext import Flags
from parsers.jsondocument import document_records
from parsers.jsonlines import JsonRecord
from parsers.jsontext import compact
from parsers.schema import INT, STRING
from parsers.source import Source

RECORDS_AT_ONCE = 4096
MORE_PAGES = "more_pages"
_DEEPEST = 8

BillLine = Mapping[str, Any]
Lines = Callable[[JsonRecord], list[BillLine] | str]
Convert = Callable[[tuple[str, ...], list[pa.StringArray], Flags], Converted]


def read_objects(source: Source, table: str, lists: frozenset[str], lines: Lines, convert: Convert) -> Iterator[Item]:
    """Account for a stream of JSON objects and yield the rows of their lines.

    `lines` gives the lines of an object, or why it has none that can be read; `convert` makes columns of `table` out of
    names and columns of text. One line that is turned down costs its whole object. Where a page says that there are
    more (`has_more`), its last object also makes a `coverage_gap`.
    """
    reader = _Reader(table, lines, convert)
    held: list[JsonRecord | Reject | Structure] = []
    for item in document_records(source, lists):
        held.append(item)
        if len(held) >= RECORDS_AT_ONCE:
            yield from reader.items(held)
            held = []
    yield from reader.items(held)
    yield from reader.rest()


@dataclass
class _Reader:
    table: str
    lines: Lines
    convert: Convert
    page: Mapping[str, Any] | None = None
    last: Record | None = None  # of the page
    parts: int = 0  # rows of that record

    def items(self, held: list[JsonRecord | Reject | Structure]) -> Iterator[Item]:
        read = [self.lines(item) if isinstance(item, JsonRecord) else [] for item in held]
        flat = [flattened(line) for found in read if isinstance(found, list) for line in found]
        rows, faults = _rows(self.table, flat, self.convert)
        at = 0
        for item, found in zip(held, read, strict=True):
            if not isinstance(item, JsonRecord):
                yield item
                continue
            yield from self._turned(item)
            if isinstance(found, str):
                yield Reject(item.record, found)
                continue
            places = range(at, at + len(found))
            at += len(found)
            wrong = next((faults[place] for place in places if place in faults), None)
            if wrong is not None:
                yield Reject(item.record, wrong)
                continue
            yield Parsed(item.record)
            for part, place in enumerate(places):
                notes = [*item.notes, *(rows[place].get("notes") or [])]
                yield Row(self.table, item.record, rows[place] | {"notes": notes or None}, part)
            self.parts = len(places)

    def _turned(self, item: JsonRecord) -> Iterator[Row]:
        """Tell of the page before, if this object stands on another."""
        if item.around is not self.page:
            yield from self.rest()
        self.page, self.last, self.parts = item.around, item.record, 0

    def rest(self) -> Iterator[Row]:
        """Yield the gap behind the page that was read last, if there is one."""
        if self.last is not None and self.page is not None and self.page.get("has_more") is True:
            following = self.page.get("next_page")
            text = following if isinstance(following, str) else None
            yield Row("coverage_gap", self.last, {"reason": MORE_PAGES, "text": text}, self.parts)


def _rows(table: str, flat: list[dict[str, str]], convert: Convert) -> tuple[list[dict[str, Any]], Mapping[int, str]]:
    """Return the values of each line, times as integers, and why some are turned down."""
    if not flat:
        return [], {}
    names = tuple(dict.fromkeys(name for line in flat for name in line))
    columns = [pa.array([line.get(name, "") for line in flat], STRING) for name in names]
    found = convert(names, columns, np.zeros(len(flat), np.bool_))
    made = batch(table, len(flat), found.columns)
    values = {
        field.name: (column.cast(INT) if pa.types.is_timestamp(field.type) else column).to_pylist()
        for field, column in zip(made.schema, made.columns, strict=True)
        if column.null_count < len(column)
    }
    return [{name: column[at] for name, column in values.items()} for at in range(len(flat))], found.faults


def line_of(record: JsonRecord) -> dict[str, Any]:
    """Return an object as a line, with what its repeated keys have hidden."""
    hidden = {"duplicate_keys": [list(pair) for pair in record.hidden]} if record.hidden else {}
    return record.value | hidden


def flattened(value: BillLine) -> dict[str, str]:
    """Return the members of an object and of the objects in it as texts; what is null is left out."""
    return dict(_members(value, "", _DEEPEST))


def _members(value: BillLine, before: str, depth: int) -> Iterable[tuple[str, str]]:
    for key, item in value.items():
        if isinstance(item, dict) and item and depth:
            yield from _members(item, f"{before}{key}.", depth - 1)
        elif item is not None:
            yield before + key, _text(item)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | Decimal) else compact(value)
