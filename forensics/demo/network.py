"""What sensors on the network record: Zeek's conn, dns and ssl logs, and a capture at the agent's switch port."""

from __future__ import annotations

import json
import random
import struct
from dataclasses import dataclass

from forensics.demo.acts import SECOND
from forensics.demo.files import Evidence
from forensics.demo.identities import zeek_uid

CONN, DNS, SSL = "network/zeek/conn.log", "network/zeek/dns.log", "network/zeek/ssl.log"
RESOLVER = "10.20.0.2"
CAPTURE = "network/gpu-07.pcap"

_CONN_FIELDS = (
    ("ts", "time"), ("uid", "string"), ("id.orig_h", "addr"), ("id.orig_p", "port"), ("id.resp_h", "addr"),
    ("id.resp_p", "port"), ("proto", "enum"), ("service", "string"), ("duration", "interval"), ("orig_bytes", "count"),
    ("resp_bytes", "count"), ("conn_state", "string"), ("local_orig", "bool"), ("local_resp", "bool"),
    ("missed_bytes", "count"), ("history", "string"), ("orig_pkts", "count"), ("orig_ip_bytes", "count"),
    ("resp_pkts", "count"), ("resp_ip_bytes", "count"), ("tunnel_parents", "set[string]"),
)  # fmt: skip
_DNS_FIELDS = (
    ("ts", "time"), ("uid", "string"), ("id.orig_h", "addr"), ("id.orig_p", "port"), ("id.resp_h", "addr"),
    ("id.resp_p", "port"), ("proto", "enum"), ("trans_id", "count"), ("rtt", "interval"), ("query", "string"),
    ("qclass", "count"), ("qclass_name", "string"), ("qtype", "count"), ("qtype_name", "string"), ("rcode", "count"),
    ("rcode_name", "string"), ("AA", "bool"), ("TC", "bool"), ("RD", "bool"), ("RA", "bool"), ("Z", "count"),
    ("answers", "vector[string]"), ("TTLs", "vector[interval]"), ("rejected", "bool"),
)  # fmt: skip
_SSL_FIELDS = (
    ("ts", "time"), ("uid", "string"), ("id.orig_h", "addr"), ("id.orig_p", "port"), ("id.resp_h", "addr"),
    ("id.resp_p", "port"), ("version", "string"), ("cipher", "string"), ("curve", "string"), ("server_name", "string"),
    ("resumed", "bool"), ("last_alert", "string"), ("next_protocol", "string"), ("established", "bool"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Flow:
    """One connection: endpoints, begin, duration, payload bytes and packets each way."""

    at_us: int
    client: str
    client_port: int
    server: str
    server_port: int
    duration_us: int
    sent: tuple[int, int]  # payload bytes, packets
    received: tuple[int, int]
    service: str = "-"
    proto: str = "tcp"


class Sensor:
    """Writes the three logs of one Zeek sensor."""

    def __init__(self, evidence: Evidence, draw: random.Random, resolver: str = RESOLVER) -> None:
        self._evidence = evidence
        self._draw = draw
        self._resolver = resolver
        for path, name, fields in ((CONN, "conn", _CONN_FIELDS), (DNS, "dns", _DNS_FIELDS), (SSL, "ssl", _SSL_FIELDS)):
            evidence.frame(path, _header(name, fields), ["#close\t2026-03-13-00-00-00"])

    def connection(self, flow: Flow, act: str | None = None) -> str:
        """Log a connection; return its uid. Zeek writes the line when the connection ends and stamps its begin."""
        uid = zeek_uid(self._draw)
        sent, received = flow.sent, flow.received
        row = (
            _seconds(flow.at_us), uid, flow.client, flow.client_port, flow.server, flow.server_port, flow.proto,
            flow.service, _seconds(flow.duration_us), sent[0], received[0], "SF", "T", "F", 0,
            "Dd" if flow.proto == "udp" else "ShADadFf", sent[1], sent[0] + 40 * sent[1], received[1],
            received[0] + 40 * received[1], "-",
        )  # fmt: skip
        self._evidence.add(CONN, flow.at_us + flow.duration_us, "\t".join(map(str, row)), act)
        return uid

    def lookup(self, at_us: int, client: str, name: str, address: str, act: str | None = None) -> None:
        """Log a DNS query with its answer, and the UDP exchange behind it."""
        port = self._draw.randrange(32_768, 60_999)
        rtt = self._draw.randrange(400, 9_000)
        flow = Flow(
            at_us, client, port, self._resolver, 53, rtt, (len(name) + 18, 1), (len(name) + 34, 1), "dns", "udp"
        )
        uid = self.connection(flow)
        row = (
            _seconds(at_us), uid, client, port, self._resolver, 53, "udp", self._draw.randrange(65_536), _seconds(rtt),
            name, 1, "C_INTERNET", 1, "A", 0, "NOERROR", "F", "F", "T", "T", 0, address, "300.000000", "F",
        )  # fmt: skip
        self._evidence.add(DNS, at_us, "\t".join(map(str, row)), act)

    def handshake(self, flow: Flow, uid: str, name: str) -> None:
        """Log the TLS handshake of a connection."""
        row = (
            _seconds(flow.at_us + 30_000), uid, flow.client, flow.client_port, flow.server, flow.server_port, "TLSv13",
            "TLS_AES_256_GCM_SHA384", "x25519", name, "F", "-", "h2", "T",
        )  # fmt: skip
        self._evidence.add(SSL, flow.at_us + 30_000, "\t".join(map(str, row)))


def _header(name: str, fields: tuple[tuple[str, str], ...]) -> list[str]:
    return [
        "#separator \\x09",
        "#set_separator\t,",
        "#empty_field\t(empty)",
        "#unset_field\t-",
        f"#path\t{name}",
        "#open\t2026-03-10-00-00-00",
        "#fields\t" + "\t".join(field for field, _ in fields),
        "#types\t" + "\t".join(kind for _, kind in fields),
    ]


def _seconds(us: int) -> str:
    return f"{us // SECOND}.{us % SECOND:06d}"


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One stratum session for the capture: endpoints, begin, and the lines in order with their delay and direction."""

    client: str
    client_port: int
    server: str
    server_port: int
    at_us: int
    lines: tuple[tuple[int, bool, str], ...]  # microseconds after begin, sent by the client, JSON text


def stratum(
    draw: random.Random, at_us: int, client: str, server: str, port: int, wallet: str, minutes: int
) -> Dialogue:
    """A short session as a capture of limited size would hold it: login, jobs, submissions, answers."""
    job = draw.randbytes(8).hex()
    login = {
        "id": 1, "jsonrpc": "2.0", "method": "login",
        "params": {"login": wallet, "pass": "n7", "agent": "XMRig/6.22.0 (Linux x86_64)", "algo": ["rx/0"]},
    }  # fmt: skip
    accepted = {"id": 1, "jsonrpc": "2.0", "error": None, "result": {"id": job, "status": "OK"}}
    lines: list[tuple[int, bool, str]] = [(40_000, True, json.dumps(login)), (95_000, False, json.dumps(accepted))]
    at = 100_000
    for number in range(2, 2 + 2 * minutes):
        at += draw.randrange(20, 40) * SECOND
        submit = {
            "id": number, "jsonrpc": "2.0", "method": "submit",
            "params": {"id": job, "job_id": draw.randbytes(6).hex(), "nonce": draw.randbytes(4).hex(),
                       "result": draw.randbytes(32).hex()},
        }  # fmt: skip
        lines.append((at, True, json.dumps(submit)))
        answer = {"id": number, "jsonrpc": "2.0", "error": None, "result": {"status": "OK"}}
        lines.append((at + 60_000, False, json.dumps(answer)))
    return Dialogue(client, draw.randrange(32_768, 60_999), server, port, at_us, tuple(lines))


def capture(dialogue: Dialogue) -> bytes:
    """A classic pcap of the dialogue: handshake, the lines, no end (the capture stopped first)."""
    frames = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1)]
    sequence = {True: 1_000, False: 5_000}

    def packet(after_us: int, *, outward: bool, flags: int, payload: bytes = b"") -> None:
        ends = (dialogue.client, dialogue.client_port), (dialogue.server, dialogue.server_port)
        source, target = ends if outward else ends[::-1]
        tcp = struct.pack(
            ">HHIIBBHHH", source[1], target[1], sequence[outward], sequence[not outward], 0x50, flags, 64_240, 0, 0
        )
        ip = struct.pack(
            ">BBHHHBBH4s4s", 0x45, 0, 40 + len(payload), 0, 0x4000, 64, 6, 0, _octets(source[0]), _octets(target[0])
        )
        frame = b"\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00" + ip + tcp + payload
        at = dialogue.at_us + after_us
        frames.append(struct.pack("<IIII", at // SECOND, at % SECOND, len(frame), len(frame)) + frame)
        sequence[outward] += len(payload) + (flags & 0x02 > 0)

    packet(0, outward=True, flags=0x02)
    packet(12_000, outward=False, flags=0x12)
    packet(12_400, outward=True, flags=0x10)
    for after_us, outward, text in dialogue.lines:
        packet(after_us, outward=outward, flags=0x18, payload=text.encode() + b"\n")
    return b"".join(frames)


def _octets(address: str) -> bytes:
    return bytes(int(part) for part in address.split("."))
