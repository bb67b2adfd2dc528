"""Agent sessions as samples of an evaluation that Inspect AI ran: one document, an event a line."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from forensics.demo.acts import SECOND
from forensics.demo.files import Evidence
from forensics.demo.identities import hex_of, uuid_of
from forensics.demo.suite.deeds import Session, Turn
from forensics.demo.suite.trajectories import Clock, arguments_of

_TOOLS = {
    "shell": "bash", "write": "write_file", "search": "web_search", "fetch": "web_fetch", "spawn": "delegate",
    "read": "read_file",
}  # fmt: skip


def write_sample(
    evidence: Evidence, path: str, session: Session, draw: random.Random, clock: Clock, reasoning: str
) -> None:
    """Each request repeats the conversation so far; a tool's event holds what it brought."""
    begun = session.turns[0].at_us
    first = next((turn.text for turn in session.turns if turn.kind == "prompt"), "")
    head = {"id": f"task-{hex_of(draw, 6)}", "epoch": 1, "input": first, "target": "", "uuid": session.id}
    evidence.frame(path, [f"{_line(head)[:-1]},", '"events":['], ["]}"], between=",")
    talk: list[dict[str, Any]] = []
    new: list[str] = []
    waiting: list[Turn] = []

    def event(at_us: int, kind: str, values: Mapping[str, Any], acts: list[str]) -> None:
        told = {
            "uuid": uuid_of(draw), "span_id": "root", "timestamp": _iso(clock(at_us)),
            "working_start": (at_us - begun) // 1000 / 1000, "event": kind, **values,
        }  # fmt: skip
        evidence.add(path, at_us, _line(told), acts)

    def answered(at_us: int, call: Mapping[str, Any] | None, acts: list[str]) -> None:
        kept = [turn for turn in waiting if turn.kind == "speech" or reasoning == "kept"]
        content = [
            {"type": "reasoning", "reasoning": turn.text}
            if turn.kind == "thought"
            else {"type": "text", "text": turn.text}
            for turn in kept
        ]
        message = {"id": hex_of(draw, 12), "content": content, "source": "generate", "role": "assistant"}
        if call:
            message["tool_calls"] = [call]
        choice = {"message": message, "stop_reason": "tool_calls" if call else "stop"}
        values = {
            "model": session.model, "input": list(talk), "tools": [{"name": "bash", "description": "Runs a command."}],
            "tool_choice": "auto", "config": {}, "output": {"model": session.model, "choices": [choice]},
            "completed": _iso(clock(at_us)),
        }  # fmt: skip
        event(at_us, "model", values, [*new, *(f"{turn.key}:{turn.kind}" for turn in kept), *acts])
        talk.append(message)
        waiting.clear()
        new.clear()

    for turn in session.turns:
        if turn.kind in {"thought", "speech"}:
            waiting.append(turn)
        elif turn.kind == "prompt":
            if waiting:
                answered(waiting[-1].at_us, None, [])
            talk.append({"id": hex_of(draw, 12), "content": turn.text, "source": "input", "role": "user"})
            new.append(f"{turn.key}:prompt")
        else:
            tool, call, given = _TOOLS[turn.tool], f"call_{hex_of(draw, 12)}", arguments_of(turn)
            asked = {"id": call, "function": tool, "arguments": given, "type": "function"}
            answered(turn.at_us, asked, [f"{turn.key}:call"])
            ended = turn.at_us + turn.answered_us
            trailer = f"\n[The command completed with exit code {turn.exit_code}.]" if turn.tool == "shell" else ""
            result = turn.output + trailer
            values = {**asked, "result": result, "events": [], "completed": _iso(clock(ended))}
            event(turn.at_us + 1_000, "tool", values, [f"{turn.key}:result"])
            talk.append(
                {"id": hex_of(draw, 12), "content": result, "role": "tool", "tool_call_id": call, "function": tool}
            )
    if waiting or new:
        answered(session.turns[-1].at_us + 3 * SECOND, None, [])


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _iso(at_us: int) -> str:
    moment = datetime.fromtimestamp(at_us // SECOND, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_us % SECOND:06d}+00:00"
