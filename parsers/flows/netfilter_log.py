"""Packets that Linux's firewall logged through the kernel: iptables and nftables LOG, UFW, firewalld.

Source of the format: Linux net/netfilter/nf_log_syslog.c (`IN= OUT= MAC= SRC= DST= LEN= ... PROTO= SPT= DPT=`, flags as
words; of an ICMP error the packet that it is about, in brackets). The line's beginning is syslog's, see
`host.syslog_header`.

One record is one line; each such line is one packet and makes one `flow` of one packet. Whether it was let through the
log does not say; where the rule's prefix says so in a word, `action` follows it and is noted. Other lines of the
kernel in the same file make no row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from parsers import ip
from parsers.contract import Format, Grade, Item, Parsed, Record, Reject, Row, Structure
from parsers.flows import protocols
from parsers.flows.members import LAST_PORT, LAST_UINT64
from parsers.host.syslog_header import Header, header_of, turned
from parsers.jsontext import compact
from parsers.source import Line, Source
from parsers.text import UNDECODABLE, decoded
from parsers.years import YEAR_UNKNOWN, Turns

FORMAT = Format(
    name="netfilter_log",
    title="Linux firewall log (iptables, nftables, UFW)",
    tables=("flow",),
    signature=True,
    version=2,
    carried=("time_of_day_us",),
)

ACTION_BY_PREFIX = "action_by_prefix"
WITHOUT_END = "line_without_end"
LONGEST_LINE = 1 << 16
_PACKET = re.compile(r"(?P<prefix>.*?)(?P<packet>IN=\S* OUT=\S* .*?SRC=\S+ DST=\S+ .*)", re.DOTALL)
_MARK = re.compile(rb"\bIN=\S* OUT=\S* .*?\bSRC=\S+ DST=\S+ .*?\bPROTO=\S+")
_BEGUN = re.compile(r"\bIN=\S* OUT=")
_NO_HEADER = "neither a packet nor a line of the kernel's log"
_SINCE_BOOT = re.compile(r"\[ *\d{1,10}\.\d{6}\] ?", re.ASCII)
_EMBEDDED = " [SRC="
_PAIR = re.compile(r"([A-Z]+)=(\S*)")
_FLAGS = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32, "ECE": 64, "CWR": 128}
_MAPPED = frozenset({"SRC", "DST", "SPT", "DPT", "PROTO", "TYPE", "CODE", "LEN"})
_DENIED = frozenset({"block", "blocked", "drop", "dropped", "deny", "denied", "reject", "rejected"})
_ALLOWED = frozenset({"allow", "allowed", "accept", "accepted", "pass", "permit", "permitted"})
_RECOGNISED_LINES = 100
_BLANK = (b"", b"\r")


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most lines are packets that the kernel logged."""
    lines = [line for line in head.split(b"\n")[:_RECOGNISED_LINES] if line not in _BLANK]
    packets = sum(_MARK.search(line[:4096]) is not None for line in lines)
    return Grade.STRONG if packets * 2 > len(lines) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one `flow` for each packet, in file order."""
    number, turns = 0, Turns()
    for line in source.lines(LONGEST_LINE):
        if line.data in _BLANK:
            yield Structure(line.offset, line.length + line.newline)
            continue
        number += 1
        yield from _items(line, Record(number, line.offset, line.length, line.number, line.newline), turns)


def _items(line: Line, record: Record, turns: Turns) -> Iterator[Item]:
    if line.data is None:
        yield Reject(record, f"a line of {line.length} bytes (the limit is {LONGEST_LINE})")
        return
    text, whole = decoded(line.data.removesuffix(b"\r"))
    header = turned(header_of(text), turns)
    message = _SINCE_BOOT.sub("", _message(header, text), count=1)
    found = _PACKET.fullmatch(message)
    if not found:
        reason = "a packet that is cut" if _BEGUN.search(message) else _NO_HEADER if header is None else None
        yield Reject(record, reason) if reason else Parsed(record)
        return
    # of a line without end the last word may be cut
    packet = found["packet"] if line.newline else found["packet"].rpartition(" ")[0]
    row = _flow(packet)
    if row is None:
        yield Reject(record, "a packet without addresses")
        return
    yield Parsed(record)
    prefix = found["prefix"]
    notes = [UNDECODABLE] * (not whole) + [WITHOUT_END] * (not line.newline)
    extra = row.pop("extra")
    action = _action(prefix)
    if action:
        row["action"] = action
        notes.append(ACTION_BY_PREFIX)
    if prefix:
        extra["prefix"] = prefix
    if header:
        row |= header.when | {"sensor": header.host}
        if header.date:
            extra["date"] = header.date
            notes.append(YEAR_UNKNOWN)
    yield Row("flow", record, row | {"notes": notes or None, "extra": compact(extra) if extra else None})


def _message(header: Header | None, text: str) -> str:
    """Return what the kernel wrote; a rule's prefix at the place of a program's name belongs to it."""
    if header is None:
        return text
    if header.program in {None, "kernel"}:
        return header.message
    return f"{header.program}: {header.message}"


def _flow(packet: str) -> dict[str, Any] | None:
    """Return the row of a packet, None where its addresses are none."""
    outer, mark, inner = packet.partition(_EMBEDDED)
    fields: dict[str, str] = {}
    extra: dict[str, Any] = {}
    flags = 0
    for word in outer.split(" "):
        pair = _PAIR.fullmatch(word)
        if not pair:
            flags |= _FLAGS.get(word, 0)
        elif pair[1] not in fields:
            fields[pair[1]] = pair[2]
        else:
            extra[f"{pair[1]} of PROTO"] = pair[2]  # UDP prints a length of its own
    src, dst = ip.canonical(fields.get("SRC", "")), ip.canonical(fields.get("DST", ""))
    if not src or not dst:
        return None
    protocol = _protocol(fields.get("PROTO", ""))
    row: dict[str, Any] = {"src_address": src, "dst_address": dst, "protocol": protocol}
    for column, key, last in (
        ("src_port", "SPT", LAST_PORT),
        ("dst_port", "DPT", LAST_PORT),
        ("icmp_type", "TYPE", 255),
        ("icmp_code", "CODE", 255),
        ("src_bytes", "LEN", LAST_UINT64),
    ):
        row[column] = _number(fields.get(key), last)
        if row[column] is None and key in fields:
            extra[key] = fields[key]
    if protocol is None and "PROTO" in fields:
        extra["PROTO"] = fields["PROTO"]
    extra |= {key: value for key, value in fields.items() if key not in _MAPPED and value}
    if " DF " in f"{outer} ":
        extra["DF"] = True
    if mark:
        extra["about"] = mark.removeprefix(" [") + inner.removesuffix(" ").removesuffix("]").removesuffix(" ")
    # what the kernel prints behind the flags tells that all of them are there
    has_flags = protocol == protocols.TCP and "URGP" in fields
    return row | {
        "tcp_flags": flags if has_flags else None,
        "src_packets": 1,
        "bytes_layer": None if row["src_bytes"] is None else "ip",
        "directionality": "one_way",
        "initiator_known": has_flags and flags & (_FLAGS["SYN"] | _FLAGS["ACK"]) == _FLAGS["SYN"],
        "extra": extra,
    }


def _protocol(name: str) -> int | None:
    return protocols.ICMP6 if name == "ICMPv6" else protocols.protocol(name)


def _number(text: str | None, last: int) -> int | None:
    if not text or not text.isascii() or not text.isdigit() or len(text) > 20:
        return None
    return int(text) if int(text) <= last else None


def _action(prefix: str) -> str | None:
    """Return what a rule's prefix says became of the packet, None where it says nothing or both."""
    words = set(re.findall(r"[a-z]+", prefix.lower()))
    denied, allowed = bool(words & _DENIED), bool(words & _ALLOWED)
    return None if denied == allowed else "deny" if denied else "allow"
