"""What an audit event tells: a command executed, an address used, files touched.

Source of the fields: Linux kernel/auditsc.c (audit_log_exit and what it calls), audit-userspace
docs/audit field dictionary. Names of users are only those that the host itself wrote (enriched logs): the machine of
the analyst knows nothing of them.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

from parsers.audit import arguments, syscalls
from parsers.audit.records import AuditEvent, Stamp, Types, enriched, stamp_of
from parsers.audit.values import (
    enriched_address,
    fields,
    identity,
    number,
    plain,
    socket_address,
    syscall_fields,
    text,
    untrusted,
)
from parsers.jsontext import compact
from parsers.text import UNDECODABLE, decoded

DUPLICATE_RECORDS = "duplicate_records"
NO_SYSCALL_RECORD = "no_syscall_record"
NO_ARGUMENTS = "no_arguments"
SHORT_ADDRESS = "short_address"
IN_PROGRESS = "in_progress"  # EINPROGRESS: the connection was begun, its outcome is not in the event
TIMESTAMP_OUT_OF_RANGE = "timestamp_out_of_range"

Fields = dict[bytes, bytes]
_IN_PROGRESS = -115
_CWD = re.compile(rb'(?:^|\s)cwd=("[^"]*"|\S*)')
_FIRST_NAME = re.compile(rb'(?:^|\s)item="?0"? name=("[^"]*"|\S*)')


class EventReader:
    """Reads one event of system calls into rows."""

    def __init__(self, event: AuditEvent, types: Types) -> None:
        self.event = event
        self.types = types
        self.stamp: Stamp = stamp_of(event.stamp)
        body, names = enriched(types[b"SYSCALL"][0]) if b"SYSCALL" in types else (b"", b"")
        self.call = syscall_fields(body) if body else {}
        self.names: Fields = fields(names) if names else {}
        self.arch = syscalls.architecture((plain(self.call.get(b"arch")) or b"").decode("ascii", "backslashreplace"))
        self.call_name = self._call_name()
        self.notes = event.notes()
        if b"SYSCALL" not in types:
            self.notes.append(NO_SYSCALL_RECORD)
        if self.stamp.us is None:
            self.notes.append(TIMESTAMP_OUT_OF_RANGE)
        if any(len(found) > len(set(found)) for found in types.values() if len(found) > 1):
            self.notes.append(DUPLICATE_RECORDS)

    def _call_name(self) -> str | None:
        enriched = text(plain(self.names.get(b"SYSCALL")))
        if enriched and not enriched.startswith("unknown"):
            name: str | None = enriched
        else:
            name = syscalls.name_of(self.arch, text(plain(self.call.get(b"syscall"))) or "")
        if name == "socketcall":
            return syscalls.SOCKETCALLS.get(_hexadecimal(self.call.get(b"a0")) or 0, name)
        return name

    def values(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield (table, values) for each row of the event."""
        types = self.types
        if b"EXECVE" in types or self.call_name in syscalls.EXECS:
            yield "process", self._process()
        elif b"SOCKADDR" in types:
            for line in types[b"SOCKADDR"]:
                yield "socket_event", self._socket(line)
        elif b"PATH" in types:
            for values in self._files():
                yield "file_event", values

    # --- columns that all three tables have -------------------------------------------------------------------------

    def _common(self, notes: list[str], extra: dict[str, Any]) -> dict[str, Any]:
        call = self.call
        undecodable: list[str] = []
        values: dict[str, Any] = {
            "ts": self.stamp.us,
            "ts_precision_us": self.stamp.precision_us if self.stamp.us is not None else None,
            "host_name": text(self.event.node),
            "uid": identity(call.get(b"uid")),
            "login_uid": identity(call.get(b"auid")),
            "login_session": identity(call.get(b"ses")),
            "pid": number(call.get(b"pid")),
            "name": _shown(untrusted(call.get(b"comm")), undecodable),
            "executable": _shown(untrusted(call.get(b"exe")), undecodable),
            "succeeded": _succeeded(call.get(b"success")),
            "event_id": self.stamp.serial,
            "audit_key": _keys(call.get(b"key")),
        }
        if call:
            extra["syscall"] = self.call_name or text(plain(call.get(b"syscall")))
            extra["arch"] = None if self.call_name else text(plain(call.get(b"arch")))
            context = plain(call.get(b"subj"))
            extra["context"] = text(context) if context and not context.lstrip(b"=").startswith(b"unconfined") else None
        found = {*self.notes, *notes, *undecodable}
        values["notes"] = sorted(found) if found else None
        kept = {key: value for key, value in extra.items() if value is not None}
        values["extra"] = compact(kept) if kept else None
        return values

    def _cwd(self, notes: list[str]) -> str | None:
        lines = self.types.get(b"CWD")
        found = _CWD.search(lines[0]) if lines else None
        return _shown(untrusted(found[1]), notes) if found else None

    def _first_path(self, notes: list[str]) -> str | None:
        """Return what was to be executed: of a script, its own name, where `exe` is the interpreter."""
        for line in self.types.get(b"PATH", ()):
            found = _FIRST_NAME.search(line)
            if found:
                return _shown(untrusted(found[1]), notes)
        return None

    # --- commands ---------------------------------------------------------------------------------------------------

    def _process(self) -> dict[str, Any]:
        succeeded = _succeeded(self.call.get(b"success"))
        notes: list[str] = []
        argv, basis = self._arguments(notes, succeeded=succeeded)
        extra = {"exit": number(self.call.get(b"exit")), "path": self._first_path(notes)}
        cwd = self._cwd(notes)
        values = self._common(notes, extra)
        values["kind"] = "exec"
        values["user_name"] = _name(self.names.get(b"UID"))
        values["effective_uid"] = identity(self.call.get(b"euid"))
        values["login_user_name"] = _name(self.names.get(b"AUID"))
        values["tty"] = text(plain(self.call.get(b"tty")))
        values["parent_pid"] = number(self.call.get(b"ppid"))
        values["command"] = shlex.join(argv) if argv else None
        values["argv"] = argv or None
        values["argv_basis"] = basis if argv else None
        values["cwd"] = cwd
        return values

    def _arguments(self, notes: list[str], *, succeeded: bool | None) -> tuple[list[str], str]:
        types = self.types
        basis = "argv"
        if b"EXECVE" in types:
            found = arguments.of_execve(list(dict.fromkeys(types[b"EXECVE"])))
        elif b"PROCTITLE" in types and succeeded is not False:
            # after a failure the title is still that of the caller: no word of what it tried to run
            found = arguments.of_proctitle(fields(types[b"PROCTITLE"][0]).get(b"proctitle"))
            basis = "proctitle"
        else:
            found = arguments.Arguments([], [NO_ARGUMENTS])
        notes += found.notes
        return [_shown(value, notes) or "" for value in found.values], basis

    def _paths(self) -> list[Fields]:
        return [fields(enriched(line)[0]) for line in dict.fromkeys(self.types.get(b"PATH", ()))]

    # --- addresses --------------------------------------------------------------------------------------------------

    def _socket(self, line: bytes) -> dict[str, Any]:
        notes: list[str] = []
        body, names = enriched(line)
        data = _from_hex(plain(fields(body).get(b"saddr")))
        peer = socket_address(data, little_endian=syscalls.little_endian(self.arch))
        if not data:
            peer = enriched_address(names) or peer
        if not peer.whole:
            notes.append(SHORT_ADDRESS)
        code = number(self.call.get(b"exit"))
        if code == _IN_PROGRESS:
            notes.append(IN_PROGRESS)
        return {
            **self._common(notes, {}),
            "kind": syscalls.SOCKET_KINDS.get(self.call_name or ""),
            "parent_pid": number(self.call.get(b"ppid")),
            "exit_code": code,
            "family": peer.family,
            "address": peer.address,
            "port": peer.port,
            "path": peer.path,
        }

    # --- files ------------------------------------------------------------------------------------------------------

    def _files(self) -> Iterator[dict[str, Any]]:
        paths = self._paths()
        named = [path for path in paths if plain(path.get(b"nametype")) != b"PARENT"] or paths
        if self.call_name in syscalls.RENAMES:
            news = [path for path in named if plain(path.get(b"nametype")) == b"CREATE"]
            kept = {path.get(b"name") for path in news}
            olds = [
                path for path in named if plain(path.get(b"nametype")) == b"DELETE" and path.get(b"name") not in kept
            ]
            if len(olds) == 1 and len(news) == 1:
                yield self._file(olds[0], "moved", news[0])
                # what is left is a file of the new name, overwritten
                named = [path for path in named if path is not olds[0] and path is not news[0]]
        for path in named:
            yield self._file(path, self._file_kind(plain(path.get(b"nametype"))), None)

    def _file_kind(self, nametype: bytes | None) -> str | None:
        if nametype == b"CREATE":
            return "created"
        if nametype == b"DELETE":
            return "deleted"
        if nametype in {None, b"NORMAL"}:
            if self.call_name in syscalls.OPENS:
                return "opened"
            if self.call_name in syscalls.CHANGES:
                return "changed"
        return None

    def _file(self, path: Fields, kind: str | None, new: Fields | None) -> dict[str, Any]:
        notes: list[str] = []
        extra = {
            "cwd": self._cwd(notes),
            "exit": number(self.call.get(b"exit")),
            "inode": number(path.get(b"inode")),
            "device": text(plain(path.get(b"dev"))),
            "nametype": text(plain(path.get(b"nametype"))),
            "owner_uid": identity(path.get(b"ouid")),
        }
        return {
            **self._common(notes, extra),
            "kind": kind,
            "path": _shown(untrusted(path.get(b"name")), notes),
            "new_path": _shown(untrusted(new.get(b"name")), notes) if new else None,
            "mode": text(plain(path.get(b"mode"))),
        }


def _shown(data: bytes | None, notes: list[str]) -> str | None:
    if data is None:
        return None
    shown, whole = decoded(data)
    if not whole:
        notes.append(UNDECODABLE)
    return shown


def _succeeded(value: bytes | None) -> bool | None:
    return {b"yes": True, b"no": False}.get(plain(value) or b"")


def _keys(value: bytes | None) -> str | None:
    """Return the keys of the rules that matched; several are joined by 0x01 in the log, by a comma here."""
    keys = untrusted(value)
    return decoded(keys.replace(b"\x01", b","))[0] if keys else None


def _name(value: bytes | None) -> str | None:
    name = text(plain(value))
    return None if name is None or name == "unset" or name.startswith("unknown(") else name


def _from_hex(value: bytes | None) -> bytes:
    try:
        return bytes.fromhex((value or b"").decode("ascii"))
    except ValueError:
        return b""


def _hexadecimal(value: bytes | None) -> int | None:
    try:
        return int(plain(value) or b"", 16)
    except ValueError:
        return None
