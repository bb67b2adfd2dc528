"""Kubernetes audit log: events as JSON lines, in arrays, or in the lists that a webhook is sent.

Source of the format: kubernetes staging/src/k8s.io/apiserver/pkg/apis/audit/v1/types.go (Event, EventList);
k8s.io/kubernetes pkg/apis/core PodExecOptions for what an exec's URI says.

One record is one event. A request leaves up to three (RequestReceived, ResponseStarted, ResponseComplete) under one
`auditID`: they make one row, as long as no more than `WINDOW_RECORDS` lie between; the locator names them all. `ts` is
when the request was received, `ts_end` when it was done: of an exec that is how long the session lasted.

An exec into a container is a `process` row too, whether its verb is create or get (a WebSocket opens with get); what is
typed inside an interactive one is in no audit log. So are commands in the specification of what was created, noted as
`from_specification`: the cluster took them to run, the log does not tell that they ran.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from parsers.cloud.fields import address, as_json, first_text, kept, member, utc_columns
from parsers.contract import Format, Grade, Item, Parsed, Record, Reject, Row
from parsers.jsondocument import document_records, head_grade
from parsers.jsonlines import JsonRecord
from parsers.jsontext import compact
from parsers.source import Source
from parsers.text import UNDECODABLE
from parsers.transcripts.fields import integer, text

FORMAT = Format(
    name="kubernetes_audit",
    title="Kubernetes audit log",
    tables=("cloud_activity", "process"),
    signature=True,
)

FROM_SPECIFICATION = "from_specification"
ENTRYPOINT_UNKNOWN = "entrypoint_unknown"  # arguments only: the image holds the program

WINDOW_RECORDS = 4096
LISTS = frozenset({"items"})

_STAGES = {"RequestReceived": 0, "ResponseStarted": 1, "ResponseComplete": 2, "Panic": 3}
_READS = frozenset({"get", "list", "watch"})
_INTO_CONTAINERS = frozenset({"exec", "attach", "portforward", "proxy"})
_FIRST_ERROR = 400
_MAPPED = frozenset({"kind", "apiVersion", "auditID", "verb", "userAgent", "requestReceivedTimestamp"})
_WHOLE = frozenset({"requestObject", "responseObject"})
_POD_SPEC = {
    "pods": ("spec",),
    **dict.fromkeys(("deployments", "daemonsets", "statefulsets", "replicasets", "jobs"), ("spec", "template", "spec")),
    "cronjobs": ("spec", "jobTemplate", "spec", "template", "spec"),
}
_EPHEMERAL = "ephemeralcontainers"


class _Request(NamedTuple):
    """The events of one request so far: those of later stages lie over those of earlier ones."""

    record: JsonRecord
    value: dict[str, Any]
    stage: int
    also: tuple[Record, ...] = ()


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most records are audit events."""
    return head_grade(head, LISTS, (b"audit.k8s.io/", b"auditID"), _is_event)


def _is_event(value: dict[str, Any]) -> bool:
    # in a list the items may leave out what they are
    version, kind = value.get("apiVersion"), value.get("kind")
    ours = type(version) is str and version.startswith("audit.k8s.io/") and kind == "Event"
    named = version is None and kind is None and value.get("stage") in _STAGES
    return type(value.get("auditID")) is str and (ours or named)


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of each request once its events are together."""
    requests: dict[str, _Request] = {}
    for item in document_records(source, LISTS):
        if not isinstance(item, JsonRecord):
            yield item
        elif not _is_event(item.value):
            yield Reject(item.record, "no audit event")
        elif _when(item.value) is None:
            yield Reject(item.record, "an event without a time")
        else:
            yield Parsed(item.record)
            request = item.value["auditID"]
            requests[request] = _joined(requests.get(request), item)
            yield from _ripe(requests, item.record.number)
    for left in requests.values():
        yield from _rows(left)


def _when(value: dict[str, Any]) -> dict[str, Any] | None:
    received = utc_columns(value.get("requestReceivedTimestamp"))
    return received or utc_columns(value.get("stageTimestamp"))


def _joined(request: _Request | None, item: JsonRecord) -> _Request:
    stage = _STAGES.get(text(item.value.get("stage")) or "", 0)
    if request is None:
        return _Request(item, item.value, stage)
    later = stage >= request.stage
    value = request.value | item.value if later else item.value | request.value
    return request._replace(value=value, stage=max(stage, request.stage), also=(*request.also, item.record))


def _ripe(requests: dict[str, _Request], number: int) -> Iterator[Row]:
    while requests:
        oldest = next(iter(requests))
        if requests[oldest].record.record.number + WINDOW_RECORDS > number:
            return
        yield from _rows(requests.pop(oldest))


def _rows(request: _Request) -> Iterator[Row]:
    value, record = request.value, request.record.record
    when = _when(value) or {}
    done = utc_columns(value.get("stageTimestamp")) if request.stage >= _STAGES["ResponseComplete"] else None
    when = {**when, "ts_end": done["ts"] if done else None}
    remarks = kept(request.record, value, _MAPPED, _WHOLE, when.get("notes", ()))
    yield Row("cloud_activity", record, when | _activity(value) | remarks, 0, request.also)
    for part, process in enumerate(_processes(value), 1):
        notes = [*(when.get("notes") or ()), *process.pop("notes")]
        yield Row("process", record, when | process | {"notes": notes or None}, part, request.also)


def _activity(value: dict[str, Any]) -> dict[str, Any]:
    target, status = value.get("objectRef"), value.get("responseStatus")
    code = integer(member(status, "code"))
    failed = code is not None and code >= _FIRST_ERROR
    user = text(member(value, "user", "username"))
    reason = first_text(member(status, "reason")) or (str(code) if code is not None else None)
    credentials = member(value, "user", "extra", "authentication.kubernetes.io/credential-id")
    sources = value.get("sourceIPs")
    verb, subresource = text(value.get("verb")), text(member(target, "subresource"))
    return {
        "provider": "kubernetes",
        "event_id": value["auditID"],
        "service": first_text(member(target, "apiGroup")) or ("core" if target else None),
        "operation": _operation(value, verb, target, subresource),
        "succeeded": None if code is None else not failed,
        "error_code": reason if failed else None,
        "error_message": first_text(member(status, "message")) if failed else None,
        "actor_type": _actor_type(user),
        "actor_id": first_text(member(value, "user", "uid")) or user,
        "actor_name": user,
        "access_key_id": first_text(*credentials) if isinstance(credentials, list) else None,
        "address": address(sources[0]) if isinstance(sources, list) and sources else None,
        "user_agent": text(value.get("userAgent")),
        "resource_ids": _resources(target),
        "request": as_json(value.get("requestObject")),
        "response": as_json(value.get("responseObject")),
        "read_only": None if verb is None else verb in _READS and subresource not in _INTO_CONTAINERS,
    }


def _operation(value: dict[str, Any], verb: str | None, target: Any, subresource: str | None) -> str | None:
    resource = text(member(target, "resource")) or (text(value.get("requestURI")) or "").partition("?")[0]
    what = f"{resource}/{subresource}" if subresource else resource
    return f"{verb} {what}" if verb and what else verb


def _actor_type(user: str | None) -> str | None:
    if user is None:
        return None
    kinds = {"system:serviceaccount:": "service_account", "system:node:": "node", "system:": "system"}
    return next((kind for prefix, kind in kinds.items() if user.startswith(prefix)), "user")


def _resources(target: Any) -> list[str] | None:
    parts = [text(member(target, key)) for key in ("namespace", "resource", "name")]
    return ["/".join(part for part in parts if part)] if parts[1] else None


def _processes(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what was executed in a container, and what a specification asks to be run."""
    target = value.get("objectRef")
    resource, subresource = text(member(target, "resource")), text(member(target, "subresource"))
    common = {
        "kind": "container_exec",
        "user_name": text(member(value, "user", "username")),
        "event_id": value["auditID"],
        "argv_basis": "argv",
    }
    place = {"namespace": text(member(target, "namespace")), "pod": text(member(target, "name"))}
    if resource == "pods" and subresource == "exec":
        argv, options, notes = _executed(text(value.get("requestURI")) or "")
        if argv:
            code = integer(member(value, "responseStatus", "code"))
            succeeded = None if code is None else code < _FIRST_ERROR  # 101: the stream was opened
            extra = {key: item for key, item in {**place, **options}.items() if item is not None}
            values = {"argv": argv, "command": shlex.join(argv), "succeeded": succeeded}
            yield common | values | {"notes": notes, "extra": compact(extra)}
    elif _granted(value) and (subresource == _EPHEMERAL or (value.get("verb") == "create" and subresource is None)):
        for container in _containers(value.get("requestObject"), resource or ""):
            yield common | _asked_for(
                container, {"resource": resource, "namespace": place["namespace"], "name": place["pod"]}
            )


def _granted(value: dict[str, Any]) -> bool:
    code = integer(member(value, "responseStatus", "code"))
    return code is not None and code < _FIRST_ERROR


def _executed(uri: str) -> tuple[list[str], dict[str, str], list[str]]:
    """Return the argument list of an exec, its other options, and notes."""
    query = uri.partition("?")[2]
    notes = []
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        pairs = parse_qsl(query, keep_blank_values=True, errors="backslashreplace")
        notes.append(UNDECODABLE)
    return [item for key, item in pairs if key == "command"], dict(p for p in pairs if p[0] != "command"), notes


def _containers(asked: Any, resource: str) -> Iterator[dict[str, Any]]:
    spec = member(asked, *_POD_SPEC[resource]) if resource in _POD_SPEC else None
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        found = member(spec, kind)
        for container in found if isinstance(found, list) else []:
            if isinstance(container, dict) and (_strings(container.get("command")) or _strings(container.get("args"))):
                yield container


def _strings(value: Any) -> list[str]:
    return value if isinstance(value, list) and all(isinstance(item, str) for item in value) else []


def _asked_for(container: dict[str, Any], place: dict[str, str | None]) -> dict[str, Any]:
    program = _strings(container.get("command"))
    argv = program + _strings(container.get("args"))
    told = {**place, "container": text(container.get("name")), "image": text(container.get("image"))}
    return {
        "argv": argv,
        "command": shlex.join(argv),
        "notes": [FROM_SPECIFICATION, *(() if program else (ENTRYPOINT_UNKNOWN,))],
        "extra": compact({key: item for key, item in told.items() if item is not None}),
    }
