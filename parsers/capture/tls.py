"""The first message of a TLS session: the name the client asks for, in clear.

Source of the format: RFC 8446 section 4.1.2 (client hello), RFC 5246 appendix A (record layer), RFC 6066 section 3
(server name), RFC 7301 (application protocols). Of an encrypted client hello only the outer name is seen.
"""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from parsers.capture.messages import Encrypted, Found, Heard
from parsers.text import decoded

OPENING = b"\x16\x03"
_RECORD = Struct(">BHH").unpack_from
_HANDSHAKE, _CLIENT_HELLO, _SERVER_HELLO = 22, 1, 2
_LARGEST_RECORD = 16_384 + 256
_SERVER_NAME, _PROTOCOLS, _VERSIONS = 0, 16, 43
_VERSION_NAMES = {0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3"}


class Hello(NamedTuple):
    """A client hello: the server's name, the highest version and the protocols on offer; `cut`: not all was seen."""

    name: str | None
    version: str | None
    protocols: tuple[str, ...]
    cut: bool


class _Cut(Exception):
    """The bytes end inside of what is being read."""


def read(buffer: bytes, *, final: bool) -> Heard:
    """Take a client hello off the front of `buffer`; `final`: no more bytes will come."""
    body, used, whole = _handshake(buffer)
    if body is None or (body and body[0] not in {_CLIENT_HELLO, _SERVER_HELLO}):
        return Heard((), len(buffer))
    if not whole and not final:
        return Heard((), 0, waiting=True)
    if body[:1] == bytes((_SERVER_HELLO,)):
        return Heard((Found(0, used, Encrypted()),), len(buffer))
    hello = _client_hello(body, cut=not whole)
    return Heard((Found(0, used, hello),) if hello else (), len(buffer))


def _handshake(buffer: bytes) -> tuple[bytes | None, int, bool]:
    """Return the handshake message that begins here as far as it is there, the bytes it fills, and whether it is whole.

    None in place of the message: this is none.
    """
    message = b""
    at = 0
    while at + 5 <= len(buffer):
        kind, version, length = _RECORD(buffer, at)
        if kind != _HANDSHAKE or version >> 8 != 3 or not 0 < length <= _LARGEST_RECORD:
            return None, 0, False
        message += buffer[at + 5 : at + 5 + length]
        at = min(at + 5 + length, len(buffer))
        if len(message) >= 4:
            needed = 4 + int.from_bytes(message[1:4], "big")
            if len(message) >= needed:
                return message[:needed], at, True
    return message, len(buffer), False


class _Bytes:
    """Reading forwards; what is not there raises `_Cut`."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        piece = self.data[self.at : self.at + count]
        if len(piece) < count:
            raise _Cut
        self.at += count
        return piece

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "big")

    def vector(self, width: int) -> bytes:
        """Return as much as is there of bytes that their length in `width` bytes precedes."""
        length = self.number(width)
        piece = self.data[self.at : self.at + length]
        self.at += length
        return piece


def _client_hello(message: bytes, *, cut: bool) -> Hello | None:
    reader = _Bytes(message)
    name: str | None = None
    protocols: tuple[str, ...] = ()
    versions: list[int] = []
    try:
        reader.take(4)
        versions.append(reader.number(2))
        reader.take(32)
        reader.vector(1)
        reader.vector(2)
        reader.vector(1)
        extensions = _Bytes(reader.vector(2))
        while extensions.at < len(extensions.data):
            kind = extensions.number(2)
            body = extensions.vector(2)
            if kind == _SERVER_NAME:
                name = _server_name(body)
            elif kind == _PROTOCOLS:
                protocols = _protocols(body)
            elif kind == _VERSIONS:
                offered = body[1:]
                versions += [int.from_bytes(offered[at : at + 2], "big") for at in range(0, len(offered) - 1, 2)]
    except _Cut:
        # extensions are optional: a hello may end after its compression methods
        if not versions:
            return None
    known = [version for version in versions if version in _VERSION_NAMES]
    return Hello(name, _VERSION_NAMES[max(known)] if known else None, protocols, cut)


def _server_name(body: bytes) -> str | None:
    reader = _Bytes(body)
    try:
        names = _Bytes(reader.vector(2))
        kind, length = names.number(1), names.number(2)
        text = names.take(length)
    except _Cut:
        return None
    if kind != 0 or not text:
        return None
    return decoded(text)[0].lower().rstrip(".") or None


def _protocols(body: bytes) -> tuple[str, ...]:
    reader = _Bytes(body)
    found = []
    try:
        reader.take(2)
        while reader.at < len(body):
            length = reader.number(1)
            found.append(decoded(reader.take(length))[0])
    except _Cut:
        return tuple(found)
    return tuple(found)
