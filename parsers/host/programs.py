"""From what a program logged to rows, whichever log carried it; sudo's commands that take several messages."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from typing import Any, NamedTuple

from parsers.contract import Record, Row
from parsers.host import machine, sessions, sudo
from parsers.host.miner import of_miner
from parsers.host.said import Said

REPEATED = "repeated_message"  # one line stands for several events

HELD_RECORDS = 100  # a command's next part comes at once; other programs may write between

_REPEATED = re.compile(r"message repeated (\d{1,9}) times: \[ ?(.*)\]", re.DOTALL | re.ASCII)
_READERS = {**sessions.READERS, **machine.READERS, "sudo": sudo.command_of}


class Message(NamedTuple):
    """One message of a program. `common` are the columns that the log gives; `writer` tells two processes apart."""

    program: str
    text: str
    record: Record
    common: Mapping[str, Any]
    writer: Hashable
    notes: tuple[str, ...] = ()
    extra: Mapping[str, Any] = {}


class _Begun(NamedTuple):
    said: Said
    message: Message
    also: tuple[Record, ...] = ()


def said(program: str, text: str) -> Said | None:
    """Return what a text of `program` tells, None where it tells nothing that a table holds."""
    repeated = _REPEATED.fullmatch(text)
    text = (repeated[2] if repeated else text).lstrip(" ")
    reader = _READERS.get(program) or _READERS.get(program.lower())
    found = sessions.of_pam(text) or (reader(text) if reader else None)
    if found and repeated:
        return found.noting(REPEATED, repeated=int(repeated[1]))
    return found


def _row(found: Said, message: Message, also: tuple[Record, ...] = (), part: int = 0) -> Row:
    values = found.noting(*message.notes, **message.extra).row(message.common)
    return Row(found.table, message.record, values, part, also)


class Programs:
    """One pass over a log: commands of sudo wait for their further messages, everything else is a row at once."""

    def __init__(self) -> None:
        self._begun: dict[Hashable, _Begun] = {}

    def take(self, message: Message) -> Iterator[Row]:
        """Take one message and yield the rows that are whole by now."""
        yield from self._ripe(message.record.number)
        further = sudo.continued(message.text) if message.program == "sudo" else None
        if further:
            yield from self._continue(message, *further)
            return
        found = said(message.program, message.text)
        if found and found.values.get("kind") == "sudo":
            user = (message.writer, found.values["user_name"])
            yield from self._end(user)
            self._begun[user] = _Begun(found, message)
        elif found:
            yield _row(found, message)
        else:
            for part, line in enumerate(of_miner(message.text, message.common)):
                yield _row(line, message, part=part)

    def rest(self) -> Iterator[Row]:
        """Yield what is left at the end of the log."""
        for user in list(self._begun):
            yield from self._end(user)

    def _continue(self, message: Message, user: str, text: str) -> Iterator[Row]:
        begun = self._begun.get((message.writer, user))
        if begun:
            whole = sudo.joined(begun.said, text)
            self._begun[message.writer, user] = _Begun(whole, begun.message, (*begun.also, message.record))
        else:
            yield _row(sudo.alone(user, text), message)

    def _ripe(self, record: int) -> Iterator[Row]:
        for user, begun in list(self._begun.items()):
            if begun.message.record.number + HELD_RECORDS > record:
                return
            yield from self._end(user)

    def _end(self, user: Hashable) -> Iterator[Row]:
        begun = self._begun.pop(user, None)
        if begun:
            yield _row(begun.said, begun.message, begun.also)
