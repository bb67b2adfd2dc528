"""SWE-agent: history and trajectory told as one, demonstrations apart, limits seen."""

from __future__ import annotations

import json
from typing import Any

import golden
import pytest

from parsers.contract import Grade
from parsers.source import Source
from parsers.transcripts import swe_agent


def _document(history: list[Any], steps: list[Any] = (), **others: Any) -> bytes:
    return json.dumps({"environment": "main", "trajectory": list(steps), "history": history, **others}).encode()


def _rows(data: bytes, table: str = "transcript") -> list[dict[str, Any]]:
    _, tables = golden.tables_of(Source.of_bytes(data), swe_agent)
    return sorted(golden.rows_of(tables[table]), key=lambda row: row.get("seq", 0)) if table in tables else []


def _action(action: str, thought: str = "so") -> dict[str, Any]:
    return {"role": "assistant", "content": thought, "thought": thought, "action": action, "agent": "main"}


def _step(action: str, **others: Any) -> dict[str, Any]:
    return {"action": action, "observation": "o", "response": "so", "thought": "so", "state": "{}", **others}


COMMANDS = {
    "typed": ("ls -la\n", None, ("shell", "ls -la\n")),
    "a tool call": ("nvidia-smi", ("bash", {"command": "nvidia-smi"}), ("shell", "nvidia-smi")),
    "interface, typed": ("open x.py", None, ("file", None)),
    "interface, called": ("find_file x", ("find_file", {"file_name": "x"}), ("file", None)),
    "text of an edit": ("edit 1:2\nxmrig -o p:1\nend_of_edit", None, ("file", None)),
    "the end": ("submit", None, ("other", None)),
}


@pytest.mark.parametrize(("action", "call", "expected"), COMMANDS.values(), ids=COMMANDS)
def test_what_is_typed_goes_to_the_shell_but_for_the_interface_to_files(action, call, expected):
    message = _action(action)
    if call:
        function = {"name": call[0], "arguments": json.dumps(call[1])}
        message["tool_calls"] = [{"id": "c1", "type": "function", "function": function}]
    called = [row for row in _rows(_document([message])) if row["kind"] == "tool_call"]
    assert [(row["tool_class"], row.get("command")) for row in called] == [expected]
    assert (called[0]["call_id"] == "c1") == (call is not None)


def test_history_and_trajectory_are_one_run():
    history = [
        {"role": "user", "content": "task", "agent": "main"},
        _action("a"),
        {"role": "user", "content": "o", "agent": "main"},
        _action("c"),
        {"role": "user", "content": "o", "agent": "main"},
    ]
    steps = [_step("a", execution_time=2), _step("b"), _step("c", execution_time=0.5), _step("d")]
    rows = _rows(_document(history, steps))
    assert [row["text"] for row in rows if row["kind"] == "tool_call"] == ["a", "b", "c", "d"]
    results = [row for row in rows if row["kind"] == "tool_result"]
    assert [row.get("duration_us") for row in results] == [2_000_000, None, 500_000, None]
    assert [row["call_id"] for row in results] == [row["call_id"] for row in rows if row["kind"] == "tool_call"]
    assert [row["author"] for row in rows if row["text"] == "task"] == ["human"]


def test_the_shell_is_where_the_step_before_left_it():
    steps = [_step("cd x", state={"working_dir": "/x"}), _step("ls", state="no json"), _step("pwd")]
    calls = [row for row in _rows(_document([], steps)) if row["kind"] == "tool_call"]
    assert [row.get("cwd") for row in calls] == [None, "/x", None]


@pytest.mark.parametrize(
    ("status", "error_type"),
    [("exit_cost", "exit_cost"), ("submitted (exit_context)", "exit_context"), ("submitted", None), (None, None)],
)
def test_how_a_run_ended(status, error_type):
    rows = _rows(_document([], [_step("ls")], info={"exit_status": status, "model_stats": None}))
    ended = next(row for row in rows if row["native_type"] == "info")
    assert (ended.get("is_error"), ended.get("error_type")) == (
        None if status is None else error_type is not None,
        error_type,
    )


def test_a_demonstration_is_no_act():
    shown = [_action("./xmrig") | {"is_demo": True}, {"role": "user", "content": "ok", "agent": "main"}]
    rows = _rows(_document(shown))
    assert [(row["kind"], row["author"], row["is_replayed"]) for row in rows[:1]] == [("message", "harness", True)]
    assert not [row for row in rows if row["kind"] in ("tool_call", "tool_result")]


NOT_OURS = {
    "no steps": b'{"trajectory": [{"x": 1}, {"y": 2}]}',
    "steps of others": b'{"trajectory": [{"action": 1}]}',
    "history of others": b'{"history": [{"role": "user", "content": "x"}]}',
    "empty": b'{"trajectory": [], "history": []}',
}


@pytest.mark.parametrize("head", NOT_OURS.values(), ids=NOT_OURS)
def test_others_are_not_claimed(head):
    assert swe_agent.recognise(head, "x.traj") == Grade.NONE


def test_a_first_step_larger_than_the_head_is_recognised():
    head = _document([], [_step("x" * 70_000)])[:65_536]
    assert swe_agent.recognise(head, "x") == Grade.STRONG


@pytest.mark.shared
def test_real_runs(shared):
    """Every file read whole; as many calls as actions, each answered but the last of old histories."""
    for path in sorted((shared / "data/transcripts/swe_agent_traj").glob("*.traj")):
        document = json.loads(path.read_bytes())
        books, tables = golden.tables_of(Source.of_file(path), swe_agent)
        assert books.quarantined == 0, path.name
        rows = golden.rows_of(tables["transcript"])
        actions = [step["action"] for step in document.get("trajectory", [])] or [
            message["action"] for message in document["history"] if "action" in message
        ]
        calls = sorted((row for row in rows if row["kind"] == "tool_call"), key=lambda row: row["seq"])
        assert len(calls) == len(actions), path.name
        shell = [row["command"] for row in calls if row["tool_class"] == "shell"]
        assert shell == [action for action, row in zip(actions, calls, strict=True) if row["tool_class"] == "shell"]
        answered = {row["call_id"] for row in rows if row["kind"] == "tool_result"}
        assert {row["call_id"] for row in calls[:-1]} <= answered, path.name
