"""From a captured frame to the IP packet in it and to the head of what that carries.

Sources of the formats: tcpdump.org/linktypes (link types 0, 1, 12, 14, 101, 108, 113, 228, 229, 276), IEEE 802.1Q and
802.1ad (tags), RFC 791 (IPv4), RFC 8200 (IPv6 and its extension headers), RFC 9293 (TCP), RFC 768 (UDP), RFC 792 and
RFC 4443 (ICMP). `stop` is where the captured bytes end, `wire` how many bytes there were on the wire: a header that
the snap length cut off is no fault, one that contradicts itself is `Malformed`.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import NamedTuple

ETHERNET = 1
TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
IPV4_TYPE, IPV6_TYPE = 0x0800, 0x86DD
WITH_PORTS = frozenset({TCP, UDP, 33, 132, 136})  # DCCP, SCTP and UDP-Lite begin with two ports too
IP_LENGTH_ZERO = "ip_length_zero"
IP_LENGTH_BEYOND_FRAME = "ip_length_beyond_frame"

_TAGS = frozenset({0x8100, 0x88A8, 0x9100, 0x9200})
_MOST_TAGS = 8
_MOST_EXTENSIONS = 16
_NO_NEXT_HEADER, _FRAGMENT_HEADER, _AUTHENTICATION = 59, 44, 51
_EXTENSIONS = frozenset({0, 43, _FRAGMENT_HEADER, _AUTHENTICATION, 60, 135, 139, 140})
_FAMILY_4, _FAMILY_6 = 2, frozenset({10, 23, 24, 28, 30})  # AF_INET6 differs from system to system
# a request and its reply are one exchange; every other ICMP message stands alone
_ICMP_PAIRS = {(ICMP, 8): 8, (ICMP, 0): 8, (ICMP, 13): 13, (ICMP, 14): 13, (ICMP, 15): 15, (ICMP, 16): 15}
_ICMP_PAIRS |= {(ICMP, 17): 17, (ICMP, 18): 17, (ICMP6, 128): 128, (ICMP6, 129): 128}

_IPV4 = Struct(">BxHHHxB2x4s4s").unpack_from
_IPV6 = Struct(">IHBx16s16s").unpack_from
_SLL2 = Struct(">H2xI").unpack_from
_TCP = Struct(">4xI4xBB").unpack_from
_TCP_BYTES, _UDP_BYTES, _ICMP_BYTES = 20, 8, 8


class Malformed(ValueError):
    """The packet's bytes contradict themselves; the message says how."""


class Fragment(NamedTuple):
    """A piece of a packet: `offset` in bytes; `key` is common to all pieces of one packet."""

    key: bytes
    offset: int
    more: bool


class Datagram(NamedTuple):
    """One IP packet. Positions are indexes into the buffer, sizes are bytes on the wire."""

    interface: int | None  # where the link layer names one
    vlans: tuple[int, ...]  # outermost first
    protocol: int
    source: bytes
    target: bytes
    size: int  # the whole packet, IP header included
    at: int  # first byte after the IP headers
    stop: int  # end of its captured bytes
    room: int  # bytes after the IP headers
    fragment: Fragment | None
    notes: tuple[str, ...]


class Transport(NamedTuple):
    """The head of what an IP packet carries; None where the snap length cut it off or the protocol has none."""

    ports: bytes | None  # both, as on the wire
    header: int | None  # bytes
    payload: int | None  # bytes on the wire
    flags: int | None = None
    sequence: int | None = None
    icmp: tuple[int, int] | None = None  # type and code
    exchange: bytes | None = None  # common to an ICMP request and its reply


def datagram(link_type: int, data: bytes, at: int, stop: int, wire: int) -> Datagram | None:
    """Return the IP packet in the frame `data[at:stop]`, None where there is none in sight; raises `Malformed`."""
    return DECODED_LINKS[link_type](data, at, stop, wire)


def _ethernet(data: bytes, at: int, stop: int, wire: int) -> Datagram | None:
    if wire < 14:
        raise Malformed(f"an Ethernet frame of {wire} bytes")
    return _behind_type(data, at + 12, stop, wire - 12)


def _cooked(data: bytes, at: int, stop: int, wire: int) -> Datagram | None:
    if wire < 16:
        raise Malformed(f"a cooked frame of {wire} bytes")
    return _behind_type(data, at + 14, stop, wire - 14)


def _cooked_2(data: bytes, at: int, stop: int, wire: int) -> Datagram | None:
    if wire < 20:
        raise Malformed(f"a cooked frame of {wire} bytes")
    if stop - at < 20:
        return None
    kind, interface = _SLL2(data, at)
    if kind in _TAGS:
        return _behind_tag(data, at + 20, stop, wire - 20, interface)
    return _network(kind, data, at + 20, stop, wire - 20, (), interface)


def _loopback(data: bytes, at: int, stop: int, wire: int) -> Datagram | None:
    if wire < 4:
        raise Malformed(f"a loopback frame of {wire} bytes")
    if stop - at < 4:
        return None
    family = data[at : at + 4]
    number = min(int.from_bytes(family, "big"), int.from_bytes(family, "little"))  # in the writer's own byte order
    if number == _FAMILY_4:
        return _ipv4(data, at + 4, stop, wire - 4, (), None)
    return _ipv6(data, at + 4, stop, wire - 4, (), None) if number in _FAMILY_6 else None


def _raw(data: bytes, at: int, stop: int, wire: int) -> Datagram | None:
    if stop == at:
        return None
    version = data[at] >> 4
    if version not in {4, 6}:
        raise Malformed(f"IP version {version}")
    return (_ipv4 if version == 4 else _ipv6)(data, at, stop, wire, (), None)


DECODED_LINKS: dict[int, Callable[[bytes, int, int, int], Datagram | None]] = {
    0: _loopback,
    ETHERNET: _ethernet,
    12: _raw,
    14: _raw,
    101: _raw,
    108: _loopback,
    113: _cooked,
    228: _raw,
    229: _raw,
    276: _cooked_2,
}


def _behind_type(data: bytes, at: int, stop: int, wire: int) -> Datagram | None:
    """`at` stands on the type field of a frame."""
    if stop - at < 2:
        return None
    kind = data[at] << 8 | data[at + 1]
    if kind in _TAGS:
        return _behind_tag(data, at + 2, stop, wire - 2, None)
    return _network(kind, data, at + 2, stop, wire - 2, (), None)


def _behind_tag(data: bytes, at: int, stop: int, wire: int, interface: int | None) -> Datagram | None:
    """`at` stands behind the type field of a VLAN tag."""
    vlans: list[int] = []
    for _ in range(_MOST_TAGS):
        if stop - at < 4:
            return None
        vlan = (data[at] << 8 | data[at + 1]) & 0x0FFF
        if vlan:  # 0 carries a priority and names no VLAN
            vlans.append(vlan)
        kind = data[at + 2] << 8 | data[at + 3]
        at, wire = at + 4, wire - 4
        if kind not in _TAGS:
            return _network(kind, data, at, stop, wire, tuple(vlans), interface)
    raise Malformed(f"more than {_MOST_TAGS} VLAN tags")


def _network(
    kind: int, data: bytes, at: int, stop: int, wire: int, vlans: tuple[int, ...], interface: int | None
) -> Datagram | None:
    if kind == IPV4_TYPE:
        return _ipv4(data, at, stop, wire, vlans, interface)
    return _ipv6(data, at, stop, wire, vlans, interface) if kind == IPV6_TYPE else None


def _ipv4(data: bytes, at: int, stop: int, wire: int, vlans: tuple[int, ...], interface: int | None) -> Datagram | None:
    if wire < 20:
        raise Malformed(f"an IPv4 packet of {wire} bytes")
    if stop - at < 20:
        return None
    head, total, ident, fragment_field, protocol, source, target = _IPV4(data, at)
    header = (head & 15) * 4
    if head >> 4 != 4:
        raise Malformed(f"IP version {head >> 4} where IPv4 was announced")
    if header < 20:
        raise Malformed(f"an IPv4 header of {header} bytes")
    size, notes = _size(total, wire)
    if size < header:
        raise Malformed(f"an IPv4 packet of {size} bytes with a header of {header}")
    fragment = None
    if fragment_field & 0x3FFF:
        key = source + target + bytes((protocol,)) + ident.to_bytes(2, "big")
        fragment = Fragment(key, (fragment_field & 0x1FFF) * 8, bool(fragment_field & 0x2000))
    begin = min(at + header, stop)
    end = min(stop, at + size)
    return Datagram(
        interface, vlans, protocol, source, target, size, begin, max(begin, end), size - header, fragment, notes
    )


def _size(stated: int, wire: int) -> tuple[int, tuple[str, ...]]:
    if stated == 0:  # the network card was to cut it into packets: only the frame tells its size
        return wire, (IP_LENGTH_ZERO,)
    return stated, (IP_LENGTH_BEYOND_FRAME,) if stated > wire else ()


def _ipv6(data: bytes, at: int, stop: int, wire: int, vlans: tuple[int, ...], interface: int | None) -> Datagram | None:
    if wire < 40:
        raise Malformed(f"an IPv6 packet of {wire} bytes")
    if stop - at < 40:
        return None
    head, length, protocol, source, target = _IPV6(data, at)
    if head >> 28 != 6:
        raise Malformed(f"IP version {head >> 28} where IPv6 was announced")
    stated = length + 40 if length or protocol == _NO_NEXT_HEADER else 0
    size, notes = _size(stated, wire)
    end = min(stop, at + size)
    chain = _extensions(data, at + 40, end, size - 40, protocol)
    if chain is None:
        return None
    protocol, at, room, piece = chain
    fragment = Fragment(source + target + piece[0], piece[1] & 0xFFF8, bool(piece[1] & 1)) if piece else None
    return Datagram(interface, vlans, protocol, source, target, size, at, end, room, fragment, notes)


def _extensions(
    data: bytes, at: int, end: int, room: int, protocol: int
) -> tuple[int, int, int, tuple[bytes, int] | None] | None:
    """Step over extension headers: protocol behind them, where it begins, bytes left, identification and place of a
    fragment; None where they were cut off."""
    piece = None
    for _ in range(_MOST_EXTENSIONS):
        if protocol not in _EXTENSIONS or room == 0 or (piece and piece[1] & 0xFFF8):  # or the middle of something
            return protocol, at, room, piece
        if room < 8:
            raise Malformed(f"an IPv6 extension header of {room} bytes")
        if end - at < 8:
            return None
        taken = data[at + 1] * 4 + 8 if protocol == _AUTHENTICATION else data[at + 1] * 8 + 8
        if protocol == _FRAGMENT_HEADER:
            taken = 8
            field = data[at + 2] << 8 | data[at + 3]
            if field & 0xFFF9:  # else it is whole all the same
                piece = data[at + 4 : at + 8], field
        protocol = data[at]
        if taken > room:
            raise Malformed(f"an IPv6 extension header of {taken} bytes where {room} are left")
        room -= taken
        at = min(at + taken, end)
    raise Malformed(f"more than {_MOST_EXTENSIONS} IPv6 extension headers")


def transport(data: bytes, packet: Datagram) -> Transport:
    """Return the transport head of an unfragmented packet or of a first fragment; raises `Malformed`."""
    protocol, at, room = packet.protocol, packet.at, packet.room
    seen = packet.stop - at
    if protocol == TCP:
        return _tcp(data, at, seen, room)
    if protocol == UDP:
        return _udp(data, at, seen, room, whole=packet.fragment is None)
    if protocol in {ICMP, ICMP6}:
        return _icmp(data, at, seen, room, protocol)
    ports = data[at : at + 4] if protocol in WITH_PORTS and seen >= 4 else None
    return Transport(ports, 0, room)


def _tcp(data: bytes, at: int, seen: int, room: int) -> Transport:
    if room < _TCP_BYTES:
        raise Malformed(f"a TCP segment of {room} bytes")
    if seen < 14:
        return Transport(data[at : at + 4] if seen >= 4 else None, None, None)
    sequence, offset, flags = _TCP(data, at)
    header = (offset >> 4) * 4
    if not _TCP_BYTES <= header <= room:
        raise Malformed(f"a TCP header of {header} bytes in a segment of {room}")
    return Transport(data[at : at + 4], header, room - header, flags, sequence)


def _udp(data: bytes, at: int, seen: int, room: int, *, whole: bool) -> Transport:
    if room < _UDP_BYTES:
        raise Malformed(f"a UDP datagram of {room} bytes")
    if seen < 6:
        return Transport(data[at : at + 4] if seen >= 4 else None, _UDP_BYTES, room - _UDP_BYTES)
    length = data[at + 4] << 8 | data[at + 5]
    if length and length < _UDP_BYTES:
        raise Malformed(f"a UDP length of {length} bytes")
    if whole and length > room:
        raise Malformed(f"a UDP length of {length} bytes where {room} are left")
    return Transport(data[at : at + 4], _UDP_BYTES, (length if whole and length else room) - _UDP_BYTES)


def _icmp(data: bytes, at: int, seen: int, room: int, protocol: int) -> Transport:
    if room < 4:
        raise Malformed(f"an ICMP message of {room} bytes")
    payload = max(room - _ICMP_BYTES, 0)
    if seen < 2:
        return Transport(None, _ICMP_BYTES, payload)
    kind, code = data[at], data[at + 1]
    pair = _ICMP_PAIRS.get((protocol, kind))
    exchange = bytes((pair,)) + data[at + 4 : at + 6] if pair is not None and seen >= 6 else None
    return Transport(None, _ICMP_BYTES, payload, icmp=(kind, code), exchange=exchange)
