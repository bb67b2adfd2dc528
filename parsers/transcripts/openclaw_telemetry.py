"""OpenClaw telemetry (JSON lines): what its telemetry plugins write down of messages, agents, tools and usage.

Source of the format: the plugins' event types (`message.in`, `message.out`, `agent.start`, `agent.end`, `tool.start`,
`tool.end`, `llm.usage`); later versions add `seq`, `ts`, prompts, and the conversation itself under `messages`.
One record is one event.

An agent's `messages` repeat its conversation from the start: only what an earlier event did not hold makes rows. They
know the ids of calls, their times and results, which the events of tools do not: of the two, the event is the copy
(`is_replayed`), whichever key of session it names. An event of a tool that no conversation holds is the call itself;
its end is found by order (note `call_id_by_order`), unless several of the tool were running. Messages that come in and
go out name a channel, not a session.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

from parsers.contract import Format, Grade, Item, Parsed, Record, Row
from parsers.jsonlines import JsonRecord, first_values, records
from parsers.jsontext import compact
from parsers.source import Source
from parsers.transcripts.fields import flag, microseconds, name, rest, text
from parsers.transcripts.inspect_messages import objects
from parsers.transcripts.openclaw_messages import (
    author_of,
    call_piece,
    class_of,
    failed,
    message_pieces,
    run_usage,
    stamp,
)
from parsers.transcripts.pieces import Piece, event_piece, new_piece
from parsers.transcripts.writer import CALL_ID_DERIVED, CARRIED, Writer

FORMAT = Format(
    name="openclaw_telemetry",
    title="OpenClaw telemetry",
    tables=("session", "transcript"),
    signature=True,
    carried=(*CARRIED, "author", "usage_is_primary", "agent_name", "provider", "notes"),
    version=2,
)

_TYPES = frozenset(
    {
        "message.in",
        "message.out",
        "message.sending",
        "agent.start",
        "agent.end",
        "tool.start",
        "tool.end",
        "llm.usage",
    }
)
_OWNERS = frozenset({"sessionKey", "channel", "agentId"})
_COMMON = frozenset({"type", "ts", "timestamp", "sessionKey", "success", "durationMs", "messages", "markdown"})
# of calls that run at once, any may be the one that ended
SEVERAL_OPEN = "several_calls_open"


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001 - names lie
    """STRONG where lines are such events and say whose they are."""
    found = first_values(head)
    ours = sum(_is_event(value) for value in found.values)
    return Grade.STRONG if ours and 2 * ours >= len(found.values) + found.faults else Grade.NONE


def _is_event(value: Any) -> bool:
    return isinstance(value, dict) and name(value.get("type")) in _TYPES and not _OWNERS.isdisjoint(value)


def read(source: Source) -> Iterator[Item]:
    """Yield `transcript` rows for events and for what is new in conversations, then the sessions."""
    held: list[JsonRecord] = []
    for item in records(source):
        if isinstance(item, JsonRecord):
            yield Parsed(item.record)
            held.append(item)
        else:
            yield item
    reader = _Reader(source, held)
    for item in held:
        yield from reader.rows(item)
    yield from reader.finish()


class _Reader:
    """What the events of a file have to know of one another: copies may stand before their originals."""

    def __init__(self, source: Source, held: list[JsonRecord]) -> None:
        self._writer = Writer()
        self._known: set[bytes] = set()  # messages of conversations
        self._copies: Counter[bytes] = Counter()  # calls and prompts that stand in conversations
        self._open: defaultdict[tuple[str | None, str | None], deque[tuple[str, bool]]] = defaultdict(deque)
        self._parents: dict[str, str] = {}
        self._source = source.id[:16]
        values = [item.value for item in held]
        incoming = [text(value.get("content")) for value in values if value.get("type") == "message.in"]
        self._received = {words for words in incoming if words}
        told: dict[bytes, dict[str, Any]] = {}  # conversations, each message once
        for value in values:
            for message in objects(value.get("messages")):
                told.setdefault(_digest(value.get("sessionKey"), message), message)
        self._copies.update(key for message in told.values() for key in _originals(message, self._received))
        self._has_usage = any(isinstance(message.get("usage"), dict) for message in told.values())
        self._said = {key for key in self._copies if key.startswith(b"said")}

    def rows(self, item: JsonRecord) -> Iterator[Row]:
        """Yield the rows of one event."""
        value = item.value
        kind, session = name(value.get("type")), name(value.get("sessionKey"))
        event = self._event(kind, value, session, item.record)
        pieces = [event | stamp(value.get("ts") or value.get("timestamp"))]
        spawned: list[str] = []
        for message in objects(value.get("messages")):
            digest = _digest(value.get("sessionKey"), message)
            if digest not in self._known:
                self._known.add(digest)
                pieces += message_pieces(message, self._received)
                spawned += _spawned(message)
        for document in objects(value.get("markdown")):
            digest = _digest(session, document)
            if digest not in self._known:
                self._known.add(digest)
                pieces.append(_document_piece(document))
        for piece in pieces:
            piece["is_sidechain"] = True if session and ":subagent:" in session else None
        yield from self._writer.write(item.record, session, pieces, notes=item.notes, hidden=item.hidden)
        self._describe(value, session)
        self._parents.update({child: session for child in spawned if session})

    def finish(self) -> Iterator[Row]:
        """Yield the sessions."""
        for child, parent in self._parents.items():
            self._writer.describe(child, parent_session_id=parent)
        yield from self._writer.finish()

    def _describe(self, value: dict[str, Any], session: str | None) -> None:
        kind = "sub_agent" if session and ":subagent:" in session else None
        answers = [message for message in objects(value.get("messages")) if message.get("role") == "assistant"]
        last = answers[-1] if answers else value
        told = {"model": name(last.get("model")), "provider": name(last.get("provider"))}
        self._writer.describe(session, kind=kind, agent_name=name(value.get("agentId")), **told)

    def _event(self, kind: str | None, value: dict[str, Any], session: str | None, record: Record) -> Piece:
        tool = name(value.get("toolName"))
        if kind == "tool.start":
            piece = call_piece(tool, value.get("params"), kind)
            copied = self._is_copy(b"call" + _digest(tool, value.get("params")))
            call = None if copied else f"{self._source}-{record.number}"
            self._open[(session, tool)].append((call or "", copied))
            piece |= {"call_id": call, "is_replayed": copied}
            piece["notes"] += [] if copied else [CALL_ID_DERIVED]
            mapped = {"toolName", "params"}
        elif kind == "tool.end":
            piece = new_piece("tool_result", "tool", "tool", kind, text(value.get("error")))
            waiting = self._open[(session, tool)]
            several = len(waiting) > 1
            call, copied = waiting.popleft() if waiting else ("", False)
            call = "" if several else call
            piece |= {"call_id": call or None, "tool_name": tool, "tool_class": class_of(tool), "is_replayed": copied}
            piece["notes"] += [CALL_ID_DERIVED] if call else [SEVERAL_OPEN] if several else []
            mapped = {"toolName"} | ({"error"} if piece["text"] is not None else set())
        elif kind == "agent.start" and text(value.get("prompt")) is not None:
            words = value["prompt"]
            piece = new_piece("message", "user", author_of(words, self._received), kind, words)
            # written down once before the conversation is known and once with it
            piece["is_replayed"] = self._is_known(b"said", session, words) or b"said" + _digest(words) in self._said
            mapped = {"prompt", "promptLength"}
        elif kind in ("message.in", "message.out", "message.sending"):
            is_in = kind == "message.in"
            words = text(value.get("content"))
            role, author = ("user", "human") if is_in else ("assistant", "agent")
            piece = new_piece("message", role, author, kind, words)
            piece["is_replayed"] = not is_in and words is not None and self._is_known(b"sent", value.get("to"), words)
            mapped = {"content", "contentLength"}
        elif kind == "llm.usage":
            piece = run_usage(value) | {"native_type": kind, "usage_is_primary": not self._has_usage}
            mapped = {"model", "inputTokens", "outputTokens", "cacheTokens", "costUsd"}
        else:
            piece = event_piece(kind, text(value.get("error")))
            mapped = {"error"} if piece["text"] is not None else set()
        piece |= failed(value)
        piece["duration_us"] = microseconds(value.get("durationMs"), unit_us=1000)
        left = rest(value, _COMMON | mapped)
        piece["extra"] |= left | ({"success": value["success"]} if flag(value.get("success")) is not None else {})
        return piece

    def _is_copy(self, key: bytes) -> bool:
        """Tell whether a conversation holds one more of these, and use it up."""
        if self._copies[key] < 1:
            return False
        self._copies[key] -= 1
        return True

    def _is_known(self, what: bytes, *told: Any) -> bool:
        key = what + _digest(*told)
        known = key in self._known
        self._known.add(key)
        return known


def _digest(*told: Any) -> bytes:
    return blake2b(compact(list(told)).encode(), digest_size=16).digest()


def _originals(message: dict[str, Any], received: set[str]) -> Iterator[bytes]:
    """Yield what a message of a conversation has in common with an event that tells the same."""
    for piece in message_pieces(message, received):
        if piece["kind"] == "message" and piece["role"] == "user" and piece["text"]:
            yield b"said" + _digest(piece["text"])
    content = message.get("content")
    for part in objects(content):
        if part.get("type") == "toolCall":
            yield b"call" + _digest(name(part.get("name")), part.get("arguments"))


def _spawned(message: dict[str, Any]) -> list[str]:
    """Return the session that a result says was begun."""
    details = message.get("details")
    child = name(details.get("childSessionKey")) if isinstance(details, dict) else None
    return [child] if child else []


def _document_piece(document: dict[str, Any]) -> Piece:
    """Return a file of the workspace that was given to the agent; who wrote it is not said."""
    piece = new_piece("message", "system", "unknown", "agent.end/markdown", text(document.get("content")))
    piece["extra"] = rest(document, ("content",))
    return piece
