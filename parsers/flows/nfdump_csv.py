"""nfdump's CSV output, in its three generations.

Source of the format: phaag/nfdump. Up to 1.7.1 `-o csv` prints 48 columns `ts,te,td,sa,da,sp,dp,pr,flg,...,tr`
(src/nfdump/nf_common.c, csv_prolog and csv_record) and a `Summary` of three lines at the end. Since 2024 the columns
are user-defined (`-o csv:%ts,%td,...`, default `firstSeen,duration,proto,srcAddr,...`, src/output/output_csv.c), and
`-o csv-fast` prints `cnt,af,firstSeen,...` (src/output/output_csv_fast.c).

One record is one flow as exported, one way unless the exporter counted the way back (`opkt`, `obyt`): which end
opened it is not said. Times are printed without zone, in that of the host where nfdump ran (`ts_local`), to the
second up to 1.7.1, to the millisecond since; `csv-fast` and the raw forms count from 1970 (`ts`). For ICMP the
destination port holds `type.code`, or type * 256 + code as one number, of which 0 is also how nothing is printed. A
zero is how nfdump prints what a flow does not have: such values are left out of `extra`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parsers import ip
from parsers.contract import Format, Grade, Item
from parsers.csvcells import (
    Cells,
    Faults,
    Times,
    blanked,
    counts,
    each,
    flags,
    json_of,
    notes_of,
    only,
    present,
    spread,
    times,
)
from parsers.csvsheet import Converted, WholeRecords, header_of, read_sheet
from parsers.csvtext import Flags
from parsers.flows import nfdump_values as values
from parsers.flows.nfdump_values import AGGREGATED, NOTHING
from parsers.flows.protocols import ICMP, ICMP6, TCP, WITH_PORTS, protocol
from parsers.schema import INT, INT32, STRING
from parsers.source import Source
from parsers.text import UNDECODABLE

FORMAT = Format(name="nfdump_csv", title="nfdump CSV output", tables=("flow",), signature=True)

# our word -> the column's name up to 1.7.1, and since
_NAMES = {
    "first": ("ts", "firstSeen"),
    "last": ("te", "lastSeen"),
    "duration": ("td", "duration"),
    "protocol": ("pr", "proto"),
    "source": ("sa", "srcAddr"),
    "destination": ("da", "dstAddr"),
    "source port": ("sp", "srcPort"),
    "destination port": ("dp", "dstPort"),
    "flags": ("flg", "flags"),
    "packets": ("ipkt", "packets", "inPackets"),
    "bytes": ("ibyt", "bytes", "inBytes"),
    "packets back": ("opkt", "outPackets"),
    "bytes back": ("obyt", "outBytes"),
    "icmp type": ("icmpTYpe", "icmpType"),
    "icmp code": ("icmpCode",),
    "vlan": ("svln", "srcVlan"),
    "router": ("ra", "routerIP"),
    "flow id": ("flowID",),
    "flows": ("flows",),
}
_OLD_HEADER = ("ts", "te", "td", "sa", "da", "sp", "dp", "pr", "flg")
# names that only nfdump uses; with two of them and an address or time, a header is nfdump's
_NEW_HEADER = frozenset({"firstSeen", "lastSeen", "srcAddr", "dstAddr", "srcPort", "dstPort"})
_OF_OTHERS = frozenset({"interfaceId", "logStatus"})  # AWS's, which calls addresses the same
_NO_TIME = frozenset({"0", "0.000", "0000-00-00 00:00:00.000", "0000-00-00 00:00:00"})


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """Grade a head: no other tool prints such a header."""
    return Grade.STRONG if header_of(head, layout_of) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one `flow` row a record; header lines, the summary and blank lines are structure."""
    return read_sheet(source, "flow", layout_of, trailer=_summary)


def layout_of(header: tuple[str, ...]) -> NfdumpLayout | None:
    """Return the layout of a header of nfdump's, None of anything else."""
    old = header[: len(_OLD_HEADER)] == _OLD_HEADER
    known = _NEW_HEADER.intersection(header)
    new = len(known) > 1 and known & {"srcAddr", "dstAddr"} and _OF_OTHERS.isdisjoint(header)
    if len(set(header)) != len(header) or not (old or new):
        return None
    return NfdumpLayout(header, {word: next((n for n in names if n in header), None) for word, names in _NAMES.items()})


def _summary(position: int, fields: tuple[bytes, ...]) -> bool:
    if position == 0:
        return fields in {(b"Summary",), (b"No matched flows",)}
    if position == 1:
        return fields[:3] == (b"flows", b"bytes", b"packets")
    return position == 2 and len(fields) > 2 and all(cell.isdigit() for cell in fields)


@dataclass(frozen=True)
class NfdumpLayout(WholeRecords):
    """The columns of one header: `names` maps our words to those that are there."""

    names: dict[str, str | None]

    def convert(self, columns: list[pa.StringArray], undecodable: Flags) -> Converted:
        """Return the columns of `flow`."""
        cells = Cells(self.header, columns, undecodable, padding=" ")
        faults = Faults()
        found = self._when(cells, faults) | self._ends(cells, faults) | self._volumes(cells, faults)
        flows = cells.text(self.names["flows"])
        aggregated = flags(pc.not_equal(flows, "1"))
        mapped = {name for word, name in self.names.items() if word != "flows"}
        rest = [(name, _told(cells.at(at))) for at, name in enumerate(self.header) if name not in mapped | {"flows"}]
        found["extra"] = pa.array(json_of([*rest, ("flows", only(flows, aggregated))], len(cells)))
        found["notes"] = notes_of({UNDECODABLE: undecodable, AGGREGATED: aggregated}, len(cells))
        return Converted(found, faults)

    def _when(self, cells: Cells, faults: Faults) -> dict[str, Any]:
        first = self._moment(cells, "first", faults)
        last = self._moment(cells, "last", faults)
        duration = each(cells.text(self.names["duration"]), values.duration, INT)
        faults.add(present(cells.text(self.names["duration"])) & ~present(duration), "the duration is no time span")
        return {
            "ts": only(first.us, first.zoned),
            "ts_local": blanked(first.us, first.zoned),
            "ts_end": only(last.us, last.zoned),
            "ts_end_local": blanked(last.us, last.zoned),
            "ts_precision_us": first.precision_us,
            "ts_remainder_ns": first.remainder_ns,
            "duration_us": duration,
        }

    def _moment(self, cells: Cells, word: str, faults: Faults) -> Times:
        texts = cells.text(self.names[word])
        found = times(
            pc.if_else(pc.is_in(texts, pa.array(sorted(_NO_TIME))), pa.scalar(None, STRING), texts), values.moment
        )
        faults.add(found.wrong, f"{self.names[word]} is no time")
        return found

    def _ends(self, cells: Cells, faults: Faults) -> dict[str, Any]:
        protocols = each(cells.text(self.names["protocol"]), protocol, INT32)
        faults.add(present(cells.text(self.names["protocol"])) & ~present(protocols), "the protocol is unknown")
        number = protocols.fill_null(-1).to_numpy()
        icmp = np.isin(number, (ICMP, ICMP6))
        portless = ~(np.isin(number, sorted(WITH_PORTS)) | (number < 0))
        found: dict[str, Any] = {"protocol": protocols}
        for column, word in (("src_address", "source"), ("dst_address", "destination")):
            texts = cells.text(self.names[word])
            found[column] = each(texts, ip.canonical, STRING)
            faults.add(present(texts) & ~present(found[column]), f"{self.names[word]} is no address")
        for column, word in (("src_port", "source port"), ("dst_port", "destination port")):
            texts = blanked(cells.text(self.names[word]), portless)
            found[column] = each(texts, values.port, INT32)
            faults.add(present(texts) & ~present(found[column]), f"{self.names[word]} is no port")
        told = only(cells.text(self.names["destination port"]), icmp)
        kind, code = spread(told, values.icmp, [INT32, INT32])
        for column, word, ours in (("icmp_type", "icmp type", kind), ("icmp_code", "icmp code", code)):
            found[column] = pc.coalesce(ours, each(only(cells.text(self.names[word]), icmp), values.octet, INT32))
        letters = only(cells.text(self.names["flags"]), number == TCP)
        found["tcp_flags"] = each(letters, values.flag_bits, INT32)
        faults.add(present(letters) & ~present(found["tcp_flags"]), f"{self.names['flags']} are no TCP flags")
        return found

    def _volumes(self, cells: Cells, faults: Faults) -> dict[str, Any]:
        read = {
            word: counts(cells.text(self.names[word]), self.names[word] or "", faults)
            for word in ("packets", "bytes", "packets back", "bytes back", "vlan")
        }
        both = flags(pc.greater(read["packets back"], 0)) | flags(pc.greater(read["bytes back"], 0))
        vlan = pc.if_else(pc.equal(read["vlan"], 0), pa.scalar(None, read["vlan"].type), read["vlan"])
        faults.add(flags(pc.greater(vlan, 4095)), "the VLAN is out of range")
        router = cells.text(self.names["router"])
        return {
            "src_packets": read["packets"],
            "src_bytes": read["bytes"],
            "dst_packets": only(read["packets back"], both),
            "dst_bytes": only(read["bytes back"], both),
            "bytes_layer": "ip",
            "directionality": pa.array(np.where(both, "both", "one_way").tolist(), STRING),
            "initiator_known": pa.array(np.zeros(len(cells), np.bool_)),
            "vlan": blanked(vlan, flags(pc.greater(vlan, 4095))).cast(INT32),
            "sensor": each(_told(router), ip.canonical, STRING),
        }


def _told(cells: pa.StringArray) -> pa.StringArray:
    """Return the values that are not nfdump's way to print nothing."""
    return pc.if_else(pc.is_in(cells, pa.array(sorted(NOTHING))), pa.scalar(None, STRING), cells)
