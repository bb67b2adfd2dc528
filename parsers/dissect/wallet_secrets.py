"""Wallet secrets: WIF keys, BIP-39 phrases and Monero's 25 words by their checksums, extended keys by their form.

Sources: Bitcoin Core base58 and chainparams (WIF), BIP-32, BIP-39 with its English list, Monero src/mnemonics.
Monero's word list is not at hand under a licence that would let it be shipped; its phrases are told by their structure:
25 words of four to twelve letters in a row, 24 with prefixes of their own, the last repeating the one that the CRC-32
of the prefixes names. Other languages' lists are not looked for.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from functools import cache
from hashlib import sha256

from parsers.checksums import base58check
from parsers.dissect.secret_shapes import SecretSpan, begins, occurrences

PHRASE_LENGTHS = (24, 21, 18, 15, 12)
LONGEST_LIST = 60  # a longer run of list words is the word list itself
DISTINCT_SHARE = 0.75
MONERO_WORDS = 25

_WIF = re.compile(r"[5KL69cTQ][1-9A-HJ-NP-Za-km-z]{50,51}(?![A-Za-z0-9])")
_WIF_VERSIONS = frozenset({0x80, 0xB0, 0x9E, 0xEF, 0xCC, 0xBC})
_EXTENDED = re.compile(r"[xyztuv]prv[1-9A-HJ-NP-Za-km-z]{107}(?![A-Za-z0-9])")
_WORD = re.compile(r"[a-z]+")
_WORD_LENGTHS = frozenset(range(4, 13))
# what may stand between the words of a phrase reads as a blank, so that words fall out of `split`
_BLANKS = str.maketrans(dict.fromkeys("\t\r\n\v\f,;:|>\"'.()[]{}=+-_*#/\\0123456789", " "))
_ESCAPED_BLANKS = ("\\n", "\\r", "\\t", "%20", "%0a", "%2c", "%22")
_GAP = re.compile(r"[ ]{1,8}")


def wallet_secrets(text: str, lowered: str) -> Iterator[SecretSpan]:
    """Yield wallet secrets; `lowered` is the text in lower case, of equal length."""
    yield from _private_keys(text)
    if len(text) > 40:
        yield from _phrases(lowered)


def _private_keys(text: str) -> Iterator[SecretSpan]:
    for match in _WIF.finditer(text):
        body = base58check(match[0]) if begins(text, match.start()) else None
        if body is not None and len(body) in {33, 34} and body[0] in _WIF_VERSIONS:
            yield SecretSpan("wif", match.start(), match.end())
    for at in occurrences(text, "prv"):
        key = _EXTENDED.match(text, at - 1) if at else None
        # prefix and length are no chance, and a key with one sign misread gives the other ones away
        if key and begins(text, at - 1):
            yield SecretSpan("extended_private_key", key.start(), key.end())


@cache
def _english() -> dict[str, int]:
    from mnemonic import Mnemonic

    return {word: number for number, word in enumerate(Mnemonic("english").wordlist)}


def _phrases(lowered: str) -> Iterator[SecretSpan]:
    flat = lowered
    if "\\" in flat or "%" in flat:
        for escape in _ESCAPED_BLANKS:
            flat = flat.replace(escape, " " * len(escape))
    flat = flat.translate(_BLANKS)
    words = flat.split()
    if len(words) < PHRASE_LENGTHS[-1]:
        return
    listed = bytes(map(_english().__contains__, words))
    long = bytes(map(_WORD_LENGTHS.__contains__, map(len, words)))
    bip39 = b"\1" * PHRASE_LENGTHS[-1] in listed
    monero = b"\1" * MONERO_WORDS in long
    if not bip39 and not monero:
        return
    places = [match.start() for match in re.finditer(r"\S+", flat)]
    if bip39:
        yield from _bip39(flat, words, places, listed)
    if monero:
        yield from _monero(flat, words, places, long)


def _runs(flat: str, words: list[str], places: list[int], flags: bytes, least: int) -> Iterator[range]:
    """Yield runs of flagged words with at most eight characters between them."""
    begin = 0
    for number in range(len(words) + 1):
        near = number < len(words) and flags[number]
        if near and number > begin:
            near = _GAP.fullmatch(flat, places[number - 1] + len(words[number - 1]), places[number]) is not None
            if not near:
                if number - begin >= least:
                    yield range(begin, number)
                begin = number
                continue
        if not near:
            if number - begin >= least:
                yield range(begin, number)
            begin = number + 1


def _bip39(flat: str, words: list[str], places: list[int], listed: bytes) -> Iterator[SecretSpan]:
    numbers = _english()
    for run in _runs(flat, words, places, listed, PHRASE_LENGTHS[-1]):
        if len(run) > LONGEST_LIST:
            continue
        for length in PHRASE_LENGTHS:
            starts = [at for at in range(run.start, run.stop - length + 1) if _holds(words[at : at + length], numbers)]
            if starts:
                # the words around the window are masked too: which ones belong cannot be told
                last = run.stop - 1
                yield SecretSpan("seed_phrase", places[run.start], places[last] + len(words[last]))
                break


def _holds(words: list[str], numbers: dict[str, int]) -> bool:
    """Check a phrase's checksum: the last bits are the first ones of the hash of the others."""
    if len(set(words)) < DISTINCT_SHARE * len(words):
        return False
    value = 0
    for word in words:
        value = value << 11 | numbers[word]
    checksum = len(words) * 11 // 33
    entropy = value >> checksum
    digest = sha256(entropy.to_bytes(checksum * 4, "big")).digest()
    return digest[0] >> (8 - checksum) == value & ((1 << checksum) - 1)


def _monero(flat: str, words: list[str], places: list[int], long: bytes) -> Iterator[SecretSpan]:
    for run in _runs(flat, words, places, long, MONERO_WORDS):
        for at in range(run.start, run.stop - MONERO_WORDS + 1):
            window = words[at : at + MONERO_WORDS]
            prefixes = [word[:3] for word in window[:-1]]
            named = zlib.crc32("".join(prefixes).encode()) % len(prefixes)
            if window[-1] == window[named] and len(set(prefixes)) >= len(prefixes) - 1 and _letters(window):
                last = at + MONERO_WORDS - 1
                yield SecretSpan("seed_phrase", places[at], places[last] + len(words[last]))


def _letters(words: list[str]) -> bool:
    return all(_WORD.fullmatch(word) for word in words)
