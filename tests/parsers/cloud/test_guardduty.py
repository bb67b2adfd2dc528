"""GuardDuty: who and what a finding is about, and that generated samples are marked."""

from __future__ import annotations

import json
from typing import Any

import golden
import pytest

from parsers.cloud import guardduty
from parsers.contract import Grade
from parsers.formats import recognise_head
from parsers.source import Source

PLAIN = {
    "type": "CryptoCurrency:EC2/BitcoinTool.B",
    "severity": 8,
    "createdAt": "2026-03-01T10:00:00.5Z",
    "arn": "arn:aws:guardduty:eu-west-1:111122223333:detector/d/finding/f",
}
CONNECTION = {
    "localIpDetails": {"ipAddressV4": "10.0.0.7"},
    "localPortDetails": {"port": 40000},
    "remoteIpDetails": {"ipAddressV4": "198.51.100.9"},
    "remotePortDetails": {"port": 3333},
}


def alert(**members: Any) -> dict[str, Any]:
    _, found = golden.tables_of(Source.of_bytes(json.dumps(PLAIN | members).encode()), guardduty)
    return golden.rows_of(found["alert"])[0]


def connected(direction: str) -> dict[str, Any]:
    return {"action": {"networkConnectionAction": CONNECTION | {"connectionDirection": direction}}}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, {"severity": "8", "category": "CryptoCurrency", "is_sample": None, "ts_precision_us": 100_000}),
        ({"severity": 8.50}, {"severity": "8.5"}),
        ({"service": {"additionalInfo": {}}}, {"is_sample": False}),
        ({"service": {"additionalInfo": {"sample": True}}}, {"is_sample": True}),
        ({"service": {"additionalInfo": {"value": '{"sample":true}'}}}, {"is_sample": True}),
        ({"service": {"additionalInfo": {"value": "sample"}}}, {"is_sample": False}),
        ({"service": connected("OUTBOUND")}, {"src_address": "10.0.0.7", "dst_address": "198.51.100.9"}),
        ({"service": connected("OUTBOUND")}, {"src_port": 40000, "dst_port": 3333}),
        ({"service": connected("INBOUND")}, {"src_address": "198.51.100.9", "dst_address": "10.0.0.7"}),
        ({"service": connected("UNKNOWN")}, {"src_address": None, "dst_address": None}),
        ({"resource": {"lambdaDetails": {"functionArn": "arn:f"}}}, {"resource_id": "arn:f"}),
        ({"createdAt": "2026-03-01 10:00:00"}, {"notes": ["zone_not_printed"], "ts": "2026-03-01T10:00:00.000000Z"}),
    ],
)
def test_values(members, expected):
    found = alert(**members)
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        (PLAIN, Grade.STRONG),
        (
            {
                "Findings": [
                    {"SchemaVersion": "2.0", "Type": "a", "Severity": 1, "Service": {"ServiceName": "guardduty"}}
                ]
            },
            3,
        ),
        ({"detail": PLAIN, "detail-type": "GuardDuty Finding"}, Grade.STRONG),
        ({"type": "guardduty", "severity": 1}, Grade.NONE),
        ({"text": "guardduty"}, Grade.NONE),
    ],
)
def test_recognition(value, grade):
    assert guardduty.recognise(json.dumps(value).encode(), "x") == grade


@pytest.mark.shared
def test_findings_of_a_rule_set(rule_logs):
    """A rule that passes over samples: its verdict is the mark turned round."""
    logs = rule_logs("aws_guardduty_critical_sev_findings")
    data = "\n".join(json.dumps(log) for log, _ in logs).encode()
    assert recognise_head(data, "x").chosen == "guardduty"
    books, found = golden.tables_of(Source.of_bytes(data), guardduty)
    assert (books.records, books.quarantined) == (len(logs), 0)
    assert found["alert"].column("is_sample").to_pylist() == [not verdict for _, verdict in logs] == [False, True]
