"""OTLP: values and times as the specification has them, conventions of three families, copies told from acts."""

from __future__ import annotations

import json
from typing import Any

import golden
import pytest

from parsers.contract import HEAD_BYTES, Grade
from parsers.formats import recognise_head
from parsers.source import Source
from parsers.transcripts import otlp_json
from parsers.transcripts.genai_messages import event_messages, messages_of, numbered_messages
from parsers.transcripts.otlp_values import attributes_of, moment_of, structured, value_of


def value(held: Any) -> dict[str, Any]:
    if isinstance(held, bool):
        return {"boolValue": held}
    return {"intValue": str(held)} if isinstance(held, int) else {"stringValue": held}


def span(number: int, attributes: dict[str, Any], **members: Any) -> dict[str, Any]:
    told = [{"key": key, "value": value(held)} for key, held in attributes.items()]
    held = {"traceId": "t", "spanId": f"{number:016x}", "name": f"span {number}", "attributes": told, **members}
    return {"resourceSpans": [{"scopeSpans": [{"spans": [held]}]}]}


@pytest.mark.parametrize(
    ("told", "held"),
    [
        ({"stringValue": ""}, ""),
        ({"intValue": "-7"}, -7),
        ({"intValue": 7}, 7),
        ({"intValue": "seven"}, "seven"),
        ({"boolValue": False}, False),
        ({"arrayValue": {"values": [{"intValue": "1"}, {}]}}, [1, None]),
        ({"arrayValue": {}}, []),
        ({"kvlistValue": {"values": [{"key": "a", "value": {"stringValue": "b"}}]}}, {"a": "b"}),
        ({"bytesValue": "AA=="}, "AA=="),
        ({"newValue": 1}, {"newValue": 1}),
        ({}, None),
        (3, 3),
    ],
)
def test_any_value(told, held):
    assert value_of(told) == held


def test_attributes_that_are_none_are_left_out():
    assert attributes_of([{"key": "a", "value": {"intValue": "1"}}, {"key": 1}, 2, {"key": "a", "value": None}]) == {
        "a": None
    }
    assert attributes_of({"a": 1}) == {}


@pytest.mark.parametrize(
    ("told", "us", "remainder"),
    [
        ("1767225600000000001", 1767225600000000, 1),
        (1767225600000000999, 1767225600000000, 999),
        ("0", None, None),
        (0, None, None),
        (None, None, None),
        ("9" * 30, None, None),
        ("2026-01-01", None, None),
        (True, None, None),
    ],
)
def test_times_are_nanoseconds(told, us, remainder):
    found = moment_of(told)
    assert (found and found.us, found and found.remainder_ns) == (us, remainder)


@pytest.mark.parametrize("told", ["plain", "{not json", "3", None, 3])
def test_only_json_is_taken_for_json(told):
    assert structured(told) == told


def test_parts_become_messages():
    parts = [
        {"type": "reasoning", "content": "hm"},
        {"type": "text", "content": "one"},
        {"type": "blob", "data": "AA=="},
        {"type": "tool_call_response", "id": "c", "result": {"a": 1}},
        7,
    ]
    assert messages_of([{"role": "user", "parts": parts}, "no message"]) == [
        {
            "role": "user",
            "reasoning_content": "hm",
            "content": [{"type": "text", "text": "one"}, {"type": "blob", "data": "AA=="}, 7],
        },
        {"role": "tool", "tool_call_id": "c", "content": '{"a":1}'},
    ]
    assert messages_of("Just words") == [{"role": "user", "content": "Just words"}]
    assert messages_of(None) == []


def test_numbered_attributes_are_put_in_order():
    told = {
        "llm.input_messages.1.message.role": "tool",
        "llm.input_messages.1.message.content": "b",
        "llm.input_messages.0.message.contents.0.message_content.text": "a",
        "gen_ai.completion.0.tool_calls.0.name": "bash",
        "gen_ai.completion.0.unknown": 1,
        "gen_ai.completion.x": 1,
    }
    asked, answered, used = numbered_messages(told)
    assert asked == [{"role": "user", "content": [{"type": "text", "text": "a"}]}, {"role": "tool", "content": "b"}]
    assert answered == [{"role": "assistant", "tool_calls": [{"function": {"name": "bash"}}]}]
    assert told.keys() - used == {"gen_ai.completion.0.unknown", "gen_ai.completion.x"}


@pytest.mark.parametrize(
    ("name", "body", "asked", "answered"),
    [
        ("gen_ai.user.message", {"content": "x"}, [{"role": "user", "content": "x"}], []),
        ("gen_ai.tool.message", {"id": "c", "content": {"a": 1}},
         [{"role": "tool", "content": '{"a":1}', "tool_call_id": "c"}], []),
        ("gen_ai.choice", {"message": {"content": "y"}}, [], [{"role": "assistant", "content": "y"}]),
        ("gen_ai.choice", {"message": '{"content": "y"}'}, [], [{"role": "assistant", "content": "y"}]),
        ("gen_ai.choice", {"message": "y", "tool_calls": "[]"}, [],
         [{"role": "assistant", "content": "y", "tool_calls": []}]),
        ("gen_ai.content.prompt", {"gen_ai.prompt": '[{"role":"user","content":"z"}]'},
         [{"role": "user", "content": "z"}], []),
        ("something.else", {"content": "x"}, [], []),
        (None, {}, [], []),
    ],
)  # fmt: skip
def test_events_of_the_older_conventions(name, body, asked, answered):
    assert event_messages(name, body) == (asked, answered)


def test_a_failed_execution_says_so_of_its_result(transcript):
    told = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "bash", "gen_ai.tool.call.id": "c"}
    failed = span(1, told | {"error.type": "timeout"}, status={"code": "STATUS_CODE_ERROR", "message": "too long"})
    rows = transcript(otlp_json, failed)
    assert [(row["kind"], row.get("is_error"), row.get("error_type"), row.get("text")) for row in rows] == [
        ("tool_call", None, None, None),
        ("tool_result", True, "timeout", None),
        ("system_event", True, "timeout", "too long"),
    ]


@pytest.mark.parametrize(("status", "is_error"), [({"code": 2}, True), ({"code": 1}, None), ({}, None)])
def test_the_status_alone_tells_that_an_execution_failed(transcript, status, is_error):
    told = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "bash", "gen_ai.tool.call.id": "c"}
    rows = transcript(otlp_json, span(1, told | {"gen_ai.tool.call.result": "queue position 41"}, status=status))
    assert [row.get("is_error") for row in rows if row["kind"] == "tool_result"] == [is_error]


def test_a_status_without_gen_ai_is_an_event_of_no_session(transcript):
    rows = transcript(otlp_json, span(1, {"http.response.status_code": 429, "error.type": "429"}))
    assert [(row.get("session_id"), row["http_status"], row["is_error"], row.get("error_type")) for row in rows] == [
        (None, 429, True, None)
    ]


def test_spans_are_joined_to_the_conversation_that_their_trace_was_named_by(transcript):
    chat = {"gen_ai.operation.name": "chat"}
    rows = transcript(
        otlp_json,
        span(1, chat, traceId="one"),
        span(2, chat | {"gen_ai.conversation.id": "named"}, traceId="two"),
        span(3, chat, traceId="two"),
        span(4, chat | {"gen_ai.conversation.id": "named"}, traceId="three"),
        table="session",
    )
    assert [row["session_id"] for row in rows] == ["one", "named"]


def test_a_repeated_answer_of_a_model_is_a_new_one(transcript):
    answer = {"gen_ai.output.messages": '[{"role":"assistant","parts":[{"type":"text","content":"ok"}]}]'}
    chat, agent = {"gen_ai.operation.name": "chat"} | answer, {"gen_ai.operation.name": "invoke_agent"} | answer
    rows = transcript(otlp_json, span(1, chat), span(2, chat), span(3, agent))
    assert [row["is_replayed"] for row in rows if row["kind"] == "message"] == [False, False, True]


def test_messages_logged_one_by_one_are_counted_by_request(transcript):
    def said(number: int, words: str) -> dict[str, Any]:
        body = {"kvlistValue": {"values": [{"key": "content", "value": {"stringValue": words}}]}}
        return {"traceId": "t", "spanId": str(number), "eventName": "gen_ai.user.message", "body": body}

    records = [said(1, "go on"), said(2, "go on"), said(2, "go on"), said(3, "go on"), said(3, "go on")]
    rows = transcript(otlp_json, {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]})
    assert [row["is_replayed"] for row in rows] == [False, True, False, True, True]


@pytest.mark.parametrize(
    ("head", "grade"),
    [
        (b'{"resourceSpans": [{"resource": {}', Grade.STRONG),
        (b'{"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body"', Grade.NONE),
        (b'{"resourceLogs": [{"scopeLogs": [{"scope": {}, "logRecords": [{"body"', Grade.STRONG),
        (b'{"note": "resourceSpans", "resourceSpans": [{"resource": {}}]}', Grade.NONE),
        (b'{"resourceSpans": []}', Grade.NONE),
    ],
)
def test_recognition(head, grade):
    assert otlp_json.recognise(head, "x") == grade


@pytest.mark.shared
def test_real_traces(shared):
    path = shared / "data/transcripts/otlp_json/test-traces.json"
    data = path.read_bytes()
    assert recognise_head(data[:HEAD_BYTES], "intake/1").chosen == "otlp_json"
    books, tables = golden.tables_of(Source.of_bytes(data), otlp_json)
    assert books.quarantined == 0
    spans = [
        held
        for line in data.splitlines()
        for resource in json.loads(line)["resourceSpans"]
        for scope in resource["scopeSpans"]
        for held in scope["spans"]
    ]
    rows = [row for row in golden.rows_of(tables["transcript"]) if "native_id" in row]
    assert [row["native_id"] for row in rows] == [held["spanId"] for held in spans]
    assert [row["duration_us"] for row in rows] == [
        int(held["endTimeUnixNano"]) // 1000 - int(held["startTimeUnixNano"]) // 1000 for held in spans
    ]
