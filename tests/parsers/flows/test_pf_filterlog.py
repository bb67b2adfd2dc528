"""pfSense's and OPNsense's firewall log: fields by position, which the version of IP and the protocol decide."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.assemble import Books, Reading
from parsers.contract import Grade
from parsers.flows import pf_filterlog
from parsers.formats import recognise_head
from parsers.source import Source

HEADER = "<134>1 2026-11-23T15:31:33.578288Z fw filterlog 72237 - - "
V4 = "146,,,15353,igb1,match,{action},in,4,0x0,,63,32989,0,DF,{number},{name},{size},10.71.0.50,198.51.100.23"
TCP = V4 + ",49652,3333,0,{flags},1818117648,,64240,,mss;sackOK"


def line(shape: str = TCP, header: str = HEADER, **fields: str) -> str:
    values = {"action": "pass", "number": "6", "name": "tcp", "size": "60", "flags": "S"} | fields
    return header + shape.format(**values) + "\n"


def read(text: str | bytes) -> tuple[Books, dict[str, list[dict]]]:
    data = text.encode() if isinstance(text, str) else text
    reading = Reading(Source.of_bytes(data, "x"), pf_filterlog)
    rows: dict[str, list[dict]] = {}
    for table, batch in reading.batches():
        rows.setdefault(table, []).extend(batch.to_pylist())
    assert reading.books.stream_bytes == len(data)
    return reading.books, rows


def one(text: str) -> dict:
    _, rows = read(text)
    (row,) = rows["flow"]
    return row


def test_a_packet():
    row = one(line())
    found = [
        row[key]
        for key in ("src_address", "src_port", "dst_address", "dst_port", "protocol", "src_bytes", "src_packets")
    ]
    assert found == ["10.71.0.50", 49652, "198.51.100.23", 3333, 6, 60, 1]
    assert (row["ts"].microsecond, row["sensor"], row["tcp_flags"], row["initiator_known"]) == (578_288, "fw", 2, True)
    assert json.loads(row["extra"])["options"] == "mss;sackOK"


@pytest.mark.parametrize(
    ("action", "wanted"), [("pass", "allow"), ("block", "deny"), ("reject", "deny"), ("rdr", None), ("", None)]
)
def test_what_the_rule_did(action, wanted):
    assert one(line(action=action))["action"] == wanted


@pytest.mark.parametrize(
    ("flags", "number", "began"),
    [("S", 2, True), ("SA", 18, False), ("SEW", 194, True), ("", 0, False), ("x", None, False)],
)
def test_flags(flags, number, began):
    row = one(line(flags=flags))
    assert (row["tcp_flags"], row["initiator_known"]) == (number, began)


def test_other_protocols_have_fields_of_their_own():
    row = one(line(V4 + ",request,4242,1", number="1", name="icmp"))
    assert (row["protocol"], row["src_port"], json.loads(row["extra"])["more"]) == (1, None, ["request", "4242", "1"])
    row = one(line(V4 + ",5000,53,49", number="17", name="udp"))
    assert (row["protocol"], row["dst_port"], row["tcp_flags"]) == (17, 53, None)


def test_the_length_of_ipv6_is_no_size():
    shape = "5,,,1,igb0,match,pass,in,6,0x00,0x1,64,UDP,17,40,2001:DB8::50,ff02::fb,5353,5353,40"
    row = one(line(shape))
    assert (row["src_address"], row["dst_port"], row["src_bytes"], row["bytes_layer"]) == (
        "2001:db8::50",
        5353,
        None,
        None,
    )
    assert json.loads(row["extra"])["length"] == "40"


def test_the_last_field_of_a_torn_line_is_not_taken():
    row = one(line().partition("33,0,S")[0])
    assert (row["src_port"], row["dst_port"], row["tcp_flags"], row["notes"]) == (
        49652,
        None,
        None,
        ["line_without_end"],
    )


@pytest.mark.parametrize(
    "bad",
    ["5,,,1,igb0,match,pass,in,5,x", V4.partition(",{number}")[0], TCP.replace("10.71.0.50", "x"), "", ",,,,,,,,4"],
)
def test_what_is_no_packet_is_quarantined(bad):
    books, _ = read(line() + line(bad))
    assert (books.records, books.quarantined) == (1, 1)


def test_lines_of_other_programs_make_no_row():
    books, rows = read("Nov 23 15:31:33 fw sshd[1]: hello\n")
    assert (books.records, books.quarantined, rows) == (1, 0, {})


@pytest.mark.parametrize("header", [HEADER, "Nov 23 15:31:33 fw filterlog[7]: ", "Nov 23 15:31:33 filterlog: "])
def test_recognition(header):
    text = line(header=header) * 3
    assert recognise_head(text.encode(), "x").chosen == "pf_filterlog"
    assert pf_filterlog.recognise(text.replace("filterlog", "other").encode(), "filter.log") == Grade.NONE


@settings(deadline=None)
@given(st.binary(max_size=80), st.integers(0, 160))
def test_damage_is_contained(junk, at):
    data = line().encode()
    read(data + data[:at] + junk + data[at:])


@pytest.mark.shared
def test_reference_lines(shared):
    data = (shared / "data/netflow/firewall_proxy/pfsense-filterlog.log").read_bytes()
    assert recognise_head(data, "x").chosen == "pf_filterlog"
    books, rows = read(data)
    assert (books.records, books.quarantined) == (2, 0)
    found = [
        [row[key] for key in ("src_address", "src_port", "dst_address", "dst_port", "action")] for row in rows["flow"]
    ]
    assert found == [
        ["10.170.12.50", 49652, "1.1.1.1", 853, "deny"],
        ["10.170.27.50", 52797, "10.170.27.1", 53, "allow"],
    ]
