"""Syslog files (auth.log, secure, syslog, messages, cron, kern.log): RFC 3164, RFC 3339 times, RFC 5424.

Source of the format: RFC 3164, RFC 5424, rsyslog's file formats; what programs write in them: `sudo`, `sessions` and
`machine` in this package name theirs.

One record is one line; a line without a header goes on with the message before it and makes no row. Lines of the older
form print no year and no zone: their rows have the note `year_unknown`, month and day in `extra`, and count from the
start of a leap year, the turns of the year in file order included (`parsers.years`).
Anybody on the host may write a line in the name of any program: the log alone cannot tell.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.contract import Format, Grade, Item, Parsed, Record, Reject, Structure
from parsers.host.programs import Message, Programs
from parsers.host.syslog_header import Header, header_of, turned
from parsers.shell.typed import NO_FINAL_NEWLINE, nul_reason, without_nul_run
from parsers.source import Line, Source
from parsers.text import UNDECODABLE, decoded
from parsers.years import YEAR_UNKNOWN, Turns

FORMAT = Format(
    name="syslog",
    title="Syslog files (auth.log, secure, cron, kern.log; RFC 3164 and 5424)",
    tables=("process", "login", "artefact", "mining_share", "usage_metric"),
    signature=True,
    version=2,
    carried=("time_of_day_us",),
)

LONGEST_LINE = 1 << 20
_RECOGNISED_LINES = 100
_BLANK = (b"", b"\r")


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """PROBABLE where the first line and most others have a header with a program; never more.

    Firewalls and sensors log through syslog too: a format that knows their messages goes first.
    """
    lines = [line for line in head.split(b"\n")[:_RECOGNISED_LINES] if line not in _BLANK]
    if len(lines) > 1 and not head.endswith(b"\n"):
        del lines[-1]  # may be cut
    headers = [header_of(_text(line.lstrip(b"\0")[:4096])[0]) for line in lines]
    if not headers or not headers[0]:
        return Grade.NONE
    named = sum(header is not None and header.program is not None for header in headers)
    return Grade.PROBABLE if named * 2 > len(headers) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield rows in file order, but for commands of sudo, which wait for their further lines.

    `process`: sudo's and cron's commands, processes killed for want of memory, units that ended; `login`: sessions and
    attempts as sshd, su, PAM and logind tell them; `artefact`: cron tables replaced, a miner's pools and version;
    `mining_share`, `usage_metric`: what a miner logs of its work.
    """
    programs, turns = Programs(), Turns()
    number = 0
    for line in source.lines(LONGEST_LINE):
        if line.data in _BLANK:
            yield Structure(line.offset, line.length + line.newline)
            continue
        for piece in without_nul_run(line):
            number += 1
            record = Record(number, piece.offset, piece.length, piece.number, piece.newline)
            yield from _items(piece, record, programs, turns)
    yield from programs.rest()


def _text(data: bytes) -> tuple[str, bool]:
    text, whole = decoded(data)
    return text.removesuffix("\r"), whole


def _items(line: Line, record: Record, programs: Programs, turns: Turns) -> Iterator[Item]:
    if line.data is None or line.length > LONGEST_LINE:
        yield Reject(record, f"a line of {line.length} bytes (the limit is {LONGEST_LINE})")
        return
    text, whole = _text(line.data)
    if text.startswith("\0"):
        yield Reject(record, nul_reason(line.length))
        return
    header = turned(header_of(text), turns)
    if header is None:
        faulty = "\0" in text or not whole or record.number == 1
        yield Reject(record, "no syslog header") if faulty else Parsed(record)
        return
    yield Parsed(record)
    if header.program:
        notes = (UNDECODABLE,) * (not whole) + (NO_FINAL_NEWLINE,) * (not line.newline)
        yield from programs.take(_message(header, record, notes))


def _message(header: Header, record: Record, notes: tuple[str, ...]) -> Message:
    common = {**header.when, "host_name": header.host, "pid": header.pid}
    notes += (YEAR_UNKNOWN,) * bool(header.date)
    writer = (header.host, header.pid)
    return Message(header.program or "", header.message, record, common, writer, notes, {"date": header.date})
