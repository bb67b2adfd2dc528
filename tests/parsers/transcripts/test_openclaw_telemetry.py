"""OpenClaw telemetry: conversations against the events that copy them, and real telemetry."""

from __future__ import annotations

import json
from typing import Any

import golden
import pytest

from parsers.contract import HEAD_BYTES, Grade
from parsers.formats import recognise_head
from parsers.source import Source
from parsers.transcripts import openclaw_telemetry
from parsers.transcripts.openclaw_messages import author_of, message_pieces


def started(command: str, session: str = "s", **columns: Any) -> dict[str, Any]:
    return {"type": "tool.start", "toolName": "exec", "params": {"command": command}, "sessionKey": session, **columns}


def ended(session: str = "s", **columns: Any) -> dict[str, Any]:
    return {"type": "tool.end", "toolName": "exec", "success": True, "sessionKey": session, **columns}


def held(*commands: str, session: str = "s") -> dict[str, Any]:
    calls = [
        {"type": "toolCall", "id": f"c{at}", "name": "exec", "arguments": {"command": command}}
        for at, command in enumerate(commands)
    ]
    return {"type": "agent.end", "sessionKey": session, "messages": [{"role": "assistant", "content": calls}]}


def acts(rows: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [
        (row["command"], row.get("call_id")) for row in rows if row["kind"] == "tool_call" and not row["is_replayed"]
    ]


def test_a_call_in_a_conversation_counts_once(transcript):
    rows = transcript(openclaw_telemetry, started("a", "other key"), ended("other key"), held("a"))
    assert acts(rows) == [("a", "c0")]


def test_a_call_made_twice_counts_twice(transcript):
    rows = transcript(openclaw_telemetry, started("a"), ended(), started("a"), ended(), started("a"), held("a", "a"))
    assert [command for command, _ in acts(rows)] == ["a", "a", "a"]
    assert sum(row["is_replayed"] for row in rows) == 4


def test_an_end_is_joined_only_where_one_call_can_be_meant(transcript):
    rows = transcript(openclaw_telemetry, started("a"), started("b"), ended(), ended(), ended())
    ends = [row for row in rows if row["kind"] == "tool_result"]
    [_, second] = acts(rows)
    assert [row.get("call_id") for row in ends] == [None, second[1], None]
    assert [row.get("notes") for row in ends] == [["several_calls_open"], ["call_id_by_order"], None]


@pytest.mark.parametrize(
    ("words", "author"),
    [
        ("[Mon 10:00] hello there", "human"),
        ("[Subagent Context] do this", "agent"),
        ("[Fri 2026-03-06 13:08 PST] [Subagent Context] hello there", "agent"),
        ("[Inter-session message] x", "agent"),
        ("Read HEARTBEAT.md", "unknown"),
        (None, "unknown"),
    ],
)
def test_who_wrote_a_prompt(words, author):
    assert author_of(words, {"hello there"}) == author


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"role": "assistant", "content": "plain"}, [("message", "plain")]),
        ({"role": "assistant", "content": []}, [("message", None)]),
        ({"role": "assistant", "content": [{"type": "thinking", "thinkingSignature": "x"}]}, [("reasoning", None)]),
        ({"role": "assistant", "content": [7]}, [("message", None)]),
        ({"role": "custom", "content": "x"}, [("system_event", "x")]),
        ({"content": {"a": 1}}, [("system_event", None)]),
    ],
)
def test_messages_of_any_shape(message, expected):
    assert [(piece["kind"], piece["text"]) for piece in message_pieces(message, set())] == expected


@pytest.mark.parametrize(
    ("values", "grade"),
    [
        ([started("a")], Grade.STRONG),
        ([started("a"), {"type": "other"}], Grade.STRONG),
        ([started("a"), {"x": 1}, {"x": 1}], Grade.NONE),
        ([{"type": "message.in", "content": "x"}], Grade.NONE),
        ([{"type": ["tool.start"], "sessionKey": "s"}], Grade.NONE),
    ],
)
def test_recognition(values, grade):
    head = b"".join(json.dumps(value).encode() + b"\n" for value in values)
    assert openclaw_telemetry.recognise(head, "x") == grade


@pytest.mark.shared
def test_real_telemetry(shared):
    """Counted independently: calls of conversations by id, calls of events beyond those, usage by answer."""
    for path in sorted((shared / "data/transcripts/openclaw_telemetry").glob("*.jsonl")):
        data = path.read_bytes()
        assert recognise_head(data[:HEAD_BYTES], "intake/1").chosen == "openclaw_telemetry"
        books, tables = golden.tables_of(Source.of_bytes(data), openclaw_telemetry)
        assert books.quarantined == 0
        events = [json.loads(line) for line in data.splitlines()]
        messages = {
            json.dumps([event["sessionKey"], message]): message
            for event in events
            for message in event.get("messages", ())
        }.values()
        ids = [
            part["id"]
            for message in messages
            if message["role"] == "assistant"
            for part in message["content"]
            if part["type"] == "toolCall"
        ]
        rows = golden.rows_of(tables["transcript"])
        calls = [row for row in rows if row["kind"] == "tool_call"]
        assert [row["call_id"] for row in calls if row["native_type"] == "message/assistant"] == ids, path.name
        starts = sum(event["type"] == "tool.start" for event in events)
        assert len(calls) == len(ids) + starts
        assert len([row for row in calls if row["is_replayed"]]) <= min(starts, len(ids))
        tokens = [message["usage"]["output"] for message in messages if "usage" in message]
        assert [row["output_tokens"] for row in rows if row.get("usage_is_primary")] == tokens, path.name
