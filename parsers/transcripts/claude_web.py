"""Sessions of Claude Code on the web, as its service hands them out: `{"loglines": [...]}`.

Source of the format: answers of the service as tools that export them keep them; it is not documented by its maker.
One record is one element of `loglines`: the lines of a session file, often without ids of record and session.

A session that no line names gets its id from the bytes of the file (note `session_id_derived`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.contract import HEAD_BYTES, Format, Grade, Item, Parsed
from parsers.jsondocument import document_records
from parsers.jsonlines import JsonRecord
from parsers.jsonparts import head_parts, lists
from parsers.source import Source
from parsers.transcripts import claude_code
from parsers.transcripts.claude_reader import Reader
from parsers.transcripts.fields import name
from parsers.transcripts.writer import SESSION_DERIVED, derived_session

FORMAT = Format(
    name="claude_web",
    title="Claude Code session on the web",
    tables=("session", "transcript"),
    signature=True,
    carried=(*claude_code.FORMAT.carried, "session_id"),
)

LISTS = frozenset({"loglines"})
_SPOKEN = frozenset({"user", "assistant"})


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001 - names lie
    """STRONG where the elements of `loglines` are Claude's lines, PROBABLE where the first is longer than the head."""
    members = head_parts(head, lists(*LISTS))
    lines = [member.value for member in members if member.key in LISTS and member.place is not None]
    if lines:
        return Grade.STRONG if sum(map(_is_line, lines)) * 2 > len(lines) else Grade.NONE
    return Grade.PROBABLE if len(head) >= HEAD_BYTES and b'"loglines"' in head[:4096] else Grade.NONE


def _is_line(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return name(value.get("type")) not in _SPOKEN or isinstance(value.get("message"), dict)


def read(source: Source) -> Iterator[Item]:
    """Yield `transcript` rows for every block, usage and event, then one `session` row for each session."""
    reader = Reader()
    session = derived_session(source)
    for item in document_records(source, LISTS):
        if isinstance(item, JsonRecord):
            yield Parsed(item.record)
            yield from reader.rows(item._replace(value={"sessionId": session, **item.value}))
        else:
            yield item
    for row in reader.finish():
        derived = row.table == "session" and row.values["session_id"] == session
        yield row._replace(values={**row.values, "notes": [SESSION_DERIVED]}) if derived else row
