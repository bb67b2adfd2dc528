"""tau-bench results: an agent's conversation with a simulated user, as the benchmark and Docent's samples keep it.

Source of the format: sierra-research/tau-bench, tau_bench/types.py (EnvRunResult: `task_id`, `reward`, `info`, `traj`,
`trial`) and its agents, which keep messages of the Chat Completions API; one result or a list of them.
One record is one message, or one other member of a result.

There are no times, and nothing names a run: its session gets an id from the bytes (note `session_id_derived`). The user
is played by a model at the harness's word. Ids of calls may begin anew with each message: one that comes again is made
unique by the place of its call (note `call_id_by_order`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsers.contract import HEAD_BYTES, Format, Grade, Item, Parsed, Row
from parsers.jsonparts import JsonPart, Opened, Path, head_parts, parts
from parsers.source import Source
from parsers.transcripts.chat_messages import message_pieces
from parsers.transcripts.pieces import Piece, event_piece
from parsers.transcripts.writer import CALL_ID_DERIVED, CARRIED, SESSION_DERIVED, Writer, derived_session

FORMAT = Format(
    name="tau_bench",
    title="tau-bench result",
    tables=("session", "transcript"),
    signature=True,
    carried=(*CARRIED, "notes"),
    version=3,
)

_OPENED = Opened(frozenset({(), ("traj",), (None,), (None, "traj")}))
_BEGINNING = re.compile(
    rb'\s*(?:\[\s*)?\{\s*"task_id"\s*:\s*\d{1,9}\s*,\s*"reward"\s*:\s*[\d.]{1,20}\s*,\s*"info"\s*:\s*\{'
)


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001 - names lie
    """STRONG where messages of a trajectory stand behind task and reward."""
    if b'"task_id"' not in head or b'"reward"' not in head:
        return Grade.NONE
    found = head_parts(head, _OPENED)
    keys = {item.path[-1] for item in found if item.path}
    said = [item.value for item in found if item.path[-2:-1] == ("traj",)]
    if any(isinstance(message, dict) and "role" in message for message in said) and keys >= {"task_id", "reward"}:
        return Grade.STRONG
    return Grade.STRONG if len(head) >= HEAD_BYTES and not said and _BEGINNING.match(head) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield `transcript` rows for messages, calls, results and the facts of each run, then the sessions."""
    writer = Writer()
    runs: dict[tuple[int, Path], _Run] = {}  # by document, and place in a list
    for item in parts(source, _OPENED):
        if isinstance(item, JsonPart):
            yield Parsed(item.record)
            listed = item.path[:1] if item.path and type(item.path[0]) is int else ()
            run = runs.setdefault((item.document, listed), _Run(derived_session(source, len(runs))))
            yield from run.rows(item, writer)
        else:
            yield item
    yield from writer.finish()


class _Run:
    """One result: the ids of its calls so far."""

    def __init__(self, session: str) -> None:
        self._session = session
        self._calls: dict[str, str] = {}  # the latest call of an id

    def rows(self, item: JsonPart, writer: Writer) -> Iterator[Row]:
        """Yield the rows of a message or other member."""
        if item.path[-2:-1] == ("traj",) and isinstance(item.value, dict):
            pieces = message_pieces(item.value, "traj")
            for piece in pieces:
                self._complete(piece, item.record.number)
        else:
            pieces = _other_pieces(item)
        yield from writer.write(item.record, self._session, pieces, notes=item.notes, hidden=item.hidden)
        title = f"task {item.value}" if item.path[-1:] == ("task_id",) else None
        writer.describe(self._session, agent_name="tau-bench", title=title, notes=[SESSION_DERIVED])

    def _complete(self, piece: Piece, number: int) -> None:
        if piece["author"] == "human":
            piece["author"] = "harness"
        call = piece.get("call_id")
        if call is None:
            return
        if piece["kind"] == "tool_call":
            self._calls[call] = f"{self._session}-{number}" if call in self._calls else call
        piece["call_id"] = self._calls.get(call, call)
        if piece["call_id"] != call:
            piece["notes"].append(CALL_ID_DERIVED)


def _other_pieces(item: JsonPart) -> list[Piece]:
    """Return task, reward and what else a result says."""
    key = next((step for step in reversed(item.path) if type(step) is str), None)
    piece = event_piece(key, None)
    piece["extra"] = item.value if isinstance(item.value, dict) else {str(key): item.value}
    return [piece]
