"""Secrets in text: where they stand, and the text without them.

Evidence may hold keys, passwords and seeds; outputs must not. Every pattern is linear and has a cheap literal that must
be present before it runs. Wallet addresses, transaction ids and hashes are evidence and are left alone. Wallet secrets
are told by their checksum (WIF, extended keys, BIP-39 phrases), so that hardly anything else is taken for one.

Source of the token shapes: the providers' own documentation of their key prefixes; BIP-32, BIP-39; RFC 7519 (JWT).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from mnemonic import Mnemonic

from parsers.checksums import base58check


class SecretSpan(NamedTuple):
    """One secret: its kind and where it stands (characters, end exclusive)."""

    kind: str
    start: int
    end: int


class _Shape(NamedTuple):
    kind: str
    hint: str  # must be in the text, lower case, for the pattern to be tried
    pattern: re.Pattern[str]  # group "s", where there is one, is the secret


def _shape(kind: str, hint: str, pattern: str) -> _Shape:
    return _Shape(kind, hint, re.compile(pattern))


_VALUE = r"(?P<s>[^\s\"'\\,;&<>|)}\]]{4,512})"
_QUOTE = r"(?:\\?[\"'])?"
_SHAPES = (
    _shape(
        "private_key",
        "private key",
        r"-----BEGIN (?:[A-Z]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----[^-]{0,16384}"
        r"(?:-----END (?:[A-Z]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----)?",
    ),
    _shape("aws_access_key", "a", r"(?<![A-Za-z0-9/+])(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9/+])"),
    _shape(
        "aws_secret_key",
        "secret",
        rf"(?i:secret_?access_?key|aws_?secret)[A-Za-z_]{{0,12}}{_QUOTE}\s{{0,3}}"
        rf"[:=]\s{{0,3}}{_QUOTE}(?P<s>[A-Za-z0-9/+]{{40}})(?![A-Za-z0-9/+])",
    ),
    _shape("api_key", "sk-", r"(?<![A-Za-z0-9_-])sk-(?:ant-|proj-|svcacct-|or-)?[A-Za-z0-9_-]{20,200}"),
    _shape("github_token", "gh", r"(?<![A-Za-z0-9_])(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})"),
    _shape("gitlab_token", "glpat-", r"(?<![A-Za-z0-9_])glpat-[A-Za-z0-9_-]{20,}"),
    _shape("slack_token", "xox", r"(?<![A-Za-z0-9_])xox[abeoprs]-[A-Za-z0-9-]{10,250}"),
    _shape("huggingface_token", "hf_", r"(?<![A-Za-z0-9_])hf_[A-Za-z0-9]{30,}"),
    _shape("google_api_key", "aiza", r"(?<![A-Za-z0-9_-])AIza[A-Za-z0-9_-]{35}"),
    _shape("pypi_token", "pypi-", r"(?<![A-Za-z0-9_-])pypi-[A-Za-z0-9_-]{50,}"),
    _shape("npm_token", "npm_", r"(?<![A-Za-z0-9_])npm_[A-Za-z0-9]{36}"),
    _shape("stripe_key", "_live_", r"(?<![A-Za-z0-9_])[rs]k_live_[A-Za-z0-9]{16,}"),
    _shape(
        "jwt", "eyj", r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,4096}\.eyJ[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{8,2048}"
    ),
    _shape("url_password", "://", r"[A-Za-z][A-Za-z0-9+]{1,20}://[^\s/:@\"'<>]{1,128}:(?P<s>[^\s/@\"'<>]{1,256})@"),
    _shape(
        "authorization",
        "authorization",
        rf"(?i:authorization){_QUOTE}\s{{0,3}}[:=]\s{{0,3}}{_QUOTE}(?i:bearer|basic|token)\s{{1,3}}(?P<s>[A-Za-z0-9._~+/=-]{{8,4096}})",
    ),
    _shape("bearer", "bearer ", r"(?i:bearer)\s{1,3}(?P<s>[A-Za-z0-9._~+/=-]{20,4096})"),
    _shape(
        "password",
        "pass",
        rf"(?i:password|passwd|passphrase){_QUOTE}\s{{0,3}}(?:=|:|\s--?)\s{{0,3}}{_QUOTE}{_VALUE}",
    ),
    _shape("password", "--pass", rf"--pass(?:word|wd|phrase)?[= ]{_QUOTE}{_VALUE}"),
    _shape("password", "mysql", r"\bmysql(?:dump|admin)?\b[^\n|;]{0,200}?\s-p(?P<s>[^\s'\"-][^\s'\"]{3,128})"),
    _shape("password", "sshpass", r"\bsshpass\s+-p\s*[\"']?(?P<s>[^\s'\"]{1,128})"),
    _shape(
        "secret",
        "secret",
        rf"(?i:client_?secret|secret_?key|api_?secret){_QUOTE}\s{{0,3}}[:=]\s{{0,3}}{_QUOTE}(?P<s>[A-Za-z0-9_./+=~-]{{8,256}})",
    ),
    _shape(
        "api_key",
        "key",
        rf"(?i:api[_-]?key){_QUOTE}\s{{0,3}}[:=]\s{{0,3}}{_QUOTE}(?P<s>[A-Za-z0-9_./+=~-]{{12,256}})",
    ),
    _shape(
        "token",
        "token",
        rf"(?i:token){_QUOTE}\s{{0,3}}[:=]\s{{0,3}}{_QUOTE}(?P<s>[A-Za-z0-9_./+=~-]{{16,512}})(?![A-Za-z0-9_(.\[])",
    ),
    _shape(
        "private_key_hex",
        "key",
        r"(?i:private[_ -]?key|spend[_ -]?key|view[_ -]?key|secret[_ -]?key|priv(?:ate)?)[\"'\s:=]{1,8}"
        r"(?:0x)?(?P<s>[0-9a-fA-F]{64})(?![0-9a-zA-Z])",
    ),
)
_BASE58_RUN = re.compile(r"(?<![A-Za-z0-9])[1-9A-HJ-NP-Za-km-z]{51,112}(?![A-Za-z0-9])")
_WIF_VERSIONS = {0x80: "bitcoin", 0xB0: "litecoin", 0x9E: "dogecoin", 0xEF: "testnet"}
_EXTENDED = ("xprv", "yprv", "zprv", "tprv")
_WORD = re.compile(r"[a-z]+")
# twelve words and more of three to eight letters with little between them: prose is not so, for its short words
_STRETCH = re.compile(r"(?<![a-z])(?:[a-z]{3,8}(?:\\n|[\s,\"'\d.:;|/_-]){1,8}){11,59}[a-z]{3,8}(?![a-z])")
_PHRASE_LENGTHS = (24, 21, 18, 15, 12)
_LONGEST_RUN = 60
# what stands where a password would and is none
_NO_PASSWORD = re.compile(
    r"(?i)^(?:none|null|true|false|yes|no|required|optional|incorrect|invalid|string|str|password|passwd|field|input|"
    r"prompt|is|was|not|for|and|the|\*+|x+|\.+|<.*|\$.*|%.*|\{.*|\[.*|os\..*|self\..*|process\..*|getpass.*|env\..*|.*\(.*)$"
)


def spans(text: str) -> list[SecretSpan]:
    """Return the secrets of a text in order, without overlap; the longer of two that overlap stands."""
    lowered = text.lower()
    found = [
        _span(shape.kind, match)
        for shape in _SHAPES
        if shape.hint in lowered
        for match in shape.pattern.finditer(text)
        if _is_secret(shape.kind, match)
    ]
    found.extend(_base58_keys(text))
    found.extend(_phrases(text, lowered))
    kept: list[SecretSpan] = []
    for span in sorted(found, key=lambda span: (span.start, -span.end, span.kind)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
        elif span.end > kept[-1].end:
            kept[-1] = SecretSpan(kept[-1].kind, kept[-1].start, span.end)
    return kept


def mask(text: str) -> str:
    """Return the text with every secret replaced by `[masked:kind]`."""
    found = spans(text)
    if not found:
        return text
    pieces, at = [], 0
    for span in found:
        pieces += [text[at : span.start], f"[masked:{span.kind}]"]
        at = span.end
    return "".join([*pieces, text[at:]])


def _span(kind: str, match: re.Match[str]) -> SecretSpan:
    name = "s" if "s" in match.re.groupindex else 0
    return SecretSpan(kind, match.start(name), match.end(name))


def _is_secret(kind: str, match: re.Match[str]) -> bool:
    if kind not in {"password", "secret", "token", "url_password"}:
        return True
    value = match["s"]
    if value.startswith("[masked:"):
        return False
    if kind == "token" and not (re.search(r"\d", value) and re.search(r"[A-Za-z]", value)):
        return False
    return not _NO_PASSWORD.match(value)


def _base58_keys(text: str) -> list[SecretSpan]:
    found = []
    for match in _BASE58_RUN.finditer(text):
        run = match[0]
        kind = None
        if len(run) in {51, 52} and run[0] in "5KL69cT":
            body = base58check(run)
            kind = "wif" if body is not None and len(body) in {33, 34} and body[0] in _WIF_VERSIONS else None
        elif run.startswith(_EXTENDED):
            kind = "extended_private_key" if base58check(run) is not None else None
        if kind:
            found.append(SecretSpan(kind, *match.span()))
    return found


@lru_cache(maxsize=1)
def _english() -> tuple[Mnemonic, frozenset[str]]:
    words = Mnemonic("english")
    return words, frozenset(words.wordlist)


def _phrases(text: str, lowered: str) -> list[SecretSpan]:
    """BIP-39 phrases: windows of wordlist words whose checksum holds and whose words hardly repeat."""
    found: list[SecretSpan] = []
    for stretch in _STRETCH.finditer(lowered) if len(text) >= 40 else ():
        mnemonic, known = _english()
        run: list[tuple[str, int, int]] = []
        for match in _WORD.finditer(lowered, *stretch.span()):
            if match[0] in known:
                run.append((match[0], *match.span()))
            elif match[0] != "n" or lowered[match.start() - 1] != "\\":  # an escaped line end parts no phrase
                found.extend(_in_run(run, mnemonic))
                run = []
        found.extend(_in_run(run, mnemonic))
    return found


def _in_run(run: list[tuple[str, int, int]], mnemonic: Mnemonic) -> list[SecretSpan]:
    if not _PHRASE_LENGTHS[-1] <= len(run) <= _LONGEST_RUN:
        return []
    for length in _PHRASE_LENGTHS:
        for begin in range(len(run) - length + 1):
            window = run[begin : begin + length]
            words = [word for word, _, _ in window]
            if len(set(words)) >= 0.75 * length and mnemonic.check(" ".join(words)):
                return [SecretSpan("seed_phrase", run[0][1], run[-1][2])]
    return []
