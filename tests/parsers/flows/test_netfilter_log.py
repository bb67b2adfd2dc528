"""Packets that Linux's firewall logged: whose ports, whose length, and what the log does not say."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.assemble import Books, Reading
from parsers.contract import Grade
from parsers.flows import netfilter_log
from parsers.formats import recognise_head
from parsers.source import Source

HEADER = "2026-11-23T15:31:34.250000Z gpu-box kernel: "
PACKET = "IN=eth0 OUT= SRC=10.71.0.50 DST=198.51.100.23 LEN=60 TTL=64 PROTO=TCP SPT=49152 DPT=3333 WINDOW=1 SYN URGP=0"


def read(text: str | bytes) -> tuple[Books, dict[str, list[dict]]]:
    data = text.encode() if isinstance(text, str) else text
    reading = Reading(Source.of_bytes(data, "x"), netfilter_log)
    rows: dict[str, list[dict]] = {}
    for table, batch in reading.batches():
        rows.setdefault(table, []).extend(batch.to_pylist())
    assert reading.books.stream_bytes == len(data)
    return reading.books, rows


def flow(packet: str = PACKET, prefix: str = "", header: str = HEADER) -> dict:
    _, rows = read(f"{header}{prefix}{packet}\n")
    (row,) = rows["flow"]
    return row


def test_a_packet():
    row = flow()
    found = [
        row[key]
        for key in ("src_address", "src_port", "dst_address", "dst_port", "protocol", "src_bytes", "src_packets")
    ]
    assert found == ["10.71.0.50", 49152, "198.51.100.23", 3333, 6, 60, 1]
    assert (row["ts"].isoformat(), row["sensor"]) == ("2026-11-23T15:31:34.250000+00:00", "gpu-box")
    assert [row[key] for key in ("action", "notes", "dst_bytes", "directionality")] == [None, None, None, "one_way"]


@pytest.mark.parametrize(
    ("prefix", "action"),
    [
        ("[UFW BLOCK] ", "deny"),
        ("[UFW ALLOW] ", "allow"),
        ("[UFW AUDIT] ", None),
        ("iptables DROP_INPUT: ", "deny"),
        ("FINAL_REJECT: ", "deny"),
        ("[wan-lan-default-D]", None),
        ("accept or drop: ", None),
        ("[16571.459614] [UFW BLOCK] ", "deny"),
        ("", None),
    ],
)
def test_what_became_of_it_only_where_the_prefix_says_so(prefix, action):
    row = flow(prefix=prefix)
    assert (row["action"], row["notes"]) == (action, ["action_by_prefix"] if action else None)


@pytest.mark.parametrize(
    ("flags", "number", "began"), [("SYN", 2, True), ("ACK SYN", 18, False), ("ACK PSH FIN", 25, False), ("", 0, False)]
)
def test_flags(flags, number, began):
    row = flow(PACKET.replace("SYN", flags))
    assert (row["tcp_flags"], row["initiator_known"]) == (number, began)


def test_the_packet_an_error_is_about_is_another():
    about = " [SRC=198.51.100.1 DST=10.0.0.9 LEN=40 PROTO=TCP SPT=1 DPT=2 SYN ] "
    row = flow("IN=eth0 OUT= SRC=192.0.2.1 DST=192.0.2.2 LEN=88 PROTO=ICMP TYPE=3 CODE=1" + about)
    assert [row[key] for key in ("src_port", "icmp_type", "icmp_code", "tcp_flags", "src_bytes")] == [
        None,
        3,
        1,
        None,
        88,
    ]
    assert json.loads(row["extra"])["about"].startswith("SRC=198.51.100.1 ")


def test_the_first_length_is_the_packet_s():
    row = flow("IN=eth0 OUT= SRC=192.0.2.1 DST=192.0.2.2 LEN=69 PROTO=UDP SPT=1 DPT=2 LEN=49")
    assert (row["src_bytes"], json.loads(row["extra"])["LEN of PROTO"]) == (69, "49")


@pytest.mark.parametrize(
    ("header", "when"),
    [
        ("Nov 23 15:31:34 gpu-box kernel: ", {"time_of_day_us": 327 * 86_400_000_000 + 55_894_000_000}),
        ("[   12.345678] ", {}),
        ("", {}),
    ],
)
def test_a_year_that_is_not_printed_is_not_made_up(header, when):
    row = flow(header=header)
    assert {key: row[key] for key in ("ts", "ts_local", "time_of_day_us") if row[key] is not None} == when


def test_the_last_word_of_a_torn_line_is_not_taken():
    _, rows = read(f"{HEADER}{PACKET.partition('33 WINDOW')[0]}")
    assert [(row["dst_port"], row["src_port"], row["notes"]) for row in rows["flow"]] == [
        (None, 49152, ["line_without_end"])
    ]


@pytest.mark.parametrize("packet", [PACKET.replace("10.71.0.50", "x"), PACKET.partition("DST=")[0], "IN= OUT="])
def test_a_packet_without_addresses_is_quarantined(packet):
    books, _ = read(f"{HEADER}{packet}\n")
    assert (books.records, books.quarantined) == (0, 1)


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        (f"{HEADER}{PACKET}\n" * 3, Grade.STRONG),
        (f"{HEADER}{PACKET}\n{HEADER}eth0: up\n{HEADER}eth0: up\n", Grade.NONE),
        (f"{HEADER}eth0: up\n", Grade.NONE),
        ("", Grade.NONE),
    ],
)
def test_recognition(text, grade):
    assert netfilter_log.recognise(text.encode(), "kern.log") == grade


def test_a_firewall_s_log_is_not_taken_for_any_other_log_of_the_kernel():
    text = "".join(f"Nov 23 15:31:{n:02d} gpu-box kernel: [UFW BLOCK] {PACKET}\n" for n in range(9))
    assert recognise_head(text.encode(), "var/log/kern.log").chosen == "netfilter_log"


@settings(deadline=None)
@given(st.binary(max_size=100), st.integers(0, 180))
def test_damage_is_contained(junk, at):
    data = f"{HEADER}{PACKET}\n".encode()
    read(data + data[:at] + junk + data[at:])


@pytest.mark.shared
def test_reference_lines(shared):
    data = (shared / "data/netflow/firewall_proxy/iptables.log").read_bytes()
    assert netfilter_log.recognise(data, "x") == Grade.STRONG
    books, rows = read(data)
    assert books.quarantined == 0
    lines = [line for line in data.decode().split("\n") if line]
    assert [row["record"] for row in rows["flow"]] == list(range(1, len(lines) + 1))
    for row, line in zip(rows["flow"], lines, strict=True):
        assert row["src_address"] in line.partition(" [SRC=")[0].partition("SRC=")[2].split()[0]
        assert f"LEN={row['src_bytes']}" in line
    assert [row["dst_port"] for row in rows["flow"][:4]] == [443, 443, None, 445]
