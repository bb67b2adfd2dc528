"""nfdump's JSON: one array of objects (`-o json`), or an object a line (`-o ndjson`, `-o json-log`).

Source of the format: phaag/nfdump, src/output/output_json.c and output_ndjson.c (names of members).

One record is one flow as exported, one way unless the exporter counted the way back (`out_packets`, `out_bytes`):
which end opened it is not said. Times are printed without zone, in that of the host where nfdump ran, to the
millisecond. A zero, an address of zeros, an empty text and `<none>` are how nfdump prints what a flow does not have:
such values are left out of `extra`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.contract import Format, Grade, Item, Parsed, Reject, Row
from parsers.flows import nfdump_values as values
from parsers.flows.members import Members
from parsers.flows.protocols import ICMP, ICMP6, TCP, WITH_PORTS
from parsers.jsondocument import document_records, head_grade
from parsers.jsonlines import JsonRecord
from parsers.jsontext import compact
from parsers.source import Source
from parsers.times import Moment

FORMAT = Format(name="nfdump_json", title="nfdump JSON output", tables=("flow",), signature=True)

SAMPLED = "sampled"

_TELLING = frozenset({"first", "last", "received", "in_packets", "in_bytes", "export_sysid", "sampled", "src4_addr"})
_NOTHING = (0, *sorted(values.NOTHING), "1970-01-01T00:00:00.000")
_NO_TIME = "1970-01-01T00:00:00.000"


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most records have the members that nfdump writes."""
    return head_grade(head, frozenset(), (b'"first"', b'"last"', b'"in_packets"'), _is_one)


def read(source: Source) -> Iterator[Item]:
    """Yield one `flow` row an object."""
    for item in document_records(source):
        if not isinstance(item, JsonRecord):
            yield item
        elif not _is_one(item.value):
            yield Reject(item.record, "an object that is no flow of nfdump's")
        else:
            yield Parsed(item.record)
            yield Row("flow", item.record, _columns(item))


def _is_one(value: dict[str, Any]) -> bool:
    return "first" in value and "in_packets" in value and len(_TELLING & value.keys()) > 3


def _columns(item: JsonRecord) -> dict[str, Any]:
    members = Members(item.value)
    protocol = members.number("proto", 255)
    ports = {end: members.port(f"{end}_port") for end in ("src", "dst")} if protocol in WITH_PORTS else {}
    icmp = protocol in (ICMP, ICMP6)
    back = [members.number(f"out_{what}") for what in ("packets", "bytes")]
    both = any(back)
    flows = members.number("aggr_flows") or members.number("flows")
    sampled = members.number("sampled", 1)
    vlan = members.number("src_vlan", 4095) or members.number("vlan", 4095)
    router = members.address("ip4_router") or members.address("ip6_router")
    flags = _flags(members, protocol)
    found = {
        **_when(members),
        "sensor": router if router not in _NOTHING else None,
        "src_address": members.address("src4_addr") or members.address("src6_addr"),
        "dst_address": members.address("dst4_addr") or members.address("dst6_addr"),
        "src_port": ports.get("src"),
        "dst_port": ports.get("dst"),
        "protocol": protocol,
        "icmp_type": members.number("icmp_type", 255) if icmp else None,
        "icmp_code": members.number("icmp_code", 255) if icmp else None,
        "tcp_flags": flags,
        "src_packets": members.number("in_packets"),
        "src_bytes": members.number("in_bytes"),
        "dst_packets": back[0] or 0 if both else None,
        "dst_bytes": back[1] or 0 if both else None,
        "bytes_layer": "ip",
        "directionality": "both" if both else "one_way",
        "initiator_known": False,
        "vlan": vlan or None,
    }
    rest = {name: value for name, value in members.rest().items() if value not in _NOTHING and name != "type"}
    rest |= {"type": item.value["type"]} if item.value.get("type") not in (None, "FLOW") else {}
    rest |= {"flows": flows} if flows and flows > 1 else {}
    notes = [*item.notes, *[SAMPLED] * bool(sampled), *[values.AGGREGATED] * bool(flows and flows > 1)]
    return found | {"notes": notes or None, "extra": compact(rest) if rest else None}


def _when(members: Members) -> dict[str, Any]:
    first, last = (_moment(members, name) for name in ("first", "last"))
    found = first.columns() if first else {}
    if last:
        found["ts_end" if last.zoned else "ts_end_local"] = last.us
    if first and last and first.zoned == last.zoned and last.us >= first.us:
        found["duration_us"] = last.us - first.us
    return found


def _moment(members: Members, name: str) -> Moment | None:
    return None if members.look(name) == _NO_TIME else members.moment(name)


def _flags(members: Members, protocol: int | None) -> int | None:
    number = members.number("tcp_flags", 255)
    if number is not None:
        return number if protocol == TCP else None
    letters = members.look("tcp_flags")
    bits = values.flag_bits(letters) if type(letters) is str else None
    if bits is None:
        return None
    if protocol == TCP or bits == 0:
        members.drop("tcp_flags")
    return bits if protocol == TCP else None
