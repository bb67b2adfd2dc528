"""Logs of requests to the Chat Completions API and its answers, as proxies and agent harnesses write them.

Source of the format: OpenAI Chat Completions API reference; LiteLLM's and OpenHands' log files (`messages`, `kwargs`,
`response`, `cost`, `timestamp`, `latency_sec`); pairs of `request` and `response`; error bodies with their HTTP status.
One record is one exchange: a line, an element of an array, or the whole of a printed document.

Every request repeats its conversation from the start: `is_replayed` is on what an earlier exchange in this file held.
When a message was written is not said, only that it was before its request: its row has no time, the answer has that of
the log. A conversation that the log does not name gets an id made from its beginning (note `session_id_derived`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsers.contract import HEAD_BYTES, Format, Grade, Item, Parsed, Row
from parsers.jsondocument import document_records
from parsers.jsonlines import JsonRecord
from parsers.source import Source
from parsers.transcripts.chat_exchange import Exchange, exchange_of, grade_of
from parsers.transcripts.chat_messages import message_pieces, usage_columns
from parsers.transcripts.conversations import Conversation, Conversations
from parsers.transcripts.fields import name, rest, text
from parsers.transcripts.pieces import Piece, close, event_piece
from parsers.transcripts.sessions import Sessions
from parsers.transcripts.tools import fault_of_body, pids_of

FORMAT = Format(
    name="chat_completions",
    title="Chat Completions requests and responses",
    tables=("session", "transcript"),
    signature=True,
    version=3,
    carried=(
        "session_id",
        "seq",
        "is_replayed",
        "usage_is_primary",
        "tool_name",
        "tool_class",
        "pids",
        "model",
        "ts",
        "ts_local",
        "ts_end",
        "ts_end_local",
        "ts_precision_us",
        "ts_remainder_ns",
    ),
)

SESSION_DERIVED = "session_id_derived"
_VALUES_LOOKED_AT = 15
_BEGINNING = re.compile(rb'(?:\[\s*)?\{\s*"messages"\s*:\s*\[\s*\{\s*"(?:role|content)"\s*:')


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001 - names lie
    """STRONG where messages and choices stand together; PROBABLE where a long request hides what comes after it."""
    found = document_records(Source.of_bytes(head))
    values = [item.value for item in found if isinstance(item, JsonRecord)]
    if values:
        grades = sorted(grade_of(value) for value in values[:_VALUES_LOOKED_AT])
        return grades[len(grades) // 2]
    return Grade.PROBABLE if len(head) >= HEAD_BYTES and _BEGINNING.match(head.lstrip()) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield `transcript` rows for the messages, calls, results, answers and usage of each exchange, then sessions."""
    reader = _Reader()
    for item in document_records(source):
        if isinstance(item, JsonRecord):
            yield Parsed(item.record)
            yield from reader.rows(item)
        else:
            yield item
    yield from reader.finish()


class _Reader:
    """What a log's exchanges have to know of one another."""

    def __init__(self) -> None:
        self._sessions = Sessions()
        self._conversations = Conversations()
        self._tools: dict[str, tuple[str | None, str | None]] = {}  # call id: name and class
        self._responses: set[str] = set()

    def rows(self, item: JsonRecord) -> Iterator[Row]:
        """Yield the rows of one exchange: its messages, the request itself, the answer or error, the usage."""
        exchange = exchange_of(item.value)
        first = exchange.answers[0] if exchange.answers else None
        conversation = self._conversations.of(exchange.session_id, exchange.messages, first)
        pieces = _request_pieces(exchange, conversation)
        pieces += [exchange.when | piece for piece in _answer_pieces(exchange, self._responses)]
        for answer in exchange.answers:
            conversation.answer(answer)
        session = conversation.session_id
        seq = self._sessions.place(session, item.record, exchange.when, len(pieces))
        self._describe(exchange, conversation)
        if item.hidden:
            pieces[0]["extra"]["duplicate_keys"] = [list(pair) for pair in item.hidden]
        for part, piece in enumerate(pieces):
            columns = {"session_id": session, "seq": seq + part, "is_replayed": False, **piece}
            columns["notes"] = [*item.notes, *columns["notes"]]
            self._complete(columns)
            yield Row("transcript", item.record, columns, part)
        self._sessions.settle(len(pieces))

    def finish(self) -> Iterator[Row]:
        """Yield the sessions."""
        yield from self._sessions.rows()

    def _describe(self, exchange: Exchange, conversation: Conversation) -> None:
        notes = [SESSION_DERIVED] if conversation.is_derived else None
        self._sessions.describe(conversation.session_id, model=exchange.model, notes=notes)

    def _complete(self, columns: Piece) -> None:
        """Name the tool of a result by its call, and find the processes a shell names."""
        call = columns.get("call_id")
        if columns["kind"] == "tool_call" and call is not None:
            self._tools[call] = (columns["tool_name"], columns["tool_class"])
        elif columns["kind"] == "tool_result":
            tool, kind = self._tools.get(call or "", (None, None))
            columns["tool_name"] = columns["tool_name"] or tool
            columns["tool_class"] = kind
            if kind == "shell" and columns["text"]:
                columns["pids"] = pids_of(columns["text"])
        close(columns)


def _request_pieces(exchange: Exchange, conversation: Conversation) -> list[Piece]:
    pieces: list[Piece] = []
    repeated = conversation.is_repeated(exchange.messages)
    for message, again in zip(exchange.messages, repeated, strict=True):
        pieces += [piece | {"is_replayed": again} for piece in message_pieces(message, "request")]
    sent = event_piece("request", None)
    sent |= {
        "model": exchange.model,
        "http_status": exchange.status,
        "duration_us": exchange.latency_us,
        "extra": exchange.extra,
    }
    return [*pieces, sent | exchange.started]


def _answer_pieces(exchange: Exchange, known: set[str]) -> Iterator[Piece]:
    response = exchange.response
    response_id = name(response.get("id"))
    again = response_id is not None and response_id in known
    if response_id is not None:
        known.add(response_id)
    common = {"message_id": response_id, "model": name(response.get("model")) or exchange.model, "is_replayed": again}
    for answer in exchange.answers:
        for piece in message_pieces(answer, "response"):
            yield common | piece
    if isinstance(response.get("usage"), dict):
        usage = common | usage_columns(response["usage"])
        yield usage | exchange.cost | {"usage_is_primary": not again}
    if exchange.error is not None:
        yield _error_piece(exchange)


def _error_piece(exchange: Exchange) -> Piece:
    error = exchange.error
    words = text(error) if type(error) is str else text(error.get("message")) if isinstance(error, dict) else None
    piece = event_piece("error", words)
    fault = fault_of_body({"error": error})
    piece |= {
        "is_error": True,
        "error_type": fault.error_type,
        "http_status": exchange.status or fault.http_status,
        "model": exchange.model,
    }
    piece["extra"] = {"error": rest(error, ("message",) if words else ())} if isinstance(error, dict) else {}
    return piece
