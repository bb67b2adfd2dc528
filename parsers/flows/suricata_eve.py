"""Suricata's EVE log: one JSON object a line, each an event of a type that `event_type` names.

Source of the format: OISF/suricata doc/userguide/output/eve/eve-json-format.rst and etc/schema.json.
One record is one object. `flow` events give a `flow` (both ways), `netflow` events one way of one; no other event
does, for what it says of its flow is cut off at the event. `alert`, `anomaly` and `drop` give an `alert`, and the
payload that stands beside one an `application_message` for each message of mining in clear; `dns` and `mdns`, of every
version, `name_lookup`; `http`, `tls`, `quic` an `application_message` and the name that was asked for; `stats` a
`coverage_gap` where it counts losses; every other event an `application_message` with what it says in `extra`.
`engine` events are the sensor's words about itself and make no row.

A sensor that logs both `flow` and `netflow` tells each flow three times: the rows have the same `flow_id`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsers.contract import Format, Grade, Item, Parsed, Reject
from parsers.flows.eve_events import rows_of
from parsers.flows.eve_losses import Losses
from parsers.flows.members import Members, told
from parsers.jsonlines import JsonRecord, first_values, records
from parsers.source import Source

FORMAT = Format(
    name="suricata_eve",
    title="Suricata EVE JSON",
    tables=("flow", "name_lookup", "application_message", "alert", "coverage_gap"),
    signature=True,
    version=2,
)

_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(?:[+-]\d{4}|Z)?"
_TIMESTAMP = re.compile(_TIME)
# a first line too long for the head: Suricata writes the time first, and the type before what is long
_LONG_LINE = re.compile(
    rb'\{"timestamp":"%b",(?:"[a-z_]+":(?:"[^"\\]{0,64}"|\d+),)*"event_type":"[a-z0-9_]+",' % _TIME.encode()
)
_SILENT = frozenset({"engine"})


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most lines are events: with a type, a time as Suricata prints it, and what all of that type have."""
    found = first_values(head)
    events = sum(_is_event(value) for value in found.values)
    if events * 2 > len(found.values) or (not found.values and _LONG_LINE.match(found.cut)):
        return Grade.STRONG
    return Grade.NONE


def _is_event(value: object) -> bool:
    if type(value) is not dict or type(value.get("event_type")) is not str:
        return False
    time, kind = value.get("timestamp"), value["event_type"]
    if type(time) is not str or not _TIMESTAMP.fullmatch(time):
        return False
    return ("src_ip" in value and "dest_ip" in value) or type(value.get(kind)) is dict


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of every event in file order; a loss counted between two events when the second is read."""
    losses = Losses()
    for item in records(source):
        if not isinstance(item, JsonRecord):
            yield item
            continue
        kind = item.value.get("event_type")
        if type(kind) is not str:
            yield Reject(item.record, "no event_type")
            continue
        yield Parsed(item.record)
        if kind == "stats":
            yield from losses.take(item.record, Members(item.value))
        elif kind not in _SILENT:
            event = Members(item.value)
            event.drop("event_type")
            yield from told(item, event, rows_of(kind, event))
