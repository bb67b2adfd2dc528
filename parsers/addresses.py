"""Wallet addresses in text: found by shape, kept by checksum.

A candidate is a whole run of ASCII letters and digits (nothing alphanumeric may touch it; `ADDR.worker`, `ADDR+50000`,
`/miner/ADDR/stats` and `wallet=ADDR&` are all found). Only what passes its checksum is an address; an EVM address in
one case carries no checksum and comes with check "none". Private keys are no addresses and are never returned.

Sources of the version bytes: each coin's chainparams; Monero cryptonote_config.h; EIP-55; BIP-173/350; SLIP-173.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import NamedTuple

from parsers import checksums


class Address(NamedTuple):
    """One address and where it stands in the text (characters, end exclusive).

    `asset` is the coin, or "EVM" for the whole family whose coin the address does not tell. `check` is "valid" or
    "none". `testnet` addresses hold nothing of value. `also` names other coins that the same address is valid for.
    """

    asset: str
    kind: str
    value: str
    start: int
    end: int
    check: str
    testnet: bool = False
    also: tuple[str, ...] = ()


class _Match(NamedTuple):
    asset: str
    kind: str
    check: str = "valid"
    testnet: bool = False
    also: tuple[str, ...] = ()


_BASE58CHECK: dict[bytes, _Match] = {
    b"\x00": _Match("BTC", "p2pkh"),
    b"\x05": _Match("BTC", "p2sh", also=("LTC",)),
    b"\x30": _Match("LTC", "p2pkh"),
    b"\x32": _Match("LTC", "p2sh"),
    b"\x1e": _Match("DOGE", "p2pkh"),
    b"\x16": _Match("DOGE", "p2sh"),
    b"\x3c": _Match("RVN", "p2pkh"),
    b"\x7a": _Match("RVN", "p2sh"),
    b"\x4c": _Match("DASH", "p2pkh"),
    b"\x10": _Match("DASH", "p2sh"),
    b"\x41": _Match("TRX", "account"),
    b"\x1c\xb8": _Match("ZEC", "p2pkh"),
    b"\x1c\xbd": _Match("ZEC", "p2sh"),
    b"\x6f": _Match("BTC", "p2pkh", testnet=True),
    b"\xc4": _Match("BTC", "p2sh", testnet=True),
}
_HASH_BYTES = 20

_MONERO: dict[int, _Match] = {
    18: _Match("XMR", "standard"),
    19: _Match("XMR", "integrated"),
    42: _Match("XMR", "subaddress"),
    53: _Match("XMR", "standard", testnet=True),
    54: _Match("XMR", "integrated", testnet=True),
    63: _Match("XMR", "subaddress", testnet=True),
    24: _Match("XMR", "standard", testnet=True),
    25: _Match("XMR", "integrated", testnet=True),
    36: _Match("XMR", "subaddress", testnet=True),
}
_MONERO_LETTERS = {95: 65, 106: 73}  # letters of the text: bytes of version, keys and payment id

_SEGWIT = {
    "bc": ("BTC", False),
    "tb": ("BTC", True),
    "bcrt": ("BTC", True),
    "ltc": ("LTC", False),
    "tltc": ("LTC", True),
}
_SEGWIT_LONGEST = 90
_PROGRAM_KIND = {(0, 20): "p2wpkh", (0, 32): "p2wsh", (1, 32): "p2tr"}
_CASHADDR = {
    "bitcoincash": ("BCH", False),
    "bchtest": ("BCH", True),
    "kaspa": ("KAS", False),
    "kaspatest": ("KAS", True),
}
_ERGO_P2PK = 0x01

_SHORTEST, _LONGEST = 26, 300
_RUN = re.compile(rf"(?:(?<![A-Za-z0-9])({'|'.join(_CASHADDR)}):)?([A-Za-z0-9]{{{_SHORTEST},}})", re.ASCII)
_EVM = re.compile(r"0x[0-9a-fA-F]{40}")


def find(text: str) -> list[Address]:
    """Return every address in `text`, in order; private keys, hashes and damaged addresses are none."""
    found = []
    for run in _RUN.finditer(text):
        prefix, body = run.groups()
        # a longer run cannot be an address, and must not be handed to the cache
        if len(body) > _LONGEST:
            continue
        match = _recognised(prefix, body)
        if match:
            start = run.start() if prefix else run.start(2)
            found.append(Address(match.asset, match.kind, text[start : run.end()], start, run.end(), *match[2:]))
    return found


def classify(value: str) -> Address | None:
    """Return `value` as an address if it is one from first to last character."""
    run = _RUN.fullmatch(value)
    if not run or len(run[2]) > _LONGEST:
        return None
    match = _recognised(run[1], run[2])
    return Address(match.asset, match.kind, value, 0, len(value), *match[2:]) if match else None


@lru_cache(maxsize=4096)
def _recognised(prefix: str | None, body: str) -> _Match | None:
    if prefix:
        return _cashaddr(prefix, body)
    if len(body) in _MONERO_LETTERS:
        return _monero(body)
    if _EVM.fullmatch(body):
        return _evm(body)
    return _bech32(body) or _base58check(body) or _ergo(body) or _cashaddr("bitcoincash", body)


def _base58check(text: str) -> _Match | None:
    if len(text) > 36:  # nothing longer holds a version and 20 bytes
        return None
    payload = checksums.base58check(text)
    return _BASE58CHECK.get(payload[:-_HASH_BYTES]) if payload else None


def _monero(text: str) -> _Match | None:
    payload = checksums.cryptonote_base58(text)
    if payload is None or len(payload) != _MONERO_LETTERS[len(text)]:
        return None
    match = _MONERO.get(payload[0])
    return match if match and (match.kind == "integrated") == (len(payload) == 73) else None


def _evm(text: str) -> _Match | None:
    digits = text[2:]
    if digits in {digits.lower(), digits.upper()}:
        return _Match("EVM", "account", "none")
    digest = checksums.keccak256(digits.lower().encode()).hex()
    proper = all(
        letter == (letter.upper() if nibble >= "8" else letter.lower())
        for letter, nibble in zip(digits, digest, strict=False)
    )
    return _Match("EVM", "account") if proper else None


def _bech32(text: str) -> _Match | None:
    decoded = checksums.bech32(text)
    if decoded is None:
        return None
    prefix, values, constant = decoded
    if prefix == "zs" and constant == checksums.BECH32_CONSTANT:
        program = checksums.eight_bit(values)
        return _Match("ZEC", "sapling") if program is not None and len(program) == 43 else None
    if prefix == "u" and constant == checksums.BECH32M_CONSTANT:
        return _Match("ZEC", "unified")
    if prefix not in _SEGWIT or not values or len(text) > _SEGWIT_LONGEST:
        return None
    return _segwit(prefix, values[0], checksums.eight_bit(values[1:]), constant)


def _segwit(prefix: str, version: int, program: bytes | None, constant: int) -> _Match | None:
    if program is None or not 2 <= len(program) <= 40 or version > 16:
        return None
    if constant != (checksums.BECH32M_CONSTANT if version else checksums.BECH32_CONSTANT):
        return None
    if version == 0 and len(program) not in {20, 32}:
        return None
    asset, testnet = _SEGWIT[prefix]
    return _Match(asset, _PROGRAM_KIND.get((version, len(program)), f"segwit_v{version}"), testnet=testnet)


def _cashaddr(prefix: str, data: str) -> _Match | None:
    values = checksums.cashaddr(prefix, data)
    payload = checksums.eight_bit(values) if values else None
    if not payload or len(payload) not in {21, 33, 34}:  # version and hash; Kaspa: version and 32 or 33 bytes of key
        return None
    asset, testnet = _CASHADDR[prefix]
    return _Match(asset, "cashaddr", testnet=testnet)


def _ergo(text: str) -> _Match | None:
    if len(text) != 51:
        return None
    raw = checksums.base58(text)
    if raw is None or len(raw) != 38 or raw[0] != _ERGO_P2PK:
        return None
    return _Match("ERG", "p2pk") if hashlib.blake2b(raw[:-4], digest_size=32).digest()[:4] == raw[-4:] else None
