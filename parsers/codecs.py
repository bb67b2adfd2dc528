"""The decoders behind `parsers.streams`: each turns compressed input into chunks of bounded size, checking all it can.

A decoder is a generator over an `Input`; it raises `Damaged` after everything that could be decoded was yielded, and
adds to `remarks` what is odd but harmless.
"""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

STEP_BYTES = 4096  # of output from decoders that lose a whole step at a fault
INPUT_BYTES = 65_536
XZ_MEMORY = 256 << 20
ZSTD_WINDOW = 128 << 20
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
GZIP_MAGIC = b"\x1f\x8b"
XZ_MAGIC = b"\xfd7zXZ\0"
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90")


class Damage(NamedTuple):
    """Why a stream ended early: `kind` is truncated | corrupt | checksum | trailing | limit.

    `at` counts bytes of the compressed stream; with `checksum` everything decoded since the last good check is in
    doubt, with `trailing` everything decoded is sound.
    """

    kind: str
    reason: str
    at: int


class Damaged(Exception):
    """How a decoder tells `DecodedStream` that the rest cannot be decoded; nobody else sees it."""

    def __init__(self, kind: str, reason: str, at: int) -> None:
        super().__init__(reason)
        self.damage = Damage(kind, reason, at)


def codec_of(head: bytes) -> str | None:
    """Name the codec of a stream that begins with `head`: gz, zst, xz, bz2, or None."""
    if head[:3] == GZIP_MAGIC + b"\x08":
        return "gz"
    if head[:6] == XZ_MAGIC:
        return "xz"
    if head[:3] == b"BZh" and head[3:4].isdigit() and head[4:10] in _BZIP2_BLOCKS:
        return "bz2"
    at = 0
    while _is_skippable(head[at : at + 4]) and len(head) >= at + 8:
        at += 8 + int(struct.unpack_from("<I", head, at + 4)[0])
    return "zst" if head[at : at + 4] == ZSTD_MAGIC else None


class Readable(Protocol):
    """Anything to read from, once, forward."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none only at the end."""
        ...


class Input:
    """The compressed bytes, with the position of the next one."""

    def __init__(self, raw: Readable) -> None:
        self.position = 0
        self._raw = raw
        self._held = memoryview(b"")

    def some(self, most: int = INPUT_BYTES) -> bytes:
        """Up to `most` bytes, none only at the end."""
        if not self._held:
            self._held = memoryview(self._raw.read(INPUT_BYTES))
        piece = self._held[:most]
        self._held = self._held[len(piece) :]
        self.position += len(piece)
        return bytes(piece)

    def take(self, size: int) -> bytes:
        """`size` bytes, fewer only at the end."""
        found = bytearray()
        while len(found) < size and (piece := self.some(size - len(found))):
            found += piece
        return bytes(found)

    def give_back(self, count: int, data: bytes) -> None:
        """Return the last `count` bytes of `data`, which was the last piece taken by `some`."""
        if count:
            self._held = memoryview(data[-count:] + self._held)
            self.position -= count

    def exactly(self, size: int, what: str) -> bytes:
        """`size` bytes; raises where the stream ends before."""
        data = self.take(size)
        if len(data) < size:
            raise Damaged("truncated", f"the stream is cut short {what}", self.position)
        return data

    def skip_padding(self) -> int:
        """Skip zero bytes and count them."""
        count = 0
        while piece := self.some():
            rest = piece.lstrip(b"\0")
            count += len(piece) - len(rest)
            if rest:
                self.give_back(len(rest), piece)
                break
        return count

    def count_rest(self) -> int:
        """Read to the end and count."""
        count = 0
        while piece := self.some():
            count += len(piece)
        return count


def _next_member(data: Input, remarks: list[str], magics: tuple[bytes, ...]) -> bool:
    """Stand before another member after the one that ended; False at the end, raises before anything else."""
    padding = data.skip_padding()
    if padding:
        remarks.append(f"{padding} zero bytes of padding before byte {data.position} of the compressed stream")
    begin = data.position
    head = data.take(6)
    if not head:
        return False
    data.give_back(len(head), head)
    if not head.startswith(magics):
        count = data.count_rest()
        raise Damaged("trailing", f"{count} bytes after the end of the compressed data are no such data", begin)
    return True


def _gzip(data: Input, remarks: list[str]) -> Iterator[bytes]:
    while True:
        _gzip_header(data)
        begin = data.position
        check, size = 0, 0
        for chunk in deflated(data):
            check, size = zlib.crc32(chunk, check), size + len(chunk)
            yield chunk
        trailer = data.exactly(8, "before its checksum")
        if struct.unpack("<II", trailer) != (check, size & 0xFFFFFFFF):
            reason = f"the checksum of the {size} bytes decoded from byte {begin} on does not match"
            raise Damaged("checksum", reason, data.position)
        if not _next_member(data, remarks, (GZIP_MAGIC,)):
            return


def _gzip_header(data: Input) -> None:
    begin = data.position
    _, method, flags, _, _, _ = struct.unpack("<2sBBIBB", data.exactly(10, "in its header"))
    if method != 8 or flags & 0xE0:
        raise Damaged("corrupt", "the gzip header is none", begin)
    if flags & 4:
        data.exactly(struct.unpack("<H", data.exactly(2, "in its header"))[0], "in its header")
    for flag in (8, 16):
        if flags & flag:
            while data.exactly(1, "in its header") != b"\0":
                if data.position - begin > INPUT_BYTES:
                    raise Damaged("corrupt", "the gzip header does not end", begin)
    if flags & 2:
        data.exactly(2, "in its header")


def deflated(data: Input) -> Iterator[bytes]:
    """Decode one raw deflate stream (RFC 1951) and stand behind it."""
    decoder = zlib.decompressobj(-zlib.MAX_WBITS)
    most = STEP_BYTES  # grows, so that a file of many tiny members is not copied over and over
    while not decoder.eof:
        piece = data.some(most)
        most = min(2 * most, INPUT_BYTES)
        saved, done = decoder.copy(), 0
        rest = piece
        while True:
            try:
                chunk = decoder.decompress(rest, INPUT_BYTES)
            except zlib.error as fault:
                yield _up_to_the_fault(saved, piece)[done:]
                raise Damaged("corrupt", f"the compressed data is corrupt ({fault})", data.position) from None
            done += len(chunk)
            yield chunk
            rest = decoder.unconsumed_tail
            if decoder.eof or (not rest and len(chunk) < INPUT_BYTES):
                break
        if not piece and not decoder.eof:
            raise Damaged("truncated", "the stream is cut short", data.position)
        data.give_back(len(decoder.unused_data), piece)


def _up_to_the_fault(decoder: zlib._Decompress, piece: bytes) -> bytes:
    found = bytearray()
    for at in range(len(piece)):
        try:
            found += decoder.decompress(piece[at : at + 1])
        except zlib.error:
            break
    return bytes(found)


def _bzip2(data: Input, remarks: list[str]) -> Iterator[bytes]:
    while True:
        yield from stepped(data, bz2.BZ2Decompressor())
        if not _next_member(data, remarks, (b"BZh",)):
            return


def _xz(data: Input, remarks: list[str]) -> Iterator[bytes]:
    while True:
        yield from stepped(data, lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY))
        if not _next_member(data, remarks, (XZ_MAGIC,)):
            return


def stepped(data: Input, decoder: bz2.BZ2Decompressor | lzma.LZMADecompressor) -> Iterator[bytes]:
    """Decode one stream in small steps, since a fault costs the whole step, and stand behind it."""
    most = STEP_BYTES
    fed = b""
    while not decoder.eof:
        piece = b""
        if decoder.needs_input:
            fed = piece = data.some(most)
            most = min(2 * most, INPUT_BYTES)
            if not piece:
                raise Damaged("truncated", "the stream is cut short", data.position)
        try:
            yield decoder.decompress(piece, STEP_BYTES)
        except (OSError, EOFError, lzma.LZMAError) as fault:
            kind = "limit" if "emory" in str(fault) else "corrupt"
            raise Damaged(kind, f"the compressed data is corrupt ({fault})", data.position) from None
    data.give_back(len(decoder.unused_data), fed)


def _zstd(data: Input, remarks: list[str]) -> Iterator[bytes]:
    while True:
        begin = data.position
        magic = data.exactly(4, "in its header")
        if _is_skippable(magic):
            size = struct.unpack("<I", data.exactly(4, "in a skippable frame"))[0]
            _skip(data, size)
            remarks.append(f"a skippable frame of {size} bytes at byte {begin} of the compressed stream")
        elif magic == ZSTD_MAGIC:
            yield from _zstd_frame(data)
        else:
            count = 4 + data.count_rest()
            raise Damaged("trailing", f"{count} bytes after the end of the compressed data are no such data", begin)
        if not _next_frame(data, remarks):
            return


def _next_frame(data: Input, remarks: list[str]) -> bool:
    magics = (ZSTD_MAGIC, *(bytes([low]) + b"\x2a\x4d\x18" for low in range(0x50, 0x60)))
    return _next_member(data, remarks, magics)


def _is_skippable(magic: bytes) -> bool:
    return len(magic) == 4 and magic[1:] == b"\x2a\x4d\x18" and magic[0] & 0xF0 == 0x50


def _skip(data: Input, size: int) -> None:
    while size:
        piece = data.some(min(size, INPUT_BYTES))
        if not piece:
            raise Damaged("truncated", "the stream is cut short in a skippable frame", data.position)
        size -= len(piece)


def _zstd_frame(data: Input) -> Iterator[bytes]:
    """Feed the decoder block by block: each makes at most 128 KiB, and a cut shows as a missing block."""
    import zstandard

    decoder = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).decompressobj()
    descriptor = data.exactly(1, "in its header")
    flags = descriptor[0]
    single = flags >> 5 & 1
    rest = (0 if single else 1) + (0, 1, 2, 4)[flags & 3] + ((single, 2, 4, 8)[flags >> 6])

    def fed(piece: bytes) -> bytes:
        try:
            return decoder.decompress(piece)
        except zstandard.ZstdError as fault:
            kind = "limit" if "memory" in str(fault) else "checksum" if "checksum" in str(fault) else "corrupt"
            raise Damaged(kind, f"the compressed data is corrupt ({fault})", data.position) from None

    yield fed(ZSTD_MAGIC + descriptor + data.exactly(rest, "in its header"))
    last = False
    while not last:
        header = data.exactly(3, "before its last block")
        value = int.from_bytes(header, "little")
        last, kind, size = bool(value & 1), value >> 1 & 3, value >> 3
        yield fed(header + data.exactly(1 if kind == 1 else size, "inside a block"))
    if flags & 4:
        yield fed(data.exactly(4, "before its checksum"))


DECODERS: dict[str, Callable[[Input, list[str]], Iterator[bytes]]] = {
    "gz": _gzip,
    "zst": _zstd,
    "xz": _xz,
    "bz2": _bzip2,
}
