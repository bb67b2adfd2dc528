"""Tetragon events, as its export file and `tetra getevents -o json` write them.

Source of the format: cilium/tetragon api/v1/tetragon/events.proto and tetragon.proto (JSON of the messages), and the
events in its documentation.

One record is one event. `process_exec` and `process_exit` make `process` rows; connections and listeners (events of
their own, or functions that a policy watches) `socket_event` rows, a closed connection with its bytes a `flow` row,
files that a policy watches `file_event` rows, events that Tetragon dropped a `coverage_gap`. Other events make none.

Arguments stand joined by blanks, those that hold blanks in double quotes: where a quote stands elsewhere, which is
which cannot be told and `argv` is null. Numbers that are zero are left out of this JSON: an exit without status is not
known to have succeeded. Capabilities and namespaces are not repeated in `extra`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from typing import Any

from parsers.cloud.fields import address, first_text, member, port, time
from parsers.contract import Format, Grade, Item, Parsed, Reject, Row
from parsers.jsondocument import document_records, head_grade
from parsers.jsonlines import JsonRecord
from parsers.jsontext import compact
from parsers.source import Source
from parsers.times import Moment
from parsers.transcripts.fields import integer, text

FORMAT = Format(
    name="tetragon",
    title="Tetragon events (JSON)",
    tables=("process", "socket_event", "file_event", "flow", "coverage_gap"),
    signature=True,
)

TRUNCATED = "arguments_truncated"
UNREAD = "arguments_unread"

_NOTES = {"truncArgs": TRUNCATED, "errorArgs": UNREAD}
_UNSET = 4_294_967_295
_ARGUMENT = re.compile(r'"([^"]*)"|([^\s"]+)')
_ARGUMENTS = re.compile(rf"(?:{_ARGUMENT.pattern})(?: (?:{_ARGUMENT.pattern}))*")
_DIGITS = re.compile(r"\d{1,19}", re.ASCII)
_PROTOCOLS = {"TCP": 6, "UDP": 17}
_SOCKET_CALLS = {"tcp_connect": "connect", "inet_csk_listen_start": "listen", "tcp_sendmsg": "send"}
_FILE_CALLS = {"write": "changed", "read": "opened", "fd_install": "opened", "openat": "opened", "open": "opened"}
_CALL_PREFIX = re.compile(r"(?:__(?:x64|arm64)_)?sys_")

Made = tuple[str, dict[str, Any]]
Maker = Callable[[dict[str, Any], Moment], Iterator[Made]]


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most records are events of a process with Tetragon's id of it."""
    return head_grade(head, frozenset(), (b'"process_', b'"exec_id"'), lambda value: _event(value) is not None)


def _event(value: dict[str, Any]) -> str | None:
    """Return the name of the event that an object holds."""
    names = (key for key, item in value.items() if key.startswith("process_") and type(member(item, "process")) is dict)
    found = next(names, None)
    if found is None and isinstance(value.get("rate_limit_info"), dict):
        return "rate_limit_info"
    return found


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of each event in file order."""
    for item in document_records(source):
        if not isinstance(item, JsonRecord):
            yield item
            continue
        event, when = _event(item.value), time(item.value.get("time"))
        if event is None:
            yield Reject(item.record, "no Tetragon event")
        elif when is None:
            yield Reject(item.record, "an event without a time")
        else:
            yield Parsed(item.record)
            host = text(item.value.get("node_name"))
            for part, (table, values) in enumerate(_makers(event)(item.value[event], when)):
                notes = sorted({*item.notes, *values.get("notes", ())})
                common = {} if table in {"flow", "coverage_gap"} else {"host_name": host}
                common |= {"sensor": host} if table == "flow" else {}
                yield Row(table, item.record, common | values | {"notes": notes or None}, part)


def _makers(event: str) -> Maker:
    return _MAKERS.get(event, _nothing)


def _nothing(_body: dict[str, Any], _when: Moment) -> Iterator[Made]:
    yield from ()


# --- processes --------------------------------------------------------------------------------------------------------


def _executed(body: dict[str, Any], when: Moment) -> Iterator[Made]:
    process = body["process"]
    started = time(process.get("start_time")) or when
    yield "process", started.columns() | _process(body) | {"kind": "exec"}


def _exited(body: dict[str, Any], when: Moment) -> Iterator[Made]:
    started = time(body["process"].get("start_time"))
    lasted = when.us - started.us if started and started.us <= when.us else None
    found = _process(body, signal=text(body.get("signal")))
    yield (
        "process",
        when.columns()
        | found
        | {
            "kind": "exit",
            "exit_code": integer(body.get("status")),
            "duration_us": lasted,
        },
    )


def _process(body: dict[str, Any], **more: Any) -> dict[str, Any]:
    process, parent = body["process"], body.get("parent")
    binary, arguments = text(process.get("binary")), text(process.get("arguments"))
    argv = _arguments(binary, arguments)
    joined = " ".join(part for part in (binary, arguments) if part) or None
    flags = (text(process.get("flags")) or "").split(" ")
    pod = process.get("pod")
    extra = {
        "flags": text(process.get("flags")),
        "parent_exec_id": text(process.get("parent_exec_id")),
        "parent_executable": text(member(parent, "binary")),
        "parent_arguments": text(member(parent, "arguments")),
        "namespace": text(member(pod, "namespace")),
        "pod": text(member(pod, "name")),
        "container": text(member(pod, "container", "name")),
        "image": text(member(pod, "container", "image", "name")),
        **more,
    }
    return {
        "user_name": text(member(process, "user", "name")),
        **_who(body),
        "command": shlex.join(argv) if argv else joined,
        "argv": argv,
        "argv_basis": "split" if argv else "joined" if joined else None,
        "cwd": text(process.get("cwd")),
        "container_id": _container(process),
        "event_id": text(process.get("exec_id")),
        "notes": [note for flag, note in _NOTES.items() if flag in flags],
        "extra": _json(extra),
    }


def _who(body: dict[str, Any]) -> dict[str, Any]:
    """Return the columns that all rows of a process have."""
    process = body["process"]
    return {
        "uid": _identity(process.get("uid")),
        "login_uid": _identity(process.get("auid")),
        "pid": integer(process.get("pid")),
        "parent_pid": integer(member(body, "parent", "pid")),
        "executable": text(process.get("binary")),
    }


def _arguments(binary: str | None, arguments: str | None) -> list[str] | None:
    """Return the argument list, None where the quotes do not tell it."""
    if binary is None:
        return None
    if not arguments:
        return [binary]
    if not _ARGUMENTS.fullmatch(arguments):
        return None
    return [binary, *(quoted or bare for quoted, bare in _ARGUMENT.findall(arguments))]


def _container(process: dict[str, Any]) -> str | None:
    named = first_text(member(process, "pod", "container", "id"), process.get("docker"))
    return named.rpartition("://")[2] if named else None


def _identity(value: Any) -> int | None:
    number = integer(value)
    return number if number is not None and 0 <= number < _UNSET else None


def _json(values: dict[str, Any]) -> str | None:
    kept = {key: value for key, value in values.items() if value is not None}
    return compact(kept) if kept else None


# --- addresses and files ----------------------------------------------------------------------------------------------


def _connected(body: dict[str, Any], when: Moment) -> Iterator[Made]:
    yield _socket(body, when, "connect", body.get("destination_ip"), body.get("destination_port"))


def _listening(body: dict[str, Any], when: Moment) -> Iterator[Made]:
    yield _socket(body, when, "listen", body.get("ip"), body.get("port"))


def _socket(body: dict[str, Any], when: Moment, kind: str | None, ip: Any, number: Any, **more: Any) -> Made:
    found = address(ip)
    told = {"source_ip": body.get("source_ip"), "source_port": body.get("source_port"), **more}
    return "socket_event", when.columns() | _who(body) | {
        "kind": kind,
        "family": None if found is None else "inet6" if ":" in found else "inet",
        "address": found,
        "port": port(number),
        "event_id": text(body["process"].get("exec_id")),
        "extra": _json({**told, "protocol": body.get("protocol"), "container_id": _container(body["process"])}),
    }


def _closed(body: dict[str, Any], when: Moment) -> Iterator[Made]:
    """Yield the flow that ended: when it began is in another event."""
    stats = body.get("stats")
    columns = when.columns()
    process = {"pid": integer(body["process"].get("pid")), "executable": text(body["process"].get("binary"))}
    yield (
        "flow",
        {
            "ts_end": columns["ts"],
            "ts_end_local": columns["ts_local"],
            "ts_precision_us": when.precision_us,
            "src_address": address(body.get("source_ip")),
            "src_port": port(body.get("source_port")),
            "dst_address": address(body.get("destination_ip")),
            "dst_port": port(body.get("destination_port")),
            "protocol": _PROTOCOLS.get(text(body.get("protocol")) or ""),
            "src_bytes": _count(member(stats, "bytes_sent")),
            "dst_bytes": _count(member(stats, "bytes_received")),
            "src_packets": _count(member(stats, "segs_out")),
            "dst_packets": _count(member(stats, "segs_in")),
            "bytes_layer": "payload",
            "extra": _json({**process, "exec_id": text(body["process"].get("exec_id")), "stats": stats}),
        },
    )


def _count(value: Any) -> int | None:
    """Return a count, also as text: 64 bits are text in this JSON."""
    if type(value) is str and _DIGITS.fullmatch(value):
        value = int(value)
    number = integer(value)
    return number if number is not None and number >= 0 else None


def _watched(body: dict[str, Any], when: Moment) -> Iterator[Made]:
    """Yield what a policy saw: the arguments of a function that are a socket or a file."""
    function = text(body.get("function_name")) or ""
    arguments = body.get("args")
    for argument in arguments if isinstance(arguments, list) else []:
        socket, file = member(argument, "sock_arg"), member(argument, "file_arg") or member(argument, "path_arg")
        if isinstance(socket, dict):
            kind = _SOCKET_CALLS.get(function)
            end = "s" if kind == "listen" else "d"
            told = {"source_ip": socket.get("saddr"), "source_port": socket.get("sport"), "function": function}
            yield _socket(body, when, kind, socket.get(f"{end}addr"), socket.get(f"{end}port"), **told)
        elif isinstance(file, dict):
            yield "file_event", when.columns() | _watched_file(body, function, file)


def _watched_file(body: dict[str, Any], function: str, file: dict[str, Any]) -> dict[str, Any]:
    who = _who(body)
    parent = who.pop("parent_pid")
    told = {"function": function, "action": text(body.get("action")), "parent_pid": parent}
    return who | {
        "kind": _FILE_CALLS.get(_CALL_PREFIX.sub("", function)),
        "path": text(file.get("path")),
        "event_id": text(body["process"].get("exec_id")),
        "extra": _json({**told, "container_id": _container(body["process"])}),
    }


def _dropped(body: dict[str, Any], when: Moment) -> Iterator[Made]:
    lost = _count(body.get("number_of_dropped_process_events"))
    yield "coverage_gap", when.columns() | {"reason": "events_dropped", "lost_records": lost}


_MAKERS: dict[str, Maker] = {
    "process_exec": _executed,
    "process_exit": _exited,
    "process_connect": _connected,
    "process_listen": _listening,
    "process_close": _closed,
    "process_kprobe": _watched,
    "rate_limit_info": _dropped,
}
