"""Claude Code session files (JSON lines), also those of its sub-agents.

Source of the format: files written by Claude Code 1.0 to 2.1 (`~/.claude/projects/<folder>/<session>.jsonl`,
`agent-<id>.jsonl`, `<session>/subagents/agent-<id>.jsonl`); it is not documented by its maker.
One record is one JSON object; two on one line (concurrent writers) are two records.

A sub-agent's session is called `<session>/agent-<agent id>`, or `<session>/sidechain` in versions that wrote no agent
id. Its messages stand in a file of its own, in the parent's `progress` lines, or both: the same `native_id`,
`message_id` and `call_id` in two sources are one piece.
Usage is repeated with every content block: `usage_is_primary` is on the last one of a response in this file.
`is_replayed` is on a record whose id and content stood in the file before, on records that name the session they were
forked from, and on the summary that takes the place of compacted context.
Summaries, snapshots of files and the like have neither time nor session: both stay unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

from parsers.contract import Format, Grade, Item, Parsed, Row
from parsers.jsonlines import JsonRecord, first_values, records
from parsers.jsontext import compact
from parsers.source import Source
from parsers.transcripts.claude_pieces import (
    HARNESS_TEXT,
    SYNTHETIC_MODEL,
    assistant_pieces,
    progress_piece,
    system_piece,
    user_pieces,
)
from parsers.transcripts.fields import dollars, name, rest, text, time_columns
from parsers.transcripts.pieces import Piece, close, event_piece
from parsers.transcripts.sessions import Sessions
from parsers.transcripts.tools import pids_of
from parsers.transcripts.usage import LastUsage

FORMAT = Format(
    name="claude_code",
    title="Claude Code session",
    tables=("session", "transcript"),
    signature=True,
    carried=(
        "seq",
        "is_replayed",
        "usage_is_primary",
        "tool_name",
        "tool_class",
        "pids",
        "parent_session_id",
        "title",
        "model",
        "approval_policy",
        "ts",
        "ts_local",
        "ts_end",
        "ts_end_local",
        "ts_precision_us",
    ),
)

_ENVELOPE = frozenset(
    {"type", "uuid", "parentUuid", "sessionId", "timestamp", "cwd", "isSidechain", "requestId", "costUSD"}
)
_MAPPED = {
    "user": _ENVELOPE | {"message", "toolUseResult", "isMeta", "isCompactSummary", "permissionMode"},
    "assistant": _ENVELOPE | {"message", "isApiErrorMessage", "apiErrorStatus"},
    "system": _ENVELOPE | {"subtype", "content", "durationMs"},
    "progress": _ENVELOPE | {"data", "parentToolUseID"},
    "attachment": _ENVELOPE | {"attachment"},
}
_NAMES = (("uuid", "native_id"), ("parentUuid", "parent_id"), ("cwd", "cwd"), ("requestId", "request_id"))
_CONTENT = ("message", "data", "content", "attachment")
# where other kinds of lines keep their words, and what they belong to
_WORDS = ("summary", "customTitle", "aiTitle", "content")
_BELONGS = ("leafUuid", "messageId")
_TITLES = {"custom-title": "customTitle", "ai-title": "aiTitle"}

_CONVERSATION = frozenset({"user", "assistant", "system", "progress", "attachment"})
_BEGINNING = re.compile(rb'\s*\{\s*"(?:parentUuid|isSidechain|sessionId|type|uuid|timestamp|userType|cwd)"\s*:')
_KEYS_BEFORE_CONTENT = (b'"sessionId"', b'"isSidechain"')


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001 - names lie
    """STRONG where lines are Claude Code's: session and record ids beside a message, or its own side records."""
    found = first_values(head)
    ours = sum(_is_ours(value) for value in found.values)
    others = len(found.values) - ours + found.faults
    if ours and ours >= others:
        return Grade.STRONG
    if not ours and not others and _BEGINNING.match(found.cut):
        before_message = found.cut.partition(b'"message"')[0]
        if all(key in before_message for key in _KEYS_BEFORE_CONTENT):
            return Grade.STRONG
    return Grade.NONE


def _is_ours(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    kind = name(value.get("type"))
    if kind in _CONVERSATION and {"sessionId", "uuid"} <= value.keys():
        message = value.get("message")
        return (
            "content" in message
            if isinstance(message, dict)
            else bool({"data", "subtype", "attachment"} & value.keys())
        )
    return (
        (kind == "summary" and {"summary", "leafUuid"} <= value.keys())
        or (kind == "file-history-snapshot" and {"messageId", "snapshot"} <= value.keys())
        or (kind == "queue-operation" and {"operation", "sessionId"} <= value.keys())
        or (kind in _TITLES and {_TITLES[kind], "sessionId"} <= value.keys())
    )


def read(source: Source) -> Iterator[Item]:
    """Yield `transcript` rows for every block, usage and event, then one `session` row for each session."""
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
        self._tools: dict[str, tuple[str | None, str | None]] = {}  # call id: name and class
        self._seen: set[bytes] = set()  # digests of record ids with their content
        self._usage = LastUsage()
        self._titles: dict[str, str] = {}  # last record of a conversation: what a summary calls it
        self._last: dict[str | None, str] = {}  # session: id of its last record

    def rows(self, item: JsonRecord) -> Iterator[Row]:
        """Yield the rows of one record, but for usage that a later record may repeat."""
        line = item.value
        common, odd = _envelope(line)
        pieces = _pieces(line)
        replayed = self._is_replayed(line)
        nested = _nested(line)
        if nested is not None:
            common |= _nested_envelope(line, nested)
            replayed = replayed or self._is_replayed(nested)
        session = common["session_id"]
        common["seq"] = self._sessions.place(session, item.record, common, len(pieces))
        self._describe(line, common, pieces)
        pieces[0]["extra"].update(odd)
        if item.hidden:
            pieces[0]["extra"]["duplicate_keys"] = [list(pair) for pair in item.hidden]
        for part, piece in enumerate(pieces):
            columns = {"is_replayed": replayed, **common, **piece}
            common["seq"] += 1
            if replayed:
                columns["is_replayed"] = True
            if item.notes:
                columns["notes"] = [*item.notes, *columns["notes"]]
            self._finish(columns)
            row = Row("transcript", item.record, columns, part)
            if columns["kind"] == "usage":
                yield from self._usage.take(row, columns)
            else:
                yield row
        self._sessions.settle(len(pieces))
        self._note_titles(line, session)

    def finish(self) -> Iterator[Row]:
        """Yield what was held back, and the sessions."""
        yield from self._usage.finish()
        yield from self._sessions.rows()

    def _is_replayed(self, line: dict[str, Any]) -> bool:
        """Tell whether this very record (its id and its content) stood in the file before."""
        if isinstance(line.get("forkedFrom"), dict):
            return True
        uuid = name(line.get("uuid"))
        if uuid is None:
            return False
        content = next((line[key] for key in _CONTENT if key in line), None)
        if isinstance(content, dict) and "content" in content:
            content = content["content"]
        digest = blake2b(f"{uuid}\n{compact(content)}".encode(), digest_size=16).digest()
        if digest in self._seen:
            return True
        self._seen.add(digest)
        return False

    def _finish(self, columns: Piece) -> None:
        """Name the tool of an answer, find the processes a shell names, and write `extra` as JSON."""
        call = columns.get("call_id")
        if call is not None and columns["kind"] == "tool_call":
            self._tools[call] = (columns["tool_name"], columns["tool_class"])
        elif call is not None and columns["kind"] == "tool_result":
            columns["tool_name"], columns["tool_class"] = self._tools.get(call, (None, None))
            if columns["tool_class"] == "shell" and columns["text"]:
                columns["pids"] = pids_of(columns["text"])
        close(columns)

    def _describe(self, line: dict[str, Any], common: Piece, pieces: list[Piece]) -> None:
        session = common["session_id"]
        if session is None:
            return
        describe = self._sessions.describe
        if common["seq"] == 0:
            describe(session, agent_name="Claude Code", agent_version=name(line.get("version")), cwd=common["cwd"])
            self._describe_kind(session, line, common)
        model = pieces[0].get("model")
        if model is not None and model != SYNTHETIC_MODEL:
            describe(session, model=model)
        if common["approval_policy"] is not None:
            describe(session, approval_policy=common["approval_policy"])

    def _describe_kind(self, session: str, line: dict[str, Any], columns: Piece) -> None:
        own = name(line.get("sessionId"))
        forked = line.get("forkedFrom")
        if session != own:
            self._sessions.describe(session, kind="sub_agent", parent_session_id=own)
        elif isinstance(forked, dict):
            self._sessions.describe(session, kind="fork", parent_session_id=name(forked.get("sessionId")))
        elif columns["parent_id"] is not None:
            # it goes on from something before it: from another session of this file, where that can be seen
            parent = next((other for other, last in self._last.items() if last == columns["parent_id"]), None)
            self._sessions.describe(session, kind="resumed", parent_session_id=parent)

    def _note_titles(self, line: dict[str, Any], session: str | None) -> None:
        kind, uuid = name(line.get("type")), name(line.get("uuid"))
        if kind in _TITLES:
            title = text(line.get(_TITLES[kind]))
            if title:
                self._sessions.rename(session, title)
        elif kind == "summary":
            leaf, title = name(line.get("leafUuid")), text(line.get("summary"))
            if leaf and title:
                self._titles[leaf] = title
                for owner, last in self._last.items():
                    if last == leaf:
                        self._sessions.describe(owner, title=title)
        if uuid is not None and session is not None:
            self._last[session] = uuid
            if uuid in self._titles:
                self._sessions.describe(session, title=self._titles[uuid])


def _envelope(line: dict[str, Any]) -> tuple[Piece, dict[str, Any]]:
    """Return the columns that every row of a record shares, and the values that their columns cannot hold."""
    odd = {}
    sidechain = line.get("isSidechain")
    columns: Piece = {"is_sidechain": sidechain, "approval_policy": line.get("permissionMode")}
    for key, column in _NAMES:
        value = columns[column] = line.get(key)
        if value is not None and name(value) is None:
            odd[key], columns[column] = value, None
    if sidechain is not None and type(sidechain) is not bool:
        odd["isSidechain"], columns["is_sidechain"] = sidechain, None
    if columns["approval_policy"] is not None and name(columns["approval_policy"]) is None:
        odd["permissionMode"], columns["approval_policy"] = columns["approval_policy"], None
    session = name(line.get("sessionId"))
    if session is None and line.get("sessionId") is not None:
        odd["sessionId"] = line["sessionId"]
    columns["session_id"] = _sub_session(session, name(line.get("agentId"))) if sidechain is True else session
    when = time_columns(line.get("timestamp"))
    if when is not None:
        columns |= when
    elif line.get("timestamp") is not None:
        odd["timestamp"] = line["timestamp"]
    return columns, odd


def _nested(line: dict[str, Any]) -> dict[str, Any] | None:
    """Return a sub-agent's message that a parent's line holds, None in any other line."""
    data = line.get("data")
    if line.get("type") != "progress" or not isinstance(data, dict) or data.get("type") != "agent_progress":
        return None
    return data["message"] if isinstance(data.get("message"), dict) else None


def _nested_envelope(line: dict[str, Any], nested: dict[str, Any]) -> Piece:
    columns: Piece = {
        "session_id": _sub_session(name(line.get("sessionId")), name(line["data"].get("agentId"))),
        "native_id": name(nested.get("uuid")),
        "parent_id": name(line.get("parentToolUseID")),
        "request_id": name(nested.get("requestId")),
        "is_sidechain": True,
    }
    return columns | (time_columns(nested.get("timestamp")) or {})


def _sub_session(session: str | None, agent: str | None) -> str | None:
    if session is None:
        return None
    return f"{session}/agent-{agent}" if agent else f"{session}/sidechain"


def _pieces(line: dict[str, Any]) -> list[Piece]:
    """Return the pieces of one line; there is always one."""
    kind = line.get("type")
    if kind == "user":
        pieces = user_pieces(line, line.get("message"), by_agent=line.get("isSidechain") is True)
    elif kind == "assistant":
        pieces = assistant_pieces(line, line.get("message"))
        if "costUSD" in line:
            pieces[-1].update(dollars(line["costUSD"]))
    elif kind == "system":
        pieces = [system_piece(line)]
    elif kind == "progress" and isinstance(line.get("data"), dict):
        pieces = _progress_pieces(line, line["data"])
    elif kind == "attachment" and isinstance(line.get("attachment"), dict):
        pieces = [_attachment_piece(line["attachment"])]
    else:
        return [_other_piece(line, name(kind))]
    pieces[0]["extra"] = rest(line, _MAPPED[kind]) | pieces[0]["extra"]
    return pieces


def _progress_pieces(line: dict[str, Any], data: dict[str, Any]) -> list[Piece]:
    nested = _nested(line)
    if nested is None:
        return [progress_piece(line, data)]
    said = nested.get("message")
    by_model = nested.get("type") == "assistant"
    pieces = assistant_pieces(nested, said) if by_model else user_pieces(nested, said, by_agent=True)
    for piece in pieces:
        piece["native_type"] = f"progress/agent_progress/{piece['native_type']}"
    pieces[0]["extra"]["data"] = rest(data, ("type", "message", "agentId"))
    if left := rest(nested, _MAPPED["user"] | _MAPPED["assistant"]):
        pieces[0]["extra"]["nested"] = left
    return pieces


def _attachment_piece(attachment: dict[str, Any]) -> Piece:
    kind = name(attachment.get("type"))
    piece = event_piece(f"attachment/{kind}" if kind else "attachment", text(attachment.get("prompt")))
    mapped = ("type",) if piece["text"] is None else ("type", "prompt")
    piece["extra"]["attachment"] = rest(attachment, mapped)
    if kind == "queued_command" and piece["text"] is not None:
        by_human = attachment.get("commandMode") in (None, "prompt")
        piece |= {"kind": "message", "role": "user", "content_state": "present"}
        piece["author"] = "human" if by_human else "harness"
    return piece


def _other_piece(line: dict[str, Any], kind: str | None) -> Piece:
    words = next((key for key in _WORDS if type(line.get(key)) is str), None)
    belongs = next((key for key in _BELONGS if name(line.get(key))), None)
    piece = event_piece(kind, line[words] if words else None)
    piece["extra"] = rest(line, (_ENVELOPE | {words, belongs}) - (frozenset() if kind else {"type"}))
    if belongs:
        piece["parent_id"] = line[belongs]
    if kind == "queue-operation" and piece["text"] is not None and not piece["text"].startswith(HARNESS_TEXT):
        piece["author"] = "human"
    return piece
