"""OpenHands event logs, of both generations: events of version 0 (also in evaluation output) and of the agent SDK.

Source of the format: OpenHands' `openhands/events` (actions, observations, their serialisation; output of evaluation)
and `openhands.sdk.event` of its software agent SDK (persisted events, documentation of the event system).
One record is one event: an element of a trajectory or of `history` (in older output a pair of action and observation),
a line, or the whole of a file that holds a single event; and one other member of an evaluation's object.

Times are printed without zone: `ts_local`. Calls are paired with results by the tool call's id, by the action's id
where there is none. No event names its conversation: the id is made from the bytes of the file (note
`session_id_derived`), and a file of a single event tells of no session at all (note `file_of_one_event`): its folder
does, which is not the parser's to know.
Usage is that of each response where events hold it; where only running totals are told, the last of them counts
(note `running_total`). An exit code of -1 stands for a command that has not ended (note `still_running`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from parsers.contract import HEAD_BYTES, Format, Grade, Item, Parsed, Reject
from parsers.jsonlines import kind_of
from parsers.jsonparts import JsonPart, head_parts, lists, parts
from parsers.source import Source
from parsers.transcripts.fields import name
from parsers.transcripts.openhands_log import Log
from parsers.transcripts.writer import CARRIED

FORMAT = Format(
    name="openhands",
    title="OpenHands event log",
    tables=("session", "transcript"),
    signature=True,
    carried=(*CARRIED, "usage_is_primary", "host_name", "user_name", "seq"),
    version=4,
)

LISTS = frozenset({"history", "trajectory"})
_OPENED = lists(*LISTS, whole=True)
_SOURCES = frozenset({"agent", "user", "environment", "hook"})
_KINDS = ("Event", "Observation", "Condensation", "CondensationRequest")
_BEGINNING = re.compile(
    rb'\s*(?:\[\s*)?\{\s*"id"\s*:\s*(?:\d{1,9}|"[0-9a-f-]{36}")\s*,\s*"timestamp"\s*:\s*"[0-9T:.+Z-]{10,40}"\s*,'
    rb'\s*"source"\s*:\s*"(?:agent|user|environment)"\s*,\s*"(?:message|system_prompt|llm_message|thought)"\s*:'
)


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001 - names lie
    """STRONG where most of what the head holds are events, or it begins as an event; PROBABLE for evaluation output."""
    members = head_parts(head, _OPENED)
    events = [member.value for member in members if member.key is None or member.key in LISTS]
    ours = sum(is_event(value) or _is_pair(value) for value in events)
    if events:
        return Grade.STRONG if ours * 2 > len(events) else Grade.NONE
    if _BEGINNING.match(head):
        return Grade.STRONG
    keys = {member.key: member.value for member in members}
    metadata = keys.get("metadata")
    told = isinstance(metadata, dict) and "agent_class" in metadata
    return Grade.PROBABLE if told and {"instance_id", "test_result"} <= keys.keys() else Grade.NONE


def is_event(value: Any) -> bool:
    """Tell whether a value is an event of either version."""
    if not isinstance(value, dict) or name(value.get("source")) not in _SOURCES or "timestamp" not in value:
        return False
    kind = name(value.get("kind"))
    if kind is not None:
        return "id" in value and kind.endswith(_KINDS)
    act, saw = name(value.get("action")), name(value.get("observation"))
    return "id" in value and ((act is not None and "args" in value) or (saw is not None and "extras" in value))


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(is_event(event) for event in value)


def read(source: Source) -> Iterator[Item]:
    """Yield `transcript` rows for what was said, called, answered and used, then `session` rows."""
    log = Log(source, is_single=_is_single(source))
    for item in parts(source, _OPENED):
        if not isinstance(item, JsonPart):
            yield item
        elif (item.key is None or item.place is not None) and not _holds_events(item.value):
            yield Reject(item.record, f"a JSON {kind_of(item.value)} where an object was expected")
        else:
            yield Parsed(item.record)
            yield from log.rows(item)
    yield from log.finish()


def _holds_events(value: Any) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and bool(value) and all(isinstance(event, dict) for event in value)
    )


def _is_single(source: Source) -> bool:
    """Tell whether a source is the file of one event, as both versions keep them."""
    with source.open() as stream:
        head = stream.read(HEAD_BYTES)
    members = head_parts(head, _OPENED)
    return len(members) == 1 and members[0].key is None and members[0].place is None and len(head) < HEAD_BYTES
