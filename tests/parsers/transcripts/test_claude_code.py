"""Claude Code sessions: who said what, what was called, what counts once."""

from __future__ import annotations

import json

import golden
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.contract import HEAD_BYTES, Grade
from parsers.source import Source
from parsers.transcripts import claude_code

FOLDER = golden.DATA / "claude_code"
SESSION = (FOLDER / "session.jsonl").read_bytes()
TS = "2026-03-02T08:00:00.000Z"


def line(kind="user", **keys):
    return {"type": kind, "uuid": "u", "parentUuid": None, "sessionId": "s", "timestamp": TS, **keys}


def user(content, **keys):
    return line(message={"role": "user", "content": content}, **keys)


def assistant(*blocks, message_id="m", request="r", usage=None, **keys):
    message = {"id": message_id, "role": "assistant", "model": "claude-x", "content": list(blocks)}
    if usage:
        message["usage"] = usage
    return line("assistant", message=message, requestId=request, **keys)


def call(name="Bash", call_id="t", **arguments):
    return {"type": "tool_use", "id": call_id, "name": name, "input": arguments}


def answer(content, call_id="t", **keys):
    return {"type": "tool_result", "tool_use_id": call_id, "content": content, **keys}


# --- authors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "words", "author"),
    [
        ({}, "Do it.", "human"),
        ({}, "<command-name>/clear</command-name>", "human"),
        ({"isMeta": True}, "Do it.", "harness"),
        ({"isCompactSummary": True}, "Do it.", "harness"),
        ({}, "<local-command-stdout>x</local-command-stdout>", "harness"),
        ({}, "<system-reminder>x</system-reminder>", "harness"),
        ({}, "<task-notification>x</task-notification>", "harness"),
        ({}, "[Request interrupted by user]", "harness"),
        ({"origin": {"kind": "human"}}, "Do it.", "human"),
        ({"origin": {"kind": "task-notification"}}, "Do it.", "harness"),
        ({"isSidechain": True}, "Do it.", "agent"),
        ({"isSidechain": True, "isMeta": True}, "Do it.", "harness"),
        ({"isSidechain": True}, "<system-reminder>x</system-reminder>", "harness"),
    ],
)
def test_who_wrote_a_user_line(transcript, keys, words, author):
    for content in (words, [{"type": "text", "text": words}]):
        (row,) = transcript(claude_code, user(content, **keys))
        assert (row["kind"], row["author"], row["text"]) == ("message", author, words)


def test_a_command_that_a_person_types_into_the_session_is_a_call_of_that_person(transcript):
    (row,) = transcript(claude_code, user("<bash-input> ls -l </bash-input>"))
    assert (row["kind"], row["author"], row["tool_class"], row["command"]) == ("tool_call", "human", "shell", "ls -l")
    (row,) = transcript(claude_code, user("I typed <bash-input>ls</bash-input> before"))
    assert (row["kind"], row["author"], row.get("command")) == ("message", "human", None)


def test_the_model_speaks_as_agent_and_the_harness_in_its_place(transcript):
    said, silent = transcript(
        claude_code,
        assistant({"type": "text", "text": "hello"}),
        line(
            "assistant",
            message={"id": "x", "model": "<synthetic>", "content": [{"type": "text", "text": "No response."}]},
        ),
    )
    assert (said["author"], said["model"]) == ("agent", "claude-x")
    assert silent["author"] == "harness"


# --- calls and answers -----------------------------------------------------------------------------------------------


def test_a_shell_call_keeps_the_command_as_it_was_given(transcript):
    command = "  echo 'a  b' | sort\n"
    (row,) = transcript(claude_code, assistant(call(command=command, description="d"), cwd="/srv"))
    assert (row["tool_class"], row["command"], row["cwd"], row["call_id"]) == ("shell", command, "/srv", "t")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Bash", "shell"),
        ("BashOutput", "shell"),
        ("Read", "file"),
        ("NotebookEdit", "file"),
        ("WebSearch", "web"),
        ("Task", "sub_agent"),
        ("mcp__db__query", "mcp"),
        ("TodoWrite", "other"),
    ],
)
def test_tools_have_a_class_in_call_and_answer(transcript, name, kind):
    called, answered = transcript(claude_code, assistant(call(name)), user([answer("x")]))
    assert (called["tool_class"], answered["tool_class"], answered["tool_name"]) == (kind, kind, name)


@pytest.mark.parametrize(
    ("name", "text", "pids"),
    [
        ("Bash", "[1] 22268", [22268]),
        ("Bash", "x\n[1] 10\n[2] 11\r\ny", [10, 11]),
        ("Bash", "see [1] 2024 for more", None),
        ("Bash", "[1]+  Done  sleep 1", None),
        ("Read", "[1] 22268", None),
    ],
)
def test_process_ids_are_those_a_shell_names(transcript, name, text, pids):
    _, row = transcript(claude_code, assistant(call(name, command="x &")), user([answer(text)]))
    assert row.get("pids") == pids


@pytest.mark.parametrize(
    ("block", "outcome", "expected"),
    [
        (
            answer("Exit code 137\nKilled", is_error=True),
            "Error: Exit code 137\nKilled",
            {"exit_code": 137, "is_error": True},
        ),
        (answer("Exit code 2 is documented here", is_error=False), None, {"is_error": False}),
        (answer("fine"), {"stdout": "fine", "stderr": "", "interrupted": False}, {}),
        (answer("x"), {"stdout": "x", "stderr": "", "exitCode": 3}, {"exit_code": 3}),
        (answer("x"), {"stdout": "x", "stderr": "", "interrupted": True}, {"notes": ["interrupted"]}),
        (
            answer("page"),
            {"code": 429, "codeText": "Too Many Requests", "durationMs": 12},
            {"http_status": 429, "duration_us": 12000},
        ),
        (answer("x"), {"filenames": [], "truncated": True}, {"content_state": "truncated"}),
        (answer("The user doesn't want to proceed", is_error=True), None, {"notes": ["rejected_by_user"]}),
    ],
)
def test_what_an_answer_states(transcript, block, outcome, expected):
    _, row = transcript(claude_code, assistant(call()), user([block], toolUseResult=outcome))
    assert {key: row.get(key) for key in expected} == expected
    if "exit_code" not in expected:
        assert "exit_code" not in row


def test_a_harness_outcome_is_kept_where_it_differs(transcript):
    same, other = transcript(
        claude_code,
        user([answer("out")], toolUseResult={"stdout": "out", "stderr": "", "interrupted": False}),
        user([answer("out\nerr")], toolUseResult={"stdout": "out", "stderr": "err"}, uuid="v"),
    )
    assert "extra" not in same
    assert other["extra"] == '{"toolUseResult":{"stdout":"out","stderr":"err"}}'


@pytest.mark.parametrize(
    ("text", "error_type", "status"),
    [
        ('{"error":{"type":"insufficient_quota","code":"gpu_hours_exhausted"}}', "insufficient_quota", None),
        ('Exit code 22\n{"error":{"type":"tokens","code":"rate_limit_exceeded"}}', "rate_limit_exceeded", None),
        ('{"type":"error","error":{"type":"overloaded_error","message":"x"}}', "overloaded_error", None),
        ('{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"x"}}', "RESOURCE_EXHAUSTED", 429),
        ('{"error":"quota_exceeded","status":403}', "quota_exceeded", 403),
        ('{"error":"You ran out of quota, sorry"}', None, None),
        ('HTTP/1.1 429 Too Many Requests\r\nA: b\r\n\r\n{"error":{"type":"x_limit"}}', "x_limit", 429),
        ("HTTP/2 507 \r\n\r\nfull", None, 507),
        ("HTTP/1.1 200 OK\r\n\r\nok", None, None),
        ('the log says {"error":{"type":"insufficient_quota"}}', None, None),
        ("rate_limit_exceeded", None, None),
        ('{"error":{"type":"insufficient_quota"', None, None),
    ],
)
def test_errors_are_read_from_bodies_not_from_prose(transcript, text, error_type, status):
    (row,) = transcript(claude_code, user([answer(text)]))
    assert (row.get("error_type"), row.get("http_status")) == (error_type, status)


def test_image_data_stays_in_the_evidence(transcript):
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 400}}
    (row,) = transcript(claude_code, user([answer([image])]))
    assert row["content_state"] == "present"
    assert "AAAA" not in row["extra"]
    assert '"data_length":400' in row["extra"]


# --- limits ----------------------------------------------------------------------------------------------------------


def test_limits_that_take_the_place_of_an_answer(transcript):
    def failed(text, **keys):
        content = [{"type": "text", "text": text}]
        message = {"id": "x", "model": "<synthetic>", "content": content}
        return line("assistant", message=message, isApiErrorMessage=True, **keys)

    rows = transcript(
        claude_code,
        failed('API Error: 429 {"type":"error","error":{"type":"rate_limit_error","message":"m"}}'),
        failed("Claude AI usage limit reached|1772442000", error="rate_limit", uuid="v"),
        failed("You are out of credits", error="billing_error", apiErrorStatus=402, uuid="w"),
    )
    assert [(row["kind"], row["author"], row["is_error"]) for row in rows] == [("system_event", "harness", True)] * 3
    assert [row["error_type"] for row in rows] == ["rate_limit_error", "rate_limit", "billing_error"]
    assert [row.get("http_status") for row in rows] == [429, None, 402]
    assert rows[1]["limit_resets_at"] == "2026-03-02T09:00:00.000000Z"


@pytest.mark.parametrize(
    ("error", "error_type", "status"),
    [
        ({"status": 529, "error": {"type": "error", "error": {"type": "overloaded_error"}}}, "overloaded_error", 529),
        ({"cause": {"code": "ECONNRESET"}}, "ECONNRESET", None),
        ({}, None, None),
        ("text", None, None),
    ],
)
def test_api_errors_of_the_harness(transcript, error, error_type, status):
    (row,) = transcript(claude_code, line("system", subtype="api_error", level="error", error=error))
    assert (row.get("error_type"), row.get("http_status"), row["is_error"]) == (error_type, status, True)


# --- reasoning -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("block", "state", "text"),
    [
        ({"type": "thinking", "thinking": "hm", "signature": "x"}, "present", "hm"),
        ({"type": "thinking", "thinking": "", "signature": "x"}, "encrypted", None),
        ({"type": "thinking", "thinking": ""}, "absent", None),
        ({"type": "redacted_thinking", "data": "x"}, "redacted", None),
    ],
)
def test_reasoning_that_is_not_there_is_not_no_reasoning(transcript, block, state, text):
    (row,) = transcript(claude_code, assistant(block))
    assert (row["kind"], row["content_state"], row.get("text")) == ("reasoning", state, text)


# --- usage -----------------------------------------------------------------------------------------------------------


def _usage(output, **keys):
    return {
        "input_tokens": 1,
        "cache_creation_input_tokens": 20,
        "cache_read_input_tokens": 300,
        "output_tokens": output,
        **keys,
    }


def test_usage_counts_once_for_a_response_and_the_last_counts(transcript):
    text = {"type": "text", "text": "x"}
    rows = transcript(
        claude_code,
        assistant(text, usage=_usage(1), uuid="a"),
        assistant(text, usage=_usage(5), message_id="n", request="q", uuid="b"),
        assistant(text, usage=_usage(9), uuid="c"),
        assistant(text, usage=_usage(7), request="another", uuid="d"),
        assistant(text, usage=_usage(1), uuid="a"),
    )
    usage = [row for row in rows if row["kind"] == "usage"]
    assert [(row["output_tokens"], row["usage_is_primary"]) for row in usage] == [
        (1, False),
        (5, True),
        (9, True),
        (7, True),
        (1, False),
    ]
    assert {(row["input_tokens"], row["cached_input_tokens"]) for row in usage} == {(321, 300)}
    assert usage[-1]["is_replayed"]


def test_usage_is_held_for_so_many_responses_only(transcript, monkeypatch):
    monkeypatch.setattr("parsers.transcripts.usage.HELD", 2)
    text = {"type": "text", "text": "x"}
    order = [("a", 1), ("b", 2), ("c", 3), ("d", 4), ("c", 5), ("a", 6)]
    rows = transcript(
        claude_code,
        *(assistant(text, usage=_usage(n), message_id=m, uuid=f"{m}{n}") for m, n in order),
    )
    counted = [row["output_tokens"] for row in rows if row.get("usage_is_primary")]
    assert counted == [1, 2, 4, 5]


def test_usage_without_a_message_id_counts_for_itself(transcript):
    rows = transcript(
        claude_code, *(line("assistant", message={"content": [], "usage": _usage(2)}, uuid=u) for u in "ab")
    )
    assert [row["usage_is_primary"] for row in rows] == [True, True]


def test_counts_no_column_holds_stay_in_extra(transcript):
    (row,) = transcript(claude_code, assistant(usage={"input_tokens": 10**30, "output_tokens": True}))
    assert "input_tokens" not in row
    assert row["extra"] == '{"input_tokens":1000000000000000000000000000000,"output_tokens":true}'


# --- copies and branches ---------------------------------------------------------------------------------------------


def test_a_record_written_twice_is_a_copy_only_if_it_says_the_same(transcript):
    rows = transcript(claude_code, user("a"), user("a", cwd="/elsewhere"), user("b"), user("a", uuid="v"))
    assert [row["is_replayed"] for row in rows] == [False, True, False, False]


def test_sub_agents_have_sessions_of_their_own(transcript):
    nested = {
        "type": "assistant",
        "uuid": "n",
        "timestamp": TS,
        "requestId": "q",
        "message": {"id": "k", "model": "small", "content": [call(command="ls")]},
    }
    progress = line(
        "progress",
        data={"type": "agent_progress", "agentId": "a1", "message": nested, "prompt": "look"},
        parentToolUseID="task",
    )
    own = assistant(call(command="ls"), isSidechain=True, agentId="a1", uuid="n", message_id="k", request="q")
    older = user("go", isSidechain=True, uuid="o")
    rows = transcript(claude_code, user("x"), progress, own, older)
    assert [row["session_id"] for row in rows] == ["s", "s/agent-a1", "s/agent-a1", "s/sidechain"]
    assert [row["is_replayed"] for row in rows] == [False, False, True, False]
    assert rows[1]["parent_id"] == "task"
    sessions = transcript(claude_code, user("x"), progress, own, older, table="session")
    assert [(row["session_id"], row["kind"], row.get("parent_session_id")) for row in sessions] == [
        ("s", "root", None),
        ("s/agent-a1", "sub_agent", "s"),
        ("s/sidechain", "sub_agent", "s"),
    ]


def test_sessions_that_go_on_from_others(transcript):
    first = user("a", uuid="1")
    forked = user("a", uuid="2", sessionId="f", forkedFrom={"sessionId": "s", "messageUuid": "1"})
    resumed = user("b", uuid="3", sessionId="r", parentUuid="1")
    cut = user("c", uuid="4", sessionId="x", parentUuid="who knows")
    sessions = transcript(claude_code, first, forked, resumed, cut, table="session")
    assert [(row["session_id"], row["kind"], row.get("parent_session_id")) for row in sessions] == [
        ("s", "root", None),
        ("f", "fork", "s"),
        ("r", "resumed", "s"),
        ("x", "resumed", None),
    ]


def test_titles_come_from_summaries_and_later_ones_win(transcript):
    summary = {"type": "summary", "summary": "About a", "leafUuid": "1"}
    (row,) = transcript(claude_code, summary, user("a", uuid="1"), table="session")
    assert row["title"] == "About a"
    (row,) = transcript(claude_code, user("a", uuid="1"), summary, table="session")
    assert row["title"] == "About a"
    title = {"type": "custom-title", "customTitle": "Mine", "sessionId": "s"}
    (row,) = transcript(claude_code, summary, user("a", uuid="1"), title, table="session")
    assert row["title"] == "Mine"


def test_lines_without_time_or_session_get_none(transcript):
    (row,) = transcript(claude_code, {"type": "file-history-snapshot", "messageId": "1", "snapshot": {"timestamp": TS}})
    assert not {"ts", "session_id"} & row.keys()
    assert row["parent_id"] == "1"


def test_order_in_the_file_is_kept_whatever_the_times_say(transcript):
    rows = transcript(
        claude_code, user("a", timestamp="2026-03-02T08:00:05Z"), user("b", uuid="v", timestamp="2026-03-02T08:00:01Z")
    )
    assert [row["seq"] for row in rows] == [0, 1]
    assert [row["ts"] for row in rows] == ["2026-03-02T08:00:05.000000Z", "2026-03-02T08:00:01.000000Z"]
    (session,) = transcript(
        claude_code,
        *([user("a", timestamp="2026-03-02T08:00:05Z"), user("b", uuid="v", timestamp="2026-03-02T08:00:01Z")]),
        table="session",
    )
    assert (session["ts"], session["ts_end"]) == ("2026-03-02T08:00:01.000000Z", "2026-03-02T08:00:05.000000Z")


def test_permissions_are_kept(transcript):
    (row,) = transcript(claude_code, user("a", permissionMode="bypassPermissions"))
    assert row["approval_policy"] == "bypassPermissions"
    (session,) = transcript(claude_code, user("a", permissionMode="bypassPermissions"), table="session")
    assert session["approval_policy"] == "bypassPermissions"


# --- recognition -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        b'{"ts":1.0,"uid":"C1","id.orig_h":"10.0.0.1","proto":"tcp"}\n',
        b'{"timestamp":"2026-01-01T00:00:00.0+0000","flow_id":1,"event_type":"flow","src_ip":"10.0.0.1"}\n',
        b'{"resourceSpans":[{"scopeSpans":[]}]}\n',
        b'{"output":"x","priority":"Notice","rule":"r","time":"2026-01-01T00:00:00Z","output_fields":{}}\n',
        b'{"Records":[{"eventVersion":"1.08","eventName":"RunInstances"}]}',
        b'{"eventVersion":"1.08","eventTime":"2026-01-01T00:00:00Z","eventName":"RunInstances"}\n',
        b'{"sessionId":"s","projectHash":"h","messages":[]}',
        b'{"uuid":"u","sessionId":"s","type":"user","message":{"role":"user","parts":[{"text":"x"}]}}\n',
        b'{"type":"session.start","data":{"sessionId":"s"},"id":"1","timestamp":"x"}\n',
        b'{"type":"assistant","message":{"role":"assistant","content":[]},"session_id":"s"}\n',
        b'{"messages":[{"role":"user","content":"x"}],"response":{"choices":[]}}\n',
    ],
)
def test_other_json_is_not_claimed(head):
    assert claude_code.recognise(head, "session.jsonl") == Grade.NONE


def test_a_first_line_longer_than_the_head_is_recognised():
    long = golden.Source.of_bytes(b"")  # names lie: none is needed
    assert long.size == 0
    message = (
        '{"parentUuid":null,"isSidechain":false,"sessionId":"s","type":"user","message":{"content":"' + "x" * HEAD_BYTES
    )
    assert claude_code.recognise(message.encode()[:HEAD_BYTES], "x") == Grade.STRONG
    assert claude_code.recognise(b'{"sessionId":"s","messages":["' + b"x" * HEAD_BYTES, "x") == Grade.NONE


def test_some_damage_does_not_hide_the_format():
    assert claude_code.recognise((FOLDER / "damaged.jsonl").read_bytes(), "x") == Grade.STRONG
    assert claude_code.recognise(SESSION[17:], "x") == Grade.STRONG


# --- damage ----------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_values_of_any_kind_are_read_without_loss(scrambled_values, seed):
    data = scrambled_values(SESSION, seed)
    books, tables = golden.tables_of(Source.of_bytes(data), claude_code)
    assert books.records + books.quarantined == sum(bool(text) for text in data.split(b"\n"))
    for rows in tables.values():
        rows.validate(full=True)
    reasons = tables["quarantine"].column("reason").to_pylist() if "quarantine" in tables else []
    assert all(reason.startswith("a JSON ") for reason in reasons)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(SESSION) - 1), st.binary(min_size=1, max_size=6))
def test_damage_stays_where_it_is(at, put_in):
    data = SESSION[:at] + put_in + SESSION[at + len(put_in) :]
    books, tables = golden.tables_of(Source.of_bytes(data), claude_code)
    assert books.stream_bytes == len(data)
    before = data.count(b"\n", 0, at)
    carried = set(claude_code.FORMAT.carried)

    def above(tables):
        rows = golden.rows_of(tables["transcript"])
        return [
            {k: v for k, v in row.items() if k not in carried}
            for row in rows
            if row["line"] <= before and row["kind"] != "usage"
        ]

    _, whole = golden.tables_of(Source.of_bytes(SESSION), claude_code)
    assert above(tables) == above(whole)


# --- reference evidence ----------------------------------------------------------------------------------------------


@pytest.mark.shared
def test_the_lab_transcript_names_quota_and_process(shared, transcript):
    path = next((shared / "data/lab/incident-a/evidence/transcripts").glob("*.jsonl"))
    _, tables = golden.tables_of(Source.of_file(path), claude_code)
    rows = golden.rows_of(tables["transcript"])
    assert [(row["line"], row["error_type"]) for row in rows if "error_type" in row] == [(13, "insufficient_quota")]
    assert [(row["line"], row["pids"]) for row in rows if "pids" in row] == [(31, [22268])]
    commands = [row for row in rows if row["kind"] == "tool_call"]
    assert len(commands) == 19
    assert all(row["tool_class"] == "shell" and row["command"] for row in commands)
    assert {row["author"] for row in rows if row["kind"] == "message"} == {"human"}


METAS = {
    "of a sub-agent": ({"agentType": "Explore", "description": "look", "toolUseId": "t", "spawnDepth": 1}, True),
    "of a workflow": ({"agentType": "workflow-subagent", "spawnDepth": 1}, True),
    "a type alone": ({"agentType": "Explore"}, False),
    "something else": ({"agentType": "Explore", "tokens": 3}, False),
}


@pytest.mark.parametrize(("value", "ours"), METAS.values(), ids=METAS)
def test_the_note_beside_a_sub_agent(transcript, value, ours):
    head = json.dumps(value).encode()
    assert (claude_code.recognise(head, "x.json") == Grade.STRONG) == ours
    (row,) = transcript(claude_code, value)
    if ours:
        assert (row["native_type"], row.get("call_id"), row.get("text")) == (
            "agent_meta",
            value.get("toolUseId"),
            value.get("description"),
        )


def test_an_answer_kept_beside_the_session_is_truncated(transcript):
    words = "<persisted-output>\nOutput too large (42.8KB). Full output saved to: /x.txt\n\nPreview (first 2KB):\na"
    block = {"type": "tool_result", "tool_use_id": "t", "content": words}
    (row,) = transcript(
        claude_code, {"type": "user", "sessionId": "s", "uuid": "u", "message": {"role": "user", "content": [block]}}
    )
    assert (row["content_state"], row["notes"]) == ("truncated", ["persisted_output"])
