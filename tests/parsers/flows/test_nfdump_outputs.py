"""nfdump's outputs but CSV: lines for people and for programs, JSON; and whether they agree on the same flows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

import golden
import pytest

from parsers.contract import Grade
from parsers.flows import nfcapd, nfdump_csv, nfdump_json, nfdump_pipe, nfdump_raw, nfdump_text
from parsers.formats import recognise_head
from parsers.source import Source


def read(parser: Any, text: str) -> dict[str, list[dict[str, Any]]]:
    _, found = golden.tables_of(Source.of_bytes(text.encode()), parser)
    return {name: golden.rows_of(table) for name, table in found.items()}


def line(
    start="2026-03-04 05:06:07.250",
    lasted="00:00:00.750",
    proto="TCP",
    source="192.0.2.1:40001",
    arrow="->",
    destination="198.51.100.1:3333",
    rest="...AP.S.   0        3      180     1",
) -> str:
    return f"{start}     {lasted} {proto:<8} {source:>22} {arrow} {destination:>22} {rest}"


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, {"ts_local": "2026-03-04T05:06:07.250000", "ts_precision_us": 1000, "duration_us": 750_000, "ts": None}),
        ({}, {"src_address": "192.0.2.1", "dst_port": 3333, "tcp_flags": 26, "notes": None, "extra": None}),
        ({"start": "2026-03-04 05:06:07"}, {"ts_precision_us": 1_000_000}),
        ({"lasted": "0.750"}, {"duration_us": 750_000}),
        ({"lasted": "2d 00:00:01.000"}, {"duration_us": 172_801_000_000}),
        ({"proto": "17"}, {"protocol": 17, "tcp_flags": None}),
        ({"proto": "ICMP", "destination": "198.51.100.1:3.1"}, {"icmp_type": 3, "icmp_code": 1, "dst_port": None}),
        ({"proto": "ICMP", "destination": "198.51.100.1:0"}, {"icmp_type": None, "icmp_code": None}),
        ({"source": "2001:db8::1.40001"}, {"src_address": "2001:db8::1", "src_port": 40001}),
        ({"source": "::ffff:192.0.2.1.40001"}, {"src_address": "::ffff:192.0.2.1", "src_port": 40001}),
        ({"proto": "ICMP6", "destination": "2001:db8::2.128.0"}, {"dst_address": "2001:db8::2", "icmp_type": 128}),
        (
            {"destination": "2001:d..8:53.443"},
            {"dst_address": None, "dst_port": 443, "notes": ["cut_address"], "extra": '{"destination":"2001:d..8:53"}'},
        ),
        ({"rest": "3      180     1"}, {"src_packets": 3, "src_bytes": 180, "tcp_flags": None}),
        ({"rest": "0x1b   0        3      180     1"}, {"tcp_flags": 27}),
        ({"rest": ".AP.SF  16        3      180     1"}, {"tcp_flags": 27, "extra": '{"tos":"16"}'}),
        ({"rest": "...AP.S.   0   3   180   4.0  1.9 K  60  1"}, {"src_bytes": 180, "notes": None}),
        (
            {"rest": "3    1.2 M     1"},
            {"src_packets": 3, "src_bytes": None, "notes": ["rounded_numbers"], "extra": '{"bytes":"1.2 M"}'},
        ),
        ({"rest": "3    180     7"}, {"notes": ["aggregated_flows"], "extra": '{"flows":"7"}'}),
        (
            {"arrow": "<->", "rest": "2  3  90  180  1"},
            {"dst_packets": 2, "src_packets": 3, "dst_bytes": 90, "src_bytes": 180, "directionality": "both"},
        ),
        ({"arrow": "<->", "rest": "0  3  0  180  1"}, {"dst_packets": None, "directionality": "one_way"}),
    ],
)
def test_lines_for_people(cells, expected):
    [row] = read(nfdump_text, line(**cells))["flow"]
    assert {key: row.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"start": "2026-02-30 05:06:07.250"}, "no time or no duration"),
        ({"lasted": "1:2:3:4"}, "no time or no duration"),
        ({"proto": "PIGEON"}, "the protocol is unknown"),
        ({"source": "pool.example:3333"}, "no address with a port"),
        ({"source": "999.0.2.1:80"}, "no address with a port"),
        ({"rest": "....XYZ.   0        3      180     1"}, "no TCP flags"),
        ({"rest": "3      180"}, "counts of a layout that is not known"),
        ({"rest": "3      180     1  x"}, "counts of a layout that is not known"),
        ({"arrow": "<-"}, "not a line of a flow"),
        ({"destination": "ü"}, "not ASCII text"),
    ],
)
def test_lines_that_are_turned_down(cells, reason):
    found = read(nfdump_text, line() + "\n" + line(**cells))
    assert [row["reason"] for row in found["quarantine"]] == [reason]


@pytest.mark.parametrize(
    ("parser", "head"),
    [
        (nfdump_text, b"Date first seen             Duration     Proto\n"),
        (nfdump_text, b"2026-03-04 05:06:07.250 a log line -> with an arrow\n" * 3),
        (nfdump_text, b"\n\n\n"),
        (nfdump_pipe, b"1|2|3\n"),
        (nfdump_pipe, b"|".join([b"3"] * 22) + b"\n"),
        (nfdump_pipe, b"|".join([b"2"] * 23) + b"\n"),
        (nfdump_pipe, b"|".join([b"2"] * 22) + b"\nsomething else\n"),
        (nfdump_pipe, b"|".join([b"2"] * 3 + [b"256"] + [b"2"] * 18) + b"\n"),
        (nfdump_json, b'{"first":1,"last":2,"in_packets":3}\n'),
        (nfdump_json, b'[{"type":"FLOW"}]'),
        (nfdump_raw, b"Flow Record: \n"),
        (nfdump_raw, b"  first = 1\n  last = 2\n"),
    ],
)
def test_what_is_not_recognised(parser, head):
    assert parser.recognise(head, "nfcapd.txt") is Grade.NONE


PIPE = "2|1772600767250|1772600768000|6|0|0|0|3221225985|40001|0|0|0|3325256705|3333|0|0|0|0|26|0|3|180"


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (0, "3", "no address family"),
        (1, "soon", "first is no time"),
        (3, "256", "the protocol is no number up to 255"),
        (7, "4294967296", "sa0 to sa3 are no address"),
        (11, "-1", "da0 to da3 are no address"),
        (8, "65536", "sp is no port"),
        (18, "256", "flags are no number up to 255"),
        (20, "1.5", "packets is no whole number"),
        (21, "", "bytes is missing"),
    ],
)
def test_bars_that_are_turned_down(place, value, reason):
    fields = PIPE.split("|")
    fields[place] = value
    found = read(nfdump_pipe, PIPE + "\n" + "|".join(fields))
    assert [row["reason"] for row in found["quarantine"]] == [reason]
    assert len(found["flow"]) == 1


def test_both_generations_of_bars_in_one_file():
    old = PIPE.replace("1772600767250|1772600768000", "1772600767|250|1772600768|0")
    rows = read(nfdump_pipe, PIPE + "\n" + old)["flow"]
    places = {"record", "line", "offset", "length"}
    one, other = ({key: row[key] for key in row.keys() - places} for row in rows)
    assert one == other


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"tcp_flags": 27, "proto": 6}, {"tcp_flags": 27}),
        ({"tcp_flags": "...AP.SF", "proto": 6}, {"tcp_flags": 27}),
        ({"tcp_flags": "...AP.SF", "proto": 17}, {"tcp_flags": None, "extra": '{"tcp_flags":"...AP.SF"}'}),
        ({"tcp_flags": "XYZ", "proto": 6}, {"tcp_flags": None, "extra": '{"tcp_flags":"XYZ"}'}),
        ({"proto": 6, "src_port": 70000}, {"src_port": None, "extra": '{"src_port":70000}'}),
        ({"proto": 1, "icmp_type": 8, "icmp_code": 0}, {"icmp_type": 8, "icmp_code": 0}),
        ({"first": "2026-03-04T05:06:07.250Z"}, {"ts": "2026-03-04T05:06:07.250000Z", "duration_us": None}),
        ({"last": "2026-03-04T05:06:06.000"}, {"ts_end_local": "2026-03-04T05:06:06.000000", "duration_us": None}),
        ({"src4_addr": "2001:db8::1"}, {"src_address": "2001:db8::1"}),
        ({"ip4_router": "0.0.0.0"}, {"sensor": None, "extra": None}),
        ({"in_bytes": "many"}, {"src_bytes": None, "extra": '{"in_bytes":"many"}'}),
        ({"out_bytes": 0, "out_packets": 0}, {"dst_bytes": None, "directionality": "one_way", "extra": None}),
    ],
)
def test_members_of_json(members, expected):
    plain = {"type": "FLOW", "sampled": 0, "first": "2026-03-04T05:06:07.250", "last": "2026-03-04T05:06:08.000"}
    [row] = read(nfdump_json, json.dumps(plain | {"in_packets": 1} | members))["flow"]
    assert {key: row.get(key) for key in expected} == expected


RAW = {
    "first": "1772600767250 [2026-03-04 06:06:07.250]",
    "last": "1772600768000 [2026-03-04 06:06:08.000]",
    "proto": "6 TCP",
    "tcp flags": "0x1a ...AP.S.",
    "src port": "40001",
    "dst port": "3333",
    "in packets": "3",
    "in bytes": "180",
    "src addr": "192.0.2.1",
    "dst addr": "198.51.100.1",
}


def paragraph(values: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    lines = [f"  {name:<12} = {value:>18}" for name, value in (RAW | values).items() if value]
    return read(nfdump_raw, "\n".join(["", "Flow Record: ", *lines, ""]))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, {"ts": "2026-03-04T05:06:07.250000Z", "duration_us": 750_000, "ts_precision_us": 1000}),
        ({}, {"src_address": "192.0.2.1", "dst_port": 3333, "tcp_flags": 26, "notes": None, "extra": None}),
        ({"first": "", "src addr": ""}, {"ts": None, "src_address": None, "duration_us": None, "src_bytes": 180}),
        ({"first": "0 [0.000]"}, {"ts": None}),
        ({"proto": "1 ICMP", "ICMP": "3.1  type.code"}, {"icmp_type": 3, "icmp_code": 1, "src_port": None}),
        ({"out bytes": "7"}, {"dst_bytes": 7, "dst_packets": 0, "directionality": "both"}),
        ({"out bytes": "0"}, {"dst_bytes": None, "directionality": "one_way"}),
        ({"username": "alice"}, {"extra": '{"username":"alice"}'}),
        ({"Flags": "0x01 EVENT, Unsampled"}, {"extra": '{"Flags":"0x01 EVENT, Unsampled"}'}),
    ],
)
def test_paragraphs(values, expected):
    [row] = paragraph(values)["flow"]
    assert {key: row.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"first": "", "src addr": "", "in packets": ""}, "a paragraph without times, counts and addresses"),
        ({"proto": "TCP"}, "the protocol is no number up to 255"),
        ({"src addr": "pool.example"}, "no address"),
        ({"in bytes": "1.2 M"}, "a count that is no whole number"),
        ({"dst port": "65536"}, "no port"),
    ],
)
def test_paragraphs_that_are_turned_down(values, reason):
    assert [row["reason"] for row in paragraph(values)["quarantine"]] == [reason]


def test_a_paragraph_without_end_costs_no_memory(monkeypatch):
    monkeypatch.setattr(nfdump_raw, "MOST_LINES", 20)
    found = read(nfdump_raw, "Flow Record: \n" + "  proto = 6\n" * 30)
    assert len(found["quarantine"]) == 12


# --- the same flows in every output -----------------------------------------------------------------------------------

ENDS = ("src_address", "dst_address", "src_port", "dst_port", "protocol", "src_packets", "src_bytes", "duration_us")


@pytest.mark.parametrize("layout", ["line", "long", "extended", "biline", "bilong", "line6", "pipe", "json", "raw"])
@pytest.mark.parametrize("plain", [False, True])
def test_real_flows_in_every_output_of_nfdump(shared, layout, plain):
    program = shutil.which("nfdump")
    if program is None:
        pytest.skip("nfdump is not installed")
    path = shared / "data" / "netflow" / "nfdump" / "test1-malicious.nfdump"
    command = [program, "-r", str(path), "-o", layout, *["-N"] * plain]
    data = subprocess.run(command, capture_output=True, check=True, env={**os.environ, "TZ": "UTC"}).stdout
    parser = {"pipe": nfdump_pipe, "json": nfdump_json, "raw": nfdump_raw}.get(layout, nfdump_text)
    assert recognise_head(data[:65_536], "intake/3").chosen == parser.FORMAT.name
    found = read(parser, data.decode())
    assert "quarantine" not in found
    wanted = read_binary(path.read_bytes())
    for row, other in zip(found["flow"], wanted, strict=True):
        assert row.get("ts", row.get("ts_local", "") + "Z") == other["ts"]
        assert {name: row.get(name) for name in ENDS} == {name: other.get(name) for name in ENDS}
        if layout not in ("line", "line6", "biline"):
            assert row.get("tcp_flags") == other.get("tcp_flags")


def read_binary(data: bytes) -> list[dict[str, Any]]:
    _, found = golden.tables_of(Source.of_bytes(data), nfcapd)
    return golden.rows_of(found["flow"])


def test_the_lab_as_nfdump_stored_and_printed_it(shared):
    folder = shared / "data" / "lab" / "incident-a" / "evidence" / "network"
    prints = {"nfdump.json": nfdump_json, "nfdump-extended.txt": nfdump_text, "nfdump.csv": nfdump_csv}
    wanted = read_binary((folder / "nfcapd.bin").read_bytes())
    assert len(wanted) == 36
    for name, parser in prints.items():
        data = (folder / name).read_bytes()
        assert recognise_head(data, "intake/3").chosen == parser.FORMAT.name
        rows = read(parser, data.decode())["flow"]
        for row, other in zip(rows, wanted, strict=True):
            assert row["ts_local"][:19] == other["ts"][:19]
            assert {key: row.get(key) for key in ENDS} == {key: other.get(key) for key in ENDS}


@pytest.mark.parametrize(("name", "empty"), [("nftest.1.out", 2), ("nftest.2.out", 0)])
def test_the_expected_output_of_nfdumps_own_tests(shared, name, empty):
    data = (shared / "data" / "netflow" / "nfdump" / name).read_bytes()
    assert recognise_head(data, "intake/3").chosen == "nfdump_raw"
    found = read(nfdump_raw, data.decode())
    assert (len(found["flow"]), len(found.get("quarantine", []))) == (33, empty)
    assert sum(row["src_bytes"] for row in found["flow"]) == sum(
        int(line.split("=")[1]) for line in data.decode().split("\n") if line.startswith("  in bytes ")
    )
