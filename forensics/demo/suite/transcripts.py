"""Agent sessions as their harnesses keep them: Claude Code, Codex rollouts, logs of Chat Completions requests.

`trajectories`, `spans` and `samples` have the others.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from forensics.demo.acts import SECOND
from forensics.demo.files import Evidence
from forensics.demo.identities import hex_of, uuid_of
from forensics.demo.suite.deeds import Session, Style, Turn
from forensics.demo.suite.samples import write_sample
from forensics.demo.suite.spans import write_spans
from forensics.demo.suite.trajectories import (
    Clock,
    Write,
    arguments_of,
    write_atif,
    write_gemini,
    write_mini,
    write_openhands,
)

_CLAUDE_TOOLS = {
    "shell": "Bash", "write": "Write", "search": "WebSearch", "fetch": "WebFetch", "spawn": "Task", "read": "Read",
}  # fmt: skip
_CHAT_TOOLS = {
    "shell": "execute_bash", "write": "create_file", "search": "web_search", "fetch": "fetch", "spawn": "delegate",
    "read": "read_file",
}  # fmt: skip


def path_of(session: Session) -> str:
    """Where a session's file stands in the delivery."""
    home = f"hosts/{session.host.name}/home/{session.host.user}"
    if session.style == "claude":
        folder = f"{home}/.claude/projects/{session.cwd.replace('/', '-')}"
        return f"{folder}/agent-{session.agent_id}.jsonl" if session.agent_id else f"{folder}/{session.id}.jsonl"
    begun = datetime.fromtimestamp((session.turns[0].at_us if session.turns else 0) // SECOND, UTC)
    if session.style == "codex":
        return f"{home}/.codex/sessions/{begun:%Y/%m/%d}/rollout-{begun:%Y-%m-%dT%H-%M-%S}-{session.id}.jsonl"
    names = {
        "gemini": f"{home}/.gemini/tmp/{session.id[:8]}/chats/session-{begun:%Y-%m-%dT%H-%M}-{session.id[:8]}.jsonl",
        "openhands": f"{home}/.openhands/conversations/{session.id}/events.jsonl",
        "atif": f"{home}/trajectories/{session.id}/trajectory.json",
        "inspect": f"{home}/trajectories/samples/{session.id[:8]}_epoch_1.json",
        "otlp": f"gateway/spans-{session.id[:8]}.jsonl",
        "mini": f"{home}/trajectories/{session.id}.traj.json",
    }
    return names.get(session.style, f"gateway/{begun:%Y-%m-%d}-{session.id[:8]}.jsonl")


def write_session(evidence: Evidence, session: Session, draw: random.Random, clock: Clock, reasoning: str) -> None:
    """Write a session in its style; `reasoning` is kept, redacted or absent."""
    _WRITERS[session.style](evidence, path_of(session), session, draw, clock, reasoning)


def _claude(evidence: Evidence, path: str, session: Session, draw: random.Random, clock: Clock, reasoning: str) -> None:
    parent = None
    session_id = session.parent.id if session.parent and session.agent_id else session.id

    def line(
        at_us: int, kind: str, message: Mapping[str, Any], acts: list[str], extra: Mapping[str, Any] | None = None
    ) -> None:
        nonlocal parent
        name = uuid_of(draw)
        record = {
            "parentUuid": parent, "isSidechain": bool(session.agent_id), "userType": "external", "cwd": session.cwd,
            "sessionId": session_id, "version": "2.0.14", "gitBranch": "main", "type": kind, "uuid": name,
            "timestamp": _iso_ms(clock(at_us)), "message": message, **(extra or {}),
        }  # fmt: skip
        if session.agent_id:
            record["agentId"] = session.agent_id
        parent = name
        evidence.add(path, at_us, json.dumps(record, ensure_ascii=False, separators=(",", ":")), acts)

    def answer(at_us: int, block: Mapping[str, Any], acts: list[str]) -> None:
        message = {
            "model": session.model, "id": f"msg_{hex_of(draw, 24)}", "type": "message", "role": "assistant",
            "content": [block], "stop_reason": None,
            "usage": {"input_tokens": draw.randrange(200, 900), "output_tokens": draw.randrange(20, 700)},
        }  # fmt: skip
        line(at_us, "assistant", message, acts, {"requestId": f"req_{hex_of(draw, 24)}"})

    for turn in session.turns:
        if turn.kind == "prompt":
            line(turn.at_us, "user", {"role": "user", "content": turn.text}, [f"{turn.key}:prompt"])
        elif turn.kind == "thought" and reasoning == "kept":
            block: dict[str, Any] = {"type": "thinking", "thinking": turn.text, "signature": hex_of(draw, 40)}
            answer(turn.at_us, block, [f"{turn.key}:thought"])
        elif turn.kind == "thought" and reasoning == "redacted":
            answer(turn.at_us, {"type": "redacted_thinking", "data": hex_of(draw, 120)}, [f"{turn.key}:hidden"])
        elif turn.kind == "speech":
            answer(turn.at_us, {"type": "text", "text": turn.text}, [f"{turn.key}:speech"])
        elif turn.kind == "call":
            call = f"toolu_{hex_of(draw, 24)}"
            block = {"type": "tool_use", "id": call, "name": _CLAUDE_TOOLS[turn.tool], "input": arguments_of(turn)}
            answer(turn.at_us, block, [f"{turn.key}:call"])
            result = {"tool_use_id": call, "type": "tool_result", "content": turn.output, "is_error": turn.failed}
            said = {"stdout": turn.output, "stderr": "", "interrupted": False, "isImage": False}
            extra = {"toolUseResult": said} if turn.tool == "shell" else {}
            message = {"role": "user", "content": [result]}
            line(turn.at_us + turn.answered_us, "user", message, [f"{turn.key}:result"], extra)


def _codex(evidence: Evidence, path: str, session: Session, draw: random.Random, clock: Clock, reasoning: str) -> None:
    def line(at_us: int, kind: str, payload: Mapping[str, Any], acts: list[str] | None = None) -> None:
        record = {"timestamp": _iso_ms(clock(at_us)), "type": kind, "payload": payload}
        evidence.add(path, at_us, json.dumps(record, ensure_ascii=False, separators=(",", ":")), acts)

    begun = session.turns[0].at_us - 200_000
    origin: Any = "cli"
    if session.parent:
        spawned = {"parent_thread_id": session.parent.id, "depth": 1, "agent_role": "worker"}
        origin = {"subagent": {"thread_spawn": spawned}}
    meta = {
        "id": session.id, "timestamp": _iso_ms(clock(begun)), "cwd": session.cwd, "originator": "codex_cli_rs",
        "cli_version": "0.80.0", "source": origin, "model_provider": "openai",
    }  # fmt: skip
    line(begun, "session_meta", meta)
    sandbox = {"type": "danger-full-access"}
    line(begun + 1_000, "turn_context", {
        "cwd": session.cwd, "approval_policy": "never", "sandbox_policy": sandbox, "model": session.model,
        "summary": "auto",
    })  # fmt: skip
    for turn in session.turns:
        if turn.kind == "prompt":
            content = [{"type": "input_text", "text": turn.text}]
            message = {"type": "message", "role": "user", "content": content}
            line(turn.at_us, "response_item", message, [f"{turn.key}:prompt"])
        elif turn.kind == "thought" and reasoning != "absent":
            shown = [{"type": "summary_text", "text": turn.text}] if reasoning == "kept" else []
            hidden = None if shown else hex_of(draw, 160)
            item = {"type": "reasoning", "summary": shown, "content": None, "encrypted_content": hidden}
            line(turn.at_us, "response_item", item, [f"{turn.key}:{'thought' if shown else 'hidden'}"])
        elif turn.kind == "speech":
            content = [{"type": "output_text", "text": turn.text}]
            message = {"type": "message", "role": "assistant", "content": content}
            line(turn.at_us, "response_item", message, [f"{turn.key}:speech"])
        elif turn.kind == "call":
            _codex_call(line, turn, session, draw)


def _codex_call(line: Callable[..., None], turn: Turn, session: Session, draw: random.Random) -> None:
    call, at = f"call_{hex_of(draw, 20)}", turn.at_us
    acts, answered = [f"{turn.key}:call"], at + turn.answered_us
    if turn.tool in {"search", "fetch"}:
        what = turn.arguments.get("query") or turn.arguments.get("url")
        action = {"type": "search", "query": what}
        line(at, "response_item", {"type": "web_search_call", "status": "completed", "action": action}, acts)
        return
    if turn.tool == "write":
        added = "\n".join(f"+{text}" for text in str(turn.arguments["content"]).split("\n"))
        patch = f"*** Begin Patch\n*** Add File: {turn.arguments['file_path']}\n{added}\n*** End Patch"
        item = {
            "type": "custom_tool_call",
            "call_id": call,
            "name": "apply_patch",
            "input": patch,
            "status": "completed",
        }
        line(at, "response_item", item, acts)
        done = {"type": "custom_tool_call_output", "call_id": call, "output": f"Exit code: 0\nOutput:\n{turn.output}"}
        line(answered, "response_item", done, [f"{turn.key}:result"])
        return
    name, arguments = "shell", {"command": ["bash", "-lc", turn.text], "workdir": session.cwd}
    if turn.tool == "spawn":
        name, arguments = "spawn_agent", dict(turn.arguments)
    elif turn.tool == "read":
        arguments = {"command": ["cat", turn.arguments["file_path"]], "workdir": session.cwd}
    item = {
        "type": "function_call",
        "name": name,
        "arguments": json.dumps(arguments, ensure_ascii=False),
        "call_id": call,
    }
    line(at, "response_item", item, acts)
    metadata = {"exit_code": turn.exit_code, "duration_seconds": round(turn.answered_us / SECOND, 1)}
    output = json.dumps({"output": turn.output, "metadata": metadata}, ensure_ascii=False)
    line(answered, "response_item", {"type": "function_call_output", "call_id": call, "output": output},
         [f"{turn.key}:result"])  # fmt: skip


def _chat(evidence: Evidence, path: str, session: Session, draw: random.Random, clock: Clock, reasoning: str) -> None:
    """One line for each request; what was new in it are the prompts and results since the one before."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": session.system or "You are a careful engineer."}]
    tools = [{"type": "function", "function": {"name": name}} for name in _CHAT_TOOLS.values()]
    new: list[str] = []
    said: list[Turn] = []

    def exchange(at_us: int, message: dict[str, Any], acts: list[str]) -> None:
        record = {
            "session_id": session.id, "messages": list(messages), "tools": tools, "kwargs": {"temperature": 0.2},
            "response": {
                "id": f"chatcmpl-{hex_of(draw, 24)}", "object": "chat.completion", "created": clock(at_us) // SECOND,
                "model": session.model,
                "choices": [{
                    "index": 0, "finish_reason": "tool_calls" if "tool_calls" in message else "stop",
                    "message": message,
                }],
                "usage": {"prompt_tokens": draw.randrange(400, 9000), "completion_tokens": draw.randrange(20, 700)},
            },
            "timestamp": round(clock(at_us) / SECOND, 3), "latency_sec": 0.4,
        }  # fmt: skip
        evidence.add(path, at_us, json.dumps(record, ensure_ascii=False, separators=(",", ":")), [*new, *acts])
        messages.append({key: value for key, value in message.items() if key != "reasoning_content"})
        new.clear()
        said.clear()

    def pending() -> tuple[dict[str, Any], list[str]]:
        message: dict[str, Any] = {"role": "assistant", "content": None}
        spoken = [turn.text for turn in said if turn.kind == "speech"]
        thought = [turn.text for turn in said if turn.kind == "thought"]
        if spoken:
            message["content"] = "\n".join(spoken)
        if thought and reasoning == "kept":
            message["reasoning_content"] = "\n".join(thought)
        kept = [turn for turn in said if turn.kind == "speech" or reasoning == "kept"]
        return message, [f"{turn.key}:{turn.kind}" for turn in kept]

    for turn in session.turns:
        if turn.kind in {"thought", "speech"}:
            said.append(turn)
        elif turn.kind == "prompt":
            if said:
                exchange(said[-1].at_us, *pending())
            messages.append({"role": "user", "content": turn.text})
            new.append(f"{turn.key}:prompt")
        else:
            message, acts = pending()
            call = f"call_{hex_of(draw, 20)}"
            function = {
                "name": _CHAT_TOOLS[turn.tool], "arguments": json.dumps(arguments_of(turn), ensure_ascii=False),
            }  # fmt: skip
            message["tool_calls"] = [{"id": call, "type": "function", "function": function}]
            exchange(turn.at_us, message, [*acts, f"{turn.key}:call"])
            trailer = f"\n[The command completed with exit code {turn.exit_code}.]" if turn.tool == "shell" else ""
            messages.append({"role": "tool", "tool_call_id": call, "content": turn.output + trailer})
            new.append(f"{turn.key}:result")
    if said or new:
        message, acts = pending()
        message["content"] = message["content"] or "I will wait."
        exchange(session.turns[-1].at_us + 3 * SECOND, message, acts)


_WRITERS: Mapping[Style, Write] = MappingProxyType({
    "claude": _claude, "codex": _codex, "chat": _chat, "gemini": write_gemini, "openhands": write_openhands,
    "atif": write_atif, "mini": write_mini, "otlp": write_spans, "inspect": write_sample,
})  # fmt: skip


def _iso_ms(at_us: int) -> str:
    moment = datetime.fromtimestamp(at_us // SECOND, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_us % SECOND // 1000:03d}Z"
