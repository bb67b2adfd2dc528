"""The samples of an Inspect AI log as sessions: their events, and what of their messages no event holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any

from parsers.contract import Record, Row
from parsers.jsonparts import JsonPart
from parsers.jsontext import compact
from parsers.transcripts.fields import name, rest, text
from parsers.transcripts.inspect_events import Sample, error_columns, event_pieces, limit_columns
from parsers.transcripts.inspect_messages import objects, pieces_of, usage_piece
from parsers.transcripts.pieces import Piece, close, event_piece
from parsers.transcripts.sessions import Sessions

SESSION_DERIVED = "session_id_derived"

_RAW = frozenset({"tools", "call"})
_REFERENCE = re.compile(r"attachment://([0-9a-f]{32})")


def sample_rows(found: list[JsonPart], about: Piece, sessions: Sessions) -> Iterator[Row]:
    """Yield the rows of one sample, in the order of its records."""
    texts = {str(item.path[1]): item for item in found if item.path[0] == "attachments" and len(item.path) == 2}
    known, rested = {}, {}
    for item in found:
        if item.path[0] != "attachments":
            needed: dict[str, Record] = {}
            known[item.record.number] = _with_attachments(item.value, texts, needed)
            rested[item.record.number] = tuple(needed.values())
    sample = Sample()
    sample.pool = [known[item.record.number] for item in found if _is_pooled(item)]
    given = {
        item.record.number: _event_pieces(known[item.record.number], sample) for item in found if _is_of(item, "events")
    }
    has_answers = any(piece["kind"] == "usage" for pieces in given.values() for piece in pieces)
    # events tell what happened; what stands elsewhere too is a copy, and of two copies the conversation's is the first
    for keys in (("messages",), ("message_pool", "events_data"), ("output",), ("input",)):
        for item in found:
            if item.path[0] in keys and (_is_pooled(item) or item.path[0] not in ("message_pool", "events_data")):
                value = known[item.record.number]
                given[item.record.number] = _message_pieces(str(keys[0]), value, sample, is_primary=not has_answers)
    session, is_derived = _session_of(found, known)
    members = {}
    for item in found:
        key = item.path[0]
        number = item.record.number
        if key == "error" and known[number] is not None:
            given[number] = [error_piece(known[number])]
        elif key == "limit" and isinstance(known[number], dict):
            limit = event_piece("limit", None)
            given[number] = [limit | limit_columns(known[number]) | {"extra": known[number]}]
        elif number not in given and key != "attachments" and known[number] is not None:
            members[".".join(str(step) for step in item.path)] = known[number]
        yield from rows_of(item, given.get(number, []), session, sessions, rested.get(number, ()))
    model = next((piece["model"] for pieces in given.values() for piece in pieces if piece.get("model")), None)
    notes = [SESSION_DERIVED] if is_derived else None
    extra = compact(rest(members, ("uuid",))) if members else None
    sessions.describe(session, **about, notes=notes, extra=extra)
    sessions.describe(session, model=model)


def _is_of(item: JsonPart, key: str) -> bool:
    return item.path[0] == key and len(item.path) == 2


def _is_pooled(item: JsonPart) -> bool:
    return _is_of(item, "message_pool") or (item.path[:2] == ("events_data", "messages") and len(item.path) == 3)


def _event_pieces(value: Any, sample: Sample) -> list[Piece]:
    if isinstance(value, dict):
        return event_pieces(value, sample)
    piece = event_piece("event", None)
    piece["extra"] = {"event": value}
    return [piece]


def _message_pieces(place: str, value: Any, sample: Sample, *, is_primary: bool) -> list[Piece]:
    """Return the messages of a sample's `messages`, `input` or `output`, those given before marked as copies."""
    usage: list[Piece] = []
    messages = objects([value])
    if place == "input":
        messages = [{"role": "user", "content": value, "source": "input"}] if type(value) is str else objects(value)
    elif place == "output":
        told = value if isinstance(value, dict) else {}
        messages = objects([choice.get("message") for choice in objects(told.get("choices"))])
        if isinstance(told.get("usage"), dict):
            usage = [usage_piece(told["usage"], name(told.get("model"))) | {"usage_is_primary": is_primary}]
            usage[0] |= {"is_replayed": not is_primary, "native_type": "output/usage"}
    pieces = []
    for message in messages:
        # one at a time: each stands for itself, not for a conversation from its start
        again = sample.said.is_copy(message, place)
        for piece in pieces_of(message, place):
            is_call = piece["kind"] == "tool_call" and piece.get("call_id") in sample.called
            pieces.append(piece | {"is_replayed": again or is_call})
    if place == "input":
        # what a solver makes of the dataset's message keeps its id, though it may read otherwise
        for piece in pieces:
            piece["native_id"] = None
    return [*pieces, *usage]


def _with_attachments(value: Any, texts: dict[str, JsonPart], needed: dict[str, Record]) -> Any:
    """Put long texts where references to them stand; take note of the records that they come from."""
    if type(value) is str:
        match = _REFERENCE.fullmatch(value)
        held = texts.get(match[1]) if match else None
        if match is None or held is None or type(held.value) is not str:
            return value
        needed[match[1]] = held.record
        return held.value
    if isinstance(value, list):
        return [_with_attachments(item, texts, needed) for item in value]
    if isinstance(value, dict):
        # what the harness sent along makes no rows
        left = _RAW if value.get("event") == "model" else frozenset()
        return {k: item if k in left else _with_attachments(item, texts, needed) for k, item in value.items()}
    return value


def _session_of(found: list[JsonPart], known: dict[int, Any]) -> tuple[str, bool]:
    """Return the sample's id: its own, or one made from what no other run of the task has: its first events."""
    own = next((name(item.value) for item in found if item.path == ("uuid",)), None)
    if own is not None:
        return own, False
    told = [known[item.record.number] for item in found if item.path[0] in ("id", "epoch", "input", "messages")]
    told += [known[item.record.number] for item in found if item.path == ("events", 0)]
    return "sample-" + sha256(compact(told).encode()).hexdigest()[:32], True


def rows_of(
    item: JsonPart, pieces: list[Piece], session: str | None, sessions: Sessions, also: Iterable[Record] = ()
) -> Iterator[Row]:
    """Yield the rows of one record's pieces; `also` names records that they rest on besides."""
    times = next((piece for piece in pieces if piece.get("ts") is not None), pieces[0] if pieces else {})
    seq = sessions.place(session, item.record, times, len(pieces))
    if item.hidden and pieces:
        pieces[0]["extra"]["duplicate_keys"] = [list(pair) for pair in item.hidden]
    for part, piece in enumerate(pieces):
        columns = {"session_id": session, "seq": seq + part, "is_replayed": False, **piece}
        columns["notes"] = [*item.notes, *columns["notes"]]
        close(columns)
        yield Row("transcript", item.record, columns, part, tuple(also))
    sessions.settle(len(pieces))


def error_piece(value: Any) -> Piece:
    """Return an error that ended a sample or a log."""
    told = value if isinstance(value, dict) else {}
    words = text(told.get("message")) if told else text(value)
    piece = event_piece("error", words)
    piece |= error_columns(words)
    piece["extra"] = rest(told, ("message",))
    return piece
