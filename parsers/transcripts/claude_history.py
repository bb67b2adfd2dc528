"""Claude Code's log of prompts (`~/.claude/history.jsonl`): what a person typed, over all projects and sessions.

Source of the format: files written by Claude Code 1.0 to 2.1; it is not documented by its maker.
One record is one JSON object. Times are milliseconds since 1970. Older lines name no session: it stays unknown.
`is_replayed` is on every piece: the prompt stands in its session's file, with its place in the session, unless that
was deleted (as all are after a month). What was pasted follows as pieces of its own; where only its hash is kept, the
words are absent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.contract import Format, Grade, Item
from parsers.jsonlines import first_values
from parsers.source import Source
from parsers.times import epoch_milliseconds
from parsers.transcripts.fields import integer, name, rest, text
from parsers.transcripts.pieces import Piece, new_piece
from parsers.transcripts.prompt_log import read_prompts
from parsers.transcripts.writer import CARRIED

FORMAT = Format(
    name="claude_history",
    title="Claude Code prompt history",
    tables=("session", "transcript"),
    signature=True,
    carried=CARRIED,
)

_KEYS = frozenset({"display", "timestamp", "project"})


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001 - names lie
    """STRONG where most lines hold a prompt as it was shown, its time and its project."""
    found = first_values(head)
    ours = sum(_is_prompt(value) for value in found.values)
    return Grade.STRONG if ours and ours * 2 >= len(found.values) + found.faults else Grade.NONE


def _is_prompt(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() >= _KEYS and type(value["timestamp"]) is int


def read(source: Source) -> Iterator[Item]:
    """Yield `transcript` rows for prompts and what was pasted into them, then the `session` rows."""
    return read_prompts(source, "Claude Code", "sessionId", _pieces)


def _pieces(line: dict[str, Any]) -> list[Piece]:
    prompt = new_piece("message", "user", "human", "history", text(line.get("display")))
    prompt["cwd"] = name(line.get("project"))
    prompt["extra"] = rest(line, ("display", "timestamp", "project", "sessionId", "pastedContents"))
    pasted = line.get("pastedContents")
    pieces = [prompt]
    for content in pasted.values() if isinstance(pasted, dict) else []:
        held: dict[str, Any] = content if isinstance(content, dict) else {"content": content}
        piece = new_piece("message", "user", "human", "history/pasted", text(held.get("content")))
        piece["extra"] = rest(held, ("content",) if piece["text"] is not None else ())
        pieces.append(piece)
    stated = integer(line.get("timestamp"))
    when = epoch_milliseconds(stated) if stated is not None else None
    for piece in pieces:
        piece["is_replayed"] = True
        piece.update(when.columns() if when is not None else {})
    if when is None and line.get("timestamp") is not None:
        prompt["extra"]["timestamp"] = line["timestamp"]
    return pieces
