"""Security Hub: whose finding it is, several in one event, a real one as OCSF reads it."""

from __future__ import annotations

import json
from typing import Any

import golden
import pytest

from parsers.cloud import guardduty, security_hub
from parsers.contract import Grade
from parsers.formats import recognise_head
from parsers.source import Source

PLAIN = {
    "Id": "f-1",
    "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/inspector",
    "GeneratorId": "g",
    "AwsAccountId": "111122223333",
    "CreatedAt": "2026-03-01T10:00:00Z",
    "Resources": [{"Id": "i-1"}],
}


def alert(**members: Any) -> dict[str, Any]:
    data = json.dumps(PLAIN | members).encode()
    return golden.rows_of(golden.tables_of(Source.of_bytes(data), security_hub)[1]["alert"])[0]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, {"product": "inspector", "rule": "g", "category": None, "severity": None, "resource_id": "i-1"}),
        ({"Types": ["TTPs/Impact/X"]}, {"rule": "TTPs/Impact/X", "category": "TTPs"}),
        ({"Severity": {"Normalized": 40}}, {"severity": "40"}),
        ({"Severity": {"Normalized": 40, "Label": "LOW"}}, {"severity": "LOW"}),
        ({"Sample": True}, {"is_sample": True}),
        ({"Sample": False}, {"is_sample": False}),
        ({}, {"is_sample": None}),
        ({"Network": {"SourceIpV6": "2001:DB8::1", "DestinationPort": 70000}}, {"src_address": "2001:db8::1"}),
        ({"Network": {"DestinationPort": 70000}}, {"dst_port": None}),
    ],
)
def test_values(members, expected):
    found = alert(**members)
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        (PLAIN, Grade.STRONG),
        ({"Findings": [PLAIN]}, Grade.STRONG),
        ({"detail": {"findings": [PLAIN, PLAIN]}}, Grade.STRONG),
        ({"detail": {"findings": [PLAIN, {"ProductArn": "GeneratorId"}]}}, Grade.NONE),
        (PLAIN | {"Resources": None}, Grade.NONE),
    ],
)
def test_recognition(value, grade):
    data = json.dumps(value).encode()
    assert security_hub.recognise(data, "x") == grade
    assert guardduty.recognise(data, "x") == Grade.NONE


@pytest.mark.shared
def test_reference_findings_are_read_as_ocsf_reads_them(shared):
    files = sorted((shared / "data/netflow/ocsf/AWS/v1.1.0/Security_Hub").rglob("*.raw"))
    assert len(files) == 3
    for path in files:
        data = path.read_bytes()
        assert recognise_head(data[:65_536], "intake/0001").chosen == "security_hub", path.name
        books, found = golden.tables_of(Source.of_bytes(data), security_hub)
        assert (books.records, books.quarantined) == (1, 0)
        row = found["alert"].to_pylist()[0]
        ocsf = json.loads(path.with_suffix(".ocsf").read_text())
        info = ocsf.get("finding_info") or ocsf.get("finding")
        assert (row["title"], row["product"]) == (info["title"], ocsf["metadata"]["product"]["name"])
        assert row["severity"].lower() == ocsf["severity"].lower()
        told = [value["value"] for value in ocsf.get("observables", []) if value["type"] == "IP Address"]
        assert row["src_address"] in (told or [None])
