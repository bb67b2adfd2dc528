"""Addresses, names, URLs, wallets, hashes and secrets' places in free text and in the bytes of files no parser reads.

Found by shape, kept by check where the thing has one (wallets: `parsers.addresses`; IP addresses: `parsers.ip`), or by
what stands around it (hosts: `parsers.dissect.names`; transactions, MD5). Spans are characters of the text given; what
stood encoded says so in `decoded_from` (json, percent, hidden_signs, base64) and has the span of its source.

A secret has no value here, only its place and kind; what overlaps one is left out, and a URL's password is masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from parsers import addresses
from parsers.dissect import flows, secrets
from parsers.dissect.names import names, without_escapes
from parsers.dissect.readings import HIDDEN_SIGNS, readings

MAX_TEXT = 1 << 20
MAX_RAW = 64 << 20
RAW_BLOCK = 1 << 20
RAW_BEFORE = 1024  # bytes before and behind a block that are read with it, so that nothing is cut in two
RAW_BEHIND = 4096
DECODED_DEEP = 3


class Observable(NamedTuple):
    """One thing found: a row of table `observable` without the text's hash and its number. Secrets have no value."""

    kind: str
    value: str | None
    asset: str | None
    check: str | None
    host: str | None
    port: int | None
    scheme: str | None
    span_start: int
    span_end: int
    decoded_from: str | None = None


class RawObservable(NamedTuple):
    """One thing found in raw bytes: a row of table `raw_observable` without its place in the case."""

    kind: str
    value: str | None
    asset: str | None
    check: str | None
    host: str | None
    port: int | None
    scheme: str | None
    offset: int
    length: int


# what a wallet or a hash is at the least: an unbroken run of letters and digits
_RUN = re.compile(r"[0-9A-Za-z]{26,}+", re.ASCII)
_LONGEST_RUN = 320
_PREFIX_LENGTH = 16  # `bitcoincash:` and one sign before it
_HEX = re.compile(r"(?:0x)?(?P<digits>[0-9a-fA-F]{32,128})")
_LETTER = re.compile(r"[a-fA-F]")
_HASH_KINDS = {128: "sha512", 64: "sha256", 40: "sha1"}
_TRANSACTION = re.compile(r"(?i)(?:\btx|transaction|txn)[a-z_ -]{0,12}[\"'`\s:=/(]{0,8}(?:0x)?$")
_MD5 = re.compile(r"(?i)md5")
_MD5_LIST = re.compile(r" [ *]\S")
_SHAPES = (
    ("fingerprint", "SHA256:", re.compile(r"SHA256:[A-Za-z0-9+/]{43}(?![A-Za-z0-9+/])")),
    ("fingerprint", "MD5:", re.compile(r"MD5(?::[0-9a-f]{2}){16}(?![A-Za-z0-9:])")),
    ("cloud_instance", "i-", re.compile(r"i-(?:[0-9a-f]{17}|[0-9a-f]{8})(?![A-Za-z0-9-])")),
    (
        "arn",
        "arn:aws",
        re.compile(r"arn:aws[a-z-]{0,12}:[a-z0-9-]{2,32}:[a-z0-9-]{0,20}:\d{0,12}:[^\s'\"<>\\,;)\]}]{1,256}"),
    ),
)
# kinds worth having from decoded text and from raw bytes, where chance makes names of anything
_FROM_DECODED = frozenset({"wallet", "url", "endpoint", "ipv4", "account", "transaction"})
_FROM_RAW = frozenset(
    {"wallet", "url", "endpoint", "ipv4", "account", "fingerprint", "arn", "cloud_instance", "secret"}
)
# a block without any of these, in one byte or two a character, holds nothing that is looked for
_TELLING = re.compile(
    rb"[0-9A-Za-z]{26}|(?:[0-9A-Za-z]\x00){26}|:\x00?/\x00?/|\d\x00?\.\x00?\d|:\x00?\d\x00?\d|@|-----BEGIN|"
    rb"(?i:pass|secret|token|key)"
)
_WIDE = re.compile(rb"(?:[\t\x20-\x7e]\x00){6,}[\x20-\x7e]?")


def find(text: str) -> list[Observable]:
    """Return what the first `MAX_TEXT` characters hold, in order; nothing is listed twice for one place."""
    text = text[:MAX_TEXT]
    decoded = list(_decoded(text, 0))
    split = [(seen.span_start, seen.span_end) for seen in decoded if seen.decoded_from == HIDDEN_SIGNS]
    found = {_key(seen): seen for seen in _with_secrets(text) if not split or not _is_piece(seen, split)}
    for seen in decoded:
        found.setdefault(_key(seen), seen)
    return sorted(found.values(), key=lambda seen: (seen.span_start, seen.span_end, seen.kind, seen.value or ""))


def find_raw(data: bytes) -> list[RawObservable]:
    """Return wallets, hosts and secrets' places in the first `MAX_RAW` bytes, with byte offsets.

    Bytes are read one to a character (ASCII, and UTF-8 and Latin text as far as it matters here) and, where every other
    one is zero, two to a character (UTF-16 of either order).
    """
    data = data[:MAX_RAW]
    found: dict[tuple[str, str | None, int], RawObservable] = {}
    for begin in range(0, len(data), RAW_BLOCK):
        first = max(begin - RAW_BEFORE, 0)
        block = data[first : begin + RAW_BLOCK + RAW_BEHIND]
        if block.count(0) == len(block) or not _TELLING.search(block):
            continue
        for offset, width, text in _texts(block):
            for seen in _with_secrets(text):
                at = first + offset + width * seen.span_start
                if seen.kind in _FROM_RAW and begin <= at < begin + RAW_BLOCK:
                    raw = RawObservable(*seen[:7], at, width * (seen.span_end - seen.span_start))
                    found.setdefault((raw.kind, raw.value, raw.offset), raw)
    return sorted(found.values(), key=lambda raw: (raw.offset, raw.length, raw.kind, raw.value or ""))


def _texts(block: bytes) -> Iterator[tuple[int, int, str]]:
    """Yield the texts in a block: where each begins, bytes to a character, text."""
    yield 0, 1, block.decode("latin-1")
    for run in _WIDE.finditer(block):
        # in big-endian order the zero of a sign stands before it: the run then ends in a sign without one
        big_endian = len(run[0]) % 2 and run.start() and not block[run.start() - 1]
        yield run.start() - 1 if big_endian else run.start(), 2, run[0][::2].decode("ascii")


def _is_piece(seen: Observable, wholes: list[tuple[int, int]]) -> bool:
    """What signs without width cut out of a whole is a piece of it and nothing else."""
    span = (seen.span_start, seen.span_end)
    return seen.kind != "secret" and any(
        begin <= span[0] and span[1] <= end and span != (begin, end) for begin, end in wholes
    )


def _key(seen: Observable) -> tuple[str, str | None, int, int]:
    return seen.kind, seen.value, seen.span_start, seen.span_end


def _with_secrets(text: str) -> Iterator[Observable]:
    """Everything in a text as it stands, secrets first; what overlaps a secret would give it away."""
    hidden = secrets.spans(text)
    for span in hidden:
        yield Observable("secret", None, span.kind, None, None, None, None, span.start, span.end)
    for seen in _plain(text):
        over = [span for span in hidden if span.start < seen.span_end and seen.span_start < span.end] if hidden else []
        if not over:
            yield seen
        elif seen.kind == "url":
            yield seen._replace(value=secrets.mask(text[seen.span_start : seen.span_end]))


def _plain(text: str) -> Iterator[Observable]:
    """Everything but secrets in a text as it stands."""
    yield from _runs(text)
    flat = without_escapes(text)
    if ":" in flat or "." in flat or "@" in flat:
        for name in names(flat):
            yield Observable(name.kind, name.value, None, None, *name[2:])
    for kind, anchor, pattern in _SHAPES:
        for match in pattern.finditer(flat) if anchor in flat else ():
            before = flat[max(match.start() - 1, 0) : match.start()]
            if not before.isalnum() and before != "-":
                yield Observable(kind, match[0], None, None, None, None, None, match.start(), match.end())


def _runs(text: str) -> Iterator[Observable]:
    """Wallets and hashes: both are whole runs of letters and digits."""
    for match in _RUN.finditer(text):
        start, end = match.span()
        if end - start > _LONGEST_RUN:
            continue
        # in JSON text the letter of an escape stands before the run
        escaped = text[max(start - 1, 0) : start] == "\\" and text[start] in "nrtbf"
        for begin in (start, start + 1) if escaped else (start,):
            yield from _wallets(text, max(start - _PREFIX_LENGTH, 0) if begin == start else begin, end)
            digits = _HEX.fullmatch(text, begin, end)
            kind = _hash_kind(text, digits) if digits and _LETTER.search(digits["digits"]) else None
            if digits and kind:
                yield Observable(kind, digits["digits"].lower(), None, None, None, None, None, begin, end)


def _wallets(text: str, begin: int, end: int) -> Iterator[Observable]:
    """The address that ends a stretch, if one does."""
    for one in addresses.find(text[begin:end]):
        if begin + one.end == end:
            yield Observable("wallet", one.value, one.asset, one.check, None, None, None, begin + one.start, end)


def _hash_kind(text: str, match: re.Match[str]) -> str | None:
    """Tell what a run of hexadecimal digits is: by length, a transaction and an MD5 by what stands around them."""
    length = len(match["digits"])
    before = text[max(match.start() - 40, 0) : match.start("digits")]
    if length == 64 and (_TRANSACTION.search(before) or before.endswith("0x")):
        return "transaction"
    if length == 32:
        listed = _MD5_LIST.match(text, match.end())
        return "md5" if listed or _MD5.search(before) else None
    return None if before.endswith("0x") else _HASH_KINDS.get(length)


def _decoded(text: str, depth: int) -> Iterator[Observable]:
    """What shows only once something is undone."""
    for reading in readings(text):
        for seen in _plain(reading.text):
            if seen.kind in _FROM_DECODED:
                start, end = reading.place(seen.span_start, seen.span_end)
                yield seen._replace(span_start=start, span_end=end, decoded_from=reading.how, value=_safe(seen))
    for literal in flows.literals(text):
        inner = [*_plain(literal.text), *(_decoded(literal.text, depth + 1) if depth < DECODED_DEEP else ())]
        for seen in inner:
            if seen.kind in _FROM_DECODED:
                yield seen._replace(
                    span_start=literal.start, span_end=literal.end, decoded_from="base64", value=_safe(seen)
                )


def _safe(seen: Observable) -> str | None:
    return secrets.mask(seen.value) if seen.value and seen.kind == "url" else seen.value
