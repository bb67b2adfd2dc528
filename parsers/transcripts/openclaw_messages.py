"""Messages of OpenClaw's conversations as pieces with columns of `transcript`.

Source of the format: the messages of pi-ai that OpenClaw keeps: `user`, `assistant` with parts `text`, `thinking` and
`toolCall`, `toolResult` with `details`, `custom`; times in milliseconds since 1970.
"""

from __future__ import annotations

import re
from typing import Any

from parsers.jsontext import compact
from parsers.times import epoch_milliseconds
from parsers.transcripts.chat_messages import text_of
from parsers.transcripts.fields import dollars, flag, integer, name, rest, text
from parsers.transcripts.pieces import Piece, event_piece, new_piece
from parsers.transcripts.tools import exit_code_of, fault_of_text, pids_of, shell_columns, token, tool_class

_SHELL = "exec"  # of OpenClaw; other harnesses call code so
_OF_AGENTS = re.compile(r"(?:\[[^\]\n]{1,40}\] )?\[(?:Subagent Context|Inter-session message)\]")
_MESSAGE = frozenset(
    {"role", "content", "timestamp", "usage", "model", "responseId", "toolCallId", "toolName", "isError"}
)


def class_of(tool: str | None) -> str | None:
    """Return the class of one of OpenClaw's tools."""
    return "shell" if tool == _SHELL else tool_class(tool)


def stamp(value: Any) -> Piece:
    """Return the time columns of milliseconds since 1970."""
    found = epoch_milliseconds(value) if type(value) is int and value > 0 else None
    return found.columns() if found else {}


def call_piece(tool: str | None, arguments: Any, native_type: str) -> Piece:
    """Return a call of a tool."""
    piece = new_piece("tool_call", "assistant", "agent", native_type, None if arguments is None else compact(arguments))
    piece |= {"tool_name": tool, "tool_class": class_of(tool)}
    if piece["tool_class"] == "shell":
        columns = shell_columns(arguments)
        piece["notes"] += columns.pop("notes", [])
        piece |= columns
    return piece


def author_of(words: str | None, received: set[str]) -> str:
    """Tell who can have written a prompt: a person whose message came in, or an agent, by OpenClaw's own mark."""
    if words is None:
        return "unknown"
    if _OF_AGENTS.match(words):
        return "agent"
    return "human" if any(told in words for told in received) else "unknown"


def message_pieces(message: dict[str, Any], received: set[str]) -> list[Piece]:
    """Return the pieces of one message; there is always one. `received` are the words that came in over channels."""
    role = name(message.get("role"))
    if role == "assistant":
        pieces = _answer(message)
    elif role == "toolResult":
        pieces = [_result(message)]
    else:
        words, others = text_of(message.get("content"))
        pieces = [event_piece(None, words)]
        if role == "user":
            pieces = [new_piece("message", "user", author_of(words, received), None, words)]
        if others:
            pieces[0]["extra"]["content"] = others
    pieces[0]["extra"] |= rest(message, _MESSAGE)
    for piece in pieces:
        piece["native_type"] = f"message/{role}"
        piece.update(stamp(message.get("timestamp")))
    return pieces


def _answer(message: dict[str, Any]) -> list[Piece]:
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
    pieces = [_part(part) for part in parts]
    if isinstance(message.get("usage"), dict):
        pieces.append(_usage(message["usage"]))
    pieces = pieces or [new_piece("message", "assistant", "agent", None, None)]
    for piece in pieces:
        piece |= {"model": name(message.get("model")), "message_id": name(message.get("responseId"))}
    return pieces


def _part(part: Any) -> Piece:
    held = part if isinstance(part, dict) else {}
    kind = held.get("type")
    if kind == "toolCall":
        piece = call_piece(name(held.get("name")), held.get("arguments"), "toolCall")
        piece["call_id"] = name(held.get("id"))
        return piece
    if kind == "thinking":
        piece = new_piece("reasoning", "assistant", "agent", None, text(held.get("thinking")))
        if not piece["text"] and held.get("thinkingSignature"):
            piece["content_state"] = "encrypted"
        return piece
    words = text(held.get("text"))
    piece = new_piece("message", "assistant", "agent", None, words)
    if words is None:
        piece["extra"] = {"content": part}
    return piece


def _result(message: dict[str, Any]) -> Piece:
    words, others = text_of(message.get("content"))
    tool = name(message.get("toolName"))
    told = message.get("details")
    details = told if isinstance(told, dict) else {}
    piece = new_piece("tool_result", "tool", "tool", None, words)
    piece |= {
        "call_id": name(message.get("toolCallId")),
        "tool_name": tool,
        "tool_class": class_of(tool),
        "is_error": flag(message.get("isError")),
        "exit_code": integer(details.get("exitCode")),
        "cwd": name(details.get("cwd")),
    }
    if words:
        piece["error_type"], piece["http_status"] = fault_of_text(words)
        if piece["exit_code"] is None:
            piece["exit_code"] = exit_code_of(words)
        piece["pids"] = pids_of(words) if piece["tool_class"] == "shell" else None
    if others:
        piece["extra"]["content"] = others
    return piece


def _usage(usage: dict[str, Any]) -> Piece:
    """Return the usage of one answer; what was read from and written to the cache is input too."""
    counts = [integer(usage.get(key)) for key in ("input", "cacheRead", "cacheWrite")]
    cost = usage.get("cost")
    paid = dollars(cost.get("total")) if isinstance(cost, dict) else {}
    piece = new_piece("usage", "assistant", "harness", None, None)
    piece["notes"] += paid.pop("notes", [])
    return (
        piece
        | paid
        | {
            "content_state": None,
            "input_tokens": None if counts[0] is None else integer(sum(count or 0 for count in counts)),
            "cached_input_tokens": counts[1],
            "output_tokens": integer(usage.get("output")),
            "usage_is_primary": True,
            "extra": {"cacheWrite": counts[2]} if counts[2] else {},
        }
    )


def run_usage(event: dict[str, Any]) -> Piece:
    """Return the usage of a run as the gateway sums it up; it counts only where no answer's own is there."""
    given = {key: integer(event.get(f"{key}Tokens")) for key in ("input", "output", "cache", "cacheWrite")}
    into = None if given["input"] is None else given["input"] + (given["cache"] or 0) + (given["cacheWrite"] or 0)
    paid = dollars(event.get("costUsd"))
    piece = new_piece("usage", "assistant", "harness", None, None)
    piece["notes"] += paid.pop("notes", [])
    return (
        piece
        | paid
        | {
            "content_state": None,
            "model": name(event.get("model")),
            "input_tokens": integer(into),
            "cached_input_tokens": given["cache"],
            "output_tokens": given["output"],
        }
    )


def failed(event: dict[str, Any]) -> Piece:
    """Return how an event says that something went wrong."""
    error = event.get("error")
    if event.get("success") is not False and error is None:
        return {}
    return {"is_error": True, "error_type": token(error.get("type")) if isinstance(error, dict) else None}
