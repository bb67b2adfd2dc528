"""What an OCSF event of the network classes, or a detection, means as rows.

Source of the mapping: OCSF schema (schema.ocsf.io), classes network_activity, http_activity, dns_activity and
detection_finding; the published mappings of AWS and Zeek in ocsf/examples. `traffic.bytes_out` is what the source sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from parsers import times
from parsers.capture.dns import PORTS as NAME_PORTS
from parsers.flows import protocols
from parsers.flows.members import LAST_INT32, Members, Produced
from parsers.flows.names import asked_host, bound, host_name
from parsers.flows.zeek_rows import answer_columns

BY_MAGNITUDE = "epoch_seconds_by_magnitude"
_FIRST_MILLISECONDS = 10**11  # less than that was 1973
_ACTIONS = {1: "allow", 2: "deny"}
_FLOW_LOG = "Amazon VPC"  # its records tell one direction, in bytes of IP
_GAPS = {"NODATA": "no_traffic", "SKIPDATA": "records_skipped"}
_ZEEK = "Zeek"  # its `traffic` counts payload


def network(event: Members) -> Iterator[Produced]:
    """Yield a flow, a gap where a VPC flow log has none to tell of, or, where nothing was counted, a TLS session."""
    product = _product(event)
    status = event.look("status_code")
    if type(event.look("tls")) is dict and type(event.look("traffic")) is not dict:
        yield from _session(event)
        return
    if product == _FLOW_LOG and type(status) is str and status in _GAPS:
        row = _stretch(event) | {"reason": _GAPS[status], "text": status}
        row.pop("duration_us", None)
        yield "coverage_gap", row
        return
    connection, traffic = event.inner("connection_info"), event.inner("traffic")
    one_way = product == _FLOW_LOG
    out, back = traffic.number("bytes_out"), traffic.number("bytes_in")
    packets, packets_back = traffic.number("packets_out"), traffic.number("packets_in")
    if one_way:
        out, packets = traffic.number("bytes"), traffic.number("packets")
    row = _stretch(event) | {
        "flow_id": _flow_id(event),
        "sensor": _sensor(event),
        **_ends(event),
        "protocol": _protocol(connection),
        "app_protocol": event.text("app_name"),
        "src_packets": packets,
        "dst_packets": packets_back,
        "tcp_flags": connection.number("tcp_flags", 255),
        "directionality": "one_way" if one_way else None if back is None else "both",
        "initiator_known": _flag(event, "is_src_dst_assignment_known"),
        "action": _action(event),
    }
    if product == _ZEEK:
        row |= {"src_payload_bytes": out, "dst_payload_bytes": back, "state": event.text("status_code")}
        unmapped = event.inner("unmapped")
        out, back = unmapped.number("orig_ip_bytes"), unmapped.number("resp_ip_bytes")
        row["history"] = unmapped.text("history")
    layer = "ip" if product in {_FLOW_LOG, _ZEEK} and out is not None else None
    yield "flow", row | {"src_bytes": out, "dst_bytes": back, "bytes_layer": layer}


def _session(event: Members) -> Iterator[Produced]:
    row = {"protocol": "tls", **_message(event), "host": host_name(event.inner("tls").text("sni"))}
    yield "application_message", row
    if row["host"]:
        yield "name_lookup", _moment(event) | bound("tls_sni", row["host"], row)


def _message(event: Members) -> dict[str, Any]:
    return {**_moment(event), **_ends(event), "flow_id": _flow_id(event)}


def _flow_id(event: Members) -> str | None:
    return event.inner("connection_info").text("uid") or event.inner("metadata").text("uid")


def names(event: Members) -> Iterator[Produced]:
    """Yield what an answer binds, or what was asked for."""
    query = event.inner("query")
    ends = _ends(event)
    row = _moment(event) | {
        "name": host_name(query.text("hostname")),
        "query_type": query.text("type"),
        "response_code": event.text("rcode"),
        "client_address": ends["src_address"],
        "flow_id": _flow_id(event),
    }
    if ends["dst_port"] in NAME_PORTS:
        row["server_address"] = ends["dst_address"]
    listed = event.look("answers")
    answers = listed if type(listed) is list and all(type(item) is dict for item in listed) else []
    for item in answers:
        answer = Members(item)
        kind = answer.text("type") or row["query_type"]
        data = answer.text("rdata")
        found = _answer(data, kind)
        extra = {} if found or data is None else {"answer": data}
        values = {"kind": "dns_answer", "query_type": kind, "ttl_s": answer.number("ttl", LAST_INT32)}
        yield "name_lookup", row | values | found | {"extra": extra}
    if answers:
        event.drop("answers")
    else:
        yield "name_lookup", row | {"kind": "dns_query"}


def _answer(data: str | None, kind: str | None) -> dict[str, str]:
    if kind == "CNAME" and data:
        return {"alias_of": host_name(data) or data}
    return answer_columns(data, kind)


def http(event: Members) -> Iterator[Produced]:
    """Yield a request with its answer, and the host's name where the request went to that host itself."""
    request, response = event.inner("http_request"), event.inner("http_response")
    url = request.inner("url")
    row = _message(event) | {
        "protocol": "http",
        "direction": "request",
        "method": request.text("http_method"),
        "host": url.text("hostname"),
        "uri": url.text("url_string") or url.text("path"),
        "user_agent": request.text("user_agent"),
        "status": response.number("code", LAST_INT32),
    }
    yield "application_message", row
    name = asked_host(row)
    if name and row["dst_address"]:
        yield "name_lookup", _moment(event) | bound("http_host", name, row)


def finding(event: Members) -> Iterator[Produced]:
    """Yield a detection; it is about the one address and the one resource that it names, if it names one of each."""
    info = event.inner("finding_info")
    row = _moment(event) | {
        "product": _product(event),
        "rule": _only(info.look("types")) or info.inner("analytic").text("name"),
        "severity": event.text("severity"),
        "title": info.text("title"),
    }
    evidence = _only_object(event.look("evidences"))
    resource = _only_object(event.look("resources"))
    row["resource_id"] = resource.text("uid")
    yield "alert", row | _ends(evidence)


def _other(protocol: str) -> Callable[[Members], Iterator[Produced]]:
    """Return the reader of a class that has no columns of its own: who spoke to whom, and all else in `extra`."""

    def read(event: Members) -> Iterator[Produced]:
        yield "application_message", _message(event) | {"protocol": protocol}

    return read


_PROTOCOLS = {4004: "dhcp", 4005: "rdp", 4006: "smb", 4007: "ssh", 4008: "ftp", 4009: "smtp", 4013: "ntp"}
CLASSES: Mapping[int, Callable[[Members], Iterator[Produced]]] = {
    2004: finding,
    4001: network,
    4002: http,
    4003: names,
    **{number: _other(protocol) for number, protocol in _PROTOCOLS.items()},
}


def _product(event: Members) -> str | None:
    name = event.inner("metadata").inner("product").look("name")
    return name if type(name) is str else None


def _sensor(event: Members) -> str | None:
    loggers = event.inner("metadata").look("loggers")
    return _only_object(loggers).text("name") or event.inner("device").text("hostname")


def _only(value: Any) -> str | None:
    return value[0] if type(value) is list and len(value) == 1 and type(value[0]) is str else None


def _only_object(value: Any) -> Members:
    return Members(value[0] if type(value) is list and len(value) == 1 and type(value[0]) is dict else {})


def _flag(event: Members, key: str) -> bool | None:
    value = event.look(key)
    if type(value) is not bool:
        return None
    event.drop(key)
    return value


def _ends(event: Members) -> dict[str, Any]:
    source, target = event.inner("src_endpoint"), event.inner("dst_endpoint")
    return {
        "src_address": source.address("ip"),
        "src_port": source.port("port"),
        "dst_address": target.address("ip"),
        "dst_port": target.port("port"),
    }


def _protocol(connection: Members) -> int | None:
    number = connection.number("protocol_num", 255)
    name = connection.look("protocol_name")
    if number is None and type(name) is str:
        number = protocols.protocol(name)
    if number is not None:
        connection.drop("protocol_name")
    return number


def _action(event: Members) -> str | None:
    return _ACTIONS.get(event.number("action_id", 2) or 0)


def _stretch(event: Members) -> dict[str, Any]:
    """Return the time columns of a flow: from its start, else from the time of the event."""
    start = _time(event, "start_time") or _time(event, "time")
    end = _time(event, "end_time")
    columns: dict[str, Any] = dict(start.columns()) if start else {}
    if end:
        columns["ts_end" if end.zoned else "ts_end_local"] = end.us
    if start and end and start.zoned == end.zoned and end.us >= start.us:
        columns["duration_us"] = end.us - start.us
    return columns | _said_in_seconds(event)


def _moment(event: Members) -> dict[str, Any]:
    when = _time(event, "time")
    return (dict(when.columns()) if when else {}) | _said_in_seconds(event)


def _time(event: Members, key: str) -> times.Moment | None:
    """Return a time: as text, which says how exact it is, else as the number beside it."""
    text = event.look(f"{key}_dt")
    moment = times.iso(text) if type(text) is str else None
    number = event.look(key)
    if moment or type(number) is not int:
        return moment
    return times.epoch_milliseconds(number) if number >= _FIRST_MILLISECONDS else times.epoch_seconds(number)


def _said_in_seconds(event: Members) -> dict[str, Any]:
    """Return a note where numbers that should be milliseconds were read as seconds."""
    keys = [key for key in ("time", "start_time", "end_time") if type(event.look(f"{key}_dt")) is not str]
    numbers = [number for key in keys if type(number := event.look(key)) is int]
    return {"notes": [BY_MAGNITUDE]} if any(0 < number < _FIRST_MILLISECONDS for number in numbers) else {}
