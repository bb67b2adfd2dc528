"""AWS VPC flow logs in JSON: events of CloudWatch Logs, what a shipper made of them, and records as objects.

Source of the format: CloudWatch Logs API, FilterLogEvents and GetLogEvents (`{"events": [{"message": ...}]}`) and
subscription filters (`{"logGroup": ..., "logEvents": [...]}`, also one behind the other without a newline); a shipper's
`{"message": ...}` a line; objects whose members are AWS's fields with underscores, as queries of such logs print them.

One event is one record. Its message is a line as in `parsers.flows.aws_vpc_flow`, without a header; the event's other
members, and the group and stream that hold it, stay in `extra`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from parsers.contract import Format, Grade, Item, Parsed, Reject, Row
from parsers.csvcells import Cells
from parsers.csvsheet import Converted
from parsers.flows import vpc_fields
from parsers.flows.vpc_fields import ASSUMED_ORDER, field_names
from parsers.flows.vpc_layout import layout_of, unnamed
from parsers.jsondocument import document_records, head_grade
from parsers.jsonlines import JsonRecord
from parsers.jsontext import compact
from parsers.schema import STRING
from parsers.source import Source

FORMAT = Format(
    name="aws_vpc_flow_json",
    title="AWS VPC flow logs (CloudWatch events and JSON)",
    tables=vpc_fields.TABLES,
    signature=True,
)

LISTS = frozenset({"events", "logEvents"})

_AROUND = ("owner", "logGroup", "logStream")
_AT_ONCE = 8192
_CONTROL = "CONTROL_MESSAGE"


class _Fields(NamedTuple):
    names: tuple[str, ...]
    values: tuple[str | None, ...]
    assumed: bool


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most records are flow records or hold one as their message."""
    if b'"message"' not in head and b"srcaddr" not in head:
        return Grade.NONE
    return head_grade(head, LISTS, (), _is_one)


def read(source: Source) -> Iterator[Item]:
    """Yield one `flow` row an event, or a `coverage_gap`."""
    items = document_records(source, LISTS)
    while chunk := list(islice(items, _AT_ONCE)):
        found = _read(chunk)
        for place, item in enumerate(chunk):
            if not isinstance(item, JsonRecord):
                yield item
                continue
            yield from found.get(place) or [Reject(item.record, "no flow record of a known set of fields")]


def _is_one(value: dict[str, Any]) -> bool:
    message = value.get("message")
    if type(message) is str:
        return layout_of(message.split(" ")) is not None
    return field_names(tuple(value)) is not None


def _read(chunk: list[Any]) -> dict[int, list[Item]]:
    """Return what the records of a chunk make, by their place in it; records of the same fields are read together."""
    found: dict[int, list[Item]] = {}
    groups: dict[tuple[tuple[str, ...], bool], dict[int, _Fields]] = {}
    for place, item in enumerate(chunk):
        if not isinstance(item, JsonRecord):
            continue
        fields = _fields(item)
        if item.around and item.around.get("messageType") == _CONTROL:
            found[place] = [Parsed(item.record)]
        elif fields:
            groups.setdefault((fields.names, fields.assumed), {})[place] = fields
    for (names, assumed), group in groups.items():
        columns = [pa.array(column, STRING) for column in zip(*(each.values for each in group.values()), strict=True)]
        none = np.zeros(len(group), np.bool_)
        cells = Cells(names, columns, none, vpc_fields.NULLS)
        made = vpc_fields.converted(cells, {ASSUMED_ORDER: none | assumed})
        found |= _items([chunk[place] for place in group], list(group), made)
    return found


def _fields(item: JsonRecord) -> _Fields | None:
    """Return the fields of a record and behind them what else is told of it, None where it is no flow record."""
    around = {name: item.around[name] for name in _AROUND if name in item.around} if item.around else {}
    message = item.value.get("message")
    if type(message) is not str:
        names = field_names(tuple(item.value))
        values = tuple(map(_text, [*item.value.values(), *around.values()]))
        return _Fields((*names, *around), values, assumed=False) if names else None
    texts = message.rstrip("\r\n").split(" ")
    layout = unnamed(len(texts))
    if layout is None:
        return None
    rest = {name: value for name, value in item.value.items() if name != "message"} | around
    own = {f"event {name}" if name in layout.fields else name: _text(value) for name, value in rest.items()}
    return _Fields((*layout.fields, *own), (*texts, *own.values()), layout.is_assumed)


def _text(value: Any) -> str | None:
    return value if value is None or type(value) is str else compact(value)


def _items(records: list[JsonRecord], places: list[int], made: Converted) -> dict[int, list[Item]]:
    rows = [dict[str, Any]() for _ in records]
    for name, column in made.columns.items():
        values = [column] * len(rows) if isinstance(column, str | int) else column.to_pylist()
        for row, value in zip(rows, values, strict=True):
            row[name] = value
    rowless = made.rowless if made.rowless is not None else np.zeros(len(rows), np.bool_)
    found: dict[int, list[Item]] = {}
    for at, (item, row) in enumerate(zip(records, rows, strict=True)):
        notes = [*(row["notes"] or ()), *item.notes] or None
        record = item.record
        if at in made.faults:
            found[places[at]] = [Reject(record, made.faults[at])]
            continue
        items: list[Item] = [Parsed(record)]
        if not rowless[at]:
            items.append(Row("flow", record, row | {"notes": notes}))
        if at in made.asides:
            aside = made.asides[at]
            items.append(Row(aside.table, record, {**aside.values, "notes": notes}, int(not rowless[at])))
        found[places[at]] = items
    return found
