"""AWS GuardDuty findings: exports to S3 (JSON lines), EventBridge events, answers of GetFindings.

Source of the format: docs.aws.amazon.com/guardduty, finding format (schemaVersion 2.0), GetFindings and the export of
findings. The API writes the same names with a capital first letter.

One finding is one record and one `alert`; a later record of the same `id` is an update. `ts` is when GuardDuty made the
finding (`createdAt`): the first moment at which anybody could have seen it; when the activity itself was seen stands in
`extra` (`service.eventFirstSeen`, `eventLastSeen`). Generated samples (`additionalInfo.sample`) are marked: they are no
detections. The source of a connection is the machine of the account if it called out, the other side if it was called.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.cloud.fields import (
    address,
    decapitalised,
    first_text,
    json_object,
    kept,
    member,
    port,
    utc_columns,
)
from parsers.contract import Format, Grade, Item, Parsed, Reject, Row
from parsers.jsondocument import document_records, head_grade
from parsers.jsonlines import JsonRecord
from parsers.source import Source
from parsers.transcripts.fields import integer, rest, text

FORMAT = Format(name="guardduty", title="AWS GuardDuty findings", tables=("alert",), signature=True)

LISTS = frozenset({"Findings", "findings"})
_MAPPED = frozenset({"type", "title", "createdAt"})
_WHOLE = frozenset({"severity"})


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most records are findings with GuardDuty's name in their ARN or service."""
    return head_grade(head, LISTS, (b"guardduty",), lambda value: _finding(value) is not None)


def read(source: Source) -> Iterator[Item]:
    """Yield one `alert` a finding."""
    for item in document_records(source, LISTS):
        if not isinstance(item, JsonRecord):
            yield item
            continue
        finding = _finding(item.value)
        when = utc_columns(finding.get("createdAt")) if finding else None
        if finding is None:
            yield Reject(item.record, "no GuardDuty finding")
        elif when is None:
            yield Reject(item.record, "a finding without a time")
        else:
            yield Parsed(item.record)
            wrapper = rest(item.value, {"detail"}) if "detail" in item.value else None
            remarks = kept(item, finding, _MAPPED, _WHOLE, when.get("notes", ()), wrapper=wrapper)
            yield Row("alert", item.record, when | _row(finding) | remarks)


def _finding(value: dict[str, Any]) -> dict[str, Any] | None:
    """Return the finding that an object is or wraps, its names beginning with small letters."""
    finding = value["detail"] if isinstance(value.get("detail"), dict) else value
    if "SchemaVersion" in finding:
        finding = decapitalised(finding)
    is_ours = member(finding, "service", "serviceName") == "guardduty" or ":guardduty:" in (
        text(finding.get("arn")) or ""
    )
    return finding if is_ours and type(finding.get("type")) is str and "severity" in finding else None


def _row(finding: dict[str, Any]) -> dict[str, Any]:
    severity = finding["severity"]
    process = member(finding, "service", "runtimeDetails", "process")
    return {
        "product": "guardduty",
        "rule": finding["type"],
        "category": finding["type"].partition(":")[0],
        "severity": None if severity is None else f"{severity}",
        "title": text(finding.get("title")),
        "name": text(member(finding, "service", "action", "dnsRequestAction", "domain")),
        "pid": integer(member(process, "pid")),
        "command": text(member(process, "executablePath")),
        "resource_id": _resource(finding.get("resource")),
        "is_sample": _is_sample(member(finding, "service", "additionalInfo")),
    } | _ends(finding)


def _resource(resource: Any) -> str | None:
    """Return the id of the machine, function, key or cluster that the finding is about."""
    return first_text(
        member(resource, "instanceDetails", "instanceId"),
        member(resource, "lambdaDetails", "functionArn"),
        member(resource, "eksClusterDetails", "arn"),
        member(resource, "ecsClusterDetails", "arn"),
        member(resource, "containerDetails", "id"),
        member(resource, "accessKeyDetails", "accessKeyId"),
    )


def _is_sample(more: Any) -> bool | None:
    if not isinstance(more, dict):
        return None
    inner = json_object(more.get("value")) or {}
    return more.get("sample") is True or inner.get("sample") is True


def _ends(finding: dict[str, Any]) -> dict[str, Any]:
    """Return source and destination of what was seen on the wire, or the address that called the API."""
    action = member(finding, "service", "action")
    connection = member(action, "networkConnectionAction")
    caller = address(member(action, "awsApiCallAction", "remoteIpDetails", "ipAddressV4"))
    if connection is None:
        return {"src_address": caller} if caller else {"src_address": _own_address(finding)}
    own = address(member(connection, "localIpDetails", "ipAddressV4")) or _own_address(finding)
    here = (own, port(member(connection, "localPortDetails", "port")))
    there = (
        address(member(connection, "remoteIpDetails", "ipAddressV4")),
        port(member(connection, "remotePortDetails", "port")),
    )
    direction = member(connection, "connectionDirection")
    if direction not in ("INBOUND", "OUTBOUND"):
        return {}
    (src, src_port), (dst, dst_port) = (here, there) if direction == "OUTBOUND" else (there, here)
    return {"src_address": src, "src_port": src_port, "dst_address": dst, "dst_port": dst_port}


def _own_address(finding: dict[str, Any]) -> str | None:
    interfaces = member(finding, "resource", "instanceDetails", "networkInterfaces")
    first = interfaces[0] if isinstance(interfaces, list) and interfaces else None
    return address(member(first, "privateIpAddress"))
