"""Packet captures of Wireshark, dumpcap and recent tcpdump (pcapng).

Source of the format: draft-ietf-opsawg-pcapng. Sections in either byte order, several interfaces with their own link
type, time step and time offset; enhanced, simple and obsolete packet blocks.
One record is one packet block; an interface statistics block that reports lost packets is one too (packets behind it
count one more than in a viewer). All other blocks are structure. Decryption secrets are never copied: the first packet
behind them gets an `artefact` row that says they are there. Rows are those of `pcap`.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import BinaryIO, NamedTuple

from parsers.capture import blocks
from parsers.capture.account import Account
from parsers.capture.blocks import Interface, Loss
from parsers.capture.capture import Capture
from parsers.capture.flows import Link
from parsers.capture.frames import Malformed
from parsers.capture.streams import FLOW_PART, LOSS_PART, SECRETS_PART
from parsers.contract import Format, Grade, Item, Record, Row
from parsers.jsontext import compact
from parsers.source import BLOCK_BYTES, Source

FORMAT = Format(
    name="pcapng",
    title="packet capture (pcapng)",
    tables=("flow", "name_lookup", "application_message", "coverage_gap", "artefact"),
    signature=True,
    line_based=False,
    # a flow is named after its first packet's number; who began it is known from a packet of its own
    carried=("flow_id", "extra", "direction"),
)

_SECTION, _INTERFACE, _OBSOLETE, _SIMPLE, _STATISTICS, _ENHANCED, _SECRETS = 0x0A0D0D0A, 1, 2, 3, 5, 6, 10
# bytes of a packet block that are not the packet
_PACKETS = {_ENHANCED: 32, _OBSOLETE: 32, _SIMPLE: 16}
_MOST_INTERFACES = 65_536
_UNKNOWN_DROPS = 0xFFFF
_MOST_COUNTED = 1 << 63
_SECTION_BYTES = b"\n\r\r\n"
_ORDERS = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}
_LARGEST_BLOCK = 64 << 20
_SMALLEST_BLOCK = 12
CAPTURE_DROPS = "capture_drops"
COUNTED_FROM_START = "counted_from_start"  # of the capture: the statistics of an interface may come repeatedly


class _Section:
    """What is known while blocks of one section are read."""

    def __init__(self, order: str) -> None:
        self.order = order
        self.head = Struct(order + "II").unpack_from
        self.enhanced = Struct(order + "IIIII").unpack_from
        self.plain = Struct(order + "IIIIIII").unpack_from
        self.obsolete = Struct(order + "HHIIII").unpack_from
        self.number = Struct(order + "I").unpack_from
        self.interfaces: list[Interface | None] = []  # None: described by a block that could not be read


class _PacketHead(NamedTuple):
    """One packet: `kept` bytes from `at` on of `wire`; `dropped`: packets lost before it."""

    interface: Interface
    time: int | None  # nanoseconds since 1970
    at: int
    kept: int
    wire: int
    dropped: int


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001 - the section header says it all
    """Grade a head: a section header block with its byte order mark."""
    return Grade.STRONG if head[:4] == _SECTION_BYTES and head[8:12] in _ORDERS else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Account for a capture and yield its rows; flows come when they end."""
    with source.open() as stream:
        yield from _Reader(stream).items()


class _Reader:
    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.account = Account(0)
        self.capture = Capture()
        self.section: _Section | None = None
        self.links = 0
        self.number = 0  # of the last record
        self.secrets = (0, 0)  # blocks that no packet has followed yet, and their bytes

    def items(self) -> Iterator[Item]:
        base, data, at = 0, b"", 0
        while block := self.stream.read(BLOCK_BYTES):
            base += at
            data = data[at:] + block
            at, stop = 0, len(data)
            while at + _SMALLEST_BLOCK <= stop:
                at = self._plain_packets(data, at, base)
                if self.account.is_full([]):
                    yield from self.account.flush()
                if at + _SMALLEST_BLOCK > stop:
                    break
                kind, length, fault = self._head(data, at)
                if fault:
                    yield from self.account.reject_rest(self.stream, stop - at, fault)
                    yield from self.capture.finish()
                    return
                end = at + length
                if end > stop:
                    break
                yield from self._block(kind, data, at, end, base + at)
                at = end
            yield from self.account.flush()
        yield from self.account.reject_rest(self.stream, len(data) - at, "the capture ends within this block")
        yield from self.capture.finish()

    def _plain_packets(self, data: bytes, at: int, base: int) -> int:
        """Take enhanced packet blocks without options that follow each other; return where something else begins.

        That may be one of them that is malformed: whatever is odd is left to `_block`, which reads them just so.
        """
        section = self.section
        if section is None or self.secrets[0]:
            return at
        plain, again, interfaces = section.plain, section.number, section.interfaces
        packet, add, stop, full = self.capture.packet, self.account.add, len(data) - _PACKETS[_ENHANCED], False
        while at <= stop and not full:
            kind, length, place, high, low, kept, wire = plain(data, at)
            end = at + length
            if kind != _ENHANCED or length != (kept + 3 & -4) + _PACKETS[_ENHANCED] or place >= len(interfaces):
                break
            interface = interfaces[place]
            if interface is None or end > len(data) or again(data, end - 4)[0] != length:
                break
            try:
                time = interface.time(high, low)
                rows = packet(
                    interface.link,
                    self.number + 1,
                    base + at,
                    length,
                    time,
                    data,
                    at + 28,
                    at + 28 + kept,
                    max(wire, kept),
                )
            except Malformed:
                break
            self.number += 1
            add(length)
            full = bool(rows) and self.account.is_full(rows or [])
            at = end
        return at

    @property
    def _section(self) -> _Section:
        assert self.section
        return self.section

    def _head(self, data: bytes, at: int) -> tuple[int, int, str | None]:
        """Return a block's type and length, and why reading cannot go on, if it cannot."""
        if data[at : at + 4] == _SECTION_BYTES:
            order = _ORDERS.get(data[at + 8 : at + 12])
            if not order:
                return 0, 0, "a section header without byte order mark"
            self.section = _Section(order)
        if not self.section:
            return 0, 0, "not a capture: it does not begin with a section header"
        kind, length = self.section.head(data, at)
        if length < _SMALLEST_BLOCK or length % 4 or length > _LARGEST_BLOCK:
            return kind, length, f"a block of {length} bytes: the rest of the capture cannot be told apart"
        return kind, length, None

    def _block(self, kind: int, data: bytes, at: int, end: int, begin: int) -> Iterator[Item]:
        section = self._section
        length = end - at
        (again,) = section.number(data, end - 4)
        try:
            if again != length:
                raise Malformed(f"a block of {length} bytes that ends as one of {again}")
            if kind in _PACKETS:
                yield from self._packet(kind, data, at, end, begin)
            elif kind == _STATISTICS and (loss := self._loss(data, at, end)):
                yield from self._lossy(loss, begin, length)
            else:
                self._note(kind, data, at, end)
                yield from self.account.structure(length)
        except Malformed as fault:
            if kind == _INTERFACE and len(section.interfaces) < _MOST_INTERFACES:
                # its packets cannot be read either, and interfaces behind it keep their numbers
                section.interfaces.append(None)
            self.number += 1
            yield from self.account.reject(length, str(fault))

    def _note(self, kind: int, data: bytes, at: int, end: int) -> None:
        """Keep what a block of structure says about the packets to come."""
        section = self._section
        if kind == _INTERFACE:
            told = blocks.description(section.order, data, at + 8, end - 4)
            if len(section.interfaces) >= _MOST_INTERFACES:
                raise Malformed(f"more than {_MOST_INTERFACES} interfaces in one section")
            link = Link(told.link_type, self.links, told.name, told.precision_us)
            self.links += 1
            section.interfaces.append(Interface(link, told.snap_length, told.units, told.offset))
        elif kind == _SECRETS:
            self.secrets = (self.secrets[0] + 1, self.secrets[1] + end - at)

    def _packet(self, kind: int, data: bytes, at: int, end: int, begin: int) -> Iterator[Item]:
        head = self._packet_head(kind, data, at, end)
        link = head.interface.link
        record = Record(self.number + 1, begin, end - at, None)
        wire = max(head.wire, head.kept)
        rows = self.capture.packet(
            link, record.number, begin, record.length, head.time, data, head.at, head.at + head.kept, wire
        )
        self.number += 1
        self.account.add(end - at)
        rows = rows or []
        if head.dropped:
            rows.append(_loss_row(record, link.when(head.time), {"dropped_before": head.dropped}, LOSS_PART))
        if self.secrets[0]:
            rows.append(_secrets_row(record, *self.secrets))
            self.secrets = (0, 0)
        if rows and self.account.is_full(rows):
            yield from self.account.flush()

    def _packet_head(self, kind: int, data: bytes, at: int, end: int) -> _PacketHead:
        section = self._section
        room = end - at - _PACKETS[kind]
        if room < 0:
            raise Malformed(f"a packet block of {end - at} bytes")
        if kind == _SIMPLE:
            interface = self._interface(0)
            (wire,) = section.number(data, at + 8)
            kept = min(wire, interface.snap_length or wire)
            time, dropped = None, 0
        else:
            layout = section.enhanced if kind == _ENHANCED else section.obsolete
            *place, high, low, kept, wire = layout(data, at + 8)
            interface = self._interface(place[0])
            time = interface.time(high, low)
            dropped = place[1] if kind == _OBSOLETE and place[1] != _UNKNOWN_DROPS else 0
        if kept > room:
            raise Malformed(f"a packet of {kept} bytes in a block that has room for {room}")
        packet_at = at + _PACKETS[kind] - 4
        after = packet_at + kept + -kept % 4
        if kind == _ENHANCED and after < end - 4:
            dropped = blocks.packets_dropped(section.order, data, after, end - 4)
        return _PacketHead(interface, time, packet_at, kept, wire, dropped)

    def _interface(self, number: int) -> Interface:
        interfaces = self._section.interfaces
        if number >= len(interfaces):
            raise Malformed(f"it names interface {number}, which was never described")
        interface = interfaces[number]
        if interface is None:
            raise Malformed(f"it names interface {number}, whose description could not be read")
        return interface

    def _loss(self, data: bytes, at: int, end: int) -> tuple[Loss, Interface, int] | None:
        """Return what a statistics block says of lost packets, if it does, with its interface and its own time."""
        section = self._section
        if end - at < 24:
            raise Malformed(f"an interface statistics block of {end - at} bytes")
        number, high, low = Struct(section.order + "III").unpack_from(data, at + 8)
        interface = self._interface(number)
        loss = blocks.loss(section.order, data, at + 20, end - 4, interface)
        return (loss, interface, interface.time(high, low)) if loss else None

    def _lossy(self, told: tuple[Loss, Interface, int], begin: int, length: int) -> Iterator[Item]:
        loss, interface, time = told
        self.number += 1
        self.account.add(length)
        record = Record(self.number, begin, length, None)
        start, end = (time, None) if loss.start is None else (loss.start, loss.end or time)
        lost = {"dropped_by_interface": loss.interface_drops, "dropped_by_system": loss.system_drops}
        row = _loss_row(record, interface.link.when(start, end), lost, FLOW_PART, COUNTED_FROM_START)
        if self.account.is_full([row]):
            yield from self.account.flush()


def _loss_row(
    record: Record, when: dict[str, int | None], lost: dict[str, int], part: int, note: str | None = None
) -> Row:
    total = sum(lost.values())
    values = {
        **when,
        "reason": CAPTURE_DROPS,
        "lost_records": total if total < _MOST_COUNTED else None,
        "text": "the capture says that it lost packets",
        "notes": [note] if note else None,
        "extra": compact(lost),
    }
    return Row("coverage_gap", record, values, part)


def _secrets_row(record: Record, count: int, length: int) -> Row:
    """Tell that secrets stand in the file before `record`; what they are is not read."""
    extra = compact({"blocks": count, "bytes": length})
    return Row(
        "artefact", record, {"kind": "tls_secrets", "name": "decryption secrets block", "extra": extra}, SECRETS_PART
    )
