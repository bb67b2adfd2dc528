"""What a record of AWS VPC (and transit gateway) flow logs says, whatever it is wrapped in.

Source: AWS documentation, "Flow log records" and "Transit Gateway Flow Log records" (fields, their order in the default
formats, and in which version each came).

A record is one network interface's count of one direction of one conversation in one window of aggregation (`ts` to
`ts_end`, whole seconds). Behind a gateway, or for pods with addresses of their own, `srcaddr` and `dstaddr` are the
interface's, `pkt-srcaddr` and `pkt-dstaddr` the packet's: `src_address` and `dst_address` are the packet's where it
tells them, and where the two differ that is noted and the interface's address kept in `extra`. A record that says
NODATA or SKIPDATA makes a `coverage_gap`; one that tells addresses all the same makes both.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parsers import ip
from parsers.csvcells import Cells, Faults, blanked, counts, each, flags, json_of, notes_of, only, present, times
from parsers.csvsheet import Aside, Converted
from parsers.csvtext import Flags
from parsers.flows.protocols import TCP, WITH_PORTS
from parsers.schema import INT, INT32, STRING
from parsers.text import UNDECODABLE
from parsers.times import SECOND, Moment, epoch_milliseconds

TABLES = ("flow", "coverage_gap")
NULLS = frozenset({"", "-"})
ASSUMED_ORDER = "assumed_field_order"
PACKET_ADDRESSES = "addresses_of_packet"

_FIELDS_BY_VERSION = (
    (
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action"
        " log-status"
    ),
    "vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr",
    "region az-id sublocation-type sublocation-id",
    "pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path",
    (
        "ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id"
        " ecs-second-container-id ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id"
    ),
    "reject-reason",
    "resource-id",
    "encryption-status",
)
_GATEWAY_FIELDS = (
    "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id"
    " tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id"
    " tgw-dst-az-id tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end log-status"
    " type packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired tcp-flags"
    " region flow-direction pkt-src-aws-service pkt-dst-aws-service"
)
DEFAULT_FIELDS = tuple(_FIELDS_BY_VERSION[0].split())
# the fields up to each version, in the order of the documentation: what logs without header hold
ORDERS = (
    *(tuple(" ".join(_FIELDS_BY_VERSION[:count]).split()) for count in range(1, len(_FIELDS_BY_VERSION) + 1)),
    tuple(_GATEWAY_FIELDS.split()),
)
KNOWN_FIELDS = frozenset(name for order in ORDERS for name in order)
_TELLING = frozenset({"interface-id", "srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr", "log-status", "tgw-id"})

_OF_AWS = frozenset({"interface-id", "log-status", "tgw-id"})
_KEYS = {name.replace("-", ""): name for name in KNOWN_FIELDS}

_MAPPED = frozenset(DEFAULT_FIELDS) - {"version", "account-id"} | {"tcp-flags", "pkt-srcaddr", "pkt-dstaddr"}
_GAPS = {"NODATA": "no_traffic", "SKIPDATA": "records_skipped", None: "nothing_told"}
_ACTIONS = {"ACCEPT": "allow", "REJECT": "deny"}
_SECONDS = "^[0-9]{1,11}$"


def field_names(names: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return field names as AWS documents them, None if they are none.

    Parquet and Athena write underscores for hyphens, CloudWatch Logs Insights `interfaceId`. Names such as `srcAddr`
    are other tools' too: with them, one that only AWS has must be there.
    """
    found = tuple(_KEYS.get(_key(name), name.replace("_", "-")) for name in names)
    known = KNOWN_FIELDS.intersection(found)
    if len(set(found)) < len(found) or len(known & _TELLING) < 2 or 2 * len(known) < len(found):
        return None
    in_capitals = any(_key(name) in _KEYS and name != name.lower() for name in names)
    return None if in_capitals and not known & _OF_AWS else found


def _key(name: str) -> str:
    return name.replace("-", "").replace("_", "").lower()


class _Ends(NamedTuple):
    columns: dict[str, Any]
    portless: Flags
    differing: dict[str, Flags]


def converted(cells: Cells, notes: dict[str, Flags]) -> Converted:
    """Make `flow` columns and `coverage_gap` rows of records whose cells bear the names of AWS's fields."""
    faults = Faults()
    (start, precision), (end, _) = (_time(cells, name, faults) for name in ("start", "end"))
    ends = _ends(cells, faults)
    columns = ends.columns | {
        "ts": start,
        "ts_end": end,
        "ts_precision_us": precision,
        "duration_us": pc.subtract(end, start),
        "src_packets": counts(cells.text("packets"), "packets", faults),
        "src_bytes": counts(cells.text("bytes"), "bytes", faults),
        "bytes_layer": "ip",
        "directionality": "one_way",
        "initiator_known": pa.array(np.zeros(len(cells), np.bool_)),
        "action": _action(cells, faults),
        "sensor": pc.coalesce(cells.text("interface-id"), cells.text("tgw-attachment-id")),
    }
    # a window that ends before it begins is told as it is, but no length
    columns["duration_us"] = blanked(columns["duration_us"], flags(pc.less(columns["duration_us"], 0)))
    columns["extra"] = pa.array(_extra(cells, ends), STRING)
    remarks = notes | {UNDECODABLE: cells.undecodable, PACKET_ADDRESSES: ends.differing["src"] | ends.differing["dst"]}
    columns["notes"] = notes_of(remarks, len(cells))
    status = cells.text("log-status")
    told = present(columns["src_address"]) | present(columns["dst_address"])
    counted = present(columns["src_bytes"]) | present(columns["src_packets"]) | present(columns["protocol"])
    missing = flags(pc.is_in(status, pa.array(["NODATA", "SKIPDATA"], STRING)))
    silent = ~present(status) & ~told & ~counted
    gaps = np.flatnonzero(missing | silent).tolist()
    asides = {place: _gap(place, cells, columns) for place in gaps if place not in faults}
    return Converted(columns, faults, (missing & ~told) | silent, asides)


def _gap(place: int, cells: Cells, columns: dict[str, Any]) -> Aside:
    status = cells.text("log-status")[place].as_py()
    values = {name: columns[name][place].as_py() for name in ("ts", "ts_end", "ts_precision_us", "notes", "extra")}
    told = [column for name, column in zip(cells.names, cells.columns, strict=True) if name in KNOWN_FIELDS]
    text = " ".join(column[place].as_py() or "-" for column in told)
    return Aside("coverage_gap", {"reason": _GAPS[status], "text": text, **values})


def _time(cells: Cells, name: str, faults: Faults) -> tuple[pa.Int64Array, pa.Int64Array]:
    """Return times and their precision, in microseconds."""
    texts = cells.text(name)
    plain = flags(pc.match_substring_regex(texts, _SECONDS))
    us = pc.multiply(only(texts, plain).cast(INT), SECOND)
    others = times(blanked(texts, plain), _moment)
    faults.add(others.wrong | (present(others.us) & ~others.zoned), f"{name} is no time")
    precision = only(pa.array(np.full(len(cells), SECOND)), plain)
    return pc.coalesce(us, others.us), pc.coalesce(precision, others.precision_us)


def _moment(text: str) -> Moment | None:
    # the documentation says seconds; milliseconds were seen
    return epoch_milliseconds(int(text)) if text.isascii() and text.isdigit() and len(text) <= 16 else None


def _ends(cells: Cells, faults: Faults) -> _Ends:
    found: dict[str, Any] = {"protocol": _numbers(cells, "protocol", 255, faults)}
    number = found["protocol"].fill_null(-1).to_numpy()
    portless = ~(np.isin(number, sorted(WITH_PORTS)) | (number < 0))
    differing = {}
    for end in ("src", "dst"):
        interface, packet = (_addresses(cells, name, faults) for name in (f"{end}addr", f"pkt-{end}addr"))
        found[f"{end}_address"] = pc.coalesce(packet, interface)
        differing[end] = flags(pc.not_equal(packet, interface))
        found[f"{end}_port"] = blanked(_numbers(cells, f"{end}port", 65_535, faults), portless)
    found["tcp_flags"] = only(_numbers(cells, "tcp-flags", 255, faults), number == TCP)
    return _Ends(found, portless, differing)


def _addresses(cells: Cells, name: str, faults: Faults) -> pa.StringArray:
    texts = cells.text(name)
    found = each(texts, ip.canonical, STRING)
    faults.add(present(texts) & ~present(found), f"{name} is no address")
    return found


def _numbers(cells: Cells, name: str, most: int, faults: Faults) -> pa.Int32Array:
    texts = cells.text(name)
    short = flags(pc.match_substring_regex(texts, "^[0-9]{1,5}$"))
    found = only(texts, short).cast(INT32)
    fits = short & ~flags(pc.greater(found, most))
    faults.add(present(texts) & ~fits, f"{name} is no number up to {most}")
    return only(found, fits)


def _action(cells: Cells, faults: Faults) -> pa.StringArray:
    texts = cells.text("action")
    found = each(texts, _ACTIONS.get, STRING)
    faults.add(present(texts) & ~present(found), "the action is neither ACCEPT nor REJECT")
    return found


def _extra(cells: Cells, ends: _Ends) -> list[str | None]:
    """Return what no column holds; a port of zero, and OK, are how nothing is said."""
    pairs = [(name, cells.at(at)) for at, name in enumerate(cells.names) if name not in _MAPPED]
    status = cells.text("log-status")
    pairs.append(("log-status", blanked(status, flags(pc.equal(status, "OK")))))
    for end in ("src", "dst"):
        pairs.append((f"{end}addr", only(cells.text(f"{end}addr"), ends.differing[end])))
        port = cells.text(f"{end}port")
        pairs.append((f"{end}port", only(port, ends.portless & flags(pc.not_equal(port, "0")))))
    tcp_flags = cells.text("tcp-flags")
    lost = present(tcp_flags) & ~present(ends.columns["tcp_flags"]) & flags(pc.not_equal(tcp_flags, "0"))
    pairs.append(("tcp-flags", only(tcp_flags, lost)))
    return json_of(pairs, len(cells))
