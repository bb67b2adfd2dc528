"""Anthropic's usage: counts inside counts, keys that are not there."""

from __future__ import annotations

import json

import golden
import pytest

from parsers.billing import anthropic_usage
from parsers.contract import Grade
from parsers.source import Source

RESULT = {"uncached_input_tokens": 5, "cache_creation": {"ephemeral_1h_input_tokens": 2}, "api_key_id": None}
BUCKET = {"starting_at": "2026-03-01T00:00:00Z", "ending_at": "2026-03-02T00:00:00Z", "results": [RESULT]}


def test_counts_inside_counts():
    data = json.dumps({"data": [BUCKET]}).encode()
    rows = golden.rows_of(golden.tables_of(Source.of_bytes(data), anthropic_usage)[1]["usage_metric"])
    assert [(row["unit"], row["value_raw"]) for row in rows] == [
        ("uncached_input_tokens", "5"),
        ("cache_creation.ephemeral_1h_input_tokens", "2"),
    ]
    assert {row["window_s"] for row in rows} == {86_400}
    assert not any("resource_id" in row for row in rows)


@pytest.mark.parametrize(
    ("value", "grade"),
    [({"data": [BUCKET]}, Grade.STRONG), ({"data": [BUCKET | {"results": [{"amount": "1"}]}]}, Grade.NONE)],
)
def test_recognition(value, grade):
    assert anthropic_usage.recognise(json.dumps(value).encode(), "x") == grade
