"""Argus flow records as `ra -c` prints them, and the CTU-13 binetflow files made that way.

Source of the format: openargus/clients, ra(1) and common/argus_util.c (column names, direction arrows, states); which
columns there are is the user's choice, the header tells. CTU-13: StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,
State,sTos,dTos,TotPkts,TotBytes,SrcBytes,Label.

One record is one flow, both ways together. Times are in the zone of the host where ra ran and print none (`ts_local`),
or no date either (`time_of_day_us`), or count from 1970 (`ts`). Bytes are those of whole frames. The arrow tells who
opened the flow: where it points left, source and destination change places (noted), so that `src` is the initiator;
with a question mark argus guessed. Ports may be numbers, hexadecimal or names of services; for ICMP they hold type and
code (in hexadecimal: code * 256 + type, and the second is an identifier, which no column has). `man` records are
argus's own, about itself: they make no row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parsers import ip
from parsers.contract import HEAD_BYTES, Format, Grade, Item
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
from parsers.flows.protocols import ICMP, ICMP6, SERVICES, TCP, WITH_PORTS, protocol, tcp_flags
from parsers.schema import BOOL, INT, INT32, STRING
from parsers.source import Source
from parsers.text import UNDECODABLE
from parsers.times import Moment, epoch_seconds, iso

FORMAT = Format(
    name="argus_csv", title="argus flow records (ra -c, CTU-13 binetflow)", tables=("flow",), signature=True
)

SWAPPED = "source_and_destination_swapped"
NO_DIRECTION = "direction_unknown"
NO_ADDRESS = "address_not_ip"
NAMED_PORT = "port_from_service_name"
NO_PORT = "port_name_unknown"
NEAR_EPOCH = "clock_near_1970"
CONTRADICTION = "bytes_contradict"

DELIMITERS = (b",", b"\t", b"|", b";")
REQUIRED = frozenset({"StartTime", "Proto", "SrcAddr", "DstAddr"})
MAPPED = REQUIRED | {"LastTime", "Dur", "Sport", "Dport", "State", "TotPkts", "SrcPkts", "DstPkts"}
MAPPED |= {"TotBytes", "SrcBytes", "DstBytes", "SAppBytes", "DAppBytes"}
# what argus names for the protocol above UDP
_OVER_UDP = frozenset({"rtp", "rtcp", "udt"})
_ARROW = re.compile(r"(<?)([-?|o])(>?)")
_STATE_FLAGS = re.compile(r"([FSRPAUEC]*)_([FSRPAUEC]*)")
# RE2
_SLASHES = r"^([0-9]{4})/([0-9]{2})/([0-9]{2})[ .]"
_TIME_OF_DAY = r"^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?$"
_SECONDS = re.compile(r"\d{1,12}(?:\.\d{1,9})?", re.ASCII)
_TWO_DAYS_US = 2 * 86_400_000_000


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """Grade a head: no other tool names its columns so."""
    return Grade.STRONG if header_of(head, layout_of, DELIMITERS) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one `flow` row a record but argus's own; header lines and blank lines are structure."""
    with source.open() as stream:
        found = header_of(stream.read(HEAD_BYTES), layout_of, DELIMITERS)
    return read_sheet(source, "flow", layout_of, delimiter=found[0] if found else b",")


def layout_of(header: tuple[str, ...]) -> ArgusLayout | None:
    """Return the layout of a header of ra's, None of anything else."""
    names = tuple(name.strip(" ") for name in header)  # padded like the values
    if not names or not REQUIRED.issubset(names) or len(set(names)) != len(names):
        return None
    return ArgusLayout(names)


@dataclass(frozen=True)
class ArgusLayout(WholeRecords):
    """The columns of one header."""

    def convert(self, columns: list[pa.StringArray], undecodable: Flags) -> Converted:
        """Return the columns of `flow`; records of argus about itself make no row."""
        cells = Cells(self.header, columns, undecodable, padding=" ")
        faults = Faults()
        extra: list[tuple[str, pa.StringArray]] = []
        remarks: dict[str, Flags] = {UNDECODABLE: undecodable}
        found = _when(cells, faults, remarks) | _ends(cells, extra, remarks) | _volumes(cells, faults, extra, remarks)
        left, known, arrow = spread(cells.text("Dir"), _direction, [BOOL, BOOL, BOOL])
        remarks |= {SWAPPED: flags(left), NO_DIRECTION: ~flags(arrow) & present(cells.text("Dir"))}
        found |= _turned(found, flags(left)) | {"initiator_known": pa.array(flags(known))}
        for at, name in enumerate(self.header):
            if name not in MAPPED:
                extra.append((name, cells.at(at, padded=name != "Dir")))
        own = flags(pc.equal(cells.text("Proto"), "man"))
        found["extra"] = pa.array(json_of(extra, len(cells)))
        found["notes"] = notes_of(remarks, len(cells))
        return Converted(found, {at: reason for at, reason in faults.items() if not own[at]}, own)


def _when(cells: Cells, faults: Faults, remarks: dict[str, Flags]) -> dict[str, Any]:
    first, of_day = _instants(cells, "StartTime", faults)
    last, _ = _instants(cells, "LastTime", faults)
    duration = each(cells.text("Dur"), _duration, INT)
    faults.add(present(cells.text("Dur")) & ~present(duration), "Dur is no time span")
    ts, local = only(first.us, first.zoned), blanked(first.us, first.zoned | of_day)
    remarks[NEAR_EPOCH] = flags(pc.less(pc.coalesce(ts, local), _TWO_DAYS_US))
    return {
        "ts": ts,
        "ts_local": local,
        "time_of_day_us": only(first.us, of_day),
        "ts_end": pc.coalesce(only(last.us, last.zoned), pc.add(ts, duration)),
        "ts_end_local": pc.coalesce(blanked(last.us, last.zoned), pc.add(local, duration)),
        "ts_precision_us": first.precision_us,
        "ts_remainder_ns": first.remainder_ns,
        "duration_us": duration,
    }


def _instants(cells: Cells, name: str, faults: Faults) -> tuple[Times, Flags]:
    """Return a column's times, and which of them are times of a day that is not printed (on 1970-01-01 here)."""
    printed = pc.replace_substring_regex(cells.text(name), _SLASHES, r"\1-\2-\3 ")
    of_day = flags(pc.match_substring_regex(printed, _TIME_OF_DAY))
    if of_day.any():
        dated = pc.binary_join_element_wise("1970-01-01", printed, " ")
        printed = pc.if_else(pa.array(of_day), dated, printed)
    found = times(printed, _moment)
    faults.add(found.wrong, f"{name} is no time")
    return found, of_day


def _ends(cells: Cells, extra: list[tuple[str, pa.StringArray]], remarks: dict[str, Flags]) -> dict[str, Any]:
    found: dict[str, Any] = {"state": cells.text("State")}
    found["protocol"], found["app_protocol"] = spread(cells.text("Proto"), _protocol, [INT32, STRING])
    number = found["protocol"].fill_null(-1).to_numpy()
    has_ports, icmp = np.isin(number, sorted(WITH_PORTS)), np.isin(number, (ICMP, ICMP6))
    remarks[NO_ADDRESS] = remarks[NAMED_PORT] = remarks[NO_PORT] = np.zeros(len(cells), np.bool_)
    for end, name, port in (("src", "SrcAddr", "Sport"), ("dst", "DstAddr", "Dport")):
        texts = cells.text(name)
        found[f"{end}_address"] = each(texts, ip.canonical, STRING)
        other = present(texts) & ~present(found[f"{end}_address"])
        remarks[NO_ADDRESS] = remarks[NO_ADDRESS] | other
        printed = cells.text(port)
        found[f"{end}_port"], named = spread(only(printed, has_ports), _port, [INT32, BOOL])
        unread = present(printed) & ~present(found[f"{end}_port"])
        remarks[NAMED_PORT] = remarks[NAMED_PORT] | flags(named)
        remarks[NO_PORT] = remarks[NO_PORT] | (unread & has_ports)
        extra += [(name, only(texts, other)), (port, only(printed, unread & flags(pc.not_equal(printed, "0")) & ~icmp))]
    kind, code = spread(only(cells.text("Sport"), icmp), _icmp, [INT32, INT32])
    second = only(cells.text("Dport"), icmp)
    found["icmp_type"] = kind
    found["icmp_code"] = pc.coalesce(code, each(only(second, present(kind)), _octet, INT32))
    extra.append(("Dport", only(second, present(code) | ~present(found["icmp_code"]))))
    found["tcp_flags"] = each(only(cells.text("State"), number == TCP), _state_flags, INT32)
    return found


def _volumes(
    cells: Cells, faults: Faults, extra: list[tuple[str, pa.StringArray]], remarks: dict[str, Flags]
) -> dict[str, Any]:
    found: dict[str, Any] = {"bytes_layer": "frame", "directionality": "both"}
    remarks[CONTRADICTION] = np.zeros(len(cells), np.bool_)
    for what, short in (("bytes", "Bytes"), ("packets", "Pkts")):
        total, source, destination = (
            counts(cells.text(f"{part}{short}"), f"{part}{short}", faults) for part in ("Tot", "Src", "Dst")
        )
        known = pc.coalesce(source, destination)
        less = flags(pc.less(total, known))
        remarks[CONTRADICTION] = remarks[CONTRADICTION] | less
        rest = blanked(pc.subtract(total, known), less)
        found[f"src_{what}"] = pc.coalesce(source, only(rest, present(destination)))
        found[f"dst_{what}"] = pc.coalesce(destination, only(rest, present(source)))
        extra.append((f"Tot{short}", only(cells.text(f"Tot{short}"), less | ~present(known))))
    for end, name in (("src", "SAppBytes"), ("dst", "DAppBytes")):
        found[f"{end}_payload_bytes"] = counts(cells.text(name), name, faults)
    return found


def _turned(found: dict[str, Any], left: Flags) -> dict[str, Any]:
    """Exchange source and destination where the arrow points left."""
    if not left.any():
        return {}
    turned: dict[str, Any] = {}
    where = pa.array(left)
    for what in ("address", "port", "bytes", "packets", "payload_bytes"):
        source, destination = found[f"src_{what}"], found[f"dst_{what}"]
        turned[f"src_{what}"] = pc.if_else(where, destination, source)
        turned[f"dst_{what}"] = pc.if_else(where, source, destination)
    return turned


def _direction(text: str) -> tuple[bool, bool, bool]:
    """Return whether the arrow points left only, whether it is sure, and whether it is one."""
    found = _ARROW.fullmatch(text)
    if not found:
        return False, text == "who", text == "who"
    left, middle, right = found.groups()
    return bool(left and not right), middle != "?" and bool(left or right), True


def _moment(text: str) -> Moment | None:
    return epoch_seconds(text) if _SECONDS.fullmatch(text) else iso(text)


def _duration(text: str) -> int | None:
    moment = epoch_seconds(text) if _SECONDS.fullmatch(text) else None
    return moment.us if moment else None


def _protocol(text: str) -> tuple[int | None, str | None]:
    if text in _OVER_UDP:
        return protocol("udp"), text
    number = protocol(text)
    return number, text if number is None else None


def _port(text: str) -> tuple[int | None, bool]:
    if re.fullmatch(r"0x[0-9a-fA-F]{1,4}", text):
        return int(text, 16), False
    if text.isascii() and text.isdigit():
        return (int(text) if len(text) <= 5 and int(text) < 65_536 else None), False
    return SERVICES.get(text), text in SERVICES


def _icmp(text: str) -> tuple[int | None, int | None]:
    if re.fullmatch(r"0x[0-9a-fA-F]{1,4}", text):
        number = int(text, 16)
        return number & 255, number >> 8
    return _octet(text), None


def _octet(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 and int(text) < 256 else None


def _state_flags(text: str) -> int | None:
    found = _STATE_FLAGS.fullmatch(text)
    return tcp_flags(found[1] + found[2]) if found else None
