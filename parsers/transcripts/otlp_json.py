"""OpenTelemetry traces and logs in OTLP's JSON form, as collectors and SDKs write them to files.

Source of the format: opentelemetry-proto (trace/v1, logs/v1, common/v1) in the JSON mapping of the OTLP specification:
`resourceSpans` and `resourceLogs`, one request per line or one document. What spans of models and agents say follows
the conventions named in genai_spans.py.
One record is one span, one log record, and every other member of what encloses them.

A session is a conversation (`gen_ai.conversation.id`, `session.id`), or the trace where none is named: spans without
the name belong to the one that their trace was named by before. A span that is of no model or agent makes one system
event and no session. Messages are opt-in and often absent. In a span those of a request have no time, those of an
answer the end of the span; `is_replayed` is on messages that the conversation held before, and on an execution's copy
of its call.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.contract import Format, Grade, Item, Parsed, Row
from parsers.jsonparts import JsonPart, Opened, parts
from parsers.source import Source
from parsers.transcripts.conversations import Conversation
from parsers.transcripts.fields import name
from parsers.transcripts.genai_spans import Session, described, log_pieces, operation_of, session_of, span_pieces
from parsers.transcripts.otlp_values import attributes_of
from parsers.transcripts.pieces import Piece, event_piece
from parsers.transcripts.writer import CARRIED, Writer

FORMAT = Format(
    name="otlp_json",
    title="OpenTelemetry traces and logs (OTLP JSON)",
    tables=("session", "transcript"),
    signature=True,
    carried=(*CARRIED, "agent_name", "provider", "host_name"),
    version=4,
)

_HINTS = (b'"resourceSpans"', b'"resourceLogs"')
_KINDS = (("resourceSpans", "scopeSpans", "spans"), ("resourceLogs", "scopeLogs", "logRecords"))
_OPENED = Opened(
    frozenset(
        path
        for resources, scopes, records in _KINDS
        for path in (
            (),
            (resources,),
            (resources, None),
            (resources, None, scopes),
            (resources, None, scopes, None),
            (resources, None, scopes, None, records),
        )
    )
)
_SPAN_DEPTH = 6


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001 - names lie
    """STRONG where the lists of resources hold what they should."""
    if not any(hint in head for hint in _HINTS):
        return Grade.NONE
    for item in parts(Source.of_bytes(head), _OPENED):
        if isinstance(item, JsonPart):
            inside = len(item.path) > 2 and item.path[0] in ("resourceSpans", "resourceLogs")
            known = inside and item.path[2] in ("resource", "scopeSpans", "scopeLogs")
            return Grade.STRONG if known else Grade.NONE
    return Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield `transcript` rows for spans and log records, then the sessions."""
    reader = _Reader()
    for item in parts(source, _OPENED):
        if isinstance(item, JsonPart):
            yield Parsed(item.record)
            yield from reader.rows(item)
        else:
            yield item
    yield from reader.finish()


class _Reader:
    """What spans have to know of one another and of what encloses them."""

    def __init__(self) -> None:
        self._writer = Writer()
        self._known: dict[str | None, Session] = {}
        self._named: dict[str, str] = {}  # conversation by trace
        self._resource: Piece = {}
        self._place: tuple[Any, ...] = ()

    def rows(self, item: JsonPart) -> Iterator[Row]:
        """Yield the rows of one span or log record; note what a resource says of the spans under it."""
        place = (item.document, *item.path[:2])
        if place != self._place:
            self._place, self._resource = place, {}
        if len(item.path) == _SPAN_DEPTH and isinstance(item.value, dict):
            yield from self._record_rows(item, item.value)
        elif item.path[2:] == ("resource",) and isinstance(item.value, dict):
            told = attributes_of(item.value.get("attributes"))
            self._resource = {"agent_name": name(told.get("service.name")), "host_name": name(told.get("host.name"))}
            yield from self._other_rows(item)
        else:
            yield from self._other_rows(item)

    def finish(self) -> Iterator[Row]:
        """Yield the sessions."""
        yield from self._writer.finish()

    def _record_rows(self, item: JsonPart, value: dict[str, Any]) -> Iterator[Row]:
        attributes = attributes_of(value.get("attributes"))
        session_id = self._session_of(value, attributes, is_span=item.path[0] == "resourceSpans")
        session = self._known.setdefault(session_id, Session(Conversation(session_id or "", is_derived=False)))
        pieces = span_pieces(value, session) if item.path[0] == "resourceSpans" else log_pieces(value, session)
        yield from self._writer.write(item.record, session_id, pieces, notes=item.notes, hidden=item.hidden)
        self._writer.describe(session_id, **{key: told for key, told in described(attributes).items() if told})
        self._writer.describe(session_id, **self._resource)

    def _session_of(self, value: dict[str, Any], attributes: dict[str, Any], *, is_span: bool) -> str | None:
        own, trace = session_of(attributes), name(value.get("traceId")) or None
        if own is not None:
            if trace is not None:
                self._named.setdefault(trace, own)
            return own
        if trace is None:
            return None
        of_agent = operation_of(attributes) is not None or any(key.startswith("gen_ai.") for key in attributes)
        event = name(value.get("eventName")) or name(attributes.get("event.name")) or ""
        if of_agent or (not is_span and event.startswith("gen_ai.")) or trace in self._named:
            return self._named.get(trace, trace)
        return None

    def _other_rows(self, item: JsonPart) -> Iterator[Row]:
        """Keep what stands beside spans and records: resource, scope, addresses of schemas."""
        if type(item.value) is str:
            return
        piece = event_piece(next((step for step in reversed(item.path) if type(step) is str), None), None)
        piece["extra"] = {"value": item.value} if not isinstance(item.value, dict) else item.value
        yield from self._writer.write(item.record, None, [piece], notes=item.notes, hidden=item.hidden)
