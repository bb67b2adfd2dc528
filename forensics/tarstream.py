"""tar, read forward as a stream: POSIX ustar and pax, GNU long names, v7.

Source of the format: POSIX.1-2008 pax, and the GNU tar manual, "Basic Tar Format". Nothing is extracted: members are
yielded with their bytes and their names as stored. Reading goes on behind an end mark where another header follows
(as after `cat a.tar b.tar`), and finds the next header behind a damaged one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from forensics.members import MOST_MEMBERS, Listing, Member, shown

BLOCK = 512
CHUNK = 1 << 20
MOST_HEADER_BYTES = 1 << 20  # of a long name or a pax header
_ZEROS = bytes(BLOCK)
_KINDS = {
    b"0": "file",
    b"\0": "file",
    b"7": "file",
    b"1": "hardlink",
    b"2": "symlink",
    b"3": "device",
    b"4": "device",
    b"5": "folder",
    b"6": "fifo",
    b"S": "sparse",
}
_WITHOUT_DATA = frozenset({"hardlink", "symlink", "device", "fifo", "folder"})


@dataclass(slots=True)
class _Header:
    name: bytes
    target: bytes
    type: bytes
    size: int


def is_tar(head: bytes) -> bool:
    """Tell whether a stream begins with a tar header: its checksum must hold, and its first name must not be empty."""
    return len(head) >= BLOCK and _header(head[:BLOCK]) is not None and head[0] != 0


def members(stream: BinaryIO, listing: Listing) -> Iterator[Member]:
    """Yield the members of a tar stream; damage goes into `listing`."""
    reader = _Reader(stream, listing)
    index = 0
    while (header := reader.next_header()) is not None:
        kind = _KINDS.get(header.type, "unsupported")
        if kind == "file" and header.name.endswith(b"/"):
            kind = "folder"
        if index >= MOST_MEMBERS:
            listing.lost(reader.offset, reader.skip_rest(), f"more than {MOST_MEMBERS} members")
            return
        size = 0 if kind in _WITHOUT_DATA else header.size
        content = reader.data(size, header.name)
        if kind != "folder":
            yield Member(index, header.name, kind, content if kind == "file" else iter(()), header.target)
            index += 1
        for _ in content:  # what nobody read
            pass


class _Reader:
    def __init__(self, stream: BinaryIO, listing: Listing) -> None:
        self.offset = 0
        self._stream = stream
        self._listing = listing

    def next_header(self) -> _Header | None:
        """The next member's header with long names and pax values applied; None at the end."""
        long_name = long_target = b""
        pax: dict[bytes, bytes] = {}
        lost_from: int | None = None
        while True:
            begin = self.offset
            block = self._take(BLOCK)
            header = _header(block)
            if header is None and block.strip(b"\0"):
                lost_from = begin if lost_from is None else lost_from
                continue
            if lost_from is not None and (header is not None or not block):
                self._listing.lost(lost_from, begin - lost_from, "no tar header and no member's data")
                lost_from = None
            if not block:
                return None
            if header is None:
                continue
            if header.type in {b"L", b"K", b"x", b"X", b"g"}:
                value = self._header_data(header.size)
                if header.type == b"L":
                    long_name = value.rstrip(b"\0")
                elif header.type == b"K":
                    long_target = value.rstrip(b"\0")
                else:
                    pax.update(_pax(value))
                continue
            if header.type == b"S":
                self._skip_sparse_map(block)
            return _applied(header, long_name, long_target, pax)

    def data(self, size: int, name: bytes) -> Iterator[bytes]:
        """Yield the `size` bytes of a member and skip the padding behind them."""
        left = size
        while left:
            piece = self._take(min(left, CHUNK))
            left -= len(piece)
            if piece:
                yield piece
            else:
                self._listing.lost(self.offset, 0, f"member {shown(name)} is cut: {left} bytes are missing")
                return
        self._take(-size % BLOCK)

    def skip_rest(self) -> int:
        """Read to the end and count."""
        begin = self.offset
        while self._take(CHUNK):
            pass
        return self.offset - begin

    def _skip_sparse_map(self, block: bytes) -> None:
        more = block[482:483]
        while more.strip(b"\0"):
            more = self._take(BLOCK)[504:505]

    def _header_data(self, size: int) -> bytes:
        begin = self.offset
        kept = b"".join(self.data(min(size, MOST_HEADER_BYTES), b"(header)"))
        if size > MOST_HEADER_BYTES:
            for _ in self.data(size - MOST_HEADER_BYTES, b"(header)"):
                pass
            self._listing.lost(begin, size, "a long name or pax header beyond the limit")
            return b""
        return kept

    def _take(self, size: int) -> bytes:
        data = self._stream.read(size) if size else b""
        self.offset += len(data)
        return data


def _header(block: bytes) -> _Header | None:
    if len(block) < BLOCK or block == _ZEROS:
        return None
    claimed = _number(block[148:156])
    blanked = block[:148] + b" " * 8 + block[156:]
    signed = sum(byte - 256 if byte > 127 else byte for byte in blanked)
    if claimed not in {sum(blanked), signed}:
        return None
    size = _number(block[124:136])
    if size is None or size < 0:
        return None
    name = _text(block[:100])
    prefix = _text(block[345:500])
    if block[257:263] == b"ustar\0" and prefix:
        name = prefix + b"/" + name
    return _Header(name, _text(block[157:257]), block[156:157], size)


def _text(field: bytes) -> bytes:
    return field.split(b"\0", 1)[0]


def _number(field: bytes) -> int | None:
    if field[0] & 0x80:  # base 256, two's complement without the marker bit
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big") if not field[0] & 0x40 else None
    digits = field.replace(b"\0", b" ").split()
    if len(digits) > 1:
        digits = digits[:1]
    try:
        return int(digits[0], 8) if digits else 0
    except ValueError:
        return None


def _pax(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        length, blank, _ = data[at : at + 21].partition(b" ")
        if not blank or not length.isdigit() or int(length) <= len(length) + 1:
            return
        key, equals, value = data[at + len(length) + 1 : at + int(length)].partition(b"=")
        if not equals or not value.endswith(b"\n"):
            return
        yield key, value[:-1]
        at += int(length)


def _applied(header: _Header, long_name: bytes, long_target: bytes, pax: dict[bytes, bytes]) -> _Header:
    size = pax.get(b"size", b"")
    sparse = any(key.startswith(b"GNU.sparse.") for key in pax)
    return _Header(
        pax.get(b"GNU.sparse.name") or pax.get(b"path") or long_name or header.name,
        pax.get(b"linkpath") or long_target or header.target,
        b"S" if sparse else header.type,
        int(size) if size.isdigit() and len(size) < 20 else header.size,
    )
