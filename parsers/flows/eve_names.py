"""DNS events of Suricata's EVE log, of all three versions, as rows of `name_lookup`.

Source of the mapping: OISF/suricata etc/schema.json ($.dns, $.mdns) and doc/userguide/output/eve/eve-json-format.rst.
Version 1 writes one event per record of an answer (`rrname`, `rrtype`, `ttl`, `rdata`), version 2 one per message with
`answers` or, grouped by type, `grouped`; version 3 says request and response where the others say query and answer, and
lists `queries`. What a message binds is worked out as for packets (`capture.lookups`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers import ip
from parsers.capture import lookups as bindings
from parsers.capture.dns import Answer, Message, Question
from parsers.flows.members import Members
from parsers.flows.names import host_name

DNS_PORT = 53
MULTICAST_PORTS = frozenset({5353, 5355})
_RESPONSES = frozenset({"answer", "response"})
_ADDRESSES = frozenset({"A", "AAAA"})
_NAMED = frozenset({"CNAME", "DNAME", "NS", "PTR"})
_PLAIN = frozenset({"rrname", "rrtype", "ttl", "rdata"})  # of an answer
_LAST_TTL = 2**32 - 1


def flow_id(event: Members) -> str | None:
    """Take the id that all events of a flow share."""
    number = event.number("flow_id")
    return None if number is None else str(number)


def lookups(kind: str, event: Members) -> Iterator[dict[str, Any]]:
    """Yield the values of the rows of one DNS message; what only one row has beyond its columns is in its `extra`."""
    message = _message(event.inner(kind))
    ends = {**_ends(event, kind, is_response=message.is_response), "flow_id": flow_id(event)}
    found = list(bindings.of_response(message) if message.is_response else bindings.of_query(message))
    for values in found or [{"kind": "dns_query", "response_code": message.code}]:
        yield values | ends


def _message(body: Members) -> Message:
    kind = body.look("type")
    is_response = (type(kind) is str and kind in _RESPONSES) or (kind is None and body.look("qr") is True)
    answers = _answers(body) if is_response else ()
    code = body.text("rcode") if is_response else None
    return Message(0, is_response, code, _questions(body), answers, len(answers), cut=False, malformed=False)


def _questions(body: Members) -> tuple[Question, ...]:
    """Take what was asked: of one message, or of the list that versions 2 (in alerts) and 3 write."""
    name, kind = body.text("rrname"), body.text("rrtype")
    if name is not None:
        return (Question(host_name(name) or ".", kind),)
    for key in ("queries", "query"):
        listed = body.look(key)
        if type(listed) is list and listed and all(_is_record(item) for item in listed):
            if all(set(item) <= _PLAIN for item in listed):
                body.drop(key)
            return tuple(Question(host_name(item["rrname"]) or ".", item["rrtype"]) for item in listed)
    return ()


def _answers(body: Members) -> tuple[Answer, ...]:
    """Take the records of an answer; a list with anything in it that is not understood stays in `extra`."""
    listed = body.look("answers")
    if type(listed) is list and listed:
        read = [_answer(item) for item in listed if _is_record(item)]
        if len(read) == len(listed) and all(set(item) <= _PLAIN for item in listed):
            body.drop("answers")
            body.drop("grouped")
        return tuple(read)
    name = body.look("rrname")
    if type(name) is not str:
        return ()
    if type(body.look("grouped")) is dict:
        return tuple(_grouped(body, name))
    data, kind = body.look("rdata"), body.look("rrtype")
    if type(data) is not str or type(kind) is not str:
        return ()
    return (_answer({"rrname": name, "rrtype": kind, "ttl": body.number("ttl"), "rdata": body.text("rdata")}),)


def _grouped(body: Members, name: str) -> Iterator[Answer]:
    """Take records that are listed by type: they carry no name but the one asked for, and no time to live."""
    grouped = body.inner("grouped")
    for kind in list(grouped.rest()):
        listed = grouped.look(kind)
        if type(listed) is list and all(type(item) is str for item in listed):
            grouped.drop(kind)
            for data in listed:
                yield _answer({"rrname": name, "rrtype": kind, "ttl": None, "rdata": data})


def _is_record(item: Any) -> bool:
    return type(item) is dict and type(item.get("rrname")) is str and type(item.get("rrtype")) is str


def _answer(item: dict[str, Any]) -> Answer:
    kind, data, ttl = item["rrtype"], item.get("rdata"), item.get("ttl")
    data = data if type(data) is str else None
    address = ip.canonical(data) if data and kind in _ADDRESSES else None
    target = None if address else host_name(data) if kind in _NAMED else data
    seconds = ttl if type(ttl) is int and 0 <= ttl <= _LAST_TTL else None
    return Answer(host_name(item["rrname"]) or ".", kind, seconds, address, target or None)


def _ends(event: Members, kind: str, *, is_response: bool) -> dict[str, Any]:
    """Tell client and server apart: by the port of the service, for a question also by who sends it.

    Older versions print the ends of an answer as its packet had them, newer ones as its flow did; where the ports do
    not tell, an answer's ends stay in `extra`. Multicast asks no one server, and answers no one client.
    """
    ports = [event.look("src_port"), event.look("dest_port")]
    if kind != "dns" or any(port in ports for port in MULTICAST_PORTS):
        return {"server_address" if is_response else "client_address": event.address("src_ip")}
    from_server = ports[0] == DNS_PORT
    if from_server != (ports[1] == DNS_PORT):
        client, server = ("dest_ip", "src_ip") if from_server else ("src_ip", "dest_ip")
    elif not is_response:
        client, server = "src_ip", "dest_ip"
    else:
        return {}
    return {"client_address": event.address(client), "server_address": event.address(server)}
