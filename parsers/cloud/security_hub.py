"""AWS Security Hub findings (ASFF): answers of GetFindings, exports as lines, EventBridge events.

Source of the format: docs.aws.amazon.com/securityhub, AWS Security Finding Format, required and top-level attributes;
EventBridge wraps a list of findings in `detail`.

One finding is one `alert` of the product that made it (`ProductName`); a record is a finding, or an event with several.
`ts` is when the finding was made (`CreatedAt`), not when the activity was seen (`FirstObservedAt`, in `extra`). A later
record of the same `Id` is an update. Samples are marked: they are no detections.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.cloud.fields import address, first_text, kept, member, port, utc_columns
from parsers.contract import Format, Grade, Item, Parsed, Reject, Row
from parsers.jsondocument import document_records, head_grade
from parsers.jsonlines import JsonRecord
from parsers.source import Source
from parsers.transcripts.fields import flag, integer, rest, text

FORMAT = Format(name="security_hub", title="AWS Security Hub findings (ASFF)", tables=("alert",), signature=True)

LISTS = frozenset({"Findings", "findings"})
ACTION = "aws/guardduty/service/action/"
SAMPLE = "aws/guardduty/service/additionalInfo/sample"
_MAPPED = frozenset({"CreatedAt", "Title", "ProductName", "Sample"})


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most records are findings with a product's ARN, a generator and resources."""
    return head_grade(head, LISTS, (b"ProductArn", b"GeneratorId"), lambda value: _findings(value) is not None)


def read(source: Source) -> Iterator[Item]:
    """Yield one `alert` a finding."""
    for item in document_records(source, LISTS):
        if not isinstance(item, JsonRecord):
            yield item
            continue
        findings = _findings(item.value)
        times = [utc_columns(finding.get("CreatedAt")) for finding in findings or ()]
        if findings is None:
            yield Reject(item.record, "no Security Hub finding")
        elif None in times:
            yield Reject(item.record, "a finding without a time")
        else:
            yield Parsed(item.record)
            wrapper = rest(item.value, {"detail"}) if "detail" in item.value else None
            for part, (finding, when) in enumerate(zip(findings, times, strict=True)):
                assert when is not None
                remarks = kept(item, finding, _MAPPED, noted=when.get("notes", ()), wrapper=wrapper)
                yield Row("alert", item.record, when | _row(finding) | remarks, part)


def _findings(value: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return the finding that an object is, or those that it wraps; None where there are none."""
    found = member(value, "detail", "findings")
    findings = found if isinstance(found, list) else [value]
    return findings if findings and all(_is_finding(finding) for finding in findings) else None


def _is_finding(value: Any) -> bool:
    texts = (member(value, name) for name in ("Id", "ProductArn", "GeneratorId", "AwsAccountId"))
    return all(type(one) is str for one in texts) and isinstance(value.get("Resources"), list)


def _row(finding: dict[str, Any]) -> dict[str, Any]:
    types = finding.get("Types")
    kind = first_text(types[0]) if isinstance(types, list) and types else None
    normalized = member(finding, "Severity", "Normalized")
    resources = finding["Resources"]
    network, fields = finding.get("Network"), finding.get("ProductFields")
    return {
        "product": first_text(finding.get("ProductName"), finding["ProductArn"].rpartition("/")[2]),
        "rule": kind or finding["GeneratorId"],
        "category": kind.partition("/")[0] if kind else None,
        "severity": first_text(member(finding, "Severity", "Label"))
        or (None if normalized is None else f"{normalized}"),
        "title": text(finding.get("Title")),
        "src_address": address(member(network, "SourceIpV4"))
        or address(member(network, "SourceIpV6"))
        or address(member(fields, f"{ACTION}awsApiCallAction/remoteIpDetails/ipAddressV4")),
        "src_port": port(member(network, "SourcePort")),
        "dst_address": address(member(network, "DestinationIpV4")) or address(member(network, "DestinationIpV6")),
        "dst_port": port(member(network, "DestinationPort")),
        "name": first_text(member(network, "DestinationDomain"), member(fields, f"{ACTION}dnsRequestAction/domain")),
        "pid": integer(member(finding, "Process", "Pid")),
        "command": text(member(finding, "Process", "Path")),
        "resource_id": first_text(member(resources[0], "Id")) if resources else None,
        "is_sample": True if member(fields, SAMPLE) == "true" else flag(finding.get("Sample")),
    }
