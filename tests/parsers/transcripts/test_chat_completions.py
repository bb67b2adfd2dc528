"""Logs of Chat Completions: what is new in a request, what was only sent again, what the API refused."""

from __future__ import annotations

import json

import golden
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.contract import HEAD_BYTES, Grade
from parsers.source import Source
from parsers.transcripts import chat_completions

FOLDER = golden.DATA / "chat_completions"
PROXY = (FOLDER / "proxy.jsonl").read_bytes()
SYSTEM = {"role": "system", "content": "You help."}
PROMPT = {"role": "user", "content": "Go."}


def calling(call_id="c", text="I run it.", **arguments):
    function = {"name": "bash", "arguments": json.dumps(arguments or {"command": "ls"})}
    return {
        "role": "assistant",
        "content": text,
        "tool_calls": [{"id": call_id, "type": "function", "function": function}],
    }


def told(text, call_id="c", **keys):
    return {"role": "tool", "tool_call_id": call_id, "content": text, **keys}


def exchange(messages, answer=None, response_id="r", **keys):
    value = {"messages": messages, "timestamp": 1772000000.5, **keys}
    if answer is not None:
        usage = {"prompt_tokens": 10, "completion_tokens": 2}
        value["response"] = {
            "id": response_id,
            "model": "m",
            "created": 1772000000,
            "choices": [{"message": answer}],
            "usage": usage,
        }
    return value


def _said(rows):
    return [(row["native_type"], row.get("text"), row["is_replayed"]) for row in rows if row["kind"] == "message"]


# --- what was sent again ---------------------------------------------------------------------------------------------


def test_a_request_repeats_its_conversation(transcript):
    first = [SYSTEM, PROMPT]
    again = [SYSTEM, PROMPT, {**calling(), "content": [{"type": "text", "text": "I run it."}]}, told("out")]
    rows = transcript(
        chat_completions,
        exchange(first, calling(), "r1"),
        exchange(again, {"role": "assistant", "content": "Done."}, "r2"),
    )
    assert _said(rows) == [
        ("request/system", "You help.", False),
        ("request/user", "Go.", False),
        ("response/assistant", "I run it.", False),
        ("request/system", "You help.", True),
        ("request/user", "Go.", True),
        ("request/assistant", "I run it.", True),
        ("response/assistant", "Done.", False),
    ]
    calls = [row for row in rows if row["kind"] == "tool_call"]
    assert [(row["command"], row["is_replayed"]) for row in calls] == [("ls", False), ("ls", True)]
    (answered,) = [row for row in rows if row["kind"] == "tool_result"]
    assert (answered["is_replayed"], answered["tool_name"], answered["tool_class"]) == (False, "bash", "shell")
    assert len({row["session_id"] for row in rows}) == 1


def test_the_same_words_said_twice_are_two_messages(transcript):
    yes = {"role": "assistant", "content": "Yes."}
    rows = transcript(
        chat_completions,
        exchange([PROMPT], yes, "r1"),
        exchange([PROMPT, yes, PROMPT], yes, "r2"),
        exchange([PROMPT, yes, PROMPT, yes, PROMPT], yes, "r3"),
    )
    assert [replayed for _, _, replayed in _said(rows)] == [False] * 2 + [True, True, False, False] + [True] * 4 + [
        False
    ] * 2


def test_a_history_that_was_cut_short_is_still_a_copy(transcript):
    rows = transcript(
        chat_completions,
        exchange([SYSTEM, PROMPT], calling("c1"), "r1"),
        exchange([SYSTEM, PROMPT, calling("c1"), told("one", "c1")], calling("c2"), "r2"),
        exchange(
            [SYSTEM, PROMPT, calling("c1"), calling("c2"), told("two", "c2")],
            {"role": "assistant", "content": "x"},
            "r3",
        ),
    )
    last = [row for row in rows if row["record"] == 3 and row["native_type"].startswith("request/")]
    assert [row["is_replayed"] for row in last] == [True] * 6 + [False]


def test_runs_with_the_same_prompt_are_told_apart(transcript):
    rows = transcript(
        chat_completions,
        exchange([SYSTEM, PROMPT], calling("run-a"), "r1"),
        exchange([SYSTEM, PROMPT], calling("run-b"), "r2"),
        exchange([SYSTEM, PROMPT, calling("run-a"), told("x", "run-a")], {"role": "assistant", "content": "x"}, "r3"),
    )
    sessions = [row["session_id"] for row in rows if row["native_type"] == "request"]
    assert sessions[0] == sessions[2] != sessions[1]
    assert [row["is_replayed"] for row in rows if row["native_type"] == "request/user"] == [False, False, True]


def test_a_retry_is_the_same_conversation(transcript):
    refused = exchange([PROMPT], error={"type": "insufficient_quota", "message": "m"}, status_code=429)
    rows = transcript(chat_completions, refused, refused, exchange([PROMPT], calling(), "r"))
    assert len({row["session_id"] for row in rows}) == 1
    assert [row["is_replayed"] for row in rows if row["native_type"] == "request/user"] == [False, True, True]


def test_the_id_of_a_conversation_is_the_same_in_every_file(transcript):
    whole = exchange([SYSTEM, PROMPT], calling(), "r1")
    later = exchange([SYSTEM, PROMPT, calling(), told("x")], {"role": "assistant", "content": "x"}, "r2")
    (one,), (other,) = (transcript(chat_completions, value, table="session") for value in (whole, later))
    assert one["session_id"] == other["session_id"]
    assert one["notes"] == ["session_id_derived"]


@pytest.mark.parametrize(
    "keys",
    [
        {"session_id": "night"},
        {"metadata": {"conversation_id": "night"}},
        {"kwargs": {"extra_body": {"metadata": {"session_id": "night"}}}},
    ],
)
def test_a_conversation_that_is_named_keeps_its_name(transcript, keys):
    (session,) = transcript(chat_completions, exchange([PROMPT], calling(), **keys), table="session")
    assert session["session_id"] == "night"
    assert "notes" not in session


# --- times -----------------------------------------------------------------------------------------------------------


def test_only_the_answer_has_the_time_of_the_log(transcript):
    rows = transcript(chat_completions, exchange([PROMPT], calling(), latency_sec=1.5))
    assert [row.get("ts") for row in rows] == [None, None] + ["2026-02-25T06:13:20.500000Z"] * 3
    assert rows[1]["duration_us"] == 1_500_000


@pytest.mark.parametrize(
    ("keys", "ts"),
    [
        ({"timestamp": "2026-02-25T07:00:00Z"}, "2026-02-25T07:00:00.000000Z"),
        ({"timestamp": None}, "2026-02-25T06:13:20.000000Z"),  # of the response
        ({"timestamp": "soon"}, "2026-02-25T06:13:20.000000Z"),
        ({"timestamp": None, "endTime": 1772000001}, "2026-02-25T06:13:21.000000Z"),
    ],
)
def test_times_are_read_where_they_stand(transcript, keys, ts):
    assert transcript(chat_completions, exchange([PROMPT], calling(), **keys))[-1]["ts"] == ts


# --- errors and limits -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "error_type", "status"),
    [
        (
            exchange([PROMPT], error={"type": "insufficient_quota", "code": "insufficient_quota"}, status_code=429),
            "insufficient_quota",
            429,
        ),
        (
            {
                "request": {"messages": [PROMPT]},
                "response": {"error": {"type": "requests", "code": "rate_limit_exceeded"}},
                "status": 429,
            },
            "rate_limit_exceeded",
            429,
        ),
        (
            {
                "request": {"messages": [PROMPT]},
                "response_body": '{"error":{"type":"server_error"}}',
                "http_status": 500,
            },
            "server_error",
            500,
        ),
        ({"request": {"messages": [PROMPT]}, "response": {}, "status_code": 503}, None, 503),
        (exchange([PROMPT], error="connection refused"), None, None),
        (exchange([PROMPT], exception="RateLimitError"), "RateLimitError", None),
    ],
)
def test_refusals_of_the_api(transcript, value, error_type, status):
    (row,) = [row for row in transcript(chat_completions, value) if row["native_type"] == "error"]
    assert (row["is_error"], row.get("error_type"), row.get("http_status")) == (True, error_type, status)


def test_an_error_body_as_a_tools_answer(transcript):
    (row,) = [
        row
        for row in transcript(
            chat_completions, exchange([PROMPT, told('{"error":{"code":"quota_exceeded"}}')], calling())
        )
        if row["kind"] == "tool_result"
    ]
    assert row["error_type"] == "quota_exceeded"


# --- pieces ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"role": "developer", "content": "x"}, [("message", "harness")]),
        ({"role": "user", "content": "x"}, [("message", "human")]),
        ({"role": "user", "content": "EXECUTION RESULT of [bash]:\nx"}, [("message", "tool")]),
        ({"role": "assistant", "content": "x"}, [("message", "agent")]),
        (
            {"role": "assistant", "content": None, "tool_calls": [{"id": "a", "function": {"name": "f"}}]},
            [("tool_call", "agent")],
        ),
        (
            {"role": "assistant", "content": "", "function_call": {"name": "f", "arguments": "{}"}},
            [("tool_call", "agent")],
        ),
        (
            {"role": "assistant", "content": "x", "reasoning_content": "why"},
            [("reasoning", "agent"), ("message", "agent")],
        ),
        (
            {"role": "assistant", "content": "x", "thinking_blocks": [{"type": "redacted_thinking"}]},
            [("reasoning", "agent"), ("message", "agent")],
        ),
        ({"role": "assistant", "content": None}, [("message", "agent")]),
        ({"role": "tool", "content": "x"}, [("tool_result", "tool")]),
        ({"role": "function", "name": "f", "content": "x"}, [("tool_result", "tool")]),
    ],
)
def test_pieces_of_a_message(transcript, message, expected):
    rows = transcript(chat_completions, exchange([message]))
    assert [(row["kind"], row["author"]) for row in rows if row["native_type"] != "request"] == expected


def test_usage_counts_once_for_a_response(transcript):
    rows = transcript(chat_completions, *(exchange([PROMPT], calling(), "same", cost=0.25),) * 2)
    usage = [row for row in rows if row["kind"] == "usage"]
    assert [(row["usage_is_primary"], row["is_replayed"]) for row in usage] == [(True, False), (False, True)]
    assert (usage[0]["input_tokens"], usage[0]["output_tokens"], usage[0]["cost_usd"]) == (
        10,
        2,
        "0.25000000000000000000",
    )


def test_messages_before_they_were_written_into_a_prompt_are_preferred(transcript):
    value = exchange(
        [{"role": "user", "content": "EXECUTION RESULT of [bash]:\nx"}], calling(), raw_messages=[told("x")]
    )
    rows = transcript(chat_completions, value)
    assert rows[0]["kind"] == "tool_result"
    assert "EXECUTION RESULT" in rows[1]["extra"]


def test_what_has_no_column_is_kept(transcript):
    value = exchange([PROMPT], calling(), tools=[{"x": 1}], kwargs={"temperature": 0.5}, note=None)
    (sent,) = [row for row in transcript(chat_completions, value) if row["native_type"] == "request"]
    assert json.loads(sent["extra"]) == {
        "tools": [{"x": 1}],
        "request": {"temperature": 0.5},
        "response": {"choices": [{}]},
    }


# --- recognition and damage ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        (exchange([PROMPT], calling()), Grade.STRONG),
        ({"object": "chat.completion", "choices": []}, Grade.STRONG),
        ({"model": "m", "messages": [PROMPT]}, Grade.PROBABLE),
        ({"messages": [PROMPT]}, Grade.NONE),
        ({"messages": [PROMPT], "info": {}, "trajectory_format": "x"}, Grade.NONE),
        ({"messages": ["x"], "response": {"choices": [{"message": {}}]}}, Grade.NONE),
        ({"request": {"uri": "/"}, "response": {"status": 200}, "status": 500}, Grade.NONE),
        ({"eventName": "x", "errorCode": "y"}, Grade.NONE),
        ({"type": "user", "message": {"role": "user", "content": "x"}, "uuid": "u", "sessionId": "s"}, Grade.NONE),
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_recognition(value, grade, indent):
    assert chat_completions.recognise((json.dumps(value, indent=indent) + "\n").encode(), "x.json") == grade
    assert chat_completions.recognise((json.dumps([value, value], indent=indent) + "\n").encode(), "x.json") == grade


def test_a_request_longer_than_the_head_is_probable():
    for indent in (None, 1):
        long = json.dumps(
            exchange([SYSTEM, {"role": "user", "content": "x" * HEAD_BYTES}], calling()), indent=indent
        ).encode()
        assert chat_completions.recognise(long[:HEAD_BYTES], "x") == Grade.PROBABLE


def test_a_document_and_its_lines_say_the_same(transcript):
    values = [exchange([PROMPT], calling(f"c{number}"), f"r{number}") for number in range(3)]
    free = {"record", "line", "offset", "length"}

    def rows(data):
        _, tables = golden.tables_of(Source.of_bytes(data), chat_completions)
        return [{k: v for k, v in row.items() if k not in free} for row in golden.rows_of(tables["transcript"])]

    lines = rows("".join(json.dumps(value) + "\n" for value in values).encode())
    assert rows(json.dumps(values, indent=2).encode()) == lines
    assert rows("\n".join(json.dumps(value, indent=1) for value in values).encode()) == lines


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["proxy.jsonl", "array.json", "exchange.json"]))
def test_values_of_any_kind_are_read_without_loss(scrambled_values, seed, sample):
    data = (FOLDER / sample).read_bytes()
    if sample.endswith(".json"):
        data = json.dumps(json.loads(data)).encode()
    data = scrambled_values(data, seed)
    assert isinstance(chat_completions.recognise(data, "x"), Grade)
    _, tables = golden.tables_of(Source.of_bytes(data), chat_completions)
    for rows in tables.values():
        rows.validate(full=True)
    reasons = tables["quarantine"].column("reason").to_pylist() if "quarantine" in tables else []
    assert all(reason.startswith("a JSON ") for reason in reasons)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(PROXY) - 1), st.binary(min_size=1, max_size=6))
def test_damage_stays_where_it_is(at, put_in):
    data = PROXY[:at] + put_in + PROXY[at + len(put_in) :]
    books, tables = golden.tables_of(Source.of_bytes(data), chat_completions)
    assert books.stream_bytes == len(data)
    before = data.count(b"\n", 0, at)
    carried = set(chat_completions.FORMAT.carried)

    def above(tables):
        rows = golden.rows_of(tables["transcript"]) if "transcript" in tables else []
        return [{k: v for k, v in row.items() if k not in carried} for row in rows if row["line"] <= before]

    _, whole = golden.tables_of(Source.of_bytes(PROXY), chat_completions)
    assert above(tables) == above(whole)
