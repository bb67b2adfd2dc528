"""What an event of Suricata's EVE log means, as rows: flows, alerts and messages. Names are in `eve_names`.

Source of the mapping: OISF/suricata doc/userguide/output/eve/eve-json-format.rst, etc/schema.json, and
src/output-json-{flow,netflow,alert,http,tls,ssh}.c. Volumes are taken from `flow` and `netflow` events only: the `flow`
object of any other event counts no further than to that event.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.flows import protocols
from parsers.flows.eve_names import flow_id, lookups
from parsers.flows.eve_payload import mining
from parsers.flows.members import LAST_INT32, Members, Produced
from parsers.flows.names import asked_host, bound, host_name
from parsers.times import Moment

PRODUCT = "suricata"
NOT_RECOGNISED = "failed"  # Suricata's word for an application protocol that it tried and did not find
_ACTIONS = {"pass": "allow", "accept": "allow", "drop": "deny", "reject": "deny"}
_SYN = 2
_LAST_BYTE = 255
_MOST_FLAG_DIGITS = 2


def rows_of(kind: str, event: Members) -> Iterator[Produced]:
    """Yield (table, values) for each row of an event of the type `kind`; the rest of it belongs to their `extra`."""
    if kind in {"flow", "netflow"}:
        yield "flow", _flow(event, kind)
        return
    moment = event.moment("timestamp")
    when: dict[str, Any] = dict(moment.columns()) if moment else {}
    for table, values in _events(kind, event):
        yield table, when | values
        if kind in {"alert", "drop"}:
            yield from _payload(event, values, moment)


def _payload(event: Members, alert: dict[str, Any], moment: Moment | None) -> Iterator[Produced]:
    number = event.look("flow_id")
    ends = {name: alert[name] for name in ("src_address", "src_port", "dst_address", "dst_port")}
    ends["flow_id"] = str(number) if type(number) is int else None
    for values in mining(event, moment):
        yield "application_message", values | ends


def _events(kind: str, event: Members) -> Iterator[Produced]:
    if kind in {"dns", "mdns", "llmnr"}:
        for values in lookups(kind, event):
            yield "name_lookup", values
    elif kind in {"alert", "anomaly", "drop"}:
        yield "alert", _alert(kind, event)
    elif kind in {"http", "fileinfo"}:
        yield from _http(kind, event)
    elif kind in {"tls", "quic"}:
        yield from _handshake(kind, event)
    else:
        yield "application_message", _message(kind, event)


def _ends(event: Members) -> dict[str, Any]:
    return {
        "src_address": event.address("src_ip"),
        "src_port": event.port("src_port"),
        "dst_address": event.address("dest_ip"),
        "dst_port": event.port("dest_port"),
    }


def span(start: Moment | None, end: Moment | None) -> dict[str, Any]:
    """Return the time columns of a stretch, with its duration where both ends are known on one clock."""
    columns: dict[str, Any] = dict(start.columns()) if start else {}
    if end:
        columns["ts_end" if end.zoned else "ts_end_local"] = end.us
    if start and end and start.zoned == end.zoned:
        columns["duration_us"] = end.us - start.us
    return columns


def _flow(event: Members, kind: str) -> dict[str, Any]:
    body, tcp = event.inner(kind), event.inner("tcp")
    both = kind == "flow"
    protocol = _protocol(event)
    sent = _flags(tcp, "tcp_flags_ts")
    flags = _flags(tcp, "tcp_flags")
    app_protocol = None if event.look("app_proto") == NOT_RECOGNISED else event.text("app_proto")
    initiator_known = bool((sent or 0) & _SYN) if protocol == protocols.TCP or not both else None
    row = {
        "flow_id": flow_id(event),
        "sensor": event.text("host"),
        **_ends(event),
        "protocol": protocol,
        "icmp_type": event.number("icmp_type", _LAST_BYTE),
        "icmp_code": event.number("icmp_code", _LAST_BYTE),
        "app_protocol": app_protocol,
        "src_bytes": body.number("bytes_toserver" if both else "bytes"),
        "dst_bytes": body.number("bytes_toclient") if both else None,
        "src_packets": body.number("pkts_toserver" if both else "pkts"),
        "dst_packets": body.number("pkts_toclient") if both else None,
        "bytes_layer": "frame",
        "directionality": "both" if both else "one_way",
        "initiator_known": initiator_known,
        "tcp_flags": flags,
        "state": body.text("state"),
        "vlan": _vlan(event),
    }
    action = body.look("action")
    if type(action) is str and action in _ACTIONS:
        row["action"] = _ACTIONS[action]
        body.drop("action")
    return row | span(body.moment("start"), body.moment("end"))


def _protocol(event: Members) -> int | None:
    name = event.look("proto")
    number = protocols.protocol(name) if type(name) is str else None
    if number is not None:
        event.drop("proto")
    return number


def _flags(tcp: Members, key: str) -> int | None:
    """Take TCP flags, which EVE writes as hexadecimal text."""
    text = tcp.look(key)
    if type(text) is not str or not 0 < len(text) <= _MOST_FLAG_DIGITS or not text.isalnum() or not text.isascii():
        return None
    try:
        number = int(text, 16)
    except ValueError:
        return None
    if key == "tcp_flags":
        tcp.drop(key)
    return number


def _vlan(event: Members) -> int | None:
    """Take the VLAN, where the packets carry one and no more."""
    tags = event.look("vlan")
    if type(tags) is not list or len(tags) != 1 or type(tags[0]) is not int or not 0 <= tags[0] <= LAST_INT32:
        return None
    event.drop("vlan")
    return tags[0]


def _alert(kind: str, event: Members) -> dict[str, Any]:
    body = event.inner(kind)
    row: dict[str, Any] = {"product": PRODUCT, **_ends(event)}
    if kind == "anomaly":
        return row | {"rule": body.text("event"), "category": kind}
    if kind == "drop":
        return row | {"rule": body.text("reason"), "category": kind}
    severity = body.number("severity")
    return row | {
        "rule": _signature(body),
        "category": body.text("category"),
        "severity": None if severity is None else str(severity),
        "title": body.text("signature"),
    }


def _signature(body: Members) -> str | None:
    """Take what names a rule: generator, signature and revision, as Suricata prints them in its other logs."""
    if not all(type(body.look(key)) is int for key in ("gid", "signature_id", "rev")):
        return None
    return ":".join(str(body.number(key)) for key in ("gid", "signature_id", "rev"))


def _message(kind: str, event: Members) -> dict[str, Any]:
    """Return the row of an event that has no columns of its own: who spoke to whom, and all else in `extra`."""
    body = event.inner(kind)
    row = {"protocol": kind, "flow_id": flow_id(event), **_ends(event)}
    if kind == "ssh":
        return row | {"user_agent": body.inner("client").text("software_version")}
    return row | {"method": body.text("method") or body.text("command")}


def _http(kind: str, event: Members) -> Iterator[Produced]:
    body = event.inner("http")
    row = {"flow_id": flow_id(event), **_ends(event)}
    row |= {
        "host": body.text("hostname"),
        "uri": body.text("url"),
        "user_agent": body.text("http_user_agent"),
        "status": body.number("status", LAST_INT32),
    }
    if kind == "fileinfo":
        yield "application_message", row | {"protocol": event.text("app_proto"), "method": kind}
        return
    row |= {"protocol": "http", "method": body.text("http_method"), "direction": "request"}
    yield "application_message", row
    name = asked_host(row)
    if name:
        yield "name_lookup", bound("http_host", name, row)


def _handshake(kind: str, event: Members) -> Iterator[Produced]:
    body = event.inner(kind)
    name = host_name(body.text("sni")) or None
    row = {"protocol": kind, "flow_id": flow_id(event), **_ends(event), "host": name}
    if kind == "quic":
        row["user_agent"] = body.text("ua")
    yield "application_message", row
    if name:
        yield "name_lookup", bound("tls_sni", name, row)
