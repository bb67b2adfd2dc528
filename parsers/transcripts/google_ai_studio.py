"""Conversations of Google AI Studio, as the site saves them to a drive and exports them (`chunkedPrompt`).

Source of the format: files saved by aistudio.google.com; not documented by its maker.
One record is one member of the document; all of the conversation is one of them, `chunkedPrompt`.

Conversations name no session beside the file's own id, most have no times. The site counts tokens of each chunk; those
of what the model wrote are its output. Code that the model had run comes as a call with its result.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.contract import Format, Grade, Item, Parsed
from parsers.jsonparts import JsonPart, head_parts, lists, parts
from parsers.source import Source
from parsers.transcripts.fields import integer, name, rest, text, time_columns
from parsers.transcripts.gemini_pieces import words_of
from parsers.transcripts.pieces import Piece, event_piece, new_piece
from parsers.transcripts.writer import CALL_ID_DERIVED, CARRIED, SESSION_DERIVED, Writer, derived_session

FORMAT = Format(
    name="google_ai_studio",
    title="Google AI Studio conversation",
    tables=("session", "transcript"),
    signature=True,
    line_based=False,
    carried=CARRIED,
    version=3,
)

_OPENED = lists()
_TITLES = ("displayName", "title")
_CHUNK = (
    *("id", "role", "text", "parts", "isThought", "createTime", "executableCode", "codeExecutionResult"),
    "tokenCount",
)
_SPEAKERS = {"user": ("user", "human"), "model": ("assistant", "agent")}


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001 - names lie
    """STRONG where `chunkedPrompt` holds chunks or settings of a run stand before it."""
    members = {member.key: member.value for member in head_parts(head, _OPENED)}
    prompt = members.get("chunkedPrompt")
    if isinstance(prompt, dict):
        return Grade.STRONG if isinstance(prompt.get("chunks"), list) else Grade.NONE
    begun = b'"chunkedPrompt"' in head and b'"chunks"' in head
    return Grade.STRONG if begun and ("runSettings" in members or "createTime" in members) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield `transcript` rows for what was said, thought and run, then the `session` row."""
    writer = Writer()
    for item in parts(source, _OPENED):
        if not isinstance(item, JsonPart):
            yield item
            continue
        yield Parsed(item.record)
        session = derived_session(source, item.document)
        yield from writer.write(
            item.record, session, _pieces(item.key, item.value), notes=item.notes, hidden=item.hidden
        )
        model = item.value.get("model") if item.key == "runSettings" and isinstance(item.value, dict) else None
        title = text(item.value) if item.key in _TITLES else None
        writer.describe(session, agent_name="Google AI Studio", model=name(model), title=title, notes=[SESSION_DERIVED])
    yield from writer.finish()


def _pieces(key: str | None, value: Any) -> list[Piece]:
    if key == "chunkedPrompt" and isinstance(value, dict) and isinstance(value.get("chunks"), list):
        pieces = []
        for at, chunk in enumerate(value["chunks"], 1):
            if isinstance(chunk, dict):
                pieces += _chunk_pieces(chunk, f"chunk-{at}")
            else:
                pieces.append(event_piece("chunk", None) | {"extra": {"chunk": chunk}})
        pieces = pieces or [event_piece(key, None)]
        pieces[0]["extra"] |= rest(value, ("chunks",))
        return pieces
    if key == "systemInstruction" and isinstance(value, dict):
        words, others = words_of(value.get("parts", value.get("text")))
        if words is not None:
            piece = new_piece("message", "system", "harness", key, words)
            piece["extra"] = rest(value, ("parts", "text")) | ({"parts": others} if others else {})
            return [piece]
    piece = event_piece(key, text(value))
    if key in ("createTime", "updateTime"):
        piece |= time_columns(value) or {}
    if piece["text"] is None and value is not None:
        piece["extra"] = {key or "value": value}
    return [piece]


def _chunk_pieces(chunk: dict[str, Any], call_id: str) -> list[Piece]:
    """Return the pieces of one chunk: words or a thought, and code with what came of it; there is always one."""
    by_model = chunk.get("role") == "model"
    words, others = words_of(chunk["text"] if "text" in chunk else chunk.get("parts"))
    code, outcome = chunk.get("executableCode"), chunk.get("codeExecutionResult")
    pieces: list[Piece] = []
    if words is not None or others or not (isinstance(code, dict) or isinstance(outcome, dict)):
        role, author = _SPEAKERS.get(name(chunk.get("role")) or "", ("user", "unknown"))
        kind = "reasoning" if chunk.get("isThought") is True else "message"
        pieces.append(new_piece(kind, role, author, None, words))
    if isinstance(code, dict):
        call = new_piece("tool_call", "assistant", "agent", None, text(code.get("code")))
        call |= {"call_id": call_id, "tool_name": "code_execution", "tool_class": "code"}
        call["notes"].append(CALL_ID_DERIVED)
        call["extra"] = rest(code, ("code",))
        pieces.append(call)
    if isinstance(outcome, dict):
        answer = new_piece("tool_result", "tool", "tool", None, text(outcome.get("output")))
        state = name(outcome.get("outcome"))
        answer |= {"call_id": call_id, "is_error": state != "OUTCOME_OK" if state else None}
        answer["extra"] = rest(outcome, ("output",))
        pieces.append(answer)
    if by_model and integer(chunk.get("tokenCount")) is not None:
        usage = new_piece("usage", "assistant", "harness", None, None)
        usage |= {"content_state": None, "output_tokens": integer(chunk["tokenCount"]), "usage_is_primary": True}
        pieces.append(usage)
    pieces[0]["extra"] |= rest(chunk, _CHUNK if by_model else _CHUNK[:-1]) | ({"parts": others} if others else {})
    when = time_columns(chunk.get("createTime")) or {}
    for piece in pieces:
        piece["native_type"] = f"chunk/{name(chunk.get('role')) or 'unknown'}"
        piece["native_id"] = name(chunk.get("id"))
        piece.update(when)
    return pieces
