"""Gemini CLI: chats as documents and lines, logs of prompts, checkpoints; what is written again counts once."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import golden
import pytest

from parsers.contract import Grade
from parsers.source import Source
from parsers.transcripts import gemini_cli

HEADER = {"sessionId": "s", "projectHash": "h"}
WHEN = "2026-01-01T10:00:00.000Z"


def _message(kind: str = "gemini", identity: str = "m1", content: Any = "", **others: Any) -> dict[str, Any]:
    return {"id": identity, "timestamp": WHEN, "type": kind, "content": content, **others}


def _call(output: str | None, name: str = "run_shell_command", status: str = "success", **args: Any) -> dict[str, Any]:
    result = [{"functionResponse": {"id": "c1", "name": name, "response": {"output": output}}}]
    return {
        "id": "c1",
        "name": name,
        "args": args,
        "status": status,
        "timestamp": WHEN,
        "result": result if output is not None else None,
    }


def _lines(*lines: Any) -> list[dict[str, Any]]:
    data = b"".join(json.dumps(line).encode() + b"\n" for line in (HEADER, *lines))
    _, tables = golden.tables_of(Source.of_bytes(data), gemini_cli)
    return sorted(golden.rows_of(tables["transcript"]), key=lambda row: row["seq"])


RESULTS = {
    "ended": ("Output: x\nExit Code: 0", "success", {"exit_code": 0, "is_error": False}),
    "killed": ("Output: x\nExit Code: 137\nSignal: 9", "success", {"exit_code": 137, "is_error": False}),
    "printed something like it": ("Output: Exit Code: 1\nExit Code: 3", "success", {"exit_code": 3, "is_error": False}),
    "in the background": (
        "Output: \nExit Code: (none)\nBackground PIDs: 12, 34\nProcess Group PGID: 1",
        "success",
        {"pids": [12, 34], "is_error": False},
    ),
    "none in the background": ("Output: x\nBackground PIDs: (none)", "success", {"is_error": False}),
    "an error body": (
        'Output: {"error": {"type": "insufficient_quota"}}\nExit Code: 22',
        "error",
        {"exit_code": 22, "is_error": True, "error_type": "insufficient_quota"},
    ),
    "stopped": ("x", "cancelled", {"notes": ["interrupted"]}),
    "not allowed": ("User did not allow tool call", "cancelled", {"notes": ["rejected_by_user"]}),
}


@pytest.mark.parametrize(("output", "status", "expected"), RESULTS.values(), ids=RESULTS)
def test_results(output, status, expected):
    rows = _lines(_message(toolCalls=[_call(output, status=status, command="x")]))
    (call,) = [row for row in rows if row["kind"] == "tool_call"]
    (result,) = [row for row in rows if row["kind"] == "tool_result"]
    assert (call["tool_class"], call["command"], result["call_id"]) == ("shell", "x", call["call_id"])
    kept = ("exit_code", "is_error", "pids", "error_type", "notes")
    assert {key: result[key] for key in kept if key in result} == expected


def test_a_call_that_still_runs_has_no_result():
    rows = _lines(_message(toolCalls=[_call(None, status="executing", command="x")]))
    assert [row["kind"] for row in rows if row["kind"].startswith("tool")] == ["tool_call"]


ERRORS = {
    "of the API": ('[API Error: {"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}]', "RESOURCE_EXHAUSTED", 429),
    "in words": ("[API Error: quota exceeded]", None, None),
    "no JSON": ("[API Error: {bad}]", None, None),
}


@pytest.mark.parametrize(("words", "error_type", "status"), ERRORS.values(), ids=ERRORS)
def test_errors_that_a_person_was_shown(words, error_type, status):
    row = _lines(_message("error", content=words))[-1]
    assert (row["kind"], row["is_error"], row.get("error_type"), row.get("http_status")) == (
        "system_event",
        True,
        error_type,
        status,
    )


def test_what_is_written_again_is_replayed():
    grown = _message(content="hi", tokens={"input": 3, "output": 1, "cached": 0, "total": 4})
    called = grown | {"toolCalls": [_call("x", command="ls")]}
    rows = _lines(_message(content="hi"), grown, called, {"$set": {"messages": [called]}}, {"$rewindTo": "m1"})
    counted = Counter((row["kind"], row["is_replayed"]) for row in rows if row["kind"] != "system_event")
    assert counted == {
        ("message", False): 1,
        ("message", True): 3,
        ("usage", False): 1,
        ("usage", True): 2,
        ("tool_call", False): 1,
        ("tool_call", True): 1,
        ("tool_result", False): 1,
        ("tool_result", True): 1,
    }
    assert sum(row.get("usage_is_primary", False) for row in rows) == 1


def test_a_message_with_other_words_is_no_copy():
    rows = _lines(_message("user", content="a"), _message("user", content="b"))
    assert [(row["text"], row["is_replayed"]) for row in rows[1:]] == [("a", False), ("b", False)]


HEADS = {
    "a document": (b'{\n "sessionId": "s",\n "projectHash": "h",\n "messages": [', Grade.STRONG),
    "header behind": (json.dumps({"messages": [_message()], **HEADER}).encode(), Grade.STRONG),
    "lines": (json.dumps(HEADER).encode() + b"\n" + json.dumps({"$set": {}}).encode(), Grade.STRONG),
    "lines without the first": (json.dumps(_message()).encode() + b'\n{"$set": {}}', Grade.PROBABLE),
    "prompts": (
        b'[{"sessionId": "s", "messageId": 0, "type": "user", "message": "x", "timestamp": "t"}]',
        Grade.STRONG,
    ),
    "contents": (b'[{"role": "user", "parts": [{"text": "x"}]}]', Grade.PROBABLE),
    "messages of others": (b'{"messages": [{"role": "user", "content": "x"}]}', Grade.NONE),
    "another session": (b'{"sessionId": "s", "type": "user", "uuid": "u", "message": {}}', Grade.NONE),
}


@pytest.mark.parametrize(("head", "grade"), HEADS.values(), ids=HEADS)
def test_recognition(head, grade):
    assert gemini_cli.recognise(head, "x") == grade


OTHERS = ("polylogue__schemas", "tests__data__gemini_chunked_prompt", "tests__data__semantic_cards", "SOURCE.md")


@pytest.mark.shared
def test_real_chats(shared):
    """Every chat read, every token and exit code as the messages say; what is no chat is left alone."""
    read = 0
    for folder in ("gemini_cli", "gemini_cli_fixtures"):
        for path in sorted((shared / "data/transcripts" / folder).iterdir()):
            grade = gemini_cli.recognise(path.read_bytes()[:65_536], "x")
            assert (grade == Grade.STRONG) == (not path.name.startswith(OTHERS)), path.name
            if grade == Grade.NONE:
                continue
            read += 1
            messages = json.loads(path.read_bytes())["messages"]
            books, tables = golden.tables_of(Source.of_file(path), gemini_cli)
            assert books.quarantined == 0
            rows = golden.rows_of(tables["transcript"])
            calls = [call for message in messages for call in message.get("toolCalls", [])]
            assert [row["call_id"] for row in rows if row["kind"] == "tool_call"] == [call["id"] for call in calls]
            shells = [call for call in calls if call["name"] == "run_shell_command"]
            assert [row["command"] for row in rows if "command" in row] == [call["args"]["command"] for call in shells]
            spent = sum(message["tokens"]["output"] for message in messages if message.get("tokens"))
            assert sum(row["output_tokens"] for row in rows if row.get("usage_is_primary")) == spent
    assert read == 6
