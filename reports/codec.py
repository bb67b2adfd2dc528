"""Frozen dataclasses to plain JSON values and back, strictly.

Every key must be known, every value of exactly its declared type (a bool is no int, a NaN no number), every choice one
of its `Literal`. A field with a default may be left out. Nothing is converted but an int where a float is declared.
"""

from __future__ import annotations

import math
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from reports.errors import ModelFault

T = TypeVar("T")
_PLAIN = frozenset({str, int, float, bool, NoneType})


def decode(kind: type[T], value: object, place: str = "") -> T:
    """Build a `kind` (a dataclass) from a decoded JSON object; raises `ModelFault` naming the first wrong field."""
    return cast("T", _decode(kind, value, place))


def encode(value: object) -> Any:
    """Turn dataclasses into dictionaries and tuples into lists, all the way down."""
    if is_dataclass(value):
        return {field.name: encode(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [item if type(item) in _PLAIN else encode(item) for item in value]
    return value


@cache
def _shape(kind: type) -> tuple[tuple[str, Any, bool], ...]:
    hints = get_type_hints(kind)
    return tuple(
        (field.name, hints[field.name], field.default is MISSING and field.default_factory is MISSING)
        for field in fields(kind)
    )


def _decode(kind: Any, value: object, place: str) -> object:
    origin = get_origin(kind)
    if origin in {Union, UnionType}:
        return _decode_optional(kind, value, place)
    if origin is Literal:
        if value not in get_args(kind) or isinstance(value, bool):
            raise ModelFault(place, f"{_show(value)} is none of {', '.join(map(str, get_args(kind)))}")
        return value
    if origin is tuple:
        return _decode_tuple(get_args(kind), value, place)
    if is_dataclass(kind):
        return _decode_object(cast("type", kind), value, place)
    return _decode_scalar(kind, value, place)


def _decode_optional(kind: Any, value: object, place: str) -> object:
    if value is None:
        return None
    (inner,) = [choice for choice in get_args(kind) if choice is not NoneType]
    return _decode(inner, value, place)


def _decode_tuple(kinds: tuple[Any, ...], value: object, place: str) -> tuple[object, ...]:
    if not isinstance(value, list | tuple):
        raise ModelFault(place, f"{_show(value)} is no list")
    item_kind = kinds[0]
    if _all_plain(item_kind, value):
        return tuple(value)
    return tuple([_decode(item_kind, item, f"{place}[{index}]") for index, item in enumerate(value)])


def _all_plain(kind: Any, values: list[Any] | tuple[Any, ...]) -> bool:
    """Tell at column speed whether nothing in a long list needs a closer look."""
    choices = get_args(kind)
    if get_origin(kind) is Literal:
        return set(map(type, values)) <= {str} and set(values) <= set(choices)
    allowed = set(choices) if choices else {kind}
    return allowed <= {str, int, NoneType} and set(map(type, values)) <= allowed


def _decode_object(kind: type, value: object, place: str) -> object:
    if not isinstance(value, dict):
        raise ModelFault(place, f"{_show(value)} is no object")
    shape = _shape(kind)
    unknown = value.keys() - {name for name, _, _ in shape}
    if unknown:
        raise ModelFault(place, f"unknown key {_show(min(unknown, key=str))}")
    found: dict[str, object] = {}
    for name, field_kind, required in shape:
        inner = f"{place}.{name}" if place else name
        if name in value:
            found[name] = _decode(field_kind, value[name], inner)
        elif required:
            raise ModelFault(inner, "is missing")
    return kind(**found)


def _decode_scalar(kind: Any, value: object, place: str) -> object:
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise ModelFault(place, f"{_show(value)} is no {kind.__name__}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ModelFault(place, f"{value} is no number")
    return value


def _show(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
