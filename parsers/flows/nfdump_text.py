"""nfdump's lines for people: the layouts line, long, extended, biline and bilong.

Source of the format: phaag/nfdump, src/output/output_fmt.c (`%ts %td %pr %sap -> %dap ...`) and nfdump(1).

One record is one line: `date time duration protocol source arrow destination`, then flags and type of service in the
longer layouts, then counts. What they count, their number and the arrow tell: `->` has packets, bytes and flows
(`extended` with rates between), `<->` packets and bytes back (`Out`) and forth (`In`). Which end opened the flow is not
said. Times are printed without zone, in that of the host where nfdump ran. Numbers are rounded (`1.2 M`) unless nfdump
was told otherwise, and IPv6 addresses cut (`2001:6..8:1`): both are no values, are noted and kept as printed in
`extra`. Headers, summaries and blank lines are structure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from parsers import ip
from parsers.contract import Format, Grade, Item, Parsed, Record, Reject, Row, Structure
from parsers.flows import nfdump_values as values
from parsers.flows.protocols import ICMP, ICMP6, TCP, WITH_PORTS, protocol
from parsers.jsontext import compact
from parsers.source import MAX_LINE_BYTES, Source

FORMAT = Format(
    name="nfdump_text", title="nfdump lines (line, long, extended, biline, bilong)", tables=("flow",), signature=True
)

ROUNDED = "rounded_numbers"
CUT_ADDRESS = "cut_address"

_FLOW = re.compile(
    r" *(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{3})?) +((?:\d+d )?[\d:]+(?:\.\d{3})?) +(\S+)"
    r" +(\S+) +(<?->) +(\S+) +(.*?) *"
)
_COUNT = re.compile(r"(\d+(?:\.\d+)?(?: [KMGTkmgt])?)(?: +|$)")
_FLAGS = re.compile(r"([.A-Z]{6,8}|0x[0-9a-fA-F]+) +(\S+) +")
_CUT = re.compile(r"[0-9a-fA-F:]*\.\.[0-9a-fA-F:]*")
_STRUCTURE = re.compile(
    r" *(Date (first seen|flow start) .*|Summary: .*|Time window: .*|Total flows processed: .*|Sys: .*"
    r"|Aggregated flows .*|Top \d+ .*|No matched flows|Byte limit: .*|Packet limit: .*)? *"
)
# the names of the counts, by arrow and number of them
_COUNTS = {
    ("->", 3): ("packets", "bytes", "flows"),
    ("->", 6): ("packets", "bytes", "pps", "bps", "bpp", "flows"),
    ("<->", 5): ("packets back", "packets", "bytes back", "bytes", "flows"),
}
_LINES = 20


class _End(NamedTuple):
    address: str | None
    port: str
    cut: str | None  # an address that was printed shortened


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most of the first lines that are no headers are flows."""
    lines = head.split(b"\n")[:_LINES]
    if len(lines) < _LINES and len(lines) > 1:
        lines.pop()  # nothing, or cut off
    found = [line for line in map(_text, lines) if line is not None and not _STRUCTURE.fullmatch(line)]
    flows = sum(_FLOW.fullmatch(line) is not None for line in found)
    return Grade.STRONG if 2 * flows > len(found) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one `flow` row a line."""
    number = 0
    for line in source.lines():
        text = None if line.data is None else _text(line.data)
        if text is not None and _STRUCTURE.fullmatch(text):
            yield Structure(line.offset, line.length + line.newline)
            continue
        number += 1
        record = Record(number, line.offset, line.length, line.number, line.newline)
        if line.data is None:
            yield Reject(record, f"a line of {line.length} bytes (the limit is {MAX_LINE_BYTES})")
            continue
        found = _flow(text) if text is not None else "not ASCII text"
        if isinstance(found, str):
            yield Reject(record, found)
        else:
            yield Parsed(record)
            yield Row("flow", record, found)


def is_structure(line: bytes) -> bool:
    """Tell a header, a line of a summary or a blank one, as all of nfdump's layouts for people have them."""
    text = _text(line)
    return text is not None and _STRUCTURE.fullmatch(text) is not None


def _text(line: bytes) -> str | None:
    return line.removesuffix(b"\r").decode("ascii") if line.isascii() else None


def _flow(text: str) -> dict[str, Any] | str:
    """Return the columns of a line, or why it is none."""
    match = _FLOW.fullmatch(text)
    if not match:
        return "not a line of a flow"
    when, lasted, proto, source, arrow, destination, rest = match.groups()
    flags = _FLAGS.match(rest)
    printed = _COUNT.findall(rest, flags.end() if flags else 0)
    names = _COUNTS.get((arrow, len(printed)))
    if names is None or _COUNT.sub("", rest[flags.end() if flags else 0 :]):
        return "counts of a layout that is not known"
    moment, duration, number = values.moment(when), values.duration(lasted), protocol(proto)
    if moment is None or duration is None:
        return "no time or no duration"
    if number is None:
        return "the protocol is unknown"
    src, dst = _end(source), _end(destination)
    if src is None or dst is None:
        return "no address with a port"
    counts = dict(zip(names, printed, strict=True))
    bits = values.flag_bits(flags[1]) if flags else None
    if flags and bits is None:
        return "no TCP flags"
    return (
        _columns(counts, src, dst, number)
        | {
            **moment.columns(),
            "duration_us": duration,
            "protocol": number,
            "tcp_flags": bits if number == TCP else None,
        }
        | _remarks(counts, src, dst, flags[2] if flags else None)
    )


def _end(text: str) -> _End | None:
    """Take address and port apart: `192.0.2.1:80`, `2001:db8::1.80`, and `type.code` for ICMP."""
    address, _, port = text.rpartition(":")
    if re.fullmatch(ip.V4_SHAPE, address):
        return _End(address, port, None)
    address, port = text, ""
    for _ in range(2):
        address, point, last = address.rpartition(".")
        port = f"{last}.{port}" if port else last
        if not point or not last.isdigit():
            return None
        if _CUT.fullmatch(address):
            return _End(None, port, address)
        found = ip.canonical(address)
        if found and ":" in found:
            return _End(found, port, None)
    return None


def _columns(counts: dict[str, str], src: _End, dst: _End, number: int) -> dict[str, Any]:
    exact = {name: int(printed) for name, printed in counts.items() if printed.isdigit() and len(printed) < 20}
    both = bool(counts.get("packets back", "0") != "0" or counts.get("bytes back", "0") != "0")
    with_ports = number in WITH_PORTS
    kind, code = values.icmp(dst.port) if number in (ICMP, ICMP6) else (None, None)
    return {
        "src_address": src.address,
        "dst_address": dst.address,
        "src_port": values.port(src.port) if with_ports else None,
        "dst_port": values.port(dst.port) if with_ports else None,
        "icmp_type": kind,
        "icmp_code": code,
        "src_packets": exact.get("packets"),
        "src_bytes": exact.get("bytes"),
        "dst_packets": exact.get("packets back") if both else None,
        "dst_bytes": exact.get("bytes back") if both else None,
        "bytes_layer": "ip",
        "directionality": "both" if both else "one_way",
        "initiator_known": False,
    }


def _remarks(counts: dict[str, str], src: _End, dst: _End, service: str | None) -> dict[str, Any]:
    rounded = {name: printed for name, printed in counts.items() if not printed.isdigit() or len(printed) > 19}
    aggregated = counts["flows"] != "1"
    extra: dict[str, Any] = {"source": src.cut, "destination": dst.cut, "tos": service if service != "0" else None}
    extra |= {name: rounded.get(name) for name in counts if name not in ("pps", "bps", "bpp")}
    if aggregated:
        extra["flows"] = counts["flows"]
    rates = {"pps", "bps", "bpp"}
    notes = [
        *[ROUNDED] * bool(rounded.keys() - rates),
        *[CUT_ADDRESS] * bool(src.cut or dst.cut),
        *[values.AGGREGATED] * aggregated,
    ]
    kept = {name: value for name, value in extra.items() if value is not None}
    return {"notes": notes or None, "extra": compact(kept) if kept else None}
