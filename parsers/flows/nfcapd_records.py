"""The records of nfcapd files: flows of both layouts as values of `flow`, and what is told of exporters.

Source of the format: phaag/nfdump, nffile.h and nfx.h of 1.6 (common record, extension maps), nfxV3.h of 1.7 (V3
record, elements). Numbers are little-endian. A flow of 1.6 names an extension map, which tells what stands behind its
fixed part; one of 1.7 is a list of elements that say of themselves what they are and how long.

An element or extension without a column is kept in `extra`, under our name for its fields where they are known, as
hexadecimal digits where not; zeros are how nothing is said.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from parsers.flows.protocols import ICMP, ICMP6, TCP, WITH_PORTS
from parsers.jsontext import compact
from parsers.text import UNDECODABLE, decoded

SAMPLED = "sampled"
ANONYMISED = "anonymised_addresses"
AGGREGATED = "aggregated_flows"
UNKNOWN_EXTENSION = "unknown_extension"

FLOW_V0, MAP, EXPORTER, FLOW_V1, FLOW_V3 = 1, 2, 7, 10, 11
# histograms, counts of exporters, samplers, names of applications, interfaces and tables; identity and statistics
NO_FLOWS = frozenset({3, 4, 5, 6, 8, 9, 12, 13, 14, 15, 0x8001, 0x8002})
_HEADER = struct.Struct("<HH")
_LAST_MS = 1 << 47


class BadRecord(ValueError):
    """A record that contradicts itself; the message says how."""


@dataclass
class Exporters:
    """What records told so far: extension maps by number, addresses of exporters by theirs; flows point at both."""

    maps: dict[int, tuple[int, ...]] = field(default_factory=dict)
    addresses: dict[int, str] = field(default_factory=dict)


# format of struct and names, by the number of an element (1.7); fields without a name are padding
_ELEMENTS: Mapping[int, tuple[str, tuple[str, ...]]] = {
    1: (
        "<QQQQQHHBBBB",
        ("first", "last", "received", "packets", "bytes", "sp", "dp", "protocol", "flags", "fwdStatus", "srcTos"),
    ),
    2: ("<4s4s", ("Src", "Dst")),
    3: ("<16s16s", ("Src", "Dst")),
    4: ("<IIBBBB", ("input", "output", "srcMask", "dstMask", "direction", "dstTos")),
    5: ("<QQQ", ("flows", "outPackets", "outBytes")),
    6: ("<II", ("vlan", "dstVlan")),
    7: ("<II", ("srcAS", "dstAS")),
    8: ("<4s", ("BgpNextHop",)),
    9: ("<16s", ("BgpNextHop",)),
    10: ("<4s", ("NextHop",)),
    11: ("<16s", ("NextHop",)),
    12: ("<4s", ("Router",)),
    13: ("<16s", ("Router",)),
    16: ("<II", ("nextAdjacentAS", "prevAdjacentAS")),
    17: ("<QQQ", ("clientDelayUs", "serverDelayUs", "applicationDelayUs")),
    19: ("<QIHBB", ("eventMs", "connectionId", "firewallExtendedEvent", "firewallEvent", "")),
    20: ("<4s4s", ("TranslatedSrc", "TranslatedDst")),
    21: ("<16s16s", ("TranslatedSrc", "TranslatedDst")),
    22: ("<HH", ("translatedSrcPort", "translatedDstPort")),
    25: ("<QIBBH", ("eventMs", "natPool", "natEvent", "", "")),
    26: ("<HHHH", ("portBlockStart", "portBlockEnd", "portBlockStep", "portBlockSize")),
    31: ("<4s4sI", ("TunnelSrc", "TunnelDst", "tunnelProtocol")),
    32: ("<16s16sI", ("TunnelSrc", "TunnelDst", "tunnelProtocol")),
    36: ("<II", ("egressVrf", "ingressVrf")),
    39: ("<Q", ("flowId",)),
}
_TEXT_ELEMENTS = {24: "user", 28: "label", 41: "natSubscriber"}
# the same by the number of an extension (1.6)
_EXTENSIONS: Mapping[int, tuple[str, tuple[str, ...]]] = {
    4: ("<HH", ("input", "output")),
    5: ("<II", ("input", "output")),
    6: ("<HH", ("srcAS", "dstAS")),
    7: ("<II", ("srcAS", "dstAS")),
    8: ("<BBBB", ("dstTos", "direction", "srcMask", "dstMask")),
    9: ("<4s", ("NextHop",)),
    10: ("<16s", ("NextHop",)),
    11: ("<4s", ("BgpNextHop",)),
    12: ("<16s", ("BgpNextHop",)),
    13: ("<HH", ("vlan", "dstVlan")),
    14: ("<I", ("outPackets",)),
    15: ("<Q", ("outPackets",)),
    16: ("<I", ("outBytes",)),
    17: ("<Q", ("outBytes",)),
    18: ("<I", ("flows",)),
    19: ("<Q", ("flows",)),
    20: ("<QQ", ("inSrcMac", "outDstMac")),
    21: ("<QQ", ("inDstMac", "outSrcMac")),
    22: ("<10I", tuple(f"mpls{number}" for number in range(1, 11))),
    23: ("<4s", ("Router",)),
    24: ("<16s", ("Router",)),
    25: ("<HBB", ("", "engineType", "engineId")),
    26: ("<II", ("nextAdjacentAS", "prevAdjacentAS")),
    27: ("<Q", ("received",)),
    45: ("<QQQ", ("clientDelayUs", "serverDelayUs", "applicationDelayUs")),
    48: ("<HHHH", ("portBlockStart", "portBlockEnd", "portBlockStep", "portBlockSize")),
}
_COLUMNS = frozenset(
    {
        *("first", "last", "packets", "bytes", "sp", "dp", "protocol", "flags", "Src", "Dst", "Router"),
        *("outPackets", "outBytes", "vlan", "flows"),
    }
)
_NOTHING = (0, "0.0.0.0", "::", "")  # noqa: S104


def header_of(data: bytes, at: int) -> tuple[int, int]:
    """Return type and size of the record at `at`."""
    kind, size = _HEADER.unpack_from(data, at)
    return kind, size


def learn(data: bytes, at: int, size: int, kind: int, known: Exporters) -> None:
    """Take in an extension map or an exporter; raises `BadRecord` where it is too short to be one."""
    if kind == MAP and size >= 8:
        numbers = struct.unpack_from(f"<{(size - 8) // 2}H", data, at + 8)
        end = numbers.index(0) if 0 in numbers else len(numbers)
        known.maps[struct.unpack_from("<H", data, at + 4)[0]] = numbers[:end]
    elif kind == EXPORTER and size >= 32:
        family, number = struct.unpack_from("<HH", data, at + 24)
        known.addresses[number] = _address(data[at + 16 : at + 20] if family == 2 else data[at + 8 : at + 24])
    else:
        raise BadRecord("a map or exporter that is too short")


def flow_v3(data: bytes, at: int, size: int, known: Exporters) -> dict[str, Any]:
    """Return the columns of the V3 record at `at`; raises `BadRecord`."""
    if size < 12:
        raise BadRecord("a record that is too short")
    count, _, _, exporter, flags = struct.unpack_from("<HBBHB", data, at + 4)
    end, place = at + size, at + 12
    found: dict[str, Any] = {}
    for _ in range(count):
        if place + 4 > end:
            raise BadRecord("elements go beyond the record")
        number, length = _HEADER.unpack_from(data, place)
        if length < 4 or place + length > end:
            raise BadRecord(f"element {number} goes beyond the record")
        _element(data[place + 4 : place + length], number, found)
        place += length
    if "first" not in found:
        raise BadRecord("no element tells times and counts")
    notes = [SAMPLED] * bool(flags & 2) + [ANONYMISED] * bool(flags & 4)
    return _columns(found, notes, known.addresses.get(exporter))


def flow_v1(data: bytes, at: int, size: int, known: Exporters, *, anonymised: bool) -> dict[str, Any]:
    """Return the columns of the common record at `at`, of either kind; raises `BadRecord`."""
    kind, _ = header_of(data, at)
    fixed = 32 if kind == FLOW_V1 else 28
    if size < fixed + 16:
        raise BadRecord("a record that is too short")
    if kind == FLOW_V1:
        flags, map_id = struct.unpack_from("<HH", data, at + 4)
        exporter, direction, end_reason = struct.unpack_from("<HBB", data, at + 28)
    else:
        flags, exporter, map_id = struct.unpack_from("<BBH", data, at + 4)
        direction = end_reason = 0
    names = ("msFirst", "msLast", "sFirst", "sLast", "fwdStatus", "flags", "protocol", "srcTos", "sp", "dp")
    found: dict[str, Any] = dict(zip(names, struct.unpack_from("<HHIIBBBBHH", data, at + 8), strict=True))
    found["first"] = found.pop("sFirst") * 1000 + found.pop("msFirst")
    found["last"] = found.pop("sLast") * 1000 + found.pop("msLast")
    found |= {"biflowDirection": direction, "endReason": end_reason}
    place, end = at + fixed, at + size
    required = ("16s16s" if flags & 1 else "4s4s") + ("Q" if flags & 2 else "I") + ("Q" if flags & 4 else "I")
    place = _unpack(data, place, end, f"<{required}", ("Src", "Dst", "packets", "bytes"), found)
    if map_id not in known.maps:
        raise BadRecord(f"extension map {map_id} does not come before it")
    notes = [SAMPLED] * bool(flags & 128) + [ANONYMISED] * anonymised
    for number in known.maps[map_id]:
        if number not in _EXTENSIONS:
            if any(data[place:end]):
                found[f"extension {number} and further"] = data[place:end].hex()
                notes.append(UNKNOWN_EXTENSION)
            break
        place = _unpack(data, place, end, *_EXTENSIONS[number], found)
    return _columns(found, notes, known.addresses.get(exporter))


def _element(data: bytes, number: int, found: dict[str, Any]) -> None:
    layout = _ELEMENTS.get(number)
    if layout and len(data) >= struct.calcsize(layout[0]):
        _unpack(data, 0, len(data), *layout, found)
    elif number in _TEXT_ELEMENTS:
        text, clean = decoded(data.split(b"\0", 1)[0])
        found[_TEXT_ELEMENTS[number]] = text
        if not clean:
            found[UNDECODABLE] = True
    elif number == 1:
        raise BadRecord("element 1 is too short")
    elif any(data):
        found[f"element {number}"] = data.hex()


def _unpack(data: bytes, at: int, end: int, form: str, names: tuple[str, ...], found: dict[str, Any]) -> int:
    after = at + struct.calcsize(form)
    if after > end:
        raise BadRecord("extensions go beyond the record")
    for name, value in zip(names, struct.unpack_from(form, data, at), strict=True):
        if name:
            found[name] = _address(value) if isinstance(value, bytes) else value
    return after


@lru_cache(maxsize=65_536)
def _address(data: bytes) -> str:
    """Return an address: four bytes, or two numbers of eight, each turned round."""
    if len(data) == 4:
        return str(ipaddress.IPv4Address(data[::-1]))
    address = ipaddress.IPv6Address(data[7::-1] + data[:7:-1])
    return f"::ffff:{address.ipv4_mapped}" if address.ipv4_mapped else str(address)


def _columns(found: dict[str, Any], notes: list[str], exporter: str | None) -> dict[str, Any]:
    protocol, first, last = found["protocol"], found["first"], found["last"]
    with_ports = protocol in WITH_PORTS
    is_icmp = protocol in (ICMP, ICMP6)
    flows = found.get("flows", 0)
    both = bool(found.get("outPackets") or found.get("outBytes"))
    vlan = found.get("vlan") or None
    extra = {name: value for name, value in found.items() if name not in _COLUMNS and value not in _NOTHING}
    if found.pop(UNDECODABLE, None):
        extra.pop(UNDECODABLE)
        notes.append(UNDECODABLE)
    if flows > 1:
        notes.append(AGGREGATED)
        extra["flows"] = flows
    if vlan is not None and vlan > 4095:
        extra["vlan"], vlan = vlan, None
    if not with_ports and not is_icmp and (found["sp"] or found["dp"]):
        extra |= {"srcPort": found["sp"], "dstPort": found["dp"]}
    if protocol != TCP and found["flags"]:
        extra["tcpFlags"] = found["flags"]
    return {
        "ts": first * 1000 if 0 < first < _LAST_MS else None,
        "ts_end": last * 1000 if 0 < last < _LAST_MS else None,
        "ts_precision_us": 1000 if first else None,
        "duration_us": (last - first) * 1000 if 0 < first <= last < _LAST_MS else None,
        "sensor": found["Router"] if found.get("Router", 0) not in _NOTHING else exporter,
        "src_address": found.get("Src"),
        "dst_address": found.get("Dst"),
        "src_port": found["sp"] if with_ports else None,
        "dst_port": found["dp"] if with_ports else None,
        "protocol": protocol,
        "icmp_type": found["dp"] >> 8 if is_icmp else None,
        "icmp_code": found["dp"] & 255 if is_icmp else None,
        "tcp_flags": found["flags"] if protocol == TCP else None,
        "src_packets": found["packets"],
        "src_bytes": found["bytes"],
        "dst_packets": found.get("outPackets", 0) if both else None,
        "dst_bytes": found.get("outBytes", 0) if both else None,
        "bytes_layer": "ip",
        "directionality": "both" if both else "one_way",
        "initiator_known": False,
        "action": "deny" if found.get("firewallEvent") == 3 else None,
        "vlan": vlan,
        "notes": notes or None,
        "extra": compact(extra) if extra else None,
    }
