"""nfdump's lines for programs: `-o pipe`, fields between bars.

Source of the format: nfdump(1), "pipe output format"; phaag/nfdump, src/output/output_pipe.c. One record is one line:
address family, first and last time, protocol, source address in four numbers of 32 bits, its port, the destination's,
AS numbers, interfaces, TCP flags, type of service, packets, bytes. Up to 1.6 a time is seconds and milliseconds in two
fields (24 in all), since 1.7 milliseconds in one (22). There is no header.

A record is one way; which end opened the flow is not said. For ICMP the destination port is type * 256 + code, of which
0 is also how nothing is printed. The four numbers of an address are read as nfdump's documentation has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parsers import ip
from parsers.contract import Format, Grade, Item
from parsers.csvcells import Cells, Faults, Times, blanked, counts, each, flags, json_of, only, present, spread, times
from parsers.csvsheet import Converted, read_sheet
from parsers.csvtext import Flags, first_fields
from parsers.flows import nfdump_values as values
from parsers.flows.protocols import ICMP, ICMP6, TCP, WITH_PORTS
from parsers.schema import INT32, STRING
from parsers.source import Source
from parsers.times import Moment, epoch_milliseconds

FORMAT = Format(name="nfdump_pipe", title="nfdump lines for programs (pipe)", tables=("flow",), signature=True)

_ENDS = ("proto", "sa0", "sa1", "sa2", "sa3", "sp", "da0", "da1", "da2", "da3", "dp")
_REST = ("srcAS", "dstAS", "input", "output", "flags", "tos", "packets", "bytes")
_NEW = ("af", "first", "last", *_ENDS, *_REST)
_OLD = ("af", "first", "msFirst", "last", "msLast", *_ENDS, *_REST)
_FAMILIES = frozenset({"2", "10", "28", "30"})  # the last two are those of BSD and macOS
_NUMBERS = re.compile(rb"[0-9]{1,20}(\|[0-9]{1,20}){21}(\|[0-9]{1,20}\|[0-9]{1,20})?")
_LINES = 16


@dataclass(frozen=True)
class PipeLayout:
    """The fields of a line."""

    fields: tuple[str, ...]

    @property
    def width(self) -> int:
        """Fields of a record."""
        return len(self.fields)

    def narrower(self, width: int) -> PipeLayout | None:
        """Return the layout of the other generation."""
        return next((PipeLayout(fields) for fields in (_OLD, _NEW) if len(fields) == width), None)

    def convert(self, columns: list[pa.StringArray], undecodable: Flags) -> Converted:
        """Return the columns of `flow`."""
        cells = Cells(self.fields, columns, undecodable)
        faults = Faults()
        faults.add(flags(pc.invert(pc.is_in(cells.text("af"), pa.array(sorted(_FAMILIES))))), "no address family")
        first, last = (self._time(cells, name, faults) for name in ("first", "last"))
        lasted = pc.subtract(last.us, first.us)
        found = _ends(cells, faults) | {
            "ts": first.us,
            "ts_end": last.us,
            "ts_precision_us": first.precision_us,
            "duration_us": blanked(lasted, flags(pc.less(lasted, 0))),
            "src_packets": counts(cells.text("packets"), "packets", faults),
            "src_bytes": counts(cells.text("bytes"), "bytes", faults),
            "bytes_layer": "ip",
            "directionality": "one_way",
            "initiator_known": pa.array(np.zeros(len(cells), np.bool_)),
        }
        for name in self.fields:
            faults.add(~present(cells.text(name)), f"{name} is missing")
        rest = [(name, _told(cells.text(name))) for name in ("srcAS", "dstAS", "input", "output", "tos")]
        found["extra"] = pa.array(json_of(rest, len(cells)), STRING)
        return Converted(found, faults)

    def _time(self, cells: Cells, name: str, faults: Faults) -> Times:
        texts = cells.text(name)
        if f"ms{name.title()}" in self.fields:
            texts = pc.binary_join_element_wise(texts, pc.utf8_lpad(cells.text(f"ms{name.title()}"), 3, "0"), "")
        found = times(pc.if_else(_is_zero(texts), pa.scalar(None, STRING), texts), _moment)
        faults.add(found.wrong, f"{name} is no time")
        return found


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most whole lines at the beginning are such numbers, with a family, a protocol and ports."""
    lines = head.split(b"\n")[:_LINES]
    if len(lines) > 1:
        lines.pop()
    return Grade.STRONG if 2 * sum(map(_is_one, lines)) > len(lines) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one `flow` row a line."""
    with source.open() as stream:
        first = first_fields(stream.read(4096), b"|")
    layout = PipeLayout(_OLD if first and len(first[0]) == len(_OLD) else _NEW)
    return read_sheet(source, "flow", lambda _: None, delimiter=b"|", layout=layout)


def _is_one(line: bytes) -> bool:
    line = line.removesuffix(b"\r")
    if not _NUMBERS.fullmatch(line):
        return False
    fields = line.decode().split("|")
    named = dict(zip(_OLD if len(fields) == len(_OLD) else _NEW, fields, strict=True))
    return (
        named["af"] in _FAMILIES
        and values.octet(named["proto"]) is not None
        and values.port(named["sp"]) is not None
        and values.port(named["dp"]) is not None
    )


def _moment(text: str) -> Moment | None:
    return epoch_milliseconds(int(text)) if text.isascii() and text.isdigit() and len(text) <= 16 else None


def _is_zero(texts: pa.StringArray) -> pa.BooleanArray:
    return pc.match_substring_regex(texts, "^0*$")


def _told(texts: pa.StringArray) -> pa.StringArray:
    return pc.if_else(pc.equal(texts, "0"), pa.scalar(None, STRING), texts)


def _ends(cells: Cells, faults: Faults) -> dict[str, Any]:
    found: dict[str, Any] = {"protocol": each(cells.text("proto"), values.octet, INT32)}
    faults.add(present(cells.text("proto")) & ~present(found["protocol"]), "the protocol is no number up to 255")
    number = found["protocol"].fill_null(-1).to_numpy()
    for end, letter in (("src", "s"), ("dst", "d")):
        words = [cells.text(name) for name in ("af", *(f"{letter}a{place}" for place in range(4)))]
        joined = pc.binary_join_element_wise(*words, "|")
        found[f"{end}_address"] = each(joined, _address, STRING)
        faults.add(present(joined) & ~present(found[f"{end}_address"]), f"{letter}a0 to {letter}a3 are no address")
        texts = cells.text(f"{letter}p")
        ports = each(texts, values.port, INT32)
        faults.add(present(texts) & ~present(ports), f"{letter}p is no port")
        found[f"{end}_port"] = only(ports, np.isin(number, sorted(WITH_PORTS)))
    told = only(cells.text("dp"), np.isin(number, (ICMP, ICMP6)))
    found["icmp_type"], found["icmp_code"] = spread(told, values.icmp, [INT32, INT32])
    bits = each(cells.text("flags"), values.octet, INT32)
    faults.add(present(cells.text("flags")) & ~present(bits), "flags are no number up to 255")
    found["tcp_flags"] = only(bits, number == TCP)
    return found


def _address(text: str) -> str | None:
    family, *words = text.split("|")
    if not all(word.isascii() and word.isdigit() and len(word) <= 10 and int(word) < 1 << 32 for word in words):
        return None
    number = sum(int(word) << 32 * place for place, word in enumerate(reversed(words)))
    if family == "2":
        return str(IPv4Address(number)) if number < 1 << 32 else None
    return ip.canonical(str(IPv6Address(number)))
