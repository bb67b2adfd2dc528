"""mini-swe-agent: commands out of fences and fields, exit codes, limits, and who said what."""

from __future__ import annotations

import json
import re
from typing import Any

import golden
import pytest

from parsers.contract import Grade
from parsers.source import Source
from parsers.transcripts import mini_swe_agent


def _rows(messages: list[Any], **info: Any) -> list[dict[str, Any]]:
    document = {"info": info, "messages": messages, "trajectory_format": "mini-swe-agent-1"}
    _, tables = golden.tables_of(Source.of_bytes(json.dumps(document).encode()), mini_swe_agent)
    return sorted(golden.rows_of(tables["transcript"]), key=lambda row: row["seq"])


def _of(rows: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["kind"] == kind]


FENCES = {
    "one": ("Look:\n```bash\nls -la\n```", ["ls -la"]),
    "of version 2": ("```mswea_bash_command\n  ls\n\n```", ["ls"]),
    "several lines": ("```bash\ncat <<'E' > x\na\nE\n```", ["cat <<'E' > x\na\nE"]),
    "two are none": ("```bash\nls\n```\n```bash\npwd\n```", []),
    "another language": ("```python\nprint()\n```", []),
    "none": ("I am done.", []),
}


@pytest.mark.parametrize(("content", "commands"), FENCES.values(), ids=FENCES)
def test_one_fenced_block_is_a_command(content, commands):
    rows = _rows([{"role": "assistant", "content": content}, {"role": "user", "content": "<returncode>3</returncode>"}])
    calls = _of(rows, "tool_call")
    assert [(row["tool_class"], row["command"]) for row in calls] == [("shell", command) for command in commands]
    results = _of(rows, "tool_result")
    assert [(row["call_id"], row["exit_code"]) for row in results] == [(row["call_id"], 3) for row in calls]
    if not commands:
        assert rows[1]["author"] == "harness"


RESULTS = {
    "exit code in a tag": (
        {"content": "<returncode>137</returncode>\n<output>\nKilled\n</output>"},
        {"exit_code": 137},
    ),
    "exit code in a field": ({"content": "x", "extra": {"returncode": 1}}, {"exit_code": 1}),
    "not run": (
        {"content": "x", "extra": {"returncode": -1, "exception_info": "action was not executed"}},
        {"exit_code": -1, "is_error": True},
    ),
    "an error body in tags": (
        {"content": '<returncode>0</returncode>\n<output>\n{"error": {"code": "rate_limit_exceeded"}}</output>'},
        {"exit_code": 0, "error_type": "rate_limit_exceeded"},
    ),
    "an error body beside": (
        {"content": "…", "extra": {"returncode": 0, "raw_output": '{"error": {"type": "insufficient_quota"}}'}},
        {"exit_code": 0, "error_type": "insufficient_quota"},
    ),
    "a job": ({"content": "<output>\n[1] 4711\n</output>"}, {"pids": [4711]}),
}


@pytest.mark.parametrize(("answer", "expected"), RESULTS.values(), ids=RESULTS)
def test_results(answer, expected):
    call = {"id": "c", "type": "function", "function": {"name": "bash", "arguments": '{"command": "ls"}'}}
    asked = {"role": "assistant", "content": None, "tool_calls": [call]}
    for given in ({"role": "tool", "tool_call_id": "c", **answer}, {"role": "user", **answer}):
        (result,) = _of(_rows([asked, given]), "tool_result")
        found = {key: result.get(key) for key in ("exit_code", "is_error", "error_type", "pids") if key in result}
        assert (result["call_id"], found) == ("c", expected)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("LimitsExceeded", (True, "LimitsExceeded")),
        ("Submitted", (False, None)),
        ("RateLimitError", (True, "RateLimitError")),
    ],
)
def test_how_a_run_ended(status, expected):
    ended = {"role": "exit", "content": "", "extra": {"exit_status": status, "submission": ""}}
    events = _of(_rows([ended], exit_status=status, model_stats={}), "system_event")
    told = [row for row in events if row["native_type"] in ("info", "messages/exit")]
    assert [(row.get("is_error"), row.get("error_type")) for row in told] == [expected, expected]


def test_times_are_those_of_messages_or_else_of_the_response():
    response = {"id": "r", "created": 1_767_254_400, "choices": []}
    rows = _rows(
        [
            {"role": "user", "content": "task"},
            {"role": "assistant", "content": "a", "extra": {"response": response}},
            {"role": "assistant", "content": "b", "extra": {"response": response, "timestamp": 1_767_254_401.5}},
        ]
    )
    said = _of(rows, "message")
    assert [(row.get("ts"), row.get("ts_precision_us"), row.get("notes")) for row in said] == [
        (None, None, None),
        ("2026-01-01T08:00:00.000000Z", 1_000_000, ["time_of_response"]),
        ("2026-01-01T08:00:01.500000Z", 100_000, None),
    ]


HEADS = {
    "says so": (b'{"trajectory_format": "mini-swe-agent-1", "messages": []}', Grade.STRONG),
    "says other": (b'{"trajectory_format": "swarm-2", "info": {"config": 1, "model_stats": 1}}', Grade.NONE),
    "its info": (b'{"info": {"model_stats": {}, "mini_version": "1"}, "messages": [', Grade.STRONG),
    "info of SWE-agent": (b'{"info": {"model_stats": {}, "exit_status": "x"}, "messages": [', Grade.NONE),
    "info cut": (b'{\n "info": {\n  "exit_status": "Submitted",\n "submission": "' + b"x" * 100, Grade.PROBABLE),
    "a list of messages": (b'[{"role": "user", "content": "x"}]', Grade.NONE),
    "a command and no result": (b'[{"role": "assistant", "content": "```bash\\nls\\n```"}]', Grade.NONE),
}


@pytest.mark.parametrize(("head", "grade"), HEADS.values(), ids=HEADS)
def test_recognition(head, grade):
    assert mini_swe_agent.recognise(head, "x") == grade


@pytest.mark.shared
def test_real_runs(shared):
    """Every message read; the exit code of every result as its tag says; the cost as the run's own sum."""
    for path in sorted((shared / "data/transcripts/mini_swe_agent").glob("*.json")):
        document = json.loads(path.read_bytes())
        messages = document if isinstance(document, list) else document["messages"]
        books, tables = golden.tables_of(Source.of_file(path), mini_swe_agent)
        assert books.quarantined == 0, path.name
        assert books.records == len(messages) + (0 if isinstance(document, list) else 3)
        rows = golden.rows_of(tables["transcript"])
        results = [row for row in rows if row["kind"] == "tool_result"]
        codes = [
            int(code) for code in re.findall(r'"<returncode>(-?\d+)<', json.dumps([m["content"] for m in messages]))
        ]
        assert [row["exit_code"] for row in results if "exit_code" in row] == codes, path.name
        assert sum(row["kind"] == "tool_call" for row in rows) == len(results)
        if isinstance(document, dict):
            cost = sum(float(row["cost_usd_raw"]) for row in rows if row["kind"] == "usage")
            assert abs(cost - document["info"]["model_stats"]["instance_cost"]) < 1e-6, path.name


def test_the_end_of_a_run_comes_after_its_messages():
    rows = _rows([{"role": "user", "content": "task"}], exit_status="LimitsExceeded", model_stats={})
    assert [row["native_type"] for row in rows] == ["messages/user", "info", "trajectory_format"]
