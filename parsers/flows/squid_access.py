"""Squid's access log in its own format.

Source of the format: www.squid-cache.org, directive logformat (`%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a
%mt`); wiki.squid-cache.org, Features/LogFormat.

One record is one line: one request of a client, written when it ended. It makes an `application_message` from client
to server (not to the proxy, whose address is not in the log), a `name_lookup` of the host that was asked for, with the
address that Squid went to for it, and, of a CONNECT, a `flow`: the tunnel, of which the log counts what went to the
client only. `ts` is when the request came: its end less the milliseconds that it took.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from parsers import ip, times
from parsers.contract import Format, Grade, Item, Parsed, Record, Reject, Row, Structure
from parsers.flows.members import LAST_INT32, LAST_PORT, LAST_UINT64
from parsers.flows.names import host_name
from parsers.flows.protocols import TCP
from parsers.jsontext import compact
from parsers.source import Line, Source
from parsers.text import UNDECODABLE, decoded

FORMAT = Format(
    name="squid_access",
    title="Squid access log",
    tables=("flow", "name_lookup", "application_message"),
    signature=True,
)

THROUGH_PROXY = "through_proxy"
LONGEST_LINE = 1 << 20
_LINE = re.compile(
    rb"(?P<end>\d{1,11}\.\d{3}) +(?P<elapsed>\d{1,12}) (?P<client>\S+) (?P<code>[A-Z_]{1,40})/(?P<status>\d{3}) "
    rb"(?P<size>\d{1,20}) (?P<method>\S{1,64}) (?P<url>\S+) (?P<user>\S+) (?P<hierarchy>[A-Z_]{1,40})/(?P<peer>\S+) "
    rb"(?P<type>\S+)(?: (?P<more>.+))?"
)
_URL = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]{0,20})://(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)(?::(\d{1,5}))?(?:[/?#].*)?")
_TUNNEL = re.compile(r"(\[[^\]]*\]|[^:\[\]]+):(\d{1,5})")
_SCHEME_PORTS = {"http": 80, "https": 443, "ftp": 21}
# where Squid went to the host itself and not to another proxy
_TO_THE_HOST = frozenset({"DIRECT", "HIER_DIRECT", "ORIGINAL_DST", "PINNED"})
_RECOGNISED_LINES = 50
_BLANK = (b"", b"\r")


class _Target(NamedTuple):
    """The host and port that a request is for, as its URL names them."""

    host: str | None
    port: int | None


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most lines are of Squid's own format."""
    lines = [line for line in head.split(b"\n")[:_RECOGNISED_LINES] if line not in _BLANK]
    known = sum(_LINE.fullmatch(line.removesuffix(b"\r")) is not None for line in lines)
    return Grade.STRONG if known * 2 > len(lines) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of every line in file order."""
    number = 0
    for line in source.lines(LONGEST_LINE):
        if line.data in _BLANK:
            yield Structure(line.offset, line.length + line.newline)
            continue
        number += 1
        yield from _items(line, Record(number, line.offset, line.length, line.number, line.newline))


def _items(line: Line, record: Record) -> Iterator[Item]:
    found = _LINE.fullmatch(line.data.removesuffix(b"\r")) if line.data else None
    end = times.epoch_seconds(found["end"].decode()) if found else None
    if not found or not end:
        torn = "" if line.newline else "torn last line: "
        yield Reject(record, f"{torn}not of Squid's own log format")
        return
    texts = {key: decoded(value) for key, value in found.groupdict(b"").items()}
    fields = {key: text for key, (text, _) in texts.items()}
    notes = [THROUGH_PROXY] + [UNDECODABLE] * any(not whole for _, whole in texts.values())
    yield Parsed(record)
    for part, (table, values) in enumerate(_rows(fields, end)):
        yield Row(table, record, values | {"notes": notes}, part)


def _rows(fields: dict[str, str], end: times.Moment) -> Iterator[tuple[str, dict[str, Any]]]:
    elapsed = int(fields["elapsed"]) * 1000
    start = end._replace(us=end.us - elapsed) if end.us - elapsed >= times.EARLIEST else end
    when = start.columns() | {"ts_end": end.us}
    tunnel = fields["method"] == "CONNECT"
    target = _target(fields["url"], tunnel=tunnel)
    client = ip.canonical(fields["client"])
    direct = ip.canonical(fields["peer"]) if fields["hierarchy"] in _TO_THE_HOST else None
    server = direct or ip.canonical((target.host or "").strip("[]"))
    size, status = int(fields["size"]), int(fields["status"])
    ends = {"src_address": client, "dst_address": server, "dst_port": target.port}
    extra = {
        "client": None if client else fields["client"],
        "code": fields["code"],
        "bytes": size,
        "user": _said(fields["user"]),
        "hierarchy": fields["hierarchy"],
        "peer": None if direct else _said(fields["peer"]),
        "type": _said(fields["type"]),
        "more": _said(fields["more"]),
    }
    message: dict[str, Any] = {
        "protocol": "http",
        "method": fields["method"],
        "direction": "request",
        "host": target.host,
    }
    message |= {"uri": fields["url"], "status": status if 0 < status <= LAST_INT32 else None}
    rest = {key: value for key, value in extra.items() if value is not None}
    yield "application_message", when | ends | message | {"extra": compact(rest)}
    name = host_name(target.host)
    if name and not ip.canonical(name.strip("[]")):
        bound = {"kind": "http_host", "name": name, "address": server, "port": target.port, "client_address": client}
        yield "name_lookup", when | bound
    if tunnel:
        yield "flow", when | ends | _tunnel(fields["code"], size, elapsed)


def _tunnel(code: str, size: int, elapsed: int) -> dict[str, Any]:
    return {
        "protocol": TCP,
        "duration_us": elapsed,
        "dst_bytes": size if size <= LAST_UINT64 else None,
        "bytes_layer": "payload",
        "initiator_known": True,
        "state": code,
        "action": "deny" if "DENIED" in code else "allow",
    }


def _target(url: str, *, tunnel: bool) -> _Target:
    """Return host and port of a URL, or of the `host:port` that a CONNECT is for."""
    found = _TUNNEL.fullmatch(url) if tunnel else None
    if found:
        return _Target(found[1], _port(found[2]))
    found = _URL.fullmatch(url)
    if not found:
        return _Target(None, None)
    return _Target(found[2] or None, _port(found[3]) if found[3] else _SCHEME_PORTS.get(found[1].lower()))


def _port(digits: str) -> int | None:
    return int(digits) if int(digits) <= LAST_PORT else None


def _said(text: str) -> str | None:
    return None if text in {"", "-"} else text
