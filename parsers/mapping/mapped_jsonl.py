"""JSON that no parser knows, read as a mapping says (`--as mapped_jsonl` with a mapping, or one that matches).

Source of the format: the mapping file, see `parsers.mapping.mapping`; one JSON object a line, the elements of an array,
or those of the list that the mapping names; pointers as in RFC 6901.

One object is one row of the mapping's table. A key that begins with a slash is a pointer, any other names a member of
the object. Values are read as their text would be; objects and lists become JSON. What does not fit its column is
null, noted, and kept in `extra` with the members that no column asks for.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from parsers.contract import Format, Grade, Item, Parsed, Row
from parsers.jsondocument import document_records
from parsers.jsonlines import JsonRecord
from parsers.jsontext import compact
from parsers.mapping.mapping import Mapping, Origin
from parsers.mapping.settings import mapping_of, unread
from parsers.mapping.values import instant, reader
from parsers.schema import EVIDENCE_TABLES, TABLES
from parsers.source import Source

FORMAT = Format(
    name="mapped_jsonl",
    title="JSON read through a mapping file",
    tables=EVIDENCE_TABLES,
    signature=False,
    version=3,
)


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """Grade a head: without a mapping any JSON could be anything."""
    return Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one row an object of the mapping's table; blank lines are structure."""
    mapping = mapping_of(source, "jsonl")
    if isinstance(mapping, str):
        yield from unread(source, mapping)
        return
    for item in document_records(source, mapping.lists):
        if isinstance(item, JsonRecord):
            yield Parsed(item.record)
            yield Row(mapping.table, item.record, row_of(mapping, item))
        else:
            yield item


def row_of(mapping: Mapping, record: JsonRecord) -> dict[str, Any]:
    """Return the values of one object's row."""
    names = TABLES[mapping.table].names
    values: dict[str, Any] = {}
    notes = list(record.notes)
    asked = {_first_step(source) for source in mapping.sources if _is_member(source)}
    kept = {key: value for key, value in record.value.items() if key not in asked and value is not None}
    for name, origin in mapping.columns.items():
        if origin.source is None:
            values[name] = origin.constant
            continue
        text = _text_at(mapping, record.value, origin.source)
        if text is None:
            continue
        read_value = reader(TABLES[mapping.table].field(name).type, mapping.decimal_mark, origin.clock, origin.scale)
        assert read_value is not None
        values[name], note = read_value(origin.values.get(text, text))
        notes += [note] if note else []
        if f"{name}_raw" in names:
            values[f"{name}_raw"] = text
        elif values[name] is None:
            kept[origin.source] = text
    for name, origin in mapping.times.items():
        kept |= _time(mapping, record.value, origin, values, notes, end=name == "time_end")
    if record.hidden:
        kept["duplicate_keys"] = [list(pair) for pair in record.hidden]
    values["extra"] = compact(kept) if kept else None
    values["notes"] = list(dict.fromkeys(notes)) or None
    return values


def _time(
    mapping: Mapping, value: dict[str, Any], origin: Origin, values: dict[str, Any], notes: list[str], *, end: bool
) -> dict[str, Any]:
    """Fill in a time; return what could not be read of it."""
    text = _text_at(mapping, value, origin.source or "")
    if text is None:
        return {}
    found = instant(origin.clock, text)
    notes += [found.note] if found.note else []
    if end:
        values |= {"ts_end": found.us, "ts_end_local": found.local_us}
    else:
        values |= {"ts": found.us, "ts_local": found.local_us}
        values |= {"ts_precision_us": found.precision_us, "ts_remainder_ns": found.remainder_ns}
    return {origin.source or "": text} if found.us is None and found.local_us is None else {}


def _text_at(mapping: Mapping, value: dict[str, Any], source: str) -> str | None:
    """Return what stands at a key or pointer as text; None where nothing does."""
    found: Any = value
    for step in _steps(source):
        if isinstance(found, dict) and step in found:
            found = found[step]
        elif isinstance(found, list) and step.isascii() and step.isdigit() and int(step[:9]) < len(found):
            found = found[int(step[:9])]
        else:
            return None
    if found is None:
        return None
    text = _text(found)
    return None if text in mapping.nulls else text


def _steps(source: str) -> list[str]:
    if not source.startswith("/"):
        return [source]
    return [step.replace("~1", "/").replace("~0", "~") for step in source[1:].split("/")]


def _first_step(source: str) -> str:
    return _steps(source)[0]


def _is_member(source: str) -> bool:
    """Tell whether a source asks for a whole member of the object, so that nothing of it is left over."""
    return len(_steps(source)) == 1


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return str(value)
    return compact(value)
