"""One run of SWE-agent: its history told with what the steps of its trajectory add."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from parsers.contract import Row
from parsers.jsonparts import JsonPart
from parsers.times import SECOND
from parsers.transcripts.chat_messages import message_pieces
from parsers.transcripts.fields import dollars, integer, microseconds, name, rest, rest_of_counts, text
from parsers.transcripts.pieces import Piece, event_piece, new_piece
from parsers.transcripts.response_items import arguments_of
from parsers.transcripts.tools import fault_of_text, tool_class
from parsers.transcripts.writer import CALL_ID_DERIVED, SESSION_DERIVED, Writer

DEMONSTRATION = "demonstration"

# commands of the agent's own interface to files; all else that it types goes to the shell as it is
_INTERFACE = frozenset(
    {
        *("open", "goto", "scroll_up", "scroll_down", "find_file", "search_file", "search_dir", "filemap"),
        *("create", "edit", "insert", "undo_edit", "set_cursors", "str_replace_editor", "view_image", "submit"),
    }
)
_EXIT = re.compile(r"\bexit_[a-z_]{1,60}\b")
_MESSAGE_KEYS = ("thought", "action", "agent", "message_type", "tool_call_ids", "is_demo", "cache_control")
_STEP_KEYS = frozenset({"action", "observation", "response", "thought", "state", "execution_time", "query", "messages"})
_TOKENS = ("tokens_sent", "tokens_received")


class Run:
    """The parts of one document, and the rows that they make together."""

    def __init__(self, top: int, session_id: str) -> None:
        self.top = top
        self._session_id = session_id
        self._steps: list[JsonPart] = []
        self._history: list[JsonPart] = []
        self._others: list[JsonPart] = []
        self._calls = 0
        self._cwd: str | None = None
        self._open: str | None = None  # the call that waits for its answer

    def add(self, part: JsonPart) -> None:
        """Take note of a part."""
        if part.place is None:
            self._others.append(part)
        elif part.key == "trajectory":
            self._steps.append(part)
        else:
            self._history.append(part)

    def rows(self, writer: Writer) -> Iterator[Row]:
        """Yield the rows: what was said and done in order, steps that the history does not hold, then the rest."""
        matched = 0
        step: JsonPart | None = None  # of the last action
        for part in self._history:
            message: dict[str, Any] = part.value
            beside = None
            if _acts(message):
                found = self._step_of(message, matched)
                step = None
                if found is not None:
                    for missed in self._steps[matched:found]:
                        yield from self._write(writer, missed, self._step_pieces(missed.value))
                    step, matched = self._steps[found], found + 1
                beside = step
            elif self._open is not None and message.get("role") in ("user", "tool"):
                beside = step
            pieces = self._message_pieces(message, beside.value if beside else None)
            yield from self._write(writer, part, pieces, beside)
        for missed in self._steps[matched:]:
            yield from self._write(writer, missed, self._step_pieces(missed.value))
        for part in self._others:
            yield from self._write(writer, part, _other_pieces(part))
        model = next((model_of(part.value) for part in self._others if part.key == "replay_config"), None)
        writer.describe(self._session_id, agent_name="SWE-agent", model=model, notes=[SESSION_DERIVED])

    def _write(
        self, writer: Writer, part: JsonPart, pieces: list[Piece], beside: JsonPart | None = None
    ) -> Iterator[Row]:
        also = (beside.record,) if beside is not None else ()
        yield from writer.write(part.record, self._session_id, pieces, notes=part.notes, hidden=part.hidden, also=also)

    def _step_of(self, message: dict[str, Any], begin: int) -> int | None:
        """Return which of the steps that are left an action belongs to; thoughts of demonstrations are edited."""
        left = range(begin, len(self._steps))
        return next((at for at in left if self._steps[at].value.get("action") == message["action"]), None)

    def _message_pieces(self, message: dict[str, Any], step: dict[str, Any] | None) -> list[Piece]:
        told = {key: item for key, item in message.items() if key not in _MESSAGE_KEYS}
        role, what = name(message.get("role")), name(message.get("message_type"))
        demonstrated = message.get("is_demo") is True or what == DEMONSTRATION
        ids = message.get("tool_call_ids")
        if isinstance(ids, list) and ids:
            told["tool_call_id"] = ids[0]
        pieces = message_pieces(told, "history")
        if demonstrated:
            for piece in pieces:
                piece.update({"author": "harness", "is_replayed": True})
                piece["notes"].append(DEMONSTRATION)
        elif _acts(message):
            pieces = self._acted(message, step, pieces)
        elif self._open is not None and role in ("user", "tool"):
            pieces = [self._answered(step, pieces)]
        thought = text(message.get("thought"))
        if thought and thought not in (pieces[0]["text"] or ""):
            pieces[0]["extra"]["thought"] = thought
        pieces[0]["extra"] |= rest(message, ("role", "content", "thought", "action", "tool_calls", "tool_call_ids"))
        for piece in pieces:
            piece["native_type"] = f"history/{what or role}"
        return pieces

    def _acted(self, message: dict[str, Any], step: dict[str, Any] | None, pieces: list[Piece]) -> list[Piece]:
        """Return an action: the words around it, and the call."""
        action = text(message.get("action")) or ""
        if ended := _exit_piece(action):
            return [*pieces, ended]
        calls = [piece for piece in pieces if piece["kind"] == "tool_call"]
        if calls:
            call = calls[0]
            call |= _action_columns(action, call["tool_name"])
        else:
            call = self._call(action)
            pieces = [*pieces, call]
        call["cwd"] = self._cwd
        self._open = call["call_id"]
        self._take_state(step)
        return pieces

    def _call(self, action: str) -> Piece:
        """Return a call that has neither id nor arguments, only what was typed."""
        call = new_piece("tool_call", "assistant", "agent", None, action)
        self._calls += 1
        call |= {"call_id": f"call-{self._calls}"} | _action_columns(action, None)
        call["notes"].append(CALL_ID_DERIVED)
        return call

    def _take_state(self, step: dict[str, Any] | None) -> None:
        state, _ = arguments_of(step.get("state")) if step else (None, [])
        self._cwd = name(state.get("working_dir")) if isinstance(state, dict) else None

    def _answered(self, step: dict[str, Any] | None, pieces: list[Piece]) -> Piece:
        """Return the answer to the call before it, whatever role it came in."""
        answer = pieces[0]
        answer |= {"kind": "tool_result", "role": "tool", "author": "tool", "tool_name": None}
        answer["duration_us"] = _duration(step) if step else None
        if answer.get("call_id") is None:
            answer["call_id"] = self._open
        words = answer["text"]
        answer["error_type"], answer["http_status"] = fault_of_text(words) if words else (None, None)
        self._open = None
        return answer

    def _step_pieces(self, step: dict[str, Any]) -> list[Piece]:
        """Return the pieces of a step that stands alone; without an action it is the harness that speaks."""
        action, seen = text(step.get("action")) or "", text(step.get("observation"))
        said = new_piece("message", "assistant", "agent", None, text(step.get("response")) or None)
        said["extra"] = {key: item for key, item in rest(step, _STEP_KEYS).items() if item != {}}
        thought = text(step.get("thought"))
        if thought and thought not in (said["text"] or ""):
            said["extra"]["thought"] = thought
        pieces = [said] if said["text"] or said["extra"] else []
        if ended := _exit_piece(action):
            pieces.append(ended)
        elif action.strip():
            call = self._call(action)
            call["cwd"] = self._cwd
            pieces.append(call)
            answer = new_piece("tool_result", "tool", "tool", None, seen)
            pieces.append(answer | {"call_id": call["call_id"], "duration_us": _duration(step)})
        if seen and pieces[-1]["kind"] != "tool_result":
            pieces.append(event_piece(None, seen))
        self._take_state(step)
        for piece in pieces:
            piece["native_type"] = "trajectory"
        return pieces or [event_piece("trajectory", None)]


def _acts(message: dict[str, Any]) -> bool:
    done = message.get("role") == "assistant" and type(message.get("action")) is str
    return done and message.get("is_demo") is not True


def _action_columns(action: str, tool: str | None) -> Piece:
    """Return class and command of an action: what is typed goes to a shell, but for the interface to files."""
    words = action.split(None, 1)
    program = tool or (words[0] if words else "")
    if program in _INTERFACE:
        found = tool_class(program)
        return {"tool_class": "file" if found == "other" and program != "submit" else found, "tool_name": program}
    return {"tool_class": "shell", "command": action, "tool_name": tool}


def _exit_piece(action: str) -> Piece | None:
    """Return the end of a run that the harness put in the place of an action."""
    if not _EXIT.fullmatch(action.strip()):
        return None
    piece = event_piece(None, action)
    return piece | {"is_error": True, "error_type": action.strip()}


def _duration(step: dict[str, Any]) -> int | None:
    return microseconds(step.get("execution_time"), unit_us=SECOND)


def _other_pieces(part: JsonPart) -> list[Piece]:
    """Return what stands beside the messages: how the run ended, what it used, how it was set up."""
    value = part.value
    if part.key != "info" or not isinstance(value, dict):
        piece = event_piece(part.key, text(value))
        if piece["text"] is None and value is not None:
            piece["extra"] = {part.key or "value": value}
        return [piece]
    status = text(value.get("exit_status"))
    ended = event_piece("info", status)
    limit = _EXIT.search(status) if status else None
    ended |= {"is_error": limit is not None if status else None, "error_type": limit[0] if limit else None}
    ended["extra"] = rest(value, ("exit_status", "submission", "model_stats"))
    pieces = [ended]
    if type(value.get("submission")) is str:
        pieces.append(event_piece("info/submission", value["submission"]))
    if isinstance(value.get("model_stats"), dict):
        pieces.append(_usage_piece(value["model_stats"]))
    return pieces


def _usage_piece(stats: dict[str, Any]) -> Piece:
    """Return the usage of the whole run; there is no other."""
    piece = new_piece("usage", "assistant", "harness", "info/model_stats", None)
    cost = dollars(stats.get("instance_cost"))
    piece["notes"].extend(cost.pop("notes", ()))
    left = rest_of_counts(stats, _TOKENS)
    if cost:
        left.pop("instance_cost", None)
    return (
        piece
        | cost
        | {
            "content_state": None,
            "input_tokens": integer(stats.get("tokens_sent")),
            "output_tokens": integer(stats.get("tokens_received")),
            "usage_is_primary": True,
            "extra": left,
        }
    )


def model_of(config: Any) -> str | None:
    """Return the model that a run's settings name."""
    found, _ = arguments_of(config)
    for key in ("agent", "model"):
        found = found.get(key) if isinstance(found, dict) else None
    return name(found.get("name")) if isinstance(found, dict) else None
