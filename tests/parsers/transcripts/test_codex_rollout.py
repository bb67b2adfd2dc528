"""Codex rollouts: permissions, limits, executions, and what stands in the file twice."""

from __future__ import annotations

import json

import golden
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.contract import HEAD_BYTES, Grade
from parsers.source import Source
from parsers.transcripts import codex_rollout
from parsers.transcripts.mirrors import HELD

FOLDER = golden.DATA / "codex_rollout"
ROLLOUT = next(FOLDER.glob("rollout-*")).read_bytes()
TS = "2026-04-01T09:00:00.000Z"
META = {"timestamp": TS, "type": "session_meta", "payload": {"id": "s", "cwd": "/home"}}


def line(kind, timestamp=TS, **payload):
    return {"timestamp": timestamp, "type": kind, "payload": payload}


def item(kind, **payload):
    return line("response_item", type=kind, **payload)


def event(kind, **payload):
    return line("event_msg", type=kind, **payload)


def message(role, *texts):
    return item("message", role=role, content=[{"type": "input_text", "text": text} for text in texts])


def call(arguments, name="shell", call_id="c"):
    return item("function_call", name=name, arguments=json.dumps(arguments), call_id=call_id)


# --- permissions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "kind", "network", "notes"),
    [
        ({"type": "workspace-write", "network_access": True}, "workspace-write", True, None),
        ({"type": "workspace-write"}, "workspace-write", False, ["network_access_by_policy"]),
        ({"type": "danger-full-access"}, "danger-full-access", True, ["network_access_by_policy"]),
        ({"type": "read-only"}, "read-only", False, ["network_access_by_policy"]),
        ({"mode": "workspace-write", "network_access": False}, "workspace-write", False, None),
        ({"type": "external-sandbox", "network_access": "enabled"}, "external-sandbox", True, None),
        ({"type": "external-sandbox", "network_access": "restricted"}, "external-sandbox", False, None),
        ({"type": "later-policy"}, "later-policy", None, None),
        ("danger-full-access", "danger-full-access", True, ["network_access_by_policy"]),
        (None, None, None, None),
    ],
)
def test_what_a_turn_permits(transcript, policy, kind, network, notes):
    (row,) = transcript(
        codex_rollout, line("turn_context", cwd="/w", model="m", approval_policy="never", sandbox_policy=policy)
    )
    assert (row["approval_policy"], row.get("sandbox_policy"), row.get("network_access")) == ("never", kind, network)
    assert row.get("notes") == notes


def test_the_session_has_the_first_turns_permissions_and_directory(transcript):
    turns = [
        line("turn_context", cwd=cwd, approval_policy=policy) for cwd, policy in (("/a", "on-request"), ("/b", "never"))
    ]
    rows = transcript(
        codex_rollout, META, turns[0], call({"command": ["ls"]}), turns[1], call({"command": ["ls"]}, call_id="d")
    )
    assert [row["cwd"] for row in rows if row["kind"] == "tool_call"] == ["/a", "/b"]
    (session,) = transcript(codex_rollout, META, *turns, table="session")
    assert (session["approval_policy"], session["cwd"]) == ("on-request", "/home")


def test_a_granular_approval_policy_keeps_its_details(transcript):
    (row,) = transcript(codex_rollout, line("turn_context", approval_policy={"granular": {"sandbox_approval": True}}))
    assert row["approval_policy"] == "granular"
    assert '"sandbox_approval":true' in row["extra"]


# --- limits ----------------------------------------------------------------------------------------------------------


def _tokens(total, last, **rate_limits):
    info = {
        "total_token_usage": {"output_tokens": total},
        "last_token_usage": {"input_tokens": 9, "cached_input_tokens": 4, "output_tokens": last},
    }
    return event("token_count", info=info, rate_limits=rate_limits or None)


def test_running_totals_are_not_added_up(transcript):
    rows = transcript(codex_rollout, _tokens(5, 5), _tokens(8, 3), _tokens(8, 3), _tokens(11, 3))
    assert [row["output_tokens"] for row in rows if row["usage_is_primary"]] == [5, 3, 3]
    assert rows[0]["input_tokens"] == 9
    assert rows[0]["cached_input_tokens"] == 4


@pytest.mark.parametrize(
    ("window", "percent", "resets", "notes"),
    [
        ({"used_percent": 93.25, "resets_at": 1775040000}, "93.2500", "2026-04-01T10:40:00.000000Z", None),
        (
            {"used_percent": 100, "resets_in_seconds": 60},
            "100.0000",
            "2026-04-01T09:01:00.000000Z",
            ["resets_in_seconds"],
        ),
        ({"used_percent": 1.123456}, None, None, None),
        ({"used_percent": "93"}, None, None, None),
        ({"used_percent": 10**40, "resets_at": 10**40}, None, None, None),
    ],
)
def test_rate_limits_are_columns(transcript, window, percent, resets, notes):
    (row,) = transcript(codex_rollout, _tokens(1, 1, primary=window))
    assert (row.get("limit_used_percent"), row.get("limit_resets_at"), row.get("notes")) == (percent, resets, notes)
    assert str(window["used_percent"])[:10] in row["extra"]


def test_a_second_window_is_a_row_that_counts_no_tokens(transcript):
    first, second = transcript(
        codex_rollout, _tokens(1, 1, primary={"used_percent": 10}, secondary={"used_percent": 99})
    )
    assert (first["limit_used_percent"], first["usage_is_primary"]) == ("10.0000", True)
    assert (second["limit_used_percent"], second["usage_is_primary"]) == ("99.0000", False)
    assert "output_tokens" not in second


def test_limits_without_usage_are_kept(transcript):
    (row,) = transcript(
        codex_rollout, event("token_count", info=None, rate_limits={"primary": {"used_percent": 100.0}})
    )
    assert (row["limit_used_percent"], row["usage_is_primary"]) == ("100.0000", False)


@pytest.mark.parametrize(
    ("info", "error_type", "status"),
    [
        ("usage_limit_exceeded", "usage_limit_exceeded", None),
        ({"http_connection_failed": {"http_status_code": 429}}, "http_connection_failed", 429),
        ({"response_too_many_failed_attempts": {"http_status_code": None}}, "response_too_many_failed_attempts", None),
        (None, None, None),
        ("a sentence, no token", None, None),
    ],
)
def test_errors_have_their_kind(transcript, info, error_type, status):
    (row,) = transcript(codex_rollout, event("error", message="m", codex_error_info=info))
    assert (row["is_error"], row.get("error_type"), row.get("http_status")) == (True, error_type, status)


# --- calls and answers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "kind", "command", "argv", "notes"),
    [
        (
            call({"command": ["bash", "-lc", "a | b"]}),
            "shell",
            "a | b",
            ["bash", "-lc", "a | b"],
            ["unwrapped_shell_c"],
        ),
        (
            call({"command": ["/bin/sh", "-c", "x"]}, "container.exec"),
            "shell",
            "x",
            ["/bin/sh", "-c", "x"],
            ["unwrapped_shell_c"],
        ),
        (call({"command": ["ls", "a b"]}), "shell", "ls 'a b'", ["ls", "a b"], None),
        (call({"command": ["bash", "-lc", "x", "y"]}), "shell", "bash -lc x y", ["bash", "-lc", "x", "y"], None),
        (call({"command": ["python", "-c", "x"]}), "shell", "python -c x", ["python", "-c", "x"], None),
        (call({"command": "ls | wc"}, "shell_command"), "shell", "ls | wc", None, None),
        (call({"cmd": "ls"}, "exec_command"), "shell", "ls", None, None),
        (call({"session_id": 1, "chars": "y\n"}, "write_stdin"), "shell", "y\n", None, ["stdin_of_running_command"]),
        (call({"session_id": 1, "chars": ""}, "write_stdin"), "shell", None, None, None),
        (call({"command": ["ls", 7]}), "shell", None, None, None),
        (
            item("function_call", name="shell", arguments="{cut", call_id="c"),
            "shell",
            None,
            None,
            ["arguments_not_json"],
        ),
        (item("function_call", name="shell", arguments={"cmd": "ls"}, call_id="c"), "shell", "ls", None, None),
        (item("function_call", name="shell", call_id="c"), "shell", None, None, None),
        (
            item("custom_tool_call", name="exec", input="await tools.exec_command()", call_id="c"),
            "code",
            None,
            None,
            None,
        ),
        (call({"q": 1}, "mcp__db__query"), "mcp", None, None, None),
        (item("web_search_call", action={"type": "search", "query": "x"}), "web", None, None, None),
        (
            item("local_shell_call", call_id="c", action={"type": "exec", "command": ["id"]}),
            "shell",
            "id",
            ["id"],
            None,
        ),
    ],
)
def test_what_was_called(transcript, record, kind, command, argv, notes):
    (row,) = transcript(codex_rollout, record)
    assert (row["kind"], row["tool_class"]) == ("tool_call", kind)
    assert (row.get("command"), row.get("argv"), row.get("notes")) == (command, argv, notes)


@pytest.mark.parametrize(
    ("output", "text", "code"),
    [
        ("Process exited with code 3\nOutput:\nx", "Process exited with code 3\nOutput:\nx", 3),
        ("Chunk ID: a\nWall time: 1 seconds\nProcess exited with code -9\nOutput:\n", None, -9),
        ("Exit code: 1\nWall time: 0 seconds\nOutput:\nx", None, 1),
        ("Process running with session ID 7\nOutput:\nProcess exited with code 5 said the log", None, None),
        ("x\nExit code: 1", None, None),
        (json.dumps({"output": "x", "metadata": {"exit_code": 127, "duration_seconds": 0.5}}), "x", 127),
        (json.dumps({"output": "x", "metadata": "exit_code"}), None, None),
        ([{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}], "a\nb", None),
        ({"content": "x", "success": False}, "x", None),
    ],
)
def test_how_a_command_ended(transcript, output, text, code):
    _, row = transcript(
        codex_rollout, call({"command": ["x"]}), item("function_call_output", call_id="c", output=output)
    )
    assert row.get("exit_code") == code
    if text is not None:
        assert row["text"] == text
    assert (row["tool_class"], row["tool_name"]) == ("shell", "shell")


def test_an_error_body_behind_the_header_is_read(transcript):
    output = 'Exit code: 0\nWall time: 0.1 seconds\nOutput:\n{"error":{"type":"insufficient_quota"}}'
    (row,) = transcript(codex_rollout, item("function_call_output", call_id="c", output=output))
    assert row["error_type"] == "insufficient_quota"


def test_what_is_cut_is_said_to_be(transcript):
    (row,) = transcript(codex_rollout, item("function_call_output", call_id="c", output="a\n…12 tokens truncated…\nb"))
    assert row["content_state"] == "truncated"


# --- twice in the file -----------------------------------------------------------------------------------------------


def _marked(rows):
    return [(row["native_type"], row["is_replayed"]) for row in rows]


def test_message_events_are_copies_of_items_before_or_after(transcript):
    rows = transcript(
        codex_rollout,
        message("user", "go"),
        event("user_message", message="go"),
        event("agent_message", message="yes"),
        item("message", role="assistant", content=[{"type": "output_text", "text": "yes"}]),
        event("agent_message", message="yes"),
    )
    assert _marked(rows) == [
        ("message", False),
        ("event_msg/user_message", True),
        ("event_msg/agent_message", True),
        ("message", False),
        ("event_msg/agent_message", False),
    ]


def test_sections_of_a_summary_are_copied_one_by_one(transcript):
    summary = [{"type": "summary_text", "text": text} for text in ("a", "b")]
    rows = transcript(
        codex_rollout,
        event("agent_reasoning", text="a"),
        event("agent_reasoning", text="b"),
        item("reasoning", summary=summary, encrypted_content="x"),
        event("agent_reasoning", text="c"),
    )
    assert [row["is_replayed"] for row in rows] == [True, True, False, False]
    assert rows[2]["text"] == "a\nb"


def test_an_item_that_comes_too_late_is_the_copy(transcript):
    filler = [event("agent_message", message=f"{number}") for number in range(HELD)]
    late = item("message", role="assistant", content=[{"type": "output_text", "text": "early"}])
    rows = transcript(codex_rollout, event("agent_message", message="early"), *filler, late)
    assert [rows[0]["is_replayed"], rows[-1]["is_replayed"]] == [False, True]


def test_executions_are_copies_of_their_calls_and_the_other_way_round(transcript):
    begin = event("exec_command_begin", call_id="c", command=["ls"], cwd="/")
    end = event(
        "exec_command_end",
        call_id="c",
        command=["ls"],
        cwd="/",
        stdout="x",
        stderr="",
        aggregated_output="x",
        exit_code=4,
        duration={"secs": 1, "nanos": 5000},
    )
    output = item("function_call_output", call_id="c", output="x")
    rows = transcript(codex_rollout, call({"command": ["ls"]}), begin, end, output)
    assert [(row["kind"], row["is_replayed"]) for row in rows] == [
        ("tool_call", False),
        ("tool_call", True),
        ("tool_result", False),
        ("tool_result", True),
    ]
    assert (rows[2]["exit_code"], rows[2]["duration_us"], rows[2]["tool_name"]) == (4, 1_000_005, "shell")
    rows = transcript(codex_rollout, output, end)
    assert [(row["kind"], row["is_replayed"]) for row in rows] == [
        ("tool_result", False),
        ("tool_call", False),
        ("tool_result", True),
    ]


def test_a_command_that_a_person_ran_is_not_the_agents(transcript):
    end = event(
        "exec_command_end",
        call_id="u",
        command=["zsh", "-c", "top"],
        cwd="/",
        source="user_shell",
        stdout="",
        stderr="",
        exit_code=0,
    )
    called, answered = transcript(codex_rollout, end)
    assert (called["kind"], called["author"], called["command"]) == ("tool_call", "human", "top")
    assert (answered["kind"], answered["exit_code"], answered["text"]) == ("tool_result", 0, "")


def test_a_call_repeated_with_its_id_is_a_copy_another_call_is_not(transcript):
    rows = transcript(codex_rollout, *(call({"command": ["ls"]}),) * 2, call({"command": ["rm"]}))
    assert [row["is_replayed"] for row in rows] == [False, True, False]


def test_history_kept_by_compaction_is_a_copy(transcript):
    history = [
        {"type": "message", "role": "user", "content": "old"},
        {"type": "function_call", "name": "shell", "arguments": '{"command": ["id"]}', "call_id": "c"},
        7,
    ]
    rows = transcript(
        codex_rollout, line("compacted", message="so far", replacement_history=history), call({"command": ["id"]})
    )
    assert [(row["kind"], row["is_replayed"]) for row in rows] == [
        ("system_event", True),
        ("message", True),
        ("tool_call", True),
        ("tool_call", False),
    ]
    assert rows[0]["text"] == "so far"
    assert rows[0]["extra"] == '{"replacement_history":[7]}'


# --- who, and which session ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "text", "author"),
    [
        ("user", "Do it.", "human"),
        ("user", "<environment_context>x", "harness"),
        ("user", "# AGENTS.md instructions for /x", "harness"),
        ("developer", "Do it.", "harness"),
        ("system", "Do it.", "harness"),
        ("assistant", "Done.", "agent"),
    ],
)
def test_who_wrote_a_message(transcript, role, text, author):
    (row,) = transcript(codex_rollout, message(role, text))
    assert (row["author"], row["role"]) == (author, role)


def test_parts_of_one_message_can_have_two_authors(transcript):
    rows = transcript(codex_rollout, message("user", "<environment_context>x", "Do it."))
    assert [row["author"] for row in rows] == ["harness", "human"]


@pytest.mark.parametrize(
    ("source", "kind", "parent"),
    [
        ("cli", "root", None),
        ({"subagent": {"thread_spawn": {"parent_thread_id": "p", "depth": 1}}}, "sub_agent", "p"),
        ({"subagent": "review"}, "sub_agent", None),
    ],
)
def test_sub_agents_are_prompted_by_their_parent(transcript, source, kind, parent):
    meta = line("session_meta", id="s", source=source)
    (session,) = transcript(codex_rollout, meta, message("user", "go"), table="session")
    assert (session["kind"], session.get("parent_session_id")) == (kind, parent)
    prompt = transcript(codex_rollout, meta, message("user", "go"))[-1]
    assert prompt["author"] == ("human" if kind == "root" else "agent")


def test_a_fork_names_where_it_comes_from(transcript):
    meta = line("session_meta", id="s", forked_from_id="p")
    (session,) = transcript(codex_rollout, meta, table="session")
    assert (session["kind"], session["parent_session_id"]) == ("fork", "p")
    old = line("session_meta", id="old")
    (session,) = transcript(codex_rollout, META, old, message("user", "x"), table="session")
    assert (session["session_id"], session["kind"], session["parent_session_id"]) == ("s", "fork", "old")


def test_reasoning_that_is_sealed(transcript):
    sealed, open_, none = transcript(
        codex_rollout,
        item("reasoning", summary=[], encrypted_content="x"),
        item("reasoning", summary=[], content=[{"type": "reasoning_text", "text": "why"}]),
        item("reasoning", summary=[]),
    )
    assert [row["content_state"] for row in (sealed, open_, none)] == ["encrypted", "present", "absent"]
    assert open_["text"] == "why"


# --- recognition and damage ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        b'{"type":"event_msg","data":{}}\n',
        b'{"type":"response_item"}\n',
        b'{"type":"push","payload":{"id":1},"created_at":"x"}\n',
        b'{"id":"a","timestamp":"2026-01-01T00:00:00Z","message":"x"}\n{"id":"b","timestamp":"x"}\n',
        b'{"eventVersion":"1.08","eventTime":"2026-01-01T00:00:00Z"}\n',
        b'{"timestamp":"2026-01-01T00:00:00Z","event_type":"alert","payload":"x"}\n',
    ],
)
def test_other_json_is_not_claimed(head):
    assert codex_rollout.recognise(head, "rollout.jsonl") == Grade.NONE


def test_a_header_longer_than_the_head_is_recognised():
    head = b'{"timestamp":"2026-04-01T09:00:00Z","type":"session_meta","payload":{"id":"s","instructions":"'
    assert codex_rollout.recognise((head + b"x" * HEAD_BYTES)[:HEAD_BYTES], "x") == Grade.STRONG


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_values_of_any_kind_are_read_without_loss(scrambled_values, seed):
    data = scrambled_values(ROLLOUT, seed)
    assert isinstance(codex_rollout.recognise(data, "x"), Grade)
    books, tables = golden.tables_of(Source.of_bytes(data), codex_rollout)
    assert books.records + books.quarantined == sum(bool(text) for text in data.split(b"\n"))
    for rows in tables.values():
        rows.validate(full=True)
    reasons = tables["quarantine"].column("reason").to_pylist() if "quarantine" in tables else []
    assert all(reason.startswith("a JSON ") for reason in reasons)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(ROLLOUT) - 1), st.binary(min_size=1, max_size=6))
def test_damage_stays_where_it_is(at, put_in):
    data = ROLLOUT[:at] + put_in + ROLLOUT[at + len(put_in) :]
    books, tables = golden.tables_of(Source.of_bytes(data), codex_rollout)
    assert books.stream_bytes == len(data)
    before = data.count(b"\n", 0, at)
    carried = set(codex_rollout.FORMAT.carried)

    def above(tables):
        rows = sorted(golden.rows_of(tables["transcript"]), key=lambda row: (row["record"], row["part"]))
        return [{k: v for k, v in row.items() if k not in carried} for row in rows if row["line"] <= before]

    _, whole = golden.tables_of(Source.of_bytes(ROLLOUT), codex_rollout)
    if "transcript" in tables:
        assert above(tables) == above(whole)
