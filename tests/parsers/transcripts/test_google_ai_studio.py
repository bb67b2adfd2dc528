"""Google AI Studio: who said what, what was thought, what code was run."""

from __future__ import annotations

import json
from typing import Any

import golden
import pytest

from parsers.contract import Grade
from parsers.formats import recognise_head
from parsers.source import Source
from parsers.transcripts import google_ai_studio


def _rows(*chunks: Any) -> list[dict[str, Any]]:
    data = json.dumps({"chunkedPrompt": {"chunks": chunks}}).encode()
    _, tables = golden.tables_of(Source.of_bytes(data), google_ai_studio)
    return golden.rows_of(tables["transcript"])


CHUNKS = {
    "a prompt": ({"role": "user", "text": "x"}, [("message", "human", "x")]),
    "an answer": ({"role": "model", "text": "x"}, [("message", "agent", "x")]),
    "a thought": ({"role": "model", "text": "x", "isThought": True}, [("reasoning", "agent", "x")]),
    "parts": ({"role": "user", "parts": [{"text": "a"}, {"text": "b"}]}, [("message", "human", "a\nb")]),
    "nobody": ({"text": "x"}, [("message", "unknown", "x")]),
    "no chunk": (7, [("system_event", "harness", None)]),
    "code": (
        {
            "role": "model",
            "executableCode": {"code": "1"},
            "codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "2"},
        },
        [("tool_call", "agent", "1"), ("tool_result", "tool", "2")],
    ),
}


@pytest.mark.parametrize(("chunk", "expected"), CHUNKS.values(), ids=CHUNKS)
def test_chunks(chunk, expected):
    assert [(row["kind"], row["author"], row.get("text")) for row in _rows(chunk)] == expected


@pytest.mark.parametrize(
    ("outcome", "failed"), [("OUTCOME_OK", False), ("OUTCOME_DEADLINE_EXCEEDED", True), (None, None)]
)
def test_what_came_of_code(outcome, failed):
    call, answer = _rows({"role": "model", "executableCode": {}, "codeExecutionResult": {"outcome": outcome}})
    assert answer.get("is_error") == failed
    assert answer["call_id"] == call["call_id"]


HEADS = {
    "a conversation": (b'{"chunkedPrompt": {"chunks": []}}', Grade.STRONG),
    "longer than the head": (b'{"runSettings": {}, "chunkedPrompt": {"chunks": [{"text": "xx', Grade.STRONG),
    "another prompt": (b'{"chunkedPrompt": "x"}', Grade.NONE),
    "chunks of others": (b'{"chunks": []}', Grade.NONE),
}


@pytest.mark.parametrize(("head", "grade"), HEADS.values(), ids=HEADS)
def test_recognition(head, grade):
    assert google_ai_studio.recognise(head, "x") == grade


@pytest.mark.shared
def test_exported_conversations(shared):
    for path in sorted((shared / "data/transcripts/gemini_cli_fixtures").glob("tests__data__gemini_chunked_prompt__*")):
        chunks = json.loads(path.read_bytes())["chunkedPrompt"]["chunks"]
        assert recognise_head(path.read_bytes()[:65_536], "intake/0001").chosen == "google_ai_studio"
        books, tables = golden.tables_of(Source.of_file(path), google_ai_studio)
        assert books.quarantined == 0
        kinds = [row["kind"] for row in golden.rows_of(tables["transcript"]) if row["kind"] in ("message", "reasoning")]
        assert len(kinds) == len([chunk for chunk in chunks if "text" in chunk or "parts" in chunk])
