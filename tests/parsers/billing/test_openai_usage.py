"""OpenAI's usage: one row a count of tokens."""

from __future__ import annotations

import json

import golden
import pytest

from parsers.billing import openai_usage
from parsers.contract import Grade
from parsers.source import Source

RESULT = {"object": "organization.usage.embeddings.result", "input_tokens": 7, "num_model_requests": 1}
BUCKET = {"object": "bucket", "start_time": 1772323200, "end_time": 1772323260, "results": [RESULT]}


def test_every_count_has_its_window():
    data = json.dumps({"data": [BUCKET]}).encode()
    rows = golden.rows_of(golden.tables_of(Source.of_bytes(data), openai_usage)[1]["usage_metric"])
    assert [(row["unit"], row["value_raw"], row["window_s"]) for row in rows] == [("input_tokens", "7", 60)]


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        ({"data": [BUCKET]}, Grade.STRONG),
        ({"data": [BUCKET | {"results": [{"object": "organization.costs.result"}]}]}, Grade.NONE),
    ],
)
def test_recognition(value, grade):
    assert openai_usage.recognise(json.dumps(value).encode(), "x") == grade
