"""Zeek's logs as JSON: one object a line, one line a record; or printed, or an array, as tools pass them on.

Source of the format: zeek/zeek src/threading/formatters/JSON.cc, scripts/base/frameworks/logging/writers/ascii.zeek
(`use_json`, `json_timestamps`); corelight/json-streaming-logs (`_path`, `_write_ts`, `_system_name`), and its older
form with `@stream`, `@system` and `id_orig_h`. What the logs mean is as in `zeek_tsv`.

A record names its log in `_path`, or is known by the keys that only one log has (`zeek_paths`); one that is known by
neither is read as a log without columns of its own. Unset fields are absent or null. `ts` is in seconds, in
milliseconds (whole, and too many to be seconds), or ISO 8601, from line to line. Spans of time are floats, and rounded
to the microseconds that Zeek's other log has.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Any

from parsers import ip, times
from parsers.contract import Format, Grade, Item, Parsed, Reject, Row
from parsers.flows.zeek_log import Interval, ZeekFault
from parsers.flows.zeek_paths import path_of
from parsers.flows.zeek_rows import rows_of
from parsers.jsondocument import NO_LISTS, document_records, head_grade
from parsers.jsonlines import JsonRecord
from parsers.source import Source

FORMAT = Format(
    name="zeek_json",
    title="Zeek JSON logs",
    tables=("flow", "name_lookup", "application_message", "alert", "coverage_gap"),
    signature=True,
)

BY_MAGNITUDE = "epoch_milliseconds_by_magnitude"
_FIRST_MILLISECONDS = 10**11  # the year 5138 in seconds
_RENAMED = {"@stream": "_path", "@system": "_system_name"}
_UNDERSCORED = ("id", "certificate", "san", "basic_constraints")
_NESTED = frozenset({*_UNDERSCORED, "seen", "version", "remote_location"})
_ENDS = frozenset({"id.orig_h", "id.resp_h", "id.orig_p", "id.resp_p"})
_ADDRESSES = ("id.orig_h", "id.resp_h")
_TYPED = ("ts", *_ADDRESSES, "TTLs", "duration", "rtt", "ts_delta")
_MICROSECOND = Decimal("0.000001")


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most lines name their log as Zeek does, or have keys that only one log of Zeek's has."""
    return head_grade(head, NO_LISTS, (b'"ts"',), _is_record)


def _is_record(value: dict[str, Any]) -> bool:
    if type(value.get("ts")) not in {int, Decimal, str}:
        return False
    fields = _named(value)
    return path_of(fields) is not None or ("uid" in fields and fields.keys() >= _ENDS)


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of every record in file order."""
    for item in document_records(source):
        if not isinstance(item, JsonRecord):
            yield item
            continue
        fields = _named(item.value)
        notes = list(item.notes)
        try:
            values = fields | {name: _value(name, fields[name], notes) for name in _TYPED if name in fields}
        except ZeekFault as fault:
            yield Reject(item.record, str(fault))
            continue
        yield Parsed(item.record)
        path = path_of(fields) or ""
        del values["_path"]
        if item.hidden:
            values["duplicate_keys"] = [list(pair) for pair in item.hidden]
        for part, (table, row) in enumerate(rows_of(path, values, notes)):
            yield Row(table, item.record, row, part)


def _named(value: dict[str, Any]) -> dict[str, Any]:
    """Return the fields under the names that Zeek gives them, also where the ends of the connection are an object."""
    fields: dict[str, Any] = {"_path": None}
    for key, item in value.items():
        if type(item) is dict and key in _NESTED:
            fields.update({f"{key}.{inner}": within for inner, within in item.items()})
        else:
            fields[_name(key)] = item
    return fields


@lru_cache(maxsize=1024)
def _name(key: str) -> str:
    for prefix in _UNDERSCORED:
        name = f"{prefix}.{key[len(prefix) + 1 :]}"
        if key.startswith(f"{prefix}_") and (prefix != "id" or name in _ENDS):
            return name
    return _RENAMED.get(key, key)


def _value(name: str, value: Any, notes: list[str]) -> Any:
    """Make of a JSON value what the other log has; raises `ZeekFault` where a time or an address is none."""
    if value is None:
        return None
    if name == "ts":
        return _moment(value, notes)
    if name in _ADDRESSES:
        address = ip.canonical(value) if type(value) is str else None
        if address is None:
            raise ZeekFault(f"field {name} is no address")
        return address
    return [_interval(item) for item in value] if type(value) is list else _interval(value)


def _moment(value: Any, notes: list[str]) -> times.Moment:
    moment = None
    if type(value) is str:
        moment = times.iso(value)
    elif isinstance(value, Decimal):
        moment = times.epoch_seconds(value)
        if moment:  # of a float no zero is printed that ends it
            moment = moment._replace(precision_us=1)
    elif type(value) is int and abs(value) >= _FIRST_MILLISECONDS:
        moment = times.epoch_milliseconds(value)
        notes.append(BY_MAGNITUDE)
    elif type(value) is int:
        moment = times.epoch_seconds(value)
    if moment is None:
        raise ZeekFault("field ts is no time")
    return moment


def _interval(value: Any) -> Any:
    """Return a span of time; what is none stays as it is."""
    if (type(value) is not int and not isinstance(value, Decimal)) or not -(2**42) < value < 2**42:
        return value
    seconds = Decimal(value).quantize(_MICROSECOND, ROUND_HALF_EVEN)
    return Interval(int(seconds * 1_000_000), exact=True, seconds=seconds)
