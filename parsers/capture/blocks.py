"""What the blocks of a pcapng file say besides packets: interfaces and their clocks, options, lost packets.

Source of the format: draft-ietf-opsawg-pcapng sections 3.5 (options), 4.2 (interface description), 4.3 (options of an
enhanced packet block) and 4.6 (interface statistics).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Literal, NamedTuple

from parsers.capture.flows import SECOND, Link
from parsers.capture.frames import Malformed
from parsers.text import decoded
from parsers.times import EARLIEST, LATEST

_END, _NAME, _RESOLUTION, _OFFSET = 0, 2, 9, 14
_START_TIME, _END_TIME, _INTERFACE_DROPS, _SYSTEM_DROPS = 2, 3, 5, 7
_PACKET_DROPS = 4
_MICROSECONDS = 1_000_000
_EARLIEST, _LATEST = EARLIEST * 1000, LATEST * 1000


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface of a section. Times are counted in `units` to the second, from `offset` seconds after 1970."""

    link: Link
    snap_length: int  # 0: none
    units: int
    offset: int

    def time(self, high: int, low: int) -> int:
        """Return a packet's time in nanoseconds since 1970; raises `Malformed` beyond the year 9999."""
        nanoseconds = (high << 32 | low) * SECOND // self.units + self.offset * SECOND
        if not _EARLIEST <= nanoseconds <= _LATEST:
            raise Malformed("its time lies beyond the years 1 to 9999")
        return nanoseconds


class Description(NamedTuple):
    """An interface description block, read."""

    link_type: int
    snap_length: int
    name: str | None
    units: int
    offset: int

    @property
    def precision_us(self) -> int:
        """The step of its clock, in whole microseconds, rounded up."""
        return max(-(-_MICROSECONDS // self.units), 1)


class Loss(NamedTuple):
    """Packets that the interface and the operating system dropped while capturing; times in nanoseconds."""

    interface_drops: int
    system_drops: int
    start: int | None
    end: int | None


def description(order: str, data: bytes, at: int, end: int) -> Description:
    """Read the body `data[at:end]` of an interface description; raises `Malformed`."""
    if end - at < 8:
        raise Malformed(f"an interface description of {end - at} bytes")
    link_type, _, snap_length = Struct(order + "HHI").unpack_from(data, at)
    name, units, offset = None, _MICROSECONDS, 0
    for code, value in options(order, data, at + 8, end):
        if code == _NAME:
            name = decoded(value.rstrip(b"\0"))[0] or None
        elif code == _RESOLUTION and len(value) == 1:
            step = value[0] & 0x7F
            units = 1 << step if value[0] & 0x80 else 10**step
        elif code == _OFFSET and len(value) == 8:
            offset = int.from_bytes(value, _byte_order(order), signed=True)
        elif code in {_RESOLUTION, _OFFSET}:
            raise Malformed(f"an interface's clock told in {len(value)} bytes")
    return Description(link_type, snap_length, name, units, offset)


def options(order: str, data: bytes, at: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Yield codes and values of the options in `data[at:end]`; raises `Malformed`."""
    head = Struct(order + "HH")
    while at < end:
        if at + head.size > end:
            raise Malformed("an option that is torn")
        code, length = head.unpack_from(data, at)
        at += head.size
        if code == _END:
            return
        if at + length > end:
            raise Malformed(f"an option of {length} bytes where {end - at} are left")
        yield code, data[at : at + length]
        at += length + -length % 4


def loss(order: str, data: bytes, at: int, end: int, interface: Interface) -> Loss | None:
    """Return what an interface statistics block, behind its interface and time, says of lost packets; None if none."""
    counts: dict[int, int] = {}
    times: dict[int, int] = {}
    for code, value in options(order, data, at, end):
        if len(value) != 8:
            continue
        if code in {_INTERFACE_DROPS, _SYSTEM_DROPS}:
            counts[code] = int.from_bytes(value, _byte_order(order))
        elif code in {_START_TIME, _END_TIME}:
            times[code] = interface.time(*Struct(order + "II").unpack(value))
    if not any(counts.values()):
        return None
    return Loss(
        counts.get(_INTERFACE_DROPS, 0), counts.get(_SYSTEM_DROPS, 0), times.get(_START_TIME), times.get(_END_TIME)
    )


def packets_dropped(order: str, data: bytes, at: int, end: int) -> int:
    """Return how many packets an enhanced packet block says were lost before it."""
    for code, value in options(order, data, at, end):
        if code == _PACKET_DROPS and len(value) == 8:
            return int.from_bytes(value, _byte_order(order))
    return 0


def _byte_order(order: str) -> Literal["little", "big"]:
    return "little" if order == "<" else "big"
