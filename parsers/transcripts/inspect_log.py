"""Inspect AI logs: a `.json` log, and what a `.eval` log holds (a zip file, whose members are sources of their own).

Source of the format: inspect_ai, src/inspect_ai/log/_log.py (EvalLog, EvalSample, EvalSampleSummary) and
log/_recorders/eval.py (the members: `header.json`, `_journal/start.json`, `samples/<id>_epoch_<n>.json`,
`summaries.json`, `reductions.json`).
One record is one member of a log or sample, and one element of `samples`, `messages`, `events`, `attachments`.

A sample is a session: by its uuid, or where it has none by an id made from its content (note `session_id_derived`).
Its events are what happened; `is_replayed` is on messages (`input`, `messages`, `output`, the message pool) that an
event holds too, and on summaries. What a request repeats of the conversation makes no rows; that a message came before
its request is known, not when. Long texts stand among `attachments`: such a row rests on both records.
A tool's result has the time of its end. Commands in the sandbox belong to the call in whose span they lie; others are
the harness's own, and make system events.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from parsers.contract import HEAD_BYTES, Format, Grade, Item, Parsed, Row
from parsers.jsonparts import JsonPart, Opened, head_parts, parts
from parsers.source import Source
from parsers.transcripts.fields import name, rest, text, time_columns
from parsers.transcripts.inspect_events import error_columns, limit_columns
from parsers.transcripts.inspect_messages import objects
from parsers.transcripts.inspect_samples import error_piece, sample_rows, sandbox_type
from parsers.transcripts.pieces import Piece, event_piece
from parsers.transcripts.writer import CARRIED, Writer

FORMAT = Format(
    name="inspect_log",
    title="Inspect AI log",
    tables=("session", "transcript"),
    signature=True,
    carried=(
        *CARRIED,
        "is_sidechain",
        "usage_is_primary",
        "kind",
        "author",
        "role",
        "parent_id",
        "agent_name",
        "approval_policy",
        "sandbox_policy",
        "notes",
        "extra",
    ),
    version=4,
)


_SAMPLE = (
    ("events",),
    ("messages",),
    ("attachments",),
    ("message_pool",),
    ("events_data",),
    ("events_data", "messages"),
)
_OPENED = Opened(
    frozenset({(), ("samples",), ("samples", None), *_SAMPLE, *(("samples", None, *path) for path in _SAMPLE)})
)
_LOG_KEYS = frozenset({"version", "status", "eval", "plan", "results", "stats", "reductions", "invalidated"})
_STATUSES = frozenset({"started", "success", "cancelled", "error"})
_SAMPLE_BEGINNING = re.compile(
    rb'\s*(?:\[\s*)?\{\s*"id"\s*:\s*(?:\d{1,18}|"(?:[^"\\]|\\.){0,4096}")\s*,\s*"epoch"\s*:\s*\d{1,9}\s*,\s*"input"\s*:'
)
_REDUCTIONS_BEGINNING = re.compile(
    rb'\s*\[\s*\{\s*"scorer"\s*:\s*"[^"\\]{0,4096}"\s*,\s*"samples"\s*:\s*\[\s*\{\s*"(?:value|sample_id)"'
)
_HINTS = (b'"epoch"', b'"eval"', b'"scorer"', b'"working_start"')


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001 - names lie
    """STRONG for the top of a log or sample, and for lists of summaries, reductions or events."""
    if not any(hint in head for hint in _HINTS):
        return Grade.NONE
    if len(head) >= HEAD_BYTES and (_SAMPLE_BEGINNING.match(head) or _REDUCTIONS_BEGINNING.match(head)):
        return Grade.STRONG
    found = head_parts(head, _OPENED)
    first = {item.path: item.value for item in found if item.document == 0}
    told = first.get(("eval",))
    is_log = isinstance(told, dict) and {"task", "created"} <= told.keys() and {"run_id", "model"} & told.keys()
    if is_log and type(first.get(("version",))) is int and first.get(("status",), "started") in _STATUSES:
        return Grade.STRONG
    if (
        _is_counted(first.get(("epoch",)))
        and ("id",) in first
        and {("input",), ("events", 0), ("messages", 0)} & first.keys()
    ):
        return Grade.STRONG
    if _is_event(first.get(("events", 0))) or _is_listed(first.get((0,))):
        return Grade.STRONG
    return Grade.NONE


def _is_counted(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_event(value: Any) -> bool:
    return (
        isinstance(value, dict) and type(value.get("event")) is str and {"working_start", "timestamp"} <= value.keys()
    )


def _is_listed(value: Any) -> bool:
    """Tell whether an element is a summary of a sample or a reduction of scores."""
    if not isinstance(value, dict):
        return False
    if {"id", "epoch", "input", "target"} <= value.keys():
        return _is_counted(value["epoch"])
    samples = objects(value.get("samples"))
    return type(value.get("scorer")) is str and bool(samples) and "sample_id" in samples[0]


def read(source: Source) -> Iterator[Item]:
    """Yield `transcript` rows for events, messages, limits and errors of samples and of the log, then sessions."""
    found: list[JsonPart] = []
    for item in parts(source, _OPENED):
        if isinstance(item, JsonPart):
            yield Parsed(item.record)
            found.append(item)
        else:
            yield item
    writer = Writer()
    for _, members in groupby(found, lambda item: item.document):
        yield from _document_rows(list(members), writer)
    yield from writer.finish()


def _document_rows(found: list[JsonPart], writer: Writer) -> Iterator[Row]:
    """Yield the rows of one document: a log, a sample, or a list."""
    about: Piece = {}
    for item in found:
        if item.path == ("eval",) and isinstance(item.value, dict):
            about = _about(item.value)
    is_log = any(item.path[:1] and item.path[0] in _LOG_KEYS for item in found)
    for sample, members in groupby(found, _sample_of):
        held = list(members)
        if sample is None and (is_log or not all(_is_member(item) for item in held)):
            for item in held:
                yield from writer.write(item.record, None, _log_pieces(item), notes=item.notes, hidden=item.hidden)
        else:
            depth = 0 if sample is None else 2
            yield from sample_rows([item._replace(path=item.path[depth:]) for item in held], about, writer)


def _sample_of(item: JsonPart) -> int | None:
    """Return which of a log's samples a part lies in."""
    inside = len(item.path) > 2 and item.path[0] == "samples"
    return int(item.path[1]) if inside else None


def _is_member(item: JsonPart) -> bool:
    return bool(item.path) and type(item.path[0]) is str


def _about(told: dict[str, Any]) -> Piece:
    packages = told.get("packages")
    version = name(packages.get("inspect_ai")) if isinstance(packages, dict) else None
    config = told.get("config")
    approval = config.get("approval") if isinstance(config, dict) else None
    approvers = (
        [name(one.get("name")) for one in objects(approval.get("approvers"))] if isinstance(approval, dict) else []
    )
    return {
        "title": name(told.get("task")),
        "model": name(told.get("model")),
        "agent_name": name(told.get("solver")),
        "agent_version": version,
        "approval_policy": ",".join(filter(None, approvers)) or name(approval),
        "sandbox_policy": sandbox_type(told.get("sandbox")),
    }


def _log_pieces(item: JsonPart) -> list[Piece]:
    """Return what a log says of itself: one piece for each member; of a list, for each summary or reduction."""
    value = item.value
    if not (item.path and type(item.path[0]) is str):
        return [_listed_piece(value)]
    key = item.path[-1]
    if key == "error":
        return [error_piece(value)]
    piece = event_piece(f"log/{key}", None)
    piece["extra"] = {str(key): value}
    if isinstance(value, dict) and key == "eval":
        piece |= time_columns(value.get("created")) or {}
        piece |= {
            "model": name(value.get("model")),
            "native_id": name(value.get("eval_id")) or name(value.get("run_id")),
        }
    elif isinstance(value, dict) and key == "stats":
        piece |= time_columns(value.get("started_at")) or {}
        ended = time_columns(value.get("completed_at")) or {}
        piece |= {"ts_end": ended.get("ts"), "ts_end_local": ended.get("ts_local")}
    return [piece]


def _listed_piece(value: Any) -> Piece:
    told = value if isinstance(value, dict) else {"value": value}
    piece = event_piece("reduction" if "scorer" in told else "summary", text(told.get("error")))
    if "scorer" not in told:
        piece |= {"is_replayed": True, "native_id": name(told.get("uuid"))}
        piece |= error_columns(piece["text"]) if piece["text"] else {}
        if name(told.get("limit")):
            piece |= limit_columns({"type": told["limit"]})
    piece["extra"] = rest(told, ("error",) if piece["text"] else ())
    return piece
