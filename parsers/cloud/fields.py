"""What records of cloud providers have in common: values taken from where they may stand, and the rest kept."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import Any

from parsers.ip import canonical
from parsers.jsonlines import JsonRecord
from parsers.jsontext import JsonFault, compact, decode
from parsers.times import Moment, iso
from parsers.transcripts.fields import rest, text

ZONE_NOT_PRINTED = "zone_not_printed"


def member(value: Any, *path: str) -> Any:
    """Return what stands at a path of members, None where one of them is missing."""
    for step in path:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def first_text(*values: Any) -> str | None:
    """Return the first text among some values that is not empty."""
    return next((value for value in values if type(value) is str and value), None)


def address(value: Any) -> str | None:
    """Return an IP address in its canonical form; None for other text, also for the name of a service."""
    return canonical(value) if type(value) is str else None


def time(value: Any) -> Moment | None:
    """Read an ISO 8601 time."""
    return iso(value) if type(value) is str else None


def as_json(value: Any) -> str | None:
    """Return an object or list as JSON, None where there is nothing in it."""
    return compact(value) if value is not None and value not in ({}, []) else None


def unwrapped(value: dict[str, Any], objects: Iterable[str], texts: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield what an object may wrap: objects under the one names, JSON objects in the texts under the others."""
    for key in objects:
        if isinstance(value.get(key), dict):
            yield value[key]
    for key in texts:
        inner = text(value.get(key))
        if inner is not None:
            try:
                decoded = decode(inner.encode("utf-8", "surrogatepass")).value
            except JsonFault:
                continue
            if isinstance(decoded, dict):
                yield decoded


def kept(
    record: JsonRecord,
    value: dict[str, Any],
    mapped: Container[str],
    whole: Container[str] = (),
    noted: Iterable[str] = (),
    **more: Any,
) -> dict[str, Any]:
    """Return `extra` and `notes` of a row: what has no column, what wrapped it, and what was odd about it.

    Of the `mapped` members texts and flags went to columns, anything else did not; of those in `whole` all did.
    """
    extra = {
        key: item for key, item in rest(value, whole).items() if key not in mapped or not isinstance(item, str | bool)
    }
    extra |= {key: item for key, item in more.items() if item}
    if record.hidden:
        extra["duplicate_keys"] = [list(pair) for pair in record.hidden]
    return {"extra": compact(extra) if extra else None, "notes": [*record.notes, *noted] or None}


def utc_columns(value: Any) -> dict[str, Any] | None:
    """Return the time columns of ISO 8601 text in a format whose times are all UTC; None for anything else.

    Where the zone is not printed, `notes` says so.
    """
    moment = time(value)
    if moment is None:
        return None
    columns: dict[str, Any] = moment._replace(zoned=True).columns()
    return columns if moment.zoned else columns | {"notes": [ZONE_NOT_PRINTED]}


def port(value: Any) -> int | None:
    """Return a port number."""
    return value if type(value) is int and 0 <= value <= 65_535 else None


def json_object(value: Any) -> dict[str, Any] | None:
    """Return an object, also one that stands as JSON in a text; None for anything else."""
    if isinstance(value, dict):
        return value
    return next(unwrapped({"text": value}, (), ("text",)), None)


def decapitalised(value: Any) -> Any:
    """Return a decoded value with every name in it beginning with a small letter; of two alike the last counts."""
    if isinstance(value, list):
        return [decapitalised(item) for item in value]
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: decapitalised(item) for key, item in value.items()}
    return value
