"""Claude Code session files (JSON lines), also those of its sub-agents.

Source of the format: files written by Claude Code 1.0 to 2.1 (`~/.claude/projects/<folder>/<session>.jsonl`,
`agent-<id>.jsonl`, `<session>/subagents/agent-<id>.jsonl` with its `agent-<id>.meta.json`); it is not documented by
its maker. An answer too large for the session is kept as text beside it (note `persisted_output`).
One record is one JSON object; two on one line (concurrent writers) are two records.

A sub-agent's session is called `<session>/agent-<agent id>`, or `<session>/sidechain` in versions that wrote no agent
id. Its messages stand in a file of its own, in the parent's `progress` lines, or both: the same `native_id`,
`message_id` and `call_id` in two sources are one piece.
Usage is repeated with every content block: `usage_is_primary` is on the last one of a response in this file.
`is_replayed` is on a record whose id and content stood in the file before, on records that name the session they were
forked from, and on the summary that takes the place of compacted context.
Summaries, snapshots of files and the like have neither time nor session: both stay unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from parsers.contract import Format, Grade, Item, Parsed
from parsers.jsonlines import JsonRecord, first_values, records
from parsers.source import Source
from parsers.transcripts.claude_lines import is_agent_meta
from parsers.transcripts.claude_reader import TITLES, Reader
from parsers.transcripts.fields import name

FORMAT = Format(
    name="claude_code",
    title="Claude Code session",
    tables=("session", "transcript"),
    signature=True,
    version=3,
    carried=(
        "seq",
        "is_replayed",
        "usage_is_primary",
        "tool_name",
        "tool_class",
        "pids",
        "parent_session_id",
        "title",
        "model",
        "approval_policy",
        "ts",
        "ts_local",
        "ts_end",
        "ts_end_local",
        "ts_precision_us",
    ),
)

_CONVERSATION = frozenset({"user", "assistant", "system", "progress", "attachment"})
_BEGINNING = re.compile(rb'\s*\{\s*"(?:parentUuid|isSidechain|sessionId|type|uuid|timestamp|userType|cwd)"\s*:')
_KEYS_BEFORE_CONTENT = (b'"sessionId"', b'"isSidechain"')


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001 - names lie
    """STRONG where lines are Claude Code's: session and record ids beside a message, or its own side records."""
    found = first_values(head)
    ours = sum(_is_ours(value) for value in found.values)
    others = len(found.values) - ours + found.faults
    if ours and ours >= others:
        return Grade.STRONG
    if not ours and not others and _BEGINNING.match(found.cut):
        before_message = found.cut.partition(b'"message"')[0]
        if all(key in before_message for key in _KEYS_BEFORE_CONTENT):
            return Grade.STRONG
    return Grade.NONE


def _is_ours(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    kind = name(value.get("type"))
    if is_agent_meta(value):
        return True
    if kind in _CONVERSATION and {"sessionId", "uuid"} <= value.keys():
        message = value.get("message")
        return (
            "content" in message
            if isinstance(message, dict)
            else bool({"data", "subtype", "attachment"} & value.keys())
        )
    return (
        (kind == "summary" and {"summary", "leafUuid"} <= value.keys())
        or (kind == "file-history-snapshot" and {"messageId", "snapshot"} <= value.keys())
        or (kind == "queue-operation" and {"operation", "sessionId"} <= value.keys())
        or (kind in TITLES and {TITLES[kind], "sessionId"} <= value.keys())
    )


def read(source: Source) -> Iterator[Item]:
    """Yield `transcript` rows for every block, usage and event, then one `session` row for each session."""
    reader = Reader()
    for item in records(source):
        if isinstance(item, JsonRecord):
            yield Parsed(item.record)
            yield from reader.rows(item)
        else:
            yield item
    yield from reader.finish()
