"""Vast.ai: charges are usage, payments are not."""

from __future__ import annotations

import json
from typing import Any

import golden
import pytest

from parsers.billing import vast_invoices
from parsers.contract import Grade
from parsers.formats import recognise_head
from parsers.source import Source

PLAIN = {"type": "charge", "description": "d", "timestamp": 1772355600, "quantity": "2", "rate": "0.5", "amount": "1.0"}


def charge(**members: Any) -> dict[str, Any]:
    data = json.dumps([PLAIN | members]).encode()
    return golden.rows_of(golden.tables_of(Source.of_bytes(data), vast_invoices)[1]["charge"])[0]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, {"charge_category": "Usage", "effective_cost_raw": "1.0", "notes": ["currency_not_printed"]}),
        ({"type": "bitpay"}, {"charge_category": None, "effective_cost": None, "native_type": "bitpay"}),
        ({"type": "bitpay"}, {"billed_cost_raw": "1.0"}),
        ({"timestamp": 1772355600.25}, {"ts": "2026-03-01T09:00:00.250000Z", "ts_precision_us": 10_000}),
        ({"instance_id": 7}, {"resource_id": "7"}),
        ({"machine_id": 9}, {"extra": '{"machine_id":"9"}'}),
    ],
)
def test_values(members, expected):
    found = charge(**members)
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        ([PLAIN], Grade.STRONG),
        ({"invoices": [PLAIN]}, Grade.STRONG),
        ([{key: PLAIN[key] for key in ("type", "timestamp", "amount")} | {"x": "quantity rate"}], Grade.NONE),
    ],
)
def test_recognition(value, grade):
    assert vast_invoices.recognise(json.dumps(value).encode(), "x") == grade


@pytest.mark.shared
def test_the_reference_invoice(shared):
    data = (shared / "data" / "billing_and_assets" / "llm_and_gpu_billing" / "vast_invoices.json").read_bytes()
    assert recognise_head(data, "intake/0001").chosen == "vast_invoices"
    row = golden.rows_of(golden.tables_of(Source.of_bytes(data), vast_invoices)[1]["charge"])[0]
    assert (row["billed_cost_raw"], row["consumed_quantity_raw"], row["resource_id"]) == ("1.000", "10.000", "123")
