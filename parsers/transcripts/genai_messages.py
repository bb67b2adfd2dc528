"""Messages in spans and logs of instrumented models, whatever convention wrote them, in the Chat Completions form.

Source of the format: OpenTelemetry semantic conventions for generative AI, before 1.37 (an event for each message) and
since (`gen_ai.input.messages`, `gen_ai.output.messages` with parts); OpenLLMetry (`gen_ai.prompt.0.content`);
OpenInference (`llm.input_messages.0.message.content`).
"""

from __future__ import annotations

import re
from typing import Any

from parsers.jsontext import compact
from parsers.transcripts.inspect_messages import objects
from parsers.transcripts.otlp_values import structured

Message = dict[str, Any]

_NUMBERED = re.compile(
    r"(?:(gen_ai\.prompt|llm\.input_messages)|(gen_ai\.completion|llm\.output_messages))\.(\d{1,6})\.(?:message\.)?(.+)"
)
_CALL = re.compile(r"tool_calls\.(\d{1,6})\.(?:tool_call\.)?(?:function\.)?(id|name|arguments)")
_CONTENT = re.compile(r"contents\.(\d{1,6})\.message_content\.text")
_EVENT = re.compile(r"gen_ai\.(system|user|assistant|tool)\.message")


def messages_of(told: Any) -> list[Message]:
    """Return messages with parts (or already in the Chat Completions form), given as values or as JSON text."""
    value = structured(told)
    if isinstance(value, dict):
        value = [value]
    if type(value) is str and value:
        return [{"role": "user", "content": value}]
    return [chat for message in objects(value) for chat in _with_parts(message)]


def instructions_of(told: Any) -> list[Message]:
    """Return the system instructions of a request, which have parts but no role."""
    value = structured(told)
    parts = value if isinstance(value, list) else [value]
    return [chat for part in parts if part for chat in _with_parts({"role": "system", "parts": [part]})]


def _with_parts(message: Message) -> list[Message]:
    """Split a message with parts: each answer to a call is a message of its own."""
    parts = message.get("parts")
    if not isinstance(parts, list):
        return [message]
    said = {key: value for key, value in message.items() if key != "parts"}
    content: list[Any] = []
    calls, thoughts, answers = [], [], []
    for part in parts:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "tool_call":
            left = {key: value for key, value in part.items() if key not in ("type", "id", "name", "arguments")}
            told = {"name": part.get("name"), "arguments": part.get("arguments")}
            calls.append(left | {"id": part.get("id"), "function": told})
        elif kind == "tool_call_response":
            answer = part.get("response", part.get("result"))
            words = answer if type(answer) is str or answer is None else compact(answer)
            answers.append({"role": "tool", "tool_call_id": part.get("id"), "content": words})
        elif kind == "reasoning" and type(part.get("content")) is str:
            thoughts.append(part["content"])
        elif kind == "text" and type(part.get("content")) is str:
            content.append({"type": "text", "text": part["content"]})
        else:
            content.append(part)
    if thoughts:
        said["reasoning_content"] = "\n".join(thoughts)
    if calls:
        said["tool_calls"] = calls
    if content:
        said["content"] = content
    return ([said] if content or calls or thoughts or not answers else []) + answers


def numbered_messages(attributes: dict[str, Any]) -> tuple[list[Message], list[Message], set[str]]:
    """Return the messages that attributes spell one by one, of request and answer, and the attributes they are in."""
    asked: dict[int, Message] = {}
    answered: dict[int, Message] = {}
    used = set()
    for key, value in attributes.items():
        match = _NUMBERED.fullmatch(key)
        if match is None:
            continue
        message = (asked if match[1] else answered).setdefault(
            int(match[3]), {"role": "user" if match[1] else "assistant"}
        )
        call, part = _CALL.fullmatch(match[4]), _CONTENT.fullmatch(match[4])
        if call is not None:
            calls = message.setdefault("calls", {}).setdefault(int(call[1]), {"function": {}})
            (calls if call[2] == "id" else calls["function"])[call[2]] = value
        elif part is not None:
            message.setdefault("content", []).append({"type": "text", "text": value})
        elif match[4] == "content":
            message["content"] = _content_of(structured(value))
        elif match[4] in ("role", "tool_call_id", "name", "finish_reason"):
            message[match[4]] = value
        else:
            continue
        used.add(key)
    return _in_order(asked), _in_order(answered), used


def _content_of(value: Any) -> Any:
    return value if isinstance(value, list) or type(value) is str or value is None else compact(value)


def _in_order(found: dict[int, Message]) -> list[Message]:
    messages = []
    for _, message in sorted(found.items()):
        calls = message.pop("calls", {})
        messages.append(message | ({"tool_calls": [call for _, call in sorted(calls.items())]} if calls else {}))
    return messages


def event_messages(name: str | None, told: dict[str, Any]) -> tuple[list[Message], list[Message]]:
    """Return the messages of request and answer in an event of a span or log, none where it is another event's name."""
    match = _EVENT.fullmatch(name or "")
    if match is not None:
        message = {"role": match[1]} | {
            key: structured(value) if key == "tool_calls" else value for key, value in told.items()
        }
        if match[1] == "tool" and "id" in message:
            message["tool_call_id"] = message.pop("id")
        message["content"] = _content_of(message.get("content"))
        return [message], []
    if name == "gen_ai.choice":
        held = structured(told.get("message"))
        message = (
            held
            if isinstance(held, dict)
            else {"content": _content_of(held if held is not None else told.get("content"))}
        )
        if "tool_calls" in told:
            message = message | {"tool_calls": structured(told["tool_calls"])}
        return [], [{"role": "assistant"} | message]
    if name in ("gen_ai.content.prompt", "gen_ai.content.completion"):
        found = messages_of(told.get("gen_ai.prompt", told.get("gen_ai.completion")))
        return (found, []) if name == "gen_ai.content.prompt" else ([], found)
    return [], []
