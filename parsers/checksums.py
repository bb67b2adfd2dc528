"""The checksums that make an address an address: Keccak-256, base58, bech32, CashAddr. Pure functions, no state.

Sources: Keccak submission 3.0 (the padding from before SHA-3, as Ethereum and Monero use it); Bitcoin Core base58.cpp;
CryptoNote standard 7 (block base58); BIP-173 and BIP-350; the CashAddr specification.
"""

from __future__ import annotations

import hashlib

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
BECH32_CONSTANT = 1
BECH32M_CONSTANT = 0x2BC830A3

_BASE58_VALUE = {letter: value for value, letter in enumerate(BASE58)}
_BECH32_VALUE = {letter: value for value, letter in enumerate(BECH32)}
_BLOCK_LETTERS = 11
_BLOCK_BYTES = {0: 0, 2: 1, 3: 2, 5: 3, 6: 4, 7: 5, 9: 6, 10: 7, 11: 8}  # letters of a block: bytes it stands for
_BECH32_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CASHADDR_GENERATOR = (0x98F2BC8E61, 0x79B76D99E2, 0xF33E5FB3C4, 0xAE2EABE2A8, 0x1E4F43E470)

_LANE = (1 << 64) - 1
_RATE = 136


def _round_constants() -> tuple[int, ...]:
    """Run the degree-8 shift register of the specification."""
    constants, register = [], 1
    for _ in range(24):
        constant = 0
        for j in range(7):
            if register & 1:
                constant |= 1 << ((1 << j) - 1)
            register = register << 1 ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    return tuple(constants)


def _rotations() -> tuple[tuple[int, int, int], ...]:
    """List (from lane, to lane, rotation) of the steps rho and pi; lane x, y is number x + 5 * y."""
    x, y = 1, 0
    steps = [(0, 0, 0)]
    for t in range(24):
        steps.append((x + 5 * y, y + 5 * ((2 * x + 3 * y) % 5), (t + 1) * (t + 2) // 2 % 64))
        x, y = y, (2 * x + 3 * y) % 5
    return tuple(steps)


_ROUNDS = _round_constants()
_STEPS = _rotations()


def _permute(lanes: list[int]) -> list[int]:
    for constant in _ROUNDS:
        parity = [lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20] for x in range(5)]
        mixed = [parity[x - 1] ^ _rotated(parity[(x + 1) % 5], 1) for x in range(5)]
        moved = [0] * 25
        for source, target, by in _STEPS:
            moved[target] = _rotated(lanes[source] ^ mixed[source % 5], by)
        lanes = [
            moved[y + x] ^ (~moved[y + (x + 1) % 5] & moved[y + (x + 2) % 5]) for y in range(0, 25, 5) for x in range(5)
        ]
        lanes[0] ^= constant
    return lanes


def _rotated(lane: int, by: int) -> int:
    return (lane << by | lane >> (64 - by)) & _LANE


def keccak256(data: bytes, suffix: int = 0x01) -> bytes:
    """Hash with Keccak-256; `suffix` 0x06 gives SHA3-256."""
    padded = bytearray(data) + bytes(_RATE - len(data) % _RATE)
    padded[len(data)] ^= suffix
    padded[-1] ^= 0x80
    lanes = [0] * 25
    for at in range(0, len(padded), _RATE):
        for lane in range(_RATE // 8):
            lanes[lane] ^= int.from_bytes(padded[at + 8 * lane : at + 8 * lane + 8], "little")
        lanes = _permute(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def base58(text: str) -> bytes | None:
    """Decode plain base58, leading ones as zero bytes; None if a letter is foreign."""
    number = 0
    for letter in text:
        value = _BASE58_VALUE.get(letter)
        if value is None:
            return None
        number = number * 58 + value
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def base58check(text: str) -> bytes | None:
    """Decode base58 with a double SHA-256 checksum; returns version and payload, None if the checksum is wrong."""
    raw = base58(text)
    if raw is None or len(raw) < 5:
        return None
    digest = hashlib.sha256(hashlib.sha256(raw[:-4]).digest()).digest()
    return raw[:-4] if digest[:4] == raw[-4:] else None


def cryptonote_base58(text: str) -> bytes | None:
    """Decode CryptoNote's base58 (blocks of 11 letters for 8 bytes) with a Keccak checksum; None if it is wrong."""
    raw = b""
    for at in range(0, len(text), _BLOCK_LETTERS):
        block = text[at : at + _BLOCK_LETTERS]
        size = _BLOCK_BYTES.get(len(block))
        number = 0
        for letter in block:
            value = _BASE58_VALUE.get(letter)
            if value is None:
                return None
            number = number * 58 + value
        if size is None or number >> (8 * size):
            return None
        raw += number.to_bytes(size, "big")
    return raw[:-4] if len(raw) > 4 and keccak256(raw[:-4])[:4] == raw[-4:] else None


def bech32(text: str) -> tuple[str, list[int], int] | None:
    """Decode bech32 or bech32m: (prefix, 5-bit values without the checksum, constant); None if it is neither."""
    if text not in {text.lower(), text.upper()}:
        return None
    prefix, mark, data = text.lower().rpartition("1")
    values = [_BECH32_VALUE.get(letter, -1) for letter in data]
    if not mark or not prefix or len(values) < 6 or -1 in values:
        return None
    expanded = [ord(letter) >> 5 for letter in prefix] + [0] + [ord(letter) & 31 for letter in prefix]
    constant = _polymod(expanded + values, _BECH32_GENERATOR, 25)
    if constant not in {BECH32_CONSTANT, BECH32M_CONSTANT}:
        return None
    return prefix, values[:-6], constant


def cashaddr(prefix: str, data: str) -> list[int] | None:
    """Check CashAddr text (`prefix:data`) and return its 5-bit values without the checksum; None if it is wrong."""
    if data not in {data.lower(), data.upper()}:
        return None
    values = [_BECH32_VALUE.get(letter, -1) for letter in data.lower()]
    if len(values) < 8 or -1 in values:
        return None
    expanded = [ord(letter) & 31 for letter in prefix] + [0]
    return values[:-8] if _polymod(expanded + values, _CASHADDR_GENERATOR, 35) == 1 else None


def eight_bit(values: list[int]) -> bytes | None:
    """Regroup 5-bit values into bytes; None if the padding is no padding (five bits or more, or not zero)."""
    gathered = bits = 0
    out = bytearray()
    for value in values:
        gathered = gathered << 5 | value
        bits += 5
        if bits >= 8:
            bits -= 8
            out.append(gathered >> bits)
            gathered &= (1 << bits) - 1
    return None if bits >= 5 or gathered else bytes(out)


def _polymod(values: list[int], generator: tuple[int, ...], shift: int) -> int:
    check = 1
    for value in values:
        top = check >> shift
        check = (check & ((1 << shift) - 1)) << 5 ^ value
        for bit, term in enumerate(generator):
            if top >> bit & 1:
                check ^= term
    return check
