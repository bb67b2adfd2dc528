"""One capture while it is read: packets in, rows out.

The common case, one more segment of a TCP session that is open, is handled by itself with one unpacking and one
dictionary access; everything else goes through `frames`. Both give the same rows.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from struct import Struct

from parsers.capture import dns
from parsers.capture.flows import (
    ACK,
    CLOSED_IDLE,
    FIN,
    NO_TIME,
    RST,
    SPANS_CAPPED,
    SYN,
    TIME_WENT_BACK,
    Flow,
    Flows,
    Key,
    Link,
    Side,
    row_of,
)
from parsers.capture.frames import (
    DECODED_LINKS,
    ETHERNET,
    ICMP,
    ICMP6,
    TCP,
    UDP,
    Datagram,
    Transport,
    datagram,
    transport,
)
from parsers.capture.streams import NEXT_LINE, OPENING, Bounds, Packet, Stream
from parsers.capture.talk import FOLLOWING, LISTENING, Talk
from parsers.contract import Record, Row

FRAGMENT = "fragment"
TRANSPORT_CUT = "transport_cut"
LINK_TYPE_NOT_DECODED = "link_type_not_decoded"
_FRAGMENTED = 4096  # packets whose later fragments are awaited
_PLAIN = Struct(">12xHBxH2xHxB14xI4xBB").unpack_from  # Ethernet, IPv4 without options, TCP
_PLAIN_BYTES = 54
_CHANGES = FIN | SYN | RST


class Capture:
    """Flows and talk of one capture."""

    def __init__(self, flows: Flows | None = None, bounds: Bounds | None = None) -> None:
        self.flows = flows or Flows(_ended)
        self.bounds = bounds or Bounds()
        self._fragments: dict[tuple[Link, bytes], Side] = {}
        self._undecoded: dict[int, Flow] = {}  # by link type

    def packet(
        self,
        link: Link,
        number: int,
        begin: int,
        length: int,
        time: int | None,
        data: bytes,
        at: int,
        stop: int,
        wire: int,
    ) -> list[Row] | None:
        """Take one packet and return the rows that it completes, if any; raises `Malformed`.

        `number`, `begin` and `length` are those of its record in the stream; `time` is in nanoseconds since 1970, None
        where the capture gives none; `data[at:stop]` is what was captured of the `wire` bytes that there were.
        """
        if link.type == ETHERNET and stop - at >= _PLAIN_BYTES and time is not None:
            kind, version, total, fragment, protocol, sequence, offset, flags = _PLAIN(data, at)
            if kind == 0x0800 and version == 0x45 and protocol == TCP and not fragment & 0x3FFF:
                side = link.plain_tcp.get(data[at + 26 : at + 38])
                if side is not None and not flags & _CHANGES:
                    flow = side.flow
                    header = (offset >> 4) * 4
                    payload = total - 20 - header
                    last = flow.last
                    if (
                        header >= 20
                        and 0 <= payload <= wire - 34 - header
                        and last is not None
                        and last <= time <= last + flow.timeout
                    ):
                        side.packets += 1
                        side.size += total
                        side.flags |= flags
                        flow.last = time
                        flow.last_number = number
                        if flow.room:
                            self.flows.name_packet(flow, number, begin, length)
                        if payload:
                            side.payload += payload
                            first = at + 34 + header
                            end = min(stop, first + payload)
                            ear = side.ear
                            if first < end and (
                                ear == FOLLOWING
                                or (ear == LISTENING and (OPENING[data[first]] or data.find(NEXT_LINE, first, end) > 0))
                            ):
                                record = Record(number, begin, length, None)
                                return self._hear(side, sequence, data[first:end], payload, record, time)
                        return None
        record = Record(number, begin, length, None)
        if link.type not in DECODED_LINKS:
            self._leave(link, record, time)
            return None
        found = datagram(link.type, data, at, stop, wire)
        return self._datagram(link, record, time, data, found) if found else None

    def finish(self) -> Iterator[Row]:
        """End what is still open."""
        yield from self.flows.end_all()
        for link_type in sorted(self._undecoded):
            yield _gap_row(link_type, self._undecoded[link_type])

    def _datagram(
        self, link: Link, record: Record, time: int | None, data: bytes, packet: Datagram
    ) -> list[Row] | None:
        fragment = packet.fragment
        if fragment and fragment.offset:
            return self._later_fragment(link, record, time, packet)
        head = transport(data, packet)
        rows: list[Row] = []
        side = self._side(link, record, time, packet, head, rows)
        self._count(side, record, time, packet, head)
        if fragment:
            if len(self._fragments) >= _FRAGMENTED:
                del self._fragments[next(iter(self._fragments))]
            self._fragments[link, fragment.key] = side
        if head.payload and head.header is not None:
            begin = packet.at + head.header
            if packet.protocol == TCP and head.sequence is not None:
                payload = data[begin : min(packet.stop, begin + head.payload)]
                if payload and (
                    side.ear == FOLLOWING or (side.ear == LISTENING and (OPENING[payload[0]] or NEXT_LINE in payload))
                ):
                    rows += self._hear(side, head.sequence, payload, head.payload, record, time) or ()
            elif packet.protocol == UDP and (side.port in dns.PORTS or side.peer.port in dns.PORTS):
                payload = data[begin : min(packet.stop, begin + head.payload)]
                rows += self._lookup(side, payload, record, time, cut=bool(fragment) or len(payload) < head.payload)
        return rows or None

    def _later_fragment(self, link: Link, record: Record, time: int | None, packet: Datagram) -> list[Row] | None:
        """Count a fragment to the flow of its first one; without that, to a flow without ports."""
        assert packet.fragment
        rows: list[Row] = []
        side = self._fragments.get((link, packet.fragment.key))
        if side is None or side.flow.record.number not in self.flows.open:
            side = self._side(link, record, time, packet, Transport(None, 0, packet.room), rows)
        self._count(side, record, time, packet, Transport(None, 0, packet.room))
        return rows or None

    def _side(
        self, link: Link, record: Record, time: int | None, packet: Datagram, head: Transport, rows: list[Row]
    ) -> Side:
        """Return the sender's side of the packet's flow, which may begin here; rows of flows that end go to `rows`."""
        table, place = self.flows.table(link, packet.protocol, packet.interface, packet.vlans)
        key, reverse = _keys(packet, head, place)
        side = table.get(key)
        if side is not None:
            flow = side.flow
            idle = 0 if time is None or flow.last is None else time - flow.last
            if idle <= flow.timeout and not _begins_anew(side, head):
                return side
            rows.extend(self.flows.end(flow))
        flow = Flow(record, packet.protocol, link, packet.vlans, time)
        ports = head.ports
        sender = Side(flow, packet.source, int.from_bytes(ports[:2], "big") if ports else None)
        receiver = Side(flow, packet.target, int.from_bytes(ports[2:], "big") if ports else None)
        flow.forward, flow.backward = sender, receiver
        flow.icmp = head.icmp
        if packet.interface is not None:
            flow.interface = packet.interface
        if packet.protocol == TCP and dns.STREAM_PORT in {sender.port, receiver.port}:
            sender.ear = receiver.ear = FOLLOWING
        rows.extend(self.flows.begin(flow, table, key, reverse, sender, receiver))
        return sender

    def _count(self, side: Side, record: Record, time: int | None, packet: Datagram, head: Transport) -> None:
        flow = side.flow
        side.packets += 1
        side.size += packet.size
        if head.payload is None:
            flow.payload_known = False
            flow.notes |= {TRANSPORT_CUT}
        else:
            side.payload += head.payload
        if head.flags is not None:
            self._tcp_flags(side, head.flags, head.sequence)
        if packet.notes:
            flow.notes |= frozenset(packet.notes)
        if packet.fragment:
            flow.notes |= {FRAGMENT}
        if record.number != flow.record.number:
            flow.last_number = record.number
            self.flows.name_packet(flow, record.number, record.offset, record.length)
        if time is None:
            flow.notes |= {NO_TIME}
        elif flow.first is None or flow.last is None:
            flow.first = flow.last = time
        elif time >= flow.last:
            flow.last = time
        else:
            flow.notes |= {TIME_WENT_BACK}
            flow.first = min(flow.first, time)

    def _tcp_flags(self, side: Side, flags: int, sequence: int | None) -> None:
        flow = side.flow
        side.flags |= flags
        if flags & SYN:
            if not flow.initiator_known:
                flow.initiator_known = True
                # who answers a SYN did not begin
                flow.forward, flow.backward = (side.peer, side) if flags & ACK else (side, side.peer)
            if side.first_sequence is None:
                side.first_sequence = sequence
        if flags & RST:
            flow.closed_by = flow.closed_by or side
        if flags & RST or side.flags & side.peer.flags & FIN:
            flow.timeout = CLOSED_IDLE

    def _hear(
        self, side: Side, sequence: int, payload: bytes, on_wire: int, record: Record, time: int | None
    ) -> list[Row] | None:
        """Look into a segment's payload, of which `on_wire` bytes were sent."""
        flow = side.flow
        if flow.talk is None:
            flow.talk = Talk(flow, self.bounds)
        talk: Talk = flow.talk
        if side.stream is None:
            if side.ear == LISTENING and not talk.choose(payload):
                return None
            side.stream = Stream(sequence, self.bounds)
            side.ear = FOLLOWING
        packet = Packet(record, time)
        rows: list[Row] = []
        for message in side.stream.hear(sequence, payload, on_wire - len(payload), packet, talk.choose):
            rows.extend(talk.take(message, side))
        return rows or None

    def _lookup(self, side: Side, payload: bytes, record: Record, time: int | None, *, cut: bool) -> list[Row]:
        message = dns.read(payload, cut=cut)
        flow = side.flow
        if message is None:
            return []
        if flow.talk is None:
            flow.talk = Talk(flow, self.bounds)
        return list(flow.talk.lookups(message, (Packet(record, time),), side))

    def _leave(self, link: Link, record: Record, time: int | None) -> None:
        """Note a packet of a link type that is not decoded."""
        flow = self._undecoded.get(link.type)
        if flow is None:
            self._undecoded[link.type] = flow = Flow(record, 0, link, (), time)
            flow.forward = Side(flow, b"", None)
        flow.forward.packets += 1
        if record.number != flow.record.number:
            self.flows.name_packet(flow, record.number, record.offset, record.length)
        if time is not None:
            flow.first = time if flow.first is None else min(flow.first, time)
            flow.last = time if flow.last is None else max(flow.last, time)


def _ended(flow: Flow) -> Iterator[Row]:
    if flow.talk:
        yield from flow.talk.finish()
    yield row_of(flow)


def _gap_row(link_type: int, flow: Flow) -> Row:
    packets = flow.forward.packets
    capped = flow.named + 1 < packets
    values = {
        **flow.link.when(flow.first, flow.last),
        "reason": LINK_TYPE_NOT_DECODED,
        "lost_records": packets,
        "text": f"packets of link type {link_type} are not decoded",
        "notes": [SPANS_CAPPED] if capped else None,
    }
    return Row("coverage_gap", flow.record, values, 0, flow.further())


def _keys(packet: Datagram, head: Transport, place: tuple[Hashable, ...]) -> tuple[Key, Key | None]:
    """Return a flow's key seen from the sender, and from the receiver; None where no answer belongs to it."""
    there, back = packet.source + packet.target, packet.target + packet.source
    if head.ports:
        there, back = there + head.ports, back + head.ports[2:] + head.ports[:2]
    elif head.exchange:
        there, back = there + head.exchange, back + head.exchange
    elif packet.protocol in {ICMP, ICMP6}:
        return (*place, there, head.icmp), None
    return ((*place, there), (*place, back)) if place else (there, back)


def _begins_anew(side: Side, head: Transport) -> bool:
    """Tell whether a packet opens a new TCP session between the ports of one that is known."""
    if head.flags is None or head.flags & (SYN | ACK) != SYN:
        return False
    if side.first_sequence is not None:
        return side.first_sequence != head.sequence
    flow = side.flow
    answered_first = not side.packets and not side.payload + side.peer.payload and flow.closed_by is None
    return not answered_first
