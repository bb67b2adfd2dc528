"""The fastest plain Python we know for some formats: main columns only, no places, no books, no damage foreseen."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

_AUDIT = re.compile(rb"type=(\w+) msg=audit\((\d+)\.(\d+):(\d+)\): (.*)")
_AUDIT_FIELD = re.compile(rb'(\w+)=("[^"]*"|\S+)')
_AUDIT_COLUMNS = ("pid", "ppid", "uid", "euid", "auid", "ses", "tty", "comm", "exe", "key", "success", "exit")


def bash_history(path: Path) -> pa.Table:
    """Time and command of each entry."""
    times: list[int | None] = []
    commands: list[str] = []
    clock = None
    for line in path.read_bytes().split(b"\n"):
        if line.startswith(b"#") and line[1:].isdigit():
            clock = int(line[1:]) * 1_000_000
        elif line:
            times.append(clock)
            commands.append(line.decode())
    return pa.table({"ts": pa.array(times, pa.timestamp("us", "UTC")), "command": commands})


def auditd(path: Path) -> pa.Table:
    """Ids, names, arguments and directory of each exec."""
    rows: list[dict[str, Any]] = []
    row: dict[str, Any] = {}
    for line in path.read_bytes().split(b"\n"):
        found = _AUDIT.match(line)
        if not found:
            continue
        kind, seconds, millis, serial, rest = found.groups()
        if kind == b"SYSCALL":
            fields = dict(_AUDIT_FIELD.findall(rest))
            row = {name: fields.get(name.encode(), b"").strip(b'"').decode() for name in _AUDIT_COLUMNS}
            row |= {"ts": int(seconds) * 1_000_000 + int(millis) * 1_000, "serial": int(serial)}
            rows.append(row)
        elif kind == b"EXECVE":
            row["argv"] = [value.strip(b'"').decode() for _, value in _AUDIT_FIELD.findall(rest)[1:]]
        elif kind == b"CWD":
            row["cwd"] = dict(_AUDIT_FIELD.findall(rest))[b"cwd"].strip(b'"').decode()
        elif kind == b"PATH":
            row["path"] = dict(_AUDIT_FIELD.findall(rest))[b"name"].strip(b'"').decode()
    return pa.Table.from_pylist(rows)


def claude_code(path: Path) -> pa.Table:
    """One row a content block and one for each usage: session, kind, text, tool, call, model, tokens."""
    rows = []
    for line in path.read_bytes().split(b"\n"):
        if not line:
            continue
        entry = orjson.loads(line)
        message = entry["message"]
        usage = message.get("usage", {})
        common = {
            "ts": entry["timestamp"],
            "session_id": entry["sessionId"],
            "id": entry["uuid"],
            "parent_id": entry["parentUuid"],
            "cwd": entry["cwd"],
            "is_sidechain": entry["isSidechain"],
            "role": message["role"],
            "model": message.get("model"),
        }
        for block in message["content"]:
            text = block.get("thinking") or block.get("text") or block.get("content")
            rows.append(
                common
                | {
                    "kind": block["type"],
                    "tool_name": block.get("name"),
                    "call_id": block.get("id") or block.get("tool_use_id"),
                    "text": text if text is not None else orjson.dumps(block["input"]).decode(),
                    "command": block["input"].get("command") if "input" in block else None,
                    "is_error": block.get("is_error"),
                }
            )
        if usage:
            tokens = {"input_tokens": usage["input_tokens"], "output_tokens": usage["output_tokens"]}
            rows.append(common | {"kind": "usage"} | tokens)
    return pa.Table.from_pylist(rows)


def pcap(path: Path) -> pa.Table:
    """One row a connection: both ends, bytes, packets, payload, first and last time. Ethernet, IPv4 and TCP only."""
    data = path.read_bytes()
    flows: dict[tuple[Any, ...], list[int]] = {}
    record, ports = struct.Struct("<IIII").unpack_from, struct.Struct(">HH").unpack_from
    at = 24
    while at < len(data):
        seconds, micros, captured, _ = record(data, at)
        ip = at + 30
        header = (data[ip] & 15) * 4
        length = data[ip + 2] << 8 | data[ip + 3]
        source, target = data[ip + 12 : ip + 16], data[ip + 16 : ip + 20]
        source_port, target_port = ports(data, ip + header)
        payload = length - header - (data[ip + header + 12] >> 4) * 4
        stamp = seconds * 1_000_000 + micros
        key = (source, source_port, target, target_port)
        flow = flows.get(key)
        side = 0
        if flow is None:
            flow = flows.get((target, target_port, source, source_port))
            side = 3
            if flow is None:
                flow = flows[key] = [0, 0, 0, 0, 0, 0, stamp, stamp]
                side = 0
        flow[side] += length
        flow[side + 1] += 1
        flow[side + 2] += payload
        flow[7] = stamp
        at += 16 + captured
    return pa.Table.from_pylist([{"key": repr(key), "numbers": numbers} for key, numbers in flows.items()])
