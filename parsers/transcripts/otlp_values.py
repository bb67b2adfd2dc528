"""Attributes, times and bodies of OTLP in its JSON form.

Source of the format: opentelemetry-proto, common/v1/common.proto (AnyValue, KeyValue) in the JSON mapping of the OTLP
specification: 64 bit integers are strings.
"""

from __future__ import annotations

import re
from typing import Any

from parsers.jsontext import JsonFault, decode
from parsers.times import EARLIEST, LATEST, Moment

_INTEGER = re.compile(r"-?\d{1,19}")


def attributes_of(told: Any) -> dict[str, Any]:
    """Return a list of keys with values as a dictionary; of a repeated key the last counts."""
    if not isinstance(told, list):
        return {}
    held = [item for item in told if isinstance(item, dict) and type(item.get("key")) is str]
    return {item["key"]: value_of(item.get("value")) for item in held}


def value_of(told: Any) -> Any:
    """Return what an AnyValue holds; what is none of its kinds stays as it is."""
    if not isinstance(told, dict) or len(told) != 1:
        return None if told == {} else told
    [(kind, value)] = told.items()
    if kind == "intValue":
        number = whole(value)
        return value if number is None else number
    if kind == "arrayValue" and isinstance(value, dict):
        items = value.get("values")
        return [value_of(item) for item in items] if isinstance(items, list) else []
    if kind == "kvlistValue" and isinstance(value, dict):
        return attributes_of(value.get("values"))
    return value if kind in ("stringValue", "boolValue", "doubleValue", "bytesValue") else told


def whole(value: Any) -> int | None:
    """Return an integer written as a number or as text; None for other values."""
    if type(value) is int:
        return value
    return int(value) if type(value) is str and _INTEGER.fullmatch(value) else None


def moment_of(value: Any) -> Moment | None:
    """Read nanoseconds since 1970; nothing and 0 are no time."""
    nanos = whole(value)
    if not nanos or not EARLIEST <= nanos // 1000 <= LATEST:
        return None
    return Moment(nanos // 1000, zoned=True, precision_us=1, remainder_ns=nanos % 1000)


def structured(value: Any) -> Any:
    """Return what an attribute holds as JSON text, where exporters know no structured values."""
    if type(value) is not str or value.lstrip(" \t\r\n")[:1] not in ("{", "["):
        return value
    try:
        return decode(value.encode("utf-8", "surrogatepass")).value
    except JsonFault:
        return value
