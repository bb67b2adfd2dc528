"""Claude Code's list of a project's sessions (`~/.claude/projects/<folder>/sessions-index.json`).

Source of the format: files written by Claude Code 2.1; it is not documented by its maker.
One entry is one record and one `session` row. Entries outlive the sessions' files, which are deleted after a month: a
session that stands here alone was there. The first prompt, where it is kept, stays in `extra`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.contract import Format, Grade, Item, Parsed, Row
from parsers.jsondocument import document_records
from parsers.jsonlines import JsonRecord
from parsers.jsonparts import head_parts, lists
from parsers.jsontext import compact
from parsers.source import Source
from parsers.transcripts.fields import name, rest, text, time_columns

FORMAT = Format(
    name="claude_index",
    title="Claude Code list of sessions",
    tables=("session",),
    signature=True,
)

LISTS = frozenset({"entries"})
_ENTRY = frozenset({"sessionId", "fullPath", "fileMtime"})


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001 - names lie
    """STRONG where the entries name a session, its file and when that was changed."""
    members = head_parts(head, lists(*LISTS))
    entries = [member.value for member in members if member.key in LISTS and member.place is not None]
    ours = sum(isinstance(entry, dict) and entry.keys() >= _ENTRY for entry in entries)
    return Grade.STRONG if ours and ours * 2 >= len(entries) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield a `session` row for each entry that names one."""
    for item in document_records(source, LISTS):
        if not isinstance(item, JsonRecord):
            yield item
            continue
        yield Parsed(item.record)
        columns = _columns(item.value)
        if columns["session_id"] is not None:
            yield Row("session", item.record, columns | {"notes": list(item.notes) or None})


def _columns(entry: dict[str, Any]) -> dict[str, Any]:
    mapped = {"sessionId", "projectPath", "isSidechain"}
    title = text(entry.get("customTitle")) or text(entry.get("summary"))
    mapped |= {key for key in ("customTitle", "summary") if title is not None and entry.get(key) == title}
    columns: dict[str, Any] = {
        "session_id": name(entry.get("sessionId")),
        "kind": "sub_agent" if entry.get("isSidechain") is True else "root",
        "agent_name": "Claude Code",
        "title": title,
        "cwd": name(entry.get("projectPath")),
    }
    if (created := time_columns(entry.get("created"))) is not None:
        columns |= created
        mapped.add("created")
    modified = time_columns(entry.get("modified"))
    if created is not None and modified is not None and created.keys() == modified.keys():
        columns |= {"ts_end": modified.get("ts"), "ts_end_local": modified.get("ts_local")}
        mapped.add("modified")
    left = rest(entry, mapped)
    return columns | {"extra": compact(left) if left else None}
