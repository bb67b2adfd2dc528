"""CloudTrail: every event its own record, whatever wraps it; known events of real trails found where they are."""

from __future__ import annotations

import json
import zipfile
from typing import Any

import golden
import pytest

from parsers.cloud import cloudtrail
from parsers.contract import Grade
from parsers.formats import recognise_head
from parsers.source import Source

PLAIN = {
    "eventVersion": "1.08",
    "eventTime": "2026-03-01T10:00:05Z",
    "eventSource": "ec2.amazonaws.com",
    "eventName": "RunInstances",
    "userIdentity": {"type": "Root", "accountId": "111122223333"},
}


def read(data: bytes) -> tuple[Any, dict[str, list[dict[str, Any]]]]:
    books, found = golden.tables_of(Source.of_bytes(data), cloudtrail)
    return books, {name: golden.rows_of(table) for name, table in found.items()}


def activity(**members: Any) -> dict[str, Any]:
    return read(json.dumps(PLAIN | members).encode())[1]["cloud_activity"][0]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, {"succeeded": True, "account_id": "111122223333", "ts_precision_us": 1_000_000, "read_only": None}),
        ({"errorCode": "AccessDenied"}, {"succeeded": False, "error_code": "AccessDenied"}),
        ({"errorMessage": "Failed authentication"}, {"succeeded": False}),
        ({"eventType": "AwsServiceEvent"}, {"succeeded": None}),
        ({"responseElements": {"ConsoleLogin": "Success"}, "eventType": "AwsConsoleSignIn"}, {"succeeded": True}),
        ({"responseElements": {"ConsoleLogin": ["?"]}}, {"succeeded": None}),
        ({"recipientAccountId": "444455556666"}, {"account_id": "444455556666"}),
        ({"readOnly": "true"}, {"read_only": True}),
        ({"sourceIPAddress": "2001:DB8::1"}, {"address": "2001:db8::1"}),
        ({"sourceIPAddress": "AWS Internal"}, {"address": None}),
        ({"userIdentity": None}, {"actor_type": None, "account_id": None}),
        ({"requestParameters": {}, "responseElements": None}, {"request": None, "response": None}),
        ({"resources": [{"ARN": "arn:a"}, "x", {}, {"ARN": "arn:a"}]}, {"resource_ids": ["arn:a"]}),
        ({"requestParameters": {"instancesSet": {"items": [{"instanceId": "i-1"}]}}}, {"resource_ids": ["i-1"]}),
        ({"errorCode": 7}, {"error_code": None, "succeeded": False}),
    ],
)
def test_values(members, expected):
    found = activity(**members)
    assert {key: found.get(key) for key in expected} == expected


def test_what_no_column_holds_is_kept():
    extra = json.loads(activity(errorCode=7, sourceIPAddress="AWS Internal", vpcEndpointId="vpce-1")["extra"])
    assert (extra["errorCode"], extra["sourceIPAddress"], extra["vpcEndpointId"]) == (7, "AWS Internal", "vpce-1")


def test_a_torn_delivery_keeps_its_whole_events():
    data = json.dumps({"Records": [PLAIN, PLAIN]}).encode()[:-30]
    books, found = read(data)
    assert (books.records, books.quarantined, len(found["cloud_activity"])) == (1, 1, 1)


def test_a_delivery_may_lie_over_several_lines():
    data = json.dumps({"Records": [PLAIN, PLAIN]}).replace("}, {", "},\n{").encode()
    books, _ = read(data)
    assert (books.records, books.quarantined) == (2, 0)


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        (PLAIN, Grade.STRONG),
        ({"Records": [PLAIN]}, Grade.STRONG),
        ([PLAIN], Grade.STRONG),
        ({"detail-type": "AWS API Call via CloudTrail", "detail": PLAIN}, Grade.STRONG),
        ({"logEvents": [{"message": json.dumps(PLAIN)}]}, Grade.STRONG),
        ({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put"}]}, Grade.NONE),
        ({"text": "eventSource eventName"}, Grade.NONE),
        ([1, 2], Grade.NONE),
    ],
)
def test_recognition(value, grade):
    assert cloudtrail.recognise(json.dumps(value).encode(), "x") == grade


def test_a_first_event_longer_than_the_head_is_still_recognised():
    data = json.dumps({"Records": [PLAIN | {"requestParameters": {"userData": "x" * 100_000}}]}).encode()
    assert recognise_head(data[:65_536], "x").chosen == "cloudtrail"
    assert read(data)[0].records == 1


def reference(shared) -> dict[str, bytes]:
    folder = shared / "data" / "billing_and_assets"
    files = [path for name in ("invictus", "") for path in sorted((folder / "cloudtrail" / name).glob("*.json"))]
    files += [*sorted((folder / "cloudtrail_stratus").glob("*.json")), *(folder / "cloudtrail_quota").glob("*.json")]
    found = {path.name: path.read_bytes() for path in files}
    with zipfile.ZipFile(folder / "cloudtrail_otrf" / "ec2_proxy_s3_exfiltration.zip") as archive:
        found |= {name: archive.read(name) for name in archive.namelist()}
    return found


@pytest.mark.shared
@pytest.mark.slow
def test_reference_trails(shared):
    """2,284 events with as many ids in the two collections, none lost; the two refusals for want of vCPUs are there."""
    ids, refused, quota = [], {}, []
    for name, data in reference(shared).items():
        assert recognise_head(data[:65_536], "intake/0001").chosen == "cloudtrail", name
        books, found = golden.tables_of(Source.of_bytes(data), cloudtrail)
        assert books.quarantined == 0, name
        rows = found["cloud_activity"]
        for row in rows.select(["event_id", "error_code", "operation", "offset", "length", "ts"]).to_pylist():
            own = json.loads(data[row["offset"] : row["offset"] + row["length"]])
            assert own.get("eventID") == row["event_id"]
            if "ec2_proxy" not in name and "request_quota" not in name:
                ids.append(row["event_id"])
            if row["error_code"] == "Client.VcpuLimitExceeded":
                refused[row["event_id"]] = row["ts"].isoformat()
            quota += [row["operation"]] if row["operation"] == "RequestServiceQuotaIncrease" else []
    assert (len(ids), len(set(ids))) == (2284, 2284)
    assert refused == {
        "8e865acb-b1e1-41d1-bdf3-47462f79d24c": "2023-07-10T12:06:42+00:00",
        "2f4876ba-b0fc-4a24-b406-bef4dcc9656f": "2023-07-10T12:09:31+00:00",
    }
    assert quota == ["RequestServiceQuotaIncrease"]


@pytest.mark.shared
def test_reference_events_are_read_as_ocsf_reads_them(shared):
    files = sorted((shared / "data/netflow/ocsf/AWS/v1.0.0-rc.2/CloudTrail").rglob("*.raw"))
    assert len(files) == 2
    for path in files:
        data = path.read_bytes()
        assert recognise_head(data, "intake/0001").chosen == "cloudtrail"
        row = read(data)[1]["cloud_activity"][0]
        ocsf = json.loads(path.with_suffix(".ocsf").read_text())
        assert row["operation"] == ocsf["api"]["operation"]
        assert row["event_id"] == ocsf["metadata"]["uid"]
        assert row["address"] == ocsf["src_endpoint"]["ip"]
        assert row["succeeded"] == (ocsf.get("status", "Success") == "Success")
