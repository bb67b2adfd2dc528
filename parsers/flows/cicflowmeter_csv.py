"""CICFlowMeter's table of flows: 84 columns of statistics, and the data sets made with it.

Source of the format: ahlashkari/CICFlowMeter, FlowFeature.java and BasicFlow.java; releases before it abbreviate names
(`Tot Fwd Pkts`) or pad them (CIC-IDS2017), and name one column twice.

One record is one flow, both ways together; forward is the way of its first packet. Lengths count payload only. Times
are in the zone of the host where the tool ran and print none (`ts_local`); the day comes first. Some releases print no
seconds, some neither seconds nor the half of the day. Statistics stay in `extra` as printed (`Infinity`, `NaN`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parsers import ip
from parsers.contract import HEAD_BYTES, Format, Grade, Item
from parsers.csvcells import Cells, Faults, blanked, each, flags, json_of, notes_of, only, present, times
from parsers.csvsheet import Converted, WholeRecords, header_of, read_sheet
from parsers.csvtext import Flags
from parsers.flows.members import LAST_PORT
from parsers.flows.protocols import WITH_PORTS, protocol
from parsers.schema import INT, INT32, STRING, UINT
from parsers.source import Source
from parsers.text import UNDECODABLE
from parsers.times import SECOND, Moment, iso

FORMAT = Format(name="cicflowmeter_csv", title="CICFlowMeter flows (CSV)", tables=("flow",), signature=True)

HALF_OF_DAY_UNKNOWN = "half_of_day_not_printed"

# of each column the names that releases give it
NAMES = {
    "src_address": ("Src IP", "Source IP"),
    "dst_address": ("Dst IP", "Destination IP"),
    "src_port": ("Src Port", "Source Port"),
    "dst_port": ("Dst Port", "Destination Port"),
    "protocol": ("Protocol",),
    "time": ("Timestamp",),
    "duration_us": ("Flow Duration",),
    "src_packets": ("Total Fwd Packet", "Total Fwd Packets", "Tot Fwd Pkts"),
    "dst_packets": ("Total Bwd packets", "Total Backward Packets", "Tot Bwd Pkts"),
    "src_payload_bytes": ("Total Length of Fwd Packet", "Total Length of Fwd Packets", "TotLen Fwd Pkts"),
    "dst_payload_bytes": ("Total Length of Bwd Packet", "Total Length of Bwd Packets", "TotLen Bwd Pkts"),
    "flow_id": ("Flow ID",),
}
_REQUIRED = ("src_address", "dst_address", "protocol", "time", "duration_us", "src_packets", "dst_packets")
_COUNTED = ("src_packets", "dst_packets", "src_payload_bytes", "dst_payload_bytes")
_TIME = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d\d)(?::(\d\d))?(?: ([AP]M))?", re.ASCII)
_COUNT = re.compile(r"(\d{1,19})(?:\.0+)?", re.ASCII)
_MINUTE = 60 * SECOND


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG for a header with CICFlowMeter's names."""
    return Grade.STRONG if header_of(head, layout_of) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one `flow` a record; header lines and blank lines are structure."""
    with source.open() as stream:
        found = header_of(stream.read(HEAD_BYTES), layout_of)
    return read_sheet(source, "flow", layout_of, delimiter=found[0] if found else b",")


def layout_of(header: tuple[str, ...]) -> CicLayout | None:
    """Return the layout of a header of CICFlowMeter's, None of anything else."""
    names = tuple(name.strip(" ") for name in header)
    places = {}
    for column, known in NAMES.items():
        found = [at for at, name in enumerate(names) if name in known]
        if len(found) > 1 or (not found and column in _REQUIRED):
            return None
        if found:
            places[column] = found[0]
    return CicLayout(names, places)


@dataclass(frozen=True)
class CicLayout(WholeRecords):
    """The columns of one header, and where those stand that the table has too."""

    places: dict[str, int]

    def convert(self, columns: list[pa.StringArray], undecodable: Flags) -> Converted:
        """Return the columns of `flow`."""
        cells = Cells(self.header, columns, undecodable, padding=" ")
        faults = Faults()
        told = {
            name: cells.at(self.places[name]) if name in self.places else pa.nulls(len(cells), STRING) for name in NAMES
        }
        extra: list[tuple[str, Any]] = []
        found = self._ends(told, extra, faults) | _when(told, faults)
        for name in _COUNTED:
            found[name] = each(told[name], _count, UINT)
            faults.add(present(told[name]) & ~present(found[name]), f"{name} is no count")
        found["flow_id"] = told["flow_id"]
        extra.append(("Flow Duration", only(told["duration_us"], ~present(found["duration_us"]))))
        rest = [at for at in range(len(self.header)) if at not in self.places.values()]
        extra += [(self._distinct(at), cells.at(at, padded=True)) for at in rest]
        half = each(told["time"], _half_unknown, pa.bool_())
        remarks = {UNDECODABLE: undecodable, HALF_OF_DAY_UNKNOWN: flags(half)}
        fixed = {
            "directionality": "both",
            "extra": pa.array(json_of(extra, len(cells))),
            "notes": notes_of(remarks, len(cells)),
        }
        return Converted(found | fixed, faults)

    def _distinct(self, at: int) -> str:
        """Return a column's name, numbered where another before it has the same."""
        before = self.header[:at].count(self.header[at])
        return f"{self.header[at]} {before + 1}" if before else self.header[at]

    def _ends(self, told: dict[str, pa.StringArray], extra: list[tuple[str, Any]], faults: Faults) -> dict[str, Any]:
        found: dict[str, Any] = {"protocol": each(told["protocol"], protocol, INT32)}
        faults.add(present(told["protocol"]) & ~present(found["protocol"]), "the protocol is none")
        with_ports = np.isin(found["protocol"].fill_null(-1).to_numpy(), sorted(WITH_PORTS))
        for end in ("src", "dst"):
            address, port = told[f"{end}_address"], told[f"{end}_port"]
            found[f"{end}_address"] = each(address, ip.canonical, STRING)
            faults.add(present(address) & ~present(found[f"{end}_address"]), f"{end}_address is no address")
            found[f"{end}_port"] = each(only(port, with_ports), _port, INT32)
            faults.add(with_ports & present(port) & ~present(found[f"{end}_port"]), f"{end}_port is no port")
            # of protocols without ports a zero says nothing
            extra.append((f"{end}_port", blanked(only(port, ~with_ports), flags(pc.equal(port, "0")))))
        return found


def _when(told: dict[str, pa.StringArray], faults: Faults) -> dict[str, Any]:
    moments = times(told["time"], _moment)
    faults.add(moments.wrong, "the time is none")
    duration = each(told["duration_us"], _whole, INT)
    faults.add(present(told["duration_us"]) & ~present(duration), "the duration is none")
    local = blanked(moments.us, moments.zoned)
    forward = blanked(duration, flags(pc.less(duration, 0)))
    return {
        "ts": only(moments.us, moments.zoned),
        "ts_local": local,
        "ts_end_local": pc.add(local, forward),
        "ts_precision_us": moments.precision_us,
        "duration_us": forward,
    }


def _moment(text: str) -> Moment | None:
    found = _TIME.fullmatch(text)
    if not found:
        return iso(text)
    day, month, year, hour, minute, second, half = found.groups()
    hours = int(hour)
    if half:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half == "PM" else 0)
    try:
        day_of = datetime(int(year), int(month), int(day), hours, int(minute), int(second or 0))  # noqa: DTZ001
    except ValueError:
        return None
    printed = iso(day_of.isoformat(sep=" "))
    return printed._replace(precision_us=SECOND if second else _MINUTE) if printed else None


def _half_unknown(text: str) -> bool:
    """Tell that a time may be one of the morning or of the afternoon."""
    found = _TIME.fullmatch(text)
    return found is not None and not found[7] and 1 <= int(found[4]) <= 12


def _count(text: str) -> int | None:
    found = _COUNT.fullmatch(text)
    return int(found[1]) if found else None


def _whole(text: str) -> int | None:
    found = re.fullmatch(r"-?\d{1,15}", text, re.ASCII)
    return int(text) if found else None


def _port(text: str) -> int | None:
    found = _COUNT.fullmatch(text)
    return int(found[1]) if found and int(found[1]) <= LAST_PORT else None
