"""ATIF: steps exploded, calls in words, results paired only where nothing else can be meant, and real trajectories."""

from __future__ import annotations

import json
from typing import Any

import golden
import pytest

from parsers.contract import HEAD_BYTES, Grade
from parsers.formats import recognise_head
from parsers.source import Source
from parsers.transcripts import atif
from parsers.transcripts.spoken_calls import spoken_calls


def trajectory(*steps: dict[str, Any], **members: Any) -> dict[str, Any]:
    told = [{"step_id": at, "source": "agent", "message": "", **step} for at, step in enumerate(steps, 1)]
    return {"schema_version": "ATIF-v1.7", "session_id": "s", **members, "steps": told}


@pytest.mark.parametrize(
    ("words", "calls"),
    [
        ("I think I am done.", []),
        ('{"commands": [{"keystrokes": "ls\\n"}]}', [("terminal", "ls\n")]),
        ('{"commands": [{"keystrokes": 1}, "x"]}', []),
        ('{"analysis": "no commands"}', []),
        ('{"commands": [{"keystrokes": "cut o', []),
        ("<function=execute_bash>\n<parameter=command>a\nb</parameter>\n</function>", [("execute_bash", "a\nb")]),
        ("<function=think>\n<parameter=thought>x</parameter>\n</function>", [("think", None)]),
        ("<function=execute_bash> and no end", []),
        ("<function=a></function> <function=b></function>", [("a", None), ("b", None)]),
    ],
)
def test_calls_in_words(words, calls):
    assert [(piece["tool_name"], piece.get("command")) for piece in spoken_calls(words)] == calls


@pytest.mark.parametrize(
    ("calls", "results", "paired"),
    [
        (1, [None], True),
        (2, [None], False),
        (1, [None, None], False),
        (1, ["named"], False),
        (0, [None], False),
    ],
)
def test_only_one_call_with_one_result_is_paired(transcript, calls, results, paired):
    step = {
        "tool_calls": [{"function_name": "bash", "arguments": {"command": "id"}}] * calls,
        "observation": {"results": [{"source_call_id": call, "content": "x"} for call in results]},
    }
    rows = transcript(atif, trajectory(step))
    ids = [row.get("call_id") for row in rows if row["kind"] in ("tool_call", "tool_result")]
    assert (None not in ids and len(set(ids)) == 1) == paired


def test_steps_of_two_files_of_one_session_are_not_each_others_copies(transcript):
    """Numbers of steps begin anew in a continuation: they must not stand for the piece."""
    rows = transcript(atif, trajectory({"message": "a"}), trajectory({"message": "b"}))
    assert [row.get("native_id") for row in rows] == [None, None]


def test_sub_agents_inside_sub_agents(transcript):
    deep: dict[str, Any] = trajectory({"message": "depth 3"}, session_id=None)
    for depth in (2, 1, 0):
        deep = trajectory({"source": "user", "message": f"depth {depth}"}, trajectory_id=f"t{depth}") | {
            "subagent_trajectories": [deep]
        }
    rows = transcript(atif, deep)
    said = [(row["session_id"], row["author"], row["text"]) for row in rows if row["kind"] == "message"]
    assert said == [("s", "human", "depth 0"), ("t1", "agent", "depth 1"), ("t2", "agent", "depth 2")]
    # what lies deeper than is taken apart is kept whole
    assert any("depth 3" in row.get("extra", "") for row in rows)


def test_odd_values_are_kept(transcript):
    rows = transcript(
        atif,
        trajectory(
            {"message": None, "source": 7, "timestamp": 5, "metrics": {"prompt_tokens": "many"}},
            extra=[1],
            notes={"a": 1},
            agent="x",
            final_metrics=3,
        )
        | {"more": True},
    )
    assert [row["native_type"] for row in rows] == [
        "extra",
        "notes",
        "agent",
        "final_metrics",
        "step",
        "metrics",
        "more",
    ]
    assert '"prompt_tokens":"many"' in rows[5]["extra"]


@pytest.mark.parametrize(
    ("head", "grade"),
    [
        (b'{"schema_version": "ATIF-v1.6", "steps', Grade.STRONG),
        (b'{"schema_version": "ATIF-v1.6"}\n{"x', Grade.STRONG),
        (b'{"schema_version": "v2", "note": "ATIF-v1.6"}', Grade.NONE),
        (b'{"steps": [{"step_id": 1, "source": "user", "message": "x"}, {"ste', Grade.STRONG),
        (b'{"steps": [{"step_id": 1, "source": "user"}]}', Grade.NONE),
        (b'{"text": "about ATIF-v1.6"}', Grade.NONE),
    ],
)
def test_recognition(head, grade):
    assert atif.recognise(head, "x") == grade


@pytest.mark.shared
def test_real_trajectories(shared):
    """Counted independently: steps, calls, results, tokens and cost."""
    files = sorted((shared / "data/transcripts/atif").glob("*.json"))
    assert files
    for path in files:
        data = path.read_bytes()
        recognition = recognise_head(data[:HEAD_BYTES], "intake/1")
        claims = [name for name, grade in recognition.candidates if grade >= Grade.PROBABLE]
        assert claims == ["atif"], path.name
        books, tables = golden.tables_of(Source.of_bytes(data), atif)
        assert books.quarantined == 0
        rows = golden.rows_of(tables["transcript"])
        held = json.loads(data)
        assert {row["session_id"] for row in rows} == {held["session_id"]}
        named = [call["tool_call_id"] for step in held["steps"] for call in step.get("tool_calls", ())]
        spoken = sum(
            len(json.loads(step["message"]).get("commands", ()))
            for step in held["steps"]
            if step["source"] == "agent" and step["message"].startswith("{")
        ) + sum(step["message"].count("<function=") for step in held["steps"] if step["source"] == "agent")
        calls = [row for row in rows if row["kind"] == "tool_call"]
        assert [row["call_id"] for row in calls if "call_in_words" not in row.get("notes", ())] == named, path.name
        assert len(calls) == len(named) + spoken, path.name
        metrics = [step["metrics"] for step in held["steps"] if "metrics" in step]
        used = [row for row in rows if row.get("usage_is_primary")]
        assert [row["input_tokens"] for row in used] == [one["prompt_tokens"] for one in metrics], path.name
        assert [row.get("cost_usd_raw") for row in used] == [
            str(one["cost_usd"]) if "cost_usd" in one else None for one in metrics
        ], path.name
