"""What Claude Code prints with `--output-format stream-json` (JSON lines): runs without a person at the keyboard.

Source of the format: Claude Code's documentation of headless mode and of the Agent SDK (SDKMessage); lines printed by
versions 1.0 to 2.1. One record is one JSON object.

The lines are those of a session file with other names, and have no times. Messages of a sub-agent name the call that
started it: its session is called `<session>/agent-<call id>`. The result at the end repeats the usage of the whole run,
which is not primary, and states its cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.contract import Format, Grade, Item, Parsed
from parsers.jsonlines import JsonRecord, first_values, records
from parsers.source import Source
from parsers.transcripts import claude_code
from parsers.transcripts.claude_reader import Reader
from parsers.transcripts.fields import name

FORMAT = Format(
    name="claude_stream",
    title="Claude Code stream-json output",
    tables=("session", "transcript"),
    signature=True,
    version=3,
    carried=claude_code.FORMAT.carried,
)

_NAMES = {
    "session_id": "sessionId",
    "parent_tool_use_id": "parentUuid",
    "tool_use_result": "toolUseResult",
    "claude_code_version": "version",
    "compact_metadata": "compactMetadata",
}
_SPOKEN = frozenset({"user", "assistant"})


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001 - names lie
    """STRONG where lines name a session and, for messages, the call that started them, or open and close a run."""
    found = first_values(head)
    ours = sum(_is_ours(value) for value in found.values)
    return Grade.STRONG if ours and ours * 2 >= len(found.values) + found.faults else Grade.NONE


def _is_ours(value: Any) -> bool:
    if not isinstance(value, dict) or name(value.get("session_id")) is None:
        return False
    kind = name(value.get("type"))
    if kind in _SPOKEN or kind == "stream_event":
        return "parent_tool_use_id" in value and isinstance(value.get("message", value.get("event")), dict)
    if kind == "system":
        return name(value.get("subtype")) == "init" and isinstance(value.get("tools"), list) and "mcp_servers" in value
    return kind == "result" and {"num_turns", "duration_api_ms"} <= value.keys()


def read(source: Source) -> Iterator[Item]:
    """Yield `transcript` rows for every block, usage and event, then one `session` row for each session."""
    reader = Reader()
    for item in records(source):
        if isinstance(item, JsonRecord):
            yield Parsed(item.record)
            yield from reader.rows(item._replace(value=_as_session_line(item.value)))
        else:
            yield item
    yield from reader.finish()


def _as_session_line(value: dict[str, Any]) -> dict[str, Any]:
    """Give a printed line the names that session files have."""
    line = {_NAMES.get(key, key): item for key, item in value.items()}
    caller = name(value.get("parent_tool_use_id"))
    if caller is not None and "isSidechain" not in line:
        line |= {"isSidechain": True, "agentId": caller}
    return line
