"""Spans and log records of instrumented models and agents as pieces with columns of `transcript`.

Source of the format: OpenTelemetry semantic conventions for generative AI (`gen_ai.*`, both generations) and for errors
and processes; OpenLLMetry (`llm.*`, `traceloop.*`) and OpenInference (`openinference.span.kind`, `llm.*`, `tool.*`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from parsers.jsontext import compact
from parsers.times import Moment
from parsers.transcripts.chat_messages import message_pieces
from parsers.transcripts.conversations import Conversation
from parsers.transcripts.fields import integer, name, text
from parsers.transcripts.genai_messages import (
    Message,
    event_messages,
    instructions_of,
    messages_of,
    numbered_messages,
)
from parsers.transcripts.inspect_messages import objects
from parsers.transcripts.otlp_values import attributes_of, moment_of, structured, value_of, whole
from parsers.transcripts.pieces import Piece, event_piece, new_piece
from parsers.transcripts.tools import (
    exit_code_of,
    fault_of_text,
    http_status,
    pids_of,
    shell_columns,
    token,
    tool_class,
)

MODEL_OPERATIONS = frozenset({"chat", "generate_content", "text_completion", "completion", "embeddings"})

_SPAN_KINDS = {"LLM": "chat", "TOOL": "execute_tool", "AGENT": "invoke_agent", "EMBEDDING": "embeddings"}
_TRACELOOP_KINDS = {"tool": "execute_tool", "agent": "invoke_agent", "workflow": "invoke_workflow"}
_MODELS = ("gen_ai.response.model", "gen_ai.request.model", "llm.model_name", "embedding.model_name")
_SESSIONS = ("gen_ai.conversation.id", "session.id")
_AGENTS = ("gen_ai.agent.name", "agent.name")
_TOOLS = ("gen_ai.tool.name", "tool.name", "tool_call.function.name")
_CALLS = ("gen_ai.tool.call.id", "tool_call.id", "tool.id")
_ARGUMENTS = ("gen_ai.tool.call.arguments", "tool_call.function.arguments", "tool.parameters", "input.value")
_RESULTS = ("gen_ai.tool.call.result", "output.value")
_ENTITY = ("traceloop.entity.name", "traceloop.entity.input", "traceloop.entity.output")
_ASKED = ("gen_ai.input.messages", "gen_ai.prompt")
_ANSWERED = ("gen_ai.output.messages", "gen_ai.completion")
_INPUT = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt")
_OUTPUT = ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion")
_CACHED = ("gen_ai.usage.cache_read.input_tokens", "llm.token_count.prompt_details.cache_read")
_THOUGHT = ("gen_ai.usage.reasoning.output_tokens", "llm.token_count.completion_details.reasoning")
_STATUSES = ("http.response.status_code", "http.status_code")
_FAILED = (2, "STATUS_CODE_ERROR")


@dataclass
class Session:
    """What the spans of one session have to know of one another."""

    conversation: Conversation
    tools: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)  # call id: name and class
    answered: set[str] = field(default_factory=set)
    # messages that log records tell one by one belong to the request that their span is
    span: str | None = None
    seen: Counter[bytes] = field(default_factory=Counter)


class Attributes:
    """The attributes of a span or log record, which are used up as they become columns."""

    def __init__(self, held: dict[str, Any]) -> None:
        self.left = held

    def take(self, keys: tuple[str, ...]) -> Any:
        """Take the first of `keys` that has a value."""
        found = next((key for key in keys if self.left.get(key) is not None), None)
        return None if found is None else self.left.pop(found)

    def peek(self, keys: tuple[str, ...]) -> Any:
        """Return the value of the first of `keys` that has one, and leave it."""
        return next((self.left[key] for key in keys if self.left.get(key) is not None), None)


def session_of(attributes: dict[str, Any]) -> str | None:
    """Return the conversation that attributes name."""
    return next((found for key in _SESSIONS if (found := name(attributes.get(key)))), None)


def described(attributes: dict[str, Any]) -> Piece:
    """Return what attributes say of the whole session."""
    provider = name(attributes.get("gen_ai.provider.name")) or name(attributes.get("gen_ai.system"))
    return {
        "agent_name": next((found for key in _AGENTS if (found := name(attributes.get(key)))), None),
        "agent_version": name(attributes.get("gen_ai.agent.version")),
        "provider": provider or name(attributes.get("llm.provider")),
        "model": next((found for key in _MODELS if (found := name(attributes.get(key)))), None),
    }


def span_pieces(span: dict[str, Any], session: Session) -> list[Piece]:
    """Return the pieces of one span: messages, calls and answers, usage, then the span itself, then its events."""
    held = Attributes(attributes_of(span.get("attributes")))
    begun, ended = moment_of(span.get("startTimeUnixNano")), moment_of(span.get("endTimeUnixNano"))
    at = _times(begun, ended or begun)
    operation = operation_of(held.left)
    asked, answered, events = _event_parts(span.get("events"))
    more_asked, more_answered = _attribute_messages(held, operation)
    pieces = _asked(more_asked + asked, session, {})
    pieces += _answered(more_answered + answered, session, at["end"], is_first=operation in MODEL_OPERATIONS)
    if operation == "execute_tool":
        pieces += _executed(held, session, at, failed=_failed(span.get("status")))
    usage = _usage(held, is_primary=operation in MODEL_OPERATIONS)
    if usage is not None:
        pieces.append(usage | at["end"])
    itself = event_piece(operation or name(span.get("name")), None) | at["start"]
    if begun and ended and ended.us >= begun.us:
        itself |= {"ts_end": ended.us, "duration_us": ended.us - begun.us}
    itself |= _fault(held, span.get("status"))
    itself["extra"] = {key: span[key] for key in ("name", "kind", "links") if span.get(key)}
    pieces.append(itself)
    common = {"model": name(held.peek(_MODELS)), "message_id": name(held.left.get("gen_ai.response.id"))}
    for piece in pieces:
        piece |= {"native_id": name(span.get("spanId")), "parent_id": name(span.get("parentSpanId")) or None}
        if piece["kind"] != "tool_result":
            piece |= {key: value for key, value in common.items() if value is not None}
    if held.left:
        itself["extra"]["attributes"] = held.left
    return [*pieces, *events]


def _times(start: Moment | None, end: Moment | None) -> dict[str, Piece]:
    return {"start": start.columns() if start else {}, "end": end.columns() if end else {}}


def operation_of(attributes: dict[str, Any]) -> str | None:
    """Return the operation of a span, or None where it is not one of a model or agent."""
    told = name(attributes.get("gen_ai.operation.name"))
    if told is not None:
        return told
    kind = name(attributes.get("openinference.span.kind")) or ""
    return (
        _SPAN_KINDS.get(kind.upper())
        or _TRACELOOP_KINDS.get(name(attributes.get("traceloop.span.kind")) or "")
        or ("chat" if name(attributes.get("llm.request.type")) == "chat" else None)
        or name(attributes.get("llm.request.type"))
    )


def log_pieces(record: dict[str, Any], session: Session) -> list[Piece]:
    """Return the pieces of one log record: a message of a conversation, or an event of any kind."""
    held = Attributes(attributes_of(record.get("attributes")))
    body = value_of(record.get("body"))
    when = moment_of(record.get("timeUnixNano")) or moment_of(record.get("observedTimeUnixNano"))
    at = _times(when, when)
    event = name(record.get("eventName")) or name(held.left.get("event.name"))
    asked, answered = event_messages(event, body if isinstance(body, dict) else {"content": body} | held.left)
    if not asked and not answered:
        asked, answered = _attribute_messages(held, "chat")
    span = name(record.get("spanId"))
    if span is None or span != session.span:
        session.span, session.seen = span, Counter()
    pieces = [
        *_asked(asked, session, at["start"], session.seen),
        *_answered(answered, session, at["end"], is_first=True),
    ]
    usage = _usage(held, is_primary=False)
    if usage is not None:
        pieces.append(usage | at["end"])
    if not pieces:
        pieces = [event_piece(event, text(body)) | at["start"] | _fault(held, None)]
        if body is not None and type(body) is not str:
            pieces[0]["extra"]["body"] = body
    for piece in pieces:
        piece |= {"parent_id": name(record.get("spanId")) or None, "model": name(held.peek(_MODELS))}
    left = {key: record[key] for key in ("severityText", "severityNumber") if record.get(key)}
    pieces[0]["extra"] |= left | ({"attributes": held.left} if held.left else {})
    return pieces


def _event_parts(told: Any) -> tuple[list[Message], list[Message], list[Piece]]:
    """Return the messages in a span's events, and its other events as pieces."""
    asked: list[Message] = []
    answered: list[Message] = []
    pieces = []
    for event in objects(told):
        held = Attributes(attributes_of(event.get("attributes")))
        label = name(event.get("name"))
        questions, answers = event_messages(label, held.left)
        if not questions and not answers:
            questions, answers = _attribute_messages(held, "chat")
        asked += questions
        answered += answers
        if questions or answers:
            continue
        words = held.take(("exception.message",)) if label == "exception" else None
        piece = event_piece(label, text(words))
        if label == "exception":
            piece |= {"is_error": True, "error_type": token(held.take(("exception.type",)))}
        when = moment_of(event.get("timeUnixNano"))
        piece |= when.columns() if when else {}
        piece["extra"] = {"attributes": held.left} if held.left else {}
        pieces.append(piece)
    return asked, answered, pieces


def _attribute_messages(held: Attributes, operation: str | None) -> tuple[list[Message], list[Message]]:
    """Take the messages that attributes hold. A tool's input and output are no messages."""
    if operation == "execute_tool":
        return [], []
    asked = instructions_of(held.take(("gen_ai.system_instructions",))) + messages_of(held.take(_ASKED))
    answered = messages_of(held.take(_ANSWERED))
    before, after, used = numbered_messages(held.left)
    held.left = {key: value for key, value in held.left.items() if key not in used}
    answered = [message | {"role": "assistant"} if "role" not in message else message for message in answered]
    return asked + before, answered + after


def _asked(messages: list[Message], session: Session, when: Piece, seen: Counter[bytes] | None = None) -> list[Piece]:
    """Return a request's messages, those said in earlier ones marked."""
    pieces: list[Piece] = []
    for message, again in zip(messages, session.conversation.is_repeated(messages, seen), strict=True):
        known = message.get("role") == "tool" and name(message.get("tool_call_id")) in session.answered
        pieces += _message_pieces(message, "request", session, when | {"is_replayed": again or known})
    return pieces


def _answered(messages: list[Message], session: Session, when: Piece, *, is_first: bool) -> list[Piece]:
    """Return the answers to a request; a span around the model's tells them again (`is_first` off)."""
    pieces: list[Piece] = []
    for message in messages:
        again = not is_first and session.conversation.is_repeated([message])[0]
        if is_first:
            session.conversation.answer(message)
        pieces += _message_pieces(message, "response", session, when | {"is_replayed": again})
    return pieces


def _message_pieces(message: Message, place: str, session: Session, columns: Piece) -> list[Piece]:
    pieces = message_pieces(message, place)
    for piece in pieces:
        _name_tool(piece, session)
        piece.update(columns)
    return pieces


def _name_tool(piece: Piece, session: Session) -> None:
    call = piece.get("call_id")
    if piece["kind"] == "tool_call" and call:
        session.tools[call] = (piece["tool_name"], piece["tool_class"])
    elif piece["kind"] == "tool_result":
        known, kind = session.tools.get(call or "", (None, None))
        piece["tool_name"] = piece["tool_name"] or known
        piece["tool_class"] = kind or tool_class(piece["tool_name"])
        if piece["tool_class"] == "shell" and piece["text"]:
            piece["pids"] = pids_of(piece["text"])


def _executed(held: Attributes, session: Session, at: dict[str, Piece], *, failed: bool) -> list[Piece]:
    """Return a tool's execution: its call, a copy where a model's answer holds it, and its result.

    The status of the span is the tool's own: an execution that failed has an answer that is an error.
    """
    label, given, got = _ENTITY
    call, tool = name(held.take(_CALLS)), name(held.take((*_TOOLS, label)))
    told, result = held.take((*_ARGUMENTS, given)), held.take((*_RESULTS, got))
    begun = new_piece("tool_call", "assistant", "agent", "execute_tool", _written(told))
    begun |= at["start"] | {"call_id": call, "tool_name": tool, "tool_class": tool_class(tool)}
    begun["is_replayed"] = call is not None and call in session.tools
    if begun["tool_class"] == "shell":
        columns = shell_columns(structured(told))
        begun["notes"] += columns.pop("notes", [])
        begun |= columns
    elif type(held.left.get("process.command_line")) is str:
        begun["command"] = held.take(("process.command_line",))
    words = _written(result)
    ended = new_piece("tool_result", "tool", "tool", "execute_tool", words)
    ended |= at["end"] | {"call_id": call, "tool_name": tool, "tool_class": begun["tool_class"]}
    ended["exit_code"] = integer(held.take(("process.exit.code",)))
    if words:
        ended["exit_code"] = exit_code_of(words) if ended["exit_code"] is None else ended["exit_code"]
        ended["error_type"], ended["http_status"] = fault_of_text(words)
        ended["pids"] = pids_of(words) if ended["tool_class"] == "shell" else None
    if failed:
        ended["is_error"] = True
    if held.left.get("error.type") is not None:
        ended |= {"is_error": True, "error_type": token(held.left["error.type"])}
    ended["is_replayed"] = call is not None and call in session.answered
    if call is not None:
        session.answered.add(call)
        session.tools.setdefault(call, (tool, begun["tool_class"]))
    return [begun, ended]


def _written(value: Any) -> str | None:
    return value if type(value) is str or value is None else compact(value)


def _usage(held: Attributes, *, is_primary: bool) -> Piece | None:
    """Return the usage of a response; that of an agent or workflow sums up what is counted already."""
    counts = [whole(held.take(keys)) for keys in (_INPUT, _CACHED, _OUTPUT, _THOUGHT)]
    if all(count is None for count in counts):
        return None
    columns = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens")
    piece = new_piece("usage", "assistant", "harness", "usage", None)
    numbers = {column: integer(count) for column, count in zip(columns, counts, strict=True)}
    return piece | {"content_state": None, "usage_is_primary": is_primary} | numbers


def _failed(status: Any) -> bool:
    return isinstance(status, dict) and status.get("code") in _FAILED


def _fault(held: Attributes, status: Any) -> Piece:
    """Return how a span failed; a status of HTTP may stand where the type of the error is named."""
    told = status if isinstance(status, dict) else {}
    kind = held.take(("error.type",))
    code = http_status(whole(held.take(_STATUSES))) or http_status(whole(kind))
    if not _failed(status) and kind is None:
        return {"http_status": code}
    words = text(told.get("message"))
    fault = {"text": words or None, "is_error": True, "http_status": code}
    return fault | {"error_type": None if whole(kind) is not None else token(kind)}
