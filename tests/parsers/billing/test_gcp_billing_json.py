"""Google's export as JSON: the same columns as in CSV, whatever the encoding."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import golden
import pytest

from parsers.billing import gcp_billing_csv, gcp_billing_json
from parsers.billing.objects import RECORDS_AT_ONCE, flattened
from parsers.contract import Grade
from parsers.formats import recognise_head
from parsers.source import Source

PLAIN: dict[str, Any] = {
    "billing_account_id": "A",
    "sku": {"id": "S", "description": "core"},
    "usage_start_time": "2026-03-01T11:00:00Z",
    "usage_end_time": "2026-03-01T12:00:00Z",
    "cost": "2.5",
    "currency": "USD",
    "credits": [{"amount": -1, "name": "free"}],
    "invoice": {"month": "202603"},
    "labels": [{"key": "a", "value": "b"}],
}


def test_json_and_csv_give_the_same():
    flat = flattened(PLAIN)
    stream = io.StringIO()
    csv.writer(stream).writerows([flat, flat.values()])
    _, one = golden.tables_of(Source.of_bytes(stream.getvalue().encode()), gcp_billing_csv)
    _, other = golden.tables_of(Source.of_bytes(json.dumps(PLAIN).encode()), gcp_billing_json)
    places = ["record", "line", "offset", "length", "source_id"]
    assert one["charge"].drop(places).to_pylist() == other["charge"].drop(places).to_pylist()


def test_objects_are_read_in_order_over_many_batches():
    lines = [json.dumps(PLAIN | {"cost": str(at)}) for at in range(RECORDS_AT_ONCE + 10)]
    lines[5] = json.dumps(PLAIN | {"cost": "five"})
    books, found = golden.tables_of(Source.of_bytes("\n".join(lines).encode()), gcp_billing_json)
    assert (books.records, books.quarantined) == (len(lines) - 1, 1)
    assert found["charge"].column("billed_cost_raw").to_pylist() == [str(at) for at in range(len(lines)) if at != 5]


@pytest.mark.parametrize(
    ("value", "grade"),
    [(PLAIN, Grade.STRONG), ([PLAIN], Grade.STRONG), (PLAIN | {"cost": None}, Grade.NONE), ({"a": 1}, Grade.NONE)],
)
def test_recognition(value, grade):
    assert gcp_billing_json.recognise(json.dumps(value).encode(), "x") == grade


@pytest.mark.shared
def test_reference_lines(shared):
    data = (shared / "data" / "billing_and_assets" / "gcp_billing" / "test-data.2rows.ndjson").read_bytes()
    assert recognise_head(data, "intake/0001").chosen == "gcp_billing_json"
    books, found = golden.tables_of(Source.of_bytes(data), gcp_billing_json)
    assert (books.records, books.quarantined) == (2, 0)
    assert found["charge"].column("billed_cost_raw").to_pylist() == ["42.144372", "60.137681"]
    assert [notes and "ends_before_it_begins" in notes for notes in found["charge"].column("notes").to_pylist()] == [
        False,
        True,
    ]
