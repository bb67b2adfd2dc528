"""Packets gathered into flows: bidirectional, by interface, VLANs, addresses, ports and protocol.

A flow ends after an idle time (TCP one hour, and two minutes once a FIN from both sides or a RST was seen; everything
else two minutes), and when a new TCP session begins between the same ports (a SYN with another sequence number). The
table is bounded: beyond `OPEN_FLOWS` the longest idle flows are written out early and marked `evicted`.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Iterator
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from parsers.capture.frames import TCP
from parsers.contract import Record, Row
from parsers.ip import canonical
from parsers.jsontext import compact

OPEN_FLOWS = 250_000  # some 2 KB each
SPANS_OF_A_FLOW = 999  # packets named besides the first
SPANS = 8_000_000  # named over all open flows: 24 bytes each
SECOND = 1_000_000_000
TCP_IDLE = 3600 * SECOND
CLOSED_IDLE = OTHER_IDLE = 120 * SECOND
FIN, SYN, RST, ACK = 1, 2, 4, 16
MIDSTREAM = "midstream"
SPANS_CAPPED = "spans_capped"
EVICTED = "evicted"
TIME_WENT_BACK = "time_went_back"
NO_TIME = "no_time"
_FIRST_SWEEP = 65_536

Key = Hashable


@lru_cache(maxsize=65_536)
def address_text(raw: bytes) -> str:
    """Write an address of 4 or 16 bytes in its canonical form."""
    text = str(ip_address(raw))
    return canonical(text) or text


class Side:
    """What one end of a flow sent."""

    __slots__ = ("address", "ear", "first_sequence", "flags", "flow", "packets", "payload", "port", "size", "stream")

    def __init__(self, flow: Flow, address: bytes, port: int | None) -> None:
        self.flow = flow
        self.address = address
        self.port = port
        self.packets = 0
        self.size = 0  # bytes, IP header included
        self.payload = 0  # bytes behind the transport header
        self.flags = 0  # TCP, ORed
        self.first_sequence: int | None = None  # of its SYN
        self.ear = 0  # see `listening`
        self.stream: Any = None

    @property
    def peer(self) -> Side:
        """The other end."""
        flow = self.flow
        return flow.backward if self is flow.forward else flow.forward


class Flow:
    """One flow; `forward` is the side that began it, as far as the packets tell."""

    __slots__ = (
        "backward",
        "closed_by",
        "first",
        "forward",
        "icmp",
        "initiator_known",
        "interface",
        "keys",
        "last",
        "last_number",
        "link",
        "notes",
        "payload_known",
        "protocol",
        "record",
        "room",
        "spans",
        "table",
        "talk",
        "timeout",
        "vlans",
    )

    def __init__(self, record: Record, protocol: int, link: Link, vlans: tuple[int, ...], time: int | None) -> None:
        self.record = record
        self.protocol = protocol
        self.link = link
        self.vlans = vlans
        self.first: int | None = time  # nanoseconds since 1970
        self.last: int | None = time
        self.last_number = record.number
        self.timeout = TCP_IDLE if protocol == TCP else OTHER_IDLE
        self.initiator_known: bool | None = False if protocol == TCP else None
        self.closed_by: Side | None = None  # who sent the first RST
        self.icmp: tuple[int, int] | None = None
        self.interface: int | None = None  # where the link layer names one
        self.notes: frozenset[str] = frozenset()
        self.payload_known = True
        self.room = SPANS_OF_A_FLOW
        self.spans: array[int] | None = None  # number, offset, length of each further packet
        self.keys: tuple[Key, ...] = ()
        self.table: dict[Key, Side] = {}
        self.talk: Any = None
        self.forward: Side
        self.backward: Side

    @property
    def id(self) -> str:
        """A name that is unique in the capture and the same on every reading."""
        return f"packet {self.record.number}"

    @property
    def named(self) -> int:
        """How many packets besides the first are kept by their places."""
        return len(self.spans) // 3 if self.spans else 0

    def further(self) -> tuple[Record, ...]:
        """Return the places of the packets after the first, as far as they are kept."""
        spans = self.spans or ()
        return tuple(Record(spans[at], spans[at + 1], spans[at + 2], None) for at in range(0, len(spans), 3))


class Link:
    """A place where packets were captured: link type, sensor's name, time step, and its TCP sessions outside VLANs."""

    __slots__ = ("number", "plain_tcp", "precision_us", "sensor", "type")

    def __init__(self, link_type: int, number: int = 0, sensor: str | None = None, precision_us: int = 1) -> None:
        self.type = link_type
        self.number = number  # tells links apart
        self.sensor = sensor
        self.precision_us = precision_us
        self.plain_tcp: dict[Key, Side] = {}  # by addresses and ports as they stand in the packet

    def when(self, time: int | None, end: int | None = None) -> dict[str, int | None]:
        """Return the time columns of a row from `time` to `end`, nanoseconds since 1970."""
        if time is None:
            return {}
        return {
            "ts": time // 1000,
            "ts_end": None if end is None else end // 1000,
            "ts_precision_us": self.precision_us,
            "ts_remainder_ns": time % 1000 or None,
        }


class Flows:
    """The table of open flows. `ending` is called with each flow that ends and yields the rows it leaves."""

    def __init__(self, ending: Callable[[Flow], Iterator[Row]], limit: int = OPEN_FLOWS, spans: int = SPANS) -> None:
        self.open: dict[int, Flow] = {}  # by the number of the first packet
        self.spans_left = spans
        self._ending = ending
        self._limit = limit
        self._sweep_at = min(_FIRST_SWEEP, limit)
        self._others: dict[Key, Side] = {}

    def table(
        self, link: Link, protocol: int, interface: int | None, vlans: tuple[int, ...]
    ) -> tuple[dict[Key, Side], tuple[Hashable, ...]]:
        """Return where the sides of open flows are found, and what besides addresses and ports belongs to their key."""
        if protocol == TCP and interface is None and not vlans:
            return link.plain_tcp, ()
        return self._others, (link.number, protocol, interface, vlans)

    def begin(
        self, flow: Flow, table: dict[Key, Side], key: Key, reverse: Key | None, sender: Side, receiver: Side
    ) -> list[Row]:
        """Enter a flow that begins; returns rows of flows that had to make room."""
        rows: list[Row] = []
        if len(self.open) >= self._sweep_at:
            rows = self._sweep(flow.last)
        flow.table = table
        table[key] = sender
        if reverse is None or reverse == key:
            flow.keys = (key,)
        else:
            flow.keys = (key, reverse)
            table[reverse] = receiver
        self.open[flow.record.number] = flow
        return rows

    def name_packet(self, flow: Flow, number: int, offset: int, length: int) -> None:
        """Keep the place of one further packet of a flow, within bounds."""
        if not self.spans_left:
            flow.room = 0  # what is kept is the beginning of a flow, without holes
        if flow.room:
            flow.room -= 1
            self.spans_left -= 1
            if flow.spans is None:
                flow.spans = array("Q")
            flow.spans.extend((number, offset, length))

    def end(self, flow: Flow) -> Iterator[Row]:
        """Take a flow out of the table and yield its rows."""
        for key in flow.keys:
            del flow.table[key]
        del self.open[flow.record.number]
        self.spans_left += flow.named
        yield from self._ending(flow)

    def end_all(self) -> Iterator[Row]:
        """End every flow, in the order in which they began."""
        for flow in list(self.open.values()):
            yield from self.end(flow)

    def _sweep(self, now: int | None) -> list[Row]:
        """End what has been idle too long; if that does not make room, the longest idle."""
        rows: list[Row] = []
        if now is not None:
            for flow in [flow for flow in self.open.values() if now - (flow.last or 0) > flow.timeout]:
                rows.extend(self.end(flow))
        crowd = len(self.open) - self._limit * 9 // 10
        if len(self.open) >= self._limit:
            for flow in sorted(self.open.values(), key=lambda flow: (flow.last or 0, flow.record.number))[:crowd]:
                flow.notes |= {EVICTED}
                rows.extend(self.end(flow))
        self._sweep_at = min(self._limit, max(_FIRST_SWEEP, 2 * len(self.open)))
        return rows


def tcp_state(flow: Flow) -> str | None:
    """Return Zeek's name for what became of a TCP session, from the flags both sides sent; None if its start is unseen.

    Source: docs.zeek.org, Conn::Info, conn_state.
    """
    if not flow.initiator_known or flow.protocol != TCP:
        return None
    ours, theirs = flow.forward.flags, flow.backward.flags
    if theirs & SYN:
        if flow.closed_by:
            return "RSTO" if flow.closed_by is flow.forward else "RSTR"
        return {0: "S1", FIN: "S2", FIN << 1: "S3"}.get(ours & FIN | (theirs & FIN) << 1, "SF")
    if theirs & RST:
        return "REJ"
    if flow.backward.packets:
        return "OTH"
    return "RSTOS0" if ours & RST else "SH" if ours & FIN else "S0"


def row_of(flow: Flow) -> Row:
    """Return a flow's row. Bytes count from the IP header on, as the headers state them."""
    ours, theirs = flow.forward, flow.backward
    packets = ours.packets + theirs.packets
    notes = set(flow.notes)
    if flow.initiator_known is False:
        notes.add(MIDSTREAM)
    if flow.named + 1 < packets:
        notes.add(SPANS_CAPPED)
    when = flow.link.when(flow.first, flow.last)
    values: dict[str, Any] = {
        **when,
        "flow_id": flow.id,
        "sensor": flow.link.sensor,
        "src_address": address_text(ours.address),
        "src_port": ours.port,
        "dst_address": address_text(theirs.address),
        "dst_port": theirs.port,
        "protocol": flow.protocol,
        "icmp_type": flow.icmp[0] if flow.icmp else None,
        "icmp_code": flow.icmp[1] if flow.icmp else None,
        "app_protocol": flow.talk.protocol if flow.talk else None,
        "duration_us": (when["ts_end"] or 0) - (when["ts"] or 0) if when else None,
        "src_bytes": ours.size,
        "dst_bytes": theirs.size,
        "src_packets": ours.packets,
        "dst_packets": theirs.packets,
        "bytes_layer": "ip",
        "src_payload_bytes": ours.payload if flow.payload_known else None,
        "dst_payload_bytes": theirs.payload if flow.payload_known else None,
        "directionality": "both",
        "initiator_known": flow.initiator_known,
        "tcp_flags": ours.flags | theirs.flags if flow.protocol == TCP else None,
        "state": tcp_state(flow),
        "vlan": flow.vlans[0] if flow.vlans else None,
        "notes": sorted(notes) or None,
        "extra": compact(_extra(flow, packets)),
    }
    return Row("flow", flow.record, values, 0, flow.further())


def _extra(flow: Flow, packets: int) -> dict[str, Any]:
    extra: dict[str, Any] = {
        "packets": {"first": flow.record.number, "last": flow.last_number, "count": packets},
    }
    if flow.interface is not None:
        extra["interface"] = flow.interface
    if len(flow.vlans) > 1:
        extra["vlans"] = list(flow.vlans)
    if flow.talk and flow.talk.protocol == "stratum" and flow.talk.unread_lines:
        extra["unread_lines"] = flow.talk.unread_lines
    return extra
