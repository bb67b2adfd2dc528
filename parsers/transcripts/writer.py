"""Rows of formats that keep whole runs in documents: pieces in, rows of `transcript` and `session` out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from parsers.contract import Record, Row
from parsers.source import Source
from parsers.transcripts.pieces import Piece, close
from parsers.transcripts.sessions import Sessions
from parsers.transcripts.tools import pids_of

SESSION_DERIVED = "session_id_derived"
CALL_ID_DERIVED = "call_id_by_order"

# columns whose value rests on other records of the document
CARRIED = (
    "session_id",
    "seq",
    "is_replayed",
    "call_id",
    "tool_name",
    "tool_class",
    "cwd",
    "pids",
    "parent_session_id",
    "agent_version",
    "model",
    "title",
    "ts",
    "ts_local",
    "ts_end",
    "ts_end_local",
    "ts_precision_us",
    "ts_remainder_ns",
)


def derived_session(source: Source, top: int = 0) -> str:
    """Return an id for a run that its document does not name: the same for the same bytes, and for no others."""
    return f"document-{source.id[:32]}" + (f"/{top}" if top else "")


class Writer:
    """Numbers pieces within their sessions, names the tools of results by their calls, and gathers the sessions."""

    def __init__(self) -> None:
        self._sessions = Sessions()
        self._tools: dict[tuple[str | None, str], tuple[str | None, str | None]] = {}  # by session and call id

    def write(
        self,
        record: Record,
        session_id: str | None,
        pieces: Sequence[Piece],
        *,
        notes: tuple[str, ...] = (),
        hidden: tuple[tuple[str, Any], ...] = (),
        also: tuple[Record, ...] = (),
    ) -> Iterator[Row]:
        """Yield a row for each piece of one record. `notes` and `hidden` tell what was odd about its JSON."""
        if not pieces:
            return
        seq = self._sessions.place(session_id, record, {}, len(pieces))
        if hidden:
            pieces[0]["extra"]["duplicate_keys"] = [list(pair) for pair in hidden]
        for part, piece in enumerate(pieces):
            self._sessions.widen(session_id, piece)
            columns = {"session_id": session_id, "seq": seq + part, "is_replayed": False, **piece}
            columns["notes"] = [*notes, *columns["notes"]]
            self._complete(columns)
            yield Row("transcript", record, columns, part, also)
        self._sessions.settle(len(pieces))

    def describe(self, session_id: str | None, **columns: Any) -> None:
        """Set columns of a session that has pieces already; the first value of a column stays."""
        self._sessions.describe(session_id, **columns)

    def finish(self) -> Iterator[Row]:
        """Yield the sessions."""
        yield from self._sessions.rows()

    def _complete(self, columns: Piece) -> None:
        call = columns.get("call_id")
        if call is not None:
            key = (columns["session_id"], call)
            if columns["kind"] == "tool_call":
                self._tools[key] = (columns.get("tool_name"), columns.get("tool_class"))
            elif columns["kind"] == "tool_result":
                tool, kind = self._tools.get(key, (None, None))
                columns["tool_name"] = columns.get("tool_name") or tool
                columns["tool_class"] = columns.get("tool_class") or kind
        if columns["kind"] == "tool_result" and columns.get("tool_class") == "shell" and columns["text"]:
            columns["pids"] = pids_of(columns["text"]) or columns.get("pids")
        close(columns)
