"""Events of OpenHands version 0 as pieces with columns of `transcript`: actions and observations."""

from __future__ import annotations

from typing import Any

from parsers.jsontext import compact
from parsers.transcripts.chat_messages import usage_columns
from parsers.transcripts.fields import flag, integer, name, rest, text
from parsers.transcripts.openhands_shell import STILL_RUNNING, answer_columns, shell_outcome
from parsers.transcripts.openhands_usage import total_pieces
from parsers.transcripts.pieces import Piece, event_piece, new_piece
from parsers.transcripts.tools import STDIN, fault_of_text, token, tool_class

REJECTED = "rejected_by_user"

_CALLS = {
    "run": "shell",
    "run_ipython": "code",
    "read": "file",
    "write": "file",
    "edit": "file",
    "browse": "web",
    "browse_interactive": "web",
    "call_tool_mcp": "mcp",
    "mcp": "mcp",
    "delegate": "sub_agent",
}
_ROLES = {"user": ("user", "human"), "agent": ("assistant", "agent")}
_ENVELOPE = frozenset(
    {"id", "timestamp", "source", "message", "action", "observation", "cause", "args", "content", "extras"}
) | {"tool_call_metadata", "llm_metrics", "success", "timeout"}
_STATES_OF_FAULT = frozenset({"error", "rate_limited"})


def old_pieces(event: dict[str, Any]) -> list[Piece]:
    """Return the pieces of one event; there is always one."""
    given = event.get("tool_call_metadata")
    metadata: dict[str, Any] = given if isinstance(given, dict) else {}
    if type(event.get("action")) is str:
        pieces = _action_pieces(event, event["action"], metadata)
        native_type = f"action/{event['action']}"
    elif type(event.get("observation")) is str:
        pieces = [_observation_piece(event, event["observation"], metadata)]
        native_type = f"observation/{event['observation']}"
    else:
        pieces, native_type = [event_piece(None, text(event.get("message")))], "event"
    for piece in pieces:
        piece["native_type"] = piece["native_type"] or name(native_type)
    pieces[0]["extra"] |= rest(event, _ENVELOPE)
    return pieces


def _action_pieces(event: dict[str, Any], action: str, metadata: dict[str, Any]) -> list[Piece]:
    given = event.get("args")
    args: dict[str, Any] = given if isinstance(given, dict) else {}
    role, author = _ROLES.get(str(event.get("source")), ("system", "harness"))
    thought = text(args.get("thought"))
    left = rest(args, ("thought",))
    pieces: list[Piece] = []
    if action in ("message", "finish", "reject", "system"):
        words = text(args.get("content")) or text(args.get("final_thought")) or thought or text(event.get("message"))
        if action == "system":
            role, author = "system", "harness"
        piece = new_piece("message", role, author, None, words)
        piece["extra"] = rest(args, ("content",) if args.get("content") == words else ())
        pieces.append(piece)
    elif action == "think":
        pieces.append(new_piece("reasoning", role, author, None, thought))
        pieces[0]["extra"] = left
    elif action in _CALLS:
        if thought:
            pieces.append(new_piece("message", role, author, None, thought))
        pieces.append(_call(event, action, left, metadata, author))
    else:
        piece = event_piece(None, text(event.get("message")))
        piece["extra"] = {"args": left} if left else {}
        if thought:
            piece["extra"]["thought"] = thought
        pieces.append(piece)
    return [*pieces, *_usage_pieces(event, metadata)]


def _call(event: dict[str, Any], action: str, args: dict[str, Any], metadata: dict[str, Any], author: str) -> Piece:
    call = new_piece("tool_call", "assistant", author, None, compact(args))
    tool = name(metadata.get("function_name")) or (name(args.get("name")) if _CALLS[action] == "mcp" else None)
    call["call_id"] = name(metadata.get("tool_call_id")) or _id_of(event.get("id"))
    call["tool_name"] = tool or action
    call["tool_class"] = _CALLS[action]
    if action == "run":
        call["command"] = text(args.get("command"))
        call["cwd"] = name(args.get("cwd"))
        if args.get("is_input") is True:
            call["notes"].append(STDIN)
    elif action == "run_ipython":
        call["text"] = text(args.get("code")) or call["text"]
    return call


def _id_of(identity: Any) -> str | None:
    return f"event-{identity}" if type(identity) is int else name(identity)


def _usage_pieces(event: dict[str, Any], metadata: dict[str, Any]) -> list[Piece]:
    response = metadata.get("model_response")
    if isinstance(response, dict) and isinstance(response.get("usage"), dict):
        piece = usage_columns(response["usage"])
        return [piece | {"message_id": name(response.get("id")), "model": name(response.get("model"))}]
    if isinstance(event.get("llm_metrics"), dict):
        return total_pieces({"metrics": event["llm_metrics"]}, "metrics")
    return []


def _observation_piece(event: dict[str, Any], kind: str, metadata: dict[str, Any]) -> Piece:
    given = event.get("extras")
    extras: dict[str, Any] = given if isinstance(given, dict) else {}
    words = text(event.get("content"))
    call = name(metadata.get("tool_call_id")) or (_id_of(event.get("cause")) if kind in _ANSWERS else None)
    if call is None:
        return _told_piece(event, kind, words, extras)
    piece = new_piece("tool_result", "tool", "tool", None, words)
    piece |= {"call_id": call, "tool_name": name(metadata.get("function_name")), "tool_class": _CALLS.get(kind)}
    piece["tool_class"] = piece["tool_class"] or tool_class(piece["tool_name"])
    piece |= answer_columns(words)
    shell_outcome(piece, extras.get("metadata"), extras.get("exit_code"))
    succeeded = flag(event.get("success"))
    if kind in ("error", "user_rejected"):
        piece["is_error"] = True
    elif succeeded is not None and STILL_RUNNING not in piece["notes"]:
        piece["is_error"] = not succeeded
    if kind == "error":
        piece["error_type"] = piece["error_type"] or _error_id(extras)
    if kind == "user_rejected":
        piece["notes"].append(REJECTED)
    if left := rest(extras, _OUTCOME):
        piece["extra"]["extras"] = left
    return piece


_ANSWERS = frozenset({*_CALLS, "error", "user_rejected", "task_tracking"})
_OUTCOME = ("command", "hidden", "_diff_cache", "metadata", "exit_code")


def _told_piece(event: dict[str, Any], kind: str, words: str | None, extras: dict[str, Any]) -> Piece:
    """Return an observation that answers no call: states, errors, context recalled."""
    state = name(extras.get("agent_state")) if kind == "agent_state_changed" else None
    piece = event_piece(None, state or words or text(event.get("message")))
    if kind == "error" or state in _STATES_OF_FAULT:
        piece["is_error"] = True
        fault = fault_of_text(words or "")
        piece["error_type"] = fault.error_type or _error_id(extras) or (state if state != "error" else None)
        piece["http_status"] = fault.http_status
    left = rest(extras, ("agent_state",) if state else ())
    piece["extra"] = {"extras": left} if left else {}
    if words and piece["text"] != words:
        piece["extra"]["content"] = words
    cause = integer(event.get("cause"))
    piece["parent_id"] = str(cause) if cause is not None else None
    return piece


def _error_id(extras: dict[str, Any]) -> str | None:
    told = name(extras.get("error_id"))
    return token(told.rpartition("$")[2]) if told else None
