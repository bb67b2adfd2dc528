"""nfdump's raw output: a paragraph a flow, a line a value (`-o raw`).

Source of the format: phaag/nfdump, src/output/output_raw.c (since 1.7) and nf_common.c, format_file_block_record (up to
1.6, which prints seconds and milliseconds apart).

One record is one paragraph from `Flow Record:` to its last value, one way unless the exporter counted the way back:
which end opened the flow is not said. Times count from 1970 (what stands in brackets is the same in the zone of the
host where nfdump ran). Values without a column stay in `extra` as printed; zeros are how nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from parsers import ip
from parsers.contract import Format, Grade, Item, Parsed, Record, Reject, Row, Structure
from parsers.flows import nfdump_values as values
from parsers.flows.nfdump_text import is_structure
from parsers.flows.protocols import ICMP, ICMP6, TCP, WITH_PORTS
from parsers.jsontext import compact
from parsers.source import Line, Source
from parsers.times import Moment, epoch_milliseconds

FORMAT = Format(name="nfdump_raw", title="nfdump paragraphs (raw)", tables=("flow",), signature=True)

SAMPLED = "sampled"
MOST_LINES = 1000  # of a paragraph; there are some hundred kinds of values

_BEGIN = re.compile(rb"Flow Record: *\r?")
_VALUE = re.compile(r" +([A-Za-z(][A-Za-z0-9 ._()-]{0,30}?) *= *(.*?) *\r?")
_BRACKET = re.compile(r"([0-9]+)(?: +\[.*\])?")
_NAMES = {"(in)packets": "in packets", "(in)bytes": "in bytes", "(src)tos": "src tos", "msec_first": "msec first"}
_COLUMNS = frozenset(
    {
        *("first", "last", "msec first", "msec_last", "proto", "tcp flags", "src port", "dst port", "ICMP", "src addr"),
        *("dst addr", "in packets", "in bytes", "out packets", "out bytes", "aggr flows", "src vlan", "ip exporter"),
        *("RecordCount", "Elements", "size"),
    }
)
_NOTHING = re.compile(r"(0x0+|0+|0\.0+)?( .*)?|0\.0\.0\.0|::|0 \[.*|<none>|0-0-0|00:00:00:00:00:00")


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where a paragraph begins among the first lines."""
    lines = head.split(b"\n")[:20]
    begins = any(_BEGIN.fullmatch(line) for line in lines)
    return Grade.STRONG if begins and any(b"RecordCount" in line or b"=" in line for line in lines) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one `flow` row a paragraph."""
    reader = _Reader()
    for line in source.lines():
        yield from reader.items(line)
    yield from reader.ended()


@dataclass
class _Reader:
    number: int = 0
    held: list[Line] = field(default_factory=list)  # the paragraph that is being read

    def items(self, line: Line) -> Iterator[Item]:
        """Take in a line; yield what it ends."""
        begins = line.data is not None and _BEGIN.fullmatch(line.data)
        if self.held and not begins and line.data is not None and len(self.held) < MOST_LINES and _pair(line.data):
            self.held.append(line)
            return
        yield from self.ended()
        if begins:
            self.held = [line]
        elif line.data is not None and is_structure(line.data):
            yield Structure(line.offset, line.length + line.newline)
        else:
            self.number += 1
            record = Record(self.number, line.offset, line.length, line.number, line.newline)
            yield Reject(record, "neither a flow nor a value of one")

    def ended(self) -> Iterator[Item]:
        """Yield the paragraph that was read."""
        if not self.held:
            return
        first, last = self.held[0], self.held[-1]
        self.number += 1
        length = last.offset + last.length - first.offset
        record = Record(self.number, first.offset, length, first.number, last.newline)
        found = _columns(_pairs(self.held[1:]))
        self.held = []
        if isinstance(found, str):
            yield Reject(record, found)
        else:
            yield Parsed(record)
            yield Row("flow", record, found)


def _pair(data: bytes) -> tuple[str, str] | None:
    match = _VALUE.fullmatch(data.decode("ascii")) if data.isascii() else None
    return (_NAMES.get(match[1], match[1]), match[2]) if match else None


def _pairs(lines: list[Line]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in lines:
        pair = _pair(line.data or b"")
        if pair:
            found.setdefault(pair[0], []).append(pair[1])
    return found


def _columns(pairs: dict[str, list[str]]) -> dict[str, Any] | str:
    """Return the columns of a paragraph, or why it is no flow."""
    told = {name: printed[0] for name, printed in pairs.items()}
    first, last = _moment(told, "first"), _moment(told, "last")
    counted = {name: _whole(told.get(name)) for name in ("in packets", "in bytes", "out packets", "out bytes")}
    if first is None and counted["in packets"] is None and "src addr" not in told:
        return "a paragraph without times, counts and addresses"
    protocol = _leading(told, "proto", 255)
    if protocol is None:
        return "the protocol is no number up to 255"
    ends = {end: ip.canonical(told[f"{end} addr"]) for end in ("src", "dst") if f"{end} addr" in told}
    if None in ends.values():
        return "no address"
    if any(_whole(told.get(name)) is None for name in counted if name in told):
        return "a count that is no whole number"
    ports = {end: _leading(told, f"{end} port", 65_535) for end in ("src", "dst")} if protocol in WITH_PORTS else {}
    if any(ports[end] is None for end in ports if f"{end} port" in told):
        return "no port"
    kind, code = values.icmp(told.get("ICMP", "").split(" ")[0]) if protocol in (ICMP, ICMP6) else (None, None)
    both = bool(counted["out packets"] or counted["out bytes"])
    flags = values.flag_bits(told["tcp flags"].split(" ")[0]) if protocol == TCP and "tcp flags" in told else None
    return {
        **(first.columns() if first else {}),
        "ts_end": last.us if last else None,
        "duration_us": last.us - first.us if first and last and last.us >= first.us else None,
        "sensor": ip.canonical(told.get("ip exporter", "")),
        "src_address": ends.get("src"),
        "dst_address": ends.get("dst"),
        "src_port": ports.get("src"),
        "dst_port": ports.get("dst"),
        "protocol": protocol,
        "icmp_type": kind,
        "icmp_code": code,
        "tcp_flags": flags,
        "src_packets": counted["in packets"],
        "src_bytes": counted["in bytes"],
        "dst_packets": counted["out packets"] or 0 if both else None,
        "dst_bytes": counted["out bytes"] or 0 if both else None,
        "bytes_layer": "ip",
        "directionality": "both" if both else "one_way",
        "initiator_known": False,
        "vlan": _leading(told, "src vlan", 4095) or None,
        **_remarks(pairs, told),
    }


def _remarks(pairs: dict[str, list[str]], told: dict[str, str]) -> dict[str, Any]:
    flows = _leading(told, "aggr flows", 1 << 32) or 1
    extra: dict[str, Any] = {"flows": flows} if flows > 1 else {}
    for name, printed in pairs.items():
        kept = [text for text in printed if not _NOTHING.fullmatch(text)]
        if name not in _COLUMNS and kept:
            extra[name] = kept[0] if len(kept) == 1 else kept
    sampled = told.get("Flags", "").endswith((" Sampled", ",Sampled"))
    notes = [*[SAMPLED] * sampled, *[values.AGGREGATED] * (flows > 1)]
    return {"notes": notes or None, "extra": compact(extra) if extra else None}


def _moment(told: dict[str, str], name: str) -> Moment | None:
    match = _BRACKET.fullmatch(told.get(name, ""))
    number = _whole(match[1]) if match else None
    if not number:
        return None
    apart = _whole(told.get(f"msec {name}", told.get(f"msec_{name}")))
    return epoch_milliseconds(number if apart is None else number * 1000 + apart)


def _leading(told: dict[str, str], name: str, most: int) -> int | None:
    """Return the number that a value begins with."""
    number = _whole(told.get(name, "").split(" ")[0])
    return number if number is not None and number <= most else None


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 19 else None
