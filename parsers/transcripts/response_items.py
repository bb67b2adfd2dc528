"""Items of OpenAI's Responses API, in which Codex keeps its history: each as pieces with columns of `transcript`.

Source of the format: Responses API reference (input and output items); codex-rs/protocol/src/models.rs of openai/codex.
"""

from __future__ import annotations

from typing import Any

from parsers.jsontext import JsonFault, compact, decode
from parsers.times import SECOND
from parsers.transcripts.fields import flag, integer, microseconds, name, rest, text
from parsers.transcripts.pieces import Piece, event_piece, new_piece
from parsers.transcripts.tools import (
    NO_FAULT,
    command_of,
    exit_code_of,
    fault_of_text,
    shell_columns,
    tool_class,
)

SUMMARY_ONLY = "summary_only"
NOT_JSON = "arguments_not_json"

# words that Codex puts in a user's message
HARNESS_TEXT = (
    "<environment_context>",
    "<user_instructions>",
    "<permissions instructions>",
    "<collaboration_mode>",
    "<turn_aborted>",
    "<subagent_notification>",
    "<skill>",
    "<model_switch>",
    "<personality_spec>",
    "# AGENTS.md instructions",
)
_TRUNCATED = " truncated…"
_CALLS = frozenset({"function_call", "custom_tool_call"})
_ANSWERS = frozenset({"function_call_output", "custom_tool_call_output", "local_shell_call_output"})
# one tool of Codex runs JavaScript, which calls the others
_CODE_TOOLS = frozenset({"exec", "functions.exec"})


def item_pieces(item: dict[str, Any]) -> list[Piece]:
    """Return the pieces of one item; there is always one."""
    kind = name(item.get("type"))
    if kind == "message" or (kind is None and "role" in item):
        return _message_pieces(item)
    if kind == "reasoning":
        return [_reasoning_piece(item)]
    if kind in _CALLS:
        return [_call_piece(item, kind)]
    if kind in _ANSWERS:
        return [answer_piece(item, kind)]
    if kind == "local_shell_call":
        return [_local_shell_piece(item)]
    if kind is not None and kind.endswith("_call"):
        return [_hosted_call_piece(item, kind)]
    return [_other_piece(item, kind)]


def author_of(role: str, words: str | None) -> str:
    """Tell who can have written a message: by its role, and by the marks Codex puts on words of its own."""
    if role == "assistant":
        return "agent"
    if role == "user":
        return "harness" if words is not None and words.startswith(HARNESS_TEXT) else "human"
    return "tool" if role == "tool" else "harness"


def _message_pieces(item: dict[str, Any]) -> list[Piece]:
    """One piece for each content item: Codex puts its own instructions and the prompt into one message."""
    role = name(item.get("role")) or "user"
    content = item.get("content")
    parts = content if isinstance(content, list) and content else [content]
    pieces = []
    for part in parts:
        words, others = _text_of_part(part)
        piece = new_piece("message", role, author_of(role, words), "message", words)
        piece["native_id"] = name(item.get("id"))
        if others is not None:
            piece["extra"]["content"] = others
            piece["content_state"] = "present"
        pieces.append(piece)
    pieces[0]["extra"] |= rest(item, ("type", "role", "id", "content", "timestamp"))
    return pieces


def _text_of_part(part: Any) -> tuple[str | None, Any]:
    """Return the text of a content part, and what is no text. Image data stays in the evidence."""
    if type(part) is str or part is None:
        return part, None
    if not isinstance(part, dict):
        return None, part
    words = text(part.get("text"))
    left = rest(part, ("type", "text") if words is not None else ())
    url = left.get("image_url")
    if type(url) is str and url.startswith("data:"):
        left["image_url"] = url.partition(",")[0]
        left["data_length"] = len(url)
    return words, left or None


def _reasoning_piece(item: dict[str, Any]) -> Piece:
    summary = _joined(item.get("summary"))
    content = _joined(item.get("content"))
    sealed = item.get("encrypted_content")
    piece = new_piece("reasoning", "assistant", "agent", "reasoning", content or summary)
    piece["native_id"] = name(item.get("id"))
    left = rest(item, ("type", "id", "summary", "content", "encrypted_content", "timestamp"))
    if type(sealed) is str:
        left["encrypted_content_length"] = len(sealed)
    if content and summary:
        left["summary"] = item["summary"]
    elif summary:
        piece["notes"].append(SUMMARY_ONLY)
    elif not content and sealed:
        piece["content_state"] = "encrypted"
    piece["extra"] = left
    return piece


def _joined(parts: Any) -> str | None:
    if type(parts) is str:
        return parts or None
    if not isinstance(parts, list):
        return None
    texts = [part["text"] for part in parts if isinstance(part, dict) and type(part.get("text")) is str]
    return "\n".join(texts) or None


def _call_piece(item: dict[str, Any], kind: str) -> Piece:
    told = item.get("arguments") if kind == "function_call" else item.get("input")
    words = text(told) if type(told) is str or told is None else compact(told)
    piece = new_piece("tool_call", "assistant", "agent", kind, words)
    tool = name(item.get("name"))
    piece["native_id"] = name(item.get("id"))
    piece["call_id"] = name(item.get("call_id"))
    piece["tool_name"] = tool
    piece["tool_class"] = "code" if tool in _CODE_TOOLS else tool_class(tool)
    piece["extra"] = rest(item, ("type", "id", "call_id", "name", "arguments", "input", "timestamp"))
    if piece["tool_class"] == "shell":
        arguments, fault = arguments_of(told)
        columns = shell_columns(arguments)
        piece["notes"].extend([*fault, *columns.pop("notes", ())])
        piece |= columns
    return piece


def arguments_of(told: Any) -> tuple[Any, list[str]]:
    """Decode arguments given as JSON text; return them, and a note where they are none."""
    if type(told) is not str or not told:
        return told, []
    try:
        return decode(told.encode("utf-8", "surrogatepass")).value, []
    except JsonFault:
        return None, [NOT_JSON]


def _local_shell_piece(item: dict[str, Any]) -> Piece:
    action = item.get("action") if isinstance(item.get("action"), dict) else {}
    piece = new_piece("tool_call", "assistant", "agent", "local_shell_call", compact(action))
    piece["native_id"] = name(item.get("id"))
    piece["call_id"] = name(item.get("call_id")) or name(item.get("id"))
    piece["tool_name"], piece["tool_class"] = "local_shell", "shell"
    piece["extra"] = rest(item, ("type", "id", "call_id", "action", "timestamp"))
    columns = shell_columns(action)
    piece["notes"].extend(columns.pop("notes", ()))
    return piece | columns


def _hosted_call_piece(item: dict[str, Any], kind: str) -> Piece:
    """A tool that runs at the provider: web search, file search, code interpreter."""
    asked = next((item[key] for key in ("action", "queries", "code", "arguments") if item.get(key) is not None), None)
    words = text(asked) if type(asked) is str or asked is None else compact(asked)
    piece = new_piece("tool_call", "assistant", "agent", kind, words)
    piece["native_id"] = name(item.get("id"))
    piece["call_id"] = name(item.get("call_id")) or name(item.get("id"))
    piece["tool_name"] = kind.removesuffix("_call")
    piece["tool_class"] = tool_class(piece["tool_name"])
    piece["extra"] = rest(item, ("type", "id", "call_id", "action", "queries", "code", "arguments", "timestamp"))
    return piece


def answer_piece(item: dict[str, Any], kind: str) -> Piece:
    """Return a tool's answer: text, list of content items, or the older JSON text with output and metadata."""
    output = item.get("output")
    words, left = _text_of_output(output)
    metadata: dict[str, Any] = {}
    if words is not None and words.startswith("{") and '"metadata"' in words:
        found, _ = arguments_of(words)
        if isinstance(found, dict) and type(found.get("output")) is str and isinstance(found.get("metadata"), dict):
            words, metadata = found["output"], found["metadata"]
    piece = new_piece("tool_result", "tool", "tool", kind, words)
    piece["native_id"] = name(item.get("id"))
    piece["call_id"] = name(item.get("call_id"))
    piece["extra"] = rest(item, ("type", "id", "call_id", "output", "timestamp")) | left
    if metadata:
        piece["exit_code"] = integer(metadata.get("exit_code"))
        piece["duration_us"] = microseconds(metadata.get("duration_seconds"), unit_us=SECOND)
        piece["extra"] |= {"metadata": more} if (more := rest(metadata, ("exit_code", "duration_seconds"))) else {}
    if isinstance(output, dict) and flag(output.get("success")) is not None:
        piece["is_error"] = not output["success"]
    fill_from_answer(piece)
    return piece


def fill_from_answer(piece: Piece) -> None:
    """Fill exit code, error and truncation as far as an answer's text states them."""
    words = piece["text"]
    if not words:
        return
    if piece.get("exit_code") is None:
        piece["exit_code"] = exit_code_of(words)
    fault = fault_of_text(_behind_header(words)) if '"error' in words or "HTTP/" in words else NO_FAULT
    piece["error_type"], piece["http_status"] = fault
    if _TRUNCATED in words:
        piece["content_state"] = "truncated"


def _behind_header(words: str) -> str:
    """Return what a command printed, without the lines in which Codex tells how it ended."""
    head, mark, output = words[:400].partition("Output:\n")
    return (
        output + words[400:] if mark and head.startswith(("Exit code", "Process ", "Chunk ID", "Wall time")) else words
    )


def _text_of_output(output: Any) -> tuple[str | None, dict[str, Any]]:
    if type(output) is str or output is None:
        return output, {}
    if isinstance(output, dict):
        words = text(output.get("content"))
        left = rest(output, ("content",) if words is not None else ())
        return words, {"output": left} if left else {}
    if not isinstance(output, list):
        return None, {"output": output}
    parts = [_text_of_part(part) for part in output]
    texts = [words for words, _ in parts if words is not None]
    others = [other for _, other in parts if other is not None]
    return ("\n".join(texts) if texts else None), ({"output": others} if others else {})


def _other_piece(item: dict[str, Any], kind: str | None) -> Piece:
    """Compaction, snapshots of the work tree, and whatever later versions add."""
    piece = event_piece(kind, text(item.get("message")) or text(item.get("text")))
    piece["native_id"] = name(item.get("id"))
    left = rest(item, ("type", "id", "message", "text", "encrypted_content", "timestamp"))
    sealed = item.get("encrypted_content")
    if type(sealed) is str:
        piece["content_state"] = "encrypted"
        left["encrypted_content_length"] = len(sealed)
    piece["extra"] = left
    return piece


def executed_columns(event: dict[str, Any]) -> Piece:
    """Return command, argv and directory of an event that tells what was executed."""
    argv = event.get("command")
    columns: Piece = {"cwd": name(event.get("cwd"))}
    if isinstance(argv, list) and argv and all(type(word) is str for word in argv):
        columns |= command_of(argv)
    elif type(argv) is str:
        columns["command"] = argv
    return columns
