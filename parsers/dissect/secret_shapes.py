"""Secrets that are told by their own shape: provider prefixes, key blocks, signed tokens, password hashes.

Source: the providers' documentation of their key formats; RFC 7468 (PEM); RFC 7519 (JWT); crypt(5).
A shape is tried only where an unbroken run of signs begins with its prefix.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple


class SecretSpan(NamedTuple):
    """One secret: its kind and where it stands (characters, end exclusive)."""

    kind: str
    start: int
    end: int


class _Shape(NamedTuple):
    kind: str
    anchor: str
    pattern: re.Pattern[str]  # what follows from the anchor on


def _shapes(kind: str, anchors: str, rest: str) -> list[_Shape]:
    return [_Shape(kind, anchor, re.compile(re.escape(anchor) + rest)) for anchor in anchors.split()]


_END = r"(?![A-Za-z0-9_-])"
_PREFIXED = [
    *_shapes("aws_access_key", "AKIA ASIA ABIA ACCA", r"[A-Z2-7]{16}(?![A-Za-z0-9/+])"),
    *_shapes("api_key", "sk-", r"(?=[A-Za-z_-]{0,120}\d)(?:[a-z]{2,8}-){0,2}[A-Za-z0-9_-]{20,300}"),
    *_shapes("stripe_key", "sk_live_ rk_live_ sk_test_ rk_test_ whsec_", r"[A-Za-z0-9]{16,250}"),
    *_shapes("github_token", "ghp_ gho_ ghu_ ghs_ ghr_", r"[A-Za-z0-9]{36,255}"),
    *_shapes("github_token", "github_pat_", r"[A-Za-z0-9_]{22,255}"),
    *_shapes("gitlab_token", "glpat- glrt- gldt- glptt- glcbt- glsoat-", r"[A-Za-z0-9_.-]{20,300}"),
    *_shapes("slack_token", "xoxb- xoxp- xoxa- xoxe- xoxo- xoxr- xoxs- xapp-", r"[A-Za-z0-9-]{10,250}"),
    *_shapes("huggingface_token", "hf_ api_org_", r"[A-Za-z0-9]{30,100}"),
    *_shapes("google_api_key", "AIza", r"[A-Za-z0-9_-]{35}" + _END),
    *_shapes("google_token", "ya29. GOCSPX-", r"[A-Za-z0-9_-]{20,2048}"),
    *_shapes("pypi_token", "pypi-AgE", r"[A-Za-z0-9_-]{40,400}"),
    *_shapes("npm_token", "npm_", r"[A-Za-z0-9]{36}" + _END),
    *_shapes("sendgrid_key", "SG.", r"[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{30,64}"),
    *_shapes("digitalocean_token", "dop_v1_ doo_v1_ dor_v1_", r"[a-f0-9]{64}"),
    *_shapes("docker_token", "dckr_pat_ dckr_oat_", r"[A-Za-z0-9_-]{20,80}"),
    *_shapes("api_key", "gsk_ xai- pplx- tgp_v1_ nvapi- fw_ csk-", r"(?=[A-Za-z_-]{0,60}\d)[A-Za-z0-9_-]{32,200}"),
    *_shapes("api_key", "r8_ rpa_ rps_ lin_api_ figd_ sbp_ shpat_ shpss_ shpca_", r"[A-Za-z0-9]{30,120}"),
    *_shapes("api_key", "ATATT3 ATCTT3 PMAK- glsa_ glc_ dp.pt. pul- rubygems_ NRAK-", r"[A-Za-z0-9_=.-]{24,300}"),
    *_shapes("vault_token", "hvs. hvb. hvr.", r"[A-Za-z0-9_-]{24,300}"),
    *_shapes("twilio_key", "SK", r"[0-9a-f]{32}" + _END),
    *_shapes("tailscale_key", "tskey-", r"[A-Za-z0-9-]{16,100}"),
    *_shapes("private_key", "AGE-SECRET-KEY-1", r"[0-9A-Z]{50,64}"),
    *_shapes("jwt", "eyJ", r"[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{8,16384}(?:\.[A-Za-z0-9_-]{0,4096}){1,3}"),
    *_shapes("password_hash", "$6$ $5$ $1$ $y$ $7$ $gy$ $apr1$", r"[./A-Za-z0-9$=,]{20,200}"),
    *_shapes("password_hash", "$2a$ $2b$ $2y$", r"\d\d\$[./A-Za-z0-9]{53}"),
    *_shapes("password_hash", "$argon2", r"[./A-Za-z0-9$=,+-]{30,200}"),
]
# every shape begins a run of sixteen of these signs or more, but for the end of an escape before it
_RUN = re.compile(r"[A-Za-z0-9_$.-]{16,}+")
_BY_HEAD: dict[str, list[_Shape]] = {}
for _one in _PREFIXED:
    _BY_HEAD.setdefault(_one.anchor[:2], []).append(_one)
_SLACK_HOOK = re.compile(r"hooks\.slack\.com(?:/|%2[fF])services(?:/|%2[fF])(?P<s>[A-Za-z0-9/%]{30,90})")
_TELEGRAM = re.compile(r":AA[A-Za-z0-9_-]{33}" + _END)
_TELEGRAM_ID = re.compile(r"(?<!\d)\d{8,10}$")
_AZURE_CLIENT = re.compile(r"[78]Q~[A-Za-z0-9_.~-]{31,34}")
_AZURE_SIGNATURE = re.compile(r"sig(?:=|%3[dD])(?P<s>[A-Za-z0-9%+/=]{40,120})")
_KEY_PAIR = re.compile(r"\[\s{0,2}(?:(?:25[0-5]|2[0-4]\d|1?\d?\d),\s{0,2}){63}\d{1,3}\s{0,2}\]")
_BEGIN_KEY = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,16} ){0,4}PRIVATE KEY(?: BLOCK)?-----")
_END_KEY = re.compile(r"-----END (?:[A-Z0-9]{1,16} ){0,4}PRIVATE KEY(?: BLOCK)?-----")
_KEY_BODY = re.compile(r"[A-Za-z0-9+/=\s\\:,.()-]{0,32768}")
_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+])(?=[^A-Z]{0,39}[A-Z])(?=\D{0,39}\d)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
KEY_BLOCK_LENGTH = 65_536
AWS_PAIR_REACH = 160  # characters between an access key's id and its secret


def occurrences(text: str, literal: str) -> Iterator[int]:
    """Yield every place of a literal."""
    at = text.find(literal)
    while at >= 0:
        yield at
        at = text.find(literal, at + 1)


def begins(text: str, at: int) -> bool:
    r"""Tell whether a token can begin here: no letter, digit or underline before it but the end of an escape.

    In JSON text `\n` may stand before a token, in a URL `%3D`.
    """
    if at == 0:
        return True
    before = text[at - 1]
    if not (before.isalnum() and before.isascii()) and before != "_":
        return True
    return text[max(at - 2, 0)] == "\\" if before in "nrtbf" else at >= 3 and text[at - 3] == "%"


def shaped(text: str) -> Iterator[SecretSpan]:
    """Yield the secrets of a text that have a shape of their own, in no order."""
    for run in _RUN.finditer(text):
        start = run.start()
        for at in (start, start + 1, start + 2) if start and text[start - 1] in "\\%" else (start,):
            for kind, anchor, pattern in _BY_HEAD.get(text[at : at + 2], ()):
                match = pattern.match(text, at) if text.startswith(anchor, at) else None
                if match and begins(text, at):
                    yield SecretSpan(kind, at, match.end())
                    if kind == "aws_access_key":
                        yield from _aws_pair(text, at, match.end())
    if "-----BEGIN " in text:
        yield from _key_blocks(text)
    yield from _odd_shapes(text)


def _aws_pair(text: str, start: int, end: int) -> Iterator[SecretSpan]:
    """The secret that stands beside an access key's id."""
    for match in _AWS_SECRET.finditer(text, max(start - AWS_PAIR_REACH, 0), end + AWS_PAIR_REACH):
        yield SecretSpan("aws_secret_key", match.start(), match.end())


def _key_blocks(text: str) -> Iterator[SecretSpan]:
    """A key from its opening line to its closing one, or as far as it goes on where that was cut off."""
    end_line = -1
    done = 0
    for at in occurrences(text, "-----BEGIN "):
        opening = _BEGIN_KEY.match(text, at) if at >= done else None
        if not opening:
            continue
        if 0 <= end_line < at or end_line == -1:
            end_line = text.find("-----END ", at)
            end_line = len(text) if end_line < 0 else end_line
        closing = _END_KEY.match(text, end_line) if end_line - at <= KEY_BLOCK_LENGTH else None
        body = closing or _KEY_BODY.match(text, opening.end())
        done = body.end() if body else opening.end()
        yield SecretSpan("private_key", at, done)


def _odd_shapes(text: str) -> Iterator[SecretSpan]:
    """Shapes that do not begin with their prefix."""
    for at in occurrences(text, "hooks.slack.com"):
        if match := _SLACK_HOOK.match(text, at):
            yield SecretSpan("slack_token", *match.span("s"))
    for at in occurrences(text, ":AA"):
        match = _TELEGRAM.match(text, at)
        number = _TELEGRAM_ID.search(text, max(at - 11, 0), at) if match else None
        if match and number:
            yield SecretSpan("telegram_token", number.start(), match.end())
    for match in _KEY_PAIR.finditer(text):
        yield SecretSpan("private_key", match.start(), match.end())  # a Solana key pair, as its tools write it
    yield from _azure(text)


def _azure(text: str) -> Iterator[SecretSpan]:
    for at in occurrences(text, "Q~"):
        match = _AZURE_CLIENT.match(text, at - 1) if at >= 4 else None
        if match:
            yield SecretSpan("azure_secret", at - 4, match.end())
    for at in occurrences(text, "sig"):
        match = _AZURE_SIGNATURE.match(text, at)
        around = text[max(at - 600, 0) : at + 600] if match else ""
        if match and ("sv=" in around or "sv%3" in around or "se=" in around):
            yield SecretSpan("azure_signature", *match.span("s"))
