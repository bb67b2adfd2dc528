"""nfdump's CSV, in its three generations: what its values mean, and what its own other outputs say."""

from __future__ import annotations

import csv
import json
import re
from typing import Any

import golden
import pytest

from parsers.contract import Grade
from parsers.flows import nfdump_csv
from parsers.formats import recognise_head
from parsers.source import Source

HEADER = (
    "firstSeen,lastSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,flags,packets,bytes,outPackets,outBytes,srcVlan"
)
PLAIN = {
    "firstSeen": "2026-03-04 05:06:07.250",
    "lastSeen": "2026-03-04 05:06:08.000",
    "duration": "0.750",
    "proto": "TCP",
    "srcAddr": "192.0.2.1",
    "srcPort": "40001",
    "dstAddr": "198.51.100.1",
    "dstPort": "3333",
    "flags": "...AP.S.",
    "packets": "3",
    "bytes": "180",
    "outPackets": "0",
    "outBytes": "0",
    "srcVlan": "0",
}


def tables(*lines: str) -> dict[str, list[dict[str, Any]]]:
    _, found = golden.tables_of(Source.of_bytes(("\n".join(lines) + "\n").encode()), nfdump_csv)
    return {name: golden.rows_of(table) for name, table in found.items()}


def flow(**cells: str) -> dict[str, Any]:
    line = ",".join((PLAIN | cells)[name] for name in HEADER.split(","))
    return tables(HEADER, line)["flow"][0]


def reason(**cells: str) -> str:
    line = ",".join((PLAIN | cells)[name] for name in HEADER.split(","))
    return tables(HEADER, line)["quarantine"][0]["reason"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, {"ts_local": "2026-03-04T05:06:07.250000", "ts_precision_us": 1000, "duration_us": 750_000}),
        ({}, {"ts_end_local": "2026-03-04T05:06:08.000000", "directionality": "one_way", "initiator_known": False}),
        ({}, {"src_bytes": 180, "src_packets": 3, "bytes_layer": "ip", "tcp_flags": 26, "protocol": 6}),
        (
            {"firstSeen": "2026-03-04 05:06:07"},
            {"ts_local": "2026-03-04T05:06:07.000000", "ts_precision_us": 1_000_000},
        ),
        ({"firstSeen": "1772600767.250"}, {"ts": "2026-03-04T05:06:07.250000Z", "ts_precision_us": 1000}),
        ({"firstSeen": "1772600767250"}, {"ts": "2026-03-04T05:06:07.250000Z", "ts_precision_us": 1000}),
        ({"duration": "01:00:00.250"}, {"duration_us": 3_600_250_000}),
        ({"duration": "2d 00:00:01.000"}, {"duration_us": 172_801_000_000}),
        ({"proto": "17"}, {"protocol": 17, "src_port": 40001}),
        ({"proto": "6    "}, {"protocol": 6}),
        ({"proto": "ICMP", "dstPort": "8.0"}, {"icmp_type": 8, "icmp_code": 0}),
        ({"proto": "ICMP6", "dstPort": "128.0"}, {"icmp_type": 128, "icmp_code": 0, "protocol": 58}),
        ({"proto": "ICMP", "dstPort": "769"}, {"icmp_type": 3, "icmp_code": 1}),
        ({"proto": "SCTP"}, {"protocol": 132, "src_port": 40001, "dst_port": 3333}),
        ({"srcAddr": "2001:DB8:0:0::1"}, {"src_address": "2001:db8::1"}),
        ({"flags": "0x1b"}, {"tcp_flags": 27}),
        ({"flags": ".AP.SF"}, {"tcp_flags": 27}),
        ({"flags": "........"}, {"tcp_flags": 0}),
        ({"outPackets": "2", "outBytes": "90"}, {"dst_packets": 2, "dst_bytes": 90, "directionality": "both"}),
        ({"bytes": "18446744073709551615"}, {"src_bytes": 2**64 - 1}),
        ({"srcVlan": "4095"}, {"vlan": 4095}),
    ],
)
def test_values(cells, expected):
    found = flow(**cells)
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("cells", "absent"),
    [
        ({}, {"ts", "ts_end", "dst_bytes", "dst_packets", "vlan", "extra", "notes", "icmp_type"}),
        ({"firstSeen": "0000-00-00 00:00:00.000"}, {"ts", "ts_local", "ts_precision_us"}),
        ({"proto": "GRE", "srcPort": "0", "dstPort": "0"}, {"src_port", "dst_port", "tcp_flags"}),
        ({"proto": "ICMP", "dstPort": "0"}, {"src_port", "dst_port", "icmp_type", "icmp_code", "tcp_flags"}),
        ({"proto": "UDP"}, {"tcp_flags"}),
    ],
)
def test_nothing_is_made_up(cells, absent):
    assert not absent & flow(**cells).keys()


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"firstSeen": "soon"}, "firstSeen is no time"),
        ({"lastSeen": "2026-13-01 00:00:00"}, "lastSeen is no time"),
        ({"duration": "long"}, "the duration is no time span"),
        ({"proto": "CARRIER-PIGEON"}, "the protocol is unknown"),
        ({"proto": "256"}, "the protocol is unknown"),
        ({"srcAddr": "999.0.2.1"}, "srcAddr is no address"),
        ({"dstAddr": "host"}, "dstAddr is no address"),
        ({"srcPort": "65536"}, "srcPort is no port"),
        ({"dstPort": "8.0"}, "dstPort is no port"),
        ({"flags": "XYZ"}, "flags are no TCP flags"),
        ({"packets": "1.2 M"}, "packets is no whole number"),
        ({"bytes": "-1"}, "bytes is no whole number"),
        ({"bytes": "18446744073709551616"}, "bytes is no whole number"),
        ({"bytes": "٣"}, "bytes is no whole number"),
        ({"srcVlan": "4096"}, "the VLAN is out of range"),
    ],
)
def test_what_cannot_be_read_is_turned_down(cells, expected):
    assert reason(**cells) == expected


@pytest.mark.parametrize(
    ("head", "grade"),
    [
        (b"ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos\n", Grade.STRONG),
        (b"firstSeen,duration,proto,srcAddr,srcPort\n", Grade.STRONG),
        (b"srcAddr,dstAddr,bytes\n", Grade.STRONG),
        (b"\xef\xbb\xbf\nsrcAddr,dstAddr,bytes", Grade.STRONG),
        (b"ts,te,td,pr,val,fl,flP,ipkt\n", Grade.NONE),  # statistics
        (b"srcAddr,bytes\n", Grade.NONE),
        (b"srcAddr,dstAddr,srcAddr\n", Grade.NONE),
        (b"ts,te,td,sa\n", Grade.NONE),
    ],
)
def test_recognition(head, grade):
    assert nfdump_csv.recognise(head, "x.csv") == grade


@pytest.fixture(scope="module")
def lab(shared):
    return shared / "data" / "lab" / "incident-a" / "evidence" / "network"


@pytest.fixture(scope="module")
def lab_flows(lab):
    books, found = golden.tables_of(Source.of_file(lab / "nfdump.csv"), nfdump_csv)
    assert books.quarantined == 0
    return golden.rows_of(found["flow"])


@pytest.mark.shared
def test_lab_file_is_recognised_by_content(lab):
    assert recognise_head((lab / "nfdump.csv").read_bytes()[:65_536], "intake/0001").chosen == "nfdump_csv"


@pytest.mark.shared
def test_lab_rows_are_those_the_csv_module_counts_and_the_summary_totals(lab, lab_flows):
    with (lab / "nfdump.csv").open(newline="") as stream:
        records = list(csv.reader(stream))
    summary = next(at for at, record in enumerate(records) if record == ["Summary"])
    totals = dict(zip(records[summary + 1], records[summary + 2], strict=True))
    assert len(lab_flows) == summary - 1 == int(totals["flows"])
    assert sum(row["src_bytes"] for row in lab_flows) == int(totals["bytes"])
    assert sum(row["src_packets"] for row in lab_flows) == int(totals["packets"])


@pytest.mark.shared
def test_lab_rows_agree_with_the_json_output(lab, lab_flows):
    flows = json.loads((lab / "nfdump.json").read_text())
    assert len(flows) == len(lab_flows)
    for row, other in zip(lab_flows, flows, strict=True):
        assert row["ts_local"][:19] == other["first"][:19]
        assert row["ts_end_local"][:19] == other["last"][:19]
        assert (row["src_address"], row["dst_address"]) == (other["src4_addr"], other["dst4_addr"])
        assert (row["src_port"], row["dst_port"]) == (other["src_port"], other["dst_port"])
        assert (row["src_bytes"], row["src_packets"]) == (other["in_bytes"], other["in_packets"])
        assert row["protocol"] == other["proto"]
        if row["protocol"] == 6:
            letters = other["tcp_flags"]
            assert row["tcp_flags"] == sum(1 << at for at, letter in enumerate(reversed(letters)) if letter != ".")


@pytest.mark.shared
def test_lab_rows_agree_with_the_text_output(lab, lab_flows):
    line = re.compile(r"(\S+ \S+) +(\S+) (\d+) +(\S+):(\d+) +-> +(\S+):(\d+) +(\S+) +(\d+) +(\d+) +(\d+) ")
    printed = [line.match(text) for text in (lab / "nfdump-extended.txt").read_text().splitlines()]
    flows = [found.groups() for found in printed if found]
    assert len(flows) == len(lab_flows)
    for row, other in zip(lab_flows, flows, strict=True):
        first, duration, protocol, source, source_port, destination, destination_port, _, _, packets, size = other
        assert row["ts_local"][:19].replace("T", " ") == first[:19]
        assert row["duration_us"] == round(float(duration) * 1000) * 1000
        assert (row["protocol"], row["src_packets"], row["src_bytes"]) == (int(protocol), int(packets), int(size))
        assert (row["src_address"], row["src_port"]) == (source, int(source_port))
        assert (row["dst_address"], row["dst_port"]) == (destination, int(destination_port))
