"""Ids of a made-up world: drawn from one seed, so that the same seed makes the same evidence."""

from __future__ import annotations

import random
import uuid

from parsers.checksums import BASE58, keccak256

_MONERO_STANDARD = 18
_BLOCK_BYTES = 8
_LETTERS = {1: 2, 2: 3, 3: 5, 4: 6, 5: 7, 6: 9, 7: 10, 8: 11}  # bytes of a block: letters that write it


def monero_address(draw: random.Random) -> str:
    """Make a Monero main-net address with a valid checksum over random keys that nobody holds."""
    body = bytes([_MONERO_STANDARD]) + draw.randbytes(64)
    data = body + keccak256(body)[:4]
    return "".join(_block(data[at : at + _BLOCK_BYTES]) for at in range(0, len(data), _BLOCK_BYTES))


def _block(data: bytes) -> str:
    number = int.from_bytes(data, "big")
    letters = []
    for _ in range(_LETTERS[len(data)]):
        number, digit = divmod(number, 58)
        letters.append(BASE58[digit])
    return "".join(reversed(letters))


def uuid_of(draw: random.Random) -> str:
    """Make a random (version 4) UUID."""
    return str(uuid.UUID(bytes=draw.randbytes(16), version=4))


def hex_of(draw: random.Random, length: int) -> str:
    """Make `length` hex digits."""
    return draw.randbytes((length + 1) // 2).hex()[:length]


def zeek_uid(draw: random.Random) -> str:
    """Make a connection id as Zeek writes them."""
    return "C" + "".join(draw.choice(BASE58) for _ in range(17))
