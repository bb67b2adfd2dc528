"""mini-swe-agent trajectories (`<instance>.traj.json`), all versions.

Source of the format: mini-swe-agent's documentation of output files and its agents, models and serialisation of
versions 1.0 to 2.4; `trajectory_format` `mini-swe-agent-1` and `-1.1`, and the bare list of messages before them.
One record is one message, or one other member of the document (`info`, `trajectory_format`, `instance_id`).

Version 1 has one command in a fenced block of each answer, and the result in the next message, with its exit code in a
tag; version 2 states both in fields, with tool calls or without. Calls without ids get them from their order (note
`call_id_by_order`), runs from their bytes (note `session_id_derived`).
Messages of version 2 say when they were made. In version 1 only the model's responses do, in whole seconds (note
`time_of_response`); what else was said has no time.
How the run ended, and of which limit, stands in `info` and, in version 2, in a last message of the role `exit`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from parsers.contract import Format, Grade, Item, Parsed, Reject, Row
from parsers.jsonlines import kind_of
from parsers.jsonparts import JsonPart, head_parts, lists, parts
from parsers.source import Source
from parsers.transcripts.fields import name
from parsers.transcripts.mini_messages import COMMAND, RETURN_CODE, Thread, other_pieces
from parsers.transcripts.pieces import Piece
from parsers.transcripts.writer import CARRIED, SESSION_DERIVED, Writer, derived_session

FORMAT = Format(
    name="mini_swe_agent",
    title="mini-swe-agent trajectory",
    tables=("session", "transcript"),
    signature=True,
    line_based=False,
    version=5,
    carried=(*CARRIED, "kind", "role", "author", "notes", "exit_code", "usage_is_primary"),
)

_OPENED = lists("messages")
_MARK = "mini-swe-agent"
_INFO = frozenset({"mini_version", "config"})
_BEGINNING = re.compile(rb'\s*\{\s*"info"\s*:\s*\{\s*"(?:exit_status|submission|model_stats|config|mini_version)"\s*:')


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001 - names lie
    """STRONG where the document says so or its `info` is of this kind, PROBABLE for a bare list of such messages."""
    members = head_parts(head, _OPENED)
    for member in members:
        value = member.value
        if member.key == "trajectory_format":
            return Grade.STRONG if isinstance(value, str) and value.startswith(_MARK) else Grade.NONE
        if member.key == "info" and isinstance(value, dict) and "model_stats" in value and _INFO & value.keys():
            return Grade.STRONG
    if members and members[0].key is None:
        return Grade.PROBABLE if _is_bare([member.value for member in members]) else Grade.NONE
    return Grade.PROBABLE if not members and _BEGINNING.match(head) else Grade.NONE


def _is_bare(messages: list[Any]) -> bool:
    """Tell whether a list holds messages, a command among them and its result behind it."""
    ours = [message for message in messages if isinstance(message, dict) and {"role", "content"} <= message.keys()]
    if len(ours) * 2 <= len(messages):
        return False
    return any(
        said["role"] == "assistant"
        and isinstance(said["content"], str)
        and len(COMMAND.findall(said["content"])) == 1
        and answered["role"] == "user"
        and isinstance(answered["content"], str)
        and RETURN_CODE.match(answered["content"]) is not None
        for said, answered in pairwise(ours)
    )


def read(source: Source) -> Iterator[Item]:
    """Yield `transcript` rows for messages, calls, results, usage and the end of each run, then `session` rows."""
    writer = Writer()
    thread, top = Thread(), -1
    beside: list[JsonPart] = []  # of how a run ended is told after its messages, wherever the document says it
    for item in parts(source, _OPENED):
        if not isinstance(item, JsonPart):
            yield item
            continue
        if item.place is not None and not isinstance(item.value, dict):
            yield Reject(item.record, f"a JSON {kind_of(item.value)} where an object was expected")
            continue
        yield Parsed(item.record)
        if item.document != top:
            yield from _ended(writer, source, beside)
            thread, top, beside = Thread(), item.document, []
        if item.place is None:
            beside.append(item)
        else:
            yield from _written(writer, source, item, thread.pieces(item.value))
    yield from _ended(writer, source, beside)
    yield from writer.finish()


def _ended(writer: Writer, source: Source, beside: list[JsonPart]) -> Iterator[Row]:
    for part in beside:
        yield from _written(writer, source, part, other_pieces(part.key, part.value))


def _written(writer: Writer, source: Source, part: JsonPart, pieces: list[Piece]) -> Iterator[Row]:
    session = derived_session(source, part.document)
    yield from writer.write(part.record, session, pieces, notes=part.notes, hidden=part.hidden)
    writer.describe(session, agent_name="mini-swe-agent", notes=[SESSION_DERIVED], **_described(part))


def _described(part: JsonPart) -> dict[str, Any]:
    """Return what a part tells of the whole run."""
    if part.key == "instance_id":
        return {"title": name(part.value)}
    if part.key != "info" or not isinstance(part.value, dict):
        return {}
    config = part.value.get("config")
    settings = config if isinstance(config, dict) else {}
    model, environment = (settings.get(key) for key in ("model", "environment"))
    return {
        "agent_version": name(part.value.get("mini_version")),
        "model": name(model.get("model_name")) if isinstance(model, dict) else None,
        "cwd": (name(environment.get("cwd")) or None) if isinstance(environment, dict) else None,
    }
