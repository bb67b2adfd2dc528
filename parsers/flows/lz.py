"""LZO1X and LZ4 blocks, decompressed within bounds: plain byte strings without a frame, as nfcapd files hold them.

Source of the formats: lz4/lz4 doc/lz4_Block_format.md; Linux Documentation/staging/lzo.rst.
"""

from __future__ import annotations


class LzFault(ValueError):
    """The bytes are no such block, or it holds more than the limit allows."""


def lz4_block(data: bytes, most: int) -> bytes:
    """Decompress an LZ4 block of at most `most` bytes; raises `LzFault`."""
    out = bytearray()
    at, end = 0, len(data)
    while at < end:
        token = data[at]
        length, at = _extended(data, at + 1, token >> 4, 15)
        at = _literals(data, at, length, out, most)
        if at == end:
            return bytes(out)
        distance = int.from_bytes(_taken(data, at, 2), "little")
        length, at = _extended(data, at + 2, token & 15, 15)
        _match(out, distance, length + 4, most)
    raise LzFault("an LZ4 block that does not end with literals")


def lzo_block(data: bytes, most: int) -> bytes:
    """Decompress an LZO1X stream of at most `most` bytes; raises `LzFault`."""
    out = bytearray()
    at, state = 0, 0  # `state`: how many literals the last instruction copied, 4 for a long run of them
    if data and data[0] > 17:
        state = min(data[0] - 17, 4)
        at = _literals(data, 1, data[0] - 17, out, most)
    while True:
        code = _taken(data, at, 1)[0]
        at += 1
        if code < 16 and state == 0:
            length, at = _run(data, at, code, 15)
            at = _literals(data, at, length + 3, out, most)
            state = 4
            continue
        if code < 16:
            length = 2 if state < 4 else 3
            distance = (_taken(data, at, 1)[0] << 2) + (code >> 2 & 3) + (1 if state < 4 else 2049)
            state, at = code & 3, at + 1
        elif code < 64:
            near = code >= 32
            length, at = _run(data, at, code & (31 if near else 7), 31 if near else 7)
            word = int.from_bytes(_taken(data, at, 2), "little")
            distance = (word >> 2) + (1 if near else 16_384 + ((code & 8) << 11))
            length, state, at = length + 2, word & 3, at + 2
            if not near and distance == 16_384:
                if at != len(data):
                    raise LzFault("bytes behind the end of an LZO stream")
                return bytes(out)
        else:
            length = (code >> 5) + 1 if code >= 128 else 3 + (code >> 5 & 1)
            distance = (_taken(data, at, 1)[0] << 3) + (code >> 2 & 7) + 1
            state, at = code & 3, at + 1
        _match(out, distance, length, most)
        at = _literals(data, at, state, out, most)


def _taken(data: bytes, at: int, count: int) -> bytes:
    taken = data[at : at + count]
    if len(taken) < count:
        raise LzFault("a block that is cut short")
    return taken


def _extended(data: bytes, at: int, length: int, full: int) -> tuple[int, int]:
    """Return LZ4's length, which goes on in further bytes where it is full, and the place behind it."""
    if length == full:
        while True:
            more = _taken(data, at, 1)[0]
            length, at = length + more, at + 1
            if more < 255:
                break
    return length, at


def _run(data: bytes, at: int, length: int, full: int) -> tuple[int, int]:
    """Return LZO's length, which is told in further bytes where it is zero, and the place behind it."""
    if length:
        return length, at
    length = full
    while (more := _taken(data, at, 1)[0]) == 0:
        length, at = length + 255, at + 1
    return length + more, at + 1


def _literals(data: bytes, at: int, length: int, out: bytearray, most: int) -> int:
    if len(out) + length > most:
        raise LzFault(f"a block of more than {most} bytes")
    out += _taken(data, at, length)
    return at + length


def _match(out: bytearray, distance: int, length: int, most: int) -> None:
    begin = len(out) - distance
    if distance == 0 or begin < 0:
        raise LzFault("a match that begins before the block")
    if len(out) + length > most:
        raise LzFault(f"a block of more than {most} bytes")
    if distance >= length:
        out += out[begin : begin + length]
    else:  # what is copied reaches into what it makes
        found = bytes(out[begin:])
        out += (found * (length // distance + 1))[:length]
