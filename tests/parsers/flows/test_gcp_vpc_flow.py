"""Google Cloud VPC flow logs: what entries say, and what they do not."""

from __future__ import annotations

import json
from typing import Any

import golden
import pytest

from parsers.contract import Grade
from parsers.flows import gcp_vpc_flow
from parsers.formats import recognise_head
from parsers.source import Source

CONNECTION = {"src_ip": "192.0.2.1", "src_port": 40001, "dest_ip": "198.51.100.1", "dest_port": 3333, "protocol": 6}
PAYLOAD = {
    "bytes_sent": "180",
    "packets_sent": "3",
    "start_time": "2026-03-04T05:06:07.123456789Z",
    "end_time": "2026-03-04T05:06:08.123456Z",
}


def read(data: bytes) -> dict[str, list[dict[str, Any]]]:
    _, found = golden.tables_of(Source.of_bytes(data), gcp_vpc_flow)
    return {name: golden.rows_of(table) for name, table in found.items()}


def flow(payload: dict[str, Any], **connection: Any) -> dict[str, Any]:
    entry = {"jsonPayload": PAYLOAD | {"connection": CONNECTION | connection} | payload}
    [row] = read(json.dumps(entry).encode())["flow"]
    return row


@pytest.mark.parametrize(
    ("payload", "connection", "expected"),
    [
        ({}, {}, {"ts": "2026-03-04T05:06:07.123456Z", "ts_remainder_ns": 789, "ts_precision_us": 1}),
        ({}, {}, {"ts_end": "2026-03-04T05:06:08.123456Z", "duration_us": 1_000_000, "src_bytes": 180}),
        ({}, {}, {"directionality": "one_way", "initiator_known": False, "notes": ["sampled"], "bytes_layer": None}),
        ({"bytes_sent": 180}, {}, {"src_bytes": 180}),
        ({"bytes_sent": str(2**64 - 1)}, {}, {"src_bytes": 2**64 - 1}),
        ({"bytes_sent": "-1"}, {}, {"src_bytes": None, "extra": '{"jsonPayload":{"bytes_sent":"-1"}}'}),
        ({"bytes_sent": "٣"}, {}, {"src_bytes": None}),
        ({"bytes_sent": True}, {}, {"src_bytes": None}),
        ({"start_time": "2026-03-04T05:06:07"}, {}, {"ts": None, "ts_local": None, "duration_us": None}),
        ({}, {"protocol": 1, "src_port": 0, "dest_port": 0}, {"src_port": None, "dst_port": None, "extra": None}),
        ({}, {"protocol": 1, "src_port": 5}, {"src_port": None}),
        ({}, {"protocol": 300}, {"protocol": None, "src_port": 40001}),
        ({}, {"src_ip": "2001:DB8::1"}, {"src_address": "2001:db8::1"}),
        ({"reporter": "SRC", "src_instance": {"vm_name": "a"}, "dest_instance": {"vm_name": "b"}}, {}, {"sensor": "a"}),
        (
            {"reporter": "DEST", "src_instance": {"vm_name": "a"}, "dest_instance": {"vm_name": "b"}},
            {},
            {"sensor": "b"},
        ),
        ({"reporter": "DEST", "src_instance": {"vm_name": "a"}}, {}, {"sensor": None}),
        ({"reporter": ["SRC"], "src_instance": 7}, {}, {"sensor": None}),
    ],
)
def test_values(payload, connection, expected):
    found = flow(payload, **connection)
    assert {key: found.get(key) for key in expected} == expected


def test_entries_in_lines_arrays_and_lists_are_the_same():
    entries = [{"jsonPayload": PAYLOAD | {"connection": CONNECTION | {"src_port": port}}} for port in (1, 2, 3)]
    lines = "\n".join(map(json.dumps, entries)).encode()
    for data in (
        json.dumps(entries).encode(),
        json.dumps(entries, indent=2).encode(),
        json.dumps({"entries": entries}).encode(),
    ):
        assert recognise_head(data, "x").chosen == "gcp_vpc_flow"
        rows = read(data)["flow"]
        assert [row["src_port"] for row in rows] == [1, 2, 3]
        for row in rows:
            assert json.loads(data[row["offset"] : row["offset"] + row["length"]]) == entries[row["record"] - 1]
    assert [row["src_port"] for row in read(lines)["flow"]] == [1, 2, 3]


@pytest.mark.parametrize(
    "head",
    [
        b'{"jsonPayload":{"connection":{"src_ip":"192.0.2.1"},"disposition":"ALLOWED"}}\n',
        b'{"jsonPayload":{"connection":"lost","bytes_sent":1}}\n',
        b'{"jsonPayload":1,"connection":{}}\n',
        b'{"connection":{"src_ip":"192.0.2.1"},"bytes_sent":1}\n',
    ],
)
def test_other_logs_are_not_claimed(head):
    assert gcp_vpc_flow.recognise(head, "vpc_flows.json") is Grade.NONE


def test_the_real_sample(shared):
    data = (shared / "data" / "netflow" / "gcp_vpcflow" / "vpcflow.ndjson").read_bytes()
    assert recognise_head(data, "intake/9").chosen == "gcp_vpc_flow"
    found = read(data)
    assert "quarantine" not in found
    for row, text in zip(found["flow"], data.splitlines(), strict=True):
        payload = json.loads(text)["jsonPayload"]
        connection = payload["connection"]
        assert (row["src_address"], row["src_port"]) == (connection["src_ip"], connection["src_port"])
        assert (row["dst_address"], row["dst_port"]) == (connection["dest_ip"], connection["dest_port"])
        assert (str(row["src_bytes"]), str(row["src_packets"])) == (payload["bytes_sent"], payload["packets_sent"])
        assert payload["start_time"] == f"{row['ts'][:-1]}{row['ts_remainder_ns']:03}Z"
        assert payload["end_time"].startswith(row["ts_end"][:-1])
