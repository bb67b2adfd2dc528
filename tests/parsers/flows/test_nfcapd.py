"""nfcapd files of both layouts: what flows say, what damage costs, and what nfdump itself prints of them."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from typing import Any

import golden
import nfcapd_made as made
import pytest

from parsers.contract import Grade
from parsers.flows import nfcapd, nfdump_csv
from parsers.formats import recognise_head
from parsers.source import Source

COMPRESSIONS = [made.NONE, made.LZO, made.BZ2, made.LZ4, made.ZSTD]


def read(data: bytes) -> dict[str, list[dict[str, Any]]]:
    books, found = golden.tables_of(Source.of_bytes(data), nfcapd)
    assert books.stream_bytes == len(data)
    return {name: golden.rows_of(table) for name, table in found.items()}


def flow(*elements: bytes, **values: int) -> dict[str, Any]:
    [row] = read(made.file(made.block(made.flow(*elements, **values))))["flow"]
    return row


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ((), {"ts": "2026-03-04T05:06:07.250000Z", "ts_end": "2026-03-04T05:06:08.000000Z", "duration_us": 750_000}),
        ((), {"src_address": "192.0.2.1", "dst_port": 3333, "src_bytes": 180, "src_packets": 3, "tcp_flags": 26}),
        (
            (),
            {"bytes_layer": "ip", "directionality": "one_way", "initiator_known": False, "notes": None, "extra": None},
        ),
        ((made.generic(), made.ends("::ffff:192.0.2.1", "2001:db8::1")), {"src_address": "::ffff:192.0.2.1"}),
        ((made.generic(protocol=1, dp=0x0301), made.ends()), {"icmp_type": 3, "icmp_code": 1, "dst_port": None}),
        ((made.generic(protocol=17), made.ends()), {"tcp_flags": None, "src_port": 40001, "extra": '{"tcpFlags":26}'}),
        ((made.generic(protocol=50, flags=0),), {"src_port": None, "extra": '{"srcPort":40001,"dstPort":3333}'}),
        ((made.generic(count=2**64 - 1),), {"src_bytes": 2**64 - 1, "src_address": None}),
        ((made.generic(first=2**63),), {"ts": None, "duration_us": None, "ts_end": "2026-03-04T05:06:08.000000Z"}),
        ((made.generic(last=1),), {"ts_end": "1970-01-01T00:00:00.001000Z", "duration_us": None}),
        ((made.generic(), made.element(5, struct.pack("<QQQ", 1, 0, 7))), {"dst_bytes": 7, "dst_packets": 0}),
        ((made.generic(), made.element(5, struct.pack("<QQQ", 1, 0, 0))), {"dst_bytes": None, "extra": None}),
        ((made.generic(), made.element(6, struct.pack("<II", 5000, 0))), {"vlan": None, "extra": '{"vlan":5000}'}),
        (
            (made.generic(), made.element(28, b"\xff\0")),
            {"notes": ["undecodable_bytes"], "extra": '{"label":"\\\\xff"}'},
        ),
        ((made.generic(), made.element(99, bytes(8))), {"extra": None}),
        ((made.generic(), made.element(4, b"\1")), {"extra": '{"element 4":"01"}'}),
    ],
)
def test_values(elements, expected):
    found = flow(*elements)
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (made.flow(made.ends()), "no element tells times and counts"),
        (made.flow(made.element(1, b"\0")), "element 1 is too short"),
        (made.flow(count=3), "elements go beyond the record"),
        (made.flow(made.generic()[:2] + b"\xff\xff" + made.generic()[4:]), "element 1 goes beyond the record"),
        (made.flow(made.generic()[:2] + b"\2\0" + made.generic()[4:]), "element 1 goes beyond the record"),
        (struct.pack("<HHI", 11, 8, 0), "a record that is too short"),
        (struct.pack("<HHI", 10, 8, 0), "a record that is too short"),
        (struct.pack("<HH", 2, 4), "a map or exporter that is too short"),
        (struct.pack("<HHI", 4000, 8, 0), "a record of type 4000, which is not known"),
    ],
)
@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_bad_record_costs_itself(record, reason, compression):
    block = made.block(made.flow(), record, made.flow(), compression=compression)
    found = read(made.file(block, compression=compression))
    assert [row["record"] for row in found["flow"]] == [1, 3]
    [fault] = found["quarantine"]
    assert (fault["record"], fault["reason"]) == (2, reason)
    assert fault["length"] == (0 if compression else len(record))


@pytest.mark.parametrize("size", [0, 3, 60_000])
def test_a_record_of_impossible_size_costs_the_rest_of_its_block(size):
    bad = struct.pack("<HHI", 11, size, 0)
    found = read(made.file(made.block(made.flow(), bad, made.flow()), made.block(made.flow())))
    assert [row["record"] for row in found["flow"]] == [1, 3]
    assert [row["reason"] for row in found["quarantine"]] == ["a record that goes beyond its block"]


@pytest.mark.parametrize("compression", COMPRESSIONS[1:])
def test_a_damaged_block_costs_itself(compression):
    good = made.block(made.flow(), compression=compression)
    for bad in (good[:12] + b"\xff" * (len(good) - 12), good[:12] + bytes(len(good) - 12)):
        found = read(made.file(good, bad, good, compression=compression))
        assert [row["record"] for row in found["flow"]] == [1, 3]
        assert [(row["offset"], row["length"]) for row in found["quarantine"]] == [(40 + len(good), len(good))]
        assert found["quarantine"][0]["reason"].startswith("a compressed block: ")
    cut = read(made.file(good, good, compression=compression)[:-3])
    assert [len(cut["flow"]), cut["quarantine"][0]["reason"]] == [1, "a compressed block: a block that is cut short"]


def test_blocks_that_are_not_read_are_told():
    assert read(made.file(made.block(made.flow()), encryption=1))["quarantine"][0]["reason"] == "an encrypted block"
    assert len(read(made.file(made.block(made.flow(), flags=2), encryption=1))["flow"]) == 1
    old = read(made.old_file(made.block(b"\1\0\4\0", kind=1)))
    assert old["quarantine"][0]["reason"] == "a block as nfdump wrote them before 1.6"
    assert read(made.file(made.block(b"\1\0\4\0", kind=4))) == {}
    newest = made.file(made.block(made.flow()), layout=3)
    assert nfcapd.recognise(newest, "x") is Grade.STRONG
    assert read(newest)["quarantine"][0]["reason"].startswith("layout 3, of nfdump 1.8, is not read")
    huge = struct.pack("<IIHH", 1, 1 << 30, 3, 0)
    assert read(made.file(huge + b"rest"))["quarantine"][0]["reason"].startswith("a block of 1073741824 bytes")
    assert read(made.file(b"\1\2\3"))["quarantine"][0]["reason"] == "the header of a block is cut short"


@pytest.mark.parametrize("flags", [0, 1, 8, 16])
@pytest.mark.parametrize("wide", [0, 2, 4, 6])
def test_layout_1_with_every_compression_and_width(flags, wide):
    compression = {0: made.NONE, 1: made.LZO, 8: made.BZ2, 16: made.LZ4}[flags]
    records = made.old_map(0), made.old_flow(flags=wide), made.old_flow(flags=wide, kind=1)
    found = read(made.old_file(made.block(*records, kind=2, compression=compression), flags=flags))
    assert [(row["src_bytes"], row["src_packets"], row["dst_address"]) for row in found["flow"]] == [
        (180, 3, "198.51.100.1")
    ] * 2
    assert "coverage_gap" not in found


def test_failures_in_the_sequence_are_a_gap():
    found = read(made.old_file(made.block(made.old_map(0), made.old_flow(), kind=2), failures=5))
    assert [(row["record"], row["offset"]) for row in found["flow"]] == [(2, 300)]
    [gap] = found["coverage_gap"]
    assert (gap["reason"], gap["text"], gap["offset"], gap["length"]) == (
        "sequence_failures",
        "5 sequence failures",
        140,
        136,
    )
    assert (gap["ts"], gap["ts_end"]) == ("2026-03-04T05:06:07.250000Z", "2026-03-04T05:07:07.250000Z")
    assert "coverage_gap" not in read(made.file(made.block(made.flow(), made.statistics(0))))


def test_an_extension_that_does_not_fit_is_turned_down():
    block = made.block(made.old_map(0, 24), made.old_flow(b"\1\2\3\4"), kind=2)
    assert read(made.old_file(block))["quarantine"][0]["reason"] == "extensions go beyond the record"


@pytest.mark.parametrize(
    "head",
    [
        b"\x0c\xa5\1\0",
        b"\x0c\xa5" + bytes(200),
        b"\x0c\xa5\2\0" + b"\xff" * 200,
        b"\x0c\xa5\1\0" + b"\xff" * 200,
        b"\xa5\x0c\0\1" + bytes(300),
    ],
)
def test_what_is_not_recognised(head):
    assert nfcapd.recognise(head, "nfcapd.202603040505") is Grade.NONE
    assert set(read(head)) == {"quarantine"}


# --- nfdump itself as the oracle --------------------------------------------------------------------------------------

COMPARED = (
    *("src_address", "dst_address", "src_port", "dst_port", "protocol", "icmp_type", "icmp_code", "src_bytes"),
    *("src_packets", "dst_bytes", "dst_packets", "tcp_flags", "directionality", "duration_us", "vlan", "sensor"),
)


def printed(path) -> list[dict[str, Any]]:
    program = shutil.which("nfdump")
    if program is None:
        pytest.skip("nfdump is not installed")
    command = [program, "-r", str(path), "-o", "csv", "-6"]
    text = subprocess.run(command, capture_output=True, check=True, env={**os.environ, "TZ": "UTC"}).stdout
    _, found = golden.tables_of(Source.of_bytes(text), nfdump_csv)
    assert "quarantine" not in found
    return golden.rows_of(found["flow"])


def agree(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> None:
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert one["ts"][:19] == other["ts_local"][:19]
        for name in COMPARED:
            # of a type and code of zero nfdump prints what it prints of none
            if not (name in ("icmp_type", "icmp_code") and other.get(name) is None and one.get(name) == 0):
                assert one.get(name) == other.get(name), name


def test_a_real_file_of_layout_1_as_nfdump_reads_it(shared):
    path = shared / "data" / "netflow" / "nfdump" / "test1-malicious.nfdump"
    data = path.read_bytes()
    assert recognise_head(data[:65_536], "intake/7").chosen == "nfcapd"
    found = read(data)
    assert len(found["flow"]) == 4593
    assert [gap["text"] for gap in found["coverage_gap"]] == ["443 sequence failures"]
    assert "quarantine" not in found
    agree(found["flow"], printed(path))


@pytest.mark.parametrize("compression", range(4))
def test_the_same_file_as_nfdump_writes_it_anew(shared, tmp_path, compression):
    program = shutil.which("nfdump")
    if program is None:
        pytest.skip("nfdump is not installed")
    path, anew = shared / "data" / "netflow" / "nfdump" / "test1-malicious.nfdump", tmp_path / "anew"
    subprocess.run([program, "-r", str(path), "-w", str(anew)], capture_output=True, check=True)
    if compression:
        subprocess.run([program, "-J", str(compression), "-r", str(anew)], capture_output=True, check=True)
    data = anew.read_bytes()
    assert recognise_head(data[:65_536], "intake/7").chosen == "nfcapd"
    rows = read(data)["flow"]
    agree(rows, printed(path))
    assert all(("offset" in row) == (compression == 0) for row in rows)


def test_made_files_as_nfdump_reads_them(tmp_path):
    path = tmp_path / "made"
    records = [
        made.flow(),
        made.flow(made.generic(protocol=58, dp=0x8001, flags=0), made.ends("2001:db8::1", "2001:db8::2")),
        made.flow(made.generic(), made.ends(), made.element(5, struct.pack("<QQQ", 1, 2, 90))),
        made.flow(made.generic(), made.ends(), made.element(6, struct.pack("<II", 12, 0))),
    ]
    path.write_bytes(made.file(made.block(*records)))
    agree(read(path.read_bytes())["flow"], printed(path))
