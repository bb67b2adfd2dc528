"""Messages of Gemini CLI as pieces with columns of `transcript`."""

from __future__ import annotations

import re
from typing import Any

from parsers.jsontext import JsonFault, compact, decode
from parsers.transcripts.fields import integer, name, rest, rest_of_counts, text, time_columns
from parsers.transcripts.pieces import INTERRUPTED, Piece, event_piece, new_piece
from parsers.transcripts.tools import NO_FAULT, Fault, fault_of_body, fault_of_text, shell_columns, tool_class

REJECTED = "rejected_by_user"
REASONING_BESIDE = "reasoning_beside_output"

_MESSAGE = frozenset({"id", "timestamp", "type", "content", "toolCalls", "thoughts", "tokens", "model"})
_CALL = frozenset({"id", "name", "args", "result", "status", "timestamp"})
# what the screen shows of a call: the tool's general description, and its output once more
_SHOWN = frozenset({"displayName", "description", "resultDisplay", "renderOutputAsMarkdown"})
_COUNTS = ("input", "output", "cached", "thoughts", "total")
_FOOT = 600
_EXIT = re.compile(r"^Exit Code: (-?\d{1,10})$", re.MULTILINE)
_BACKGROUND = re.compile(r"^Background PIDs: (\d{1,10}(?:, \d{1,10})*)$", re.MULTILINE)
_NOT_ALLOWED = "User did not allow tool call"
_API_ERROR = re.compile(r"\[API Error: (\{.*\})", re.DOTALL)


def message_pieces(message: dict[str, Any]) -> list[Piece]:
    """Return the pieces of one message: thoughts, words, calls with their results, usage; there is always one."""
    kind = name(message.get("type"))
    words, others = words_of(message.get("content"))
    pieces: list[Piece] = []
    if kind == "gemini":
        pieces += _thoughts(message.get("thoughts"))
        calls, more = _calls(message.get("toolCalls")), _usage(message.get("tokens"))
        if words or others or not (pieces or calls):
            pieces.append(new_piece("message", "assistant", "agent", None, words))
        pieces += calls + more
    elif kind == "user":
        pieces.append(new_piece("message", "user", "human", None, words))
    else:
        pieces.append(_notice(kind, words))
    if others:
        holder = next((piece for piece in pieces if piece["kind"] == "message"), pieces[0])
        holder["extra"]["content"] = others
    pieces[0]["extra"] |= rest(message, _MESSAGE)
    when = time_columns(message.get("timestamp")) or {}
    for piece in pieces:
        piece["native_type"] = piece["native_type"] or kind
        piece["native_id"] = piece.get("native_id") or name(message.get("id"))
        piece["message_id"] = name(message.get("id")) if kind == "gemini" else None
        piece["model"] = name(message.get("model"))
        if "ts" not in piece and "ts_local" not in piece:
            piece.update(when)
    return pieces


def words_of(content: Any) -> tuple[str | None, list[Any]]:
    """Return the text of a list of parts, joined by newlines, and the parts that are none, without their data."""
    if type(content) is str:
        return content, []
    parts = content if isinstance(content, list) else [content]
    texts, others = [], []
    for part in parts:
        if type(part) is str:
            texts.append(part)
        elif isinstance(part, dict) and type(part.get("text")) is str:
            texts.append(part["text"])
        elif part is not None:
            others.append(_without_data(part))
    return ("\n".join(texts) if texts else None), others


def _without_data(part: Any) -> Any:
    data = part.get("inlineData") if isinstance(part, dict) else None
    if not isinstance(data, dict) or type(data.get("data")) is not str:
        return part
    return part | {"inlineData": rest(data, ("data",)) | {"data_length": len(data["data"])}}


def _thoughts(thoughts: Any) -> list[Piece]:
    pieces = []
    for thought in thoughts if isinstance(thoughts, list) else []:
        if not isinstance(thought, dict):
            continue
        told = [text(thought.get(key)) for key in ("subject", "description")]
        piece = new_piece("reasoning", "assistant", "agent", None, "\n".join(filter(None, told)) or None)
        piece["extra"] = rest(thought, ("subject", "description", "timestamp"))
        pieces.append(piece | (time_columns(thought.get("timestamp")) or {}))
    return pieces


def _calls(calls: Any) -> list[Piece]:
    pieces = []
    for call in calls if isinstance(calls, list) else []:
        if not isinstance(call, dict):
            continue
        identity, tool, status = name(call.get("id")), name(call.get("name")), name(call.get("status"))
        asked = call_piece(identity, tool, call.get("args"))
        asked["native_id"] = identity
        asked["extra"] = rest(call, _CALL | _SHOWN)
        pieces.append(asked)
        words, others = parts_of(call.get("result"))
        if words is None and not others and status not in ("success", "error", "cancelled"):
            continue
        answer = result_piece(identity, tool, words, others)
        answer["native_id"] = identity
        answer |= time_columns(call.get("timestamp")) or {}
        answer["is_error"] = status == "error" if status in ("success", "error") else None
        if status == "cancelled":
            answer["notes"].append(REJECTED if words is not None and _NOT_ALLOWED in words else INTERRUPTED)
        pieces.append(answer)
    return pieces


def call_piece(identity: str | None, tool: str | None, args: Any) -> Piece:
    """Return a call of a tool."""
    piece = new_piece("tool_call", "assistant", "agent", None, None if args is None else compact(args))
    piece |= {"call_id": identity, "tool_name": tool, "tool_class": tool_class(tool)}
    if piece["tool_class"] == "shell":
        columns = shell_columns(args)
        piece["notes"].extend(columns.pop("notes", ()))
        piece |= columns
        if isinstance(args, dict) and "cwd" not in columns:
            piece["cwd"] = name(args.get("directory")) or name(args.get("dir_path"))
    return piece


def parts_of(result: Any) -> tuple[str | None, list[Any]]:
    """Return what a tool answered: the output or error of its responses, joined by newlines, and all else."""
    texts, others = [], []
    for part in result if isinstance(result, list) else [result]:
        answered = part.get("functionResponse") if isinstance(part, dict) else None
        response = answered.get("response") if isinstance(answered, dict) else None
        told = [response[key] for key in ("output", "error") if key in response] if isinstance(response, dict) else []
        if isinstance(response, dict) and told and all(type(words) is str for words in told):
            texts += told
            if left := rest(response, ("output", "error")):
                others.append({"response": left})
        elif isinstance(answered, dict):
            others.append(answered)
        else:
            words, more = words_of([part])
            texts += [words] if words is not None else []
            others += more
    return ("\n".join(texts) if texts else None), others


def result_piece(identity: str | None, tool: str | None, words: str | None, others: list[Any]) -> Piece:
    """Return a tool's answer; a shell's tells how its command ended in its last lines."""
    piece = new_piece("tool_result", "tool", "tool", None, words)
    piece |= {"call_id": identity, "tool_name": tool, "tool_class": tool_class(tool)}
    if others:
        piece["extra"]["result"] = others
        piece["content_state"] = "present"
    if words is None:
        return piece
    piece["error_type"], piece["http_status"] = fault_of_text(_output(words) if "Output: " in words[:4096] else words)
    if piece["tool_class"] == "shell":
        foot = words[-_FOOT:]
        codes, started = _EXIT.findall(foot), _BACKGROUND.findall(foot)
        piece["exit_code"] = int(codes[-1]) if codes else None
        piece["pids"] = [int(pid) for pid in started[-1].split(", ")] if started else None
    return piece


def _output(words: str) -> str:
    """Return what a command printed, without the lines in which Gemini CLI tells how it was run and how it ended."""
    output = words.partition("Output: ")[2]
    for line in ("\nError: ", "\nExit Code: ", "\nSignal: ", "\nBackground PIDs: ", "\nProcess Group PGID: "):
        output = output.partition(line)[0]
    return output


def _usage(tokens: Any) -> list[Piece]:
    if not isinstance(tokens, dict):
        return []
    piece = new_piece("usage", "assistant", "harness", "tokens", None)
    piece |= {
        "content_state": None,
        "input_tokens": integer(tokens.get("input")),
        "cached_input_tokens": integer(tokens.get("cached")),
        "output_tokens": integer(tokens.get("output")),
        "reasoning_tokens": integer(tokens.get("thoughts")),
        "extra": rest_of_counts(tokens, _COUNTS),
    }
    if piece["reasoning_tokens"]:
        piece["notes"].append(REASONING_BESIDE)
    return [piece]


def _notice(kind: str | None, words: str | None) -> Piece:
    """Return what the harness told a person: news, warnings, errors of the API."""
    piece = event_piece(kind, words)
    if kind == "error":
        piece["is_error"] = True
        piece["error_type"], piece["http_status"] = _fault(words or "")
    return piece


def _fault(words: str) -> Fault:
    shown = _API_ERROR.search(words)
    if shown is None:
        return fault_of_text(words)
    try:
        return fault_of_body(decode(shown[1].encode("utf-8", "surrogatepass")).value)
    except JsonFault:
        return NO_FAULT
