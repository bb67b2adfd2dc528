"""Lines of an audit log, and the events they belong to.

Source of the format: Linux kernel/audit.c (audit_log_start), audit-userspace docs/audit.log format and auparse.

A line is `[node=H ]type=T msg=audit(SECONDS.MILLISECONDS:SERIAL): fields`, in enriched logs followed by 0x1D and the
names that the host gave to ids when it wrote the line. Netlink dumps leave out the type. An event is all lines with the
same node, time and serial; serials wrap and start anew at boot, so the whole triple is the key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from parsers.times import LATEST, SECOND

LATE_RECORD = "late_record"
NO_FINAL_NEWLINE = "no_final_newline"

HEADER = re.compile(rb"\s{0,8}(?:node=(\S+) )?(?:type=(\S*) )?(?:msg=)?audit\((\d{1,15}(?:\.\d{1,9})?:\d{1,20})\):? ?")

# of record types that are printed by number, those that make rows
_BY_NUMBER = {
    b"1006": b"LOGIN",
    b"1100": b"USER_AUTH",
    b"1105": b"USER_START",
    b"1106": b"USER_END",
    b"1112": b"USER_LOGIN",
    b"1113": b"USER_LOGOUT",
    b"1123": b"USER_CMD",
    b"1124": b"USER_TTY",
    b"1200": b"DAEMON_START",
    b"1201": b"DAEMON_END",
    b"1202": b"DAEMON_ABORT",
    b"1300": b"SYSCALL",
    b"1302": b"PATH",
    b"1305": b"CONFIG_CHANGE",
    b"1306": b"SOCKADDR",
    b"1307": b"CWD",
    b"1309": b"EXECVE",
    b"1320": b"EOE",
    b"1327": b"PROCTITLE",
}
# how bodies of lines without a type begin
_BY_BODY = (
    (b"argc=", b"EXECVE"),
    (b"arch=", b"SYSCALL"),
    (b"cwd=", b"CWD"),
    (b"item=", b"PATH"),
    (b"saddr=", b"SOCKADDR"),
    (b"proctitle=", b"PROCTITLE"),
)
# what the kernel writes about one system call
CALL_TYPES = frozenset({b"SYSCALL", b"EXECVE", b"CWD", b"PATH", b"SOCKADDR", b"PROCTITLE", b"EOE"})
_CUT_NUMBER = re.compile(rb"\s(?:[a-z-]*[ug]id|pid|ppid|ses|exit|syscall|items|argc|id|item)=-?\d*\Z")
_COMMON = frozenset(_BY_NUMBER.values())
_ENRICHED = b"\x1d"
_UNKNOWN = re.compile(rb"UNKNOWN\[(\d{1,6})\]|(\d{1,6})")


# one line: type, text behind the header; number, offset, length and physical line of its record. A bare tuple, since a
# window holds very many
AuditLine = tuple[bytes, bytes, int, int, int, int]
Key = tuple[bytes | None, bytes]
# what the lines of an event say, by type
Types = dict[bytes, list[bytes]]


@dataclass(slots=True)
class AuditEvent:
    """The lines of one event as they came.

    `late` if others of the same key were given out before, `torn` if the file ends in the middle of one.
    """

    node: bytes | None
    stamp: bytes
    late: bool = False
    torn: bool = False
    lines: list[AuditLine] = field(default_factory=list)

    def by_type(self) -> Types:
        """Return the lines' texts by type, in file order within each."""
        found: Types = {}
        for kind, text, *_ in self.lines:
            known = kind if kind in _COMMON else type_of(kind, text)
            if known in found:
                found[known].append(text)
            else:
                found[known] = [text]
        return found

    def tear(self) -> None:
        """Take note that the file ends in the middle of the last line: digits may be missing there."""
        self.torn = True
        kind, text, number, offset, length, line = self.lines[-1]
        self.lines[-1] = (kind, _CUT_NUMBER.sub(b"", text), number, offset, length, line)

    def notes(self) -> list[str]:
        """Return what a reader of any row of this event should know."""
        found = [LATE_RECORD] if self.late else []
        return [*found, NO_FINAL_NEWLINE] if self.torn else found


def enriched(text: bytes) -> tuple[bytes, bytes]:
    """Cut a line's text into what the kernel or program wrote and the names that the host added."""
    body, _, names = text.partition(_ENRICHED)
    return body, names


class Stamp(NamedTuple):
    """The time of an event, None where no calendar holds it, its precision, and its serial."""

    us: int | None
    precision_us: int
    serial: str


def type_of(written: bytes, body: bytes) -> bytes:
    """Return a record type by name where it is one that makes rows; as written otherwise."""
    if not written:
        start = body.lstrip(b" ")
        return next((kind for begin, kind in _BY_BODY if start.startswith(begin)), b"")
    match = _UNKNOWN.fullmatch(written)
    if match:
        return _BY_NUMBER.get(match[1] or match[2], written)
    return written


def stamp_of(written: bytes) -> Stamp:
    """Read `SECONDS.MILLISECONDS:SERIAL`."""
    time, serial = written.split(b":")
    seconds, _, fraction = time.partition(b".")
    us = int(seconds) * SECOND + int(fraction[:6].ljust(6, b"0"))
    precision = 10 ** max(6 - len(fraction), 0)
    return Stamp(us if us <= LATEST else None, precision, serial.decode())
