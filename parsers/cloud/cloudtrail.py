"""AWS CloudTrail events: delivered files (`{"Records": [...]}`), arrays, JSON lines, and what wraps single events.

Source of the format: docs.aws.amazon.com/awscloudtrail, CloudTrail record contents and userIdentity element; wrappings:
EventBridge (`detail`), CloudWatch Logs (`logEvents` or `events` with the event as text in `message`), LookupEvents
(`Events` with the event as text in `CloudTrailEvent`).

One event is one record and one `cloud_activity` row. Times are whole seconds of UTC, order within one is not told. A
call succeeded if it names no error; a sign-in says so itself; events that are no call of anybody's (`AwsServiceEvent`)
neither succeed nor fail. The account is the one whose trail holds the event. `actor_name` of an assumed role is the
role's, `session_id` the name that the session was given (an instance's id, where a machine took the role). An address
that is the name of a service stays in `extra`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from parsers.cloud.fields import address, as_json, first_text, kept, member, time, unwrapped
from parsers.contract import HEAD_BYTES, Format, Grade, Item, Parsed, Reject, Row
from parsers.jsondocument import document_records, head_grade
from parsers.jsonlines import JsonRecord
from parsers.source import Source
from parsers.transcripts.fields import flag, rest, text

FORMAT = Format(name="cloudtrail", title="AWS CloudTrail events", tables=("cloud_activity",), signature=True)

LISTS = frozenset({"Records", "Events", "events", "logEvents"})
OBJECTS, TEXTS = ("detail", "event"), ("message", "CloudTrailEvent")
SHIPPED_TIME = "time_of_log_shipper"

# members of requests and answers that name what was made, used or ended
RESOURCE_KEYS = frozenset(
    {
        "instanceId",
        "spotInstanceRequestId",
        "spotFleetRequestId",
        "fleetId",
        "functionArn",
        "clusterArn",
        "nodegroupArn",
        "taskArn",
        "taskDefinitionArn",
        "jobArn",
        "trainingJobArn",
        "notebookInstanceArn",
        "endpointArn",
    }
)
_MOST_RESOURCES = 1000
_BEGINNING = re.compile(rb'\s*\{\s*"Records"\s*:\s*\[\s*\{\s*"(?:eventVersion|userIdentity|eventTime)"\s*:')
_MAPPED = frozenset(
    {
        "eventTime",
        "eventSource",
        "eventName",
        "awsRegion",
        "sourceIPAddress",
        "userAgent",
        "errorCode",
        "errorMessage",
        "eventID",
        "readOnly",
        "recipientAccountId",
    }
)
_WHOLE = frozenset({"requestParameters", "responseElements"})


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most records are events; PROBABLE where a delivery's first event is longer than the head."""
    grade = head_grade(head, LISTS, (b"eventSource", b"eventName"), lambda value: _event(value) is not None)
    if grade == Grade.NONE and len(head) >= HEAD_BYTES and _BEGINNING.match(head):
        return Grade.PROBABLE
    return grade


def read(source: Source) -> Iterator[Item]:
    """Yield one `cloud_activity` row an event."""
    for item in document_records(source, LISTS):
        if not isinstance(item, JsonRecord):
            yield item
            continue
        event = _event(item.value)
        moment = time(event.get("eventTime")) or time(event.get("@timestamp")) if event else None
        if event is None:
            yield Reject(item.record, "no CloudTrail event")
        elif moment is None:
            yield Reject(item.record, "an event without a time")
        else:
            yield Parsed(item.record)
            yield Row("cloud_activity", item.record, moment.columns() | row_of(event) | _kept(item, event))


def _event(value: dict[str, Any]) -> dict[str, Any] | None:
    """Return the event that an object is or wraps."""
    for candidate in (value, *unwrapped(value, OBJECTS, TEXTS)):
        named = type(candidate.get("eventSource")) is str and type(candidate.get("eventName")) is str
        if named and ("userIdentity" in candidate or "eventVersion" in candidate or "eventID" in candidate):
            return candidate
    return None


def row_of(event: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of an event but for its time and remarks."""
    identity = event.get("userIdentity")
    issuer = member(identity, "sessionContext", "sessionIssuer")
    principal = text(member(identity, "principalId"))
    return {
        "provider": "aws",
        "event_id": text(event.get("eventID")),
        "account_id": first_text(event.get("recipientAccountId"), member(identity, "accountId")),
        "region": text(event.get("awsRegion")),
        "service": text(event["eventSource"]),
        "operation": text(event["eventName"]),
        "succeeded": _succeeded(event),
        "error_code": text(event.get("errorCode")),
        "error_message": text(event.get("errorMessage")),
        "actor_type": text(member(identity, "type")),
        "actor_id": first_text(member(identity, "arn"), principal, member(identity, "invokedBy")),
        "actor_name": first_text(member(identity, "userName"), member(issuer, "userName")),
        "access_key_id": first_text(member(identity, "accessKeyId")),
        "session_id": principal.partition(":")[2] or None if principal else None,
        "address": address(event.get("sourceIPAddress")),
        "user_agent": text(event.get("userAgent")),
        "resource_ids": _resources(event) or None,
        "request": as_json(event.get("requestParameters")),
        "response": as_json(event.get("responseElements")),
        "read_only": _read_only(event.get("readOnly")),
    }


def _succeeded(event: dict[str, Any]) -> bool | None:
    if event.get("errorCode") or event.get("errorMessage"):
        return False
    sign_in = member(event.get("responseElements"), "ConsoleLogin")
    if sign_in is not None:
        return True if sign_in == "Success" else False if sign_in == "Failure" else None
    return True if event.get("eventType", "AwsApiCall") == "AwsApiCall" else None


def _read_only(value: Any) -> bool | None:
    return {"true": True, "false": False}.get(value) if type(value) is str else flag(value)


def _resources(event: dict[str, Any]) -> list[str]:
    """Return what the event names as resources, and the ids of machines, functions and jobs in request and answer."""
    listed = event.get("resources")
    found = [
        arn
        for resource in (listed if isinstance(listed, list) else [])
        if (arn := first_text(member(resource, "ARN"), member(resource, "arn"), member(resource, "ARNPrefix")))
    ]
    level: list[Any] = [event.get("requestParameters"), event.get("responseElements")]
    while level and len(found) < _MOST_RESOURCES:
        below: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                found += [item for key, item in node.items() if key in RESOURCE_KEYS and type(item) is str and item]
                below += [item for item in node.values() if isinstance(item, dict | list)]
            elif isinstance(node, list):
                below += [item for item in node if isinstance(item, dict | list)]
        level = below
    return list(dict.fromkeys(found))


def _kept(record: JsonRecord, event: dict[str, Any]) -> dict[str, Any]:
    mapped = _MAPPED if address(event.get("sourceIPAddress")) else _MAPPED - {"sourceIPAddress"}
    wrapper = None if event is record.value else rest(record.value, (*OBJECTS, *TEXTS))
    noted = () if time(event.get("eventTime")) else (SHIPPED_TIME,)
    return kept(record, event, mapped, _WHOLE, noted, wrapper=wrapper)
