"""Hosts in text: URLs, host:port, user@host, e-mail, IP addresses and bare domain names.

Source of the shapes: RFC 3986 (URL), RFC 1123 (names), RFC 5321 (mailbox), RFC 4291 (IPv6); xmrig's pool URLs.

A name is taken only where something says that it is one: a scheme, a user before it, a tool that connects, a
top-level domain that no source file and no attribute ends in. `train.py:10`, `self.net`, `Chrome/120.0.0.0` and
`std::io` are none. A text is handed over with escaped line ends blanked (`without_escapes`), so that `\\nhttps://`
begins at the h.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from parsers import ip
from parsers.dissect.domains import CODE_HEADS, CONNECTING_TOOLS, FILE_ENDINGS, KNOWN, LOGINS, SPARSE, SURE
from parsers.dissect.secret_shapes import occurrences

LONGEST_NAME = 253
_MAX_PORT = 65_535


class Name(NamedTuple):
    """One host as it stands in the text: kind is url, endpoint, account, email, ipv4, ipv6 or domain."""

    kind: str
    value: str
    host: str
    port: int | None
    scheme: str | None
    start: int
    end: int


_SCHEME = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9+.-]{1,20}$")
_URL_REST = re.compile(
    r"(?:[^\s/?#@\"'<>\\`]{1,300}@)?(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_][A-Za-z0-9_.-]{0,252})"
    r"(?::(?P<port>\d{1,5})(?!\d))?(?P<path>[/?#][^\s\"'<>\\`|^{}]{0,2000})?"
)
_NEXT_SETTING = re.compile(r",[A-Za-z_][A-Za-z0-9_]{0,40}=")
_TRAILING = ".,;:!?*_~"
_PORT = re.compile(r":(\d{2,5})(?![0-9A-Za-z_:]|\.[A-Za-z0-9])")
_HOST_BEFORE = re.compile(r"(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_][A-Za-z0-9_.-]{0,252})$")
_USER_BEFORE = re.compile(r"[A-Za-z0-9_.+-]{1,64}$")
_HOST_AFTER = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_LABELS_BEFORE = re.compile(r"[A-Za-z0-9_.-]+$")
_IPV4 = re.compile(rf"(?<![A-Za-z0-9_.-]){ip.V4_SHAPE}(?![A-Za-z0-9_-]|\.[0-9])")
_DOTTED = re.compile(r"\d\.\d{1,3}\.\d{1,3}\.\d")
_IPV6_SIGNS = frozenset("0123456789abcdefABCDEF:.")
_IPV6_FULL = re.compile(r"(?<![A-Za-z0-9_:.])(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}(?![A-Za-z0-9_:.])")
# ranges that are in use: `a::b` is code far more often than an address
_IPV6_IN_USE = re.compile(r"(?i)(?:[23][0-9a-f]{3}|f[cd][0-9a-f]{2}|fe[89ab][0-9a-f]|ff[0-9a-f]{2}|64):|::1$|::ffff:")
_DEV_TCP = re.compile(r"/dev/(?:tcp|udp)/$")
_DEV_PORT = re.compile(r"/(\d{1,5})(?!\d)")
_VERSION_BEFORE = re.compile(r"(?:[A-Z][A-Za-z]{1,24}/|[=~<>]=\s?|[Vv]ersion[\"':\s]{1,4})$")

_SHELL_BEFORE = re.compile(r"\b(?:ssh|scp|sftp|rsync|autossh|mosh|ssh-copy-id)\b[^\n|;&]{0,200}$")
_POOL_BEFORE = re.compile(
    r"(?:(?<!\S)-[oa]|--(?:url|pool|host|proxy|server)|\b(?:nc|ncat|telnet|openssl s_client -connect))[=\s]\s?[\"']?$"
)
_CONNECTING = tuple(f"{tool} " for tool in CONNECTING_TOOLS)
_OPERAND = re.compile(
    r"(?:-{1,2}[A-Za-z0-9-]{1,24}(?:[ =][0-9]{1,5})?\s{1,4}){0,4}(?P<host>[A-Za-z0-9_][A-Za-z0-9_.-]{2,252})(?![\w@:(])"
)
_BARE = re.compile(rf"\.(?:{'|'.join(sorted(SURE | SPARSE))})(?![A-Za-z0-9_-]|\.[A-Za-z0-9])", re.IGNORECASE)
_ESCAPED_BLANK = re.compile(r"\\[nrt\"]")


def without_escapes(text: str) -> str:
    r"""Blank the JSON escapes that part words (`\n`, `\r`, `\t`, `\"`): the result has the text's length."""
    return _ESCAPED_BLANK.sub("  ", text) if "\\" in text else text


def names(text: str) -> Iterator[Name]:
    """Yield the hosts of a text, each stretch of it once, in no order."""
    taken: list[tuple[int, int]] = []
    for source in (_urls, _accounts, _endpoints, _addresses, _domains):
        found = [name for name in source(text) if not _overlaps(name, taken)]
        yield from found
        taken.extend((name.start, name.end) for name in found)
        taken.sort()


def _overlaps(name: Name, taken: list[tuple[int, int]]) -> bool:
    from bisect import bisect_left

    at = bisect_left(taken, (name.end, 0)) - 1
    return at >= 0 and taken[at][1] > name.start


def _urls(text: str) -> Iterator[Name]:
    for at in occurrences(text, "://"):
        scheme = _SCHEME.search(text, max(at - 22, 0), at)
        match = _URL_REST.match(text, at + 3) if scheme else None
        if not scheme or not match:
            continue
        host = _host_of(match["host"])
        port = _port(match["port"])
        if host is None or (match["port"] and port is None):
            continue
        end = match.end()
        if text[scheme.start() - 1 : scheme.start()] == "=":  # a value among others: A=https://h/x,B=h:1
            setting = _NEXT_SETTING.search(text, at, end)
            end = setting.start() if setting else end
        end = _trimmed(text, scheme.start(), end)
        yield Name("url", text[scheme.start() : end], host, port, scheme[0].lower(), scheme.start(), end)


def _trimmed(text: str, start: int, end: int) -> int:
    """Leave out what ends the sentence, not the URL."""
    while end > start:
        last = text[end - 1]
        if last in _TRAILING or (last in ")]" and _unopened(text[start:end], last)):
            end -= 1
        else:
            break
    return end


def _unopened(url: str, closing: str) -> bool:
    return url.count(closing) > url.count("(" if closing == ")" else "[")


def _accounts(text: str) -> Iterator[Name]:
    for at in occurrences(text, "@"):
        user = _USER_BEFORE.search(text, max(at - 64, 0), at)
        after = _HOST_AFTER.match(text, at + 1)
        if not user or not after or (user.start() and text[user.start() - 1] in "/@"):
            continue
        value, host = text[user.start() : after.end()], after[0].lower()
        shell = user[0] in LOGINS or text[after.end() : after.end() + 1] == ":" or _before_shell(text, user.start())
        if ip.canonical(host) or (shell and (_plausible(host) or _before_shell(text, user.start()))):
            yield Name("account", value, host, None, None, user.start(), after.end())
        elif _plausible(host):
            yield Name("email", value, host, None, None, user.start(), after.end())


def _before_shell(text: str, at: int) -> bool:
    return _SHELL_BEFORE.search(text, max(at - 220, 0), at) is not None


def _endpoints(text: str) -> Iterator[Name]:
    for match in _PORT.finditer(text):
        at = match.start()
        port = _port(match[1])
        before = text[at - 1 : at]
        if port is None or not (before.isalnum() or before == "]"):
            continue
        host_text = _HOST_BEFORE.search(text, max(at - LONGEST_NAME, 0), at)
        if not host_text:
            continue
        start = host_text.start()
        host = _host_of(host_text[0])
        if host is None or text[max(start - 1, 0) : start] in {"@", "/", "-", "."}:
            continue
        if ":" in host or ip.canonical(host) or host == "localhost" or _reachable(text, start, host):
            yield Name("endpoint", text[start : match.end()], host, port, None, start, match.end())


def _reachable(text: str, start: int, host: str) -> bool:
    """A name before a port: `main.go:12` is a line of a file, behind a miner's `-o` anything is a host."""
    return _plausible(host) or ("." in host and _POOL_BEFORE.search(text, max(start - 32, 0), start) is not None)


def _addresses(text: str) -> Iterator[Name]:
    for match in _IPV4.finditer(text) if _DOTTED.search(text) else ():
        start, end = match.span()
        if _VERSION_BEFORE.search(text, max(start - 28, 0), start):
            continue
        device = _DEV_TCP.search(text, max(start - 9, 0), start)
        port = _DEV_PORT.match(text, end) if device else None
        if port:
            yield Name("endpoint", text[start : port.end()], match[0], _port(port[1]), None, start, port.end())
        else:
            yield Name("ipv4", match[0], match[0], None, None, start, end)
    if text.count(":") < 2:
        return
    for match in _IPV6_FULL.finditer(text):
        yield from _ipv6(match[0], match.start(), match.end())
    for at in occurrences(text, "::"):
        start, end = at, at + 2
        while start and text[start - 1] in _IPV6_SIGNS and at - start < 40:
            start -= 1
        while end < len(text) and text[end] in _IPV6_SIGNS and end - at < 40:
            end += 1
        if not (text[max(start - 1, 0) : start].isalnum() or text[end : end + 1].isalnum()):
            yield from _ipv6(text[start:end].rstrip("."), start, start + len(text[start:end].rstrip(".")))


def _ipv6(value: str, start: int, end: int) -> Iterator[Name]:
    address = ip.canonical(value)
    if address and _IPV6_IN_USE.match(value) and any(sign.isdigit() for sign in value):
        yield Name("ipv6", address, address, None, None, start, end)


def _domains(text: str) -> Iterator[Name]:
    for match in _BARE.finditer(text):
        begin = _LABELS_BEFORE.search(text, max(match.start() - LONGEST_NAME, 0), match.start())
        if not begin:
            continue
        start, end = begin.start(), match.end()
        host = text[start:end].lower()
        labels = host.split(".")
        if text[max(start - 1, 0) : start] in {"@", "\\", "$"} or text[end : end + 1] in {"(", "[", "="}:
            continue
        if text[max(start - 1, 0) : start] == "/" and text[max(start - 2, 0) : start] != "//":
            continue
        if not (text[match.start() : end].islower() or text[start:end].isupper()):
            continue  # `result.Info` is code
        few = len(labels) < (3 if labels[-1] in SPARSE else 2)
        if not few and labels[0] not in CODE_HEADS and all(map(_LABEL.fullmatch, labels)):
            yield Name("domain", text[start:end], host, None, None, start, end)
    for tool in _CONNECTING:
        for at in occurrences(text, tool) if tool in text else ():
            operand = _OPERAND.match(text, at + len(tool)) if not text[max(at - 1, 0) : at].isalnum() else None
            host = operand["host"].lower().rstrip(".") if operand else ""
            if operand and _plausible(host):
                start = operand.start("host")
                yield Name("domain", text[start : start + len(host)], host, None, None, start, start + len(host))


def _plausible(host: str) -> bool:
    """A name of two labels and more under a top-level domain that exists, and no file's name."""
    labels = host.lower().split(".")
    top = labels[-1]
    if len(labels) < 2 or top in FILE_ENDINGS or not all(map(_LABEL.fullmatch, labels)):
        return False
    return top.isalpha() and top.isascii() and (len(top) == 2 or top in KNOWN or top.startswith("xn--"))


def _host_of(text: str) -> str | None:
    if text.startswith("["):
        return ip.canonical(text[1:-1])
    host = text.rstrip(".").lower()
    if not host or not all(map(_LABEL.fullmatch, host.split("."))):
        return None
    return host


def _port(text: str | None) -> int | None:
    return int(text) if text and 0 < int(text) <= _MAX_PORT else None
