"""Writes frames and captures for tests, and the samples under tests/data/parsers/pcap and pcapng.

`python tests/parsers/capture/wire.py` writes the samples anew; a test holds the files to it. Checksums are zero: no
capture that a network card helped to make can be relied on to have them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from struct import pack
from typing import Any

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
MAGIC = {"micro": 0xA1B2C3D4, "nano": 0xA1B23C4D, "modified": 0xA1B2CD34}

Timed = tuple[int, bytes]  # nanoseconds since 1970, frame

CLIENT, SERVER, RESOLVER = "192.0.2.10", "198.51.100.50", "192.0.2.53"
# letters and digits of the right number, but no address: its checksum fails
WALLET = "4" + "AbCdEfGhJk" * 9 + "Mnpq"


# --- frames ---------------------------------------------------------------------------------------------------------


def ethernet(packet: bytes, kind: int | None = None, vlans: Iterable[int] = ()) -> bytes:
    if kind is None:
        kind = 0x86DD if packet[:1] and packet[0] >> 4 == 6 else 0x0800
    tags = b"".join(pack(">HH", 0x8100, vlan) for vlan in vlans)
    return b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02" + tags + pack(">H", kind) + packet


def cooked(packet: bytes, kind: int = 0x0800) -> bytes:
    return pack(">HHH8sH", 0, 1, 6, b"\x02\0\0\0\0\x01\0\0", kind) + packet


def cooked_2(packet: bytes, interface: int, kind: int = 0x0800) -> bytes:
    return pack(">HHIHBB8s", kind, 0, interface, 1, 0, 6, b"\x02\0\0\0\0\x01\0\0") + packet


def ipv4(
    source: str,
    target: str,
    protocol: int,
    body: bytes,
    *,
    ident: int = 1,
    fragment: int = 0,
    options: bytes = b"",
    total: int | None = None,
) -> bytes:
    header = 20 + len(options)
    size = header + len(body) if total is None else total
    ends = ip_address(source).packed + ip_address(target).packed
    return pack(">BBHHHBBH", 0x40 | header // 4, 0, size, ident, fragment, 64, protocol, 0) + ends + options + body


def ipv6(source: str, target: str, protocol: int, body: bytes, *, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return pack(">IHBB", 6 << 28, size, protocol, 64) + ip_address(source).packed + ip_address(target).packed + body


def ip(source: str, target: str, protocol: int, body: bytes) -> bytes:
    return (ipv6 if ":" in source else ipv4)(source, target, protocol, body)


def tcp(
    source: int, target: int, sequence: int, flags: int, payload: bytes = b"", *, options: bytes = b"", header: int = 0
) -> bytes:
    size = header or (20 + len(options)) // 4
    return (
        pack(">HHIIBBHHH", source, target, sequence & 0xFFFFFFFF, 0, size << 4, flags, 65535, 0, 0) + options + payload
    )


def udp(source: int, target: int, payload: bytes, *, length: int | None = None) -> bytes:
    return pack(">HHHH", source, target, 8 + len(payload) if length is None else length, 0) + payload


def icmp(kind: int, code: int, ident: int = 0, payload: bytes = b"") -> bytes:
    return pack(">BBHHH", kind, code, 0, ident, 1) + payload


@dataclass
class Session:
    """One TCP session between two ends: every call adds a frame, one millisecond later."""

    client: str = CLIENT
    server: str = SERVER
    client_port: int = 50000
    server_port: int = 3333
    at: int = START
    frames: list[Timed] = field(default_factory=list)
    sent: dict[bool, int] = field(default_factory=lambda: {True: 1000, False: 9000})

    def put(self, flags: int, payload: bytes = b"", *, back: bool = False, sequence: int | None = None) -> Session:
        ends = (self.server, self.client) if back else (self.client, self.server)
        ports = (self.server_port, self.client_port) if back else (self.client_port, self.server_port)
        number = self.sent[not back] if sequence is None else sequence
        self.frames.append((self.at, ethernet(ip(*ends, 6, tcp(*ports, number, flags, payload)))))
        self.at += SECOND // 1000
        if sequence is None:
            self.sent[not back] = number + len(payload) + bool(flags & (SYN | FIN))
        return self

    def open(self) -> Session:
        return self.put(SYN).put(SYN | ACK, back=True).put(ACK)

    def say(self, payload: bytes) -> Session:
        return self.put(PSH | ACK, payload)

    def hear(self, payload: bytes) -> Session:
        return self.put(PSH | ACK, payload, back=True)

    def close(self) -> Session:
        return self.put(FIN | ACK).put(FIN | ACK, back=True).put(ACK)


# --- payloads -------------------------------------------------------------------------------------------------------


def line(**keys: Any) -> bytes:
    return json.dumps(keys, separators=(",", ":")).encode() + b"\n"


def name(text: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) + b"\0"


def question(text: str, kind: int = 1) -> bytes:
    return name(text) + pack(">HH", kind, 1)


def answer(text: str, kind: int, data: bytes, ttl: int = 60) -> bytes:
    return name(text) + pack(">HHIH", kind, 1, ttl, len(data)) + data


def dns(ident: int, questions: Iterable[bytes] = (), answers: Iterable[bytes] | None = None, code: int = 0) -> bytes:
    asked, told = list(questions), list(answers or ())
    flags = 0x0100 if answers is None else 0x8180 | code
    return pack(">HHHHHH", ident, flags, len(asked), len(told), 0, 0) + b"".join(asked) + b"".join(told)


def hello(server: str | None, protocols: Iterable[str] = ("h2",), *, padding: int = 0) -> bytes:
    extensions = b""
    if server:
        entry = pack(">BH", 0, len(server)) + server.encode()
        extensions += pack(">HHH", 0, len(entry) + 2, len(entry)) + entry
    listed = b"".join(bytes([len(each)]) + each.encode() for each in protocols)
    if listed:
        extensions += pack(">HHH", 16, len(listed) + 2, len(listed)) + listed
    extensions += pack(">HHB", 43, 5, 4) + pack(">HH", 0x0304, 0x0303)
    extensions += pack(">HH", 21, padding) + bytes(padding)
    body = pack(">H", 0x0303) + bytes(32) + b"\0" + pack(">HH", 2, 0x1301) + b"\x01\0"
    body += pack(">H", len(extensions)) + extensions
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return pack(">BHH", 22, 0x0301, len(message)) + message


# --- files ----------------------------------------------------------------------------------------------------------


def pcap(
    frames: Iterable[Timed],
    *,
    order: str = "<",
    kind: str = "micro",
    link: int = 1,
    snap: int = 262144,
    version: tuple[int, int] = (2, 4),
) -> bytes:
    out = pack(order + "IHHiIII", MAGIC[kind], *version, 0, 0, snap, link)
    return out + b"".join(record(time, frame, order=order, kind=kind, snap=snap) for time, frame in frames)


def record(time: int, frame: bytes, *, order: str = "<", kind: str = "micro", snap: int = 262144) -> bytes:
    fraction = time % SECOND if kind == "nano" else time % SECOND // 1000
    kept = frame[:snap]
    extra = pack(order + "IHBx", 3, 0x0800, 0) if kind == "modified" else b""
    return pack(order + "IIII", time // SECOND, fraction, len(kept), len(frame)) + extra + kept


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    length = len(body) + 12
    return pack(order + "II", kind, length) + body + pack(order + "I", length)


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link: int = 1, order: str = "<", *, snap: int = 0, **options: Any) -> bytes:
    body = pack(order + "HHI", link, 0, snap)
    if "name" in options:
        body += option(2, options["name"].encode(), order)
    if "resolution" in options:
        body += option(9, bytes([options["resolution"]]), order)
    if "offset" in options:
        body += option(14, pack(order + "q", options["offset"]), order)
    return block(1, body + option(0, b"", order), order)


def enhanced(
    number: int, ticks: int, frame: bytes, order: str = "<", *, snap: int = 262144, dropped: int | None = None
) -> bytes:
    kept = frame[:snap]
    body = pack(order + "IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(kept), len(frame)) + kept
    if dropped is not None:
        body += bytes(-len(body) % 4) + option(4, pack(order + "Q", dropped), order) + option(0, b"", order)
    return block(6, body, order)


def obsolete(number: int, ticks: int, frame: bytes, order: str = "<", *, dropped: int = 0xFFFF) -> bytes:
    head = pack(order + "HHIIII", number, dropped, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
    return block(2, head + frame, order)


def simple(frame: bytes, order: str = "<", *, snap: int = 262144) -> bytes:
    return block(3, pack(order + "I", len(frame)) + frame[:snap], order)


def statistics(number: int, ticks: int, order: str = "<", **counts: int) -> bytes:
    codes = {"start": 2, "end": 3, "received": 4, "interface_drops": 5, "system_drops": 7}
    body = pack(order + "III", number, ticks >> 32, ticks & 0xFFFFFFFF)
    for key, value in counts.items():
        raw = (
            pack(order + "II", value >> 32, value & 0xFFFFFFFF) if key in {"start", "end"} else pack(order + "Q", value)
        )
        body += option(codes[key], raw, order)
    return block(5, body + option(0, b"", order), order)


def secrets(data: bytes, order: str = "<") -> bytes:
    return block(10, pack(order + "II", 0x544C534B, len(data)) + data, order)


# --- samples --------------------------------------------------------------------------------------------------------


def _lookup(at: int, ident: int, text: str, *answers: bytes, port: int = 40000) -> list[Timed]:
    asked = question(text)
    frames = [(at, ethernet(ipv4(CLIENT, RESOLVER, 17, udp(port, 53, dns(ident, [asked])))))]
    if answers:
        told = dns(ident, [asked], answers)
        frames.append((at + SECOND // 100, ethernet(ipv4(RESOLVER, CLIENT, 17, udp(53, port, told)))))
    return frames


def session_capture() -> bytes:
    """Name lookup, one short mining session with everything that may happen to a line, and other traffic."""
    alias = answer("pool.example", 5, name("eu.pool.example"), 300)
    frames = _lookup(START, 0x1234, "pool.example", alias, answer("eu.pool.example", 1, b"\xc6\x33\x64\x32"))
    frames += _lookup(START + SECOND // 50, 0x1235, "gone.example", port=40001)
    mining = Session(at=START + SECOND).open()
    login = {"login": f"{WALLET}.rig-1", "pass": "x", "agent": "XMRig/6.22.0", "algo": ["rx/0", "cn/r"]}
    mining.say(line(id=1, jsonrpc="2.0", method="login", params=login))
    job = {"blob": "10" * 20, "job_id": "j1", "target": "b88d0600", "algo": "rx/0", "height": 3000001}
    mining.hear(line(id=1, jsonrpc="2.0", error=None, result={"id": "s1", "job": job, "status": "OK"}))
    share = line(id=2, jsonrpc="2.0", method="submit", params={"id": "s1", "job_id": "j1", "nonce": "d0030040"})
    mining.say(share[:40]).say(share[40:] + line(id=3, jsonrpc="2.0", method="keepalived", params={"id": "s1"}))
    accepted = line(id=2, jsonrpc="2.0", error=None, result={"status": "OK"})
    mining.hear(accepted).put(PSH | ACK, accepted, back=True, sequence=mining.sent[False] - len(accepted))
    mining.hear(line(jsonrpc="2.0", method="job", params={**job, "job_id": "j2"})).close()
    frames += mining.frames
    frames.append((START + 2 * SECOND, ethernet(bytes(28), 0x0806)))
    frames.append((START + 3 * SECOND, ethernet(ipv4(CLIENT, SERVER, 1, icmp(8, 0, 7, b"ping")))))
    frames.append((START + 3 * SECOND + 20_000, ethernet(ipv4(SERVER, CLIENT, 1, icmp(0, 0, 7, b"ping")))))
    six = ipv6("2001:db8::10", "2001:db8::20", 17, udp(5000, 6000, b"six"))
    frames.append((START + 4 * SECOND, ethernet(six, vlans=(6, 10))))
    return pcap(frames)


def cut_capture() -> bytes:
    """Big-endian, nanoseconds, 150 bytes a packet: what is left of a login, a hello, a request, and two banners."""
    mining = Session(at=START + 1).open()
    mining.say(
        line(id=1, jsonrpc="2.0", method="login", params={"login": WALLET, "pass": "x", "agent": "XMRig/6.22.0"})
    )
    mining.hear(line(id=1, jsonrpc="2.0", error=None, result={"id": "s1", "job": {"blob": "10" * 76}}))
    web = Session(client_port=50001, server_port=443, at=START + SECOND).open()
    web.say(hello("pool.example", padding=200)).hear(b"\x16\x03\x03\0\x04\x02\0\0\0")
    plain = Session(client_port=50002, server_port=8080, at=START + 2 * SECOND).open()
    head = b"POST /v1/jobs?x=1 HTTP/1.1\r\nHost: api.example:8080\r\nUser-Agent: curl/8.0\r\nAuthorization: Bearer "
    plain.say(head + b"a" * 100 + b"\r\n\r\n").hear(b"HTTP/1.1 429 Too Many Requests\r\nServer: t\r\n\r\n")
    shell = Session(client_port=50003, server_port=22, at=START + 3 * SECOND).open()
    shell.say(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n").hear(b"SSH-2.0-dropbear_2022.83\r\n")
    frames = mining.frames + web.frames + plain.frames + shell.frames
    return pcap(frames, order=">", kind="nano", snap=150)


def torn_capture() -> bytes:
    """A packet that contradicts itself, a time that cannot be, a link type's good packet, and a torn end."""
    good = ethernet(ipv4(CLIENT, SERVER, 17, udp(7, 9, b"good")))
    bad = ethernet(ipv4(CLIENT, SERVER, 6, tcp(1, 2, 3, SYN, header=4)))
    late = pack("<IIII", START // SECOND, 1_000_000, len(good), len(good)) + good
    return pcap([(START, good), (START, bad)]) + late + record(START + SECOND, good) + record(START, good)[:-3]


def sections_capture() -> bytes:
    """Two sections in either byte order, three interfaces and clocks, every kind of packet block, and lost packets."""
    lookup = _lookup(START, 7, "pool.example", answer("pool.example", 28, ip_address("2001:db8::50").packed))
    out = section() + interface(1, name="eth0") + interface(276, name="any", resolution=9, snap=60)
    out += secrets(b"CLIENT_RANDOM 00 11\n") + block(0xBAD, b"\0\0\0\x01custom")
    out += b"".join(enhanced(0, time // 1000, frame) for time, frame in lookup)
    ping = ipv4(CLIENT, SERVER, 1, icmp(8, 0, 9, b"x" * 40))
    out += enhanced(1, START + 123_456_789, cooked_2(ping, 3), snap=60, dropped=5)
    out += enhanced(4, START // 1000, b"nowhere") + simple(ethernet(ipv4(CLIENT, SERVER, 17, udp(7, 9, b"timeless"))))
    out += statistics(0, START // 1000, received=4, interface_drops=0)
    out += statistics(0, START // 1000 + 9, start=START // 1000, received=4, interface_drops=2, system_drops=1)
    out += section(">") + interface(101, ">", resolution=3, offset=1_000_000_000)
    out += obsolete(0, 700_000_000_500, ipv6("2001:db8::1", "2001:db8::2", 59, b""), ">", dropped=2)
    out += interface(105, ">") + enhanced(1, START // 1000, b"\x80\0wireless", ">")
    return out


SAMPLES = {
    "pcap/session.pcap": session_capture,
    "pcap/cut.pcap": cut_capture,
    "pcap/torn.pcap": torn_capture,
    "pcapng/sections.pcapng": sections_capture,
}


if __name__ == "__main__":
    for path, made in SAMPLES.items():
        (Path(__file__).parents[2] / "data" / "parsers" / path).write_bytes(made())
