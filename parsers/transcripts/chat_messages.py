"""Messages of the Chat Completions API as pieces with columns of `transcript`.

Source of the format: OpenAI Chat Completions API reference (messages, choices, usage), and what LiteLLM adds for other
providers (`reasoning_content`, `thinking_blocks`).
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from parsers.jsontext import compact
from parsers.transcripts.fields import integer, name, rest, rest_of_counts, text
from parsers.transcripts.pieces import Piece, new_piece
from parsers.transcripts.response_items import arguments_of
from parsers.transcripts.tools import exit_code_of, fault_of_text, shell_columns, tool_class

# how OpenHands gives a tool's answer to a model that knows no tools
_ANSWER_AS_USER = "EXECUTION RESULT of ["
_AUTHORS = {"assistant": "agent", "user": "human", "tool": "tool", "function": "tool"}
_MESSAGE = frozenset(
    {
        "role",
        "content",
        "tool_calls",
        "function_call",
        "tool_call_id",
        "name",
        "refusal",
        "reasoning_content",
        "reasoning",
    }
)


def message_pieces(message: dict[str, Any], place: str) -> list[Piece]:
    """Return the pieces of one message: what was thought, said and called, or a tool's answer; there is always one.

    `place` is `request` or `response`.
    """
    role = name(message.get("role")) or ("assistant" if place == "response" else "user")
    words, others = text_of(message.get("content"))
    if role in ("tool", "function"):
        pieces = [_answer(message, words)]
    else:
        pieces = _thoughts(message)
        calls = _calls(message)
        refusal = text(message.get("refusal"))
        if words or others or refusal or not (pieces or calls):
            said = new_piece("message", role, _AUTHORS.get(role, "harness"), None, words or refusal)
            if role == "user" and words is not None and words.startswith(_ANSWER_AS_USER):
                said["author"] = "tool"
            if refusal:
                said["notes"].append("refusal")
            pieces.append(said)
        pieces += calls
    if others:
        holder = next((piece for piece in pieces if piece["kind"] in ("message", "tool_result")), pieces[0])
        holder["extra"]["content"] = others
        holder["content_state"] = "present"
    pieces[0]["extra"] |= rest(message, _MESSAGE)
    for piece in pieces:
        piece["native_type"] = f"{place}/{role}"
    return pieces


def text_of(content: Any) -> tuple[str | None, list[Any]]:
    """Return the text of a message, its text parts joined by newlines, and the parts that are none."""
    if type(content) is str:
        return content, []
    if not isinstance(content, list):
        return None, [] if content is None else [content]
    texts, others = [], []
    for part in content:
        if type(part) is str:
            texts.append(part)
        elif isinstance(part, dict) and type(part.get("text")) is str:
            texts.append(part["text"])
        else:
            others.append(_without_image_data(part))
    return ("\n".join(texts) if texts else None), others


def _without_image_data(part: Any) -> Any:
    """Leave image data where it is, in the evidence: name its type and length."""
    image = part.get("image_url") if isinstance(part, dict) else None
    url = image.get("url") if isinstance(image, dict) else image
    if type(url) is not str or not url.startswith("data:"):
        return part
    return {**part, "image_url": {"url": url.partition(",")[0], "data_length": len(url)}}


def _thoughts(message: dict[str, Any]) -> list[Piece]:
    words = text(message.get("reasoning_content")) or text(message.get("reasoning"))
    if words:
        return [new_piece("reasoning", "assistant", "agent", None, words)]
    blocks = message.get("thinking_blocks")
    kinds = [block.get("type") for block in blocks if isinstance(block, dict)] if isinstance(blocks, list) else []
    if "redacted_thinking" not in kinds:
        return []
    piece = new_piece("reasoning", "assistant", "agent", None, None)
    piece["content_state"] = "redacted"
    return [piece]


def _calls(message: dict[str, Any]) -> list[Piece]:
    calls = message.get("tool_calls")
    given = [call for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    pieces = [_call(call, call.get("function") or call.get("custom"), call.get("id")) for call in given]
    if isinstance(message.get("function_call"), dict):
        pieces.append(_call({}, message["function_call"], None))
    return pieces


def _call(call: dict[str, Any], function: Any, call_id: Any) -> Piece:
    fields = function if isinstance(function, dict) else {}
    told = fields.get("arguments", fields.get("input"))
    words = text(told) if type(told) is str or told is None else compact(told)
    piece = new_piece("tool_call", "assistant", "agent", None, words)
    piece["call_id"] = name(call_id)
    piece["tool_name"] = name(fields.get("name"))
    piece["tool_class"] = tool_class(piece["tool_name"])
    piece["extra"] = rest(call, ("id", "type", "function", "custom", "index"))
    if piece["tool_class"] == "shell":
        arguments, fault = arguments_of(told)
        columns = shell_columns(arguments)
        piece["notes"].extend([*fault, *columns.pop("notes", ())])
        piece |= columns
    return piece


def _answer(message: dict[str, Any], words: str | None) -> Piece:
    piece = new_piece("tool_result", "tool", "tool", None, words)
    piece["call_id"] = name(message.get("tool_call_id"))
    piece["tool_name"] = name(message.get("name"))
    if words:
        piece["error_type"], piece["http_status"] = fault_of_text(words)
        piece["exit_code"] = exit_code_of(words)
    return piece


def usage_columns(usage: dict[str, Any]) -> Piece:
    """Return the usage of one response; input counts what came from the cache."""
    into, out = usage.get("prompt_tokens_details"), usage.get("completion_tokens_details")
    cached = into.get("cached_tokens") if isinstance(into, dict) else None
    thought = out.get("reasoning_tokens") if isinstance(out, dict) else None
    piece = new_piece("usage", "assistant", "harness", "response/usage", None)
    return piece | {
        "content_state": None,
        "input_tokens": integer(usage.get("prompt_tokens")),
        "cached_input_tokens": integer(usage.get("prompt_cache_hit_tokens") if cached is None else cached),
        "output_tokens": integer(usage.get("completion_tokens")),
        "reasoning_tokens": integer(thought),
        "extra": rest_of_counts(usage, ("prompt_tokens", "completion_tokens", "total_tokens")),
    }


def digest_of(message: dict[str, Any]) -> bytes:
    """Return what a message has in common with its copies in later requests, however they are written."""
    words, _ = text_of(message.get("content"))
    calls = [(call["call_id"], call["tool_name"], call["text"]) for call in _calls(message)]
    same = compact([name(message.get("role")), words or "", calls, name(message.get("tool_call_id"))])
    return blake2b(same.encode(), digest_size=16).digest()


def first_call_of(message: dict[str, Any]) -> str | None:
    """Return the id of the first tool call in a message."""
    return next((call["call_id"] for call in _calls(message) if call["call_id"]), None)
