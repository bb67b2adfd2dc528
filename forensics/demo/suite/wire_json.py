"""What Zeek and Suricata keep of a story as JSON: one event a line."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from typing import Any

from forensics.demo.acts import SECOND
from forensics.demo.files import Evidence
from forensics.demo.identities import zeek_uid
from forensics.demo.suite.deeds import Story, Wire
from forensics.demo.suite.platforms import EVE, eve_time

Clock = Callable[[int], int]
_ZEEK = "network/zeek/{}.json"
_HEADERS = 54  # bytes of Ethernet, IP and TCP before a payload


def write_zeek_json(evidence: Evidence, story: Story, resolver: str, draw: random.Random, clock: Clock) -> None:
    """Write conn, dns and ssl logs, each in a file of its own; a connection when it ends."""

    def add(log: str, at_us: int, values: Mapping[str, Any], mark: str | None = None) -> None:
        evidence.add(_ZEEK.format(log), at_us, _line(values), mark)

    for wire in story.wires:
        at, uid, port = clock(wire.at_us), zeek_uid(draw), draw.randrange(32_768, 60_999)
        ends = {
            "id.orig_h": wire.client, "id.orig_p": port, "id.resp_h": wire.server.address,
            "id.resp_p": wire.server.port,
        }  # fmt: skip
        if wire.looked_up:
            asked = {
                "ts": _seconds(at - 20_000), "uid": zeek_uid(draw), "id.orig_h": wire.client, "id.orig_p": port,
                "id.resp_h": resolver, "id.resp_p": 53, "proto": "udp", "trans_id": draw.randrange(65_536),
                "query": wire.server.name, "qclass": 1, "qclass_name": "C_INTERNET", "qtype": 1, "qtype_name": "A",
                "rcode": 0, "rcode_name": "NOERROR", "AA": False, "TC": False, "RD": True, "RA": True, "Z": 0,
                "answers": [wire.server.address], "TTLs": [300.0], "rejected": False,
            }  # fmt: skip
            add("dns", at - 20_000, asked, f"{wire.key}:lookup")
        (sent, out), (received, back) = wire.sent, wire.received
        seen: dict[str, Any] = {
            "ts": _seconds(at), "uid": uid, **ends, "proto": "tcp", "duration": _seconds(wire.duration_us),
            "orig_bytes": sent, "resp_bytes": received, "conn_state": "SF", "local_orig": True, "local_resp": False,
            "missed_bytes": 0, "history": "ShADadFf", "orig_pkts": out, "orig_ip_bytes": sent + 40 * out,
            "resp_pkts": back, "resp_ip_bytes": received + 40 * back,
        }  # fmt: skip
        if wire.service != "-":
            seen["service"] = wire.service
        add("conn", at + wire.duration_us, seen, f"{wire.key}:flow")
        if wire.handshake:
            shaken = {
                "ts": _seconds(at + 30_000), "uid": uid, **ends, "version": "TLSv13",
                "cipher": "TLS_AES_256_GCM_SHA384", "curve": "x25519", "server_name": wire.server.name,
                "resumed": False, "next_protocol": "h2", "established": True,
            }  # fmt: skip
            add("ssl", at + 30_000, shaken)


def write_suricata(evidence: Evidence, story: Story, resolver: str, draw: random.Random, clock: Clock) -> None:
    """Write the events of one sensor into one file: names asked for, handshakes, and flows when they end."""

    def add(at_us: int, kind: str, ends: Mapping[str, Any], body: Mapping[str, Any], mark: str | None = None) -> None:
        event = {"timestamp": eve_time(at_us), "flow_id": draw.randrange(1 << 50), "in_iface": "eth1",
                 "event_type": kind, **ends, **body, "host": "sensor-1"}  # fmt: skip
        evidence.add(EVE, at_us, _line(event), mark)

    for wire in story.wires:
        at, port = clock(wire.at_us), draw.randrange(32_768, 60_999)
        if wire.looked_up:
            asked = {"src_ip": wire.client, "src_port": port, "dest_ip": resolver, "dest_port": 53, "proto": "UDP"}
            answer = {"rrname": wire.server.name, "rrtype": "A", "ttl": 300, "rdata": wire.server.address}
            body = {
                "version": 2, "type": "answer", "id": draw.randrange(65_536), "flags": "8180", "qr": True, "rd": True,
                "ra": True, "rrname": wire.server.name, "rrtype": "A", "rcode": "NOERROR", "answers": [answer],
            }  # fmt: skip
            add(at - 20_000, "dns", asked, {"dns": body}, f"{wire.key}:lookup")
        ends = {
            "src_ip": wire.client, "src_port": port, "dest_ip": wire.server.address, "dest_port": wire.server.port,
            "proto": "TCP",
        }  # fmt: skip
        if wire.handshake:
            shaken = {"sni": wire.server.name, "version": "TLS 1.3"}
            add(at + 30_000, "tls", ends, {"tls": shaken})
        add(at + wire.duration_us + SECOND, "flow", ends, _flow(wire, at), f"{wire.key}:flow")


def _flow(wire: Wire, at_us: int) -> dict[str, Any]:
    protocol = {"ssl": "tls", "-": "failed"}.get(wire.service, wire.service)
    flags = {"tcp_flags": "1b", "tcp_flags_ts": "1b", "tcp_flags_tc": "1b", "syn": True, "fin": True, "ack": True}
    (sent, out), (received, back) = wire.sent, wire.received
    return {
        "app_proto": protocol,
        "flow": {
            "pkts_toserver": out, "pkts_toclient": back, "bytes_toserver": sent + _HEADERS * out,
            "bytes_toclient": received + _HEADERS * back, "start": eve_time(at_us),
            "end": eve_time(at_us + wire.duration_us), "age": wire.duration_us // SECOND, "state": "closed",
            "reason": "timeout", "alerted": False,
        },
        "tcp": {**flags, "state": "closed"},
    }  # fmt: skip


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _seconds(us: int) -> float:
    return us / SECOND
