"""Google Cloud audit logs: what succeeded, what only began, who asked."""

from __future__ import annotations

import json
from typing import Any

import golden
import pytest

from parsers.cloud import gcp_audit
from parsers.contract import Grade
from parsers.formats import recognise_head
from parsers.source import Source

PAYLOAD = {"serviceName": "compute.googleapis.com", "methodName": "v1.compute.instances.insert"}


def entry(payload: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    return {"timestamp": "2026-03-01T11:00:00Z", "protoPayload": PAYLOAD | (payload or {})} | members


def activity(payload: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    data = json.dumps(entry(payload, **members)).encode()
    return golden.rows_of(golden.tables_of(Source.of_bytes(data), gcp_audit)[1]["cloud_activity"])[0]


@pytest.mark.parametrize(
    ("payload", "members", "expected"),
    [
        ({}, {}, {"succeeded": True, "error_code": None, "read_only": None}),
        ({"status": {}}, {}, {"succeeded": True}),
        ({"status": {"message": "Connection succeeded."}}, {}, {"succeeded": True, "error_message": None}),
        ({"status": {"code": 8, "message": "m"}}, {}, {"error_code": "RESOURCE_EXHAUSTED", "error_message": "m"}),
        ({"status": {"code": 409}}, {}, {"succeeded": False, "error_code": "409"}),
        ({}, {"operation": {"first": True}}, {"succeeded": None}),
        ({}, {"operation": {"first": True, "last": True}}, {"succeeded": True}),
        ({"status": {"code": 7}}, {"operation": {"first": True}}, {"succeeded": False}),
        ({"authorizationInfo": [{"granted": False}]}, {}, {"succeeded": False}),
        ({"authorizationInfo": [{"granted": True}, {"granted": False}]}, {}, {"succeeded": True}),
        ({"authorizationInfo": [{"permissionType": "DATA_READ"}]}, {}, {"read_only": True}),
        ({"authorizationInfo": [{"permissionType": "DATA_WRITE"}]}, {}, {"read_only": False}),
        ({}, {"logName": "projects/lab/logs/cloudaudit.googleapis.com%2Factivity"}, {"account_id": "lab"}),
        ({}, {"logName": "projects/lab/logs/cloudaudit.googleapis.com%2Factivity"}, {"read_only": False}),
        ({"requestMetadata": {"callerIP": "192.0.2.1"}}, {}, {"address": "192.0.2.1"}),
        ({"authenticationInfo": {"principalEmail": "a@b"}}, {}, {"actor_id": "a@b", "actor_type": None}),
        ({"authenticationInfo": {"principalSubject": "user:a@b"}}, {}, {"actor_type": "user"}),
    ],
)
def test_values(payload, members, expected):
    found = activity(payload, **members)
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        (entry(), Grade.STRONG),
        ([entry(), entry()], Grade.STRONG),
        ({"entries": [entry()]}, Grade.STRONG),
        (entry({"methodName": None}), Grade.NONE),
        ({"protoPayload": "methodName"}, Grade.NONE),
    ],
)
def test_recognition(value, grade):
    assert gcp_audit.recognise(json.dumps(value).encode(), "x") == grade


@pytest.mark.shared
def test_entries_of_a_rule_set(rule_logs):
    logs = [log for log, _ in rule_logs("gcp_compute_ssh_connection")]
    assert len(logs) == 5
    data = json.dumps(logs, indent=1).encode()
    assert recognise_head(data[:65_536], "x").chosen == "gcp_audit"
    books, found = golden.tables_of(Source.of_bytes(data), gcp_audit)
    assert (books.records, books.quarantined) == (len(logs), 0)
    rows = found["cloud_activity"].to_pylist()
    assert [row["operation"] for row in rows] == [log["protoPayload"]["methodName"] for log in logs]
    who = [log["protoPayload"].get("authenticationInfo", {}).get("principalEmail") for log in logs]
    assert [row["actor_name"] for row in rows] == who
