"""Azure Activity logs: outcomes, errors as the service gave them, both shapes of a name."""

from __future__ import annotations

import json
from typing import Any

import golden
import pytest

from parsers.cloud import azure_activity
from parsers.contract import Grade
from parsers.formats import recognise_head
from parsers.source import Source

PLAIN = {
    "time": "2026-03-01T12:00:00Z",
    "operationName": "MICROSOFT.COMPUTE/VIRTUALMACHINES/WRITE",
    "category": "Administrative",
    "resourceId": "/SUBSCRIPTIONS/S-1/RESOURCEGROUPS/LAB",
}
ANSWER = json.dumps({"error": {"code": "SkuNotAvailable", "message": "none left"}})


def activity(**members: Any) -> dict[str, Any]:
    data = json.dumps(PLAIN | members).encode()
    return golden.rows_of(golden.tables_of(Source.of_bytes(data), azure_activity)[1]["cloud_activity"])[0]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, {"succeeded": None, "account_id": "S-1", "read_only": False}),
        ({"resultType": "Success"}, {"succeeded": True}),
        ({"status": {"value": "Accepted"}}, {"succeeded": None}),
        ({"resultType": "Failure", "resultSignature": "Failed.Conflict"}, {"error_code": "Failed.Conflict"}),
        ({"resultType": "Failure", "properties": {"statusMessage": ANSWER}}, {"error_code": "SkuNotAvailable"}),
        (
            {"resultType": "Failure", "properties": json.dumps({"statusMessage": ANSWER})},
            {"error_message": "none left"},
        ),
        ({"resultType": "Success", "properties": {"statusMessage": ANSWER}}, {"error_code": None}),
        ({"operationName": "Microsoft.Compute/disks/beginGetAccess/action"}, {"read_only": None}),
        ({"callerIpAddress": "2001:DB8::1"}, {"address": "2001:db8::1"}),
        ({"time": None, "eventTimestamp": "2026-03-01T12:00:01Z"}, {"ts": "2026-03-01T12:00:01.000000Z"}),
    ],
)
def test_values(members, expected):
    found = activity(**members)
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        (PLAIN, Grade.STRONG),
        ({"records": [PLAIN]}, Grade.STRONG),
        ([PLAIN | {"category": {"value": "Administrative", "localizedValue": "Verwaltung"}}], Grade.STRONG),
        (PLAIN | {"category": "SignInLogs"}, Grade.NONE),
        (PLAIN | {"resourceId": "x"}, Grade.NONE),
    ],
)
def test_recognition(value, grade):
    assert azure_activity.recognise(json.dumps(value).encode(), "x") == grade


@pytest.mark.shared
def test_events_of_a_rule_set(rule_logs):
    """A rule for deleted snapshots: its verdict is the operation's verb."""
    logs = rule_logs("azure_vm_snapshot_deleted")
    data = "\n".join(json.dumps(log) for log, _ in logs).encode()
    assert recognise_head(data, "x").chosen == "azure_activity"
    rows = golden.tables_of(Source.of_bytes(data), azure_activity)[1]["cloud_activity"].to_pylist()
    verdicts = [row["operation"].lower().endswith("snapshots/delete") and row["succeeded"] for row in rows]
    assert verdicts == [verdict for _, verdict in logs] == [True, True, False]
