"""Google Cloud audit logs: entries of Cloud Logging whose payload is an AuditLog, as JSON lines, arrays or API answers.

Source of the format: cloud.google.com/logging, LogEntry; cloud.google.com/logging/docs/audit, AuditLog
(google.cloud.audit.AuditLog), as sinks, `gcloud logging read --format=json` and `entries.list` write them.

One entry is one record and one `cloud_activity` row. All times are UTC; exporters that leave the zone out are noted. A
long operation writes two entries under one `operation.id`: the first tells only that it began, so whether it succeeded
is null there. `error_code` is the name of the gRPC status. Admin activity is never read-only; of data access the
permission types tell, where they are given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from parsers.cloud.fields import address, as_json, first_text, kept, member, utc_columns
from parsers.contract import Format, Grade, Item, Parsed, Reject, Row
from parsers.jsondocument import document_records, head_grade
from parsers.jsonlines import JsonRecord
from parsers.source import Source
from parsers.transcripts.fields import integer, rest, text

FORMAT = Format(name="gcp_audit", title="Google Cloud audit logs", tables=("cloud_activity",), signature=True)

LISTS = frozenset({"entries"})
STATUS = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)
_PROJECT = re.compile(r"projects/([^/]{1,200})/logs/")
_MAPPED = frozenset({"insertId", "timestamp"})
_WHOLE = frozenset({"protoPayload"})
_PAYLOAD = frozenset({"serviceName", "methodName", "request", "response"})


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most records are log entries with a service and a method in their payload."""
    return head_grade(head, LISTS, (b"protoPayload", b"methodName"), _is_entry)


def read(source: Source) -> Iterator[Item]:
    """Yield one `cloud_activity` row an entry."""
    for item in document_records(source, LISTS):
        if not isinstance(item, JsonRecord):
            yield item
            continue
        when = utc_columns(item.value.get("timestamp"))
        if not _is_entry(item.value):
            yield Reject(item.record, "no entry of an audit log")
        elif when is None:
            yield Reject(item.record, "an entry without a time")
        else:
            yield Parsed(item.record)
            payload = item.value["protoPayload"]
            more = rest(payload, _PAYLOAD)
            remarks = kept(item, item.value, _MAPPED, _WHOLE, when.get("notes", ()), protoPayload=more)
            yield Row("cloud_activity", item.record, when | _row(item.value, payload) | remarks)


def _is_entry(value: dict[str, Any]) -> bool:
    payload = value.get("protoPayload")
    return type(member(payload, "serviceName")) is str and type(member(payload, "methodName")) is str


def _row(entry: dict[str, Any], payload: dict[str, Any]) -> dict[str, Any]:
    who, meta = payload.get("authenticationInfo"), payload.get("requestMetadata")
    labels = member(entry, "resource", "labels")
    subject = text(member(who, "principalSubject"))
    named = _PROJECT.match(text(entry.get("logName")) or "")
    return {
        "provider": "gcp",
        "event_id": text(entry.get("insertId")),
        "account_id": first_text(member(labels, "project_id"), named and named[1]),
        "region": _place(payload, labels),
        "service": payload["serviceName"],
        "operation": payload["methodName"],
        "succeeded": _succeeded(entry, payload),
        "error_code": _code(member(payload, "status", "code")),
        "error_message": first_text(member(payload, "status", "message")) if _failed(payload) else None,
        "actor_type": subject.partition(":")[0] if subject and ":" in subject else None,
        "actor_id": first_text(subject, member(who, "principalEmail")),
        "actor_name": first_text(member(who, "principalEmail")),
        "access_key_id": first_text(member(who, "serviceAccountKeyName")),
        "address": address(member(meta, "callerIp")) or address(member(meta, "callerIP")),
        "user_agent": text(member(meta, "callerSuppliedUserAgent")),
        "resource_ids": _resources(payload, labels) or None,
        "request": as_json(payload.get("request")),
        "response": as_json(payload.get("response")),
        "read_only": _read_only(entry, payload),
    }


def _place(payload: dict[str, Any], labels: Any) -> str | None:
    current = member(payload, "resourceLocation", "currentLocations")
    first = current[0] if isinstance(current, list) and current else None
    return first_text(first, member(labels, "region"), member(labels, "zone"), member(labels, "location"))


def _failed(payload: dict[str, Any]) -> bool:
    code = integer(member(payload, "status", "code"))
    return code is not None and code != 0


def _succeeded(entry: dict[str, Any], payload: dict[str, Any]) -> bool | None:
    if _failed(payload) or _granted(payload) == {False}:
        return False
    operation = entry.get("operation")
    begun = member(operation, "first") is True and member(operation, "last") is not True
    return None if begun else True


def _granted(payload: dict[str, Any]) -> set[bool]:
    """Return the answers to the permissions asked for."""
    asked = payload.get("authorizationInfo")
    answers = [member(one, "granted") for one in (asked if isinstance(asked, list) else [])]
    return {answer for answer in answers if isinstance(answer, bool)}


def _code(value: Any) -> str | None:
    code = integer(value)
    if code is None or code == 0:
        return None
    return STATUS[code] if 0 < code < len(STATUS) else str(code)


def _resources(payload: dict[str, Any], labels: Any) -> list[str]:
    found = [payload.get("resourceName"), member(labels, "instance_id"), member(payload, "response", "targetId")]
    return list(dict.fromkeys(one for one in found if type(one) is str and one))


def _read_only(entry: dict[str, Any], payload: dict[str, Any]) -> bool | None:
    if (text(entry.get("logName")) or "").endswith("cloudaudit.googleapis.com%2Factivity"):
        return False
    asked = payload.get("authorizationInfo")
    kinds = {member(one, "permissionType") for one in asked if isinstance(one, dict)} if isinstance(asked, list) else {}
    if kinds and all(type(kind) is str for kind in kinds):
        return all(kind.endswith("_READ") for kind in kinds)
    return None
