"""Events of OpenHands' agent SDK (version 1) as pieces with columns of `transcript`."""

from __future__ import annotations

from typing import Any

from parsers.jsontext import compact
from parsers.transcripts.chat_messages import message_pieces, text_of
from parsers.transcripts.fields import flag, name, rest, text
from parsers.transcripts.openhands_shell import answer_columns, shell_outcome
from parsers.transcripts.openhands_usage import total_pieces
from parsers.transcripts.openhands_v0 import REJECTED
from parsers.transcripts.pieces import Piece, event_piece, new_piece
from parsers.transcripts.tools import STDIN, fault_of_text, token, tool_class

_ENVELOPE = frozenset({"id", "timestamp", "source", "kind"})
_ACTION = _ENVELOPE | {
    *("thought", "reasoning_content", "thinking_blocks", "responses_reasoning_item"),
    *("action", "tool_name", "tool_call_id", "tool_call", "llm_response_id"),
}
_ANSWER = _ENVELOPE | {"observation", "tool_name", "tool_call_id", "action_id", "error", "rejection_reason"}
_OBSERVATION = ("kind", "content", "output", "exit_code", "is_error", "command", "metadata", "error")
_SHELL_ACTIONS = ("TerminalAction", "ExecuteBashAction")
_STATES_OF_FAULT = frozenset({"error", "stuck"})


def new_pieces(event: dict[str, Any]) -> list[Piece]:
    """Return the pieces of one event; there is always one."""
    kind = event["kind"]
    if kind == "ActionEvent":
        pieces = _action_pieces(event)
    elif kind == "MessageEvent" and isinstance(event.get("llm_message"), dict):
        pieces = _message_pieces(event, event["llm_message"])
    elif kind in ("ObservationEvent", "UserRejectObservation", "AgentErrorEvent"):
        pieces = [_answer_piece(event, kind)]
    elif kind == "SystemPromptEvent":
        words, others = text_of([event.get("system_prompt")])
        pieces = [new_piece("message", "system", "harness", None, words)]
        pieces[0]["extra"] = rest(event, _ENVELOPE | {"system_prompt"}) | ({"content": others} if others else {})
    elif kind == "ConversationStateUpdateEvent":
        pieces = _state_pieces(event)
    else:
        pieces = [_plain_piece(event, kind)]
    for piece in pieces:
        piece["native_type"] = piece["native_type"] or name(kind)
    return pieces


def _action_pieces(event: dict[str, Any]) -> list[Piece]:
    """Return what was thought, what was said, and the call; what the call says beside its arguments goes to `extra`."""
    given = event.get("action")
    action: dict[str, Any] = given if isinstance(given, dict) else {}
    kind = name(action.get("kind")) or ""
    said, others = text_of(event.get("thought"))
    thought = text(event.get("reasoning_content"))
    pieces: list[Piece] = []
    if thought:
        pieces.append(new_piece("reasoning", "assistant", "agent", None, thought))
    elif event.get("responses_reasoning_item") or event.get("thinking_blocks"):
        pieces.append(new_piece("reasoning", "assistant", "agent", None, None) | {"content_state": "encrypted"})
    if said:
        pieces.append(new_piece("message", "assistant", "agent", None, said))
    if kind == "ThinkAction":
        pieces.append(new_piece("reasoning", "assistant", "agent", None, text(action.get("thought"))))
    elif kind == "FinishAction":
        pieces.append(new_piece("message", "assistant", "agent", None, text(action.get("message"))))
    else:
        pieces.append(_call(event, action, kind))
    if others:
        pieces[0]["extra"]["thought"] = others
    pieces[-1]["extra"] |= rest(event, _ACTION)
    for piece in pieces:
        piece["message_id"] = name(event.get("llm_response_id"))
    return pieces


def _call(event: dict[str, Any], action: dict[str, Any], kind: str) -> Piece:
    asked = event.get("tool_call")
    told = text(asked.get("arguments")) if isinstance(asked, dict) else None
    call = new_piece("tool_call", "assistant", "agent", None, told or compact(rest(action, ("kind",))))
    call["call_id"] = name(event.get("tool_call_id")) or name(event.get("id"))
    call["tool_name"] = name(event.get("tool_name"))
    call["tool_class"] = tool_class(call["tool_name"])
    if kind in _SHELL_ACTIONS:
        call |= {"tool_class": "shell", "command": text(action.get("command"))}
        if action.get("is_input") is True:
            call["notes"].append(STDIN)
    elif kind == "MCPToolAction":
        call["tool_class"] = "mcp"
    elif kind.startswith("Browser"):
        call["tool_class"] = "web"
    return call


def _message_pieces(event: dict[str, Any], message: dict[str, Any]) -> list[Piece]:
    pieces = message_pieces(message, "MessageEvent")
    if event.get("source") != "user":
        for piece in pieces:
            piece["author"] = "agent" if event.get("source") == "agent" else "harness"
    pieces[0]["extra"] |= rest(event, _ENVELOPE | {"llm_message"})
    return pieces


def _answer_piece(event: dict[str, Any], kind: str) -> Piece:
    given = event.get("observation")
    seen: dict[str, Any] = given if isinstance(given, dict) else {}
    words, others = text_of(seen.get("content", seen.get("output")))
    words = words or text(event.get("error")) or text(event.get("rejection_reason")) or text(seen.get("error"))
    piece = new_piece("tool_result", "tool", "tool", None, words)
    piece["call_id"] = name(event.get("tool_call_id")) or name(event.get("action_id"))
    piece["tool_name"] = name(event.get("tool_name"))
    piece["tool_class"] = tool_class(piece["tool_name"])
    piece |= answer_columns(words)
    shell_outcome(piece, seen.get("metadata"), seen.get("exit_code"))
    piece["is_error"] = flag(seen.get("is_error")) if kind == "ObservationEvent" else True
    if kind == "UserRejectObservation":
        piece["notes"].append(REJECTED)
    if others:
        piece["extra"]["content"] = others
    if left := rest(seen, _OBSERVATION):
        piece["extra"]["observation"] = left
    piece["extra"] |= rest(event, _ANSWER)
    return piece


def _state_pieces(event: dict[str, Any]) -> list[Piece]:
    """Return a change of the conversation's state; of its statistics, the running totals."""
    key, value = name(event.get("key")), event.get("value")
    counted = value.get("usage_to_metrics") if isinstance(value, dict) else None
    if key == "stats" and isinstance(counted, dict) and counted:
        return total_pieces(counted, "stats") or [event_piece("stats", None)]
    piece = event_piece(f"state/{key}" if key else None, text(value))
    if key == "execution_status" and piece["text"] in _STATES_OF_FAULT:
        piece["is_error"] = True
    if piece["text"] is None and value is not None:
        piece["extra"] = {"value": value}
    return [piece]


def _plain_piece(event: dict[str, Any], kind: str) -> Piece:
    """Return any other event: errors of the run, condensation, pauses, and what later versions add."""
    key = next(
        (key for key in ("detail", "summary", "error", "reason", "message") if type(event.get(key)) is str), None
    )
    piece = event_piece(None, event[key] if key else None)
    piece["extra"] = rest(event, _ENVELOPE | {key})
    if kind.endswith("ErrorEvent"):
        piece["is_error"] = True
        fault = fault_of_text(piece["text"] or "")
        piece["error_type"] = fault.error_type or token(event.get("code"))
        piece["http_status"] = fault.http_status
    return piece
