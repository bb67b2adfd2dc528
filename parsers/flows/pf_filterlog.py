"""Packets that pf logged on pfSense and OPNsense: lines of `filterlog` in syslog.

Source of the format: docs.netgate.com, Raw Filter Log Format; pfSense filterlog.c. Fields are positional: nine for all
packets, then those of IPv4 or IPv6, then those of the protocol.

One record is one line and one packet: a `flow` of one packet from its sender, with what the rule did with it. The
length of an IPv6 packet leaves out its header, so that it is no size of the packet and stays in `extra`. Lines of
other programs in the same file make no row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from parsers import ip
from parsers.contract import Format, Grade, Item, Parsed, Record, Reject, Row, Structure
from parsers.flows import protocols
from parsers.flows.members import LAST_PORT
from parsers.host.syslog_header import Header, header_of, turned
from parsers.jsontext import compact
from parsers.source import Line, Source
from parsers.text import UNDECODABLE, decoded
from parsers.years import YEAR_UNKNOWN, Turns

FORMAT = Format(
    name="pf_filterlog",
    title="pfSense and OPNsense firewall log (filterlog)",
    tables=("flow",),
    signature=True,
    version=2,
    carried=("time_of_day_us",),
)

WITHOUT_END = "line_without_end"
LONGEST_LINE = 1 << 16
PROGRAM = "filterlog"
_COMMON = ("rule", "sub_rule", "anchor", "tracker", "interface", "reason", "action", "direction", "version")
_V4 = ("tos", "ecn", "ttl", "id", "offset", "flags", "protocol_id", "protocol", "length", "source", "destination")
_V6 = ("class", "flow_label", "hop_limit", "protocol", "protocol_id", "length", "source", "destination")
_TCP = ("source_port", "destination_port", "data_length", "tcp_flags", "sequence", "ack", "window", "urgent", "options")
_UDP = ("source_port", "destination_port", "data_length")
_COLUMNS = frozenset({"action", "version", "protocol_id", "protocol", "source", "destination"})
_ACTIONS = {"pass": "allow", "block": "deny", "reject": "deny"}
_RECOGNISED_LINES = 100
_BLANK = (b"", b"\r")
_MOST_LENGTH = 65_535


class _Packet(NamedTuple):
    """The fields of a line by name, and those behind them that have none."""

    fields: dict[str, str]
    more: list[str]


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most lines are packets that filterlog wrote."""
    lines = [line for line in head.split(b"\n")[:_RECOGNISED_LINES] if line not in _BLANK]
    packets = sum(b"filterlog" in line and _packet_of(line) is not None for line in lines)
    return Grade.STRONG if packets * 2 > len(lines) else Grade.NONE


def _packet_of(line: bytes) -> _Packet | None:
    header = header_of(decoded(line.removesuffix(b"\r"))[0])
    return _packet(header.message) if header and header.program == PROGRAM else None


def read(source: Source) -> Iterator[Item]:
    """Yield one `flow` for each packet, in file order."""
    number, turns = 0, Turns()
    for line in source.lines(LONGEST_LINE):
        if line.data in _BLANK:
            yield Structure(line.offset, line.length + line.newline)
            continue
        number += 1
        yield from _items(line, Record(number, line.offset, line.length, line.number, line.newline), turns)


def _items(line: Line, record: Record, turns: Turns) -> Iterator[Item]:
    if line.data is None:
        yield Reject(record, f"a line of {line.length} bytes (the limit is {LONGEST_LINE})")
        return
    text, whole = decoded(line.data.removesuffix(b"\r"))
    header = turned(header_of(text), turns)
    if header is None:
        yield Reject(record, "no syslog header")
        return
    if header.program != PROGRAM:
        yield Parsed(record)
        return
    packet = _packet(header.message, whole=bool(line.newline))
    row = _flow(packet) if packet else None
    if packet is None or row is None:
        yield Reject(record, "no packet of filterlog's")
        return
    yield Parsed(record)
    notes = [UNDECODABLE] * (not whole) + [WITHOUT_END] * (not line.newline) + [YEAR_UNKNOWN] * bool(header.date)
    yield Row("flow", record, row | _said(header, packet) | header.when | {"notes": notes or None})


def _packet(message: str, *, whole: bool = True) -> _Packet | None:
    """Name the fields of a message; of a line without end the last one may be cut and is not taken."""
    values = message.lstrip(" ").split(",")
    if not whole:
        values.pop()
    version = values[len(_COMMON) - 1] if len(values) >= len(_COMMON) else ""
    if version not in {"4", "6"}:
        return None
    names = (*_COMMON, *(_V4 if version == "4" else _V6))
    if len(values) < len(names):
        return None
    fields = dict(zip(names, values, strict=False))
    further = {protocols.TCP: _TCP, protocols.UDP: _UDP}.get(_protocol(fields) or 0, ())
    rest = values[len(names) :]
    fields |= dict(zip(further, rest, strict=False))
    return _Packet(fields, rest[len(further) :])


def _protocol(fields: dict[str, str]) -> int | None:
    number = protocols.protocol(fields["protocol_id"])
    return protocols.protocol(fields["protocol"]) if number is None else number


def _flow(packet: _Packet) -> dict[str, Any] | None:
    """Return the row of a packet, None where its addresses are none."""
    fields = packet.fields
    src, dst = ip.canonical(fields["source"]), ip.canonical(fields["destination"])
    if not src or not dst:
        return None
    protocol = _protocol(fields)
    letters = fields.get("tcp_flags") if protocol == protocols.TCP else None
    flags = None if letters is None else protocols.tcp_flags(letters.replace("W", "C"))
    size = _number(fields["length"], _MOST_LENGTH) if fields["version"] == "4" else None
    return {
        "src_address": src,
        "src_port": _number(fields.get("source_port"), LAST_PORT),
        "dst_address": dst,
        "dst_port": _number(fields.get("destination_port"), LAST_PORT),
        "protocol": protocol,
        "src_packets": 1,
        "src_bytes": size,
        "bytes_layer": None if size is None else "ip",
        "directionality": "one_way",
        "initiator_known": flags is not None and flags & 18 == 2,
        "tcp_flags": flags,
        "action": _ACTIONS.get(fields["action"]),
    }


def _said(header: Header, packet: _Packet) -> dict[str, Any]:
    """Return the sensor, and what no column holds."""
    fields = packet.fields
    extra: dict[str, Any] = {name: value for name, value in fields.items() if value and name not in _COLUMNS}
    for port in ("source_port", "destination_port"):
        if _number(fields.get(port), LAST_PORT) is not None:
            del extra[port]
    if fields["version"] == "4" and _number(fields["length"], _MOST_LENGTH) is not None:
        del extra["length"]
    if fields["action"] not in _ACTIONS:
        extra["action"] = fields["action"]
    if packet.more:
        extra["more"] = packet.more
    if header.date:
        extra["date"] = header.date
    return {"sensor": header.host, "extra": compact(extra) if extra else None}


def _number(text: str | None, last: int) -> int | None:
    usable = text is not None and text.isascii() and text.isdigit() and len(text) <= 5
    return int(text) if usable and text is not None and int(text) <= last else None
