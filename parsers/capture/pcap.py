"""Packet captures of tcpdump and everything that writes like it.

Source of the format: draft-ietf-opsawg-pcap; libpcap sf-pcap.c (both byte orders, microseconds and nanoseconds, the
longer packet header of Alexey Kuznetsov's patch, lengths swapped before version 2.4).
One record is one packet with its header. Rows: flows, names bound to addresses, messages in clear (see `flows`,
`lookups`, `talk`); a flow lies where its first packet lies and names the next 999. Bytes are counted at the IP layer,
from the headers, so that a short snap length does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import BinaryIO, NamedTuple

from parsers.capture.account import Account
from parsers.capture.capture import Capture
from parsers.capture.flows import SECOND, Link
from parsers.capture.frames import Malformed
from parsers.contract import Format, Grade, Item
from parsers.source import BLOCK_BYTES, Source

FORMAT = Format(
    name="pcap",
    title="packet capture (pcap)",
    tables=("flow", "name_lookup", "application_message", "coverage_gap"),
    signature=True,
    line_based=False,
    # a flow is named after its first packet's number; who began it is known from a packet of its own
    carried=("flow_id", "extra", "direction"),
)

_FILE_HEADER = 24
_MAGIC = {0xA1B2C3D4: (1_000_000, 16), 0xA1B23C4D: (1_000_000_000, 16), 0xA1B2CD34: (1_000_000, 24)}
_LAST_SWAPPED_MINOR = 3
_USUAL_LARGEST, _LARGEST = 262_144, 128 << 20


class _Layout(NamedTuple):
    order: str  # of struct
    units: int  # to the second
    header: int  # bytes before each packet
    swapped: bool  # lengths may stand the other way round
    largest: int  # captured bytes of one packet
    link_type: int

    def lengths(self, kept: int, wire: int) -> tuple[int, int]:
        """Return captured and original length of a packet of which more was captured than there was."""
        return (wire, kept) if self.swapped else (kept, kept)


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001 - the magic number says it all
    """Grade a head: four bytes that no other format begins with."""
    return Grade.STRONG if _magic(head) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Account for a capture and yield its rows; flows come when they end."""
    with source.open() as stream:
        head = stream.read(_FILE_HEADER)
        if not head:
            return
        account = Account(0)
        layout = _layout(head)
        if isinstance(layout, str):
            yield from account.reject_rest(stream, len(head), layout)
            return
        yield from account.structure(_FILE_HEADER)
        capture = Capture()
        yield from _packets(stream, layout, account, capture)
        yield from capture.finish()


def _magic(head: bytes) -> tuple[str, int, int] | None:
    for order, name in ((">", "big"), ("<", "little")):
        found = _MAGIC.get(int.from_bytes(head[:4], "big" if name == "big" else "little"))
        if found:
            return order, *found
    return None


def _layout(head: bytes) -> _Layout | str:
    magic = _magic(head)
    if not magic:
        return "not a capture: its first four bytes are no known magic number"
    if len(head) < _FILE_HEADER:
        return f"the file header is torn after {len(head)} bytes"
    order, units, header = magic
    major, minor, snap_length, network = Struct(order + "4xHH8xII").unpack(head)
    if major != 2:
        return f"version {major}.{minor} of the format is not known"
    largest = max(_USUAL_LARGEST, min(snap_length, _LARGEST))
    return _Layout(order, units, header, minor <= _LAST_SWAPPED_MINOR, largest, network & 0xFFFF)


def _packets(stream: BinaryIO, layout: _Layout, account: Account, capture: Capture) -> Iterator[Item]:
    order, units, header, _, largest, link_type = layout
    unpack = Struct(order + "IIII").unpack_from
    step = SECOND // units
    link = Link(link_type)
    packet, add = capture.packet, account.add
    base, data, at, number = _FILE_HEADER, b"", 0, 0
    while block := stream.read(BLOCK_BYTES):
        base += at
        data = data[at:] + block
        at, stop = 0, len(data)
        while at + header <= stop:
            seconds, fraction, kept, wire = unpack(data, at)
            if kept > wire:
                kept, wire = layout.lengths(kept, wire)
            if kept > largest:
                reason = f"a packet of {kept} bytes: the rest of the capture cannot be told apart"
                yield from account.reject_rest(stream, stop - at, reason)
                return
            end = at + header + kept
            if end > stop:
                break
            number += 1
            try:
                if fraction >= units:
                    raise Malformed(f"its time has {fraction} of {units} parts of a second")
                time = seconds * SECOND + fraction * step
                rows = packet(link, number, base + at, end - at, time, data, at + header, end, wire)
            except Malformed as fault:
                yield from account.reject(end - at, str(fault))
            else:
                add(end - at)
                if rows and account.is_full(rows):
                    yield from account.flush()
            at = end
        yield from account.flush()
    yield from account.reject_rest(stream, len(data) - at, "the capture ends within this packet")
