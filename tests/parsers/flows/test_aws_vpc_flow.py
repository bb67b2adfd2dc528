"""AWS VPC flow logs as text: fields in any order or in none that is named, gaps, and a vendor's reading of the same."""

from __future__ import annotations

import json
from typing import Any

import golden
import pytest

from parsers.contract import Grade
from parsers.flows import aws_vpc_flow
from parsers.flows.vpc_fields import ORDERS, field_names
from parsers.formats import recognise_head
from parsers.source import Source

HEADER = (
    "srcaddr dstaddr srcport dstport protocol packets bytes start end action tcp-flags pkt-srcaddr pkt-dstaddr"
    " interface-id log-status"
)
PLAIN = {
    "srcaddr": "192.0.2.1",
    "dstaddr": "198.51.100.1",
    "srcport": "40001",
    "dstport": "3333",
    "protocol": "6",
    "packets": "3",
    "bytes": "180",
    "start": "1772600767",
    "end": "1772600827",
    "action": "ACCEPT",
    "tcp-flags": "2",
    "pkt-srcaddr": "-",
    "pkt-dstaddr": "-",
    "interface-id": "eni-1",
    "log-status": "OK",
}
NOTHING = dict.fromkeys(PLAIN, "-") | {"interface-id": "eni-1"}
DEFAULT = "2 123456789012 eni-1 192.0.2.1 198.51.100.1 40001 3333 6 3 180 1772600767 1772600827 ACCEPT OK"


def tables(*lines: str) -> dict[str, list[dict[str, Any]]]:
    _, found = golden.tables_of(Source.of_bytes(("\n".join(lines) + "\n").encode()), aws_vpc_flow)
    return {name: golden.rows_of(table) for name, table in found.items()}


def read(cells: dict[str, str], plain: dict[str, str] = PLAIN) -> dict[str, list[dict[str, Any]]]:
    return tables(HEADER, " ".join((plain | cells)[name] for name in HEADER.split()))


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, {"ts": "2026-03-04T05:06:07.000000Z", "ts_end": "2026-03-04T05:07:07.000000Z", "duration_us": 60_000_000}),
        ({}, {"ts_precision_us": 1_000_000, "src_bytes": 180, "src_packets": 3, "bytes_layer": "ip", "protocol": 6}),
        ({}, {"directionality": "one_way", "initiator_known": False, "dst_bytes": None, "dst_packets": None}),
        ({}, {"src_port": 40001, "dst_port": 3333, "tcp_flags": 2, "sensor": "eni-1", "notes": None, "extra": None}),
        ({}, {"action": "allow"}),
        ({"action": "REJECT"}, {"action": "deny"}),
        ({"action": "-"}, {"action": None}),
        ({"protocol": "1", "srcport": "0", "dstport": "0"}, {"src_port": None, "dst_port": None, "tcp_flags": None}),
        (
            {"protocol": "1", "dstport": "8"},
            {"dst_port": None, "extra": '{"srcport":"40001","dstport":"8","tcp-flags":"2"}'},
        ),
        ({"protocol": "-"}, {"protocol": None, "src_port": 40001}),
        ({"srcaddr": "2001:DB8:0:0::1"}, {"src_address": "2001:db8::1"}),
        ({"pkt-dstaddr": "198.51.100.1"}, {"dst_address": "198.51.100.1", "notes": None, "extra": None}),
        (
            {"pkt-dstaddr": "203.0.113.5"},
            {"dst_address": "203.0.113.5", "notes": ["addresses_of_packet"], "extra": '{"dstaddr":"198.51.100.1"}'},
        ),
        ({"srcaddr": "-", "pkt-srcaddr": "203.0.113.5"}, {"src_address": "203.0.113.5", "notes": None}),
        ({"end": "1772600766"}, {"ts_end": "2026-03-04T05:06:06.000000Z", "duration_us": None}),
        ({"start": "-", "end": "-"}, {"ts": None, "ts_end": None, "duration_us": None, "ts_precision_us": None}),
        ({"start": "1772600767250"}, {"ts": "2026-03-04T05:06:07.250000Z", "ts_precision_us": 1000}),
        ({"bytes": "18446744073709551615"}, {"src_bytes": 2**64 - 1}),
        ({"log-status": "-"}, {"src_bytes": 180}),
        ({"log-status": "LATE"}, {"src_bytes": 180, "extra": '{"log-status":"LATE"}'}),
    ],
)
def test_values(cells, expected):
    found = read(cells)
    assert set(found) == {"flow"}
    [row] = found["flow"]
    assert {key: row.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"srcaddr": "pool.example"}, "srcaddr is no address"),
        ({"pkt-dstaddr": "1.2.3"}, "pkt-dstaddr is no address"),
        ({"srcport": "65536"}, "srcport is no number up to 65535"),
        ({"protocol": "tcp"}, "protocol is no number up to 255"),
        ({"tcp-flags": "256"}, "tcp-flags is no number up to 255"),
        ({"packets": "1.5"}, "packets is no whole number"),
        ({"bytes": "18446744073709551616"}, "bytes is no whole number"),
        ({"start": "2026-03-04 05:06:07", "log-status": "NODATA"}, "16 fields where 15 are due"),
        ({"start": "2026-03-04T05:06:07"}, "start is no time"),
        ({"end": "soon"}, "end is no time"),
        ({"action": "MAYBE"}, "the action is neither ACCEPT nor REJECT"),
    ],
)
def test_what_is_wrong_is_turned_down(cells, reason):
    found = read(cells)
    assert set(found) == {"quarantine"}
    assert [row["reason"] for row in found["quarantine"]] == [reason]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"log-status": "NODATA", "start": "1772600767", "end": "1772600827"}, "no_traffic"),
        ({"log-status": "SKIPDATA"}, "records_skipped"),
        ({}, "nothing_told"),
    ],
)
def test_gaps_are_no_flows(cells, reason):
    found = read(cells, NOTHING)
    assert set(found) == {"coverage_gap"}
    [gap] = found["coverage_gap"]
    assert (gap["reason"], gap["record"], gap["part"]) == (reason, 1, 0)
    assert gap.get("ts") == ("2026-03-04T05:06:07.000000Z" if "start" in cells else None)


def test_a_record_that_says_skipdata_and_tells_a_flow_makes_both():
    found = read({"log-status": "SKIPDATA"})
    assert [(row["record"], row["part"]) for row in found["flow"]] == [(1, 0)]
    assert [(row["record"], row["part"], row["reason"]) for row in found["coverage_gap"]] == [(1, 1, "records_skipped")]


def test_gaps_between_flows_keep_their_places():
    lines = [DEFAULT, DEFAULT.replace("OK", "NODATA"), "broken", DEFAULT, "2 1 e - - - - - - - 1 2 - NODATA"]
    found = tables(*lines)
    assert [(row["record"], row["line"]) for row in found["flow"]] == [(1, 1), (2, 2), (4, 4)]
    assert [(row["record"], row["line"], row["part"]) for row in found["coverage_gap"]] == [(2, 2, 1), (5, 5, 0)]
    assert [row["record"] for row in found["quarantine"]] == [3]


@pytest.mark.parametrize("order", ORDERS, ids=len)
@pytest.mark.parametrize("prefix", ["", "2026-03-04T05:10:00.000Z "])
def test_every_documented_order_is_read_without_header(order, prefix):
    values = PLAIN | {"version": "2", "account-id": "123456789012", "tgw-id": "tgw-1"}
    data = (prefix + " ".join(values.get(name, "-") for name in order) + "\n").encode()
    assert recognise_head(data, "000000").chosen == "aws_vpc_flow"
    [row] = tables(data.decode().rstrip())["flow"]
    assert (row["src_address"], row["dst_port"], row["src_bytes"]) == ("192.0.2.1", 3333, 180)
    assert row.get("notes") == (None if len(order) == 14 else ["assumed_field_order"])


@pytest.mark.parametrize(
    "head",
    [
        b"Phony unsupported log format.\n",
        b"2 files removed from the folder in 5 6 7 8 9 seconds OK\n",
        DEFAULT.replace("ACCEPT", "PERHAPS").encode(),
        DEFAULT.replace(" OK", " FINE").encode(),
        b"start end bytes\n1 2 3\n",
        b"srcaddr srcaddr dstaddr\n",
        b"\n\n",
    ],
)
def test_what_is_not_recognised(head):
    assert aws_vpc_flow.recognise(head, "vpc-flow-log.gz") is Grade.NONE


def test_a_head_may_begin_with_damage_and_end_anywhere():
    torn = (DEFAULT[40:] + "\n" + DEFAULT + "\n" + DEFAULT + "\n").encode()
    assert aws_vpc_flow.recognise(torn, "x") is Grade.STRONG
    assert len(tables(torn.decode().rstrip())["flow"]) == 2
    full = (DEFAULT + "\n").encode() * 1000
    assert aws_vpc_flow.recognise(full[:65_536], "x") is Grade.STRONG


def test_what_insights_exports_and_what_others_call_the_same():
    header = "@timestamp,interfaceId,srcAddr,dstAddr,srcPort,dstPort,protocol,bytes,start,end,logStatus"
    line = "2026-03-04 05:06:07.000,eni-1,192.0.2.1,198.51.100.1,40001,3333,6,180,1772600767,1772600827,OK"
    assert recognise_head(f"{header}\n{line}\n".encode(), "x").chosen == "aws_vpc_flow"
    [row] = tables(header, line)["flow"]
    assert (row["sensor"], row["src_address"], row["dst_port"], row["src_bytes"]) == ("eni-1", "192.0.2.1", 3333, 180)
    assert row["extra"] == '{"@timestamp":"2026-03-04 05:06:07.000"}'
    assert field_names(("firstSeen", "proto", "srcAddr", "srcPort", "dstAddr", "dstPort", "packets", "bytes")) is None


def test_field_names_of_other_exports():
    assert field_names(("account_id", "srcaddr", "log_status")) == ("account-id", "srcaddr", "log-status")
    assert field_names(("srcaddr", "dstaddr", "a", "b", "c", "d")) is None


# --- against the vendor's own expected values -------------------------------------------------------------------------


def test_a_vendors_reading_of_the_same_lines(shared):
    folder = shared / "data" / "netflow" / "aws_vpcflow"
    data = (folder / "test-extra-samples.log").read_bytes()
    expected = json.loads((folder / "test-extra-samples.log-expected.reduced.json").read_bytes())
    found = tables(*data.decode().split("\n"))
    rows = {row["line"]: row for row in [*found["flow"], *found["coverage_gap"]]}
    assert len(rows) == len(expected) == 7
    for line, wanted in enumerate(expected, 1):
        row = rows[line]
        assert row["ts"][:23] + "Z" == wanted["event.start"]
        assert row["ts_end"][:23] + "Z" == wanted["event.end"]
        assert ("reason" in row) == (wanted["aws.vpcflow.log_status"] != "OK")
        if "reason" in row:
            continue
        assert row["src_address"] == wanted["source.ip"]
        assert row["dst_address"] == wanted["destination.ip"]
        assert str(row["protocol"]) == wanted["network.iana_number"]
        assert (row["src_bytes"], row["src_packets"]) == (wanted["source.bytes"], wanted["source.packets"])
        assert row["action"] == wanted["event.outcome"]
        if row["protocol"] == 6:
            assert (row["src_port"], row["dst_port"]) == (wanted["source.port"], wanted["destination.port"])


@pytest.mark.parametrize(
    ("name", "flows", "gaps"),
    [
        ("tcp-flag-sequence.log", 1, 0),
        ("test-tgw-samples.log", 2, 1),
        ("test-v5-all-fields.log", 1, 0),
        ("test-v8-samples.log", 1, 1),
    ],
)
def test_real_samples_of_every_version(shared, name, flows, gaps):
    data = (shared / "data" / "netflow" / "aws_vpcflow" / name).read_bytes()
    assert recognise_head(data, "intake/000017").chosen == "aws_vpc_flow"
    found = tables(*data.decode().rstrip().split("\n"))
    assert (len(found["flow"]), len(found.get("coverage_gap", []))) == (flows, gaps)
    assert "quarantine" not in found
