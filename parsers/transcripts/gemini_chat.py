"""What the records of one Gemini CLI file have to know of one another."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

from parsers.contract import Row
from parsers.jsonparts import JsonPart
from parsers.source import Source
from parsers.transcripts.fields import name, rest, text, time_columns
from parsers.transcripts.gemini_pieces import call_piece, message_pieces, parts_of, result_piece, words_of
from parsers.transcripts.pieces import Piece, event_piece, new_piece
from parsers.transcripts.writer import CALL_ID_DERIVED, SESSION_DERIVED, Writer, derived_session

MESSAGE_TYPES = frozenset({"user", "gemini", "info", "error", "warning"})
_KINDS = {"subagent": "sub_agent"}
_TIMES = frozenset({"startTime", "lastUpdated"})


class Chat:
    """The sessions of one file, and what was in them before."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._writer = Writer()
        self._held: list[JsonPart] = []  # of a document, until its header is known
        self._session: str | None = None  # of the lines
        self._seen: set[bytes] = set()
        self._calls = 0
        self._open: dict[str, list[str]] = {}  # ids made here of calls by name, that wait for their answers

    def rows(self, part: JsonPart) -> Iterator[Row]:
        """Yield the rows of a line at once; those of a document when all of it was seen."""
        if self._held and self._held[0].document != part.document:
            yield from self._document()
        if part.key is not None or part.place is not None:
            self._held.append(part)
        else:
            yield from self._line(part)

    def finish(self) -> Iterator[Row]:
        """Yield what was held back, and the sessions."""
        if self._held:
            yield from self._document()
        yield from self._writer.finish()

    def _line(self, part: JsonPart) -> Iterator[Row]:
        line = part.value
        changed = line.get("$set")
        header = changed if isinstance(changed, dict) else line
        self._session = name(header.get("sessionId")) or self._session or derived_session(self._source)
        if isinstance(changed, dict):
            messages = changed.get("messages")
            pieces = [_set_piece(changed)]
            for message in messages if isinstance(messages, list) else []:
                pieces += self._element(message) if isinstance(message, dict) else []
        elif {"sessionId", "projectHash"} <= line.keys():
            pieces = [_set_piece(line) | {"native_type": "session"}]
        else:
            pieces = self._element(line)
        yield from self._write(part, self._session, pieces)
        self._describe(self._session, header)

    def _document(self) -> Iterator[Row]:
        held, self._held = self._held, []
        header = {part.key: part.value for part in held if part.key is not None and part.place is None}
        stated = name(header.get("sessionId"))
        session = stated or derived_session(self._source, held[0].document)
        self._open = {}
        for part in held:
            of = name(part.value.get("sessionId")) if part.place is not None else None
            pieces = self._element(part.value) if part.place is not None else _member_pieces(part.key, part.value)
            yield from self._write(part, of or session, pieces)
            self._describe(of or session, header)

    def _write(self, part: JsonPart, session: str | None, pieces: list[Piece]) -> Iterator[Row]:
        for piece in pieces:
            piece["is_replayed"] = piece.get("is_replayed", False) or self._is_repeated(session, piece)
            if piece["kind"] == "usage":
                piece["usage_is_primary"] = not piece["is_replayed"]
        yield from self._writer.write(part.record, session, pieces, notes=part.notes, hidden=part.hidden)

    def _is_repeated(self, session: str | None, piece: Piece) -> bool:
        """Tell whether this piece stood in the file before; a result may come again shortened."""
        identity = piece.get("native_id")
        if identity is None or piece["kind"] == "system_event":
            return False
        words = "" if piece["kind"] in ("tool_result", "usage") else piece["text"]
        same = f"{session}\n{identity}\n{piece['kind']}\n{piece.get('call_id')}\n{words}"
        digest = blake2b(same.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if digest in self._seen:
            return True
        self._seen.add(digest)
        return False

    def _element(self, value: dict[str, Any]) -> list[Piece]:
        """Return the pieces of a message, a prompt that was logged, a content of a checkpoint, or anything else."""
        if name(value.get("type")) in MESSAGE_TYPES and "content" in value:
            return message_pieces(value)
        if "messageId" in value and type(value.get("message")) is str:
            return [_prompt_piece(value)]
        if isinstance(value.get("parts"), list):
            return self._content_pieces(value, value["parts"])
        if type(value.get("$rewindTo")) is str:
            return [event_piece("rewind", None) | {"parent_id": name(value["$rewindTo"])}]
        kind = name(value.get("type"))
        piece = event_piece(kind, text(value.get("text")))
        piece["extra"] = rest(value, ("type", "text") if piece["text"] is not None and kind else ())
        return [piece]

    def _content_pieces(self, content: dict[str, Any], parts: list[Any]) -> list[Piece]:
        """Return the pieces of what was sent to the model or came from it."""
        by_model = content.get("role") == "model"
        pieces: list[Piece] = []
        for part in parts:
            fields = part if isinstance(part, dict) else {"text": part}
            asked, answered = fields.get("functionCall"), fields.get("functionResponse")
            if isinstance(asked, dict):
                pieces.append(self._call(asked))
            elif isinstance(answered, dict):
                pieces.append(self._answer(answered))
            else:
                words, others = words_of([part])
                kind = "reasoning" if fields.get("thought") is True else "message"
                role, author = ("assistant", "agent") if by_model else ("user", "human")
                pieces.append(new_piece(kind, role, author, None, words))
                pieces[-1]["extra"] = {"parts": others} if others else {}
        pieces = pieces or [new_piece("message", "assistant" if by_model else "user", "unknown", None, None)]
        pieces[0]["extra"] |= rest(content, ("role", "parts"))
        for piece in pieces:
            piece["native_type"] = f"content/{name(content.get('role'))}"
        return pieces

    def _call(self, asked: dict[str, Any]) -> Piece:
        tool = name(asked.get("name"))
        call = call_piece(name(asked.get("id")), tool, asked.get("args"))
        if call["call_id"] is None:
            self._calls += 1
            made = call["call_id"] = f"call-{self._calls}"
            call["notes"].append(CALL_ID_DERIVED)
            self._open.setdefault(tool or "", []).append(made)
        return call

    def _answer(self, answered: dict[str, Any]) -> Piece:
        tool, call = name(answered.get("name")), name(answered.get("id"))
        waiting = self._open.get(tool or "")
        if call is None and waiting:
            call = waiting.pop(0)
        words, others = parts_of([{"functionResponse": answered}])
        return result_piece(call, tool, words, others)

    def _describe(self, session: str | None, header: dict[Any, Any]) -> None:
        kind = name(header.get("kind"))
        self._writer.describe(
            session,
            agent_name="Gemini CLI",
            kind=_KINDS.get(kind or ""),
            title=text(header.get("summary")),
            notes=[SESSION_DERIVED] if session is not None and session.startswith("document-") else None,
        )


def _prompt_piece(value: dict[str, Any]) -> Piece:
    """Return a line of `logs.json`: what a person typed stands in the chat too, with its place in the session."""
    piece = new_piece("message", "user", "human", f"log/{name(value.get('type'))}", value["message"])
    piece |= {"native_id": str(value["messageId"]), "is_replayed": True} | (time_columns(value.get("timestamp")) or {})
    piece["extra"] = rest(value, ("sessionId", "messageId", "type", "message", "timestamp"))
    return piece


def _set_piece(changed: dict[str, Any]) -> Piece:
    piece = event_piece("set", text(changed.get("summary")))
    piece |= time_columns(changed.get("lastUpdated", changed.get("startTime"))) or {}
    piece["extra"] = rest(changed, ("sessionId", "messages", "summary"))
    return piece


def _member_pieces(key: str | None, value: Any) -> list[Piece]:
    """Return one member of a chat's document beside its messages."""
    piece = event_piece(key, text(value))
    if key in _TIMES:
        piece |= time_columns(value) or {}
    if piece["text"] is None and value is not None:
        piece["extra"] = {key or "value": value}
    return [piece]
