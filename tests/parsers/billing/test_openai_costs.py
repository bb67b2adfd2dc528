"""OpenAI's costs: amounts with the digits they were written in, pages that are not the last told."""

from __future__ import annotations

import json
from typing import Any

import golden
import pytest

from parsers.billing import openai_costs
from parsers.billing.objects import RECORDS_AT_ONCE
from parsers.contract import Grade
from parsers.formats import recognise_head
from parsers.source import Source


def bucket(*values: Any, start: int = 1772323200) -> dict[str, Any]:
    results = [{"object": "organization.costs.result", "amount": {"value": v, "currency": "usd"}} for v in values]
    return {"object": "bucket", "start_time": start, "end_time": start + 86400, "results": results}


def tables(value: Any) -> dict[str, list[dict[str, Any]]]:
    _, found = golden.tables_of(Source.of_bytes(json.dumps(value).encode()), openai_costs)
    return {name: golden.rows_of(table) for name, table in found.items()}


def test_every_result_is_a_part():
    rows = tables({"data": [bucket("0.1", 2), bucket(), bucket("3")]})["charge"]
    assert [(row["record"], row["part"], row["billed_cost_raw"]) for row in rows] == [
        (1, 0, "0.1"),
        (1, 1, "2"),
        (3, 0, "3"),
    ]


def test_one_bad_result_costs_its_bucket():
    found = tables({"data": [bucket("1", "x"), bucket("2")]})
    assert [row["billed_cost_raw"] for row in found["charge"]] == ["2"]
    assert found["quarantine"][0]["reason"] == "amount.value is no number"


@pytest.mark.parametrize(
    ("more", "gaps"), [({}, 0), ({"has_more": False}, 0), ({"has_more": True}, 1), ({"has_more": "yes"}, 0)]
)
def test_what_is_missing_is_told(more, gaps):
    found = tables({"data": [bucket("1"), bucket("2")], **more})
    assert [row["record"] for row in found.get("coverage_gap", [])] == [2] * gaps


def test_a_page_longer_than_a_batch_is_one_page():
    found = tables({"data": [bucket("1")] * (RECORDS_AT_ONCE + 1), "has_more": True, "next_page": "p"})
    assert [(row["record"], row["text"]) for row in found["coverage_gap"]] == [(RECORDS_AT_ONCE + 1, "p")]


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        ({"data": [bucket("1")]}, Grade.STRONG),
        (bucket("1"), Grade.STRONG),
        ({"data": [bucket()]}, Grade.NONE),  # nothing says of what
        ({"data": [{"results": []}], "text": "organization.costs.result amount"}, Grade.NONE),
    ],
)
def test_recognition(value, grade):
    assert openai_costs.recognise(json.dumps(value).encode(), "x") == grade


@pytest.mark.shared
def test_the_reference_page(shared):
    data = (shared / "data" / "billing_and_assets" / "llm_and_gpu_billing" / "openai_costs.json").read_bytes()
    assert recognise_head(data, "intake/0001").chosen == "openai_costs"
    _, found = golden.tables_of(Source.of_bytes(data), openai_costs)
    row = golden.rows_of(found["charge"])[0]
    assert (row["billed_cost_raw"], row["billing_currency"]) == ("0.06", "USD")
    assert (row["ts"], row["ts_end"]) == ("2024-11-01T00:00:00.000000Z", "2024-11-02T00:00:00.000000Z")
