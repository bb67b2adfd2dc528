"""Azure Activity logs: exports by diagnostic settings (JSON lines, `records`) and answers of the API (`az monitor`).

Source of the format: learn.microsoft.com, Azure Monitor, Activity log schema (storage, event hubs), and EventData of
the REST API (`value`), where names and states are objects with `value` and `localizedValue`.

One event is one record and one `cloud_activity` row. One action makes several events under one `correlationId` (in
`extra`): those of its start and acceptance neither succeed nor fail. Times are UTC. What the service answered to a
failed call stands as JSON in `properties.statusMessage`: its code and message are the error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from parsers.cloud.fields import address, first_text, json_object, kept, member, utc_columns
from parsers.contract import Format, Grade, Item, Parsed, Reject, Row
from parsers.jsondocument import document_records, head_grade
from parsers.jsonlines import JsonRecord
from parsers.source import Source
from parsers.transcripts.fields import text

FORMAT = Format(name="azure_activity", title="Azure Activity logs", tables=("cloud_activity",), signature=True)

LISTS = frozenset({"records", "value"})
CATEGORIES = frozenset(
    {
        "administrative",
        "servicehealth",
        "resourcehealth",
        "alert",
        "autoscale",
        "recommendation",
        "security",
        "policy",
        "action",
        "write",
        "delete",
    }
)
_OUTCOMES = {"success": True, "succeeded": True, "failure": False, "failed": False}
_OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
_UPN = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"
_SUBSCRIPTION = re.compile(r"/subscriptions/([^/]{1,100})", re.IGNORECASE)
_MAPPED = frozenset({"time", "eventTimestamp", "resourceId", "callerIpAddress", "location"})


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most records are events of a category that the Activity log has."""
    return head_grade(head, LISTS, (b"operationName", b"resourceId"), _is_event)


def read(source: Source) -> Iterator[Item]:
    """Yield one `cloud_activity` row an event."""
    for item in document_records(source, LISTS):
        if not isinstance(item, JsonRecord):
            yield item
            continue
        event = item.value
        when = utc_columns(event.get("time")) or utc_columns(event.get("eventTimestamp"))
        if not _is_event(event):
            yield Reject(item.record, "no event of an Activity log")
        elif when is None:
            yield Reject(item.record, "an event without a time")
        else:
            yield Parsed(item.record)
            mapped = _MAPPED if address(event.get("callerIpAddress")) else _MAPPED - {"callerIpAddress"}
            remarks = kept(item, event, mapped, noted=when.get("notes", ()))
            yield Row("cloud_activity", item.record, when | _row(event) | remarks)


def _word(value: Any) -> str | None:
    """Return a text that may stand in an object beside its translation."""
    return first_text(value, member(value, "value"))


def _is_event(event: dict[str, Any]) -> bool:
    category = (_word(event.get("category")) or "").lower()
    operation, resource = _word(event.get("operationName")), text(event.get("resourceId"))
    timed = "time" in event or "eventTimestamp" in event
    return bool(timed and category in CATEGORIES and operation and resource and resource.startswith("/"))


def _row(event: dict[str, Any]) -> dict[str, Any]:
    claims = member(event, "identity", "claims") or event.get("claims")
    operation = _word(event["operationName"]) or ""
    where = _SUBSCRIPTION.search(event["resourceId"])
    succeeded = _OUTCOMES.get((_word(event.get("resultType")) or _word(event.get("status")) or "").lower())
    code, message = _error(event) if succeeded is False else (None, None)
    return {
        "provider": "azure",
        "event_id": first_text(event.get("eventDataId")),
        "account_id": first_text(event.get("subscriptionId"), where and where[1]),
        "region": first_text(event.get("location")),
        "service": _word(event.get("resourceProviderName")) or operation.partition("/")[0],
        "operation": operation,
        "succeeded": succeeded,
        "error_code": code,
        "error_message": message,
        "actor_type": first_text(
            member(claims, "idtyp"), member(event, "identity", "authorization", "evidence", "principalType")
        ),
        "actor_id": first_text(
            member(claims, _OBJECT_ID), member(event, "identity", "authorization", "evidence", "principalId")
        ),
        "actor_name": first_text(event.get("caller"), member(claims, _UPN), member(claims, "name")),
        "address": address(event.get("callerIpAddress")) or address(member(event, "httpRequest", "clientIpAddress")),
        "resource_ids": [event["resourceId"]],
        "read_only": _read_only(operation.rpartition("/")[2].lower()),
    }


def _read_only(verb: str) -> bool | None:
    return {"read": True, "write": False, "delete": False}.get(verb)


def _error(event: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return code and message of the answer, or the status where there is no answer."""
    properties = json_object(event.get("properties"))
    answer = json_object(member(properties, "statusMessage"))
    error = member(answer, "error") or answer
    status = first_text(
        member(properties, "statusCode"), _word(event.get("subStatus")), _word(event.get("resultSignature"))
    )
    return first_text(member(error, "code"), status), first_text(member(error, "message"))
