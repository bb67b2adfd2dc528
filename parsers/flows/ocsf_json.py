"""Events in the Open Cybersecurity Schema Framework as JSON: network, HTTP and DNS activity, and detections.

Source of the format: schema.ocsf.io, versions 1.0 to 1.5; ocsf/examples for how AWS and Zeek fill it.
One record is one event: a line, an element of an array, or a printed object. `class_uid` says what it is; events of
other classes are quarantined, for their tables are others. Times are taken from the text beside the number (`time_dt`)
where there is one, for it says how exact it is; numbers are milliseconds, or, too few for that, seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.contract import Format, Grade, Item, Parsed, Reject, Row
from parsers.flows.members import Members, told
from parsers.flows.ocsf_rows import CLASSES
from parsers.jsondocument import NO_LISTS, document_records, head_grade
from parsers.jsonlines import JsonRecord
from parsers.source import Source

FORMAT = Format(
    name="ocsf_json",
    title="OCSF network activity and detections (JSON)",
    tables=("flow", "name_lookup", "application_message", "alert", "coverage_gap"),
    signature=True,
)

_MARKS = (b'"class_uid"', b'"category_uid"', b'"metadata"')


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most values are events of a class that is read."""
    return head_grade(head, NO_LISTS, _MARKS, lambda value: _class_of(value) in CLASSES)


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of every event in file order."""
    for item in document_records(source):
        if not isinstance(item, JsonRecord):
            yield item
            continue
        rows = rows_of(item)
        if isinstance(rows, str):
            yield Reject(item.record, rows)
            continue
        yield Parsed(item.record)
        yield from rows


def rows_of(item: JsonRecord) -> Iterator[Row] | str:
    """Return the rows of an event, or why it has none."""
    number = _class_of(item.value)
    if number is None or number not in CLASSES:
        return "no class_uid" if number is None else f"an event of class {number}, whose tables are others"
    event = Members(item.value)
    return told(item, event, CLASSES[number](event))


def _class_of(value: dict[str, Any]) -> int | None:
    number = value.get("class_uid")
    return number if type(number) is int and isinstance(value.get("metadata"), dict) else None
