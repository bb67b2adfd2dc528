"""From frame to transport head: link types, tags, IP options, extension headers, fragments, cuts and contradictions."""

from __future__ import annotations

from struct import pack

import pytest
import wire

from parsers.capture.frames import DECODED_LINKS, Datagram, Malformed, datagram, transport

SIX = ("2001:db8::1", "2001:db8::2")
UDP4 = wire.ipv4(wire.CLIENT, wire.SERVER, 17, wire.udp(7, 9, b"abc"))
UDP6 = wire.ipv6(*SIX, 17, wire.udp(7, 9, b"abc"))


def decoded(link: int, frame: bytes, kept: int | None = None, wire_bytes: int | None = None) -> Datagram | None:
    data = b"before" + frame + b"behind"
    stop = 6 + (len(frame) if kept is None else kept)
    return datagram(link, data, 6, stop, len(frame) if wire_bytes is None else wire_bytes)


@pytest.mark.parametrize(
    ("link", "frame", "vlans", "interface"),
    [
        (1, wire.ethernet(UDP4), (), None),
        (1, wire.ethernet(UDP4) + bytes(18), (), None),  # padded to 60 bytes and more
        (1, wire.ethernet(UDP4, vlans=[5]), (5,), None),
        (1, wire.ethernet(UDP4, vlans=[5, 6, 7]), (5, 6, 7), None),
        (1, wire.ethernet(UDP4, vlans=[0]), (), None),
        (113, wire.cooked(UDP4), (), None),
        (276, wire.cooked_2(UDP4, 12), (), 12),
        (276, wire.cooked_2(pack(">HH", 5, 0x0800) + UDP4, 12, kind=0x8100), (5,), 12),
        (0, pack("<I", 2) + UDP4, (), None),
        (0, pack(">I", 2) + UDP4, (), None),
        (108, pack(">I", 2) + UDP4, (), None),
        (101, UDP4, (), None),
        (12, UDP4, (), None),
        (14, UDP4, (), None),
        (228, UDP4, (), None),
    ],
)
def test_ipv4_behind_every_link_layer(link, frame, vlans, interface):
    packet = decoded(link, frame)
    assert packet is not None
    assert (packet.vlans, packet.interface, packet.protocol, packet.size, packet.room) == (vlans, interface, 17, 31, 11)
    assert (packet.source, packet.target, packet.notes) == (b"\xc0\0\2\x0a", b"\xc6\x33\x64\x32", ())
    assert packet.stop - packet.at == 11


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        (1, wire.ethernet(UDP6)),
        (113, wire.cooked(UDP6, 0x86DD)),
        (276, wire.cooked_2(UDP6, 1, 0x86DD)),
        (0, pack("<I", 30) + UDP6),
        (108, pack(">I", 24) + UDP6),
        (101, UDP6),
        (229, UDP6),
    ],
)
def test_ipv6_behind_every_link_layer(link, frame):
    packet = decoded(link, frame)
    assert packet is not None
    assert (packet.protocol, packet.size, packet.room, packet.stop - packet.at) == (17, 51, 11, 11)


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        (1, wire.ethernet(bytes(28), 0x0806)),
        (1, wire.ethernet(bytes(28), 0x88CC)),
        (1, wire.ethernet(b"\xaa\xaa\x03" + bytes(40), 43)),
        (113, wire.cooked(bytes(28), 0x0806)),
        (276, wire.cooked_2(bytes(28), 1, 0x0806)),
        (0, pack("<I", 99) + bytes(28)),
    ],
)
def test_what_is_not_ip_is_no_fault(link, frame):
    assert decoded(link, frame) is None


@pytest.mark.parametrize("link", sorted(DECODED_LINKS))
def test_a_cut_is_no_fault_wherever_it_falls(link):
    heads = {1: wire.ethernet, 113: wire.cooked, 0: lambda p: pack("<I", 2) + p, 108: lambda p: pack(">I", 2) + p}
    heads[276] = lambda p: wire.cooked_2(p, 1)
    for inner in (
        UDP4,
        wire.ipv4(wire.CLIENT, wire.SERVER, 6, wire.tcp(1, 2, 3, 2, options=bytes(12)), options=bytes(8)),
    ):
        frame = heads.get(link, lambda p: p)(inner)
        for kept in range(len(frame)):
            packet = decoded(link, frame, kept)
            if packet:
                assert packet.size == len(inner)
                assert transport(b"before" + frame, packet).payload in {3, 0, None}


def test_ip_options_are_stepped_over():
    packet = decoded(101, wire.ipv4(wire.CLIENT, wire.SERVER, 17, wire.udp(7, 9, b"abc"), options=bytes(12)))
    assert packet is not None
    assert (packet.size, packet.room) == (43, 11)


def test_extension_headers_are_stepped_over():
    hop = bytes([43, 0]) + bytes(6)
    routing = bytes([51, 1]) + bytes(14)
    authentication = bytes([60, 4]) + bytes(22)
    destination = bytes([17, 0]) + bytes(6)
    chain = hop + routing + authentication + destination + wire.udp(7, 9, b"abc")
    packet = decoded(101, wire.ipv6(*SIX, 0, chain))
    assert packet is not None
    assert (packet.protocol, packet.room, packet.size, packet.fragment) == (17, 11, 40 + len(chain), None)


@pytest.mark.parametrize(("field", "expected"), [(0, None), (1, (0, True)), (8 | 1, (8, True)), (1448, (1448, False))])
def test_ipv6_fragments(field, expected):
    packet = decoded(101, wire.ipv6(*SIX, 44, pack(">BBHI", 17, 0, field, 77) + bytes(16)))
    assert packet is not None
    assert packet.protocol == 17
    assert (packet.fragment and (packet.fragment.offset, packet.fragment.more)) == expected


@pytest.mark.parametrize(
    ("field", "expected"), [(0x4000, None), (0x2000, (0, True)), (0x2001, (8, True)), (1, (8, False))]
)
def test_ipv4_fragments(field, expected):
    packet = decoded(101, wire.ipv4(wire.CLIENT, wire.SERVER, 17, bytes(16), fragment=field))
    assert packet is not None
    assert (packet.fragment and (packet.fragment.offset, packet.fragment.more)) == expected


def test_a_length_of_zero_is_that_of_the_frame():
    packet = decoded(
        1, wire.ethernet(wire.ipv4(wire.CLIENT, wire.SERVER, 6, wire.tcp(1, 2, 3, 16, bytes(30)), total=0))
    )
    assert packet is not None
    assert (packet.size, packet.notes) == (70, ("ip_length_zero",))
    packet = decoded(1, wire.ethernet(wire.ipv6(*SIX, 6, wire.tcp(1, 2, 3, 16, bytes(30)), length=0)))
    assert packet is not None
    assert (packet.size, packet.notes) == (90, ("ip_length_zero",))


def test_a_length_beyond_the_frame_is_noted():
    packet = decoded(1, wire.ethernet(wire.ipv4(wire.CLIENT, wire.SERVER, 17, wire.udp(7, 9, b"abc"), total=900)))
    assert packet is not None
    assert (packet.size, packet.notes, packet.stop - packet.at) == (900, ("ip_length_beyond_frame",), 11)


@pytest.mark.parametrize(
    ("link", "frame", "reason"),
    [
        (1, b"short", "an Ethernet frame of 5 bytes"),
        (113, b"short", "a cooked frame of 5 bytes"),
        (276, b"short", "a cooked frame of 5 bytes"),
        (0, b"abc", "a loopback frame of 3 bytes"),
        (101, b"\x95" + bytes(30), "IP version 9"),
        (1, wire.ethernet(UDP6, 0x0800), "IP version 6 where IPv4 was announced"),
        (1, wire.ethernet(UDP4 + bytes(20), 0x86DD), "IP version 4 where IPv6 was announced"),
        (101, UDP4[:19], "an IPv4 packet of 19 bytes"),
        (101, UDP6[:39], "an IPv6 packet of 39 bytes"),
        (101, b"\x44" + UDP4[1:], "an IPv4 header of 16 bytes"),
        (101, b"\x4f" + UDP4[1:], "an IPv4 packet of 31 bytes with a header of 60"),
        (1, wire.ethernet(UDP4, vlans=range(1, 10)), "more than 8 VLAN tags"),
        (101, wire.ipv6(*SIX, 0, bytes([17, 9]) + bytes(14)), "an IPv6 extension header of 80 bytes where 16 are left"),
        (101, wire.ipv6(*SIX, 0, bytes(4)), "an IPv6 extension header of 4 bytes"),
        (101, wire.ipv6(*SIX, 0, bytes(8) * 17), "more than 16 IPv6 extension headers"),
    ],
)  # fmt: skip
def test_contradictions_are_told(link, frame, reason):
    with pytest.raises(Malformed) as fault:
        decoded(link, frame)
    assert str(fault.value) == reason


@pytest.mark.parametrize(
    ("protocol", "body", "reason"),
    [
        (6, bytes(19), "a TCP segment of 19 bytes"),
        (6, wire.tcp(1, 2, 3, 2, header=4), "a TCP header of 16 bytes in a segment of 20"),
        (6, wire.tcp(1, 2, 3, 2, header=6), "a TCP header of 24 bytes in a segment of 20"),
        (17, bytes(7), "a UDP datagram of 7 bytes"),
        (17, wire.udp(1, 2, b"", length=7), "a UDP length of 7 bytes"),
        (17, wire.udp(1, 2, b"", length=9), "a UDP length of 9 bytes where 8 are left"),
        (1, bytes(3), "an ICMP message of 3 bytes"),
    ],
)
def test_contradictions_of_the_transport_head_are_told(protocol, body, reason):
    frame = wire.ipv4(wire.CLIENT, wire.SERVER, protocol, body)
    packet = datagram(101, frame, 0, len(frame), len(frame))
    assert packet is not None
    with pytest.raises(Malformed) as fault:
        transport(frame, packet)
    assert str(fault.value) == reason


def test_a_udp_datagram_shorter_than_its_packet_counts_as_it_says():
    frame = wire.ipv4(wire.CLIENT, wire.SERVER, 17, wire.udp(1, 2, b"abcdef", length=10))
    packet = datagram(101, frame, 0, len(frame), len(frame))
    assert packet is not None
    assert transport(frame, packet).payload == 2
