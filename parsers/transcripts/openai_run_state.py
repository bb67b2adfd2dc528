"""OpenAI Agents SDK run states: a paused or finished run written down to be taken up again.

Source of the format: openai-agents-python, src/agents/run_state.py (`$schemaVersion` 1.0 to 1.17), items.py (run items
around items of the Responses API).
One record is one item of a list of items or responses, or one other member of the state.

There are no times. The session is the conversation or the trace that the state names, else one made from the bytes
(note `session_id_derived`). A state holds most items several times: `is_replayed` is on all but the first, in the order
`generated_items`, `session_items`, `model_responses`. An approval that is awaited is a system event with the id of its
call.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from parsers.contract import Format, Grade, Item, Parsed, Row
from parsers.jsonparts import JsonPart, Opened, head_parts, parts
from parsers.jsontext import compact
from parsers.source import Source
from parsers.transcripts.fields import integer, name, rest, rest_of_counts
from parsers.transcripts.inspect_messages import objects
from parsers.transcripts.pieces import Piece, event_piece, new_piece
from parsers.transcripts.response_items import item_pieces
from parsers.transcripts.writer import CARRIED, SESSION_DERIVED, Writer, derived_session

FORMAT = Format(
    name="openai_run_state",
    title="OpenAI Agents SDK run state",
    tables=("session", "transcript"),
    signature=True,
    carried=(*CARRIED, "agent_name", "usage_is_primary", "notes", "extra"),
    version=3,
)

_LISTS = ("original_input", "generated_items", "session_items", "model_responses")
_OPENED = Opened(frozenset({(), *((key,) for key in _LISTS)}))
_VERSION = re.compile(r"\d{1,3}\.\d{1,3}")
_OURS = frozenset({"current_agent", "original_input", "generated_items", "model_responses"})
_COUNTS = ("input_tokens", "output_tokens", "total_tokens", "requests")
_APPROVAL = "tool_approval_item"
_RUN_ITEM = frozenset({"type", "raw_item", "agent", "output", "tool_name"})


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001 - names lie
    """STRONG where the version of the schema stands beside members of a run."""
    if b'"$schemaVersion"' not in head:
        return Grade.NONE
    found = [item for item in head_parts(head, _OPENED) if item.path]
    version = next((item.value for item in found if item.path == ("$schemaVersion",)), None)
    keys = {item.path[0] for item in found}
    known = type(version) is str and _VERSION.fullmatch(version) and _OURS & keys
    return Grade.STRONG if known else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield `transcript` rows for items, usage and the other members of each state, then the sessions."""
    found: list[JsonPart] = []
    for item in parts(source, _OPENED):
        if isinstance(item, JsonPart):
            yield Parsed(item.record)
            found.append(item)
        else:
            yield item
    writer = Writer()
    for document, members in groupby(found, lambda item: item.document):
        yield from _state_rows(list(members), derived_session(source, document), writer)
    yield from writer.finish()


def _state_rows(members: list[JsonPart], made: str, writer: Writer) -> Iterator[Row]:
    about = {item.path[0]: item.value for item in members if len(item.path) == 1}
    trace = about.get("trace")
    told = trace if isinstance(trace, dict) else {}
    session = name(about.get("conversation_id")) or name(told.get("id"))
    known = _Known()
    given = {
        item.record.number: _pieces(key, item, known)
        for key in (*_LISTS, "last_model_response", None)
        for item in members
        if _list_of(item) == key
    }
    for item in members:
        pieces = given[item.record.number]
        yield from writer.write(item.record, session or made, pieces, notes=item.notes, hidden=item.hidden)
    agent = about.get("current_agent")
    plain = {key: value for key, value in about.items() if value is not None and not isinstance(value, dict | list)}
    plain.pop("original_input", None)
    writer.describe(
        session or made,
        agent_name=name(agent.get("name")) if isinstance(agent, dict) else None,
        title=name(told.get("workflow_name")),
        notes=None if session else [SESSION_DERIVED],
        extra=compact(plain) if plain else None,
    )


def _list_of(item: JsonPart) -> str | None:
    """Return which list an item stands in; a text as the input is one too."""
    key = item.path[0] if item.path else None
    held = len(item.path) == 2 or key in ("original_input", "last_model_response")
    return str(key) if held and key in (*_LISTS, "last_model_response") else None


class _Known:
    """Items and responses that were met before."""

    def __init__(self) -> None:
        self._met: set[str] = set()

    def is_new(self, value: Any) -> bool:
        """Tell whether a value was not met before; take note of it."""
        written = compact(value)
        new = written not in self._met
        self._met.add(written)
        return new


def _pieces(key: str | None, item: JsonPart, known: _Known) -> list[Piece]:
    value = item.value
    if key in ("model_responses", "last_model_response") and isinstance(value, dict):
        return _response_pieces(value, known)
    if key == "original_input" and type(value) is str:
        return [new_piece("message", "user", "human", "original_input", value)]
    if key is None or not isinstance(value, dict):
        return _other_pieces(str(item.path[0]) if item.path else "state", value)
    pieces = item_pieces(value) if key == "original_input" else _run_item_pieces(value)
    new = known.is_new(value.get("raw_item", value) if name(value.get("type")) != _APPROVAL else value)
    return [piece | {"native_type": f"{key}/{piece['native_type']}", "is_replayed": not new} for piece in pieces]


def _run_item_pieces(value: dict[str, Any]) -> list[Piece]:
    raw, kind = value.get("raw_item"), name(value.get("type"))
    held = raw if isinstance(raw, dict) else {}
    if kind == _APPROVAL or not held:
        piece = event_piece(kind, None)
        piece["call_id"] = name(held.get("call_id")) or name(held.get("id"))
        piece["extra"] = rest(value, ("type",))
        return [piece]
    pieces = item_pieces(held)
    pieces[0]["extra"] |= rest(value, _RUN_ITEM)
    agent = value.get("agent")
    if isinstance(agent, dict) and agent:
        pieces[0]["extra"]["agent"] = agent.get("name") if agent.keys() == {"name"} else agent
    return pieces


def _response_pieces(value: dict[str, Any], known: _Known) -> list[Piece]:
    """Return the items of a model's response that are no copies, and its usage, which counts once."""
    pieces: list[Piece] = []
    for item in objects(value.get("output")):
        if known.is_new(item):
            pieces += [piece | {"native_type": f"model_response/{piece['native_type']}"} for piece in item_pieces(item)]
    usage = value.get("usage")
    if isinstance(usage, dict):
        into, out = _first(usage.get("input_tokens_details")), _first(usage.get("output_tokens_details"))
        pieces.append(
            new_piece("usage", "assistant", "harness", "model_response/usage", None)
            | {
                "content_state": None,
                "input_tokens": integer(usage.get("input_tokens")),
                "cached_input_tokens": integer(into.get("cached_tokens")),
                "output_tokens": integer(usage.get("output_tokens")),
                "reasoning_tokens": integer(out.get("reasoning_tokens")),
                "usage_is_primary": known.is_new(["usage", value]),
                "extra": rest_of_counts(usage, _COUNTS),
            }
        )
    ids = {"message_id": name(value.get("response_id")), "request_id": name(value.get("request_id"))}
    left = rest(value, ("output", "usage", "response_id", "request_id"))
    if not pieces or left:
        pieces.append(event_piece("model_response", None) | {"extra": left})
    return [piece | ids for piece in pieces]


def _first(value: Any) -> dict[str, Any]:
    """Return the details of usage, which the SDK keeps in a list of one."""
    held = value[0] if isinstance(value, list) and value else value
    return held if isinstance(held, dict) else {}


def _other_pieces(key: str, value: Any) -> list[Piece]:
    """Keep what is no item, where it says anything; single values are told of the session."""
    if not value or not isinstance(value, dict | list):
        return []
    piece = event_piece(f"state/{key}", None)
    piece["extra"] = value if isinstance(value, dict) else {"value": value}
    return [piece]
