"""Cilium Hubble: what `hubble observe -o json` (or jsonpb) prints, and what Hubble exports to files.

Source of the format: cilium/cilium api/v1/flow/flow.proto and observer/observer.proto, as protobuf writes them in JSON.
One record is one object: an event about one packet or one request (bare, or under `flow` with the node beside it), or a
count of events that were lost. Hubble counts no bytes. A packet gives a `flow` of one packet from its sender, with the
names that Cilium's DNS proxy had seen for the addresses as `name_lookup`; a DNS message `name_lookup`; a request or
answer of HTTP an `application_message`; `lost_events` a `coverage_gap`. Statements about nodes and agents make no row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from parsers.contract import Format, Grade, Item, Parsed, Reject
from parsers.flows.members import LAST_INT32, Members, Produced, told
from parsers.flows.names import bound, host_name
from parsers.flows.protocols import ICMP, ICMP6, TCP, UDP
from parsers.ip import canonical
from parsers.jsonlines import JsonRecord, first_values, records
from parsers.source import Source
from parsers.times import Moment

FORMAT = Format(
    name="hubble_json",
    title="Cilium Hubble flows (JSON)",
    tables=("flow", "name_lookup", "application_message", "coverage_gap"),
    signature=True,
)

_PROTOCOLS = {"TCP": TCP, "UDP": UDP, "ICMPv4": ICMP, "ICMPv6": ICMP6, "SCTP": 132, "VRRP": 112, "IGMP": 2}
_FLAGS = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32, "ECE": 64, "CWR": 128}
_ACTIONS = {"FORWARDED": "allow", "DROPPED": "deny"}
_WRAPPED = frozenset({"node_status", "agent_event", "debug_event"})
_URL_HOST = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:\[\]]+)(?::\d{1,5})?(?:[/?#].*)?")
_CODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")
_MOST_EVENTS = 2**63 - 1


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most lines are events with a verdict on what passed, or a count of lost ones."""
    found = first_values(head)
    events = sum(_is_event(value) for value in found.values)
    return Grade.STRONG if events * 2 > len(found.values) else Grade.NONE


def _is_event(value: Any) -> bool:
    if type(value) is not dict:
        return False
    flow = value.get("flow", value)
    if type(flow) is dict and type(flow.get("verdict")) is str:
        return "traffic_direction" in flow or "event_type" in flow or "l4" in flow
    lost = value.get("lost_events")
    return type(lost) is dict and "num_events_lost" in lost


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of every event in file order."""
    for item in records(source):
        if not isinstance(item, JsonRecord):
            yield item
        elif type(item.value.get("lost_events")) is dict:
            yield Parsed(item.record)
            event = Members(item.value)
            yield from told(item, event, _lost(event))
        elif _is_event(item.value):
            yield Parsed(item.record)
            event = Members(item.value)
            flow = event.inner("flow") if type(item.value.get("flow")) is dict else event
            yield from told(item, event, _rows(event, flow))
        elif _WRAPPED & item.value.keys():
            yield Parsed(item.record)
        else:
            yield Reject(item.record, "no event of Hubble's")


def _lost(event: Members) -> Iterator[Produced]:
    lost = event.inner("lost_events")
    first, last = lost.moment("first"), lost.moment("last")
    moment = first or event.moment("time")
    row: dict[str, Any] = dict(moment.columns()) if moment else {}
    if first and last:
        row["ts_end"] = last.us if last.zoned else None
    yield (
        "coverage_gap",
        row
        | {
            "reason": "sensor_drops",
            "lost_records": _whole(lost, "num_events_lost"),
            "text": "Hubble lost events",
        },
    )


def _whole(members: Members, key: str) -> int | None:
    """Take a number that may be written as text, as protobuf writes those of 64 bits."""
    text = members.look(key)
    if type(text) is str and text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= _MOST_EVENTS:
        members.drop(key)
        return int(text)
    return members.number(key, _MOST_EVENTS)


def _rows(event: Members, flow: Members) -> Iterator[Produced]:
    moment: Moment | None = flow.moment("time") or event.moment("time")
    when: dict[str, Any] = dict(moment.columns()) if moment else {}
    sensor = flow.text("node_name") or event.text("node_name")
    packet = _packet(flow)
    layer7 = flow.inner("l7")
    if type(layer7.look("dns")) is dict:
        made = _names(layer7, packet, from_server=flow.look("is_reply") is True)
    elif type(layer7.look("http")) is dict:
        made = _http(layer7, packet)
    else:
        made = _passed(flow, packet | {"sensor": sensor})
    for table, values in made:
        yield table, when | values


def _packet(flow: Members) -> dict[str, Any]:
    """Take what a packet's headers say."""
    internet, layer4 = flow.inner("IP"), flow.inner("l4")
    packet: dict[str, Any] = {
        "src_address": internet.address("source"),
        "src_port": None,
        "dst_address": internet.address("destination"),
        "dst_port": None,
        "flow_id": flow.text("uuid"),
        "protocol": None,
    }
    for name, number in _PROTOCOLS.items():
        if type(layer4.look(name)) is dict:
            header = layer4.inner(name)
            packet |= {"protocol": number, "src_port": header.port("source_port")}
            packet |= {"dst_port": header.port("destination_port"), "icmp_type": header.number("type", 255)}
            packet |= {"icmp_code": header.number("code", 255)}
            flags = header.inner("flags")
            if number == TCP:
                packet["tcp_flags"] = sum(bit for flag, bit in _FLAGS.items() if flags.look(flag) is True)
            for flag in _FLAGS:
                flags.drop(flag)
    return packet


def _passed(flow: Members, packet: dict[str, Any]) -> Iterator[Produced]:
    verdict = flow.text("verdict")
    reply = flow.look("is_reply")
    yield (
        "flow",
        packet
        | {
            "src_packets": 1,
            "directionality": "one_way",
            "initiator_known": reply is False,
            "state": verdict,
            "action": _ACTIONS.get(verdict or ""),
        },
    )
    for key, near, far in (("destination_names", "dst", "src"), ("source_names", "src", "dst")):
        listed = flow.look(key)
        for name in listed if type(listed) is list else ():
            if type(name) is str and name:
                yield (
                    "name_lookup",
                    {
                        "kind": "log",
                        "name": host_name(name),
                        "address": packet[f"{near}_address"],
                        "port": packet[f"{near}_port"],
                        "client_address": packet[f"{far}_address"],
                        "flow_id": packet["flow_id"],
                    },
                )


def _names(layer7: Members, packet: dict[str, Any], *, from_server: bool) -> Iterator[Produced]:
    dns = layer7.inner("dns")
    code = dns.number("rcode", 65_535)
    response = layer7.look("type") == "RESPONSE"
    client, server = ("dst", "src") if from_server else ("src", "dst")
    row = {
        "name": host_name(dns.text("query")),
        "query_type": _only(dns.look("qtypes")),
        "client_address": packet[f"{client}_address"],
        "server_address": packet[f"{server}_address"],
        "flow_id": packet["flow_id"],
    }
    if response:  # of no error the code is left out, as every zero is
        row["response_code"] = _CODES[code or 0] if (code or 0) < len(_CODES) else f"RCODE{code}"
    ttl = dns.number("ttl", LAST_INT32)
    found: list[dict[str, Any]] = [{"address": address} for address in _addresses(dns.look("ips"))]
    found += [{"alias_of": host_name(name)} for name in _texts(dns.look("cnames"))]
    for answer in found:
        yield "name_lookup", row | {"kind": "dns_answer", "ttl_s": ttl} | answer
    if not found:
        yield "name_lookup", row | {"kind": "dns_query"}


def _http(layer7: Members, packet: dict[str, Any]) -> Iterator[Produced]:
    http = layer7.inner("http")
    response = layer7.look("type") == "RESPONSE"
    url = http.text("url")
    host = _URL_HOST.fullmatch(url or "")
    row = {key: value for key, value in packet.items() if key.startswith(("src_", "dst_")) or key == "flow_id"}
    row |= {
        "protocol": "http",
        "direction": "response" if response else "request",
        "method": http.text("method"),
        "uri": url,
        "host": host[1] if host else None,
        "status": http.number("code", LAST_INT32),
        "user_agent": _header(http.look("headers"), "user-agent"),
    }
    yield "application_message", row
    if host and not response and not host[1].replace(".", "").isdigit():
        yield "name_lookup", bound("http_host", host_name(host[1]) or host[1], row)


def _header(headers: Any, name: str) -> str | None:
    for header in headers if type(headers) is list else ():
        if type(header) is dict and type(header.get("key")) is str and header["key"].lower() == name:
            value = header.get("value")
            return value if type(value) is str else None
    return None


def _texts(value: Any) -> list[str]:
    return [item for item in value if type(item) is str and item] if type(value) is list else []


def _addresses(value: Any) -> list[str]:
    return [address for text in _texts(value) if (address := canonical(text))]


def _only(value: Any) -> str | None:
    return value[0] if type(value) is list and len(value) == 1 and type(value[0]) is str else None
