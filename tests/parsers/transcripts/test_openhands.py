"""OpenHands: events of both generations, in lists, lines, files and output of evaluations."""

from __future__ import annotations

import json
from typing import Any

import golden
import pytest

from parsers.contract import Grade
from parsers.source import Source
from parsers.transcripts import openhands

WHEN = {"timestamp": "2026-01-01T09:00:00", "source": "agent"}


def _act(action: str, identity: int = 1, **args: Any) -> dict[str, Any]:
    return {"id": identity, **WHEN, "message": "", "action": action, "args": args}


def _saw(
    observation: str, content: str = "", identity: int = 2, cause: int | None = 1, **extras: Any
) -> dict[str, Any]:
    return {
        "id": identity,
        **WHEN,
        "message": "",
        "cause": cause,
        "observation": observation,
        "content": content,
        "extras": extras,
    }


def _event(kind: str, **others: Any) -> dict[str, Any]:
    return {"id": "00000000-0000-4000-8000-000000000001", **WHEN, "kind": kind, **others}


def _tables(data: bytes) -> dict[str, list[dict[str, Any]]]:
    _, tables = golden.tables_of(Source.of_bytes(data), openhands)
    return {name: golden.rows_of(table) for name, table in tables.items()}


def _rows(*events: Any) -> list[dict[str, Any]]:
    return sorted(_tables(json.dumps(events).encode())["transcript"], key=lambda row: row["seq"])


CALLS = {
    "a command": (_act("run", command="ls"), ("shell", "ls")),
    "code": (_act("run_ipython", code="1"), ("code", None)),
    "a file": (_act("edit", path="x"), ("file", None)),
    "the web": (_act("browse", url="x"), ("web", None)),
    "a sub-agent": (_act("delegate", agent="BrowsingAgent", inputs={}), ("sub_agent", None)),
    "a server's tool": (_act("call_tool_mcp", name="fetch"), ("mcp", None)),
    "a terminal": (
        _event("ActionEvent", action={"kind": "TerminalAction", "command": "ls"}, tool_name="terminal", thought=[]),
        ("shell", "ls"),
    ),
    "an older shell": (
        _event("ActionEvent", action={"kind": "ExecuteBashAction", "command": "ls"}, tool_name="execute_bash"),
        ("shell", "ls"),
    ),
    "a browser": (
        _event("ActionEvent", action={"kind": "BrowserNavigateAction"}, tool_name="browser_navigate"),
        ("web", None),
    ),
    "an MCP tool": (
        _event("ActionEvent", action={"kind": "MCPToolAction", "data": {}}, tool_name="fetch"),
        ("mcp", None),
    ),
}


@pytest.mark.parametrize(("event", "expected"), CALLS.values(), ids=CALLS)
def test_calls(event, expected):
    (call,) = [row for row in _rows(event) if row["kind"] == "tool_call"]
    assert (call["tool_class"], call.get("command")) == expected
    assert call["call_id"]


RESULTS = {
    "ended": ({"metadata": {"exit_code": 3}}, {"exit_code": 3}),
    "ended, older": ({"exit_code": 137}, {"exit_code": 137}),
    "not ended": ({"metadata": {"exit_code": -1}}, {"notes": ["still_running"]}),
    "in the background": ({"metadata": {"exit_code": 0, "pid": 99}}, {"exit_code": 0, "pids": [99]}),
}


@pytest.mark.parametrize(("extras", "expected"), RESULTS.values(), ids=RESULTS)
def test_what_came_of_a_command(extras, expected):
    _, old = _rows(_act("run", command="x"), _saw("run", **extras))
    observation = {"kind": "TerminalObservation", "content": [], **extras}
    (new,) = _rows(_event("ObservationEvent", observation=observation, action_id="a", tool_name="terminal"))
    for row in (old, new):
        assert {key: row[key] for key in ("exit_code", "pids", "notes") if key in row} == expected


def test_a_background_process_is_named_once():
    rows = _rows(*(_saw("run", identity=at, metadata={"exit_code": 0, "pid": pid}) for at, pid in enumerate([7, 7, 8])))
    assert [row.get("pids") for row in rows] == [[7], None, [8]]


FAULTS = {
    "a limit of rates": (_saw("agent_state_changed", cause=None, agent_state="rate_limited"), "rate_limited", None),
    "an error with an id": (_saw("error", "x", cause=None, error_id="STATUS$OUT_OF_CREDITS"), "OUT_OF_CREDITS", None),
    "an error body": (
        _saw("error", '{"error": {"type": "insufficient_quota", "status": 429}}', cause=None),
        "insufficient_quota",
        429,
    ),
    "of the conversation": (
        _event("ConversationErrorEvent", code="MaxIterationsReached", detail="x"),
        "MaxIterationsReached",
        None,
    ),
}


@pytest.mark.parametrize(("event", "error_type", "status"), FAULTS.values(), ids=FAULTS)
def test_limits_and_errors(event, error_type, status):
    (row,) = _rows(event)
    assert (row["kind"], row["is_error"], row.get("error_type"), row.get("http_status")) == (
        "system_event",
        True,
        error_type,
        status,
    )


def _total(tokens: int) -> dict[str, Any]:
    return {"accumulated_cost": 0.5, "accumulated_token_usage": {"prompt_tokens": tokens, "completion_tokens": 1}}


def test_running_totals_count_once_and_not_beside_responses():
    usage = [
        row
        for row in _rows(_act("think") | {"llm_metrics": _total(1)}, _act("think") | {"llm_metrics": _total(2)})
        if row["kind"] == "usage"
    ]
    assert [(row["input_tokens"], row["usage_is_primary"]) for row in usage] == [(1, False), (2, True)]
    response = {"model_response": {"id": "r", "usage": {"prompt_tokens": 2, "completion_tokens": 1}}}
    line = {"history": [_act("think") | {"tool_call_metadata": response}] * 2, "metrics": _total(2)}
    rows = _tables(json.dumps(line).encode())["transcript"]
    usage = sorted((row for row in rows if row["kind"] == "usage"), key=lambda row: row["seq"])
    assert [row["usage_is_primary"] for row in usage] == [True, False, False]


def test_each_evaluation_is_a_session_and_a_single_event_none():
    line = json.dumps({"history": [[_act("run", command="ls"), _saw("run", "a")]], "instance_id": "i"}).encode()
    tables = _tables(line + b"\n" + line + b"\n")
    assert len({row["session_id"] for row in tables["session"]}) == 2
    assert {row["title"] for row in tables["session"]} == {"i"}
    assert "session" not in _tables(json.dumps(_act("run", command="ls"), indent=1).encode())


HEADS = {
    "an event of version 0": (json.dumps(_act("run")).encode(), Grade.STRONG),
    "an event of the SDK": (json.dumps(_event("PauseEvent")).encode(), Grade.STRONG),
    "lines": (json.dumps(_act("run")).encode() + b"\n" + json.dumps(_event("PauseEvent")).encode(), Grade.STRONG),
    "a first event larger than the head": (
        json.dumps([{"id": 0, **WHEN, "message": "x" * 70_000}]).encode()[:65_536],
        Grade.STRONG,
    ),
    "an evaluation's head": (
        b'{"instance_id": "i", "test_result": {}, "metadata": {"agent_class": "C"}, "history": [{"id',
        Grade.PROBABLE,
    ),
    "predictions": (b'[{"instance_id": "i", "model_patch": "", "model_name_or_path": "openhands"}]', Grade.NONE),
    "events of others": (b'[{"id": 1, "timestamp": "x", "source": "sensor", "action": "a", "args": {}}]', Grade.NONE),
}


@pytest.mark.parametrize(("head", "grade"), HEADS.values(), ids=HEADS)
def test_recognition(head, grade):
    assert openhands.recognise(head, "x") == grade


@pytest.mark.shared
def test_real_logs(shared):
    """Every event read; as many calls and commands as the events hold; every result finds its call or says why not."""
    for path in sorted((shared / "data/transcripts/openhands").glob("*.json*")):
        if path.name.endswith("example_model_output.json"):
            continue  # predictions, no transcript
        text = path.read_text("utf-8")
        documents = (
            [json.loads(text)] if text.startswith("[") else [json.loads(line) for line in text.split("\n") if line]
        )
        events = [
            event
            for document in documents
            for event in (document if isinstance(document, list) else document.get("history", [document]))
        ]
        books, tables = golden.tables_of(Source.of_file(path), openhands)
        assert books.quarantined == 0
        rows = golden.rows_of(tables["transcript"])
        commands = [event["args"]["command"] for event in events if event.get("action") == "run"]
        commands += [event["action"]["command"] for event in events if event.get("kind") == "ActionEvent"]
        assert sorted(row["command"] for row in rows if "command" in row) == sorted(commands)
        codes = [event["extras"]["metadata"]["exit_code"] for event in events if event.get("observation") == "run"]
        codes += [event["observation"]["exit_code"] for event in events if event.get("kind") == "ObservationEvent"]
        assert sorted(row["exit_code"] for row in rows if "exit_code" in row) == sorted(
            code for code in codes if code not in (None, -1)
        )
