"""Logs of prompts: who typed what, when and where, as far as the lines say."""

from __future__ import annotations

import json

import pytest

from parsers.contract import Grade
from parsers.transcripts import claude_history, codex_history

SESSION = "0a1b2c3d-0000-4000-8000-000000000001"
CLAUDE = {"display": "x", "pastedContents": {}, "timestamp": 1_767_254_400_125, "project": "/repo"}
CODEX = {"session_id": SESSION, "ts": 1_767_254_400, "text": "x"}

HEADS = {
    "of Claude Code": (CLAUDE, (Grade.STRONG, Grade.NONE)),
    "of Claude Code, with a session": (CLAUDE | {"sessionId": SESSION}, (Grade.STRONG, Grade.NONE)),
    "of Codex": (CODEX, (Grade.NONE, Grade.STRONG)),
    "a session that is none": (CODEX | {"session_id": "x"}, (Grade.NONE, Grade.NONE)),
    "more keys": (CODEX | {"level": "info"}, (Grade.NONE, Grade.NONE)),
    "a time in words": (CLAUDE | {"timestamp": "now"}, (Grade.NONE, Grade.NONE)),
}


@pytest.mark.parametrize(("line", "grades"), HEADS.values(), ids=HEADS)
def test_recognition(line, grades):
    head = json.dumps(line).encode() + b"\n"
    assert (claude_history.recognise(head, "x"), codex_history.recognise(head, "x")) == grades


def test_a_prompt_of_claude_code(transcript):
    (row,) = transcript(claude_history, CLAUDE)
    assert (row["author"], row["text"], row["cwd"], row["ts"], row["ts_precision_us"]) == (
        "human",
        "x",
        "/repo",
        "2026-01-01T08:00:00.125000Z",
        1000,
    )
    assert "session_id" not in row
    assert transcript(claude_history, CLAUDE, table="session") == []


def test_what_was_pasted_is_said_too(transcript):
    pasted = {"1": {"id": 1, "type": "text", "content": "a\nb"}, "2": {"id": 2, "contentHash": "9f"}}
    rows = transcript(claude_history, CLAUDE | {"sessionId": SESSION, "pastedContents": pasted})
    assert [(row.get("text"), row["content_state"]) for row in rows] == [
        ("x", "present"),
        ("a\nb", "present"),
        (None, "absent"),
    ]
    assert [
        session["session_id"] for session in transcript(claude_history, CLAUDE | {"sessionId": "s"}, table="session")
    ] == ["s"]


def test_a_prompt_of_codex(transcript):
    (row,) = transcript(codex_history, CODEX)
    assert (row["session_id"], row["author"], row["text"], row["ts"], row["ts_precision_us"]) == (
        SESSION,
        "human",
        "x",
        "2026-01-01T08:00:00.000000Z",
        1_000_000,
    )
