"""One line of Claude Code as pieces: its envelope, and the kinds of lines there are."""

from __future__ import annotations

from typing import Any

from parsers.transcripts.claude_pieces import HARNESS_TEXT, assistant_pieces, progress_piece, system_piece, user_pieces
from parsers.transcripts.claude_run import partial_piece, rate_limit_piece, result_piece
from parsers.transcripts.fields import dollars, name, rest, text, time_columns
from parsers.transcripts.pieces import Piece, event_piece

_ENVELOPE = frozenset(
    {"type", "uuid", "parentUuid", "sessionId", "timestamp", "cwd", "isSidechain", "requestId", "costUSD"}
)
_MAPPED = {
    "user": _ENVELOPE | {"message", "toolUseResult", "isMeta", "isCompactSummary", "permissionMode"},
    "assistant": _ENVELOPE | {"message", "isApiErrorMessage", "apiErrorStatus"},
    "system": _ENVELOPE | {"subtype", "content", "durationMs"},
    "progress": _ENVELOPE | {"data", "parentToolUseID"},
    "attachment": _ENVELOPE | {"attachment"},
    "result": _ENVELOPE | {"subtype", "result", "is_error", "duration_ms", "total_cost_usd", "usage"},
    "stream_event": _ENVELOPE,
    "rate_limit_event": _ENVELOPE,
}
_NAMES = (("uuid", "native_id"), ("parentUuid", "parent_id"), ("cwd", "cwd"), ("requestId", "request_id"))
_META = frozenset(
    {"agentType", "description", "toolUseId", "spawnDepth", "model", "name", "sessionId", "worktreePath"}
) | {"workflowPhase", "parentAgentId", "color", "permissionMode", "isAsync"}
# where other kinds of lines keep their words, and what they belong to
_WORDS = ("summary", "customTitle", "aiTitle", "content")
_BELONGS = ("leafUuid", "messageId")


def envelope(line: dict[str, Any]) -> tuple[Piece, dict[str, Any]]:
    """Return the columns that every row of a record shares, and the values that their columns cannot hold."""
    odd = {}
    sidechain = line.get("isSidechain")
    columns: Piece = {"is_sidechain": sidechain, "approval_policy": line.get("permissionMode")}
    for key, column in _NAMES:
        value = columns[column] = line.get(key)
        if value is not None and name(value) is None:
            odd[key], columns[column] = value, None
    if sidechain is not None and type(sidechain) is not bool:
        odd["isSidechain"], columns["is_sidechain"] = sidechain, None
    if columns["approval_policy"] is not None and name(columns["approval_policy"]) is None:
        odd["permissionMode"], columns["approval_policy"] = columns["approval_policy"], None
    session = name(line.get("sessionId"))
    if session is None and line.get("sessionId") is not None:
        odd["sessionId"] = line["sessionId"]
    columns["session_id"] = _sub_session(session, name(line.get("agentId"))) if sidechain is True else session
    when = time_columns(line.get("timestamp"))
    if when is not None:
        columns |= when
    elif line.get("timestamp") is not None:
        odd["timestamp"] = line["timestamp"]
    return columns, odd


def nested_of(line: dict[str, Any]) -> dict[str, Any] | None:
    """Return a sub-agent's message that a parent's line holds, None in any other line."""
    data = line.get("data")
    if line.get("type") != "progress" or not isinstance(data, dict) or data.get("type") != "agent_progress":
        return None
    return data["message"] if isinstance(data.get("message"), dict) else None


def nested_envelope(line: dict[str, Any], nested: dict[str, Any]) -> Piece:
    """Return the columns that a sub-agent's message has of its own."""
    columns: Piece = {
        "session_id": _sub_session(name(line.get("sessionId")), name(line["data"].get("agentId"))),
        "native_id": name(nested.get("uuid")),
        "parent_id": name(line.get("parentToolUseID")),
        "request_id": name(nested.get("requestId")),
        "is_sidechain": True,
    }
    return columns | (time_columns(nested.get("timestamp")) or {})


def _sub_session(session: str | None, agent: str | None) -> str | None:
    if session is None:
        return None
    return f"{session}/agent-{agent}" if agent else f"{session}/sidechain"


def pieces_of(line: dict[str, Any]) -> list[Piece]:
    """Return the pieces of one line; there is always one."""
    kind = line.get("type")
    if kind == "user":
        pieces = user_pieces(line, line.get("message"), by_agent=line.get("isSidechain") is True)
    elif kind == "assistant":
        pieces = assistant_pieces(line, line.get("message"))
        if "costUSD" in line:
            pieces[-1].update(dollars(line["costUSD"]))
    elif kind == "system":
        pieces = [system_piece(line)]
    elif kind == "result":
        pieces = [result_piece(line)]
    elif kind == "stream_event":
        pieces = [partial_piece(line)]
    elif kind == "rate_limit_event":
        pieces = [rate_limit_piece(line)]
    elif kind == "progress" and isinstance(line.get("data"), dict):
        pieces = _progress_pieces(line, line["data"])
    elif kind == "attachment" and isinstance(line.get("attachment"), dict):
        pieces = [_attachment_piece(line["attachment"])]
    else:
        return [_agent_meta_piece(line) if is_agent_meta(line) else _other_piece(line, name(kind))]
    pieces[0]["extra"] = rest(line, _MAPPED[kind]) | pieces[0]["extra"]
    return pieces


def _progress_pieces(line: dict[str, Any], data: dict[str, Any]) -> list[Piece]:
    nested = nested_of(line)
    if nested is None:
        return [progress_piece(line, data)]
    said = nested.get("message")
    by_model = nested.get("type") == "assistant"
    pieces = assistant_pieces(nested, said) if by_model else user_pieces(nested, said, by_agent=True)
    for piece in pieces:
        piece["native_type"] = f"progress/agent_progress/{piece['native_type']}"
    pieces[0]["extra"]["data"] = rest(data, ("type", "message", "agentId"))
    if left := rest(nested, _MAPPED["user"] | _MAPPED["assistant"]):
        pieces[0]["extra"]["nested"] = left
    return pieces


def _attachment_piece(attachment: dict[str, Any]) -> Piece:
    kind = name(attachment.get("type"))
    piece = event_piece(f"attachment/{kind}" if kind else "attachment", text(attachment.get("prompt")))
    mapped = ("type",) if piece["text"] is None else ("type", "prompt")
    piece["extra"]["attachment"] = rest(attachment, mapped)
    if kind == "queued_command" and piece["text"] is not None:
        by_human = attachment.get("commandMode") in (None, "prompt")
        piece |= {"kind": "message", "role": "user", "content_state": "present"}
        piece["author"] = "human" if by_human else "harness"
    return piece


def is_agent_meta(line: dict[str, Any]) -> bool:
    """Tell whether an object is the note beside a sub-agent's file (`agent-<id>.meta.json`)."""
    return "type" not in line and name(line.get("agentType")) is not None and line.keys() <= _META and len(line) > 1


def _agent_meta_piece(line: dict[str, Any]) -> Piece:
    """Return what a sub-agent was started as: it names neither agent nor session, only the call that started it."""
    piece = event_piece("agent_meta", text(line.get("description")))
    piece["call_id"] = name(line.get("toolUseId"))
    piece["extra"] = rest(line, ("description", "toolUseId", "sessionId"))
    return piece


def _other_piece(line: dict[str, Any], kind: str | None) -> Piece:
    words = next((key for key in _WORDS if type(line.get(key)) is str), None)
    belongs = next((key for key in _BELONGS if name(line.get(key))), None)
    piece = event_piece(kind, line[words] if words else None)
    piece["extra"] = rest(line, (_ENVELOPE | {words, belongs}) - (frozenset() if kind else {"type"}))
    if belongs:
        piece["parent_id"] = line[belongs]
    if kind == "queue-operation" and piece["text"] is not None and not piece["text"].startswith(HARNESS_TEXT):
        piece["author"] = "human"
    return piece
