"""Google Cloud VPC flow logs: entries of Cloud Logging, as lines, arrays or lists.

Source of the format: cloud.google.com/vpc/docs/about-flow-logs-records (fields of jsonPayload); Cloud Logging LogEntry.

One record is one entry: what one end (`reporter`) saw of one direction of a conversation, from a sample of its packets,
with counts made up for what was not sampled. Where both ends are in the cloud each reports, so that the same flow is
there twice. Which end opened it is not said, nor what layer `bytes_sent` counts. Times are in nanoseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.contract import Format, Grade, Item, Parsed, Reject, Row
from parsers.flows.members import Members
from parsers.flows.protocols import WITH_PORTS
from parsers.jsondocument import document_records, head_grade
from parsers.jsonlines import JsonRecord
from parsers.jsontext import compact
from parsers.source import Source
from parsers.times import Moment

FORMAT = Format(name="gcp_vpc_flow", title="Google Cloud VPC flow logs", tables=("flow",), signature=True)

LISTS = frozenset({"entries"})
SAMPLED = "sampled"

_COUNTED = frozenset({"bytes_sent", "packets_sent"})
_OBSERVERS = {"SRC": "src_instance", "DEST": "dest_instance"}


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most entries hold a connection and what was sent over it."""
    return head_grade(head, LISTS, (b'"jsonPayload"', b'"connection"'), _is_one)


def read(source: Source) -> Iterator[Item]:
    """Yield one `flow` row an entry."""
    for item in document_records(source, LISTS):
        if not isinstance(item, JsonRecord):
            yield item
        elif not _is_one(item.value):
            yield Reject(item.record, "an object that is no entry of a VPC flow log")
        else:
            yield Parsed(item.record)
            yield Row("flow", item.record, _columns(item))


def _is_one(value: dict[str, Any]) -> bool:
    payload = value.get("jsonPayload")
    return type(payload) is dict and type(payload.get("connection")) is dict and not _COUNTED.isdisjoint(payload)


def _columns(item: JsonRecord) -> dict[str, Any]:
    entry = Members(item.value)
    payload = entry.inner("jsonPayload")
    connection = payload.inner("connection")
    protocol = connection.number("protocol", 255)
    with_ports = protocol in WITH_PORTS or protocol is None
    for name in ("src_port", "dest_port"):
        if not with_ports and connection.look(name) == 0:
            connection.drop(name)  # says nothing
    found = {
        **_when(payload),
        "sensor": _sensor(item.value),
        "src_address": connection.address("src_ip"),
        "dst_address": connection.address("dest_ip"),
        "src_port": connection.port("src_port") if with_ports else None,
        "dst_port": connection.port("dest_port") if with_ports else None,
        "protocol": protocol,
        "src_bytes": payload.count("bytes_sent"),
        "src_packets": payload.count("packets_sent"),
        "directionality": "one_way",
        "initiator_known": False,
    }
    rest = entry.rest()
    return found | {"notes": [*item.notes, SAMPLED], "extra": compact(rest) if rest else None}


def _when(payload: Members) -> dict[str, Any]:
    first, last = (_zoned(payload, name) for name in ("start_time", "end_time"))
    found: dict[str, Any] = first.columns() if first else {}
    if last:
        found["ts_end"] = last.us
    if first and last and last.us >= first.us:
        found["duration_us"] = last.us - first.us
    return found


def _zoned(payload: Members, name: str) -> Moment | None:
    moment = payload.moment(name)
    return moment if moment and moment.zoned else None


def _sensor(value: dict[str, Any]) -> str | None:
    """Return the machine that reports, else the subnetwork."""
    payload = value["jsonPayload"]
    instance = payload.get(_OBSERVERS.get(str(payload.get("reporter")), ""))
    name = instance.get("vm_name") if type(instance) is dict else None
    if type(name) is str:
        return name
    resource = value.get("resource")
    labels = resource.get("labels") if type(resource) is dict else None
    subnetwork = labels.get("subnetwork_name") if type(labels) is dict else None
    return subnetwork if type(subnetwork) is str else None
