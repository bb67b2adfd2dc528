"""The samples of an Inspect AI log as sessions: their events, and what of their messages no event holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from parsers.contract import Record, Row
from parsers.jsonparts import JsonPart
from parsers.jsontext import compact
from parsers.transcripts.fields import name, rest, text
from parsers.transcripts.inspect_events import REJECTED, Sample, error_columns, event_pieces, limit_columns
from parsers.transcripts.inspect_messages import objects, pieces_of, usage_piece
from parsers.transcripts.pieces import Piece, event_piece
from parsers.transcripts.writer import SESSION_DERIVED, Writer

_RAW = frozenset({"tools", "call"})
_REFERENCE = re.compile(r"attachment://([0-9a-f]{32})")


def sample_rows(found: list[JsonPart], about: Piece, writer: Writer) -> Iterator[Row]:
    """Yield the rows of one sample, in the order of its records."""
    known, rested = _resolved(found)
    sample = Sample(pool=[known[item.record.number] for item in found if _is_pooled(item)])
    events = [item.record.number for item in found if _is_of(item, "events")]
    given = {number: _event_pieces(known[number], sample) for number in events}
    # the approval of a call may stand behind its result
    for piece in (piece for pieces in given.values() for piece in pieces if piece["kind"] == "tool_result"):
        if piece.get("call_id") in sample.rejected:
            piece["notes"].append(REJECTED)
    has_answers = any(piece["kind"] == "usage" for pieces in given.values() for piece in pieces)
    given |= _messages(found, known, sample, is_primary=not has_answers)
    given |= _endings(found, known)
    session, is_derived = _session_of(found, known)
    for item in found:
        number = item.record.number
        pieces, also = given.get(number, []), rested.get(number, ())
        yield from writer.write(item.record, session, pieces, notes=item.notes, hidden=item.hidden, also=also)
    others = {
        _name_of(item): known[item.record.number] for item in found if item.record.number in known.keys() - given.keys()
    }
    extra = rest(others, ("uuid",))
    notes = [SESSION_DERIVED] if is_derived else None
    writer.describe(session, **about, notes=notes, extra=compact(extra) if extra else None)
    models = (piece.get("model") for number in events for piece in given[number])
    sandbox = next((known[item.record.number] for item in found if item.path == ("sandbox",)), None)
    writer.describe(session, model=next(filter(None, models), None), sandbox_policy=sandbox_type(sandbox))


def sandbox_type(told: Any) -> str | None:
    """Return the kind of sandbox that a log or sample names."""
    return name(told.get("type")) if isinstance(told, dict) else name(told)


def _name_of(item: JsonPart) -> str:
    return ".".join(str(step) for step in item.path)


def _resolved(found: list[JsonPart]) -> tuple[dict[int, Any], dict[int, tuple[Record, ...]]]:
    """Return the values of a sample's records with its long texts put in, and the records that these come from."""
    texts = {str(item.path[1]): item for item in found if _is_of(item, "attachments")}
    known, rested = {}, {}
    for item in found:
        if item.path[0] != "attachments":
            needed: dict[str, Record] = {}
            known[item.record.number] = _with_attachments(item.value, texts, needed)
            rested[item.record.number] = tuple(needed.values())
    return known, rested


def _messages(
    found: list[JsonPart], known: dict[int, Any], sample: Sample, *, is_primary: bool
) -> dict[int, list[Piece]]:
    """Return the messages that stand outside of events: of two copies, that of the conversation is the first."""
    places = {
        "messages": [item for item in found if _is_of(item, "messages")],
        "message_pool": [item for item in found if _is_pooled(item)],
        "output": [item for item in found if item.path == ("output",)],
        "input": [item for item in found if item.path == ("input",)],
    }
    return {
        item.record.number: _message_pieces(place, known[item.record.number], sample, is_primary=is_primary)
        for place, items in places.items()
        for item in items
    }


def _endings(found: list[JsonPart], known: dict[int, Any]) -> dict[int, list[Piece]]:
    """Return the error and the limit that a sample ended with."""
    pieces = {}
    for item in found:
        value = known.get(item.record.number)
        if item.path == ("error",) and value is not None:
            pieces[item.record.number] = [error_piece(value)]
        elif item.path == ("limit",) and isinstance(value, dict):
            limit = event_piece("limit", None)
            pieces[item.record.number] = [limit | limit_columns(value) | {"extra": value}]
    return pieces


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


def error_piece(value: Any) -> Piece:
    """Return an error that ended a sample or a log."""
    told = value if isinstance(value, dict) else {}
    words = text(told.get("message")) if told else text(value)
    piece = event_piece("error", words)
    piece |= error_columns(words)
    piece["extra"] = rest(told, ("message",))
    return piece
