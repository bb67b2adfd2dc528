"""What an agent's harness records: Claude Code session files."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import Any

from forensics.demo.acts import SECOND, Step
from forensics.demo.files import Evidence
from forensics.demo.identities import hex_of, uuid_of

_MODEL = "demo-agent-1"


class Session:
    """Writes one session; every step becomes the lines that the harness would write."""

    def __init__(self, evidence: Evidence, draw: random.Random, cwd: str, folder: str = "transcripts") -> None:
        self._evidence = evidence
        self._draw = draw
        self._cwd = cwd
        self._parent: str | None = None
        self.id = uuid_of(draw)
        self.path = f"{folder}/{self.id}.jsonl"

    def record(self, step: Step) -> None:
        """Write a step."""
        if step.human:
            self._line(step.at_us, "user", {"role": "user", "content": step.human}, step.act)
        if step.think:
            block = {"type": "thinking", "thinking": step.think, "signature": hex_of(self._draw, 40)}
            self._assistant(step.at_us, block, step.think_act)
        if step.say:
            self._assistant(step.at_us, {"type": "text", "text": step.say}, None)
        if step.command:
            self._call(step)

    def _call(self, step: Step) -> None:
        call = f"toolu_{hex_of(self._draw, 24)}"
        arguments = {"command": step.command, "description": "Run command"}
        self._assistant(step.at_us, {"type": "tool_use", "id": call, "name": "Bash", "input": arguments}, step.act)
        answered = step.at_us + 300_000 + self._draw.randrange(2_000_000)
        answer = {
            "role": "user",
            "content": [
                {"tool_use_id": call, "type": "tool_result", "content": step.output, "is_error": step.is_error}
            ],
        }
        extra = {"toolUseResult": {"stdout": step.output, "stderr": "", "interrupted": False, "isImage": False}}
        self._line(answered, "user", answer, step.act, extra)

    def _assistant(self, at_us: int, block: dict[str, Any], act: str | None) -> None:
        message = {
            "model": _MODEL,
            "id": f"msg_{hex_of(self._draw, 24)}",
            "type": "message",
            "role": "assistant",
            "content": [block],
            "stop_reason": None,
            "usage": {"input_tokens": self._draw.randrange(200, 900), "output_tokens": self._draw.randrange(20, 700)},
        }
        self._line(at_us, "assistant", message, act, {"requestId": f"req_{hex_of(self._draw, 24)}"})

    def _line(
        self, at_us: int, kind: str, message: dict[str, Any], act: str | None, extra: dict[str, Any] | None = None
    ) -> None:
        name = uuid_of(self._draw)
        line = {
            "parentUuid": self._parent,
            "isSidechain": False,
            "userType": "external",
            "cwd": self._cwd,
            "sessionId": self.id,
            "version": "2.0.14",
            "gitBranch": "main",
            "type": kind,
            "uuid": name,
            "timestamp": _iso_ms(at_us),
            "message": message,
            **(extra or {}),
        }
        self._parent = name
        self._evidence.add(self.path, at_us, json.dumps(line, separators=(",", ":")), act)


def _iso_ms(at_us: int) -> str:
    moment = datetime.fromtimestamp(at_us // SECOND, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_us % SECOND // 1000:03d}Z"
