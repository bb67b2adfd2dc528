"""Codex CLI's log of prompts (`~/.codex/history.jsonl`): what a person typed, over all sessions.

Source of the format: codex-rs/core/src/message_history.rs of openai/codex.
One record is one JSON object with session, time in whole seconds since 1970, and text. `is_replayed` is on every
piece: the prompt stands in its session's rollout, with its place in the session, unless that was deleted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from parsers.contract import Format, Grade, Item
from parsers.jsonlines import first_values
from parsers.source import Source
from parsers.transcripts.fields import rest, text, time_columns
from parsers.transcripts.pieces import Piece, new_piece
from parsers.transcripts.prompt_log import read_prompts
from parsers.transcripts.writer import CARRIED

FORMAT = Format(
    name="codex_history",
    title="Codex CLI prompt history",
    tables=("session", "transcript"),
    signature=True,
    carried=CARRIED,
)

_KEYS = frozenset({"session_id", "ts", "text"})
_SESSION = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001 - names lie
    """STRONG where most lines hold a session's id, a time and a text, and nothing else."""
    found = first_values(head)
    ours = sum(_is_prompt(value) for value in found.values)
    return Grade.STRONG if ours and ours * 2 >= len(found.values) + found.faults else Grade.NONE


def _is_prompt(value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() != _KEYS or type(value["ts"]) is not int:
        return False
    session = value["session_id"]
    return type(session) is str and _SESSION.fullmatch(session) is not None and type(value["text"]) is str


def read(source: Source) -> Iterator[Item]:
    """Yield a `transcript` row for each prompt, then the `session` rows."""
    return read_prompts(source, "Codex", "session_id", _pieces)


def _pieces(line: dict[str, Any]) -> list[Piece]:
    prompt = new_piece("message", "user", "human", "history", text(line.get("text")))
    when = time_columns(line["ts"]) if type(line.get("ts")) is int else None
    prompt |= {"is_replayed": True} | (when or {})
    prompt["extra"] = rest(line, ("session_id", "text", "ts") if when else ("session_id", "text"))
    return [prompt]
