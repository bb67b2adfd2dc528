"""Events of an Inspect AI sample as pieces with columns of `transcript`.

Source of the format: inspect_ai, src/inspect_ai/event/ (in older versions log/_transcript.py): model, tool, sandbox,
sample_limit, approval, input, logger, info, error, score, state, store, step and span events.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import Any

from parsers.jsontext import compact
from parsers.times import SECOND
from parsers.transcripts.chat_messages import text_of
from parsers.transcripts.fields import integer, microseconds, name, rest, text, time_columns
from parsers.transcripts.inspect_messages import Said, fault_columns, objects, pieces_of, usage_piece
from parsers.transcripts.pieces import Piece, event_piece, new_piece
from parsers.transcripts.tools import command_of, http_status, pids_of, shell_columns, token, tool_class

RAW_CALL = "raw_request_left_in_evidence"
REJECTED = "rejected_by_user"
LIMIT_TYPES = frozenset({"message", "time", "working", "token", "cost", "context", "operator", "custom"})

_BASE = frozenset({"event", "uuid", "timestamp", "completed", "working_time", "span_id", "pending"})
_PERSON = "human"
_FORBIDDING = frozenset({"reject", "terminate"})
_STATUS = re.compile(r"Error code: (\d{3})\b")
_EXCEPTION = re.compile(r"([A-Za-z]\w{1,78}(?:Error|Exception))\b")


@dataclass
class Sample:
    """What the events of one sample have to know of one another."""

    said: Said = field(default_factory=Said)
    called: set[str] = field(default_factory=set)  # ids of calls
    tools: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)  # id: name, command
    spans: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)  # id: type, parent
    waiting: list[tuple[str, str | None, str | None]] = field(default_factory=list)  # tool spans: id, name, parent
    call_of_span: dict[str, str] = field(default_factory=dict)
    pool: list[Any] = field(default_factory=list)
    rejected: set[str] = field(default_factory=set)  # ids of calls that a person forbade

    def call_around(self, span: str | None) -> str | None:
        """Return the id of the call in whose span another one lies."""
        for _ in range(len(self.spans) + 1):
            if span is None or span in self.call_of_span:
                break
            span = self.spans.get(span, (None, None))[1]
        return self.call_of_span.get(span or "")

    def is_beside(self, span: str | None) -> bool:
        """Tell whether a span is that of an agent that a tool called."""
        below_agent = False
        for _ in range(len(self.spans) + 1):
            if span is None:
                break
            kind, span = self.spans.get(span, (None, None))
            if kind == "tool" and below_agent:
                return True
            below_agent = below_agent or kind == "agent"
        return False


def event_pieces(event: dict[str, Any], sample: Sample, inside: str | None = None) -> list[Piece]:
    """Return the pieces of one event, and of those inside it; there is always one.

    `inside` is the id of the call whose event this one lies in (older logs).
    """
    kind = name(event.get("event"))
    span = name(event.get("span_id"))
    if kind == "model":
        pieces = _model_pieces(event, sample)
    elif kind == "tool":
        pieces = _tool_pieces(event, sample)
    elif kind == "sandbox":
        pieces = _sandbox_pieces(event, sample, inside or sample.call_around(span))
    elif kind == "input":
        said = new_piece("message", "user", "human", None, text(event.get("input")))
        said["extra"] = rest(event, _BASE | {"input", "input_ansi"})
        pieces = [said]
    else:
        if kind == "span_begin":
            _open(event, sample)
        pieces = [_plain_piece(event, kind, sample)]
    when = time_columns(event.get("timestamp")) or {}
    for piece in pieces:
        piece["native_type"] = f"event/{kind}" + (f"/{piece['native_type']}" if piece["native_type"] else "")
        piece["native_id"] = piece.get("native_id") or name(event.get("uuid"))
        piece["is_sidechain"] = sample.is_beside(span) or None
        for column, value in when.items():
            piece.setdefault(column, value)
    for inner in objects(event.get("events")):
        pieces += event_pieces(inner, sample, name(event.get("id")) if kind == "tool" else inside)
    return pieces


def limit_columns(limit: dict[str, Any]) -> Piece:
    """Return the columns of a limit that a sample met."""
    kind = name(limit.get("type"))
    return {"is_error": True, "error_type": f"{kind}_limit" if kind in LIMIT_TYPES else token(kind)}


def error_columns(words: str | None) -> Piece:
    """Return what a provider's error, as its client prints it, says by type and status."""
    status, kind = _STATUS.search(words or ""), _EXCEPTION.match(words or "")
    return {
        "is_error": True,
        "error_type": kind[1] if kind else None,
        "http_status": http_status(int(status[1])) if status else None,
    }


def _model_pieces(event: dict[str, Any], sample: Sample) -> list[Piece]:
    """What is new in the request, the answer, its usage; then the request itself, or how it failed."""
    told = event.get("output")
    output: dict[str, Any] = told if isinstance(told, dict) else {}
    model = name(event.get("model"))
    asked = objects(event.get("input")) or _pooled(event.get("input_refs"), sample.pool)
    pieces: list[Piece] = []
    repeated = sample.said.repeated(asked)
    for message, again in zip(asked, repeated, strict=True):
        if not again:
            # said before the request, nobody knows when
            untimed = {"ts": None, "ts_local": None, "ts_precision_us": None}
            pieces += [piece | untimed for piece in pieces_of(message, "input")]
    done = time_columns(event.get("completed")) or {}
    for choice in objects(output.get("choices")):
        if isinstance(choice.get("message"), dict):
            sample.said.give(choice["message"])
            answer = pieces_of(choice["message"], "output")
            pieces += [{**piece, **done, "model": name(output.get("model")) or model} for piece in answer]
    for piece in pieces:
        _note_call(piece, sample)
    if isinstance(output.get("usage"), dict):
        # what came out of Inspect's own cache was paid before
        pieces.append(usage_piece(output["usage"], model) | done | {"usage_is_primary": event.get("cache") != "read"})
    return [*pieces, _request_piece(event, output, model, sum(repeated))]


def _request_piece(event: dict[str, Any], output: dict[str, Any], model: str | None, repeated: int) -> Piece:
    error = text(event.get("error")) or text(output.get("error"))
    piece = event_piece("request", error)
    piece |= {"model": model, "duration_us": microseconds(event.get("working_time"), unit_us=SECOND)}
    if error is not None:
        piece |= error_columns(error)
    call = event.get("call")
    if isinstance(call, dict):
        piece["notes"].append(RAW_CALL)
    tools = [tool.get("name") for tool in objects(event.get("tools"))]
    piece["extra"] = rest(event, _BASE | {"model", "input", "output", "call", "error", "tools"})
    piece["extra"] |= {key: value for key, value in (("tools", tools), ("input_repeated", repeated)) if value}
    left = rest(output, ("model", "choices", "usage", "error", "completion"))
    stops = [choice.get("stop_reason") for choice in objects(output.get("choices"))]
    piece["extra"] |= ({"output": left} if left else {}) | ({"stop_reason": stops} if any(stops) else {})
    return piece


def _pooled(references: Any, pool: list[Any]) -> list[dict[str, Any]]:
    """Return the messages that ranges of the sample's pool stand for."""
    found = []
    for span in references if isinstance(references, list) else []:
        if isinstance(span, list) and len(span) == 2 and all(integer(at) is not None and at >= 0 for at in span):
            found += pool[span[0] : span[1]]
    return objects(found)


def _note_call(piece: Piece, sample: Sample) -> None:
    if piece["kind"] == "tool_call" and piece.get("call_id"):
        sample.called.add(piece["call_id"])
        sample.tools[piece["call_id"]] = (piece["tool_name"], piece.get("command"))


def _tool_pieces(event: dict[str, Any], sample: Sample) -> list[Piece]:
    """The answer to a call, behind the call itself where no model's answer holds it."""
    call, tool = name(event.get("id")), name(event.get("function"))
    pieces = []
    if call is None or call not in sample.called:
        told = event.get("arguments")
        begun = new_piece("tool_call", "assistant", "agent", "call", None if told is None else compact(told))
        begun |= {"call_id": call, "tool_name": tool, "tool_class": tool_class(tool)}
        if begun["tool_class"] == "shell":
            columns = shell_columns(told)
            begun["notes"] += columns.pop("notes", [])
            begun |= columns
        _note_call(begun, sample)
        pieces.append(begun)
    if call is not None:
        sample.said.give({"role": "tool", "tool_call_id": call})
        _enter(call, tool, name(event.get("span_id")), sample)
    words, others = text_of(event.get("result"))
    result = new_piece("tool_result", "tool", "tool", "result", words)
    result |= time_columns(event.get("completed")) or {}
    result |= {
        "call_id": call,
        "tool_name": tool,
        "tool_class": tool_class(tool),
        "duration_us": microseconds(event.get("working_time"), unit_us=SECOND),
    }
    if result["tool_class"] == "shell" and words:
        result["pids"] = pids_of(words)
    if isinstance(event.get("error"), dict):
        result |= fault_columns(event["error"])
        result["text"] = words or text(event["error"].get("message"))
    elif event.get("failed") is True:
        result["is_error"] = True
    if event.get("truncated"):
        result["content_state"] = "truncated"
    result["extra"] = rest(event, _BASE | {"id", "function", "arguments", "view", "result", "type", "events"})
    if others:
        result["extra"]["result"] = others
        result["content_state"] = "present"
    return [*pieces, result]


def _open(event: dict[str, Any], sample: Sample) -> None:
    span, kind, parent = name(event.get("id")), name(event.get("type")), name(event.get("parent_id"))
    if span is not None:
        sample.spans[span] = (kind, parent)
        if kind == "tool":
            sample.waiting.append((span, name(event.get("name")), parent))


def _enter(call: str, tool: str | None, span: str | None, sample: Sample) -> None:
    """Give a call the tool span that was opened for it: the first one of its name under the same parent."""
    for at, (opened, label, parent) in enumerate(sample.waiting):
        if label == tool and (span in (opened, parent) or span is None):
            sample.call_of_span[opened] = call
            del sample.waiting[at]
            return


def _sandbox_pieces(event: dict[str, Any], sample: Sample, call: str | None) -> list[Piece]:
    """What was executed or touched in the sandbox: by a tool, as part of its call, or else by the harness."""
    action = name(event.get("action"))
    executed = _executed(event)
    done = time_columns(event.get("completed")) or {}
    words = text(event.get("output"))
    if action != "exec" or call is None:
        piece = event_piece(action, words)
        piece |= executed | {"exit_code": integer(event.get("result"))}
        piece["notes"] = executed.get("notes", [])
        piece["extra"] = rest(event, _BASE | {"action", "cmd", "result", "output"})
        return [piece]
    tool, command = sample.tools.get(call, (None, None))
    pieces = []
    if executed.get("command") is not None and executed["command"] != command:
        # not what the agent wrote, but what its tool made of it
        begun = new_piece("tool_call", "assistant", "tool", "exec", executed["command"])
        begun |= executed | {"parent_id": call, "tool_name": tool, "tool_class": "shell"}
        begun["extra"] = {"input": event["input"]} if event.get("input") is not None else {}
        pieces.append(begun)
    result = new_piece("tool_result", "tool", "tool", "exec", words)
    result |= done | {"call_id": call, "tool_name": tool, "tool_class": "shell", "cwd": executed.get("cwd")}
    result["exit_code"] = integer(event.get("result"))
    if words:
        result["pids"] = pids_of(words)
    result["extra"] = rest(event, _BASE | {"action", "cmd", "result", "output", "input"})
    return [*pieces, result]


def _executed(event: dict[str, Any]) -> Piece:
    """Return the command that was executed; Inspect writes its arguments with the quoting of a shell."""
    told = text(event.get("cmd"))
    options = event.get("options")
    columns: Piece = {"cwd": name(options.get("cwd"))} if isinstance(options, dict) else {}
    if not told:
        return columns
    try:
        argv = shlex.split(told)
    except ValueError:
        return columns | {"command": told}
    return columns | command_of(argv)


def _plain_piece(event: dict[str, Any], kind: str | None, sample: Sample) -> Piece:
    """Limits, errors, approvals, log lines, and what the harness notes of its own state."""
    message = event.get("message")
    error = event.get("error")
    if kind == "logger" and isinstance(message, dict):
        words = text(message.get("message"))
    elif kind == "error" and isinstance(error, dict):
        words = text(error.get("message"))
    else:
        words = text(message) or (text(event.get("data")) if kind == "info" else None)
    piece = event_piece(None, words)
    if kind == "sample_limit":
        piece |= limit_columns(event)
    elif kind == "error":
        piece |= error_columns(words)
    elif kind == "approval":
        call = event.get("call")
        piece["call_id"] = name(call.get("id")) if isinstance(call, dict) else None
        forbidden = event.get("approver") == _PERSON and name(event.get("decision")) in _FORBIDDING
        if forbidden and piece["call_id"]:
            sample.rejected.add(piece["call_id"])
    elif kind in ("span_begin", "span_end"):
        piece["parent_id"] = name(event.get("parent_id"))
    mapped = _BASE | {"events", "parent_id"} | ({"message"} if type(message) is str else set())
    piece["extra"] = rest(event, mapped)
    return piece
