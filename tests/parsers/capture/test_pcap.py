"""The pcap container: every dialect of the header, and what is torn or cannot be."""

from __future__ import annotations

from pathlib import Path

import golden
import pytest
import wire

from parsers.capture import account, pcap
from parsers.contract import Block, Grade, Parsed, Reject
from parsers.formats import recognise_head
from parsers.source import Source

DATAGRAM = wire.ethernet(wire.ipv4(wire.CLIENT, wire.SERVER, 17, wire.udp(7, 9, b"hello")))


def read(data: bytes):
    books, tables = golden.tables_of(Source.of_bytes(data), pcap)
    assert books.stream_bytes == len(data)
    return books, {name: golden.rows_of(rows) for name, rows in tables.items()}


def reasons(tables) -> list[str]:
    return [row["reason"] for row in tables.get("quarantine", [])]


@pytest.mark.parametrize("path", wire.SAMPLES)
def test_samples_are_what_the_writer_writes(path):
    assert (golden.DATA / path).read_bytes() == wire.SAMPLES[path]()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["micro", "nano", "modified"])
def test_every_dialect_gives_the_same_flow(order, kind):
    data = wire.pcap([(wire.START + 123_456_789, DATAGRAM)], order=order, kind=kind)
    assert pcap.recognise(data, "x") == Grade.STRONG
    _, tables = read(data)
    (flow,) = tables["flow"]
    assert flow["ts"] == "2023-11-14T22:13:20.123456Z"
    assert flow.get("ts_remainder_ns") == (789 if kind == "nano" else None)
    assert (flow["ts_precision_us"], flow["src_bytes"], flow["src_payload_bytes"]) == (1, 33, 5)
    assert flow["offset"] == 24


@pytest.mark.parametrize(
    ("head", "grade"),
    [
        (b"", Grade.NONE),
        (b"\xd4\xc3\xb2", Grade.NONE),
        (b"\xd4\xc3\xb2\xa1", Grade.STRONG),
        (b"\xa1\xb2\x3c\x4d", Grade.STRONG),
        (b"\x0a\x0d\x0d\x0a", Grade.NONE),
        (b"GET / HTTP/1.1\r\n", Grade.NONE),
    ],
)
def test_the_magic_number_decides(head, grade):
    assert pcap.recognise(head, "evidence.pcap") == grade


def test_a_capture_under_another_name_is_recognised():
    assert recognise_head(wire.session_capture(), "notes.txt").chosen == "pcap"
    assert recognise_head(wire.sections_capture(), "notes.txt").chosen == "pcapng"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xd4\xc3\xb2\xa1\2\0", "the file header is torn after 6 bytes"),
        (b"no capture at all", "not a capture"),
        (wire.pcap([(wire.START, DATAGRAM)], version=(543, 0)), "version 543.0 of the format is not known"),
    ],
)
def test_what_is_no_capture_is_quarantined_whole(data, reason):
    books, tables = read(data)
    assert books.bytes_quarantined == len(data)
    assert reasons(tables)[0].startswith(reason)


@pytest.mark.parametrize("lost", [1, 5, len(DATAGRAM), len(DATAGRAM) + 1, len(DATAGRAM) + 15])
def test_a_torn_last_packet_is_one_record_in_quarantine(lost):
    data = wire.pcap([(wire.START, DATAGRAM), (wire.START + 1000, DATAGRAM)])[:-lost]
    books, tables = read(data)
    assert (books.records, books.quarantined) == (1, 1)
    assert reasons(tables) == ["the capture ends within this packet"]
    assert tables["quarantine"][0]["record"] == 2


def test_an_insane_length_costs_the_rest_and_no_more():
    head = wire.pcap([(wire.START, DATAGRAM)])
    insane = bytearray(wire.record(wire.START, DATAGRAM))
    insane[8:12] = (300_000_000).to_bytes(4, "little")
    books, tables = read(head + bytes(insane) + wire.record(wire.START, DATAGRAM))
    assert (books.records, books.quarantined, books.bytes_parsed) == (1, 1, len(head) - 24)
    assert reasons(tables) == ["a packet of 300000000 bytes: the rest of the capture cannot be told apart"]


def test_an_impossible_time_costs_one_record():
    bad = bytearray(wire.record(wire.START, DATAGRAM))
    bad[4:8] = (1_000_000).to_bytes(4, "little")
    books, tables = read(wire.pcap([(wire.START, DATAGRAM)]) + bytes(bad) + wire.record(wire.START, DATAGRAM))
    assert (books.records, books.quarantined) == (2, 1)
    assert tables["flow"][0]["src_packets"] == 2


def test_lengths_are_swapped_before_version_2_4_only():
    packet = bytearray(wire.record(wire.START, DATAGRAM, snap=50))
    packet[8:16] = packet[12:16] + packet[8:12]
    old = wire.pcap([], version=(2, 3), snap=50) + bytes(packet)
    books, _ = read(old)
    assert (books.records, books.quarantined) == (1, 0)


def test_more_captured_than_there_was_is_taken_as_captured():
    packet = bytearray(wire.record(wire.START, DATAGRAM))
    packet[12:16] = bytes(4)
    _, tables = read(wire.pcap([]) + bytes(packet))
    assert tables["flow"][0]["src_bytes"] == 33


def test_bytes_come_from_headers_and_not_from_the_snap_length():
    large = wire.ethernet(wire.ipv4(wire.CLIENT, wire.SERVER, 6, wire.tcp(1, 2, 3, wire.ACK, bytes(1000))))
    _, whole = read(wire.pcap([(wire.START, large)]))
    _, cut = read(wire.pcap([(wire.START, large)], snap=54))
    strip = {"offset", "length"}
    assert [{k: v for k, v in row.items() if k not in strip} for row in whole["flow"]] == [
        {k: v for k, v in row.items() if k not in strip} for row in cut["flow"]
    ]
    assert whole["flow"][0]["src_bytes"] == 1040


def test_a_link_type_that_is_not_decoded_leaves_one_row_that_says_so():
    books, tables = read(wire.pcap([(wire.START + n * 1000, b"\x80\0wireless") for n in range(3)], link=105))
    assert (books.records, books.quarantined) == (3, 0)
    (gap,) = tables["coverage_gap"]
    assert (gap["reason"], gap["lost_records"], gap["record"]) == ("link_type_not_decoded", 3, 1)
    assert len(tables["locator"]) == 3
    assert "flow" not in tables


def test_long_stretches_are_accounted_for_as_blocks_and_give_the_same_rows(monkeypatch):
    frames = [(wire.START + n * 1000, DATAGRAM) for n in range(account.LONGEST_LISTED + 1)]
    frames.insert(100, (wire.START, wire.ethernet(b"\x45")))
    source = Source.of_bytes(wire.pcap(frames))
    kinds = [type(item) for item in pcap.read(source)]
    assert Block not in kinds
    assert kinds.count(Parsed) == len(frames) - 1
    assert kinds.count(Reject) == 1
    listed = golden.tables_of(source, pcap)
    monkeypatch.setattr(account, "LONGEST_LISTED", 10)
    kinds = [type(item) for item in pcap.read(source)]
    assert kinds.count(Block) == 2
    in_blocks = golden.tables_of(source, pcap)
    assert listed[0] == in_blocks[0]
    assert all(listed[1][name].equals(in_blocks[1][name]) for name in listed[1])


@pytest.mark.parametrize("size", [1, 7, 16, 61, 1000])
def test_reading_does_not_depend_on_the_size_of_pieces(size, monkeypatch):
    data = wire.session_capture()
    expected = read(data)
    monkeypatch.setattr(pcap, "BLOCK_BYTES", size)
    assert read(data) == expected


def test_source_of_the_capture_may_be_a_file(tmp_path: Path):
    path = tmp_path / "a.pcap"
    path.write_bytes(wire.session_capture())
    books, _ = golden.tables_of(Source.of_file(path), pcap)
    assert books.records == 20
