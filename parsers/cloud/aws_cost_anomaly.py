"""AWS cost anomalies: answers of GetAnomalies, and the events that Cost Anomaly Detection sends over EventBridge.

Source of the format: docs.aws.amazon.com, Cost Explorer API (Anomaly) and Cost Management, EventBridge for Cost Anomaly
Detection. The API writes the same names with a capital first letter.

One anomaly is one record and one `alert`. An anomaly appears a day or more after it began, and grows: its dates and
amounts stay in `extra`, exact as text there, and only an event tells when somebody was told (`ts`). The answer of the
API does not, so its rows have no time (note `alert_time_not_told`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.cloud.fields import decapitalised, first_text, kept, member, utc_columns
from parsers.contract import Format, Grade, Item, Parsed, Reject, Row
from parsers.jsondocument import document_records, head_grade
from parsers.jsonlines import JsonRecord
from parsers.source import Source
from parsers.transcripts.fields import rest, text

FORMAT = Format(name="aws_cost_anomaly", title="AWS cost anomalies", tables=("alert",), signature=True)

LISTS = frozenset({"Anomalies"})
NOT_TOLD = "alert_time_not_told"


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most records are anomalies with a score, an impact and root causes."""
    return head_grade(head, LISTS, (b"nomalyId", b"mpact"), lambda value: _anomaly(value) is not None)


def read(source: Source) -> Iterator[Item]:
    """Yield one `alert` an anomaly."""
    for item in document_records(source, LISTS):
        if not isinstance(item, JsonRecord):
            yield item
            continue
        anomaly = _anomaly(item.value)
        if anomaly is None:
            yield Reject(item.record, "no cost anomaly")
            continue
        yield Parsed(item.record)
        wrapper = rest(item.value, {"detail"}) if "detail" in item.value else {}
        when = utc_columns(wrapper.get("time")) or {"notes": [NOT_TOLD]}
        remarks = kept(item, anomaly, {"monitorArn"}, (), when.get("notes", ()), wrapper=wrapper)
        yield Row("alert", item.record, when | _row(anomaly) | remarks)


def _anomaly(value: dict[str, Any]) -> dict[str, Any] | None:
    """Return the anomaly that an object is or wraps, its names beginning with small letters."""
    anomaly = value["detail"] if isinstance(value.get("detail"), dict) else value
    if "AnomalyId" in anomaly:
        anomaly = decapitalised(anomaly)
    is_one = type(anomaly.get("anomalyId")) is str and isinstance(anomaly.get("impact"), dict)
    return anomaly if is_one and ("rootCauses" in anomaly or "anomalyScore" in anomaly) else None


def _row(anomaly: dict[str, Any]) -> dict[str, Any]:
    score = member(anomaly, "anomalyScore", "maxScore")
    causes = anomaly.get("rootCauses")
    first = causes[0] if isinstance(causes, list) and causes else None
    return {
        "product": "aws_cost_anomaly",
        "rule": text(anomaly.get("monitorArn")),
        "category": "cost",
        "severity": None if score is None else f"{score}",
        "title": first_text(anomaly.get("dimensionValue"), anomaly.get("dimensionalValue"), member(first, "service")),
        "resource_id": first_text(member(first, "linkedAccount")),
    }
