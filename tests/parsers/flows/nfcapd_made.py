"""nfcapd files made from scratch, after the layouts that nfdump's headers describe."""

from __future__ import annotations

import bz2
import ipaddress
import struct

import zstandard

FIRST = 1_772_600_767_250  # 2026-03-04T05:06:07.250Z
NONE, LZO, BZ2, LZ4, ZSTD = range(5)


def address(text: str) -> bytes:
    """Four bytes turned round, or two numbers of eight bytes."""
    packed = ipaddress.ip_address(text).packed
    return packed[::-1] if len(packed) == 4 else packed[7::-1] + packed[:7:-1]


def element(number: int, data: bytes) -> bytes:
    return struct.pack("<HH", number, len(data) + 4) + data


def generic(
    *, first=FIRST, last=FIRST + 750, packets=3, count=180, sp=40001, dp=3333, protocol=6, flags=26, forward=0, tos=0
) -> bytes:
    return element(
        1, struct.pack("<QQQQQHHBBBB", first, last, 0, packets, count, sp, dp, protocol, flags, forward, tos)
    )


def ends(source="192.0.2.1", destination="198.51.100.1") -> bytes:
    data = address(source) + address(destination)
    return element(2 if len(data) == 8 else 3, data)


def flow(*elements: bytes, flags=0, exporter=0, count=None) -> bytes:
    """A V3 record of 1.7."""
    elements = elements or (generic(), ends())
    body = b"".join(elements)
    numbers = (len(elements) if count is None else count, 0, 0, exporter, flags, 1)
    return struct.pack("<HHHBBHBB", 11, 12 + len(body), *numbers) + body


def exporter(text: str, number: int) -> bytes:
    packed = address(text)
    at = b"\0" * 8 + packed + b"\0" * 4 if len(packed) == 4 else packed
    return struct.pack("<HHI", 7, 32, 9) + at + struct.pack("<HHI", 2 if len(packed) == 4 else 10, number, 0)


def statistics(failures: int) -> bytes:
    return struct.pack("<HH", 0x8002, 148) + bytes(120) + struct.pack("<QQQ", FIRST, FIRST + 60_000, failures)


def block(*records: bytes, kind=3, flags=0, compression=NONE) -> bytes:
    data = b"".join(records)
    data = packed(data, NONE if flags & 1 else compression)
    return struct.pack("<IIHH", len(records), len(data), kind, flags) + data


def packed(data: bytes, compression: int) -> bytes:
    match compression:
        case 1:  # one run of literals, then the mark of the end
            return _lzo_run(len(data)) + data + b"\x11\0\0"
        case 2:
            return bz2.compress(data)
        case 3:  # one run of literals
            more = len(data) - 15
            return (
                bytes([len(data) << 4]) if more < 0 else b"\xf0" + b"\xff" * (more // 255) + bytes([more % 255])
            ) + data
        case 4:
            return zstandard.compress(data)
    return data


def _lzo_run(length: int) -> bytes:
    if length <= 238:
        return bytes([length + 17])
    zeros, rest = divmod(length - 3 - 15 - 1, 255)
    return b"\0" + b"\0" * zeros + bytes([rest + 1])


def file(*blocks: bytes, compression=NONE, encryption=0, layout=2) -> bytes:
    """A file of layout 2."""
    return struct.pack(
        "<HHIqBBHIqII", 0xA50C, layout, 0x01070101, 0, compression, encryption, 0, 1, 0, 1 << 20, len(blocks)
    ) + b"".join(blocks)


def old_map(number: int, *extensions: int) -> bytes:
    numbers = [*extensions, 0] if len(extensions) % 2 else [*extensions, 0, 0]
    return struct.pack(f"<HHHH{len(numbers)}H", 2, 8 + 2 * len(numbers), number, 0, *numbers)


def old_flow(
    extensions=b"",
    *,
    map_number=0,
    kind=10,
    flags=6,
    source="192.0.2.1",
    destination="198.51.100.1",
    protocol=6,
    sp=40001,
    dp=3333,
    exporter=1,
    packets=3,
    count=180,
) -> bytes:
    """A common record of 1.6; `flags`: 1 for IPv6, 2 and 4 for counters of 64 bits."""
    seconds, ms = divmod(FIRST, 1000)
    fixed = struct.pack("<HHIIBBBBHH", ms, ms + 500, seconds, seconds, 0, 26, protocol, 0, sp, dp)
    head = struct.pack("<HH", flags, map_number) if kind == 10 else struct.pack("<BBH", flags, exporter, map_number)
    fixed += struct.pack("<HBB", exporter, 0, 0) if kind == 10 else b""
    counters = struct.pack("<Q" if flags & 2 else "<I", packets) + struct.pack("<Q" if flags & 4 else "<I", count)
    body = head + fixed + address(source) + address(destination) + counters + extensions
    return struct.pack("<HH", kind, 4 + len(body)) + body


def old_file(*blocks: bytes, flags=0, failures=0) -> bytes:
    """A file of layout 1."""
    seconds, ms = divmod(FIRST, 1000)
    head = struct.pack("<HHII", 0xA50C, 1, flags, len(blocks)) + b"gateway".ljust(128, b"\0")
    return head + bytes(120) + struct.pack("<IIHHI", seconds, seconds + 60, ms, ms, failures) + b"".join(blocks)
