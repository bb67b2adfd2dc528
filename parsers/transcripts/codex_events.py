"""Codex's own records: session header, turn context, compaction, and events, as pieces with columns of `transcript`.

Source of the format: codex-rs/protocol/src/protocol.rs of openai/codex.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from parsers.jsontext import compact
from parsers.times import SECOND, epoch_seconds
from parsers.transcripts.fields import flag, integer, microseconds, name, percent, rest, rest_of_counts, text
from parsers.transcripts.pieces import INTERRUPTED, Piece, event_piece, new_piece
from parsers.transcripts.response_items import executed_columns, fill_from_answer, item_pieces
from parsers.transcripts.tools import fault_of_body, http_status, token

# derived from the policy's definition where the record leaves it out
NETWORK_BY_POLICY = "network_access_by_policy"
RESETS_RELATIVE = "resets_in_seconds"

_NETWORK = {"danger-full-access": True, "read-only": False, "workspace-write": False}
_NETWORK_WORDS = {"enabled": True, "restricted": False}
_SAID = {
    "user_message": ("message", "user", "human", "message"),
    "agent_message": ("message", "assistant", "agent", "message"),
    "agent_reasoning": ("reasoning", "assistant", "agent", "text"),
    "agent_reasoning_raw_content": ("reasoning", "assistant", "agent", "text"),
}
_TOOL_OF = {"exec_command": "shell", "mcp_tool_call": "mcp", "patch_apply": "file"}
_FAULTS = frozenset({"error", "stream_error", "warning"})


def meta_pieces(payload: dict[str, Any]) -> list[Piece]:
    """Return the header of a rollout, and the instructions that it holds."""
    piece = event_piece("session_meta", None)
    piece["cwd"] = name(payload.get("cwd"))
    pieces = [piece]
    mapped = {"cwd"}
    for key in ("instructions", "base_instructions"):
        told = payload.get(key)
        words = text(told.get("text")) if isinstance(told, dict) else text(told)
        if words is not None:
            pieces.append(new_piece("message", "system", "harness", f"session_meta/{key}", words))
            mapped.add(key)
    piece["extra"] = rest(payload, mapped)
    return pieces


def turn_context_piece(payload: dict[str, Any]) -> Piece:
    """Return what the agent was permitted from here on."""
    piece = event_piece("turn_context", None)
    policy = payload.get("sandbox_policy")
    kind = name(policy) if not isinstance(policy, dict) else name(policy.get("type")) or name(policy.get("mode"))
    approval = payload.get("approval_policy")
    if isinstance(approval, dict) and len(approval) == 1:
        approval = next(iter(approval))
    piece |= {
        "cwd": name(payload.get("cwd")),
        "model": name(payload.get("model")),
        "approval_policy": name(approval),
        "sandbox_policy": kind,
    }
    stated = policy.get("network_access") if isinstance(policy, dict) else None
    piece["network_access"] = _NETWORK_WORDS.get(stated) if type(stated) is str else flag(stated)
    if stated is None and kind in _NETWORK:
        piece["network_access"] = _NETWORK[kind]
        piece["notes"].append(NETWORK_BY_POLICY)
    piece["extra"] = rest(payload, ("cwd", "model"))
    return piece


def compacted_pieces(payload: dict[str, Any]) -> list[Piece]:
    """Return the summary that takes the place of history, and the history it keeps, all of it said before."""
    pieces = [event_piece("compacted", text(payload.get("message")))]
    history = payload.get("replacement_history")
    for item in history if isinstance(history, list) else []:
        if isinstance(item, dict):
            pieces.extend(item_pieces(item))
        else:
            pieces[0]["extra"].setdefault("replacement_history", []).append(item)
    for piece in pieces:
        piece["is_replayed"] = True
    for piece in pieces[1:]:
        piece["native_type"] = f"compacted/{piece['native_type']}"
    mapped = ("message", "replacement_history") if isinstance(history, list) else ("message",)
    pieces[0]["extra"] |= rest(payload, mapped)
    return pieces


def event_pieces(payload: dict[str, Any]) -> list[Piece]:
    """Return the pieces of one event; there is always one."""
    kind = name(payload.get("type"))
    if kind in _SAID:
        pieces = [_said_piece(payload, kind)]
    elif kind == "token_count":
        pieces = token_count_pieces(payload)
    elif kind is not None and kind.removesuffix("_begin") in _TOOL_OF and kind.endswith("_begin"):
        pieces = [called_piece(payload, kind.removesuffix("_begin"))]
    elif kind is not None and kind.removesuffix("_end") in _TOOL_OF and kind.endswith("_end"):
        pieces = [_ended_piece(payload, kind.removesuffix("_end"))]
    else:
        pieces = [_plain_event(payload, kind)]
    for piece in pieces:
        piece["native_type"] = f"event_msg/{piece['native_type'] or kind}"
    return pieces


def _said_piece(payload: dict[str, Any], kind: str) -> Piece:
    what, role, author, key = _SAID[kind]
    words = text(payload.get(key))
    piece = new_piece(what, role, author, kind, words)
    piece["extra"] = rest(payload, ("type", key) if words is not None else ("type",))
    return piece


def token_count_pieces(payload: dict[str, Any]) -> list[Piece]:
    """Return usage of the last response with the first rate limit window, and a piece for the second window."""
    info, limits = payload.get("info"), payload.get("rate_limits")
    piece = _usage_piece(info.get("last_token_usage") if isinstance(info, dict) else payload, "token_count")
    piece["extra"] |= rest_of_counts(rest(payload, ("type",)), () if isinstance(info, dict) else _USAGE_KEYS)
    given = [limits.get(key) for key in ("primary", "secondary")] if isinstance(limits, dict) else []
    windows = [window for window in given if isinstance(window, dict)]
    pieces = [piece, *(_usage_piece({}, "token_count/rate_limit") for _ in windows[1:])]
    for one, window in zip(pieces, windows, strict=False):
        _add_window(one, window)
    return pieces


_USAGE_KEYS = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens")


def _usage_piece(usage: Any, native_type: str) -> Piece:
    counts = usage if isinstance(usage, dict) else {}
    piece = new_piece("usage", "assistant", "harness", native_type, None)
    return piece | {
        "content_state": None,
        "input_tokens": integer(counts.get("input_tokens")),
        "cached_input_tokens": integer(counts.get("cached_input_tokens")),
        "output_tokens": integer(counts.get("output_tokens")),
        "reasoning_tokens": integer(counts.get("reasoning_output_tokens")),
    }


def _add_window(piece: Piece, window: dict[str, Any]) -> None:
    piece["limit_used_percent"] = percent(window.get("used_percent"))
    resets = window.get("resets_at")
    at = epoch_seconds(resets) if type(resets) is int or isinstance(resets, Decimal) else None
    piece["limit_resets_at"] = at.us if at else None
    # older versions count from the time of the record, which the reader knows
    if at is None:
        piece["resets_in_us"] = microseconds(window.get("resets_in_seconds"), unit_us=SECOND)


def called_piece(payload: dict[str, Any], tool: str) -> Piece:
    """Return the call that an event tells of: a command, a patch, a call to an MCP server."""
    by_user = payload.get("source") == "user_shell"
    piece = new_piece("tool_call", "assistant", "human" if by_user else "agent", f"{tool}_begin", None)
    piece["call_id"] = name(payload.get("call_id"))
    piece["tool_name"], piece["tool_class"] = tool, _TOOL_OF[tool]
    mapped = ["type", "call_id"]
    if tool == "exec_command":
        columns = executed_columns(payload)
        piece["notes"].extend(columns.pop("notes", ()))
        piece |= columns
        piece["text"] = None if payload.get("command") is None else compact({"command": payload["command"]})
        mapped += ["command", "cwd"]
    elif tool == "mcp_tool_call" and isinstance(payload.get("invocation"), dict):
        invocation = payload["invocation"]
        server, called = name(invocation.get("server")), name(invocation.get("tool"))
        piece["tool_name"] = f"mcp__{server}__{called}" if server and called else tool
        piece["text"] = compact(invocation)
        mapped.append("invocation")
    elif payload.get("changes") is not None:
        piece["text"] = compact(payload["changes"])
        mapped.append("changes")
    piece["content_state"] = "absent" if piece["text"] is None else "present"
    piece["extra"] = rest(payload, mapped)
    return piece


def _ended_piece(payload: dict[str, Any], tool: str) -> Piece:
    aggregated = text(payload.get("aggregated_output"))
    stdout, stderr = text(payload.get("stdout")), text(payload.get("stderr"))
    words = aggregated or ((stdout or "") + (stderr or "") if stdout is not None or stderr is not None else aggregated)
    result = payload.get("result")
    if words is None and result is not None:
        words = text(result) if type(result) is str else compact(result)
    piece = new_piece("tool_result", "tool", "tool", f"{tool}_end", words)
    piece["call_id"] = name(payload.get("call_id"))
    piece["exit_code"] = integer(payload.get("exit_code"))
    fill_from_answer(piece)
    if flag(payload.get("success")) is not None:
        piece["is_error"] = not payload["success"]
    elif isinstance(result, dict) and "Err" in result:
        piece["is_error"] = True
    duration = payload.get("duration")
    if isinstance(duration, dict):
        seconds, nanos = integer(duration.get("secs")), integer(duration.get("nanos"))
        piece["duration_us"] = None if seconds is None else integer(seconds * SECOND + (nanos or 0) // 1000)
    mapped = {"type", "call_id", "exit_code", "duration", "result", "parsed_cmd"}
    mapped |= {
        key for key in ("aggregated_output", "stdout", "stderr", "formatted_output") if payload.get(key) in (words, "")
    }
    piece["extra"] = rest(payload, mapped)
    return piece


def _plain_event(payload: dict[str, Any], kind: str | None) -> Piece:
    key = next((key for key in ("message", "reason", "text") if type(payload.get(key)) is str), None)
    piece = event_piece(None, payload[key] if key else None)
    piece["call_id"] = name(payload.get("call_id"))
    if kind in _FAULTS:
        piece["is_error"] = kind != "warning"
        piece["error_type"], piece["http_status"] = _fault(payload)
    if kind == "turn_aborted" and payload.get("reason") == INTERRUPTED:
        piece["notes"].append(INTERRUPTED)
    piece["extra"] = rest(payload, ("type", "call_id", key))
    return piece


def _fault(payload: dict[str, Any]) -> tuple[str | None, int | None]:
    """Read `codex_error_info`: a word, or an object named by one that may hold the HTTP status."""
    info = payload.get("codex_error_info")
    if isinstance(info, dict) and len(info) == 1:
        kind, detail = next(iter(info.items()))
        code = detail.get("http_status_code") if isinstance(detail, dict) else None
        return token(kind), http_status(code)
    if info is not None:
        return token(info), None
    return fault_of_body(payload)
