"""Argus flow records: arrows, ports, times and bytes as ra prints them."""

from __future__ import annotations

import csv
import json
from collections import Counter
from typing import Any

import golden
import pytest

from parsers.contract import Grade
from parsers.flows import argus_csv
from parsers.formats import recognise_head
from parsers.source import Source

PLAIN = {
    "StartTime": "2026/03/04 05:06:07.250001",
    "Dur": "1.500000",
    "Proto": "tcp",
    "SrcAddr": "192.0.2.1",
    "Sport": "40001",
    "Dir": "   ->",
    "DstAddr": "198.51.100.1",
    "Dport": "3333",
    "State": "SPA_SPA",
    "TotPkts": "5",
    "SrcPkts": "3",
    "TotBytes": "500",
    "SrcBytes": "300",
    "Label": "",
}
FILES = ("test3-mixed", "test5-mixed", "test11-portscan")


def tables(**cells: str | None) -> dict[str, list[dict[str, Any]]]:
    names = [name for name in PLAIN | cells if cells.get(name, "") is not None]
    record = PLAIN | cells
    data = ",".join(names) + "\n" + ",".join(str(record[name]) for name in names) + "\n"
    _, found = golden.tables_of(Source.of_bytes(data.encode()), argus_csv)
    return {name: golden.rows_of(table) for name, table in found.items()}


def flow(**cells: str | None) -> dict[str, Any]:
    return tables(**cells)["flow"][0]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, {"ts_local": "2026-03-04T05:06:07.250001", "ts_end_local": "2026-03-04T05:06:08.750001"}),
        ({}, {"ts_precision_us": 1, "duration_us": 1_500_000, "bytes_layer": "frame", "directionality": "both"}),
        ({}, {"src_bytes": 300, "dst_bytes": 200, "src_packets": 3, "dst_packets": 2, "tcp_flags": 26}),
        ({"StartTime": "05:06:07.25"}, {"time_of_day_us": 18_367_250_000, "ts_precision_us": 10_000}),
        (
            {"StartTime": "1772600767.250001"},
            {"ts": "2026-03-04T05:06:07.250001Z", "ts_end": "2026-03-04T05:06:08.750001Z"},
        ),
        ({"StartTime": "2026-03-04T05:06:07Z"}, {"ts": "2026-03-04T05:06:07.000000Z", "ts_precision_us": 1_000_000}),
        ({"StartTime": "1970/01/01 01:00:00.0"}, {"notes": ["clock_near_1970"]}),
        ({"LastTime": "2026/03/04 05:06:09.0"}, {"ts_end_local": "2026-03-04T05:06:09.000000"}),
        ({"Dir": "  <->"}, {"initiator_known": True, "src_address": "192.0.2.1"}),
        ({"Dir": "   ?>"}, {"initiator_known": False, "src_address": "192.0.2.1"}),
        ({"Dir": "  <?>"}, {"initiator_known": False, "src_address": "192.0.2.1"}),
        ({"Dir": "   o>"}, {"initiator_known": True}),
        ({"Dir": ""}, {"initiator_known": False, "notes": None}),
        ({"Dir": None}, {"initiator_known": False, "notes": None}),
        ({"Dir": " talk ->"}, {"initiator_known": False, "notes": ["direction_unknown"]}),
        (
            {"Dir": "  <-"},
            {"initiator_known": True, "src_address": "198.51.100.1", "src_port": 3333, "dst_port": 40001},
        ),
        (
            {"Dir": "  <?"},
            {"initiator_known": False, "src_address": "198.51.100.1", "src_bytes": 200, "dst_bytes": 300},
        ),
        ({"Dir": "  <|"}, {"notes": ["source_and_destination_swapped"], "src_packets": 2, "dst_packets": 3}),
        ({"Sport": "0x01bb"}, {"src_port": 443}),
        ({"Dport": "https"}, {"dst_port": 443, "notes": ["port_from_service_name"]}),
        ({"Dport": "doom"}, {"dst_port": None, "notes": ["port_name_unknown"]}),
        ({"Dport": "65536"}, {"dst_port": None, "notes": ["port_name_unknown"]}),
        ({"Proto": "icmp", "Sport": "0x0303", "Dport": "0x0ecc"}, {"icmp_type": 3, "icmp_code": 3, "src_port": None}),
        ({"Proto": "ipv6-icmp", "Sport": "133", "Dport": "0"}, {"icmp_type": 133, "icmp_code": 0, "protocol": 58}),
        ({"Proto": "rtcp", "State": "CON"}, {"protocol": 17, "app_protocol": "rtcp", "src_port": 40001}),
        ({"Proto": "arp", "Sport": "", "Dport": ""}, {"protocol": None, "app_protocol": "arp", "tcp_flags": None}),
        ({"Proto": "47", "Sport": "", "Dport": ""}, {"protocol": 47, "app_protocol": None}),
        ({"SrcAddr": "00:00:5e:00:53:01"}, {"src_address": None, "notes": ["address_not_ip"]}),
        ({"State": "CON"}, {"tcp_flags": None, "state": "CON"}),
        ({"State": "S_"}, {"tcp_flags": 2}),
        ({"TotBytes": None, "DstBytes": "9"}, {"src_bytes": 300, "dst_bytes": 9}),
        ({"SrcBytes": None, "DstBytes": "9"}, {"src_bytes": 491, "dst_bytes": 9}),
        ({"SrcBytes": None}, {"src_bytes": None, "dst_bytes": None}),
        ({"SrcBytes": "501"}, {"src_bytes": 501, "dst_bytes": None, "notes": ["bytes_contradict"]}),
        ({"SAppBytes": "10", "DAppBytes": "20"}, {"src_payload_bytes": 10, "dst_payload_bytes": 20}),
    ],
)
def test_values(cells, expected):
    found = flow(**cells)
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("cells", "kept"),
    [
        ({"Label": "flow=X, y "}, None),
        ({"Label": "flow=X "}, {"Label": "flow=X "}),
        ({"SrcBytes": None}, {"TotBytes": "500"}),
        ({"Dport": "doom"}, {"Dport": "doom"}),
        ({"SrcAddr": "some-host"}, {"SrcAddr": "some-host"}),
        ({"Proto": "icmp", "Sport": "0x0008", "Dport": "0x0f72"}, {"Dport": "0x0f72"}),
        ({"sTos": "16"}, {"sTos": "16"}),
    ],
)
def test_what_has_no_column_is_kept(cells, kept):
    if kept is None:
        assert "quarantine" in tables(**cells)
        return
    extra = json.loads(flow(**cells)["extra"])
    assert kept.items() <= extra.items()


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"StartTime": "24:00:00"}, "StartTime is no time"),
        ({"StartTime": "2026/02/30 00:00:00"}, "StartTime is no time"),
        ({"LastTime": "later"}, "LastTime is no time"),
        ({"Dur": "-1.0"}, "Dur is no time span"),
        ({"TotBytes": "5e3"}, "TotBytes is no whole number"),
        ({"SrcPkts": "many"}, "SrcPkts is no whole number"),
    ],
)
def test_what_cannot_be_read_is_turned_down(cells, reason):
    assert tables(**cells)["quarantine"][0]["reason"] == reason


def test_what_argus_says_about_itself_is_read_and_makes_no_row():
    assert tables(Proto="man", SrcAddr="0", StartTime="never", Dir="") == {}


@pytest.mark.parametrize(
    ("head", "grade"),
    [
        (b"StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State\n", Grade.STRONG),
        (b"StartTime\tProto\tSrcAddr\tDstAddr\n", Grade.STRONG),
        (b"StartTime|Proto|SrcAddr|DstAddr\n", Grade.STRONG),
        (b"  StartTime , Proto,SrcAddr  ,DstAddr\n", Grade.STRONG),
        (b"StartTime,Proto,SrcAddr\n", Grade.NONE),
        (b"StartTime,Proto,SrcAddr,DstAddr,Proto\n", Grade.NONE),
    ],
)
def test_recognition(head, grade):
    assert argus_csv.recognise(head, "x") == grade


def reference(shared, name):
    if name == "lab":
        return shared / "data" / "lab" / "incident-a" / "evidence" / "network" / "argus.csv"
    return shared / "data" / "netflow" / "argus_binetflow" / f"{name}.binetflow"


@pytest.mark.shared
@pytest.mark.parametrize("name", ["lab", *FILES])
def test_reference_files_are_read_whole(shared, name):
    path = reference(shared, name)
    assert recognise_head(path.read_bytes()[:65_536], "intake/0001").chosen == "argus_csv"
    books, found = golden.tables_of(Source.of_file(path), argus_csv)
    text = path.read_text()
    records = list(csv.DictReader(text.splitlines(), delimiter="\t" if "\t" in text else ","))
    flows = [record for record in records if record["Proto"] != "man"]
    assert (books.records, books.quarantined) == (len(records), 0)
    rows = golden.rows_of(found["flow"])
    assert len(rows) == len(flows)
    labels = [json.loads(row["extra"]).get("Label", "") for row in rows]
    assert labels == [record.get("Label", "") for record in flows]
    for row, record in zip(rows, flows, strict=True):
        turned = "source_and_destination_swapped" in row.get("notes", [])
        total = int(record.get("TotBytes") or int(record["SrcBytes"]) + int(record["DstBytes"]))
        assert row["src_bytes"] + row["dst_bytes"] == total
        assert row["dst_bytes" if turned else "src_bytes"] == int(record["SrcBytes"])
        assert row.get("src_port") in {None, int(record["Sport"] or "0", 0)} or turned


@pytest.mark.shared
def test_the_mixed_file_keeps_its_labels(shared):
    _, found = golden.tables_of(Source.of_file(reference(shared, "test5-mixed")), argus_csv)
    labels = Counter(json.loads(row["extra"])["Label"].split("-")[0] for row in golden.rows_of(found["flow"]))
    lines = reference(shared, "test5-mixed").read_text().splitlines()[2:]
    assert labels == Counter(line.rsplit("\t", 1)[1].split("-")[0] for line in lines)


@pytest.mark.shared
def test_the_lab_sees_the_long_sessions_as_nfdump_does(shared):
    """Argus prints a status record a minute: together they are the flow that nfdump exported once, with 14 more bytes
    a packet for the Ethernet header."""
    _, found = golden.tables_of(Source.of_file(reference(shared, "lab")), argus_csv)
    rows = [row for row in golden.rows_of(found["flow"]) if row.get("dst_port") == 3333 and row["src_port"] == 56868]
    packets = sum(row["src_packets"] for row in rows)
    assert packets == 720
    assert sum(row["src_bytes"] for row in rows) == 57_388 + 14 * packets
