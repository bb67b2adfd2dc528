"""Messages and usage of Inspect AI as pieces with columns of `transcript`.

Source of the format: inspect_ai, src/inspect_ai/model/_chat_message.py and _model_output.py. A message is that of the
Chat Completions API but for the names of a few keys and for parts of its content that hold reasoning.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from parsers.transcripts.chat_messages import digest_of, message_pieces
from parsers.transcripts.fields import dollars, integer, name, rest_of_counts, text
from parsers.transcripts.pieces import Piece, new_piece
from parsers.transcripts.tools import token, tool_class

INPUT_WITHOUT_CACHE = "input_tokens_without_cache"

_COUNTS = frozenset(
    {
        "input_tokens",
        "output_tokens",
        "total_tokens",
        "input_tokens_cache_read",
        "input_tokens_cache_write",
        "reasoning_tokens",
        "total_cost",
    }
)


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects in a list; an empty list for other values."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


class Said:
    """Which messages of a sample were given before, by their content: a request repeats all that came before it."""

    def __init__(self) -> None:
        self._given: Counter[bytes | str] = Counter()
        self._copies: dict[str, Counter[bytes | str]] = {}  # by place

    def give(self, message: dict[str, Any]) -> None:
        """Take note of one message more."""
        self._given[_key(message)] += 1

    def is_copy(self, message: dict[str, Any], place: str) -> bool:
        """Tell whether a message that stands at `place` too was given elsewhere; take note of it if not."""
        key = _key(message)
        taken = self._copies.setdefault(place, Counter())
        taken[key] += 1
        if taken[key] <= self._given[key]:
            return True
        self._given[key] += 1
        return False

    def repeated(self, messages: list[dict[str, Any]]) -> list[bool]:
        """Tell for each of a request's messages whether it was given before; take note of those that were not."""
        seen: Counter[bytes | str] = Counter()
        repeated = []
        for message in messages:
            key = _key(message)
            seen[key] += 1
            repeated.append(seen[key] <= self._given[key])
        self._given |= seen
        return repeated


def _key(message: dict[str, Any]) -> bytes | str:
    """Return what a message and its copies have in common; of an answer to a call, the call."""
    call = name(message.get("tool_call_id"))
    return call if message.get("role") == "tool" and call else digest_of(_as_chat(message))


def pieces_of(message: dict[str, Any], place: str) -> list[Piece]:
    """Return the pieces of one message; there is always one. `place` is where in the log it stands."""
    pieces = [*_reasoning(message), *message_pieces(_as_chat(message), place)]
    error = message.get("error")
    for piece in pieces:
        piece["native_type"] = f"{place}/{piece['role']}"
        piece["native_id"] = name(message.get("id"))
        # what a solver puts in says so by not saying that it is input
        if piece["kind"] == "message" and piece["role"] == "user" and message.get("source") != "input":
            piece["author"] = "harness"
        if piece["kind"] == "tool_result":
            piece["tool_class"] = tool_class(piece["tool_name"])
            if isinstance(error, dict):
                piece.update(fault_columns(error))
                piece["text"] = piece["text"] or text(error.get("message"))
        piece["extra"].pop("id", None)
    return pieces


def fault_columns(error: dict[str, Any]) -> Piece:
    """Return the columns of a tool's error."""
    return {"is_error": True, "error_type": token(error.get("type"))}


def _as_chat(message: dict[str, Any]) -> dict[str, Any]:
    """Write a message with the keys of the Chat Completions API, its reasoning left out."""
    chat = dict(message)
    content = message.get("content")
    if isinstance(content, list):
        chat["content"] = [part for part in content if not (isinstance(part, dict) and part.get("type") == "reasoning")]
    if "tool_calls" in message:
        chat["tool_calls"] = [_call(call) for call in objects(message["tool_calls"])]
    if message.get("role") == "tool":
        chat["name"] = chat.pop("function", None)
    return chat


def _call(call: dict[str, Any]) -> dict[str, Any]:
    told = {"name": call.get("function"), "arguments": call.get("arguments")}
    # the view is how the viewer shows the same arguments
    return {key: item for key, item in call.items() if key not in ("function", "arguments", "view")} | {
        "function": told
    }


def _reasoning(message: dict[str, Any]) -> list[Piece]:
    content = message.get("content")
    pieces = []
    for part in objects(content):
        if part.get("type") != "reasoning":
            continue
        words, summary = text(part.get("reasoning")), text(part.get("summary"))
        sealed = part.get("redacted") is True
        piece = new_piece("reasoning", "assistant", "agent", None, summary if sealed else words or summary)
        if sealed:
            piece["content_state"] = "redacted"
        pieces.append(piece)
    return pieces


def usage_piece(usage: dict[str, Any], model: str | None) -> Piece:
    """Return the usage of one response.

    Some providers count what came from the cache as input and some do not; the total tells which.
    """
    into, out, total = (integer(usage.get(key)) for key in ("input_tokens", "output_tokens", "total_tokens"))
    read, write = (integer(usage.get(key)) or 0 for key in ("input_tokens_cache_read", "input_tokens_cache_write"))
    piece = new_piece("usage", "assistant", "harness", "usage", None)
    if into is not None and out is not None and read + write and total == into + out + read + write:
        into = into + read + write
        piece["notes"].append(INPUT_WITHOUT_CACHE)
    cost = usage.get("total_cost")
    paid = dollars(cost) if isinstance(cost, Decimal | int) else {}
    piece["notes"] += paid.pop("notes", [])
    return (
        piece
        | paid
        | {
            "content_state": None,
            "model": model,
            "input_tokens": integer(into),
            "cached_input_tokens": integer(usage.get("input_tokens_cache_read")),
            "output_tokens": out,
            "reasoning_tokens": integer(usage.get("reasoning_tokens")),
            "extra": rest_of_counts(usage, _COUNTS - {"input_tokens_cache_write"}),
        }
    )
