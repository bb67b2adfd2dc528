"""Claude Code's printed runs: the pieces of a session file under other names, and how the run ended."""

from __future__ import annotations

import golden
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.contract import Grade
from parsers.source import Source
from parsers.transcripts import claude_code, claude_stream

RUN = (golden.DATA / "claude_stream" / "run.jsonl").read_bytes()


def printed(kind, **keys):
    return {"type": kind, "session_id": "s", "parent_tool_use_id": None, "uuid": "u", **keys}


def said(kind, *blocks, **keys):
    return printed(kind, message={"id": "m", "role": kind, "model": "x", "content": list(blocks)}, **keys)


def test_a_printed_line_reads_as_its_session_line(transcript):
    call = {"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "ls"}}
    (row,) = transcript(claude_stream, said("assistant", call))
    (other,) = transcript(
        claude_code,
        {"type": "assistant", "sessionId": "s", "uuid": "u", "message": said("assistant", call)["message"]},
    )
    place = {"length"}
    assert {k: v for k, v in row.items() if k not in place} == {k: v for k, v in other.items() if k not in place}


def test_sub_agents_are_named_after_the_call_that_started_them(transcript):
    prompt = said("user", {"type": "text", "text": "go"}, parent_tool_use_id="toolu_9")
    (row,) = transcript(claude_stream, prompt)
    assert (row["session_id"], row["author"], row["parent_id"]) == ("s/agent-toolu_9", "agent", "toolu_9")
    (session,) = transcript(claude_stream, prompt, table="session")
    assert (session["kind"], session["parent_session_id"]) == ("sub_agent", "s")


@pytest.mark.parametrize(
    ("subtype", "error_type"),
    [("success", None), ("error_max_turns", "error_max_turns"), ("error_max_budget_usd", "error_max_budget_usd")],
)
def test_why_a_run_ended(transcript, subtype, error_type):
    usage = {"input_tokens": 1, "output_tokens": 2}
    (row,) = transcript(
        claude_stream,
        printed("result", subtype=subtype, is_error=bool(error_type), usage=usage, total_cost_usd=0.5, duration_ms=7),
    )
    assert (row.get("error_type"), row["is_error"], row["usage_is_primary"]) == (error_type, bool(error_type), False)
    assert (row["cost_usd"], row["duration_us"], row["output_tokens"]) == ("0.50000000000000000000", 7000, 2)


@pytest.mark.parametrize(
    ("info", "percent", "error_type"),
    [
        ({"status": "allowed_warning", "utilization": 0.925, "rateLimitType": "five_hour"}, "92.5000", None),
        ({"status": "rejected", "utilization": 1, "rateLimitType": "seven_day"}, "100.0000", "seven_day"),
        ({"status": "allowed"}, None, None),
    ],
)
def test_limits(transcript, info, percent, error_type):
    (row,) = transcript(claude_stream, printed("rate_limit_event", rate_limit_info=info))
    assert (row.get("limit_used_percent"), row.get("error_type")) == (percent, error_type)


def test_permissions_of_a_run(transcript):
    init = printed("system", subtype="init", cwd="/w", model="m", permissionMode="bypassPermissions", tools=[])
    (session,) = transcript(claude_stream, init, table="session")
    assert (session["approval_policy"], session["cwd"], session["model"]) == ("bypassPermissions", "/w", "m")


def test_words_in_the_making_are_kept(transcript):
    event = {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "so f"}}
    (row,) = transcript(claude_stream, printed("stream_event", event=event))
    assert (row["kind"], row["author"], row["text"]) == ("system_event", "agent", "so f")


@pytest.mark.parametrize(
    "head",
    [
        b'{"type":"assistant","message":{"role":"assistant","content":[]},"session_id":"s"}\n',
        b'{"type":"system","subtype":"init","session_id":"s","cwd":"/","model":"m","permissionMode":"default"}\n',
        b'{"type":"result","subtype":"success","session_id":"s","duration_ms":1}\n',
        b'{"type":"user","uuid":"u","sessionId":"s","message":{"content":"x"}}\n',
    ],
)
def test_other_streams_are_not_claimed(head):
    assert claude_stream.recognise(head, "run.jsonl") == Grade.NONE


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_values_of_any_kind_are_read_without_loss(scrambled_values, seed):
    data = scrambled_values(RUN, seed)
    assert isinstance(claude_stream.recognise(data, "x"), Grade)
    books, tables = golden.tables_of(Source.of_bytes(data), claude_stream)
    assert books.records + books.quarantined == sum(bool(text) for text in data.split(b"\n"))
    for rows in tables.values():
        rows.validate(full=True)
    reasons = tables["quarantine"].column("reason").to_pylist() if "quarantine" in tables else []
    assert all(reason.startswith("a JSON ") for reason in reasons)


ENDS = {
    "an error of the API": (
        "success",
        'API Error: 429 {"error":{"type":"rate_limit_error"}}',
        ("rate_limit_error", 429, None),
    ),
    "a limit with its reset": (
        "success",
        "Claude AI usage limit reached|1767268800",
        (None, None, "2026-01-01T12:00:00.000000Z"),
    ),
    "too many turns": ("error_max_turns", None, ("error_max_turns", None, None)),
}


@pytest.mark.parametrize(("subtype", "words", "expected"), ENDS.values(), ids=ENDS)
def test_what_the_api_said_at_the_end(transcript, subtype, words, expected):
    ended = printed("result", subtype=subtype, is_error=True, num_turns=1, duration_api_ms=1, result=words)
    (row,) = transcript(claude_stream, ended)
    assert tuple(row.get(key) for key in ("error_type", "http_status", "limit_resets_at")) == expected
