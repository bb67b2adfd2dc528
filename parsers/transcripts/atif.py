"""ATIF, the agent trajectory interchange format: Harbor's `trajectory.json`, and what other harnesses convert to it.

Source of the format: Harbor's RFC 0001 (trajectory format) and the models of the package `atif`, versions 1.0 to 1.8.
One record is one step, or one other member of a trajectory; so it is in trajectories of sub-agents inside another one.

A session is what `session_id` names, in the trajectory of a sub-agent `trajectory_id`; one that nothing names gets an
id from the bytes (note `session_id_derived`). Steps copied from an earlier trajectory (`is_copied_context`) are
replayed. The format has no time of results, no exit codes and no errors: they are read only from phrases that harnesses
fix. An agent without tools writes its calls into its words: they become calls, with the note `call_in_words`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from parsers.contract import Format, Grade, Item, Parsed, Row
from parsers.jsonparts import JsonPart, Opened, Path, head_parts, parts
from parsers.source import Source
from parsers.transcripts.atif_steps import final_piece, step_pieces
from parsers.transcripts.fields import name, rest
from parsers.transcripts.pieces import Piece, event_piece
from parsers.transcripts.writer import CARRIED, SESSION_DERIVED, Writer, derived_session

FORMAT = Format(
    name="atif",
    title="ATIF trajectory",
    tables=("session", "transcript"),
    signature=True,
    carried=(*CARRIED, "kind", "author", "agent_name", "notes", "extra"),
    version=4,
)

_MOST_LEVELS = 3
_SUB = "subagent_trajectories"
_LEVELS = [(_SUB, None) * depth for depth in range(_MOST_LEVELS)]
_OPENED = Opened(frozenset(path for level in _LEVELS for path in (level, (*level, "steps"), (*level, _SUB))))
_HINT = b'"ATIF-v'
_VERSION = re.compile(r"ATIF-v\d{1,3}\.\d{1,3}")
_SESSION = frozenset({"session_id", "trajectory_id", "schema_version"})


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001 - names lie
    """STRONG where the version says so, or where steps are of this kind and the version stands behind them."""
    if _HINT not in head and b'"step_id"' not in head:
        return Grade.NONE
    found = head_parts(head, _OPENED)
    for item in found:
        if item.path == ("schema_version",):
            return Grade.STRONG if type(item.value) is str and _VERSION.fullmatch(item.value) else Grade.NONE
    first = next((item.value for item in found if item.path == ("steps", 0)), None)
    is_step = isinstance(first, dict) and {"step_id", "source", "message"} <= first.keys()
    return Grade.STRONG if is_step else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield `transcript` rows for steps and the other members of each trajectory, then the sessions."""
    writer = Writer()
    held: list[JsonPart] = []
    for item in parts(source, _OPENED):
        if not isinstance(item, JsonPart):
            yield item
            continue
        if held and held[0].document != item.document:
            yield from _document_rows(held, source, writer)
            held = []
        yield Parsed(item.record)
        held.append(item)
    yield from _document_rows(held, source, writer)
    yield from writer.finish()


def _document_rows(held: list[JsonPart], source: Source, writer: Writer) -> Iterator[Row]:
    """Yield the rows of one trajectory and of those in it, in the order of their records."""
    about = {place: {item.path[-1]: item.value for item in found} for place, found in _by_place(held)}
    sessions: dict[Path, tuple[str, bool]] = {}
    for place in sorted({place for item in held for place in _enclosing(_place_of(item.path))}, key=len):
        sessions[place] = _session_of(place, about.get(place, {}), sessions, source, held[0].document)
    for item in held:
        place = _place_of(item.path)
        session, is_derived = sessions[place]
        pieces = _pieces(item, f"{source.id[:16]}-{item.record.number}")
        if place:
            pieces = [_handed_over(piece) for piece in pieces]
        yield from writer.write(item.record, session, pieces, notes=item.notes, hidden=item.hidden)
        notes = [SESSION_DERIVED] if is_derived else None
        writer.describe(session, **_described(about.get(place, {})), notes=notes)
        if place:
            writer.describe(session, kind="sub_agent", parent_session_id=sessions[place[:-2]][0])


def _handed_over(piece: Piece) -> Piece:
    """Return a piece of a sub-agent's session: its user is the agent that called it."""
    return piece | {"author": "agent"} if piece["author"] == "human" else piece


def _by_place(held: list[JsonPart]) -> list[tuple[Path, list[JsonPart]]]:
    """Return the members that are no steps, by the trajectory they are of."""
    members = [item for item in held if item.path and type(item.path[-1]) is str]
    ordered = sorted(members, key=lambda item: str(_place_of(item.path)))
    return [(place, list(found)) for place, found in groupby(ordered, lambda item: _place_of(item.path))]


def _place_of(path: Path) -> Path:
    """Return the path of the trajectory that a part belongs to."""
    depth = 0
    while path[depth : depth + 1] == (_SUB,) and len(path) > depth + 2:
        depth += 2
    return path[:depth]


def _enclosing(place: Path) -> list[Path]:
    return [place[:depth] for depth in range(0, len(place) + 1, 2)]


def _session_of(
    place: Path, members: dict[Any, Any], known: dict[Path, tuple[str, bool]], source: Source, document: int
) -> tuple[str, bool]:
    """Return the id of a trajectory's session, and whether it was made here."""
    session, trajectory = name(members.get("session_id")), name(members.get("trajectory_id"))
    own = (trajectory or session) if place else (session or trajectory)
    if own is not None and (not place or own != known[place[:-2]][0]):
        return own, False
    if not place:
        return derived_session(source, document), True
    return f"{known[place[:-2]][0]}/{place[-1]}", True


def _pieces(item: JsonPart, call_id: str) -> list[Piece]:
    key, value = item.path[-1] if item.path else None, item.value
    if type(key) is int and isinstance(value, dict) and item.path[-2:-1] == ("steps",):
        return step_pieces(value, call_id)
    if key == "final_metrics" and isinstance(value, dict):
        return [final_piece(value)]
    if key in _SESSION or value is None:
        return []
    piece = event_piece(
        str(key) if type(key) is str else None, value if key == "notes" and type(value) is str else None
    )
    if piece["text"] is None:
        piece["extra"] = value if isinstance(value, dict) else {"value": value}
    if key == "agent" and isinstance(value, dict):
        piece["extra"] = rest(value, ("name", "version", "model_name"))
    return [piece]


def _described(members: dict[Any, Any]) -> Piece:
    agent = members.get("agent")
    told = agent if isinstance(agent, dict) else {}
    return {
        "agent_name": name(told.get("name")),
        "agent_version": name(told.get("version")),
        "model": name(told.get("model_name")),
    }
