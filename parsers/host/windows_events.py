"""Events of Windows as JSON: Winlogbeat's (`winlog.event_data`) and those of EVTX dumps (`Event.System`, `EventData`).

Source of the format: the fields of Winlogbeat; the event schema (`System`, `EventData`) that EVTX readers write as
JSON; Sysmon's events 1, 3, 5, 11, 22, 23 and 26; the security log's 4624, 4625, 4634, 4647, 4688 and 4689.

One record is one event. Processes begun and ended make `process` rows, connections `socket_event`, files written and
deleted `file_event`, names asked for `name_lookup`, sessions `login` rows. Other events make none.

`ts` is the event's own time: Sysmon's `UtcTime`, else when the event was logged. A command line is one text; `argv` is
what the C runtime makes of it, by Microsoft's rules for backslashes and double quotes ("Parsing C command-line
arguments"); the line as logged stays in `extra`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import PureWindowsPath
from typing import Any, NamedTuple

from parsers.cloud.fields import address, member, port, time
from parsers.contract import Format, Grade, Item, Parsed, Reject, Row
from parsers.jsondocument import document_records, head_grade
from parsers.jsonlines import JsonRecord
from parsers.jsontext import compact
from parsers.source import Source
from parsers.times import Moment
from parsers.transcripts.fields import integer, text

FORMAT = Format(
    name="windows_events",
    title="Windows events: Sysmon and security log (JSON of Winlogbeat and EVTX dumps)",
    tables=("process", "socket_event", "file_event", "name_lookup", "login"),
    signature=True,
)

SYSMON, SECURITY = "Microsoft-Windows-Sysmon", "Microsoft-Windows-Security-Auditing"

_CREATED = 11

_WHOLE = re.compile(r"\d{1,19}", re.ASCII)
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]{1,16}", re.ASCII)
_SHA256 = re.compile(r"\bSHA256=([0-9A-Fa-f]{64})\b")
_NOTHING = (None, "", "-")
_MAPPED_ADDRESS = "::ffff:"
_PROGRAM = re.compile(r'[ \t]*(?:"([^"]*)"?|([^ \t"]+))')  # no backslash rules: it is a path
_SLASHES = re.compile(r"\\*")
_BLANKS = (" ", "\t")


class Event(NamedTuple):
    """One event: who wrote it, its number, its fields."""

    provider: str
    number: int
    host: str | None
    when: Moment
    record: int | None
    data: dict[str, Any]


Made = tuple[str, dict[str, Any]]


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most records name the provider and the number of a Windows event."""
    return head_grade(head, frozenset(), (), _is_event) if b"vent_id" in head or b"EventID" in head else Grade.NONE


def _is_event(value: dict[str, Any]) -> bool:
    return _named(value) is not None


def _named(value: dict[str, Any]) -> tuple[str, int] | None:
    """Return provider and number, None where the record is no Windows event."""
    system = member(value, "Event", "System")
    if isinstance(system, dict):
        provider, number = _attribute(system.get("Provider"), "Name"), system.get("EventID")
        number = number.get("#text") if isinstance(number, dict) else number
    else:
        provider, number = member(value, "winlog", "provider_name"), member(value, "winlog", "event_id")
    found = _number(number)
    return (provider, found) if type(provider) is str and found is not None else None


def _attribute(element: Any, name: str) -> Any:
    """Return an attribute of an element: under `#attributes`, with `@` before it, or plain."""
    found = (member(element, "#attributes", name), member(element, f"@{name}"), member(element, name))
    return next((value for value in found if value is not None), None)


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of each event in file order."""
    for item in document_records(source):
        if not isinstance(item, JsonRecord):
            yield item
            continue
        event = _event(item.value)
        if isinstance(event, str):
            yield Reject(item.record, event)
            continue
        yield Parsed(item.record)
        maker = _MAKERS.get((event.provider, event.number))
        for part, (table, values) in enumerate(maker(event) if maker else ()):
            when = {} if "ts" in values else event.when.columns()
            yield Row(table, item.record, when | values | {"notes": item.notes or None}, part)


def _event(value: dict[str, Any]) -> Event | str:
    named = _named(value)
    if named is None:
        return "no Windows event"
    system = member(value, "Event", "System")
    if isinstance(system, dict):
        logged = time(_attribute(system.get("TimeCreated"), "SystemTime"))
        data = member(value, "Event", "EventData")
        host, record = text(system.get("Computer")), _number(system.get("EventRecordID"))
    else:
        logged = time(value.get("@timestamp"))
        data = member(value, "winlog", "event_data")
        host, record = text(member(value, "winlog", "computer_name")), _number(member(value, "winlog", "record_id"))
    data = data if isinstance(data, dict) else {"event_data": data}
    own = time(data.get("UtcTime"))
    when = own._replace(zoned=True) if own else logged
    return Event(*named, host, when, record, data) if when else "an event without a time"


def _number(value: Any) -> int | None:
    """Return a number that stands as one, as decimal text or as `0x1a2b`."""
    if type(value) is str:
        if _WHOLE.fullmatch(value):
            value = int(value)
        elif _HEXADECIMAL.fullmatch(value):
            value = int(value, 16)
    return integer(value)


def _told(value: Any) -> str | None:
    """Return text that says something: Windows writes `-` for nothing."""
    return value if type(value) is str and value not in _NOTHING else None


def _rest(event: Event, **taken: Any) -> str | None:
    """Return what no column holds: the fields not `taken`, and those taken of which nothing could be read."""
    if time(event.data.get("UtcTime")):
        taken["UtcTime"] = True
    kept = {name: value for name, value in event.data.items() if value not in _NOTHING and taken.get(name) in _NOTHING}
    return compact(kept) if kept else None


# --- processes --------------------------------------------------------------------------------------------------------


def arguments_of(line: str) -> list[str]:
    """Split a command line as the C runtime does: 2n backslashes before a quote are n, one more makes it literal."""
    program = _PROGRAM.match(line)
    if program is None:
        return []
    found = [program[2] if program[1] is None else program[1]]
    current: list[str] | None = None
    quoted, at = False, program.end()
    while at < len(line):
        run = _SLASHES.match(line, at)
        slashes = run[0] if run else ""
        at += len(slashes)
        sign = line[at : at + 1]
        if sign in _BLANKS and not quoted and not slashes:
            found += [] if current is None else ["".join(current)]
            current = None
            at += 1
            continue
        current = [] if current is None else current
        if sign != '"':
            current.append(slashes)  # and what follows is looked at by itself
            if not slashes:
                current.append(sign)
                at += 1
            continue
        current.append("\\" * (len(slashes) // 2))
        at += 1
        if len(slashes) % 2:
            current.append(sign)
        elif quoted and line[at : at + 1] == '"':  # two within quotes are one
            current.append(sign)
            at += 1
        else:
            quoted = not quoted
    return found if current is None else [*found, "".join(current)]


def _began(event: Event, pid: str, program: str, parent: str, account: tuple[str, ...]) -> Iterator[Made]:
    line, path = _told(event.data.get("CommandLine")), _told(event.data.get(program))
    argv = arguments_of(line) if line else None
    columns = {
        "pid": _number(event.data.get(pid)),
        "parent_pid": _number(event.data.get(parent)),
        "executable": path,
        "cwd": _told(event.data.get("CurrentDirectory")),
        "user_name": _account(event, *account),
    }
    taken = dict(zip((pid, parent, program, "CurrentDirectory"), columns.values(), strict=False))
    yield (
        "process",
        columns
        | {
            "kind": "exec",
            "host_name": event.host,
            "name": PureWindowsPath(path).name if path else None,
            "command": shlex.join(argv) if argv else None,
            "argv": argv,
            "argv_basis": "split" if argv else None,
            "event_id": None if event.record is None else str(event.record),
            "extra": _rest(event, **taken, **_texts(event, *account)),
        },
    )


def _sysmon_began(event: Event) -> Iterator[Made]:
    return _began(event, "ProcessId", "Image", "ParentProcessId", ("User",))


def _audited(event: Event) -> Iterator[Made]:
    return _began(event, "NewProcessId", "NewProcessName", "ProcessId", ("SubjectDomainName", "SubjectUserName"))


def _account(event: Event, *names: str) -> str | None:
    """Return `DOMAIN\\user`, out of one field or of two."""
    return "\\".join(_texts(event, *names).values()) or None


def _texts(event: Event, *names: str) -> dict[str, str]:
    return {name: found for name in names if (found := _told(event.data.get(name)))}


def _ended(event: Event) -> Iterator[Made]:
    paths = _texts(event, "Image", "ProcessName")
    path = next(iter(paths.values()), None)
    names = ("User",) if event.provider == SYSMON else ("SubjectDomainName", "SubjectUserName")
    pid, status = _number(event.data.get("ProcessId")), _number(event.data.get("Status"))
    yield (
        "process",
        {
            "kind": "exit",
            "host_name": event.host,
            "user_name": _account(event, *names),
            "pid": pid,
            "name": PureWindowsPath(path).name if path else None,
            "executable": path,
            "exit_code": status,
            "event_id": None if event.record is None else str(event.record),
            "extra": _rest(event, ProcessId=pid, Status=status, **dict([*paths.items()][:1]), **_texts(event, *names)),
        },
    )


# --- connections, files, names, sessions ------------------------------------------------------------------------------


def _by(event: Event, **taken: Any) -> dict[str, Any]:
    """Return the columns of the process that did it, and what is left beside them and the `taken`."""
    path, pid = _told(event.data.get("Image")), _number(event.data.get("ProcessId"))
    return {
        "host_name": event.host,
        "pid": pid,
        "name": PureWindowsPath(path).name if path else None,
        "executable": path,
        "event_id": None if event.record is None else str(event.record),
        "extra": _rest(event, Image=path, ProcessId=pid, **taken),
    }


def _connected(event: Event) -> Iterator[Made]:
    """Yield one socket event: Sysmon's source is always the end that began the connection."""
    began = str(event.data.get("Initiated")).lower() != "false"
    end = "Destination" if began else "Source"
    found, number = _address(event.data.get(f"{end}Ip")), port(_number(event.data.get(f"{end}Port")))
    yield (
        "socket_event",
        {
            "kind": "connect" if began else "accept",
            "family": None if found is None else "inet6" if ":" in found else "inet",
            "address": found,
            "port": number,
        }
        | _by(event, **{f"{end}Ip": found, f"{end}Port": number}),
    )


def _address(value: Any) -> str | None:
    plain = value.removeprefix(_MAPPED_ADDRESS) if type(value) is str else value
    return address(plain) or address(value)


def _file(event: Event) -> Iterator[Made]:
    hashed = _SHA256.search(text(event.data.get("Hashes")) or "")
    path = _told(event.data.get("TargetFilename"))
    yield (
        "file_event",
        {
            "kind": "created" if event.number == _CREATED else "deleted",
            "path": path,
            "sha256": hashed[1].lower() if hashed else None,
        }
        | _by(event, TargetFilename=path),
    )


def _asked(event: Event) -> Iterator[Made]:
    """Yield one row an address that a name was found to have, or one without where there was none."""
    name = _told(event.data.get("QueryName"))
    if name is None:
        return
    results = (text(event.data.get("QueryResults")) or "").split(";")
    found = [known for piece in results if (known := _address(piece.strip()))]
    common = {"name": name.lower().rstrip("."), "response_code": _status(event)}
    extra = _rest(event, QueryName=name, QueryStatus=common["response_code"])
    for known in found or (None,):
        yield "name_lookup", common | {"kind": "dns_answer" if known else "dns_query", "address": known, "extra": extra}


def _status(event: Event) -> str | None:
    status = _number(event.data.get("QueryStatus"))
    return None if status is None else "NOERROR" if status == 0 else str(status)


def _session(event: Event) -> Iterator[Made]:
    names = ("TargetDomainName", "TargetUserName")
    found, kind = _address(event.data.get("IpAddress")), _number(event.data.get("LogonType"))
    pid = _number(event.data.get("ProcessId"))
    yield (
        "login",
        {
            "kind": {4624: "start", 4625: "failure"}.get(event.number, "end"),
            "host_name": event.host,
            "user_name": _account(event, *names),
            "address": found,
            "method": None if kind is None else f"logon type {kind}",
            "pid": pid or None,
            "extra": _rest(event, IpAddress=found, LogonType=kind, ProcessId=pid, **_texts(event, *names)),
        },
    )


_MAKERS = {
    (SYSMON, 1): _sysmon_began,
    (SYSMON, 3): _connected,
    (SYSMON, 5): _ended,
    (SYSMON, _CREATED): _file,
    (SYSMON, 22): _asked,
    (SYSMON, 23): _file,
    (SYSMON, 26): _file,
    (SECURITY, 4624): _session,
    (SECURITY, 4625): _session,
    (SECURITY, 4634): _session,
    (SECURITY, 4647): _session,
    (SECURITY, 4688): _audited,
    (SECURITY, 4689): _ended,
}
