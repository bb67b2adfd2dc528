"""What a record of Zeek's logs means, as rows. Values come from `zeek_log.Fields` or `zeek_json`.

Source of the mapping: zeek/zeek scripts/base/protocols/{conn,dns}/main.zeek; the ICMP "ports" from
src/packet_analysis/protocol/icmp/ICMP.cc (type, and code or the type of the answer).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from parsers import ip, times
from parsers.flows import zeek_findings, zeek_messages
from parsers.flows.names import host_name
from parsers.flows.zeek_fields import Produced, Taken, when_of
from parsers.flows.zeek_log import Interval

PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1}
ICMP, ICMP6 = 1, 58
# types that come in pairs: where one was answered, Zeek writes the other in place of the code
COUNTERPARTS = {0: 8, 8: 0, 9: 10, 10: 9, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17}
COUNTERPARTS6 = {128: 129, 129: 128, 130: 131, 131: 130, 133: 134, 134: 133, 135: 136, 136: 135}
COUNTERPARTS6 |= {139: 140, 140: 139, 144: 145, 145: 144}
DIRECTION_FLIPPED = "^"
ADDRESS_QUERIES = frozenset({"A", "AAAA"})

DURATION_CUT = "duration_cut_to_microseconds"
TTL_MISMATCH = "ttls_do_not_match_answers"

FLOWS = frozenset({"conn", "open_conn", "conn_long"})
STILL_OPEN = "still_open"  # counted up to the record: the connection's last one tells all of it again
# what the sensor says of itself
OWN_LOGS = frozenset(
    {"app_stats", "broker", "cluster", "config", "loaded_scripts", "packet_filter", "prof", "reporter", "telemetry"}
)
_READERS: Mapping[str, Callable[[Taken], Iterator[Produced]]] = {
    "capture_loss": zeek_findings.capture_loss,
    "files": zeek_messages.files,
    "http": zeek_messages.http,
    "intel": zeek_findings.intel,
    "notice": zeek_findings.notice,
    "open_http": zeek_messages.http,
    "open_ssl": zeek_messages.tls,
    "quic": zeek_messages.quic,
    "ssh": zeek_messages.ssh,
    "ssl": zeek_messages.tls,
    "stats": zeek_findings.stats,
    "weird": zeek_findings.weird,
    "x509": zeek_messages.x509,
}


def rows_of(path: str, values: Mapping[str, Any], notes: list[str]) -> Iterator[Produced]:
    """Yield (table, values) for each row of one record of the log `path`; `notes` are about the whole record."""
    taken = Taken(values)
    if path in FLOWS:
        when = when_of(taken)
        yield "flow", when | _flow(taken, when, notes if path == "conn" else [*notes, STILL_OPEN])
    elif path == "dns":
        when = when_of(taken)
        for row in _lookups(taken, notes):
            yield "name_lookup", when | row
    elif path not in OWN_LOGS:
        read = _READERS.get(path)
        made = list(read(taken) if read else zeek_messages.other(path, taken))
        when = when_of(taken)
        for table, row in made:
            # said once: a name bound by a message has the message beside it
            extra = taken.extra() if table == made[0][0] else None
            yield table, when | row | {"extra": extra, "notes": [*notes, *row.get("notes", ())] or None}


def _flow(taken: Taken, when: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    src_address, dst_address = taken.text("id.orig_h"), taken.text("id.resp_h")
    name = taken.text("proto")
    protocol = protocol_of(name, taken.number("ip_proto", 255), src_address)
    duration = taken.interval("duration")
    history = taken.text("history")
    sized = [taken.number(name) for name in ("orig_ip_bytes", "resp_ip_bytes")]
    row: dict[str, Any] = {
        "flow_id": taken.text("uid"),
        "sensor": taken.first("_node_name", "_system_name"),
        "src_address": src_address,
        "dst_address": dst_address,
        "protocol": protocol,
        "app_protocol": taken.text("service"),
        "duration_us": duration.us if duration else None,
        "ts_end": end_of(when.get("ts"), duration.us if duration else None),
        "src_bytes": sized[0],
        "dst_bytes": sized[1],
        "bytes_layer": None if sized == [None, None] else "ip",
        "src_packets": taken.number("orig_pkts"),
        "dst_packets": taken.number("resp_pkts"),
        "src_payload_bytes": taken.number("orig_bytes"),
        "dst_payload_bytes": taken.number("resp_bytes"),
        "directionality": "both",
        "initiator_known": DIRECTION_FLIPPED not in (history or ""),
        "state": taken.text("conn_state"),
        "history": history,
        "vlan": taken.number("vlan", 2**31 - 1),
    }
    row |= endpoint_numbers(protocol, taken.port("id.orig_p"), taken.port("id.resp_p"))
    if duration and not duration.exact:
        notes = [*notes, DURATION_CUT]
    return row | {"extra": taken.extra(proto=name if protocol is None else None), "notes": notes or None}


def protocol_of(name: str | None, number: int | None, address: str | None) -> int | None:
    """Return the IANA number: as logged, else by Zeek's name, which is "icmp" for ICMPv6 too."""
    if number is not None:
        return number
    known = PROTOCOLS.get(name or "")
    return ICMP6 if known == ICMP and address and ":" in address else known


def endpoint_numbers(protocol: int | None, orig: int | None, resp: int | None) -> dict[str, int | None]:
    """Return ports, or for ICMP the type and code that Zeek keeps in their place; an answer's type is no code."""
    if protocol not in {ICMP, ICMP6}:
        return {"src_port": orig, "dst_port": resp}
    pairs = COUNTERPARTS if protocol == ICMP else COUNTERPARTS6
    answered = orig is not None and resp and pairs.get(orig) == resp
    return {"icmp_type": orig, "icmp_code": None if answered else resp}


def end_of(ts: int | None, duration: int | None) -> int | None:
    """Return the end of a flow, None where start or duration is not known or the sum is no time."""
    if ts is None or duration is None:
        return None
    return ts + duration if times.EARLIEST <= ts + duration <= times.LATEST else None


def _lookups(taken: Taken, notes: list[str]) -> Iterator[dict[str, Any]]:
    name = taken.text("query")
    query_type = taken.text("qtype_name") or _numbered("TYPE", taken.number("qtype"))
    response_code = taken.text("rcode_name") or _numbered("RCODE", taken.number("rcode"))
    answers = taken.listing("answers") or []
    ttls = taken.listing("TTLs", len(answers))
    if taken.has("TTLs"):
        notes = [*notes, TTL_MISMATCH]
    row = {
        "name": host_name(name),
        "query_type": query_type,
        "response_code": response_code,
        "client_address": taken.text("id.orig_h"),
        "server_address": taken.text("id.resp_h"),
        "flow_id": taken.text("uid"),
        "notes": notes or None,
    }
    if not answers:
        yield row | {"kind": "dns_query", "extra": taken.extra()}
        return
    for answer, ttl in zip(answers, ttls or [None] * len(answers), strict=True):
        found = answer_columns(answer, query_type)
        yield (
            row
            | found
            | {
                "kind": "dns_answer",
                "ttl_s": whole_seconds(ttl),
                "extra": taken.extra(answer=None if found else answer),
            }
        )


def _numbered(kind: str, number: int | None) -> str | None:
    return None if number is None else f"{kind}{number}"


def answer_columns(answer: str | None, query_type: str | None) -> dict[str, str]:
    """Return an answer's address, or the alias it names; nothing where it is some other record's text."""
    if not answer:
        return {}
    address = ip.canonical(answer)
    if address:
        return {"address": address}
    if query_type in ADDRESS_QUERIES and " " not in answer:
        return {"alias_of": host_name(answer) or ""}
    return {}


def whole_seconds(ttl: Any) -> int | None:
    """Return a time to live in seconds, rounded down."""
    return int(ttl.seconds) if isinstance(ttl, Interval) and ttl.seconds >= 0 else None
