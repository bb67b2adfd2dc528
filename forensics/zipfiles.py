"""zip, read by its central directory: stored, deflate, bzip2, LZMA and zstd (93), zip64.

Source of the format: PKWARE APPNOTE 6.3.10. Nothing is extracted: members are yielded with their bytes and their names
as stored; length and CRC are checked. Bytes that no member and no directory accounts for are named. Where the directory
is missing (a cut file), local headers are walked from the start.
"""

from __future__ import annotations

import lzma
import os
import stat
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from forensics.members import MOST_MEMBERS, Listing, Member, shown
from parsers.codecs import DECODERS, Damaged, Input, deflated, stepped

_LOCAL = b"PK\3\4"
_CENTRAL = b"PK\1\2"
_END = b"PK\5\6"
_END64 = b"PK\6\6"
_LOCATOR64 = b"PK\6\7"
_MOST_COMMENT = 65_535
_DESCRIPTOR = 24
_UNIX = 3
_LZMA_HEADER = 9
_CHUNK = 1 << 20


def is_zip(head: bytes) -> bool:
    """Tell whether a stream begins as a zip file does (an empty one begins with its end)."""
    return head[:4] in {_LOCAL, _END}


@dataclass(slots=True)
class _Entry:
    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    mode: int

    @property
    def is_short(self) -> bool:
        return max(self.size, self.packed) <= 4096 and self.method in _METHODS

    @property
    def kind(self) -> str:
        if self.flags & 1:
            return "encrypted"
        if stat.S_ISLNK(self.mode):
            return "symlink"
        if stat.S_ISFIFO(self.mode):
            return "fifo"
        if stat.S_ISBLK(self.mode) or stat.S_ISCHR(self.mode):
            return "device"
        return "file" if self.method in _METHODS else "unsupported"


class _Window:
    """A stretch of the file as a stream."""

    def __init__(self, file: BinaryIO, offset: int, length: int) -> None:
        self._file, self._at, self._left = file, offset, length

    def read(self, size: int, /) -> bytes:
        self._file.seek(self._at)
        data = self._file.read(min(size, self._left))
        self._at += len(data)
        self._left -= len(data)
        return data


def members(file: BinaryIO, listing: Listing) -> Iterator[Member]:
    """Yield the members of a seekable zip file; damage and bytes that belong to nothing go into `listing`."""
    end = file.seek(0, os.SEEK_END)
    directory = _directory(file, end)
    if directory is None:
        listing.lost(end, 0, "the zip directory is missing: members are read from their local headers")
        entries, known = _walked(file, end), []
    else:
        shift, begin, stop = directory
        entries, known = _listed(file, begin, stop, shift, listing), [(begin, end)]
    index = 0
    for entry in entries:
        if index >= MOST_MEMBERS:
            listing.lost(entry.offset, 0, f"more than {MOST_MEMBERS} members")
            break
        data = _data_offset(file, entry, listing)
        if data is None:
            continue
        known.append((entry.offset, data + entry.packed + (_DESCRIPTOR if entry.flags & 8 else 0)))
        if entry.name.endswith(b"/") and not entry.size:
            continue
        kind = entry.kind
        content = _content(file, entry, data, listing) if kind == "file" else iter(())
        target = b"".join(_content(file, entry, data, listing)) if kind == "symlink" and entry.is_short else b""
        yield Member(index, entry.name, kind, content, target)
        index += 1
    _find_gaps(known, end, listing)


def _directory(file: BinaryIO, end: int) -> tuple[int, int, int] | None:
    """Find the central directory: the shift of all offsets (bytes put in front), where it begins and stops."""
    begin = max(0, end - _MOST_COMMENT - 22)
    file.seek(begin)
    tail = file.read(end - begin)
    at = len(tail)
    while (at := tail.rfind(_END, 0, at)) >= 0:
        if len(tail) - at >= 22:
            size, offset = struct.unpack_from("<II", tail, at + 12)
            stop = begin + at
            if 0xFFFFFFFF in {size, offset} or tail[at - 20 : at - 16] == _LOCATOR64:
                size, offset, stop = _directory64(file, stop) or (size, offset, stop)
            if stop - size >= 0 and _at(file, stop - size, 4) in {_CENTRAL, _END, _END64}:
                return stop - size - offset, stop - size, stop
    return None


def _directory64(file: BinaryIO, stop: int) -> tuple[int, int, int] | None:
    locator = _at(file, stop - 20, 20)
    if locator[:4] != _LOCATOR64:
        return None
    claimed = struct.unpack_from("<Q", locator, 8)[0]
    for at in (claimed, stop - 20 - 56):  # the second where bytes were put in front
        record = _at(file, at, 56)
        if record[:4] == _END64 and len(record) == 56:
            size, offset = struct.unpack_from("<QQ", record, 40)
            return size, offset, at
    return None


def _at(file: BinaryIO, offset: int, size: int) -> bytes:
    if offset < 0 or offset > 1 << 62:
        return b""
    file.seek(offset)
    return file.read(size)


def _listed(file: BinaryIO, begin: int, stop: int, shift: int, listing: Listing) -> Iterator[_Entry]:
    at = begin
    while at < stop:
        fixed = _at(file, at, 46)
        if fixed[:4] != _CENTRAL or len(fixed) < 46:
            listing.lost(at, stop - at, "no entry of the zip directory")
            return
        (
            made,
            _,
            flags,
            method,
            _,
            crc,
            packed,
            size,
            name_size,
            extra_size,
            comment_size,
            _,
            _,
            attributes,
            offset,
        ) = struct.unpack("<HHHHIIIIHHHHHII", fixed[4:])
        rest = _at(file, at + 46, name_size + extra_size)
        name, extra = rest[:name_size], rest[name_size:]
        size, packed, offset = _wide(extra, size, packed, offset)
        mode = attributes >> 16 if made >> 8 == _UNIX else 0
        yield _Entry(name, flags, method, crc, packed, size, offset + shift, mode)
        at += 46 + name_size + extra_size + comment_size


def _walked(file: BinaryIO, end: int) -> Iterator[_Entry]:
    at = 0
    while at < end:
        fixed = _at(file, at, 30)
        if fixed[:4] != _LOCAL or len(fixed) < 30:
            return
        _, flags, method, _, crc, packed, size, name_size, extra_size = struct.unpack("<HHHIIIIHH", fixed[4:])
        rest = _at(file, at + 30, name_size + extra_size)
        size, packed, _ = _wide(rest[name_size:], size, packed, 0)
        if flags & 8 or at + 30 + name_size + extra_size + packed > end:
            return
        yield _Entry(rest[:name_size], flags, method, crc, packed, size, at, 0)
        at += 30 + name_size + extra_size + packed


def _wide(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Apply the zip64 field: it holds, in this order, the values that are 0xFFFFFFFF outside."""
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, at)
        if tag == 1:
            wide = iter(struct.unpack_from(f"<{min(length, len(extra) - at - 4) // 8}Q", extra, at + 4))
            values = [next(wide, value) if value == 0xFFFFFFFF else value for value in (size, packed, offset)]
            return values[0], values[1], values[2]
        at += 4 + length
    return size, packed, offset


def _data_offset(file: BinaryIO, entry: _Entry, listing: Listing) -> int | None:
    fixed = _at(file, entry.offset, 30)
    if fixed[:4] != _LOCAL or len(fixed) < 30:
        listing.lost(max(entry.offset, 0), 0, f"member {shown(entry.name)} has no local header")
        return None
    name_size, extra_size = struct.unpack_from("<HH", fixed, 26)
    name = _at(file, entry.offset + 30, name_size)
    if name != entry.name:
        listing.lost(entry.offset, 0, f"member {shown(entry.name)} calls itself {shown(name)} in its local header")
    return entry.offset + 30 + int(name_size) + int(extra_size)


def _content(file: BinaryIO, entry: _Entry, data: int, listing: Listing) -> Iterator[bytes]:
    crc = size = 0
    reason = "its length or checksum does not match"
    try:
        for chunk in _METHODS[entry.method](Input(_Window(file, data, entry.packed))):
            crc, size = zlib.crc32(chunk, crc), size + len(chunk)
            yield chunk
    except Damaged as fault:
        reason = fault.damage.reason
    if (size, crc) != (entry.size, entry.crc):  # where they match, no end mark is missed (LZMA may have none)
        listing.lost(data, 0, f"member {shown(entry.name)} is damaged: {reason}")


def _stored(data: Input) -> Iterator[bytes]:
    while piece := data.some(_CHUNK):
        yield piece


def _lzma(data: Input) -> Iterator[bytes]:
    head = data.exactly(_LZMA_HEADER, "in its header")
    code, dictionary = head[4], struct.unpack_from("<I", head, 5)[0]
    if code >= 225 or dictionary > 256 << 20:
        raise Damaged("corrupt", "the LZMA properties are none", data.position)
    properties = {"dict_size": max(dictionary, 4096), "lc": code % 9, "lp": code // 9 % 5, "pb": code // 45}
    decoder = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA1, **properties}])
    yield from stepped(data, decoder)


_METHODS: dict[int, Callable[[Input], Iterator[bytes]]] = {
    0: _stored,
    8: deflated,
    12: lambda data: DECODERS["bz2"](data, []),
    14: _lzma,
    93: lambda data: DECODERS["zst"](data, []),
}


def _find_gaps(known: list[tuple[int, int]], end: int, listing: Listing) -> None:
    at = 0
    for begin, stop in [*sorted(known), (end, end)]:
        if begin > at:
            listing.lost(at, begin - at, "bytes of the zip file that belong to no member")
        at = max(at, stop)
