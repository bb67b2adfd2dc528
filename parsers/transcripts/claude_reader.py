"""What the lines of one Claude Code file have to know of one another."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

from parsers.contract import Row
from parsers.jsonlines import JsonRecord
from parsers.jsontext import compact
from parsers.transcripts.claude_lines import envelope, nested_envelope, nested_of, pieces_of
from parsers.transcripts.claude_pieces import SYNTHETIC_MODEL
from parsers.transcripts.fields import name, text
from parsers.transcripts.pieces import Piece, close
from parsers.transcripts.sessions import Sessions
from parsers.transcripts.tools import pids_of
from parsers.transcripts.usage import LastUsage

TITLES = {"custom-title": "customTitle", "ai-title": "aiTitle"}

CONTENT_KEYS = ("message", "data", "content", "attachment")


class Reader:
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
        common, odd = envelope(line)
        pieces = pieces_of(line)
        replayed = self._is_replayed(line)
        nested = nested_of(line)
        if nested is not None:
            common |= nested_envelope(line, nested)
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
        content = next((line[key] for key in CONTENT_KEYS if key in line), None)
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
        if kind in TITLES:
            title = text(line.get(TITLES[kind]))
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
