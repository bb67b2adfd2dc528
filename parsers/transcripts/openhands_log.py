"""What the events of one OpenHands log have to know of one another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.contract import Row
from parsers.jsonparts import JsonPart
from parsers.source import Source
from parsers.transcripts.fields import name, text, time_columns
from parsers.transcripts.openhands_usage import RUNNING_TOTAL, total_pieces
from parsers.transcripts.openhands_v0 import old_pieces
from parsers.transcripts.openhands_v1 import new_pieces
from parsers.transcripts.pieces import Piece, event_piece, new_piece
from parsers.transcripts.tools import fault_of_text, token
from parsers.transcripts.writer import SESSION_DERIVED, Writer, derived_session

# of its session only the folder tells: queries/base/transcript_once.sql
SINGLE_EVENT = "file_of_one_event"


class Log:
    """Sessions, and usage of which only the last running total counts."""

    def __init__(self, source: Source, *, is_single: bool) -> None:
        self._source = source
        self._is_single = is_single
        self._writer = Writer()
        self._responses: set[str] = set()
        self._told_each: set[int] = set()  # documents that tell the usage of each response
        self._totals: dict[tuple[int, str], Row] = {}  # by document and what is counted
        self._pids: dict[int, int] = {}  # the last background process of each session's shell

    def rows(self, part: JsonPart) -> Iterator[Row]:
        """Yield the rows of one part, but for running totals that a later one may take the place of."""
        document = part.document if part.place is not None or part.key is not None else 0
        session = None if self._is_single else derived_session(self._source, document)
        if part.key is not None and part.place is None:
            pieces = _beside_pieces(part.key, part.value)
        else:
            events = part.value if isinstance(part.value, list) else [part.value]
            pieces = [piece for event in events for piece in self._event_pieces(event, document)]
        if self._is_single:
            for piece in pieces:
                piece["notes"].append(SINGLE_EVENT)
        described = [
            {"model": piece.get("model")} | {key: piece.pop(key, None) for key in ("host_name", "user_name")}
            for piece in pieces
        ]
        for row in self._writer.write(part.record, session, pieces, notes=part.notes, hidden=part.hidden):
            yield from self._counted(row, document)
        self._describe(session, part, described)

    def finish(self) -> Iterator[Row]:
        """Yield what was held back, and the sessions."""
        for (document, _), row in self._totals.items():
            columns: Any = row.values
            columns["usage_is_primary"] = document not in self._told_each
            yield row
        yield from self._writer.finish()

    def _event_pieces(self, event: dict[str, Any], document: int) -> list[Piece]:
        """Return the pieces of one event, each with the event's time and id."""
        pieces = new_pieces(event) if type(event.get("kind")) is str else old_pieces(event)
        when = time_columns(event.get("timestamp"))
        identity = event.get("id")
        for piece in pieces:
            piece["native_id"] = str(identity) if type(identity) is int else name(identity)
            piece.update(when or {})
            pid = piece.pop("last_pid", None)
            if pid is not None and self._pids.get(document) != pid:
                self._pids[document] = pid
                piece["pids"] = [pid]
        if when is None and event.get("timestamp") is not None:
            pieces[0]["extra"]["timestamp"] = event["timestamp"]
        return pieces

    def _counted(self, row: Row, document: int) -> Iterator[Row]:
        """Decide which usage counts: once for each response, and the last of running totals."""
        columns: Any = row.values
        if columns["kind"] != "usage":
            yield row
            return
        if RUNNING_TOTAL not in (columns["notes"] or ()):
            response = columns.get("message_id")
            columns["usage_is_primary"] = response is None or response not in self._responses
            self._told_each.add(document)
            if response is not None:
                self._responses.add(response)
            yield row
            return
        columns["usage_is_primary"] = False
        key = (document, columns.get("native_type") or "")
        before = self._totals.get(key)
        self._totals[key] = row
        if before is not None:
            yield before

    def _describe(self, session: str | None, part: JsonPart, described: list[dict[str, Any]]) -> None:
        self._writer.describe(session, agent_name="OpenHands", notes=[SESSION_DERIVED])
        if part.key == "instance_id":
            self._writer.describe(session, title=name(part.value))
        if part.key == "metadata" and isinstance(part.value, dict) and isinstance(part.value.get("llm_config"), dict):
            self._writer.describe(session, model=name(part.value["llm_config"].get("model")))
        for columns in described:
            self._writer.describe(session, **columns)


def _beside_pieces(key: str, value: Any) -> list[Piece]:
    """Return what an evaluation tells beside the events: the instruction, what was used, why it failed."""
    if key == "instruction":
        # the first event of a user repeats it
        piece = new_piece("message", "user", "human", key, text(value))
        piece["is_replayed"] = True
        return [piece]
    if key == "metrics" and isinstance(value, dict):
        return total_pieces({"metrics": value}, key)
    piece = event_piece(key, text(value))
    if key == "error" and piece["text"]:
        piece["is_error"] = True
        piece["error_type"], piece["http_status"] = fault_of_text(piece["text"])
        piece["error_type"] = piece["error_type"] or token(piece["text"].partition(":")[0])
    elif piece["text"] is None and value is not None:
        piece["extra"] = {key: value}
    return [piece]
