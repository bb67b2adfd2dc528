"""Azure flow logs: each tuple a record of its own, with what stands around it before or behind."""

from __future__ import annotations

import json
from typing import Any

import golden
import pytest

from parsers.contract import Grade
from parsers.flows import azure_flow_log
from parsers.formats import recognise_head
from parsers.source import Source

GROUP = "1772600767,192.0.2.1,198.51.100.1,40001,3333,T,O,A,E,3,180,2,90"
NETWORK = "1772600767250,192.0.2.1,198.51.100.1,40001,3333,6,O,E,NX,3,180,2,90"


def group(*tuples: Any) -> dict[str, Any]:
    inner = {"rule": "r", "flows": [{"mac": "000D3A", "flowTuples": list(tuples)}]}
    return {"time": "2026-03-04T05:07:00Z", "properties": {"Version": 2, "flows": [inner]}}


def network(*tuples: Any) -> dict[str, Any]:
    flows = [{"aclID": "a", "flowGroups": [{"rule": "r", "flowTuples": list(tuples)}]}]
    return {"time": "2026-03-04T05:07:00Z", "macAddress": "00224", "flowRecords": {"flows": flows}}


def read(data: bytes) -> dict[str, list[dict[str, Any]]]:
    books, found = golden.tables_of(Source.of_bytes(data), azure_flow_log)
    assert books.stream_bytes == len(data)
    return {name: golden.rows_of(table) for name, table in found.items()}


def flow(text: str, **changes: str) -> dict[str, Any]:
    fields = text.split(",")
    for place, value in changes.items():
        fields[int(place[1:])] = value
    record = group if len(fields[0]) == 10 else network
    found = read(json.dumps(record(",".join(fields))).encode())
    return found["flow"][0] if "flow" in found else {"reason": found["quarantine"][0]["reason"]}


@pytest.mark.parametrize(
    ("text", "changes", "expected"),
    [
        (
            GROUP,
            {},
            {"ts": "2026-03-04T05:06:07.000000Z", "ts_precision_us": 1_000_000, "protocol": 6, "sensor": "000D3A"},
        ),
        (GROUP, {}, {"src_bytes": 180, "src_packets": 3, "dst_bytes": 90, "dst_packets": 2, "directionality": "both"}),
        (GROUP, {}, {"state": "E", "action": "allow", "initiator_known": True, "bytes_layer": None, "ts_end": None}),
        (GROUP, {"f7": "D"}, {"action": "deny"}),
        (GROUP, {"f5": "U"}, {"protocol": 17}),
        (GROUP, {"f8": "B", "f9": "", "f10": "", "f11": "", "f12": ""}, {"state": "B", "src_bytes": None}),
        (",".join(GROUP.split(",")[:8]), {}, {"state": None, "src_bytes": None, "action": "allow"}),
        (NETWORK, {}, {"ts": "2026-03-04T05:06:07.250000Z", "ts_precision_us": 1000, "sensor": "00224"}),
        (NETWORK, {"f7": "D"}, {"action": "deny", "state": "D"}),
        (NETWORK, {"f7": "B"}, {"action": "allow", "state": "B"}),
        (NETWORK, {"f5": "58"}, {"protocol": 58, "src_port": None}),
        (NETWORK, {"f1": "2001:DB8::1"}, {"src_address": "2001:db8::1"}),
        (GROUP, {"f0": "soon      "}, {"reason": "no time, protocol, action or count"}),
        (GROUP, {"f5": "I"}, {"reason": "no time, protocol, action or count"}),
        (GROUP, {"f7": "X"}, {"reason": "no time, protocol, action or count"}),
        (GROUP, {"f10": "many"}, {"reason": "no time, protocol, action or count"}),
        (GROUP, {"f8": "Z"}, {"reason": "no state of a flow"}),
        (GROUP, {"f1": "vm"}, {"reason": "no address"}),
        (GROUP, {"f3": "65536"}, {"reason": "no port"}),
        (GROUP, {"f6": "X"}, {"reason": "neither inbound nor outbound"}),
        (NETWORK, {"f5": "256"}, {"reason": "no time, protocol or count"}),
        (NETWORK, {"f7": "Z"}, {"reason": "no state of a flow"}),
        (NETWORK, {"f12": "-1"}, {"reason": "no time, protocol or count"}),
    ],
)
def test_values(text, changes, expected):
    found = flow(text, **changes)
    assert {key: found.get(key) for key in expected} == expected


def as_blob(records):
    return json.dumps({"records": records}).encode()


def as_sorted(records):
    return json.dumps({"records": records}, indent=1, sort_keys=True).encode()


def as_array(records):
    return json.dumps(records).encode()


def as_lines(records):
    return b"\n".join(json.dumps(record).encode() for record in records) + b"\n"


@pytest.mark.parametrize("wrap", [as_blob, as_sorted, as_array, as_lines])
@pytest.mark.parametrize(("record", "text"), [(group, GROUP), (network, NETWORK)])
def test_every_wrapping_gives_the_same_rows_in_their_own_bytes(wrap, record, text):
    tuples = [text.replace("40001", str(port)) for port in range(1, 6)]
    data = wrap([record(*tuples[:2]), record(), record(*tuples[2:])])
    assert recognise_head(data, "PT1H").chosen == "azure_flow_log"
    found = read(data)
    assert "quarantine" not in found
    assert [row["record"] for row in found["flow"]] == [1, 2, 3, 4, 5]
    for row in found["flow"]:
        assert json.loads(data[row["offset"] : row["offset"] + row["length"]]) == tuples[row["record"] - 1]
        assert row["sensor"] == ("000D3A" if record is group else "00224")
        told = json.loads(row["extra"])
        assert (told["rule"], told["time"], told["direction"]) == ("r", "2026-03-04T05:07:00Z", "O")


@pytest.mark.parametrize("cut", range(10, 230, 13))
def test_a_blob_cut_anywhere_keeps_its_whole_tuples(cut):
    data = as_blob([group(GROUP, GROUP)])[:cut]
    whole = data.count(GROUP.encode() + b'"')
    assert len(read(data).get("flow", [])) == whole


def test_a_damaged_line_takes_no_other_with_it():
    data = as_lines([group(GROUP)]) + b'{"properties":{"flows":[{]}\n' + as_lines([group(GROUP, 7, "a,b")])
    found = read(data)
    assert [row["record"] for row in found["flow"]] == [1, 3]
    assert [row["reason"] for row in found["quarantine"]][1:] == ["a tuple that is no text", "a tuple of 2 values"]


@pytest.mark.parametrize(
    ("head", "grade"),
    [
        (as_blob([group()]), Grade.NONE),
        (as_blob([group() | {"category": "NetworkSecurityGroupFlowEvent"}]), Grade.STRONG),
        (b'{"flowTuples":["1,2,3"]}', Grade.NONE),
        (as_blob([group("1,2,3")]), Grade.NONE),
        (b'{"a":"NetworkSecurityGroupFlowEvent"}', Grade.NONE),
        (b'"flowTuples"', Grade.NONE),
    ],
)
def test_recognition(head, grade):
    assert azure_flow_log.recognise(head, "PT1H.json") is grade


@pytest.mark.parametrize(("name", "rows"), [("test-nsg.log", 1), ("test-vnet.log", 2)])
def test_real_samples(shared, name, rows):
    data = (shared / "data" / "netflow" / "azure_flow" / name).read_bytes()
    assert recognise_head(data, "intake/9").chosen == "azure_flow_log"
    found = read(data)
    assert len(found["flow"]) == rows
    assert "quarantine" not in found
    for row in found["flow"]:
        fields = json.loads(data[row["offset"] : row["offset"] + row["length"]]).split(",")
        assert [row["src_address"], row["dst_address"], str(row["src_port"]), str(row["dst_port"])] == fields[1:5]
        assert [str(row[name]) for name in ("src_packets", "src_bytes", "dst_packets", "dst_bytes")] == fields[9:]
