"""Messages of mini-swe-agent, all versions, as pieces with columns of `transcript`."""

from __future__ import annotations

import re
from typing import Any

from parsers.transcripts.chat_messages import message_pieces, text_of, usage_columns
from parsers.transcripts.fields import dollars, integer, name, rest, text, time_columns
from parsers.transcripts.pieces import Piece, event_piece, new_piece
from parsers.transcripts.response_items import item_pieces
from parsers.transcripts.tools import fault_of_text, token
from parsers.transcripts.writer import CALL_ID_DERIVED

TIME_OF_RESPONSE = "time_of_response"

# the two fences that commands stood in; the harness runs a command only if it finds exactly one
COMMAND = re.compile(r"```(?:bash|mswea_bash_command)\s*\n(.*?)\n```", re.DOTALL)
RETURN_CODE = re.compile(r"\s*<returncode>(-?\d{1,10})</returncode>")
_OUTPUT = re.compile(r"<output>\n(.*)</output>", re.DOTALL)
_TIMED_OUT = "The last command <command>"
_ENDED_WELL = frozenset({"Submitted", ""})
_EXTRA_KEYS = frozenset(
    {
        "response",
        "actions",
        "cost",
        "timestamp",
        "returncode",
        "raw_output",
        "exit_status",
        "submission",
        "interrupt_type",
    }
)
_RESPONSE_KEYS = frozenset({"id", "model", "created", "object", "usage", "choices"})


class Thread:
    """One run's messages, in order: a result belongs to the command before it."""

    def __init__(self) -> None:
        self._calls = 0
        self._open: list[str] = []  # calls that wait for their results
        self._asked = False

    def pieces(self, message: dict[str, Any]) -> list[Piece]:
        """Return the pieces of one message; there is always one."""
        given = message.get("extra")
        extra: dict[str, Any] = given if isinstance(given, dict) else {}
        message = {key: value for key, value in message.items() if key != "extra"}
        role = name(message.get("role"))
        if role == "exit":
            pieces = [_end_piece(message, extra)]
        elif role == "assistant" or message.get("object") == "response":
            pieces = self._uttered(message, extra)
        elif message.get("type") == "function_call_output":
            pieces = [self._result(item_pieces(message)[0], extra)]
        elif role in ("tool", "user") and (role == "tool" or self._answers(message, extra)):
            pieces = [self._result(message_pieces(message, "messages")[0], extra)]
        else:
            pieces = self._told(message, extra, role)
        when = time_columns(extra.get("timestamp"))
        for piece in pieces:
            piece["native_type"] = f"messages/{role or name(message.get('type')) or 'response'}"
            piece.update(when or {})
        pieces[0]["extra"] |= rest(extra, _EXTRA_KEYS) if given is None or extra else {"extra": given}
        return pieces

    def _answers(self, message: dict[str, Any], extra: dict[str, Any]) -> bool:
        """Tell whether a user's message is what a command printed."""
        if "returncode" in extra:
            return True
        words, _ = text_of(message.get("content"))
        return bool(self._open) and "interrupt_type" not in extra and words is not None and self._asked

    def _uttered(self, message: dict[str, Any], extra: dict[str, Any]) -> list[Piece]:
        """Return the model's answer: thought, words, calls, usage."""
        found = extra.get("response")
        response: dict[str, Any] = found if isinstance(found, dict) else {}
        output = message.get("output")
        if isinstance(output, list):
            pieces = [piece for item in output if isinstance(item, dict) for piece in item_pieces(item)]
            usage = message.get("usage")
        else:
            pieces = [*_thoughts(message, response), *message_pieces(message, "messages")]
            usage = response.get("usage")
            if left := rest(response, _RESPONSE_KEYS):
                pieces[0]["extra"]["response"] = left
        self._call(extra.get("actions"), pieces)
        if isinstance(usage, dict):
            pieces.append(_usage_piece(usage, extra))
        if not pieces:
            pieces = [new_piece("message", "assistant", "agent", None, None)]
        common = {
            "message_id": name(response.get("id")) or name(message.get("id")),
            "model": name(response.get("model")) or name(message.get("model")),
        }
        created = None if "timestamp" in extra else time_columns(response.get("created"))
        for piece in pieces:
            piece.update(common | (created or {}))
            if created:
                piece["notes"].append(TIME_OF_RESPONSE)
        return pieces

    def _call(self, actions: Any, pieces: list[Piece]) -> None:
        """Add the commands of an answer that stand in no tool call, and take note of those that wait for a result."""
        calls = [piece for piece in pieces if piece["kind"] == "tool_call"]
        if not calls:
            stated = [action for action in actions if isinstance(action, dict)] if isinstance(actions, list) else None
            commands = _fenced(pieces) if stated is None else [text(action.get("command")) for action in stated]
            calls = [self._command(command) for command in commands if command is not None]
            pieces.extend(calls)
        self._open = [piece["call_id"] for piece in calls if piece["call_id"]]
        self._asked = True

    def _command(self, command: str) -> Piece:
        call = new_piece("tool_call", "assistant", "agent", None, command)
        self._calls += 1
        call |= {"call_id": f"call-{self._calls}", "tool_class": "shell", "command": command}
        call["notes"].append(CALL_ID_DERIVED)
        return call

    def _result(self, piece: Piece, extra: dict[str, Any]) -> Piece:
        words = piece["text"]
        piece |= {"kind": "tool_result", "role": "tool", "author": "tool"}
        call = piece.get("call_id") or next(iter(self._open), None)
        piece["call_id"] = call
        if call in self._open:
            self._open.remove(call)
        stated = RETURN_CODE.match(words) if words else None
        code = integer(extra.get("returncode"))
        piece["exit_code"] = int(stated[1]) if code is None and stated else code
        piece["error_type"], piece["http_status"] = fault_of_text(_printed(words or "", extra.get("raw_output")))
        if "exception_info" in extra or (words is not None and words.startswith(_TIMED_OUT)):
            piece["is_error"] = True
        raw = extra.get("raw_output")
        if type(raw) is str and raw not in (words or ""):
            piece["extra"]["raw_output"] = raw
        return piece

    def _told(self, message: dict[str, Any], extra: dict[str, Any], role: str | None) -> list[Piece]:
        """Return a prompt, or what the harness or a person put in between: words, or a command of their own."""
        pieces = message_pieces(message, "messages")
        if interrupt := name(extra.get("interrupt_type")):
            pieces[0]["author"] = "human" if interrupt == "UserInterruption" else "harness"
            pieces[0]["extra"]["interrupt_type"] = interrupt
        elif isinstance(extra.get("actions"), list) and role == "user":
            self._call(extra["actions"], pieces)
            for piece in pieces:
                piece["author"] = "human"
        elif role == "user" and self._asked:
            pieces[0]["author"] = "harness"
        return pieces


def _printed(words: str, raw: Any) -> str:
    """Return what a command printed, without the tags in which the model got it."""
    if type(raw) is str:
        return raw
    match = _OUTPUT.search(words)
    return match[1] if match else words


def _fenced(pieces: list[Piece]) -> list[str | None]:
    """Return the one command that an answer of version 1 gives, none where it gives several."""
    words = next((piece["text"] for piece in pieces if piece["kind"] == "message" and piece["text"]), "")
    found = COMMAND.findall(words)
    return [found[0].strip()] if len(found) == 1 else []


def _thoughts(message: dict[str, Any], response: dict[str, Any]) -> list[Piece]:
    """Return the reasoning that stands only in the response as it came."""
    if message.get("reasoning_content") or message.get("reasoning") or message.get("thinking_blocks"):
        return []
    choices = response.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    answer = first.get("message")
    told = {key: answer.get(key) for key in ("reasoning_content", "reasoning")} if isinstance(answer, dict) else {}
    return [piece for piece in message_pieces(told, "messages") if piece["kind"] == "reasoning"]


def _usage_piece(usage: dict[str, Any], extra: dict[str, Any]) -> Piece:
    counts = {**usage}
    for ours, theirs in (("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens")):
        if ours not in counts and theirs in counts:
            counts[ours] = counts.pop(theirs)
    piece = usage_columns(counts)
    cost = dollars(extra["cost"] if extra.get("cost") is not None else usage.get("cost"))
    piece["notes"].extend(cost.pop("notes", ()))
    if cost:
        piece["extra"].pop("cost", None)
    return piece | cost | {"usage_is_primary": True}


def _end_piece(message: dict[str, Any], extra: dict[str, Any]) -> Piece:
    """Return the last message, with which the harness tells why the run ended."""
    status = text(extra.get("exit_status"))
    words, _ = text_of(message.get("content"))
    piece = event_piece(None, words)
    piece |= _ending(status)
    piece["extra"] = {"exit_status": status} if status else {}
    return piece


def _ending(status: str | None) -> Piece:
    if status is None:
        return {"is_error": None, "error_type": None}
    failed = status not in _ENDED_WELL
    return {"is_error": failed, "error_type": token(status) if failed else None}


def other_pieces(key: str | None, value: Any) -> list[Piece]:
    """Return what stands beside the messages: how the run ended, what it cost, how it was set up."""
    if key != "info" or not isinstance(value, dict):
        piece = event_piece(key, text(value))
        if piece["text"] is None and value is not None:
            piece["extra"] = {key or "value": value}
        return [piece]
    ended = event_piece("info", text(value.get("exit_status")))
    ended |= _ending(ended["text"])
    ended["extra"] = rest(value, ("exit_status", "submission"))
    pieces = [ended]
    if type(value.get("submission")) is str and value["submission"]:
        pieces.append(event_piece("info/submission", value["submission"]))
    return pieces
