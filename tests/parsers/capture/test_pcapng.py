"""The pcapng container: sections, interfaces and their clocks, every packet block, lost packets."""

from __future__ import annotations

from struct import pack

import golden
import pytest
import wire

from parsers.capture import pcapng
from parsers.contract import Grade
from parsers.source import Source

DATAGRAM = wire.ethernet(wire.ipv4(wire.CLIENT, wire.SERVER, 17, wire.udp(7, 9, b"hello")))
MICROS = wire.START // 1000


def read(data: bytes):
    books, tables = golden.tables_of(Source.of_bytes(data), pcapng)
    assert books.stream_bytes == len(data)
    return books, {name: golden.rows_of(rows) for name, rows in tables.items()}


def reasons(tables) -> list[str]:
    return [row["reason"] for row in tables.get("quarantine", [])]


@pytest.mark.parametrize(
    ("head", "grade"),
    [
        (wire.section("<"), Grade.STRONG),
        (wire.section(">"), Grade.STRONG),
        (wire.section("<")[:12], Grade.STRONG),
        (wire.section("<")[:11], Grade.NONE),
        (b"\n\r\r\n\x1c\0\0\0nope", Grade.NONE),
        (b"", Grade.NONE),
    ],
)
def test_section_header_and_byte_order_mark_decide(head, grade):
    assert pcapng.recognise(head, "evidence.pcapng") == grade


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("resolution", "ticks", "ts", "precision_us", "remainder"),
    [
        (None, MICROS + 7, "2023-11-14T22:13:20.000007Z", 1, None),
        (0, 1_700_000_000, "2023-11-14T22:13:20.000000Z", 1_000_000, None),
        (3, 1_700_000_000_250, "2023-11-14T22:13:20.250000Z", 1000, None),
        (9, wire.START + 1_999, "2023-11-14T22:13:20.000001Z", 1, 999),
        (10, wire.START * 10 + 5, "2023-11-14T22:13:20.000000Z", 1, None),
        (0x80 | 10, (1_700_000_000 << 10) + 512, "2023-11-14T22:13:20.500000Z", 977, None),
        (0x80, 1_700_000_000, "2023-11-14T22:13:20.000000Z", 1_000_000, None),
    ],
)
def test_clocks_of_every_step(order, resolution, ticks, ts, precision_us, remainder):
    options = {} if resolution is None else {"resolution": resolution}
    data = wire.section(order) + wire.interface(1, order, **options) + wire.enhanced(0, ticks, DATAGRAM, order)
    _, tables = read(data)
    (flow,) = tables["flow"]
    assert (flow["ts"], flow["ts_precision_us"], flow.get("ts_remainder_ns")) == (ts, precision_us, remainder)


def test_time_offsets_may_be_negative():
    data = wire.section() + wire.interface(offset=-10) + wire.enhanced(0, MICROS, DATAGRAM)
    assert read(data)[1]["flow"][0]["ts"] == "2023-11-14T22:13:10.000000Z"


def test_a_time_beyond_the_year_9999_costs_one_record():
    data = wire.section() + wire.interface() + wire.enhanced(0, (1 << 64) - 1, DATAGRAM)
    books, tables = read(data + wire.enhanced(0, MICROS, DATAGRAM))
    assert (books.records, books.quarantined) == (1, 1)
    assert reasons(tables) == ["its time lies beyond the years 1 to 9999"]


def test_interfaces_tell_flows_apart_and_name_the_sensor():
    data = wire.section() + wire.interface(name="eth0") + wire.interface(name="eth1")
    data += b"".join(wire.enhanced(number, MICROS, DATAGRAM) for number in (0, 1, 0))
    flows = read(data)[1]["flow"]
    assert [(flow["sensor"], flow["src_packets"]) for flow in flows] == [("eth0", 2), ("eth1", 1)]


def test_interfaces_are_those_of_their_section():
    data = wire.section() + wire.interface(name="eth0") + wire.enhanced(0, MICROS, DATAGRAM)
    data += wire.section(">") + wire.enhanced(0, MICROS, DATAGRAM, ">")
    books, tables = read(data)
    assert (books.records, books.quarantined) == (1, 1)
    assert reasons(tables) == ["it names interface 0, which was never described"]


def test_a_simple_packet_has_no_time_and_is_cut_by_its_interface():
    data = wire.section() + wire.interface(snap=40) + wire.simple(DATAGRAM, snap=40) + wire.simple(DATAGRAM, snap=40)
    _, tables = read(data)
    (flow,) = tables["flow"]
    assert not {"ts", "ts_end", "duration_us"} & flow.keys()
    assert (flow["notes"], flow["src_packets"], flow["src_bytes"]) == (["no_time"], 2, 66)


def test_a_flow_with_and_without_times_keeps_the_times_it_has():
    data = wire.section() + wire.interface() + wire.simple(DATAGRAM) + wire.enhanced(0, MICROS, DATAGRAM)
    (flow,) = read(data)[1]["flow"]
    assert (flow["ts"], flow["notes"]) == ("2023-11-14T22:13:20.000000Z", ["no_time"])


def test_secrets_are_noted_and_never_copied():
    secret = b"CLIENT_RANDOM c0ffee 5ec2e7"
    data = wire.section() + wire.interface() + wire.secrets(secret) + wire.secrets(secret)
    _, tables = read(data + wire.enhanced(0, MICROS, DATAGRAM))
    (artefact,) = tables["artefact"]
    assert (artefact["kind"], artefact["extra"]) == ("tls_secrets", '{"blocks":2,"bytes":96}')
    assert "c0ffee" not in repr(tables)


def test_lost_packets_are_told_where_the_file_tells_them():
    data = wire.section() + wire.interface(name="eth0")
    data += wire.enhanced(0, MICROS, DATAGRAM, dropped=0) + wire.enhanced(0, MICROS, DATAGRAM, dropped=4)
    data += wire.obsolete(0, MICROS, DATAGRAM) + wire.obsolete(0, MICROS, DATAGRAM, dropped=3)
    data += wire.statistics(0, MICROS, received=9) + wire.statistics(0, MICROS, system_drops=2)
    books, tables = read(data)
    gaps = [(row["record"], row["lost_records"]) for row in tables["coverage_gap"]]
    assert gaps == [(2, 4), (4, 3), (5, 2)]
    assert books.records == 5


def test_more_losses_than_the_column_holds_are_kept_in_extra():
    data = wire.section() + wire.interface() + wire.statistics(0, MICROS, interface_drops=(1 << 64) - 1)
    (gap,) = read(data)[1]["coverage_gap"]
    assert "lost_records" not in gap
    assert str((1 << 64) - 1) in gap["extra"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (wire.enhanced(0, MICROS, DATAGRAM)[:20] + pack("<I", 999) + wire.enhanced(0, MICROS, DATAGRAM)[24:],
         "a packet of 999 bytes in a block that has room for 48"),
        (wire.block(6, bytes(8)), "a packet block of 20 bytes"),
        (wire.block(3, b""), "a packet block of 12 bytes"),
        (wire.block(1, bytes(4)), "an interface description of 4 bytes"),
        (wire.block(1, bytes(8) + pack("<HHI", 9, 4, 0)), "an interface's clock told in 4 bytes"),
        (wire.block(1, bytes(8) + pack("<HH", 2, 40)), "an option of 40 bytes where 0 are left"),
        (wire.block(5, bytes(8)), "an interface statistics block of 20 bytes"),
        (wire.enhanced(0, MICROS, DATAGRAM)[:-4] + bytes(4), "a block of 80 bytes that ends as one of 0"),
        (wire.enhanced(0, MICROS, wire.ethernet(b"")), "an IPv4 packet of 0 bytes"),
    ],
)  # fmt: skip
def test_a_damaged_block_costs_one_record(body, reason):
    around = wire.enhanced(0, MICROS, DATAGRAM)
    books, tables = read(wire.section() + wire.interface() + around + body + around)
    assert (books.records, books.quarantined, reasons(tables)) == (2, 1, [reason])
    assert tables["quarantine"][0]["record"] == 2
    assert tables["flow"][0]["src_packets"] == 2


def test_packets_of_an_interface_that_could_not_be_read_are_not_read_by_guess():
    data = wire.section() + wire.block(1, bytes(4)) + wire.interface(name="eth1")
    books, tables = read(data + wire.enhanced(0, MICROS, DATAGRAM) + wire.enhanced(1, MICROS, DATAGRAM))
    assert reasons(tables)[1] == "it names interface 0, whose description could not be read"
    assert (books.records, tables["flow"][0]["sensor"]) == (1, "eth1")


@pytest.mark.parametrize("length", [0, 8, 13, 1 << 31])
def test_an_insane_block_length_costs_the_rest(length):
    bad = pack("<II", 6, length) + bytes(40)
    books, tables = read(wire.section() + wire.interface() + wire.enhanced(0, MICROS, DATAGRAM) + bad)
    assert (books.records, books.bytes_quarantined) == (1, len(bad))
    assert reasons(tables) == [f"a block of {length} bytes: the rest of the capture cannot be told apart"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no capture at all", "not a capture: it does not begin with a section header"),
        (b"\n\r\r\n\x1c\0\0\0????" + bytes(16), "a section header without byte order mark"),
        (wire.section()[:20], "the capture ends within this block"),
        (b"\n\r\r", "the capture ends within this block"),
    ],
)
def test_what_is_no_capture_is_quarantined_whole(data, reason):
    books, tables = read(data)
    assert (books.bytes_quarantined, reasons(tables)) == (len(data), [reason])


def test_interfaces_of_a_section_are_bounded(monkeypatch):
    monkeypatch.setattr(pcapng, "_MOST_INTERFACES", 2)
    books, tables = read(wire.section() + wire.interface() * 3 + wire.enhanced(1, MICROS, DATAGRAM))
    assert reasons(tables) == ["more than 2 interfaces in one section"]
    assert books.records == 1


@pytest.mark.parametrize("size", [1, 5, 28, 997])
def test_reading_does_not_depend_on_the_size_of_pieces(size, monkeypatch):
    data = wire.sections_capture()
    expected = read(data)
    monkeypatch.setattr(pcapng, "BLOCK_BYTES", size)
    assert read(data) == expected


def test_packets_with_and_without_options_give_the_same_rows():
    session = wire.Session().open().say(wire.line(id=1, method="mining.subscribe", params=["m/1"])).close()
    session.frames.insert(3, (wire.START, wire.ethernet(b"\x45")))
    found = []
    for dropped in (None, 0):
        data = wire.section() + wire.interface()
        data += b"".join(wire.enhanced(0, time // 1000, frame, dropped=dropped) for time, frame in session.frames)
        books, tables = read(data)
        assert (books.records, books.quarantined) == (7, 1)
        places = {"offset", "length"}
        found.append(
            [
                {k: v for k, v in row.items() if k not in places}
                for name in ("flow", "application_message", "quarantine")
                for row in tables[name]
            ]
        )
    assert found[0] == found[1]


def test_pcap_and_pcapng_of_the_same_packets_give_the_same_rows():
    from parsers.capture import pcap

    session = wire.Session().open().say(wire.line(id=1, method="mining.subscribe", params=["m/1"])).close()
    ng = wire.section() + wire.interface() + b"".join(wire.enhanced(0, t // 1000, frame) for t, frame in session.frames)
    _, one = golden.tables_of(Source.of_bytes(wire.pcap(session.frames)), pcap)
    _, other = golden.tables_of(Source.of_bytes(ng), pcapng)
    places = {"offset", "length"}
    for name in ("flow", "application_message"):
        rows = [golden.rows_of(tables[name]) for tables in (one, other)]
        first, second = ([{k: v for k, v in row.items() if k not in places} for row in side] for side in rows)
        assert first == second
