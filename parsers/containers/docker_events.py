"""Docker's events, as `docker events --format '{{json .}}'` and the API's `/events` write them.

Source of the format: moby api/types/events (Message, Actor), daemon/events.go, daemon/exec.go and monitor.go
(exec_create, exec_start, exec_die; die, oom).

One record is one event. An exec leaves up to three under one `execID`: they make one `container_exec` row at the time
of its start, as long as no more than `WINDOW_RECORDS` lie between; an exec that was made and not started has no exit
code and `succeeded` is null. A container's end is an `exit` row. Docker joins the arguments with blanks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from parsers.cloud.fields import first_text, member
from parsers.contract import Format, Grade, Item, Parsed, Record, Reject, Row
from parsers.host.machine import OUT_OF_MEMORY
from parsers.jsondocument import document_records, head_grade
from parsers.jsonlines import JsonRecord
from parsers.jsontext import compact
from parsers.source import Source
from parsers.times import LATEST, Moment, epoch_seconds
from parsers.transcripts.fields import integer, text

FORMAT = Format(name="docker_events", title="Docker events (JSON)", tables=("process",), signature=True)

NOT_STARTED = "start_not_seen"

WINDOW_RECORDS = 4096

_EXECS = ("exec_create", "exec_start", "exec_die")


class _Exec(NamedTuple):
    """The events of one exec so far, by what they are."""

    record: Record
    events: dict[str, dict[str, Any]]
    also: tuple[Record, ...] = ()


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most records are events with an actor."""
    return head_grade(head, frozenset(), (b'"Actor"', b'"Action"', b'"Type"'), _is_event)


def _is_event(value: dict[str, Any]) -> bool:
    texts = type(value.get("Type")) is str and type(value.get("Action")) is str
    return texts and type(member(value, "Actor", "ID")) is str


def read(source: Source) -> Iterator[Item]:
    """Yield a row for each exec and for each end of a container; other events make none."""
    execs: dict[str, _Exec] = {}
    for item in document_records(source):
        if not isinstance(item, JsonRecord):
            yield item
        elif not _is_event(item.value):
            yield Reject(item.record, "no event of Docker's")
        elif _when(item.value) is None:
            yield Reject(item.record, "an event without a time")
        else:
            yield Parsed(item.record)
            yield from _taken(item, execs)
            while execs and next(iter(execs.values())).record.number + WINDOW_RECORDS <= item.record.number:
                yield _exec_row(execs.pop(next(iter(execs))))
    for left in execs.values():
        yield _exec_row(left)


def _when(value: dict[str, Any]) -> Moment | None:
    nanoseconds = integer(value.get("timeNano"))
    if nanoseconds is not None and 0 < nanoseconds // 1000 <= LATEST:
        return Moment(nanoseconds // 1000, zoned=True, precision_us=1, remainder_ns=nanoseconds % 1000)
    seconds = integer(value.get("time"))
    return epoch_seconds(seconds) if seconds is not None else None


def _taken(item: JsonRecord, execs: dict[str, _Exec]) -> Iterator[Row]:
    value = item.value
    action = value["Action"].partition(":")[0]
    execution = text(member(value, "Actor", "Attributes", "execID"))
    if value["Type"] == "container" and action in _EXECS and execution:
        found = execs.get(execution)
        if found is None:
            execs[execution] = _Exec(item.record, {action: value})
        else:
            execs[execution] = found._replace(events=found.events | {action: value}, also=(*found.also, item.record))
    elif value["Type"] == "container" and action in {"die", "oom"}:
        when = _when(value)
        exit_code = _exit_code(value) if action == "die" else None
        values = _common(value) | {"kind": "exit", "exit_code": exit_code}
        notes = [OUT_OF_MEMORY] if action == "oom" else None
        yield Row("process", item.record, (when.columns() if when else {}) | values | {"notes": notes})


def _exec_row(found: _Exec) -> Row:
    events = found.events
    begun = events.get("exec_start") or events.get("exec_create") or events["exec_die"]
    named = events.get("exec_create") or events.get("exec_start")
    died = events.get("exec_die")
    when, end = _when(begun), _when(died) if died else None
    values = (when.columns() if when and begun is not died else {}) | _common(begun)
    values["ts_end"] = end.us if end else None
    command = named["Action"].partition(": ")[2] if named else None
    exit_code = _exit_code(died) if died else None
    values |= {
        "kind": "container_exec",
        "command": command,
        "argv_basis": "joined" if command is not None else None,
        "exit_code": exit_code,
        "succeeded": True if "exec_start" in events or died else None,
        "event_id": text(member(begun, "Actor", "Attributes", "execID")),
        "notes": None if "exec_start" in events else [NOT_STARTED],
    }
    return Row("process", found.record, values, 0, found.also)


def _exit_code(value: dict[str, Any]) -> int | None:
    stated = text(member(value, "Actor", "Attributes", "exitCode"))
    return int(stated) if stated and stated.isascii() and stated.isdigit() and len(stated) < 10 else None


def _common(value: dict[str, Any]) -> dict[str, Any]:
    attributes = member(value, "Actor", "Attributes")
    extra = {key: item for key, item in (attributes or {}).items() if key not in {"execID", "exitCode"}}
    return {
        "container_id": first_text(member(value, "Actor", "ID")),
        "extra": compact(extra) if extra else None,
    }
