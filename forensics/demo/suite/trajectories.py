"""Agent sessions as further harnesses keep them: Gemini CLI, OpenHands, mini-swe-agent, and ATIF trajectories."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from forensics.demo.acts import SECOND
from forensics.demo.files import Evidence
from forensics.demo.identities import hex_of, uuid_of
from forensics.demo.suite.deeds import Session, Turn

Clock = Callable[[int], int]
Write = Callable[[Evidence, str, Session, random.Random, Clock, str], None]
_GEMINI_TOOLS = {
    "shell": "run_shell_command", "write": "write_file", "search": "google_web_search", "fetch": "web_fetch",
    "read": "read_file",
}  # fmt: skip
_TOOLS = {"shell": "bash", "write": "write_file", "search": "web_search", "fetch": "web_fetch", "read": "read_file"}


def arguments_of(turn: Turn) -> dict[str, Any]:
    """Return the arguments of a call."""
    return {"command": turn.text, **turn.arguments} if turn.tool == "shell" else dict(turn.arguments)


def write_gemini(
    evidence: Evidence, path: str, session: Session, draw: random.Random, clock: Clock, reasoning: str
) -> None:
    """One line a message; a message with a call is written again when the answer has come."""

    def line(at_us: int, values: Mapping[str, Any], acts: list[str]) -> None:
        evidence.add(path, at_us, _line(values), acts)

    begun = session.turns[0].at_us - 300_000
    line(begun, {
        "sessionId": session.id, "projectHash": hex_of(draw, 64), "startTime": _iso(clock(begun)),
        "lastUpdated": _iso(clock(begun)), "kind": "main", "directories": [session.cwd],
    }, [])  # fmt: skip
    for turn in session.turns:
        at, name = _iso(clock(turn.at_us)), uuid_of(draw)
        said = {"id": name, "timestamp": at, "type": "gemini", "content": "", "model": session.model}
        if turn.kind == "prompt":
            line(
                turn.at_us, {"id": name, "timestamp": at, "type": "user", "content": turn.text}, [f"{turn.key}:prompt"]
            )
        elif turn.kind == "thought" and reasoning == "kept":
            thought = {"subject": "", "description": turn.text, "timestamp": at}
            line(turn.at_us, {**said, "thoughts": [thought]}, [f"{turn.key}:thought"])
        elif turn.kind == "speech":
            line(turn.at_us, {**said, "content": turn.text}, [f"{turn.key}:speech"])
        elif turn.kind == "call":
            tool = _GEMINI_TOOLS[turn.tool]
            call = {"id": f"{tool}-{hex_of(draw, 12)}", "name": tool, "args": arguments_of(turn)}
            waits = {**call, "status": "executing", "timestamp": at}
            line(turn.at_us, {**said, "toolCalls": [waits]}, [f"{turn.key}:call"])
            shown = {"Output": turn.output or "(empty)", "Error": "(none)", "Exit Code": turn.exit_code}
            told = "\n".join(f"{key}: {value}" for key, value in {"Command": turn.text, **shown}.items())
            output = told if turn.tool == "shell" else turn.output
            response = {"functionResponse": {"id": call["id"], "name": tool, "response": {"output": output}}}
            ended = _iso(clock(turn.at_us + turn.answered_us))
            done = {**call, "result": [response], "status": "success", "timestamp": ended}
            line(turn.at_us + turn.answered_us, {**said, "toolCalls": [done]}, [f"{turn.key}:result"])


def write_openhands(
    evidence: Evidence, path: str, session: Session, draw: random.Random, clock: Clock, reasoning: str
) -> None:
    """One event a line, with times of a host whose zone is UTC and is not written."""

    def line(at_us: int, source: str, kind: str, values: Mapping[str, Any], acts: list[str]) -> str:
        name = uuid_of(draw)
        envelope = {"id": name, "timestamp": _iso_us(clock(at_us))[:-1], "source": source}
        evidence.add(path, at_us, _line({**envelope, **values, "kind": kind}), acts)
        return name

    def acted(turn: Turn, tool: str, action: Mapping[str, Any], role: str) -> tuple[str, str]:
        call = f"call_{hex_of(draw, 20)}"
        asked = {"id": call, "name": tool, "arguments": json.dumps(arguments_of(turn) or {"thought": turn.text})}
        values: dict[str, Any] = {
            "thought": [], "reasoning_content": None, "action": action, "tool_name": tool, "tool_call_id": call,
            "tool_call": {**asked, "origin": "completion"}, "llm_response_id": f"resp-{hex_of(draw, 12)}",
        }  # fmt: skip
        return call, line(turn.at_us, "agent", "ActionEvent", values, [f"{turn.key}:{role}"])

    system = {"system_prompt": {"type": "text", "text": "You are an agent."}, "tools": [{"title": "terminal"}]}
    line(session.turns[0].at_us - 300_000, "agent", "SystemPromptEvent", system, [])
    for turn in session.turns:
        if turn.kind in {"prompt", "speech"}:
            source, role = ("user", "user") if turn.kind == "prompt" else ("agent", "assistant")
            message = {"role": role, "content": [{"type": "text", "text": turn.text}]}
            line(turn.at_us, source, "MessageEvent", {"llm_message": message}, [f"{turn.key}:{turn.kind}"])
        elif turn.kind == "thought" and reasoning == "kept":
            acted(turn, "think", {"thought": turn.text, "kind": "ThinkAction"}, "thought")
        elif turn.kind == "call":
            tool, action = "terminal", {"command": turn.text, "is_input": False, "kind": "TerminalAction"}
            if turn.tool == "write":
                about = {
                    "command": "create",
                    "path": turn.arguments["file_path"],
                    "file_text": turn.arguments["content"],
                }
                tool, action = "file_editor", {**about, "kind": "FileEditorAction"}
            elif turn.tool != "shell":
                tool, action = _TOOLS[turn.tool], {"data": dict(turn.arguments), "kind": "MCPToolAction"}
            call, name = acted(turn, tool, action, "call")
            seen: dict[str, Any] = {"content": [{"type": "text", "text": turn.output}], "is_error": turn.failed}
            if turn.tool == "shell":
                where = {"exit_code": turn.exit_code, "pid": -1, "working_dir": session.cwd}
                seen |= {"command": turn.text, "exit_code": turn.exit_code, "metadata": where}
            seen["kind"] = "TerminalObservation" if turn.tool == "shell" else "Observation"
            values = {"tool_name": tool, "tool_call_id": call, "observation": seen, "action_id": name}
            line(turn.at_us + turn.answered_us, "environment", "ObservationEvent", values, [f"{turn.key}:result"])


def write_atif(
    evidence: Evidence, path: str, session: Session, draw: random.Random, clock: Clock, reasoning: str
) -> None:
    """One document, a step a line; what a call brought stands in its step."""
    agent = {"name": "made-up", "version": "0.1", "model_name": session.model}
    head = {"schema_version": "ATIF-v1.7", "session_id": session.id, "agent": agent}
    evidence.frame(path, [f"{_line(head)[:-1]},", '"steps":['], ["]}"], between=",")

    def step(at_us: int, source: str, values: Mapping[str, Any], acts: list[str]) -> None:
        number = len(evidence.pieces()[path]) + 1
        told = {"step_id": number, "timestamp": _iso(clock(at_us)), "source": source, **values}
        evidence.add(path, at_us, _line(told), acts)

    for turn in session.turns:
        said: dict[str, Any] = {"model_name": session.model, "message": turn.text}
        if turn.kind == "prompt":
            step(turn.at_us, "user", {"message": turn.text}, [f"{turn.key}:prompt"])
        elif turn.kind == "speech":
            step(turn.at_us, "agent", said, [f"{turn.key}:speech"])
        elif turn.kind == "thought" and reasoning == "kept":
            step(turn.at_us, "agent", {**said, "message": "", "reasoning_content": turn.text}, [f"{turn.key}:thought"])
        elif turn.kind == "call":
            call = f"call_{hex_of(draw, 12)}"
            asked = {"tool_call_id": call, "function_name": _TOOLS[turn.tool], "arguments": arguments_of(turn)}
            trailer = f"\n[Command finished with exit code {turn.exit_code}]" if turn.tool == "shell" else ""
            brought = {"results": [{"source_call_id": call, "content": turn.output + trailer}]}
            values = {**said, "message": "", "tool_calls": [asked], "observation": brought}
            step(turn.at_us, "agent", values, [f"{turn.key}:call", f"{turn.key}:result"])


def write_mini(
    evidence: Evidence, path: str, session: Session, draw: random.Random, clock: Clock, reasoning: str
) -> None:
    """One document, a message a line; words and thoughts stand in the message of the call that follows them."""
    settings = {"model": {"model_name": session.model}, "environment": {"cwd": session.cwd}}
    info = {"model_stats": {"api_calls": len(session.turns)}, "config": settings, "mini_version": "2.4.0"}
    head = f'{{"info":{_line(info)},"trajectory_format":"mini-swe-agent-1.1","messages":['
    evidence.frame(path, [head], ["]}"], between=",")
    waiting: list[Turn] = []

    def message(at_us: int, values: Mapping[str, Any], extra: Mapping[str, Any], acts: list[str]) -> None:
        stamp = {"timestamp": round(clock(at_us) / SECOND, 3)}
        evidence.add(path, at_us, _line({**values, "extra": {**extra, **stamp}}), acts)

    def uttered() -> tuple[dict[str, Any], list[str]]:
        kept = [turn for turn in waiting if turn.kind == "speech" or reasoning == "kept"]
        words = {kind: "\n".join(turn.text for turn in kept if turn.kind == kind) for kind in ("speech", "thought")}
        waiting.clear()
        values: dict[str, Any] = {"role": "assistant", "content": words["speech"] or None}
        if words["thought"]:
            values["reasoning_content"] = words["thought"]
        return values, [f"{turn.key}:{turn.kind}" for turn in kept]

    def spoken() -> None:
        if waiting:
            at = waiting[-1].at_us
            values, acts = uttered()
            message(at, {**values, "content": values["content"] or ""}, {"actions": []}, acts)

    for turn in session.turns:
        if turn.kind in {"thought", "speech"}:
            waiting.append(turn)
        elif turn.kind == "prompt":
            spoken()
            message(turn.at_us, {"role": "user", "content": turn.text}, {}, [f"{turn.key}:prompt"])
        else:
            values, acts = uttered()
            command, call = _as_command(turn), f"call_{hex_of(draw, 12)}"
            function = {"name": "bash", "arguments": json.dumps({"command": command}, ensure_ascii=False)}
            values["tool_calls"] = [{"id": call, "type": "function", "function": function}]
            action = {"command": command, "tool_call_id": call}
            message(turn.at_us, values, {"actions": [action]}, [*acts, f"{turn.key}:call"])
            content = f"<returncode>{turn.exit_code}</returncode>\n<output>\n{turn.output}</output>"
            answer = {"role": "tool", "tool_call_id": call, "content": content}
            after = turn.at_us + turn.answered_us
            extra = {"raw_output": turn.output, "returncode": turn.exit_code}
            message(after, answer, extra, [f"{turn.key}:result"])
    spoken()


def _as_command(turn: Turn) -> str:
    """Return a call as a shell command, for a harness that has no other tool."""
    if turn.tool == "write":
        return f"cat > {turn.arguments['file_path']} <<'EOF'\n{turn.arguments['content']}\nEOF"
    return turn.text or f"cat {turn.arguments.get('file_path', '')}"


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _iso(at_us: int) -> str:
    moment = datetime.fromtimestamp(at_us // SECOND, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_us % SECOND // 1000:03d}Z"


def _iso_us(at_us: int) -> str:
    moment = datetime.fromtimestamp(at_us // SECOND, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_us % SECOND:06d}Z"
