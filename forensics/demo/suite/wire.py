"""What sensors on the network keep of a story: Zeek logs, nfdump, argus or cloud records; a short capture.

Suricata's and Zeek's events as JSON are written by `wire_json`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from ipaddress import IPv4Address
from types import MappingProxyType
from typing import NamedTuple

from forensics.demo import network
from forensics.demo.acts import MINUTE, SECOND
from forensics.demo.files import Evidence
from forensics.demo.network import Flow, Sensor
from forensics.demo.suite.deeds import Story, Wire
from forensics.demo.suite.wire_json import Clock, write_suricata, write_zeek_json

NFDUMP, ARGUS = "network/flows/nfcapd.csv", "network/argus/ra.csv"
PIPE, VPC = "network/flows/nfcapd.pipe", "network/vpc/flow.log"
# sensors that see alike: names and flows both ways, slices of flows each way, slices of flows both ways
ALIKE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"zeek": ("zeek", "zeek_json", "suricata"), "nfdump": ("nfdump", "pipe", "vpc"), "argus": ("argus",)}
)
_SLICE_US = 30 * MINUTE
_ARGUS_HEADER = "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,SrcBytes,Label"
_VPC_HEADER = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
_NFDUMP_HEADER = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows"


def capture_path(number: int) -> str:
    """Where a capture stands in the delivery."""
    return f"network/captures/span-{number}.pcap"


def write_network(
    evidence: Evidence, story: Story, style: str, resolver: str, draw: random.Random, clock: Clock
) -> None:
    """Write every connection in the style of one sensor, one of those in `ALIKE`; captures go beside it."""
    writers = {"zeek": _zeek, "zeek_json": write_zeek_json, "suricata": write_suricata, "argus": _argus}
    if style in _ONE_WAY:
        _one_way(evidence, story, style, resolver, draw, clock)
    else:
        writers[style](evidence, story, resolver, draw, clock)
    for number, taken in enumerate(story.captures, 1):
        server = taken.server
        talk = network.stratum(
            draw, clock(taken.at_us), taken.client, server.address, server.port, taken.wallet, taken.minutes
        )
        evidence.blob(capture_path(number), network.capture(talk))


def _zeek(evidence: Evidence, story: Story, resolver: str, draw: random.Random, clock: Clock) -> None:
    sensor = Sensor(evidence, draw, resolver)
    for wire in story.wires:
        at = clock(wire.at_us)
        if wire.looked_up:
            sensor.lookup(at - 20_000, wire.client, wire.server.name, wire.server.address, f"{wire.key}:lookup")
        flow = Flow(
            at, wire.client, draw.randrange(32_768, 60_999), wire.server.address, wire.server.port, wire.duration_us,
            wire.sent, wire.received, wire.service,
        )  # fmt: skip
        uid = sensor.connection(flow, f"{wire.key}:flow")
        if wire.handshake:
            sensor.handshake(flow, uid, wire.server.name)


def _slices(wire: Wire) -> list[tuple[int, int, int, int]]:
    """Cut a connection as exporters do: begin, duration, packets out and back, in parts of at most half an hour."""
    count = max(1, -(-wire.duration_us // _SLICE_US))
    return [
        (
            wire.at_us + number * _SLICE_US,
            min(_SLICE_US - 40_000, wire.duration_us - number * _SLICE_US),
            max(1, wire.sent[1] // count),
            max(1, wire.received[1] // count),
        )
        for number in range(count)
    ]


def _one_way(evidence: Evidence, story: Story, style: str, resolver: str, draw: random.Random, clock: Clock) -> None:
    """Write each direction of each slice of a connection as a record of its own."""
    path, header, line = _ONE_WAY[style]
    evidence.frame(path, header)
    for wire in story.wires:
        port, server = draw.randrange(32_768, 60_999), wire.server
        if wire.looked_up:
            for source, target in (((wire.client, port), (resolver, 53)), ((resolver, 53), (wire.client, port))):
                at = wire.at_us - 20_000 + (source[1] == 53) * 3_000
                half = _Half(clock(at), 0, 17, source, target, 1, 70)
                evidence.add(path, at, line(half), None)
        count = len(_slices(wire))
        for at, duration, sent, received in _slices(wire):
            ends = (wire.client, port), (server.address, server.port)
            for (source, target), packets, size in (
                (ends, sent, wire.sent[0] // count), (ends[::-1], received, wire.received[0] // count),
            ):  # fmt: skip
                begin = at if source[0] == wire.client else at + 20_000
                half = _Half(clock(begin), max(duration, 0), 6, source, target, packets, size + 40 * packets)
                evidence.add(path, begin, line(half), f"{wire.key}:flow")


class _Half(NamedTuple):
    """One direction of one slice of a connection."""

    at_us: int
    duration_us: int
    protocol: int
    source: tuple[str, int]
    target: tuple[str, int]
    packets: int
    size: int


def _nfdump_line(half: _Half) -> str:
    protocol = "UDP" if half.protocol == 17 else "TCP"
    cells = (
        _stamp(half.at_us), f"{half.duration_us / SECOND:.3f}", protocol, *half.source, *half.target, half.packets,
        half.size, 1,
    )  # fmt: skip
    return ",".join(map(str, cells))


def _pipe_line(half: _Half) -> str:
    ends = [(0, 0, 0, int(IPv4Address(address)), port) for address, port in (half.source, half.target)]
    begin = half.at_us // 1000
    flags = 27 if half.protocol == 6 else 0
    cells = (
        2, begin, begin + half.duration_us // 1000, half.protocol, *ends[0], *ends[1], 0, 0, 2, 1, flags, 0,
        half.packets, half.size,
    )  # fmt: skip
    return "|".join(map(str, cells))


def _vpc_line(half: _Half) -> str:
    begin = half.at_us // SECOND
    interface = f"eni-{int(IPv4Address(half.source[0])):017x}"
    cells = (
        2, "000000000034", interface, half.source[0], half.target[0], half.source[1], half.target[1], half.protocol,
        half.packets, half.size, begin, begin + max(1, half.duration_us // SECOND), "ACCEPT", "OK",
    )  # fmt: skip
    return " ".join(map(str, cells))


_ONE_WAY: Mapping[str, tuple[str, list[str], Callable[[_Half], str]]] = MappingProxyType({
    "nfdump": (NFDUMP, [_NFDUMP_HEADER], _nfdump_line),
    "pipe": (PIPE, [], _pipe_line),
    "vpc": (VPC, [_VPC_HEADER], _vpc_line),
})  # fmt: skip


def _argus(evidence: Evidence, story: Story, resolver: str, draw: random.Random, clock: Clock) -> None:
    evidence.frame(ARGUS, [_ARGUS_HEADER])
    for wire in story.wires:
        port, server = draw.randrange(32_768, 60_999), wire.server
        if wire.looked_up:
            at = wire.at_us - 20_000
            row = (
                _slashed(clock(at)),
                "0.003100",
                "udp",
                wire.client,
                port,
                "  <->",
                resolver,
                53,
                "CON",
                0,
                0,
                2,
                170,
                76,
                "",
            )
            evidence.add(ARGUS, at, ",".join(map(str, row)), None)
        count = len(_slices(wire))
        for at, duration, sent, received in _slices(wire):
            out, back = wire.sent[0] // count + 54 * sent, wire.received[0] // count + 54 * received
            row = (
                _slashed(clock(at)), f"{max(duration, 0) / SECOND:.6f}", "tcp", wire.client, port, "   ->",
                server.address, server.port, "SPA_SPA", 0, 0, sent + received, out + back, out, "",
            )  # fmt: skip
            evidence.add(ARGUS, at, ",".join(map(str, row)), f"{wire.key}:flow")


def _stamp(at_us: int) -> str:
    moment = datetime.fromtimestamp(at_us // SECOND, UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{at_us % SECOND // 1000:03d}"


def _slashed(at_us: int) -> str:
    moment = datetime.fromtimestamp(at_us // SECOND, UTC)
    return f"{moment:%Y/%m/%d %H:%M:%S}.{at_us % SECOND:06d}"
