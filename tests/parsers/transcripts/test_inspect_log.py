"""Inspect AI logs: what counts as an act, what is a copy, and real logs of several versions."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import golden
import pytest

from parsers.contract import HEAD_BYTES, Grade
from parsers.formats import recognise_head
from parsers.source import Source
from parsers.transcripts import inspect_log

AT = "2026-03-01T10:00:00+00:00"


def sample(*events: dict[str, Any], **members: Any) -> dict[str, Any]:
    stamped = [{"timestamp": AT, "working_start": 0, **event} for event in events]
    return {"id": 1, "epoch": 1, "input": "go", "target": "", **members, "events": stamped, "uuid": "u"}


def span(number: str, kind: str, name: str, parent: str | None = None) -> dict[str, Any]:
    return {"event": "span_begin", "id": number, "type": kind, "name": name, "parent_id": parent}


def tool(call: str, name: str, **columns: Any) -> dict[str, Any]:
    return {"event": "tool", "id": call, "function": name, "arguments": {}, "result": "r", **columns}


def executed(command: str, **columns: Any) -> dict[str, Any]:
    return {"event": "sandbox", "action": "exec", "cmd": command, "result": 3, "output": "o", **columns}


def model(answer: dict[str, Any], *asked: dict[str, Any], **columns: Any) -> dict[str, Any]:
    output = {"model": "m", "choices": [{"message": {"role": "assistant", **answer}}]}
    return {"event": "model", "model": "p/m", "input": list(asked), "output": output, **columns}


def test_parallel_calls_get_the_commands_of_their_own_spans(transcript):
    held = sample(
        span("a", "tool", "one"),
        span("b", "tool", "two"),
        tool("call-two", "two"),
        tool("call-one", "one"),
        executed("x", span_id="b"),
        span("deep", "solver", "inner", "a"),
        executed("y", span_id="deep"),
        executed("z", span_id="elsewhere"),
    )
    rows = [row for row in transcript(inspect_log, held) if "sandbox" in row["native_type"]]
    assert [(row["kind"], row.get("parent_id") or row.get("call_id"), row.get("command")) for row in rows] == [
        ("tool_call", "call-two", "x"),
        ("tool_result", "call-two", None),
        ("tool_call", "call-one", "y"),
        ("tool_result", "call-one", None),
        ("system_event", None, "z"),
    ]


def test_spans_in_a_circle_come_to_an_end(transcript):
    held = sample(span("a", "x", "a", "b"), span("b", "x", "b", "a"), executed("x", span_id="a"))
    assert transcript(inspect_log, held)[-1]["kind"] == "system_event"


@pytest.mark.parametrize(
    ("cmd", "command"),
    [
        ("bash --login -c 'curl x | sh'", "curl x | sh"),
        ("sh -e -c 'tee -- \"$1\"' script /f", "sh -e -c 'tee -- \"$1\"' script /f"),
        ("ls 'a b'", "ls 'a b'"),
        ("unbalanced 'quote", "unbalanced 'quote"),
    ],
)
def test_the_shell_that_inspect_puts_around_a_command_is_taken_off(transcript, cmd, command):
    rows = transcript(inspect_log, sample(span("a", "tool", "t"), tool("c", "t"), executed(cmd, span_id="a")))
    assert [row["command"] for row in rows if row["kind"] == "tool_call" and row["author"] == "tool"] == [command]


def test_an_agent_that_a_tool_called_stands_beside(transcript):
    spans = [span("main", "agent", "main"), span("t", "tool", "ask", "main"), span("sub", "agent", "sub", "t")]
    rows = transcript(
        inspect_log,
        sample(*spans, model({"content": "1"}, span_id="main"), model({"content": "2"}, span_id="sub")),
    )
    assert [(row["text"], row.get("is_sidechain")) for row in rows if row["author"] == "agent"] == [
        ("1", None),
        ("2", True),
    ]


def test_what_a_request_repeats_makes_no_rows(transcript):
    user = {"role": "user", "content": "go", "source": "input"}
    first = {"role": "assistant", "content": "one"}
    again = {"role": "user", "content": "on"}
    rows = transcript(
        inspect_log,
        sample(
            model({"content": "one"}, user),
            model({"content": "two"}, user, first, again),
            model({"content": "three"}, user, first, again, {"role": "assistant", "content": "two"}, again),
            messages=[user, first, again, {"role": "assistant", "content": "two"}, again],
        ),
    )
    said = [row for row in rows if row["kind"] == "message" and not row["is_replayed"]]
    assert [(row["author"], row["text"]) for row in said] == [
        ("human", "go"),
        ("agent", "one"),
        ("harness", "on"),
        ("agent", "two"),
        ("harness", "on"),
        ("agent", "three"),
    ]
    assert all(row.get("ts") is None for row in said if row["author"] != "agent")


def test_a_pool_holds_the_messages_of_requests(transcript):
    pool = [{"role": "user", "content": "go", "source": "input"}, {"role": "user", "content": "more"}]
    asked = model({"content": "one"}) | {"input": [], "input_refs": [[0, 1], [1, 2], [9, 12], "x"]}
    for held in ({"message_pool": pool}, {"events_data": {"messages": pool, "calls": []}}):
        rows = transcript(inspect_log, sample(asked, **held))
        assert [row["text"] for row in rows if row["native_type"] == "event/model/input/user"] == ["go", "more"]
        assert all(row["is_replayed"] for row in rows if row["native_type"].startswith("message_pool"))


@pytest.mark.parametrize(
    ("usage", "total_input", "notes"),
    [
        ({"input_tokens": 5, "output_tokens": 2, "total_tokens": 7, "input_tokens_cache_read": 4}, 5, None),
        (
            {"input_tokens": 5, "output_tokens": 2, "total_tokens": 14, "input_tokens_cache_read": 4,
             "input_tokens_cache_write": 3},
            12,
            ["input_tokens_without_cache"],
        ),
        ({"input_tokens": 5, "output_tokens": 2, "total_tokens": 99, "input_tokens_cache_read": 4}, 5, None),
    ],
)  # fmt: skip
def test_cached_input_is_counted_once(transcript, usage, total_input, notes):
    asked = model({"content": "x"})
    asked["output"]["usage"] = usage
    [row] = [row for row in transcript(inspect_log, sample(asked)) if row["kind"] == "usage"]
    assert (row["input_tokens"], row.get("notes")) == (total_input, notes)


@pytest.mark.parametrize(
    ("approver", "decision", "refused"),
    [("human", "reject", True), ("human", "approve", False), ("auto", "reject", False), ("human", "terminate", True)],
)
def test_a_call_that_a_person_forbade_is_refused(transcript, approver, decision, refused):
    approval = {"event": "approval", "call": {"id": "c"}, "approver": approver, "decision": decision}
    error = {"type": "approval", "message": "no"}
    rows = transcript(inspect_log, sample(tool("c", "bash", error=error), approval))
    [result] = [row for row in rows if row["kind"] == "tool_result"]
    assert ("rejected_by_user" in result.get("notes", ())) == refused


def test_the_sandbox_of_a_sample_is_its_policy(transcript):
    for told in ({"type": "k8s", "config": {}}, "k8s"):
        [row] = transcript(inspect_log, sample(model({"content": "x"}), sandbox=told), table="session")
        assert row["sandbox_policy"] == "k8s"


@pytest.mark.parametrize("kind", ["token", "time", "message", "working", "cost"])
def test_limits_are_typed(transcript, kind):
    rows = transcript(
        inspect_log, sample({"event": "sample_limit", "type": kind, "message": "m"}, limit={"type": kind})
    )
    assert [row["error_type"] for row in rows if row.get("is_error")] == [f"{kind}_limit"] * 2


def test_redacted_reasoning_is_not_absent(transcript):
    content = [{"type": "reasoning", "reasoning": "c2VhbGVk", "redacted": True}, {"type": "text", "text": "ok"}]
    rows = transcript(inspect_log, sample(model({"content": content})))
    [row] = [row for row in rows if row["kind"] == "reasoning"]
    assert (row.get("text"), row["content_state"]) == (None, "redacted")


def test_two_runs_without_uuid_are_two_sessions(transcript):
    def run(at: str) -> str:
        held = sample({"event": "info", "data": "x"})
        del held["uuid"]
        held["events"][0]["timestamp"] = at
        [row] = transcript(inspect_log, held, table="session")
        assert row["notes"] == ["session_id_derived"]
        return row["session_id"]

    assert run(AT) == run(AT) != run("2026-03-02T10:00:00+00:00")


# --- real logs ------------------------------------------------------------------------------------------------------


def _real(shared: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every log and every member of every log, by its place."""
    for path in sorted((shared / "data/transcripts/inspect_eval").iterdir()):
        if path.suffix == ".json":
            yield path.name, path.read_bytes()
        elif path.suffix == ".eval":
            with zipfile.ZipFile(path) as log:
                for member in log.namelist():
                    yield f"{path.name}!{member}", log.read(member)


@pytest.mark.shared
def test_real_logs_are_recognised_by_content_and_read_whole(shared):
    for place, data in _real(shared):
        recognition = recognise_head(data[:HEAD_BYTES], "intake/0001")
        claims = [name for name, grade in recognition.candidates if grade >= Grade.PROBABLE]
        assert (recognition.chosen, claims) == ("inspect_log", ["inspect_log"]), place
        books, _ = golden.tables_of(Source.of_bytes(data), inspect_log)
        assert books.quarantined == 0, place


@pytest.mark.shared
def test_real_calls_and_tokens_are_those_of_the_log(shared):
    """Counted independently: calls in model output, tool events, commands in the sandbox, and the log's own totals."""
    for place, data in _real(shared):
        held = json.loads(data)
        samples = held.get("samples", [held]) if isinstance(held, dict) else []
        events = [event for one in samples if "epoch" in one for event in one.get("events") or []]
        _, tables = golden.tables_of(Source.of_bytes(data), inspect_log)
        rows = golden.rows_of(tables["transcript"]) if "transcript" in tables else []
        acts = [row for row in rows if not row["is_replayed"]]
        if not events:
            continue
        results = [row for row in acts if row["native_type"] == "event/tool/result"]
        assert len(results) == sum(event["event"] == "tool" for event in events), place
        codes = [row["exit_code"] for row in acts if "exit_code" in row]
        assert codes == [event["result"] for event in events if event["event"] == "sandbox" and "result" in event], (
            place
        )
        used = [usage for one in samples for usage in (one.get("model_usage") or {}).values()]
        counted = [row["output_tokens"] for row in rows if row.get("usage_is_primary")]
        assert sum(counted) == sum(usage["output_tokens"] for usage in used), place
        calls = {row["call_id"] for row in acts if row["kind"] == "tool_call" and row["author"] == "agent"}
        assert {row["call_id"] for row in results} <= calls, place
