"""Codex CLI rollouts (JSON lines): `sessions/YYYY/MM/DD/rollout-<local time>-<session id>.jsonl`.

Source of the format: codex-rs/protocol/src/protocol.rs (RolloutLine) and models.rs of openai/codex; also the older
files whose lines are bare items.
One record is one JSON object. The whole file belongs to the session that its first `session_meta` names; a second one
is the header of the history that was copied when the session was forked.

Codex writes much of what happens twice. `is_replayed` is on the copy: on a message event whose words stand in an item
of history, on an item of history that compaction kept, on the begin and end of an execution whose call and answer
stand elsewhere, on a call with the id and arguments of an earlier one. Copies made by forking are not marked: they
have the ids of their originals.
Usage is that of the last response; a repeat of the same running total is not primary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

from parsers.contract import Format, Grade, Item, Parsed, Row
from parsers.jsonlines import JsonRecord, first_values, records
from parsers.source import Source
from parsers.transcripts.codex_events import (
    RESETS_RELATIVE,
    called_piece,
    compacted_pieces,
    event_pieces,
    meta_pieces,
    token_count_pieces,
    turn_context_piece,
)
from parsers.transcripts.fields import name, rest, time_columns
from parsers.transcripts.mirrors import Mirrors, key_of
from parsers.transcripts.pieces import Piece, close, event_piece
from parsers.transcripts.response_items import item_pieces
from parsers.transcripts.sessions import Sessions
from parsers.transcripts.tools import pids_of

FORMAT = Format(
    name="codex_rollout",
    title="Codex CLI rollout",
    tables=("session", "transcript"),
    signature=True,
    version=2,
    carried=(
        "session_id",
        "seq",
        "author",
        "is_replayed",
        "usage_is_primary",
        "tool_name",
        "tool_class",
        "pids",
        "kind",
        "cwd",
        "model",
        "approval_policy",
        "sandbox_policy",
        "network_access",
        "parent_session_id",
        "ts",
        "ts_local",
        "ts_end",
        "ts_end_local",
        "ts_precision_us",
    ),
)

_WRAPPERS = frozenset({"session_meta", "response_item", "event_msg", "turn_context", "compacted"})
_BARE_ITEMS = frozenset({"message", "reasoning", "function_call", "function_call_output", "local_shell_call"})
_BEGINNING = re.compile(rb'\s*\{[^{}]{0,200}"type"\s*:\s*"session_meta"[^{}]{0,200}"payload"\s*:\s*\{')


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001 - names lie
    """STRONG where lines are Codex's wrappers around a payload, or begin with the header of its older files."""
    found = first_values(head)
    wrapped = sum(_is_wrapped(value) for value in found.values)
    bare = sum(_is_bare(value) for value in found.values[1:]) if _is_bare_header(found.values[:1]) else 0
    ours = wrapped + (1 + bare if bare else 0)
    others = len(found.values) - ours + found.faults
    if ours and ours >= others:
        return Grade.STRONG
    return Grade.STRONG if not ours and not others and _BEGINNING.match(found.cut) else Grade.NONE


def _is_wrapped(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("payload"), dict):
        return False
    kind = name(value.get("type"))
    told = kind in ("turn_context", "compacted") or not {"id", "type", "role"}.isdisjoint(value["payload"])
    return kind in _WRAPPERS and told


def _is_bare_header(values: list[Any]) -> bool:
    """Tell whether a file begins as those do that had no wrappers yet."""
    return any(
        isinstance(value, dict) and {"id", "timestamp"} <= value.keys() and "type" not in value for value in values
    )


def _is_bare(value: Any) -> bool:
    return isinstance(value, dict) and (name(value.get("type")) in _BARE_ITEMS or value.get("record_type") == "state")


def read(source: Source) -> Iterator[Item]:
    """Yield `transcript` rows for every item, event and context, then the `session` row."""
    reader = _Reader()
    for item in records(source):
        if isinstance(item, JsonRecord):
            yield Parsed(item.record)
            yield from reader.rows(item)
        else:
            yield item
    yield from reader.finish()


class _Reader:
    """What a file's records have to know of one another."""

    def __init__(self) -> None:
        self._sessions = Sessions()
        self._mirrors = Mirrors()
        self._session: str | None = None
        self._is_sub_agent = False
        self._cwd: str | None = None
        self._model: str | None = None
        self._tools: dict[str, tuple[str | None, str | None]] = {}  # call id: name and class
        self._calls: set[bytes] = set()  # digests of call ids with their arguments
        self._called: set[str] = set()
        self._answered: set[str] = set()
        self._total: Any = None  # running total of the last usage

    def rows(self, item: JsonRecord) -> Iterator[Row]:
        """Yield the rows of one record, and rows of earlier ones that this one completes."""
        kind, payload = _unwrapped(item.value)
        pieces = self._pieces(kind, payload)
        common = time_columns(item.value.get("timestamp")) or time_columns(payload.get("timestamp")) or {}
        if not common and item.value.get("timestamp") is not None:
            pieces[0]["extra"]["timestamp"] = item.value["timestamp"]
        if "payload" in item.value:
            pieces[0]["extra"] |= rest(item.value, ("type", "payload", "timestamp"))
        if item.hidden:
            pieces[0]["extra"]["duplicate_keys"] = [list(pair) for pair in item.hidden]
        seq = self._sessions.place(self._session, item.record, common, len(pieces))
        self._describe(kind, payload, pieces[0])
        mirrored = _mirrored(kind, payload, pieces)
        for part, piece in enumerate(pieces):
            columns = {"session_id": self._session, "seq": seq + part, "is_replayed": False, **common, **piece}
            columns["notes"] = [*item.notes, *columns["notes"]]
            self._complete(columns)
            row = Row("transcript", item.record, columns, part)
            if kind == "event_msg" and mirrored:
                yield from self._mirrors.event(mirrored[part][0], row, columns)
                continue
            for key in mirrored.get(part, ()):
                for copy in self._mirrors.item(key):
                    if copy is None:
                        columns["is_replayed"] = True
                    else:
                        yield copy
            yield row
        self._sessions.settle(len(pieces))

    def finish(self) -> Iterator[Row]:
        """Yield what was held back, and the session."""
        yield from self._mirrors.finish()
        yield from self._sessions.rows()

    def _pieces(self, kind: str | None, payload: dict[str, Any]) -> list[Piece]:
        if kind == "session_meta":
            if self._session is None:
                self._session = name(payload.get("id")) or name(payload.get("session_id"))
                self._is_sub_agent = _spawned(payload) is not None
                pieces = meta_pieces(payload)
            else:
                pieces = meta_pieces(payload)
                for piece in pieces:
                    piece["is_replayed"] = True
            return pieces
        if kind == "response_item":
            if payload.get("type") == "token_count":
                return token_count_pieces(payload)
            return item_pieces(payload)
        if kind == "event_msg":
            return self._with_unknown_call(payload, event_pieces(payload))
        if kind == "turn_context":
            return [turn_context_piece(payload)]
        if kind == "compacted":
            return compacted_pieces(payload)
        piece = event_piece(kind, None)
        piece["extra"] = rest(payload, ("timestamp",) if kind is None else ("type", "timestamp"))
        return [piece]

    def _with_unknown_call(self, payload: dict[str, Any], pieces: list[Piece]) -> list[Piece]:
        """Put the call before an end whose begin is nowhere: a command that a person ran, or one not persisted."""
        kind = name(payload.get("type")) or ""
        call = name(payload.get("call_id"))
        if not kind.endswith("_end") or pieces[0]["kind"] != "tool_result" or call is None or call in self._called:
            return pieces
        tool = kind.removesuffix("_end")
        if tool == "exec_command" and payload.get("command") is None:
            return pieces
        begun = called_piece(payload, tool)
        begun["native_type"] = f"event_msg/{kind}"
        begun["extra"] = {}
        return [begun, *pieces]

    def _describe(self, kind: str | None, payload: dict[str, Any], piece: Piece) -> None:
        describe = self._sessions.describe
        if kind == "session_meta" and name(payload.get("id")) not in (None, self._session):
            describe(self._session, kind="fork", parent_session_id=name(payload["id"]))
        elif kind == "session_meta":
            spawned = _spawned(payload)
            parent = name(spawned.get("parent_thread_id")) if isinstance(spawned, dict) else None
            forked = name(payload.get("forked_from_id"))
            what = "sub_agent" if spawned is not None else "fork" if forked else None
            describe(self._session, kind=what, parent_session_id=parent or forked)
            describe(self._session, agent_name="Codex", agent_version=name(payload.get("cli_version")))
            describe(self._session, provider=name(payload.get("model_provider")), cwd=piece["cwd"])
            self._cwd = piece["cwd"]
        elif kind == "turn_context":
            keys = ("model", "cwd", "approval_policy", "sandbox_policy", "network_access")
            describe(self._session, **{key: piece[key] for key in keys})
            self._cwd = piece["cwd"] or self._cwd
            self._model = piece["model"] or self._model

    def _complete(self, columns: Piece) -> None:
        """Fill in what earlier records say: tool of an answer, directory, model, who prompted; and mark copies."""
        kind, call = columns["kind"], columns.get("call_id")
        if kind == "tool_call":
            self._complete_call(columns, call)
        elif kind == "tool_result" and call is not None:
            columns["tool_name"], columns["tool_class"] = self._tools.get(call, (None, None))
            columns["is_replayed"] = columns["is_replayed"] or call in self._answered
            self._answered.add(call)
            if columns["tool_class"] == "shell" and columns["text"]:
                columns["pids"] = pids_of(columns["text"])
        elif kind == "usage":
            self._complete_usage(columns)
        elif kind == "message" and columns["author"] == "human" and self._is_sub_agent:
            columns["author"] = "agent"
        if kind in ("message", "reasoning", "tool_call", "usage") and columns["role"] == "assistant":
            columns["model"] = self._model
        close(columns)

    def _complete_call(self, columns: Piece, call: str | None) -> None:
        if columns["tool_class"] == "shell" and columns.get("cwd") is None:
            columns["cwd"] = self._cwd
        if call is None:
            return
        told = f"{call}\n{columns['tool_name']}\n{columns['text']}"
        digest = blake2b(told.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        begun = columns["native_type"] is not None and columns["native_type"].startswith("event_msg/")
        if digest in self._calls or (begun and call in self._called):
            columns["is_replayed"] = True
        if not columns["is_replayed"]:
            # of history that compaction kept the original may have been cut off, but it never comes later
            self._calls.add(digest)
            self._called.add(call)
        self._tools.setdefault(call, (columns["tool_name"], columns["tool_class"]))

    def _complete_usage(self, columns: Piece) -> None:
        info = columns["extra"].get("info")
        total = info.get("total_token_usage") if isinstance(info, dict) else None
        counted = columns["input_tokens"] is not None or columns["output_tokens"] is not None
        columns["usage_is_primary"] = counted and (total is None or total != self._total)
        if counted and total is not None:
            self._total = total
        relative = columns.pop("resets_in_us", None)
        if relative is not None and columns.get("ts") is not None:
            columns["limit_resets_at"] = columns["ts"] + relative
            columns["notes"] = [*columns["notes"], RESETS_RELATIVE]


def _unwrapped(value: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """Return what kind of line it is, and what it holds."""
    kind, payload = name(value.get("type")), value.get("payload")
    if isinstance(payload, dict):
        return kind, payload
    if "record_type" in value:
        return name(value["record_type"]), value
    if kind in _BARE_ITEMS:
        return "response_item", value
    if kind is None and {"id", "timestamp"} <= value.keys():
        return "session_meta", value
    return kind, value


def _spawned(payload: dict[str, Any]) -> dict[str, Any] | str | None:
    """Return by what a session was spawned, if it is a sub-agent's."""
    origin = payload.get("source")
    spawned = origin.get("subagent") if isinstance(origin, dict) else None
    if isinstance(spawned, dict):
        inner = spawned.get("thread_spawn")
        return inner if isinstance(inner, dict) else spawned
    return spawned if type(spawned) is str else None


def _mirrored(kind: str | None, payload: dict[str, Any], pieces: list[Piece]) -> dict[int, list[bytes]]:
    """Return, by part, keys of the words in a record that stand in another one too."""
    if kind not in ("event_msg", "response_item"):
        return {}
    if kind == "response_item" and pieces[0]["kind"] == "reasoning":
        # each section of a summary is an event of its own
        parts = [part for key in ("summary", "content") if isinstance(payload.get(key), list) for part in payload[key]]
        texts = [part.get("text") for part in parts if isinstance(part, dict)]
        return {0: [key_of("reasoning", "assistant", words) for words in texts if type(words) is str and words]}
    return {
        part: [key_of(piece["kind"], piece["role"], piece["text"])]
        for part, piece in enumerate(pieces)
        if piece["kind"] in ("message", "reasoning") and piece["text"]
    }
