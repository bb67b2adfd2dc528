"""Addresses, names, URLs, wallets and hashes in free text, and in the raw bytes of files that no parser reads.

Found by shape, kept by check where the thing has one (wallets: `parsers.addresses`; IP addresses: `parsers.ip`). Names
are taken only where something says that they are names: a scheme, a port, a user before an @, or a top-level domain
that no source file ends in. Spans are characters of the text given; what stood encoded says so in `decoded_from`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

from parsers import addresses
from parsers.dissect import secrets

MAX_TEXT = 1 << 20
MAX_RAW = 64 << 20
RAW_BLOCK = 1 << 20
RAW_OVERLAP = 512


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


_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IPV4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_HOST = rf"(?:{_IPV4}|\[[0-9A-Fa-f:.]{{3,45}}\]|(?:{_LABEL}\.)+[A-Za-z][A-Za-z0-9-]{{1,23}}|localhost)"
_URL = re.compile(
    rf"\b(?P<scheme>[A-Za-z][A-Za-z0-9+]{{1,20}})://(?:[^\s/@'\"<>]{{1,200}}@)?(?P<host>{_HOST})(?::(?P<port>\d{{1,5}}))?"
    r"(?P<path>[/?#][^\s'\"<>|`\\]{0,2000})?"
)
_HOST_PORT = re.compile(rf"(?<![A-Za-z0-9_.@/-])(?P<host>{_HOST}):(?P<port>\d{{2,5}})(?![\d.:])")
_AT = re.compile(rf"(?<![A-Za-z0-9_.+-])(?P<user>[A-Za-z0-9_.+-]{{1,64}})@(?P<host>{_HOST})(?![A-Za-z0-9_])")
_BARE_IPV4 = re.compile(rf"(?<![A-Za-z0-9_.-]){_IPV4}(?![A-Za-z0-9_.-])")
_IPV6 = re.compile(
    r"(?<![A-Za-z0-9:.])(?:[0-9A-Fa-f]{1,4}:){2,7}(?::?[0-9A-Fa-f]{1,4})?(?:::?[0-9A-Fa-f]{1,4})*(?![A-Za-z0-9:.])"
)
# top-level domains under which pools, mirrors and relays live and no source file ends
_DOMAIN = re.compile(
    rf"(?<![A-Za-z0-9_.@/-])(?:{_LABEL}\.)+(?:com|net|org|io|info|biz|xyz|online|site|stream|pro|eu|de|ru|cn|uk|fr|nl|cloud|"
    r"internal|local|onion|i2p|example)(?![A-Za-z0-9_-])(?!\.[A-Za-z0-9])"
)
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})(?![0-9A-Za-z])")
_HASH_KINDS = {64: "sha256", 40: "sha1", 32: "md5"}
_FINGERPRINT = re.compile(r"\bSHA256:[A-Za-z0-9+/]{43}")
_TRANSACTION = re.compile(r"(?i)\b(?:tx(?:id|_?hash)?|transaction(?:[_ ]?(?:id|hash))?)\b[\"'\s:=]{1,6}$")
_INSTANCE = re.compile(r"(?<![A-Za-z0-9-])i-(?:[0-9a-f]{17}|[0-9a-f]{8})(?![A-Za-z0-9])")
_ARN = re.compile(r"\barn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d{0,12}:[^\s'\"<>]{1,256}")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{24,}={0,2}(?![A-Za-z0-9+/=])")
_PERCENT = re.compile(r"(?<![^\s'\"])[^\s'\"%]{0,2000}%[0-9A-Fa-f]{2}[^\s'\"]{0,4000}")
_MAX_PORT = 65_535
# a block without any of these, in one byte or two a character, holds nothing that is looked for
_TELLING = re.compile(
    rb"[0-9A-Za-z]{26}|(?:[0-9A-Za-z]\x00){26}|:\x00?/\x00?/|\d\x00?\.\x00?\d|:\x00?\d\x00?\d|-----BEGIN|(?i:pass|secret|token|key)"
)


def find(text: str) -> list[Observable]:
    """Return what the first `MAX_TEXT` characters hold, in order; decoded forms stand at the span of their source."""
    text = text[:MAX_TEXT]
    found = list(_plain(text))
    for begin, end, decoded, how in _decodings(text):
        found.extend(
            seen._replace(span_start=begin, span_end=end, decoded_from=how)
            for seen in _plain(decoded)
            if seen.kind in {"wallet", "url", "endpoint", "ipv4"}
        )
    unique = {(seen.kind, seen.value, seen.span_start, seen.span_end): seen for seen in found}
    return sorted(unique.values(), key=lambda seen: (seen.span_start, seen.span_end, seen.kind, seen.value or ""))


def find_raw(data: bytes) -> list[RawObservable]:
    """Return wallets, URLs, endpoints and secrets' places in the first `MAX_RAW` bytes, with byte offsets."""
    found: dict[tuple[str, str | None, int], RawObservable] = {}
    data = data[:MAX_RAW]
    for begin in range(0, len(data), RAW_BLOCK - RAW_OVERLAP):
        block = data[begin : begin + RAW_BLOCK]
        if block.count(0) == len(block) or not _TELLING.search(block):
            continue
        for width, text in _readings(block):
            for seen in _plain(text):
                if seen.kind in {"wallet", "url", "endpoint", "ipv4", "fingerprint", "secret"}:
                    raw = RawObservable(
                        *seen[:7], begin + width * seen.span_start, width * (seen.span_end - seen.span_start)
                    )
                    found.setdefault((raw.kind, raw.value, raw.offset), raw)
    return sorted(found.values(), key=lambda raw: (raw.offset, raw.length, raw.kind, raw.value or ""))


def _readings(block: bytes) -> Iterator[tuple[int, str]]:
    """The block as one-byte text, and as UTF-16 where every other byte is mostly zero: bytes a character, text."""
    yield 1, block.decode("latin-1")
    if block[1::2].count(0) * 4 > len(block):
        yield 2, block[: len(block) // 2 * 2].decode("utf-16-le", "surrogatepass")


def _plain(text: str) -> Iterator[Observable]:
    for address in addresses.find(text):
        yield Observable(
            "wallet", address.value, address.asset, address.check, None, None, None, address.start, address.end
        )
    covered: list[tuple[int, int]] = []
    if ":" in text or "." in text or "@" in text:
        yield from _names(text, covered)
    yield from _tokens(text)
    for span in secrets.spans(text):
        yield Observable("secret", None, span.kind, None, None, None, None, span.start, span.end)


def _names(text: str, covered: list[tuple[int, int]]) -> Iterator[Observable]:
    for match in _URL.finditer(text):
        covered.append(match.span())
        host = _host(match["host"])
        yield Observable(
            "url", match[0], None, None, host, _port(match["port"]), match["scheme"].lower(), match.start(), match.end()
        )
    for pattern, kind in ((_HOST_PORT, "endpoint"), (_AT, "account")):
        for match in pattern.finditer(text):
            port = _port(match["port"]) if kind == "endpoint" else None
            if _inside(match.span(), covered) or (kind == "endpoint" and port is None):
                continue
            covered.append(match.span())
            yield Observable(kind, match[0], None, None, _host(match["host"]), port, None, match.start(), match.end())
    for pattern, kind in ((_BARE_IPV4, "ipv4"), (_IPV6, "ipv6"), (_DOMAIN, "domain")):
        for match in pattern.finditer(text):
            if _inside(match.span(), covered) or (kind == "ipv6" and "::" not in match[0] and match[0].count(":") != 7):
                continue
            yield Observable(kind, match[0], None, None, match[0].lower(), None, None, match.start(), match.end())


def _tokens(text: str) -> Iterator[Observable]:
    for match in _HEX.finditer(text):
        before = text[max(match.start() - 40, 0) : match.start()]
        kind = "transaction" if len(match[0]) == 64 and _TRANSACTION.search(before) else _HASH_KINDS[len(match[0])]
        yield Observable(kind, match[0].lower(), None, None, None, None, None, match.start(), match.end())
    for pattern, kind in ((_FINGERPRINT, "fingerprint"), (_INSTANCE, "cloud_instance"), (_ARN, "arn")):
        for match in pattern.finditer(text):
            yield Observable(kind, match[0], None, None, None, None, None, match.start(), match.end())


def _decodings(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Stretches that read as text once decoded: begin, end, decoded text, how."""
    for match in _BASE64.finditer(text):
        try:
            data = base64.b64decode(match[0] + "=" * (-len(match[0]) % 4), validate=True)
        except (binascii.Error, ValueError):
            continue
        printable = sum(32 <= byte < 127 or byte in b"\n\t" for byte in data)
        if data and printable >= 0.9 * len(data):
            yield match.start(), match.end(), data.decode("latin-1"), "base64"
    if "%" in text:
        for match in _PERCENT.finditer(text):
            yield match.start(), match.end(), unquote(match[0], errors="backslashreplace"), "percent"


def _host(text: str) -> str:
    return text.lower().strip("[]").rstrip(".")


def _port(text: str | None) -> int | None:
    return int(text) if text and 0 < int(text) <= _MAX_PORT else None


def _inside(span: tuple[int, int], covered: list[tuple[int, int]]) -> bool:
    return any(begin <= span[0] and span[1] <= end for begin, end in covered)
