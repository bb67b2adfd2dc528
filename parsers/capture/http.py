"""Heads of HTTP/1 requests and responses: first line, Host, User-Agent. No body, no cookie, no credential is kept.

Source of the format: RFC 9112. What follows a head in the same stream is looked at anew: a body that is JSON-RPC is
another reader's.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from parsers.capture.messages import Found, Heard
from parsers.text import decoded

LONGEST_HEAD = 16_384
PASSWORD_LEFT_OUT = "password_left_out"  # noqa: S105 - the name of a note
_REQUEST = re.compile(rb"([A-Z-]{3,20}) ([^\s\x00-\x1f]{1,8192})(?: HTTP/1\.[01]\r?(\n))?")
_CUT_VERSION = re.compile(rb" ?[HTP/1.0]{0,8}\r?")
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: [^\r\n]*)?\r?(?:\n|$)")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
# without its newline a line may go on where nothing was captured
_HEADER = re.compile(rb"^(host|user-agent|server):([^\r\n]*)\r?\n", re.IGNORECASE | re.MULTILINE)
_USER_INFORMATION = re.compile(r"^([a-z][a-z0-9+.-]*://[^/?#@:]*):[^/?#@]*@", re.IGNORECASE)
_SECRET_VALUE = re.compile(
    r"([?&;](?:[\w.-]{0,64}[_.-])?(?:pass|passwd|password|passphrase|pwd|secret|token|api[_-]?key)=)[^&;#]+",
    re.IGNORECASE | re.ASCII,
)
_NAME_AND_PORT = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(?::(\d{1,5}))?")
_KNOWN = rb"GET|POST|HEAD|PUT|DELETE|OPTIONS|PATCH|CONNECT|TRACE"
_URI = rb"[^\s\x00-\x1f]"
_OPENING = re.compile(rb"(?:%b) %b|HTTP/1\.[01] \d{3}|[A-Z-]{3,20} %b{1,8192} HTTP/1\.[01]\r?\n" % (_KNOWN, _URI, _URI))


class Request(NamedTuple):
    """A request's head. `host` is the header as sent; `cut`: the head's end was not seen."""

    method: str
    uri: str
    host: str | None
    user_agent: str | None
    notes: tuple[str, ...]
    cut: bool

    @property
    def name(self) -> str | None:
        """The host's name, lower case; None for an address, and for a request to a proxy (whose address is another)."""
        if not self.host or self.method == "CONNECT" or not self.uri.startswith(("/", "*")):
            return None
        match = _NAME_AND_PORT.fullmatch(self.host)
        name = match[1].lower().rstrip(".") if match else ""
        return name if name and not name.startswith("[") and not re.fullmatch(r"[\d.]+", name) else None

    @property
    def through_proxy(self) -> bool:
        """Whether it asks the server to talk to another one."""
        return self.method == "CONNECT" or (not self.uri.startswith("/") and "://" in self.uri)


class Response(NamedTuple):
    """A response's head."""

    status: int
    server: str | None
    cut: bool


def opens(buffer: bytes) -> bool:
    """Tell whether a request or a response may begin here."""
    return _OPENING.match(buffer) is not None


def read(buffer: bytes, *, final: bool) -> Heard:
    """Take one head off the front of `buffer`; `final`: no more bytes will come."""
    end = _HEAD_END.search(buffer, 0, LONGEST_HEAD)
    if not end and not final and len(buffer) < LONGEST_HEAD:
        return Heard((), 0, waiting=True)
    head = buffer[: end.end() if end else LONGEST_HEAD]
    content = _request(head, cut=not end) or _response(head, cut=not end)
    return Heard((Found(0, len(head), content),) if content else (), len(head) if end else len(buffer))


def _request(head: bytes, *, cut: bool) -> Request | None:
    line = _REQUEST.match(head)
    if not line or not (line[3] or (cut and _CUT_VERSION.fullmatch(head, line.end()))):
        return None
    headers = _headers(head)
    uri, in_authority = _USER_INFORMATION.subn(r"\1@", decoded(line[2])[0])
    uri, in_query = _SECRET_VALUE.subn(r"\1", uri)
    notes = (PASSWORD_LEFT_OUT,) if in_authority or in_query else ()
    return Request(line[1].decode("ascii"), uri, headers.get("host"), headers.get("user-agent"), notes, cut)


def _response(head: bytes, *, cut: bool) -> Response | None:
    line = _STATUS.match(head)
    return Response(int(line[1]), _headers(head).get("server"), cut) if line else None


def _headers(head: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in _HEADER.findall(head):
        # blanks around a value are no part of it
        found.setdefault(name.decode("ascii").lower(), decoded(value.strip(b" \t"))[0])
    return found
