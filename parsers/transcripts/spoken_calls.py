"""Calls that an agent writes into its words, where its harness gives it no tools to call.

Source of the format: OpenHands' converter for models without function calling (`<function=NAME><parameter=KEY>`), and
the JSON answers of Terminus 2 (`commands`, each with `keystrokes`).
"""

from __future__ import annotations

import re
from typing import Any

from parsers.jsontext import compact
from parsers.transcripts.otlp_values import structured
from parsers.transcripts.pieces import Piece, new_piece
from parsers.transcripts.tools import shell_columns, tool_class

CALL_IN_WORDS = "call_in_words"
TERMINAL = "terminal"

_FUNCTION = re.compile(r"<function=([A-Za-z_][\w.-]{0,79})>(.*?)</function>", re.DOTALL)
_PARAMETER = re.compile(r"<parameter=([A-Za-z_]\w{0,79})>(.*?)</parameter>", re.DOTALL)


def spoken_calls(words: str) -> list[Piece]:
    """Return the calls in an agent's words as pieces; none where it only talks."""
    answer = structured(words)
    if isinstance(answer, dict):
        told = answer.get("commands")
        held = [item for item in told if isinstance(item, dict)] if isinstance(told, list) else []
        return [_piece(TERMINAL, item) for item in held if type(item.get("keystrokes")) is str]
    if "<function=" not in words:
        return []
    return [_piece(found[1], dict(_PARAMETER.findall(found[2]))) for found in _FUNCTION.finditer(words)]


def _piece(tool: str, arguments: dict[str, Any]) -> Piece:
    piece = new_piece("tool_call", "assistant", "agent", "call_in_words", compact(arguments))
    piece |= {"tool_name": tool, "tool_class": tool_class(tool)}
    piece["notes"].append(CALL_IN_WORDS)
    if piece["tool_class"] == "shell":
        columns = shell_columns(arguments)
        piece["notes"] += columns.pop("notes", [])
        piece |= columns
    return piece
