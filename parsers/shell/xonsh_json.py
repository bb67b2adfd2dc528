"""xonsh history as JSON (`~/.local/share/xonsh/history_json/xonsh-<session>.json`), one file a session.

Source of the format: xonsh/xonsh xonsh/history/json.py and xonsh/lib/lazyjson.py: an index of places, then the data
with the commands, the environment and the session's times.

The record is the file; each command in it is a row. The environment stays in the file: it may hold secrets.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from parsers.cloud.fields import member
from parsers.contract import Format, Grade, Item, Parsed, Record, Reject, Row, Structure
from parsers.jsondocument import MAX_DOCUMENT_BYTES
from parsers.jsonlines import json_record
from parsers.jsontext import JsonFault, decode
from parsers.shell.xonsh import row_of
from parsers.source import Source
from parsers.transcripts.fields import integer, text

FORMAT = Format(name="xonsh_json", title="xonsh history (JSON)", tables=("process",), signature=True)

_MARKS = (b'{"locs":', b'"index":', b'"offsets":')


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where a head begins with the index that xonsh writes before its data."""
    start = head[:4096].lstrip(b" \r\n")
    return Grade.STRONG if start.startswith(_MARKS[0]) and all(mark in start for mark in _MARKS) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one `process` row a command."""
    with source.open() as stream:
        data = stream.read(MAX_DOCUMENT_BYTES + 1)
        length = len(data)
        while length > MAX_DOCUMENT_BYTES and (more := len(stream.read(MAX_DOCUMENT_BYTES))):
            length += more
    if length > MAX_DOCUMENT_BYTES:
        yield Reject(Record(1, 0, length, 1), f"a document of {length} bytes (the limit is {MAX_DOCUMENT_BYTES})")
    elif data.strip(b" \t\r\n"):
        yield from _items(data)
    elif data:
        yield Structure(0, len(data))


def _items(data: bytes) -> Iterator[Item]:
    try:
        piece = decode(data)
    except JsonFault as fault:
        yield Reject(Record(1, 0, len(data), 1), str(fault))
        return
    if piece.begin:
        yield Structure(0, piece.begin)
    line = data.count(b"\n", 0, piece.begin) + 1
    record = Record(1, piece.begin, piece.length, line, len(data) - piece.begin - piece.length)
    value = json_record(record, piece).value if isinstance(piece.value, dict) else {}
    commands = member(value, "data", "cmds")
    if not isinstance(commands, list):
        yield Reject(record, "no list of commands")
        return
    yield Parsed(record)
    session = text(member(value, "data", "sessionid"))
    for part, command in enumerate(commands):
        if isinstance(command, dict) and type(command.get("inp")) is str:
            yield Row("process", record, _row(command, session), part)


def _row(command: dict[str, Any], session: str | None) -> dict[str, Any]:
    stamps = command.get("ts")
    begun, ended = stamps if isinstance(stamps, list) and len(stamps) == 2 else (None, None)
    told = {"session": session, "output": text(command.get("out"))}
    code = integer(command.get("rtn"))
    return row_of(command["inp"], _seconds(begun), _seconds(ended), code, text(command.get("cwd")), told)


def _seconds(value: Any) -> Decimal | None:
    return Decimal(value) if type(value) is int or isinstance(value, Decimal) else None
