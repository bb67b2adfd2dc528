"""tau-bench: calls whose ids begin anew find their own results; the real sample."""

from __future__ import annotations

import json

import golden
import pytest

from parsers.contract import HEAD_BYTES, Grade
from parsers.formats import recognise_head
from parsers.source import Source
from parsers.transcripts import tau_bench


@pytest.mark.parametrize(
    ("head", "grade"),
    [
        (b'{"task_id": 0, "reward": 1.0, "traj": [{"role": "user", "content": "x"}', Grade.STRONG),
        (b'[{"traj": [{"role": "user", "content": "x"}], "reward": 1.0, "task_id": "a"}]', Grade.STRONG),
        (b'{"task_id": 0, "reward": 0.0, "info": {"task": {"instruction": "' + b"long " * 20_000, Grade.STRONG),
        (b'{"task_id": 0, "reward": 0.0, "info": {"task": {"instruction": "short', Grade.NONE),
        (b'{"task_id": 0, "reward": 1.0, "traj": [1]}', Grade.NONE),
        (b'{"task_id": 0, "reward": 1.0}', Grade.NONE),
    ],
)
def test_recognition(head, grade):
    assert tau_bench.recognise(head[:HEAD_BYTES], "x") == grade


@pytest.mark.shared
def test_the_real_sample(shared):
    data = (shared / "data/transcripts/docent/docent__docent__samples__tb_airline.json").read_bytes()
    recognition = recognise_head(data[:HEAD_BYTES], "intake/1")
    assert [name for name, grade in recognition.candidates if grade >= Grade.PROBABLE] == ["tau_bench"]
    books, tables = golden.tables_of(Source.of_bytes(data), tau_bench)
    assert books.quarantined == 0
    said = json.loads(data)["traj"]
    rows = golden.rows_of(tables["transcript"])
    calls = [row for row in rows if row["kind"] == "tool_call"]
    results = [row for row in rows if row["kind"] == "tool_result"]
    assert len(calls) == sum(len(message["tool_calls"] or ()) for message in said)
    assert [row["text"] for row in results] == [message["content"] for message in said if message["role"] == "tool"]
    # every call has its result, the next message, though all of them were called 0
    assert [row["call_id"] for row in calls] == [row["call_id"] for row in results]
    assert len({row["call_id"] for row in calls}) == len(calls) > 5
