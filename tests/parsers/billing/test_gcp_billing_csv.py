"""Google's export as CSV: credits exact, months of Los Angeles, what Python wrote read without running it."""

from __future__ import annotations

import ast
import csv
import io
from decimal import Decimal
from typing import Any

import golden
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.billing import gcp_billing_csv
from parsers.billing.gcp_columns import json_or_python
from parsers.contract import Grade
from parsers.formats import recognise_head
from parsers.source import Source

PLAIN = {
    "billing_account_id": "A",
    "sku.id": "S",
    "usage_start_time": "2026-03-01T11:00:00Z",
    "usage_end_time": "2026-03-01T12:00:00Z",
    "cost": "2.5",
    "currency": "USD",
}


def charge(**cells: str) -> dict[str, Any]:
    record = PLAIN | {name.replace("__", "."): text for name, text in cells.items()}
    stream = io.StringIO()
    csv.writer(stream).writerows([record, record.values()])
    _, found = golden.tables_of(Source.of_bytes(stream.getvalue().encode()), gcp_billing_csv)
    return golden.rows_of(found["charge"])[0]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, {"billed_cost_raw": "2.5", "effective_cost": "2.50000000000000000000", "effective_cost_raw": "2.5"}),
        ({"credits": "[]"}, {"effective_cost_raw": "2.5", "notes": None}),
        ({"credits": "[{'amount': -3}]"}, {"effective_cost": "-0.50000000000000000000", "effective_cost_raw": None}),
        ({"credits": '[{"amount":"-0.5"},{"amount":-1}]'}, {"effective_cost": "1.00000000000000000000"}),
        ({"credits": "[{'amount': None}]"}, {"effective_cost": None, "notes": ["credits_unreadable"]}),
        ({"credits": "[{'amount': -2.50}]"}, {"effective_cost": "0.00000000000000000000"}),
        ({"credits": "{}"}, {"effective_cost": None, "notes": ["credits_unreadable"]}),
        ({"credits": "[{'amount': -1e-21}]"}, {"effective_cost": None, "billed_cost": "2.50000000000000000000"}),
        ({"credits": "[{'amount': -0E-30}]"}, {"effective_cost": "2.50000000000000000000"}),
        ({"invoice__month": "202611"}, {"billing_period_start": "2026-11-01T07:00:00.000000Z"}),
        ({"invoice__month": "202611"}, {"billing_period_end": "2026-12-01T08:00:00.000000Z"}),
        ({"invoice__month": "202600"}, {"billing_period_start": None, "statement_id": None}),
        ({"labels": "[{'key': 'a', 'value': 'b'}]"}, {"tags": '{"a":"b"}'}),
        ({"labels": "[]"}, {"tags": None, "notes": None}),
        ({"labels": "a=b"}, {"tags": None, "notes": ["tags_not_json"]}),
        ({"location__location": "eu"}, {"region_id": "eu"}),
        ({"export_time": "2026-03-01 15:00:00+01:00"}, {"known_at": "2026-03-01T14:00:00.000000Z"}),
    ],
)
def test_values(cells, expected):
    found = charge(**cells)
    assert {key: found.get(key) for key in expected} == expected


PYTHON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(PYTHON)
def test_what_python_writes_is_read_as_python_reads_it(value):
    text = repr([value])
    assert json_or_python(text) == ast.literal_eval(text)


@pytest.mark.parametrize(
    "text", ["__import__('os')", "[1, 2", "['a' 'b']", "{1: 2}", "(1, 2)", "'\\x'", "['a", "'" + "\\'" * 200_000]
)
def test_what_is_no_data_is_not_read(text):
    assert json_or_python(text) is None


@pytest.mark.parametrize(
    ("header", "grade"),
    [
        (",".join(PLAIN), Grade.STRONG),
        (",".join(PLAIN).replace(".", "_"), Grade.STRONG),
        (",".join([*PLAIN, "cost"]), Grade.NONE),
        (",".join([*PLAIN][1:]), Grade.NONE),
    ],
)
def test_recognition(header, grade):
    assert gcp_billing_csv.recognise(header.encode() + b"\n", "x") == grade


@pytest.mark.shared
def test_reference_exports_add_up(shared):
    files = sorted((shared / "data" / "billing_and_assets" / "koku" / "gcp").glob("*.csv"))
    assert len(files) == 2
    for path in files:
        data = path.read_bytes()
        assert recognise_head(data[:65_536], "intake/0001").chosen == "gcp_billing_csv"
        books, found = golden.tables_of(Source.of_bytes(data), gcp_billing_csv)
        records = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
        assert (books.records, books.quarantined) == (len(records), 0)
        rows = found["charge"].to_pylist()
        assert [row["billed_cost_raw"] for row in rows] == [record["cost"] for record in records]
        for row, record in zip(rows, records, strict=True):
            credit = sum((Decimal(str(one["amount"])) for one in ast.literal_eval(record["credits"])), Decimal(0))
            assert row["effective_cost"] == Decimal(record["cost"]) + credit
            assert row["known_at"] >= row["ts_end"]
