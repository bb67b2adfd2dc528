"""Falco alerts, as its JSON output writes them (file, standard output, webhook).

Source of the format: falcosecurity/falco userspace/falco/outputs and formats.cpp (output, priority, rule, time, source,
tags, hostname, output_fields), falco.org "Supported Fields" for the names in output_fields; falcosidekick types.

One alert is one record and one `alert` row. Which fields there are depends on the rule's output: where they tell that a
program was executed (`evt.type` execve or execveat) a `process` row stands beside it. Falco joins arguments with
blanks and cuts them at 4096 bytes. In `output_fields`, client and server are those of the connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.cloud.fields import address, kept, port, utc_columns
from parsers.contract import Format, Grade, Item, Parsed, Reject, Row
from parsers.jsondocument import document_records, head_grade
from parsers.jsonlines import JsonRecord
from parsers.jsontext import compact
from parsers.source import Source
from parsers.times import LATEST
from parsers.transcripts.fields import integer, text

FORMAT = Format(name="falco", title="Falco alerts (JSON)", tables=("alert", "process"), signature=True)

MAY_BE_CUT = "arguments_may_be_cut"

_ARGUMENT_BYTES = 4096
_EXECS = frozenset({"execve", "execveat"})
_MAPPED = frozenset({"output", "priority", "rule", "time", "source", "hostname"})
_NOWHERE = frozenset({"", "<NA>", "host"})
_UNSET = (-1, 4_294_967_295)


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most records have the members of an alert."""
    return head_grade(head, frozenset(), (b'"output_fields"', b'"priority"', b'"rule"'), _is_alert)


def _is_alert(value: dict[str, Any]) -> bool:
    texts = all(type(value.get(key)) is str for key in ("output", "priority", "rule", "time"))
    return texts and isinstance(value.get("output_fields"), dict | None)


def read(source: Source) -> Iterator[Item]:
    """Yield one `alert` row an alert, and a `process` row where it is of an execution."""
    for item in document_records(source):
        if not isinstance(item, JsonRecord):
            yield item
            continue
        when = utc_columns(item.value.get("time"))
        if not _is_alert(item.value):
            yield Reject(item.record, "no Falco alert")
        elif when is None:
            yield Reject(item.record, "an alert without a time")
        else:
            yield Parsed(item.record)
            fields = item.value.get("output_fields") or {}
            remarks = kept(item, item.value, _MAPPED, noted=when.get("notes", ()))
            yield Row("alert", item.record, when | _alert(item.value, fields) | remarks)
            if fields.get("evt.type") in _EXECS:
                yield Row("process", item.record, _moment(fields, when) | _process(item.value, fields), 1)


def _moment(fields: dict[str, Any], when: dict[str, Any]) -> dict[str, Any]:
    """Return the time of the event itself, in nanoseconds since 1970 where the alert has it."""
    nanoseconds = integer(fields.get("evt.time")) or integer(fields.get("evt.rawtime"))
    if nanoseconds is None or not 0 < nanoseconds // 1000 <= LATEST:
        return when
    return {"ts": nanoseconds // 1000, "ts_precision_us": 1, "ts_remainder_ns": nanoseconds % 1000 or None}


def _alert(value: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "product": "falco",
        "rule": value["rule"],
        "category": text(value.get("source")),
        "severity": value["priority"],
        "title": value["output"],
        "host_name": text(value.get("hostname")),
        "src_address": address(fields.get("fd.cip")),
        "src_port": port(fields.get("fd.cport")),
        "dst_address": address(fields.get("fd.sip")),
        "dst_port": port(fields.get("fd.sport")),
        "name": text(fields.get("proc.name")),
        "pid": _identity(fields.get("proc.pid")),
        "command": text(fields.get("proc.cmdline")),
        "resource_id": _container(fields),
    }


def _process(value: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    command = text(fields.get("proc.cmdline"))
    told = {
        "container_name": text(fields.get("container.name")),
        "image": text(fields.get("container.image.repository")),
        "pod": text(fields.get("k8s.pod.name")),
        "namespace": text(fields.get("k8s.ns.name")),
        "parent_command": text(fields.get("proc.pcmdline")),
    }
    extra = {key: item for key, item in told.items() if item is not None and item not in _NOWHERE}
    return {
        "kind": "exec",
        "host_name": text(value.get("hostname")),
        "user_name": text(fields.get("user.name")),
        "uid": _identity(fields.get("user.uid")),
        "login_uid": _identity(fields.get("user.loginuid")),
        "login_user_name": text(fields.get("user.loginname")),
        "pid": _identity(fields.get("proc.pid")),
        "parent_pid": _identity(fields.get("proc.ppid")),
        "name": text(fields.get("proc.name")),
        "executable": text(fields.get("proc.exepath")),
        "command": command,
        "argv_basis": "joined" if command is not None else None,
        "cwd": text(fields.get("proc.cwd")),
        "container_id": _container(fields),
        "event_id": text(value.get("uuid")),
        "notes": [MAY_BE_CUT] if command is not None and len(command.encode()) >= _ARGUMENT_BYTES else None,
        "extra": compact(extra) if extra else None,
    }


def _identity(value: Any) -> int | None:
    number = integer(value)
    return None if number is None or number in _UNSET else number


def _container(fields: dict[str, Any]) -> str | None:
    found = text(fields.get("container.id"))
    return None if found in _NOWHERE else found
