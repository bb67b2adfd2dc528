"""AWS VPC flow logs in JSON give the rows of the same logs as text, each with its own bytes."""

from __future__ import annotations

import json
from typing import Any

import golden
import pytest

from parsers.contract import Grade
from parsers.flows import aws_vpc_flow, aws_vpc_flow_json
from parsers.formats import recognise_head
from parsers.source import Source

FLOW = "2 123456789012 eni-1 192.0.2.1 198.51.100.1 40001 3333 6 3 180 1772600767 1772600827 ACCEPT OK"
GAP = "2 123456789012 eni-1 - - - - - - - 1772600827 1772600887 - SKIPDATA"
WIDE = f"{FLOW} vpc-1 subnet-1 i-1 18 IPv4 192.0.2.1 198.51.100.1"
LINES = [FLOW, GAP, WIDE, FLOW.replace("3333", "99999"), "something else", FLOW]


def read(data: bytes, parser=aws_vpc_flow_json) -> dict[str, list[dict[str, Any]]]:
    _, found = golden.tables_of(Source.of_bytes(data), parser)
    return {name: golden.rows_of(table) for name, table in found.items()}


def as_events(lines: list[str]) -> bytes:
    return json.dumps({"events": [{"message": line} for line in lines]}).encode()


def as_printed(lines: list[str]) -> bytes:
    return json.dumps({"events": [{"message": line} for line in lines]}, indent=4).encode()


def as_subscription(lines: list[str]) -> bytes:
    return b"".join(json.dumps({"logEvents": [{"message": line}]}).encode() for line in lines)


def as_lines(lines: list[str]) -> bytes:
    return b"\n".join(json.dumps({"message": line + "\n"}).encode() for line in lines)


@pytest.mark.parametrize("wrap", [as_events, as_printed, as_subscription, as_lines])
@pytest.mark.parametrize("at_once", [2, 8192])
def test_every_wrapping_gives_the_rows_of_the_text(wrap, at_once, monkeypatch):
    monkeypatch.setattr(aws_vpc_flow_json, "_AT_ONCE", at_once)
    data = wrap(LINES)
    found = read(data)
    wanted = read("\n".join(LINES).encode(), aws_vpc_flow)
    places = {"line", "offset", "length"}
    for table in ("flow", "coverage_gap"):
        for row, other in zip(found[table], wanted[table], strict=True):
            assert {key: row[key] for key in row.keys() - places} == {key: other[key] for key in other.keys() - places}
            element = json.loads(data[row["offset"] : row["offset"] + row["length"]])
            assert element["message"].rstrip() == LINES[row["record"] - 1]
    assert [row["record"] for row in found["quarantine"]] == [row["record"] for row in wanted["quarantine"]] == [4, 5]


def test_members_that_share_a_fields_name_are_kept_apart():
    [row] = read(json.dumps({"message": FLOW, "region": "a", "action": 7}).encode())["flow"]
    assert json.loads(row["extra"]) == {
        "version": "2",
        "account-id": "123456789012",
        "region": "a",
        "event action": "7",
    }
    assert row["action"] == "allow"


@pytest.mark.parametrize(
    "head",
    [
        b'{"message":"Accepted publickey for root"}\n',
        b'{"events":[{"message":"{\\"eventSource\\":\\"ec2.amazonaws.com\\"}"}]}\n',
        b'{"srcaddr":"192.0.2.1","other":1}\n',
        b'{"message":null}\n',
        b'"message"',
    ],
)
def test_what_is_not_recognised(head):
    assert aws_vpc_flow_json.recognise(head, "x") is Grade.NONE


def test_real_samples(shared):
    folder = shared / "data" / "netflow"
    shipped = (folder / "aws_vpcflow" / "test-with-message-field.log").read_bytes()
    assert recognise_head(shipped, "intake/1").chosen == "aws_vpc_flow_json"
    assert [row["reason"] for row in read(shipped)["coverage_gap"]] == ["no_traffic"]
    objects = (folder / "ocsf" / "dataprepper" / "AWS" / "v1.1.0" / "VPC_Flow" / "vpcflowlog.raw").read_bytes()
    assert recognise_head(objects, "intake/1").chosen == "aws_vpc_flow_json"
    [row] = read(objects)["flow"]
    wanted = json.loads(objects)[0]
    assert (row["src_address"], row["dst_port"], row["src_bytes"], row["action"]) == (
        wanted["srcaddr"],
        wanted["dstport"],
        wanted["bytes"],
        "deny",
    )
