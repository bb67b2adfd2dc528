"""Gemini CLI sessions: chats (one document, or lines), its log of prompts, and saved checkpoints.

Source of the format: google-gemini/gemini-cli, packages/core/src/services/chatRecordingTypes.ts and
chatRecordingService.ts (`chats/session-*.json` and `.jsonl`), core/logger.ts (`logs.json`, `checkpoint-*.json`).
One record is one message, one line, or one other member of a document.

What the log of prompts holds stands in the chats too, and is marked `is_replayed`.
A chat in lines writes a message again whenever it grows, and may write its whole history again (`$set`): `is_replayed`
is on every piece that stood before. What a rewind (`$rewindTo`) left behind stays: it was said and done.
A call has the time of its message, its result that of the tool call's record, which is written when it has ended.
Thoughts are counted beside the output (note `reasoning_beside_output`), what came from the cache within the input.
Checkpoints name no session (note `session_id_derived`) and have no times; calls in them may have no ids (note
`call_id_by_order`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from parsers.contract import Format, Grade, Item, Parsed, Reject
from parsers.jsonlines import kind_of
from parsers.jsonparts import JsonPart, head_parts, lists, parts
from parsers.source import Source
from parsers.transcripts.fields import name
from parsers.transcripts.gemini_chat import MESSAGE_TYPES, Chat
from parsers.transcripts.writer import CARRIED

FORMAT = Format(
    name="gemini_cli",
    title="Gemini CLI session",
    tables=("session", "transcript"),
    signature=True,
    carried=(*CARRIED, "usage_is_primary", "kind", "notes"),
    version=3,
)

_OPENED = lists("messages", "history", "clientHistory", whole=True)
_CHAT = frozenset({"sessionId", "projectHash"})
_MESSAGE = frozenset({"id", "type", "content"})
_PROMPT = frozenset({"sessionId", "messageId", "type", "message"})
_BEGINNING = re.compile(rb'\s*\{\s*"sessionId"\s*:\s*"[^"]{1,200}"\s*,\s*"projectHash"\s*:\s*"')


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001 - names lie
    """STRONG for chats and logs of prompts, which name their session; PROBABLE for contents of a checkpoint."""
    if _BEGINNING.match(head):
        return Grade.STRONG
    members = head_parts(head, _OPENED)
    keys = {member.key for member in members}
    messages = [member.value for member in members if member.key == "messages" and member.place is not None]
    if keys >= _CHAT and (not messages or _most(messages, _is_message)):
        return Grade.STRONG
    whole = [member.value for member in members if member.key is None]
    if whole and _most(whole, _is_prompt):
        return Grade.STRONG
    if whole and any(_is_header(value) for value in whole[:1]):
        return Grade.STRONG
    contents = [member.value for member in members if member.key in (None, "history", "clientHistory")]
    if contents and _most(contents, _is_content):
        return Grade.PROBABLE
    # the header of the session may lie behind the messages, or before what was kept of the file
    typed = messages or whole
    return Grade.PROBABLE if typed and _most(typed, _is_message) else Grade.NONE


def _most(values: list[Any], test: Callable[[Any], bool]) -> bool:
    return sum(map(test, values)) * 2 > len(values)


def _is_header(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() >= _CHAT


def _is_prompt(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() >= _PROMPT and type(value["messageId"]) is int


def _is_message(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    if value.keys() == {"$set"} or value.keys() == {"$rewindTo"}:
        return True
    return value.keys() >= _MESSAGE and name(value["type"]) in MESSAGE_TYPES and "timestamp" in value


def _is_content(value: Any) -> bool:
    return isinstance(value, dict) and value.get("role") in ("user", "model") and isinstance(value.get("parts"), list)


def read(source: Source) -> Iterator[Item]:
    """Yield `transcript` rows for what was said, thought, called, answered and used, then `session` rows."""
    chat = Chat(source)
    for item in parts(source, _OPENED):
        if not isinstance(item, JsonPart):
            yield item
        elif (item.key is None or item.place is not None) and not isinstance(item.value, dict):
            yield Reject(item.record, f"a JSON {kind_of(item.value)} where an object was expected")
        else:
            yield Parsed(item.record)
            yield from chat.rows(item)
    yield from chat.finish()
