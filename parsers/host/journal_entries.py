"""An entry of the systemd journal, whichever way it was written out, as a message of a program.

Source of the fields: systemd.journal-fields(7). Fields that begin with an underscore are set by journald and cannot be
forged by the writer; the identifier and the message can: where journald saw another program write in the name of sudo,
sshd, su, cron or systemd, the row says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from parsers import times
from parsers.contract import Record
from parsers.host.programs import Message
from parsers.text import UNDECODABLE, decoded

WRITTEN_BY_ANOTHER = "written_by_another_program"
TIMESTAMP_OUT_OF_RANGE = "timestamp_out_of_range"

Fields = Mapping[str, Sequence[bytes]]

UNSET = 4_294_967_295
_NUMBER = re.compile(rb"\d{1,18}")
_SSHD = frozenset({"sshd", "sshd-session", "sshd-auth"})
_CRON = frozenset({"cron", "crond", "CRON"})
# the program's name as the kernel has it (15 bytes), by the identifier it logs under
_WRITERS = {
    "sudo": frozenset({"sudo"}),
    "su": frozenset({"su", "runuser"}),
    **dict.fromkeys(_SSHD, _SSHD),
    **dict.fromkeys((*_CRON, "crontab"), _CRON | {"crontab"}),
    "systemd": frozenset({"systemd"}),
    "systemd-logind": frozenset({"systemd-logind"}),
}
_EXTRA = {
    "_UID": "writer_uid",
    "_EXE": "writer_executable",
    "_SYSTEMD_UNIT": "writer_unit",
    "_BOOT_ID": "boot_id",
    "_SOURCE_REALTIME_TIMESTAMP": "source_realtime_us",
    "CONTAINER_ID_FULL": "container_id",
}
WANTED = frozenset(
    {
        *(
            "__CURSOR",
            "__REALTIME_TIMESTAMP",
            "MESSAGE",
            "SYSLOG_IDENTIFIER",
            "SYSLOG_PID",
            "_PID",
            "_COMM",
            "_HOSTNAME",
        ),
        *("_TRANSPORT", "_AUDIT_LOGINUID", "_AUDIT_SESSION", *_EXTRA),
    }
)


def message_of(fields: Fields, record: Record, notes: tuple[str, ...] = ()) -> Message | None:
    """Return what a program said in an entry, None where it said nothing or nobody tells who spoke."""
    entry = _Entry(fields)
    comm = entry.text("_COMM")
    program = entry.text("SYSLOG_IDENTIFIER") or comm
    text = entry.text("MESSAGE")
    if not program or text is None:
        return None
    stamp = entry.number("__REALTIME_TIMESTAMP")
    ts = stamp if stamp is not None and stamp <= times.LATEST else None
    pid = entry.number("_PID")
    common = {
        "ts": ts,
        "ts_precision_us": None if ts is None else 1,
        "host_name": entry.text("_HOSTNAME"),
        "pid": pid if pid is not None else entry.number("SYSLOG_PID"),
        "login_uid": entry.identity("_AUDIT_LOGINUID"),
        "login_session": entry.identity("_AUDIT_SESSION"),
        "event_id": entry.text("__CURSOR"),
    }
    extra: dict[str, Any] = {name: entry.text(key) for key, name in _EXTRA.items()}
    if _another(program, comm, entry.text("_TRANSPORT")):
        entry.notes.append(WRITTEN_BY_ANOTHER)
        extra["writer"] = comm or entry.text("_TRANSPORT")
    if ts is None:
        entry.notes.append(TIMESTAMP_OUT_OF_RANGE)
    # a kernel message has no process; all others have one
    writer = (common["host_name"], common["pid"])
    return Message(program, text, record, common, writer, (*notes, *entry.notes), extra)


def _another(program: str, comm: str | None, transport: str | None) -> bool:
    if program == "kernel":
        return transport not in {None, "kernel"}
    expected = _WRITERS.get(program)
    return expected is not None and comm is not None and comm.strip("()") not in expected


class _Entry:
    """The fields of an entry, and what was odd about those that were asked for."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self.notes: list[str] = []

    def _first(self, name: str) -> bytes | None:
        return next(iter(self._fields.get(name, ())), None)

    def text(self, name: str) -> str | None:
        """Return the first value of a field as text."""
        value = self._first(name)
        if value is None:
            return None
        text, whole = decoded(value)
        if not whole:
            self.notes.append(UNDECODABLE)
        return text

    def number(self, name: str) -> int | None:
        """Return the first value of a field as a number, None if it is none."""
        value = self._first(name)
        return int(value) if value is not None and _NUMBER.fullmatch(value) else None

    def identity(self, name: str) -> int | None:
        """Return a number of a user or session, None where it is unset."""
        value = self.number(name)
        return None if value == UNSET else value


def values_of(value: Any) -> Iterator[bytes]:
    """Yield the values of a field as `journalctl -o json` writes them: text, list of bytes, list of either, null."""
    if isinstance(value, str):
        yield value.encode("utf-8")
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value).encode("ascii")
    elif isinstance(value, list):
        if value and all(type(item) is int and 0 <= item < 256 for item in value):
            yield bytes(value)
        else:
            for item in value:
                if not isinstance(item, int):
                    yield from values_of(item)
