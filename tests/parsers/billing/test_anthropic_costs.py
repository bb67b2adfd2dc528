"""Anthropic's costs: cents, not dollars."""

from __future__ import annotations

import json
from typing import Any

import golden
import pytest

from parsers.billing import anthropic_costs
from parsers.contract import Grade
from parsers.source import Source


def bucket(amount: Any) -> dict[str, Any]:
    result = {"amount": amount, "currency": "USD", "cost_type": "tokens"}
    return {"starting_at": "2026-03-01T00:00:00Z", "ending_at": "2026-03-02T00:00:00Z", "results": [result]}


def charge(amount: Any) -> dict[str, Any]:
    data = json.dumps({"data": [bucket(amount)]}).encode()
    return golden.rows_of(golden.tables_of(Source.of_bytes(data), anthropic_costs)[1]["charge"])[0]


@pytest.mark.parametrize(
    ("amount", "cost", "notes"),
    [
        ("123.45", "1.23450000000000000000", ["converted_from_cents"]),
        ("0", "0.00000000000000000000", ["converted_from_cents"]),
        ("-5", "-0.05000000000000000000", ["converted_from_cents"]),
        ("0.000000000000000001", "0.00000000000000000001", ["converted_from_cents"]),
        ("0.0000000000000000001", None, ["amount_not_exact", "converted_from_cents"]),
        ("1e-30", None, ["amount_not_exact", "converted_from_cents"]),
        (None, None, None),
    ],
)
def test_hundredths(amount, cost, notes):
    found = charge(amount)
    assert (found.get("billed_cost"), found.get("effective_cost"), found.get("notes")) == (cost, cost, notes)
    assert found.get("billed_cost_raw") == amount


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        ({"data": [bucket("1")]}, Grade.STRONG),
        ({"data": [{**bucket("1"), "results": [{"uncached_input_tokens": 1}]}], "x": "amount currency"}, Grade.NONE),
        ({"data": [{"results": [{"amount": "1", "currency": "USD"}]}], "x": "starting_at ending_at"}, Grade.NONE),
    ],
)
def test_recognition(value, grade):
    assert anthropic_costs.recognise(json.dumps(value).encode(), "x") == grade
