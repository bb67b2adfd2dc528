"""OpenAI Agents SDK traces (JSON lines, or the batches that its exporter sends).

Source of the format: openai-agents-python, src/agents/tracing (`trace`, `trace.span` and the kinds of `span_data`).
One record is one trace or span.

A session is a trace, or the group that the trace names. A tool's span has no id of its call: it is the copy
(`is_replayed`) of a call of the same name and arguments in a model's answer, and lends its result to it (note
`call_id_by_order`); without such an answer it is the call itself, and the span's id stands for the call's. Messages of
a request have no time, answers and results the end of their span. Spans of kind `response` hold no words.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from typing import Any

from parsers.contract import Format, Grade, Item, Parsed, Row
from parsers.jsondocument import document_records, head_grade
from parsers.jsonlines import JsonRecord
from parsers.jsontext import compact
from parsers.source import Source
from parsers.transcripts.chat_messages import message_pieces
from parsers.transcripts.conversations import Conversation
from parsers.transcripts.fields import integer, name, rest, rest_of_counts, text, time_columns
from parsers.transcripts.inspect_messages import objects
from parsers.transcripts.otlp_values import structured
from parsers.transcripts.pieces import Piece, event_piece, new_piece
from parsers.transcripts.response_items import item_pieces
from parsers.transcripts.tools import exit_code_of, fault_of_body, shell_columns, tool_class
from parsers.transcripts.writer import CALL_ID_DERIVED, CARRIED, Writer

FORMAT = Format(
    name="openai_agents_trace",
    title="OpenAI Agents SDK trace",
    tables=("session", "transcript"),
    signature=True,
    carried=(*CARRIED, "agent_name", "notes"),
)

LISTS = frozenset({"data"})
_KINDS = frozenset({"trace", "trace.span"})
_SPAN = frozenset({"object", "id", "trace_id", "parent_id", "started_at", "ended_at", "span_data", "error"})
_COUNTS = ("input_tokens", "output_tokens", "total_tokens", "prompt_tokens", "completion_tokens")


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001 - names lie
    """STRONG where objects call themselves traces and spans of this SDK."""
    return head_grade(head, LISTS, (b'"object"', b'"trace'), _is_ours)


def _is_ours(value: dict[str, Any]) -> bool:
    if name(value.get("object")) not in _KINDS or name(value.get("id")) is None:
        return False
    return isinstance(value.get("span_data"), dict) or "workflow_name" in value


def read(source: Source) -> Iterator[Item]:
    """Yield `transcript` rows for traces and spans, then the sessions."""
    reader = _Reader()
    for item in document_records(source, LISTS):
        if isinstance(item, JsonRecord):
            yield Parsed(item.record)
            yield from reader.rows(item)
        else:
            yield item
    yield from reader.finish()


class _Reader:
    """What spans have to know of one another."""

    def __init__(self) -> None:
        self._writer = Writer()
        self._groups: dict[str, str] = {}  # session by trace
        self._conversations: dict[str | None, Conversation] = {}
        self._answered: set[tuple[str | None, str | None]] = set()  # session and call
        self._calls: defaultdict[tuple[str | None, str | None, str], deque[str]] = defaultdict(deque)

    def rows(self, item: JsonRecord) -> Iterator[Row]:
        """Yield the rows of one trace or span."""
        value = item.value
        if value.get("object") == "trace":
            session = self._begin(value)
            piece = event_piece("trace", None)
            piece |= {"native_id": name(value.get("id")), "extra": rest(value, ("object", "id"))}
            yield from self._writer.write(item.record, session, [piece], notes=item.notes, hidden=item.hidden)
            self._writer.describe(session, title=name(value.get("workflow_name")))
            return
        trace = name(value.get("trace_id"))
        session = self._groups.get(trace or "", trace)
        told = value.get("span_data")
        data: dict[str, Any] = told if isinstance(told, dict) else {}
        pieces = self._span(value, data, session)
        for piece in pieces:
            piece |= {"native_id": name(value.get("id")), "parent_id": name(value.get("parent_id"))}
        yield from self._writer.write(item.record, session, pieces, notes=item.notes, hidden=item.hidden)
        agent = name(data.get("name")) if data.get("type") == "agent" else None
        self._writer.describe(session, agent_name=agent, model=name(data.get("model")))

    def finish(self) -> Iterator[Row]:
        """Yield the sessions."""
        yield from self._writer.finish()

    def _begin(self, value: dict[str, Any]) -> str | None:
        trace, group = name(value.get("id")), name(value.get("group_id"))
        if trace is not None and group is not None:
            self._groups[trace] = group
        return group or trace

    def _span(self, value: dict[str, Any], data: dict[str, Any], session: str | None) -> list[Piece]:
        begun = time_columns(value.get("started_at")) or {}
        ended = time_columns(value.get("ended_at")) or {}
        kind = name(data.get("type"))
        pieces: list[Piece] = []
        mapped = {"type"}
        if kind == "generation":
            pieces = self._generation(data, session, ended)
            mapped |= {"input", "output", "usage", "model"}
        elif kind == "function":
            pieces = self._function(value, data, session, begun, ended)
            mapped |= {"name", "input", "output"}
        elif kind == "response":
            pieces = _response(data, ended)
            mapped |= {"usage", "response_id"}
        itself = event_piece(kind, None) | begun
        itself |= {"ts_end": ended.get("ts"), "ts_end_local": ended.get("ts_local"), "model": name(data.get("model"))}
        if begun.get("ts") is not None and ended.get("ts") is not None and ended["ts"] >= begun["ts"]:
            itself["duration_us"] = ended["ts"] - begun["ts"]
        itself |= _fault(value.get("error"))
        itself["extra"] |= rest(value, _SPAN) | ({"span_data": left} if (left := rest(data, mapped)) else {})
        return [*pieces, itself]

    def _generation(self, data: dict[str, Any], session: str | None, ended: Piece) -> list[Piece]:
        conversation = self._conversations.setdefault(session, Conversation(session or "", is_derived=False))
        asked, answered = objects(data.get("input")), objects(data.get("output"))
        pieces: list[Piece] = []
        for message, repeated in zip(asked, conversation.is_repeated(asked), strict=True):
            again = repeated or (session, name(message.get("tool_call_id"))) in self._answered
            pieces += [piece | {"is_replayed": again} for piece in _said(message, "request")]
        for message in answered:
            conversation.answer(message)
            pieces += [piece | ended for piece in _said(message, "response")]
        for piece in pieces:
            if piece["kind"] == "tool_call" and piece.get("call_id") and not piece.get("is_replayed"):
                self._calls[(session, piece["tool_name"], _written(piece["text"]))].append(piece["call_id"])
        usage = data.get("usage")
        if isinstance(usage, dict):
            pieces.append(_usage(usage) | ended | {"model": name(data.get("model"))})
        return pieces

    def _function(
        self, value: dict[str, Any], data: dict[str, Any], session: str | None, begun: Piece, ended: Piece
    ) -> list[Piece]:
        tool, told = name(data.get("name")), data.get("input")
        waiting = self._calls[(session, tool, _written(told))]
        call = waiting.popleft() if waiting else None
        if call is not None:
            self._answered.add((session, call))
        words = None if told is None else told if type(told) is str else compact(told)
        started = new_piece("tool_call", "assistant", "agent", "function", words) | begun
        started |= {"call_id": call or name(value.get("id")), "tool_name": tool, "tool_class": tool_class(tool)}
        started["is_replayed"] = call is not None
        if started["tool_class"] == "shell":
            columns = shell_columns(structured(told))
            started["notes"] += columns.pop("notes", [])
            started |= columns
        output = data.get("output")
        answer = output if type(output) is str or output is None else compact(output)
        result = new_piece("tool_result", "tool", "tool", "function", answer) | ended | _fault(value.get("error"))
        result |= {
            "call_id": started["call_id"],
            "tool_name": tool,
            "tool_class": started["tool_class"],
            "text": answer,
        }
        result["exit_code"] = exit_code_of(answer) if answer else None
        result["notes"] += [CALL_ID_DERIVED] if call else []
        return [started, result]


def _written(told: Any) -> str:
    """Return arguments in one form, however they were written."""
    return compact(structured(told))


def _said(message: dict[str, Any], place: str) -> list[Piece]:
    """Return a message's pieces; both kinds of model write their own."""
    return message_pieces(message, place) if "role" in message and "type" not in message else item_pieces(message)


def _response(data: dict[str, Any], ended: Piece) -> list[Piece]:
    usage = data.get("usage")
    ids = {"message_id": name(data.get("response_id"))}
    return [_usage(usage) | ended | ids] if isinstance(usage, dict) else []


def _usage(usage: dict[str, Any]) -> Piece:
    into = integer(usage.get("input_tokens", usage.get("prompt_tokens")))
    out = integer(usage.get("output_tokens", usage.get("completion_tokens")))
    piece = new_piece("usage", "assistant", "harness", "usage", None)
    columns = {"content_state": None, "input_tokens": into, "output_tokens": out, "usage_is_primary": True}
    return piece | columns | {"extra": rest_of_counts(usage, _COUNTS)}


def _fault(error: Any) -> Piece:
    if not isinstance(error, dict):
        return {"is_error": True, "text": text(error)} if error else {}
    data = error.get("data")
    fault = fault_of_body(data if isinstance(data, dict) else {})
    return {
        "is_error": True,
        "text": text(error.get("message")),
        "error_type": fault.error_type,
        "http_status": fault.http_status,
        "extra": {"error": data} if data else {},
    }
