"""What a record of Zeek's conn, dns and ssl logs means, as rows. Values come from `zeek_log.Fields`.

Source of the mapping: zeek/zeek scripts/base/protocols/{conn,dns,ssl}/main.zeek; the ICMP "ports" from
src/packet_analysis/protocol/icmp/ICMP.cc (type, and code or the type of the answer).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from parsers import ip, times
from parsers.flows.zeek_log import Interval
from parsers.jsontext import compact

PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1}
ICMP, ICMP6 = 1, 58
# types that come in pairs: where one was answered, Zeek writes the other in place of the code
COUNTERPARTS = {0: 8, 8: 0, 9: 10, 10: 9, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17}
COUNTERPARTS6 = {128: 129, 129: 128, 130: 131, 131: 130, 133: 134, 134: 133, 135: 136, 136: 135}
COUNTERPARTS6 |= {139: 140, 140: 139, 144: 145, 145: 144}
DIRECTION_FLIPPED = "^"
ADDRESS_QUERIES = frozenset({"A", "AAAA"})

_SURE_DIGITS, _FRACTION_DIGITS = 15, 6

DURATION_CUT = "duration_cut_to_microseconds"
TTL_MISMATCH = "ttls_do_not_match_answers"

Produced = tuple[str, dict[str, Any]]

_ASCII_LOWER = {upper: upper + 32 for upper in range(65, 91)}


class Taken:
    """The fields of one record, noting which were used: what is left becomes `extra`."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._left = {name: value for name, value in values.items() if value is not None}

    def text(self, name: str) -> str | None:
        """Take a text; a set where a text was expected is joined with commas."""
        value = self._left.get(name)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            value = ",".join(value)
        return self._taken(name, value) if isinstance(value, str) else None

    def number(self, name: str, last: int = 2**64 - 1) -> int | None:
        """Take a number from 0 to `last`."""
        value = self._left.get(name)
        usable = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= last
        return self._taken(name, value) if usable else None

    def interval(self, name: str) -> Interval | None:
        """Take a span of time."""
        value = self._left.get(name)
        return self._taken(name, value) if isinstance(value, Interval) else None

    def moment(self, name: str) -> times.Moment | None:
        """Take a time."""
        value = self._left.get(name)
        return self._taken(name, value) if isinstance(value, times.Moment) else None

    def listing(self, name: str, length: int | None = None) -> list[Any] | None:
        """Take a set or vector, if it has the length asked for."""
        value = self._left.get(name)
        usable = isinstance(value, list) and length in {None, len(value)}
        return self._taken(name, value) if usable else None

    def has(self, name: str) -> bool:
        """Tell whether a field is there and was not taken."""
        return name in self._left

    def extra(self, **more: Any) -> str | None:
        """Return what was not taken, and `more`, as JSON; None where there is nothing."""
        return extra_json(self._left | {name: value for name, value in more.items() if value is not None})

    def _taken(self, name: str, value: Any) -> Any:
        del self._left[name]
        return value


def extra_json(values: Mapping[str, Any]) -> str | None:
    """Write fields as a JSON object in the order of the log's columns; None where there are none."""
    return f"{{{','.join(json_key(name) + json_value(value) for name, value in values.items())}}}" if values else None


@lru_cache(maxsize=1024)
def json_key(name: str) -> str:
    """Write a column's name as the key of a JSON member, with its colon."""
    return compact(name) + ":"


def json_value(value: Any) -> str:
    """Write one value as JSON."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Interval) and value.seconds.adjusted() < _SURE_DIGITS - _FRACTION_DIGITS and value.exact:
        return repr(float(value.seconds))  # so few digits come back from a float as they went in
    return compact(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, times.Moment):
        return times.text_of(value.us)
    if isinstance(value, Interval):
        return value.seconds
    return value


def rows_of(path: str, values: Mapping[str, Any], notes: list[str]) -> Iterator[Produced]:
    """Yield (table, values) for each row of one record of the log `path`; `notes` are about the whole record."""
    taken = Taken(values)
    when = _when(taken)
    if path == "conn":
        yield "flow", when | _flow(taken, when, notes)
    elif path == "dns":
        for row in _lookups(taken, notes):
            yield "name_lookup", when | row
    else:
        yield from _handshake(taken, when, notes)


def _when(taken: Taken) -> dict[str, Any]:
    moment = taken.moment("ts")
    return dict(moment.columns()) if moment else {}


def _flow(taken: Taken, when: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    src_address, dst_address = taken.text("id.orig_h"), taken.text("id.resp_h")
    name = taken.text("proto")
    protocol = protocol_of(name, taken.number("ip_proto", 255), src_address)
    duration = taken.interval("duration")
    history = taken.text("history")
    sized = [taken.number(name) for name in ("orig_ip_bytes", "resp_ip_bytes")]
    row: dict[str, Any] = {
        "flow_id": taken.text("uid"),
        "sensor": taken.text("_node_name") or taken.text("_system_name"),
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
    row |= endpoint_numbers(protocol, taken.number("id.orig_p"), taken.number("id.resp_p"))
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


def host_name(text: str | None) -> str | None:
    """Return a name in lower case (ASCII letters only) and without its trailing dot."""
    return text.translate(_ASCII_LOWER).removesuffix(".") if text is not None else None


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


def _handshake(taken: Taken, when: Mapping[str, Any], notes: list[str]) -> Iterator[Produced]:
    name = host_name(taken.text("server_name"))
    src_address, dst_address = taken.text("id.orig_h"), taken.text("id.resp_h")
    src_port, dst_port = taken.number("id.orig_p"), taken.number("id.resp_p")
    flow_id = taken.text("uid")
    message = {
        "protocol": "tls",
        "src_address": src_address,
        "src_port": src_port,
        "dst_address": dst_address,
        "dst_port": dst_port,
        "flow_id": flow_id,
        "host": name,
        "notes": notes or None,
    }
    yield "application_message", dict(when) | message | {"extra": taken.extra()}
    if name:
        lookup = {
            "kind": "tls_sni",
            "name": name,
            "address": dst_address,
            "port": dst_port,
            "client_address": src_address,
            "flow_id": flow_id,
            "notes": notes or None,
        }
        yield "name_lookup", dict(when) | lookup
