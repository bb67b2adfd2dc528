"""DNS messages: questions asked and names bound to addresses. The same form serves mDNS and LLMNR.

Source of the format: RFC 1035 section 4, RFC 6762 section 18 (mDNS uses the top bit of the class), RFC 4343 section 2.1
(how odd bytes of a name are written). Only the question and answer sections are read.
"""

from __future__ import annotations

from functools import lru_cache
from struct import Struct
from typing import NamedTuple

from parsers.capture.flows import address_text
from parsers.capture.messages import Found, Heard, Unread

PORTS = {53: "dns", 5353: "mdns", 5355: "llmnr"}
STREAM_PORT = 53
MALFORMED = "dns_malformed"
MOST_RECORDS = 1000
_HEADER = Struct(">HHHHHH")
_QUESTION = Struct(">HH")
_RECORD = Struct(">HHIH")
_INTERNET = 1
_MOST_JUMPS = 32
_LONGEST_NAME = 255
_TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 35: "NAPTR"}
_TYPES |= {39: "DNAME", 64: "SVCB", 65: "HTTPS", 99: "SPF", 252: "AXFR", 255: "ANY", 257: "CAA"}
_CODES = [
    "NOERROR",
    "FORMERR",
    "SERVFAIL",
    "NXDOMAIN",
    "NOTIMP",
    "REFUSED",
    "YXDOMAIN",
    "YXRRSET",
    "NXRRSET",
    "NOTAUTH",
    "NOTZONE",
]
_NAMES_A_TARGET = {"CNAME", "DNAME", "NS", "PTR"}
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_*/=+@:~!$%&'()<>?^`{|}[],;#")


class Question(NamedTuple):
    """What is asked for: a name (lower case) and a type."""

    name: str
    type: str | None


class Answer(NamedTuple):
    """One record of the answer section; `address` of an A or AAAA, `target` of a CNAME, DNAME, NS or PTR."""

    name: str
    type: str
    ttl_s: int | None
    address: str | None
    target: str | None


class Message(NamedTuple):
    """A query or response; `cut`: the snap length cut it; `malformed`: what was read stands before a fault."""

    id: int
    is_response: bool
    code: str | None  # of a response
    questions: tuple[Question, ...]
    answers: tuple[Answer, ...]
    stated_answers: int
    cut: bool
    malformed: bool


class _End(Exception):
    """The bytes end inside of what is being read."""


class _Fault(ValueError):
    """The message contradicts itself."""


def read(data: bytes, *, cut: bool) -> Message | None:
    """Return the message that fills `data`, None if this is none; `cut`: bytes behind it were not captured."""
    if len(data) < _HEADER.size:
        return None
    ident, flags, questions, answers, _, _ = _HEADER.unpack_from(data)
    if flags >> 11 & 15:  # notify, update: no lookup
        return None
    asked: list[Question] = []
    bound: list[Answer] = []
    short = malformed = False
    at = _HEADER.size
    try:
        for _ in range(min(questions, MOST_RECORDS)):
            name, at = _name(data, at)
            kind, _class = _unpack(_QUESTION, data, at)
            at += _QUESTION.size
            asked.append(Question(name, _type(kind)))
        for _ in range(min(answers, MOST_RECORDS)):
            answer, at = _answer(data, at)
            if answer:
                bound.append(answer)
    except _End:
        short, malformed = cut, not cut
    except _Fault:
        malformed = True
    is_response = bool(flags & 0x8000)
    if malformed and not asked and not bound:
        return None
    code = (_CODES[flags & 15] if flags & 15 < len(_CODES) else f"RCODE{flags & 15}") if is_response else None
    return Message(ident, is_response, code, tuple(asked), tuple(bound), answers, short, malformed)


def read_stream(buffer: bytes, *, final: bool) -> Heard:
    """Take messages off the front of a TCP stream, each behind its length in two bytes (RFC 1035 section 4.2.2)."""
    found = []
    at = 0
    while at + 2 <= len(buffer):
        begin = at + 2
        end = begin + int.from_bytes(buffer[at:begin], "big")
        cut = end > len(buffer)
        if cut and not final:
            break
        found.append(Found(at, min(end, len(buffer)), read(buffer[begin:end], cut=cut) or Unread()))
        at = end
    return Heard(tuple(found), len(buffer) if final else at, waiting=not final and at < len(buffer))


def _answer(data: bytes, at: int) -> tuple[Answer | None, int]:
    name, at = _name(data, at)
    number, class_, ttl, length = _unpack(_RECORD, data, at)
    at += _RECORD.size
    if at + length > len(data):
        raise _End
    if class_ & 0x7FFF != _INTERNET:
        return None, at + length
    kind = _type(number)
    address = target = None
    if kind in {"A", "AAAA"}:
        if length != (4 if kind == "A" else 16):
            raise _Fault(f"an address of {length} bytes")
        address = address_text(data[at : at + length])
    elif kind in _NAMES_A_TARGET:
        target, _ = _name(data, at)
    return Answer(name, kind, ttl, address, target), at + length


def _type(number: int) -> str:
    return _TYPES.get(number, f"TYPE{number}")


def _unpack(layout: Struct, data: bytes, at: int) -> tuple[int, ...]:
    if at + layout.size > len(data):
        raise _End
    return layout.unpack_from(data, at)


def _name(data: bytes, at: int) -> tuple[str, int]:
    """Return the name at `at` and where it ends; names point back into the message."""
    labels: list[str] = []
    length = jumps = 0
    after = None
    while True:
        if at >= len(data):
            raise _End
        size = data[at]
        if size == 0:
            return ".".join(labels) or ".", at + 1 if after is None else after
        if size >> 6 == 3:
            if at + 1 >= len(data):
                raise _End
            after = at + 2 if after is None else after
            at = (size & 63) << 8 | data[at + 1]
            jumps += 1
            if jumps > _MOST_JUMPS:
                raise _Fault("a name that points in circles")
            continue
        if size >> 6:
            raise _Fault(f"a label of type {size >> 6}")
        label = data[at + 1 : at + 1 + size]
        if len(label) < size:
            raise _End
        length += size + 1
        if length > _LONGEST_NAME:
            raise _Fault("a name of more than 255 bytes")
        labels.append(_label(label))
        at += 1 + size


@lru_cache(maxsize=65_536)
def _label(label: bytes) -> str:
    text = "".join(chr(byte) if byte in _PLAIN else f"\\{byte:03d}" for byte in label)
    return text.lower()
