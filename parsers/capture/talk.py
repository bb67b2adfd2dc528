"""What is said in a flow, as rows: requests with the answers that were seen, pushes, hellos, banners, name lookups.

A request waits for its answer, and both make one row: it lies where the request lies, ends when the answer came, and
names the answer's packets too. What is never answered is written when the flow ends. Answers without a request in the
capture make a row only where their content alone tells what they are; others are counted in the flow's `extra`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from parsers.capture import dns, http, lookups, ssh, stratum, tls
from parsers.capture.flows import Flow, Side, address_text
from parsers.capture.messages import Encrypted, Reader
from parsers.capture.streams import Bounds, Choose, Message, Packet, by_content, by_content_mining
from parsers.contract import Row
from parsers.jsontext import compact
from parsers.text import storable

LISTENING, FOLLOWING, DEAF = 0, 1, 2  # a side's ear: waits for an opening, hears every byte, hears no more
MOST_OF_A_METHOD = 100_000
MESSAGES_CAPPED = "messages_capped"
THROUGH_PROXY = "through_proxy"
STREAM_GAP = "stream_gap"
ANSWER_CUT = "answer_cut"
_MOST_WAITING = 1024
_MOST_METHODS = 256  # that are counted one by one
_NAMED_PACKETS = 999


def _name_service(buffer: bytes) -> Reader:
    return by_content(buffer) or dns.read_stream  # a port does not bind who wants to get through a firewall


class Waiting:
    """A row that waits for what answers it."""

    __slots__ = ("packets", "part", "table", "values")

    def __init__(self, table: str, packets: tuple[Packet, ...], part: int, values: dict[str, Any]) -> None:
        self.table = table
        self.packets = packets
        self.part = part
        self.values = values


class Talk:
    """The conversation of one flow."""

    __slots__ = (
        "_capped",
        "_counts",
        "_http_client",
        "_http_number",
        "_proxy",
        "_waiting",
        "bounds",
        "choose",
        "flow",
        "protocol",
        "unread_lines",
    )

    def __init__(self, flow: Flow, bounds: Bounds) -> None:
        self.flow = flow
        self.bounds = bounds
        self.protocol: str | None = None
        ports = {flow.forward.port, flow.backward.port}
        self.choose: Choose = _name_service if dns.STREAM_PORT in ports else by_content
        self.unread_lines = 0
        self._waiting: dict[tuple[Any, ...], Waiting] = {}
        self._counts: dict[tuple[str, str | None], int] = {}
        self._capped: dict[tuple[str, str | None], tuple[Packet, int]] = {}
        self._proxy: tuple[Packet, int] | None = None
        self._http_client: Side | None = None
        self._http_number = 0

    def take(self, message: Message, side: Side) -> Iterator[Row]:
        """Yield the rows that a message of `side` completes."""
        content = message.content
        if isinstance(content, stratum.Line):
            yield from self._mining(content, message.packets, side)
        elif isinstance(content, http.Request):
            yield from self._http_request(content, message.packets, side)
        elif isinstance(content, http.Response):
            yield from self._http_response(content, message.packets, side)
        elif isinstance(content, tls.Hello):
            yield from self._hello(content, message.packets, side)
        elif isinstance(content, ssh.Banner):
            yield from self._banner(content, message.packets, side)
        elif isinstance(content, dns.Message):
            yield from self.lookups(content, message.packets, side)
        elif isinstance(content, Encrypted):
            self.protocol = self.protocol or "tls"
            side.ear = DEAF
        else:
            self.unread_lines += 1

    def finish(self) -> Iterator[Row]:
        """Yield what was still to come when the flow ended."""
        for side in (self.flow.forward, self.flow.backward):
            if side.stream:
                for message in side.stream.close():
                    yield from self.take(message, side)
                if side.stream.gapped:
                    self.flow.notes |= {STREAM_GAP}
        self.bounds.rows += len(self._waiting)
        for waiting in self._waiting.values():
            yield self._row(waiting)
        self._waiting.clear()
        for (protocol, method), (packet, part) in self._capped.items():
            left_out = self._counts[protocol, method] - MOST_OF_A_METHOD
            values = {"protocol": protocol, "method": method, "flow_id": self.flow.id, "notes": [MESSAGES_CAPPED]}
            values["extra"] = compact({"messages_left_out": left_out})
            yield self._row(Waiting("application_message", (packet,), part, values))

    def lookups(self, message: dns.Message, packets: tuple[Packet, ...], side: Side) -> Iterator[Row]:
        """Yield the rows of a DNS message; a query waits for its response."""
        peer = side.peer
        self.protocol = dns.PORTS.get(side.port or 0) or dns.PORTS.get(peer.port or 0)
        if message.malformed:
            self.flow.notes |= {dns.MALFORMED}
        asked = tuple(message.questions)
        client, server = (peer, side) if message.is_response else (side, peer)
        ends = {"client_address": address_text(client.address), "server_address": address_text(server.address)}
        if self.protocol != "dns":  # multicast: no one server is asked, no one client answered
            ends.pop("server_address" if not message.is_response else "client_address")
        if message.is_response:
            for number in range(len(asked)):
                self._answered(("dns", message.id, asked, number))
            for values in lookups.of_response(message):
                yield self._row(self._lookup(packets, {**values, **ends}))
            return
        for number, values in enumerate(lookups.of_query(message)):
            yield from self._wait(("dns", message.id, asked, number), self._lookup(packets, {**values, **ends}))

    def _lookup(self, packets: tuple[Packet, ...], values: Mapping[str, Any]) -> Waiting:
        extra = values.get("extra")
        whole = {**values, "flow_id": self.flow.id, "extra": compact(extra) if extra else None}
        return Waiting("name_lookup", packets, packets[0].take_part(), whole)

    def _wait(self, key: tuple[Any, ...], waiting: Waiting) -> Iterator[Row]:
        """Keep a row for its answer; one that waits under the same key, or the oldest of too many, waits no longer."""
        before = self._answered(key)
        if not before and len(self._waiting) >= _MOST_WAITING:
            before = self._answered(next(iter(self._waiting)))
        if before:
            yield self._row(before)
        if self.bounds.rows > 0:
            self.bounds.rows -= 1
            self._waiting[key] = waiting
        else:
            yield self._row(waiting)

    def _answered(self, key: tuple[Any, ...]) -> Waiting | None:
        waiting = self._waiting.pop(key, None)
        if waiting:
            self.bounds.rows += 1
        return waiting

    def _row(self, waiting: Waiting, answer: tuple[Packet, ...] = ()) -> Row:
        packets = (*waiting.packets, *answer)
        first, last = packets[0], packets[-1]
        values = {**waiting.values, **self.flow.link.when(first.time, last.time if last is not first else None)}
        also = tuple(dict.fromkeys(packet.record for packet in packets[1 : _NAMED_PACKETS + 1]))
        return Row(waiting.table, first.record, values, waiting.part, tuple(r for r in also if r != first.record))

    def _message(
        self, protocol: str, method: str | None, direction: str | None, packets: tuple[Packet, ...], side: Side
    ) -> Waiting | None:
        """Begin a row of `application_message`; None when there are too many of its kind already."""
        kind = (protocol, method)
        if kind not in self._counts and len(self._counts) >= _MOST_METHODS:
            kind = (protocol, None)
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        if count > MOST_OF_A_METHOD:
            if kind not in self._capped:
                self._capped[kind] = (packets[0], packets[0].take_part())
            return None
        peer = side.peer
        values = {
            "protocol": protocol,
            "method": method,
            "direction": direction,
            "src_address": address_text(side.address),
            "src_port": side.port,
            "dst_address": address_text(peer.address),
            "dst_port": peer.port,
            "flow_id": self.flow.id,
        }
        return Waiting("application_message", packets, packets[0].take_part(), values)

    def _mining(self, line: stratum.Line, packets: tuple[Packet, ...], side: Side) -> Iterator[Row]:
        if line.direction == "response" and line.id is not None:
            asked = self._answered(("stratum", side.peer, line.id))
            if asked:
                self._answer(asked, line)
                yield self._row(asked, packets)
                return
        if not line.standing:
            self.unread_lines += 1
            return
        self.protocol = "stratum"
        self.choose = by_content_mining
        message = self._message("stratum", line.method, line.direction, packets, side)
        if not message:
            return
        notes = sorted(line.notes)
        identity = None if line.id is None else storable(str(line.id))[0]
        message.values |= {**line.columns, "message_id": identity, "truncated": line.cut, "notes": notes or None}
        message.values["extra"] = compact(line.extra) if line.extra else None
        if line.direction == "request" and line.id is not None:
            yield from self._wait(("stratum", side, line.id), message)
        else:
            yield self._row(message)

    def _answer(self, asked: Waiting, line: stratum.Line) -> None:
        values = asked.values
        for column, value in line.columns.items():
            if column == "accepted" and value and values["method"] not in stratum.JUDGED:
                continue
            values.setdefault(column, value)
        notes = {*(values["notes"] or ()), *line.notes, *((ANSWER_CUT,) if line.cut else ())}
        values["notes"] = sorted(notes) or None

    def _http_request(self, request: http.Request, packets: tuple[Packet, ...], side: Side) -> Iterator[Row]:
        self._http_client = self._http_client or side
        if side is not self._http_client:  # a body that looks like a request
            return
        self.protocol = self.protocol or "http"
        message = self._message("http", request.method, "request", packets, side)
        if message:
            values = {"host": request.host, "uri": request.uri, "user_agent": request.user_agent}
            message.values |= {**values, "truncated": request.cut, "notes": list(request.notes) or None}
            yield from self._wait(("http", self._http_number), message)
            self._http_number += 1
        if request.through_proxy and not self._proxy:
            self._proxy = (packets[0], packets[0].take_part())
        if request.name and not self._proxy:
            yield self._row(self._name("http_host", request.name, packets, side))

    def _http_response(self, response: http.Response, packets: tuple[Packet, ...], side: Side) -> Iterator[Row]:
        if side is self._http_client:
            return
        self._http_client = self._http_client or side.peer
        self.protocol = self.protocol or "http"
        if 100 <= response.status < 200 and response.status != 101:  # the answer is still to come
            return
        extra = compact({"server": response.server}) if response.server else None
        key = next((key for key in self._waiting if key[0] == "http"), None)
        asked = self._answered(key) if key else None
        if asked:
            asked.values |= {"status": response.status, "extra": extra}
            yield self._row(asked, packets)
            return
        message = self._message("http", None, "response", packets, side)
        if message:
            message.values |= {"status": response.status, "truncated": response.cut, "extra": extra}
            yield self._row(message)

    def _hello(self, hello: tls.Hello, packets: tuple[Packet, ...], side: Side) -> Iterator[Row]:
        self.protocol = self.protocol or "tls"
        side.ear = DEAF
        message = self._message("tls", "client hello", "request", packets, side)
        if message:
            extra = {"version": hello.version, "protocols": list(hello.protocols)}
            message.values |= {"host": hello.name, "truncated": hello.cut}
            message.values["extra"] = compact({key: value for key, value in extra.items() if value}) or None
            yield self._row(message)
        if hello.name:
            yield self._row(self._name("tls_sni", hello.name, packets, side))

    def _name(self, kind: str, name: str, packets: tuple[Packet, ...], side: Side) -> Waiting:
        """Bind the name that a client asked for to the server it asked, unless that was a proxy."""
        server = side.peer
        values: dict[str, Any] = {"kind": kind, "name": name, "client_address": address_text(side.address)}
        if self._proxy:
            packet, part = self._proxy
            values |= {"notes": [THROUGH_PROXY], "flow_id": self.flow.id}
            return Waiting("name_lookup", (packet, *packets), part, values)
        values |= {"address": address_text(server.address), "port": server.port}
        return self._lookup(packets, values)

    def _banner(self, banner: ssh.Banner, packets: tuple[Packet, ...], side: Side) -> Iterator[Row]:
        self.protocol = "ssh"
        side.ear = DEAF
        direction = None
        if self.flow.initiator_known:
            direction = "request" if side is self.flow.forward else "response"
        message = self._message("ssh", "banner", direction, packets, side)
        if message:
            message.values |= {"user_agent": banner.software, "truncated": banner.cut}
            message.values["extra"] = compact({"version": banner.version})
            yield self._row(message)
