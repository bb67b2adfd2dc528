"""OpenAI Agents SDK: run states with their copies, traces with calls that no id joins, real states."""

from __future__ import annotations

import json
from typing import Any

import golden
import pytest

from parsers.contract import HEAD_BYTES, Grade
from parsers.formats import recognise_head
from parsers.source import Source
from parsers.transcripts import openai_agents_trace, openai_run_state

# what is no run state: they test that the SDK refuses them
NO_STATES = ("future_version", "missing_version", "sources.json", "SOURCE.md")


def span(number: int, data: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"object": "trace.span", "id": f"span_{number}", "trace_id": "t", "span_data": data, **members}


def generated(*commands: str) -> dict[str, Any]:
    calls = [
        {"id": f"c{at}", "function": {"name": "bash", "arguments": json.dumps({"command": command})}}
        for at, command in enumerate(commands)
    ]
    return {"type": "generation", "output": [{"role": "assistant", "content": None, "tool_calls": calls}]}


def ran(command: str, output: str | None = "ok") -> dict[str, Any]:
    return {"type": "function", "name": "bash", "input": json.dumps({"command": command}), "output": output}


def test_a_function_lends_its_result_to_the_call_it_executes(transcript):
    rows = transcript(
        openai_agents_trace,
        span(1, generated("a", "b", "a")),
        *(span(n, ran(c)) for n, c in ((2, "b"), (3, "a"), (4, "a"), (5, "a"))),
    )
    calls = [row for row in rows if row["kind"] == "tool_call" and not row["is_replayed"]]
    assert [(row["call_id"], row["command"]) for row in calls] == [
        ("c0", "a"),
        ("c1", "b"),
        ("c2", "a"),
        ("span_5", "a"),
    ]
    results = [row["call_id"] for row in rows if row["kind"] == "tool_result"]
    assert results == ["c1", "c0", "c2", "span_5"]


def test_an_answer_that_a_function_gave_is_a_copy_in_the_next_request(transcript):
    asked = {"type": "generation", "input": [{"role": "tool", "tool_call_id": "c0", "content": "ok"}]}
    rows = transcript(openai_agents_trace, span(1, generated("a")), span(2, ran("a")), span(3, asked))
    assert [row["is_replayed"] for row in rows if row["kind"] == "tool_result"] == [False, True]


def test_items_of_the_responses_api_may_stand_in_a_generation(transcript):
    data = {
        "type": "generation",
        "output": [{"type": "function_call", "name": "bash", "call_id": "c", "arguments": "{}"}],
    }
    [call, _] = transcript(openai_agents_trace, span(1, data))
    assert (call["kind"], call["call_id"]) == ("tool_call", "c")


@pytest.mark.parametrize(
    ("error", "columns"),
    [
        ({"message": "m", "data": None}, ("m", True, None, None)),
        (
            {"message": "m", "data": {"error": {"type": "rate_limit_error"}, "status": 429}},
            ("m", True, "rate_limit_error", 429),
        ),
        ("broken", ("broken", True, None, None)),
        (None, (None, None, None, None)),
    ],
)
def test_errors_of_spans(transcript, error, columns):
    [row] = transcript(openai_agents_trace, span(1, {"type": "custom", "name": "x", "data": {}}, error=error))
    assert tuple(row.get(key) for key in ("text", "is_error", "error_type", "http_status")) == columns


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        ({"object": "trace", "id": "t", "workflow_name": "w"}, Grade.STRONG),
        ({"data": [span(1, {"type": "agent"})]}, Grade.STRONG),
        ({"object": "trace", "id": "t"}, Grade.NONE),
        ({"object": "trace.span", "id": "t", "span_data": "x"}, Grade.NONE),
    ],
)
def test_traces_are_recognised(value, grade):
    assert openai_agents_trace.recognise(json.dumps(value).encode() + b"\n", "x") == grade


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        ({"$schemaVersion": "1.0", "current_agent": {}}, Grade.STRONG),
        ({"$schemaVersion": "999", "current_agent": {}}, Grade.NONE),
        ({"$schemaVersion": "1.0", "other": {}}, Grade.NONE),
        ({"current_agent": {}}, Grade.NONE),
    ],
)
def test_run_states_are_recognised(value, grade):
    assert openai_run_state.recognise(json.dumps(value).encode(), "x") == grade


def test_two_states_on_two_lines_are_two_sessions(transcript):
    state = {"$schemaVersion": "1.0", "original_input": "x"}
    rows = transcript(openai_run_state, state, state, table="session")
    assert len({row["session_id"] for row in rows}) == 2


@pytest.mark.shared
def test_real_states(shared):
    """Counted independently: distinct items by kind, usage by response, awaited approvals."""
    read = 0
    for path in sorted((shared / "data/transcripts/openai_agents_sdk").iterdir()):
        data = path.read_bytes()
        recognition = recognise_head(data[:HEAD_BYTES], "intake/1")
        if any(part in path.name for part in NO_STATES):
            assert recognition.chosen is None, path.name
            continue
        assert recognition.chosen == "openai_run_state", path.name
        books, tables = golden.tables_of(Source.of_bytes(data), openai_run_state)
        assert books.quarantined == 0
        rows = golden.rows_of(tables["transcript"]) if "transcript" in tables else []
        held = json.loads(data)
        if not isinstance(held.get("current_agent"), dict):
            continue
        items = [item for item in held["generated_items"] if item["type"] != "tool_approval_item"]
        calls = {item["raw_item"]["call_id"] for item in items if item["raw_item"]["type"] == "function_call"}
        made = [row.get("call_id") for row in rows if row["kind"] == "tool_call" and not row["is_replayed"]]
        found = [call for call in made if call is not None]  # a hosted tool's call may have none
        assert calls <= set(found), path.name
        assert len(set(found)) == len(found), path.name
        awaited = sum(item["type"] == "tool_approval_item" for item in held["generated_items"])
        assert sum(row["native_type"].endswith("/tool_approval_item") for row in rows) >= awaited
        primary = [row for row in rows if row.get("usage_is_primary")]
        assert len(primary) == len(held["model_responses"]), path.name
        read += 1
    assert read > 15
