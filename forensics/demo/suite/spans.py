"""Agent sessions as an observability pipeline keeps them: OpenTelemetry spans of models and tools, in OTLP's JSON."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

from forensics.demo.acts import SECOND
from forensics.demo.files import Evidence
from forensics.demo.identities import hex_of
from forensics.demo.suite.deeds import Session, Turn
from forensics.demo.suite.trajectories import Clock, arguments_of

_TOOLS = {
    "shell": "bash", "write": "write_file", "search": "web_search", "fetch": "web_fetch", "spawn": "delegate",
    "read": "read_file",
}  # fmt: skip


def write_spans(
    evidence: Evidence, path: str, session: Session, draw: random.Random, clock: Clock, reasoning: str
) -> None:
    """One span a line: what the model was asked and answered, then the tool at work."""
    trace = hex_of(draw, 32)
    resource = {"attributes": _attributes({"service.name": "agent", "host.name": session.host.name})}
    asked: list[dict[str, Any]] = []
    new: list[str] = []
    waiting: list[Turn] = []

    def span(begin_us: int, end_us: int, name: str, told: Mapping[str, str], acts: list[str]) -> None:
        values = {"gen_ai.operation.name": name.split(" ", 1)[0], "gen_ai.conversation.id": session.id, **told}
        itself = {
            "traceId": trace, "spanId": hex_of(draw, 16), "name": name, "kind": 3,
            "startTimeUnixNano": str(clock(begin_us) * 1000), "endTimeUnixNano": str(clock(end_us) * 1000),
            "attributes": _attributes(values),
        }  # fmt: skip
        scope = {"scope": {"name": "agent.telemetry", "version": "1"}, "spans": [itself]}
        request = {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}
        evidence.add(path, end_us, _line(request), acts)

    def answered(at_us: int, call: Mapping[str, Any] | None, acts: list[str]) -> None:
        kept = [turn for turn in waiting if turn.kind == "speech" or reasoning == "kept"]
        kinds = {"thought": "reasoning", "speech": "text"}
        parts = [{"type": kinds[turn.kind], "content": turn.text} for turn in kept]
        message = {"role": "assistant", "parts": [*parts, *([call] if call else [])]}
        told = {
            "gen_ai.request.model": session.model, "gen_ai.input.messages": _line(asked),
            "gen_ai.output.messages": _line([message]),
        }  # fmt: skip
        marks = [*new, *(f"{turn.key}:{turn.kind}" for turn in kept), *acts]
        span(at_us - 2 * SECOND, at_us, f"chat {session.model}", told, marks)
        for held in (waiting, asked, new):
            held.clear()

    for turn in session.turns:
        if turn.kind in {"thought", "speech"}:
            waiting.append(turn)
        elif turn.kind == "prompt":
            if waiting:
                answered(waiting[-1].at_us, None, [])
            asked.append({"role": "user", "parts": [{"type": "text", "content": turn.text}]})
            new.append(f"{turn.key}:prompt")
        else:
            name, call = _TOOLS[turn.tool], f"call_{hex_of(draw, 12)}"
            given = arguments_of(turn)
            answered(
                turn.at_us, {"type": "tool_call", "id": call, "name": name, "arguments": given}, [f"{turn.key}:call"]
            )
            trailer = f"\n[The command completed with exit code {turn.exit_code}.]" if turn.tool == "shell" else ""
            told = {
                "gen_ai.tool.name": name, "gen_ai.tool.call.id": call, "gen_ai.tool.call.arguments": _line(given),
                "gen_ai.tool.call.result": turn.output + trailer,
            }  # fmt: skip
            ended = turn.at_us + turn.answered_us
            span(turn.at_us, ended, f"execute_tool {name}", told, [f"{turn.key}:call", f"{turn.key}:result"])
    if waiting or new:
        answered(session.turns[-1].at_us + 3 * SECOND, None, [])


def _attributes(values: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
