"""Claude Code's list of sessions: one row for each that was there."""

from __future__ import annotations

import json
from typing import Any

import golden
import pytest

from parsers.contract import Grade
from parsers.source import Source
from parsers.transcripts import claude_index

ENTRY = {"sessionId": "s", "fullPath": "/x.jsonl", "fileMtime": 1}


def _session(entry: dict[str, Any]) -> dict[str, Any]:
    data = json.dumps({"version": 1, "entries": [ENTRY | entry]}).encode()
    _, tables = golden.tables_of(Source.of_bytes(data), claude_index)
    return golden.rows_of(tables["session"])[0]


CASES = {
    "times": (
        {"created": "2026-01-01T08:00:00.000Z", "modified": "2026-01-01T09:00:00.000Z"},
        {"ts": "2026-01-01T08:00:00.000000Z", "ts_end": "2026-01-01T09:00:00.000000Z"},
    ),
    "an end alone": ({"modified": "2026-01-01T09:00:00.000Z"}, {"ts": None, "ts_end": None}),
    "a given title": ({"customTitle": "a", "summary": "b"}, {"title": "a"}),
    "a sub-agent": ({"isSidechain": True}, {"kind": "sub_agent"}),
    "a project": ({"projectPath": "/repo"}, {"cwd": "/repo", "kind": "root"}),
}


@pytest.mark.parametrize(("entry", "expected"), CASES.values(), ids=CASES)
def test_an_entry_is_a_session(entry, expected):
    row = _session(entry)
    assert {key: row.get(key) for key in expected} == expected
    assert row["session_id"] == "s"


def test_what_has_no_column_is_kept():
    assert json.loads(_session({"firstPrompt": "mine", "modified": "x"})["extra"]) == {
        "fullPath": "/x.jsonl",
        "fileMtime": 1,
        "firstPrompt": "mine",
        "modified": "x",
    }


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        ({"entries": [ENTRY]}, Grade.STRONG),
        ({"entries": []}, Grade.NONE),
        ({"entries": [{"sessionId": "s"}]}, Grade.NONE),
        ([ENTRY], Grade.NONE),
    ],
)
def test_recognition(value, grade):
    assert claude_index.recognise(json.dumps(value).encode(), "x") == grade
