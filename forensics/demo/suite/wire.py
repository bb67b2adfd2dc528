"""What sensors on the network keep of a story: Zeek logs, nfdump or argus records, a short capture."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime

from forensics.demo import network
from forensics.demo.acts import MINUTE, SECOND
from forensics.demo.files import Evidence
from forensics.demo.network import Flow, Sensor
from forensics.demo.suite.deeds import Story, Wire

Clock = Callable[[int], int]
NFDUMP, ARGUS = "network/flows/nfcapd.csv", "network/argus/ra.csv"
_SLICE_US = 30 * MINUTE
_ARGUS_HEADER = "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,SrcBytes,Label"
_NFDUMP_HEADER = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows"


def capture_path(number: int) -> str:
    """Where a capture stands in the delivery."""
    return f"network/captures/span-{number}.pcap"


def write_network(
    evidence: Evidence, story: Story, style: str, resolver: str, draw: random.Random, clock: Clock
) -> None:
    """Write every connection in the style of one sensor: zeek, nfdump or argus; captures go beside it."""
    {"zeek": _zeek, "nfdump": _nfdump, "argus": _argus}[style](evidence, story, resolver, draw, clock)
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


def _nfdump(evidence: Evidence, story: Story, resolver: str, draw: random.Random, clock: Clock) -> None:
    evidence.frame(NFDUMP, [_NFDUMP_HEADER])
    for wire in story.wires:
        port, server = draw.randrange(32_768, 60_999), wire.server
        if wire.looked_up:
            for source, target in (((wire.client, port), (resolver, 53)), ((resolver, 53), (wire.client, port))):
                at = wire.at_us - 20_000 + (source[1] == 53) * 3_000
                row = (_stamp(clock(at)), "0.000", "UDP", *source, *target, 1, 70, 1)
                evidence.add(NFDUMP, at, ",".join(map(str, row)), None)
        count = len(_slices(wire))
        for at, duration, sent, received in _slices(wire):
            ends = (wire.client, port), (server.address, server.port)
            for (source, target), packets, size in (
                (ends, sent, wire.sent[0] // count), (ends[::-1], received, wire.received[0] // count),
            ):  # fmt: skip
                begin = at if source[0] == wire.client else at + 20_000
                row = (
                    _stamp(clock(begin)), f"{max(duration, 0) / SECOND:.3f}", "TCP", *source, *target, packets,
                    size + 40 * packets, 1,
                )  # fmt: skip
                evidence.add(NFDUMP, begin, ",".join(map(str, row)), f"{wire.key}:flow")


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
