"""Azure flow logs: of network security groups (versions 1 and 2) and of virtual networks (version 4).

Source of the format: learn.microsoft.com/azure/network-watcher, nsg-flow-logs-overview and vnet-flow-logs-overview
(blobs `PT1H.json`, flow tuples). A blob is `{"records": [...]}`; shippers split it into a record a line, or an array.

One record is one tuple, a text of values between commas. Its time is when the tuple was made, to the second (groups)
or millisecond (networks); what it counts came since the tuple before of the same flow (state C or E), so that a flow's
volume is the sum over its tuples; B begins one and counts nothing. Both ways are counted; the source is the end that
opened the flow. What layer the bytes are of is not said. Blobs grow in place: one that was fetched twice holds the same
tuples.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from parsers import ip
from parsers.contract import Format, Grade, Item, Parsed, Reject, Row, Structure
from parsers.flows.protocols import TCP, UDP, WITH_PORTS
from parsers.jsonparts import JsonPart, Opened, Path, Pattern, head_parts, parts
from parsers.jsontext import compact
from parsers.source import Source
from parsers.times import Moment, epoch_milliseconds, epoch_seconds

FORMAT = Format(
    name="azure_flow_log",
    title="Azure flow logs (NSG and virtual network)",
    tables=("flow",),
    signature=True,
    version=3,
)

TUPLES = "flowTuples"

_OF_GROUPS: Pattern = ("properties", "flows", None, "flows", None, TUPLES)
_OF_NETWORKS: Pattern = ("flowRecords", "flows", None, "flowGroups", None, TUPLES)
_RECORDS: tuple[Pattern, ...] = ((), (None,), ("records", None))
_OPENED = Opened(
    frozenset(
        (*record, *inner)[:length]
        for record in _RECORDS
        for inner in (_OF_GROUPS, _OF_NETWORKS)
        for length in range(len(record) + len(inner) + 1)
    )
)
_MARKS = (b'"flowTuples"', b'"NetworkSecurityGroupFlowEvent"', b'"FlowLogFlowEvent"')
_ACTIONS = {"A": "allow", "D": "deny"}
_STATES = {"B": "allow", "C": "allow", "E": "allow", "D": "deny"}


class _Tuple(NamedTuple):
    """The values of a tuple by what they are; None where the layout has none such."""

    moment: Moment
    protocol: int
    action: str
    state: str | None
    encryption: str | None
    counts: tuple[int | None, ...]


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where the first tuple is one, or where the category of records without tuples says so."""
    if not any(mark in head for mark in _MARKS):
        return Grade.NONE
    found = head_parts(head, _OPENED)
    tuples = [item.value for item in found if _is_tuple(item.path)]
    if tuples:
        return Grade.STRONG if any(not isinstance(_columns(value), str) for value in tuples) else Grade.NONE
    return Grade.STRONG if any(item.path[-1:] == ("category",) for item in found) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one `flow` row a tuple."""
    held: list[JsonPart | Reject | Structure] = []
    place: tuple[int, Path] | None = None
    number = 0
    for item in parts(source, _OPENED):
        # what stands around tuples may come behind them: a record is held until it ends
        if isinstance(item, JsonPart) and (item.document, _record_of(item.path)) != place:
            number = yield from _items(held, number)
            held, place = [], (item.document, _record_of(item.path))
        held.append(item)
    yield from _items(held, number)


def _record_of(path: Path) -> Path:
    if path[:1] == ("records",):
        return path[:2]
    return path[:1] if path and isinstance(path[0], int) else ()


def _is_tuple(path: Path) -> bool:
    return len(path) > 1 and path[-2] == TUPLES and isinstance(path[-1], int)


def _items(held: list[JsonPart | Reject | Structure], number: int) -> Any:
    """Yield the items of one record of Azure's; only tuples and what cannot be read are records of ours."""
    around: dict[Path, dict[str, Any]] = {}
    for item in held:
        if isinstance(item, JsonPart) and not _is_tuple(item.path) and item.path:
            around.setdefault(item.path[:-1], {})[str(item.path[-1])] = item.value
    for item in held:
        if isinstance(item, Structure):
            yield item
            continue
        if isinstance(item, JsonPart) and not _is_tuple(item.path):
            yield Structure(item.record.offset, item.record.length + item.record.separator)
            continue
        number += 1
        record = item.record._replace(number=number)
        if isinstance(item, Reject):
            yield Reject(record, item.reason)
            continue
        found = _columns(item.value)
        if isinstance(found, str):
            yield Reject(record, found)
            continue
        yield Parsed(record)
        yield Row("flow", record, found | _context(item, around, found["extra"]))
    return number


def _context(item: JsonPart, around: dict[Path, dict[str, Any]], own: dict[str, str]) -> dict[str, Any]:
    """Return sensor, notes and extra: what the record, the group and the interface say of their tuples."""
    told: dict[str, Any] = {}
    for length in range(len(_record_of(item.path)), len(item.path)):
        told |= around.get(item.path[:length], {})
    address = told.pop("mac", None) or told.pop("macAddress", None)
    if type(address) is not str and address is not None:
        told["mac"], address = address, None
    extra = told | own
    return {"sensor": address, "notes": list(item.notes) or None, "extra": compact(extra) if extra else None}


def _columns(value: Any) -> dict[str, Any] | str:
    """Return the columns of a tuple, or why it is none; `extra` is still a dictionary."""
    if type(value) is not str:
        return "a tuple that is no text"
    fields = value.split(",")
    if len(fields) not in (8, 13):
        return f"a tuple of {len(fields)} values"
    ends = [ip.canonical(fields[1]), ip.canonical(fields[2])]
    ports = [_number(fields[3], 65_535), _number(fields[4], 65_535)]
    found = _of_network(fields) if fields[5].isdigit() else _of_group(fields)
    if isinstance(found, str):
        return found
    if None in ends:
        return "no address"
    if None in ports and any(fields[3:5]):
        return "no port"
    if fields[6] not in ("I", "O"):
        return "neither inbound nor outbound"
    with_ports = found.protocol in WITH_PORTS
    packets, size, packets_back, size_back = found.counts
    extra = {"direction": fields[6]} | ({"encryption": found.encryption} if found.encryption else {})
    if not with_ports and any(ports):
        extra |= {"srcPort": fields[3], "dstPort": fields[4]}
    return {
        **found.moment.columns(),
        "src_address": ends[0],
        "dst_address": ends[1],
        "src_port": ports[0] if with_ports else None,
        "dst_port": ports[1] if with_ports else None,
        "protocol": found.protocol,
        "src_packets": packets,
        "src_bytes": size,
        "dst_packets": packets_back,
        "dst_bytes": size_back,
        "directionality": "both",
        "initiator_known": True,
        "state": found.state,
        "action": found.action,
        "extra": extra,
    }


def _of_group(fields: list[str]) -> _Tuple | str:
    """Read `seconds,src,dst,sport,dport,T|U,I|O,A|D` and, since version 2, `,B|C|E,packets,bytes,packets,bytes`."""
    moment = epoch_seconds(int(fields[0])) if _number(fields[0], 1 << 40) is not None else None
    protocol = {"T": TCP, "U": UDP}.get(fields[5])
    state = fields[8] if len(fields) > 8 else None
    counts = _counts(fields[9:]) if state else (None,) * 4
    if moment is None or protocol is None or fields[7] not in _ACTIONS or counts is None:
        return "no time, protocol, action or count"
    if state is not None and state not in _STATES:
        return "no state of a flow"
    return _Tuple(moment, protocol, _ACTIONS[fields[7]], state, None, counts)


def _of_network(fields: list[str]) -> _Tuple | str:
    """Read `milliseconds,src,dst,sport,dport,protocol,I|O,B|C|E|D,encryption,packets,bytes,packets,bytes`."""
    moment = epoch_milliseconds(int(fields[0])) if _number(fields[0], 1 << 50) is not None else None
    protocol = _number(fields[5], 255)
    counts = _counts(fields[9:]) if len(fields) > 8 else None
    if moment is None or protocol is None or counts is None:
        return "no time, protocol or count"
    if fields[7] not in _STATES:
        return "no state of a flow"
    return _Tuple(moment, protocol, _STATES[fields[7]], fields[7], fields[8], counts)


def _counts(fields: list[str]) -> tuple[int | None, ...] | None:
    """Return counts, None each where the field is empty; None if one is no number."""
    found = tuple(_number(text, (1 << 64) - 1) for text in fields)
    return None if any(text and number is None for text, number in zip(fields, found, strict=True)) else found


def _number(text: str, most: int) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 and int(text) <= most else None
