"""Bills as Parquet give the rows of the same bills as CSV, whatever types an export chose."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import golden
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from parsers.contract import Grade, Parser
from parsers.formats import parser_of, recognise_head
from parsers.parquet import head_of
from parsers.source import Source

PLACES = {"line", "offset", "length"}
PAIRS = [
    ("focus_csv", "focus_parquet", "focus/focus_sample.csv"),
    ("focus_csv", "focus_parquet", "focus_generated/aws-1.3/focus_1_3_cost_and_usage_aws.csv"),
    ("aws_cur_csv", "aws_cur_parquet", "koku/aws/2023-06-01.csv"),
    ("azure_cost_csv", "azure_cost_parquet", "azure_cost/EA_AmortizedCost_Small.csv"),
    ("gcp_billing_csv", "gcp_billing_parquet", "koku/gcp/2022-08-01_5.csv"),
]


def written(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, row_group_size=100)
    return sink.getvalue()


def of_text(path: Path) -> pa.Table:
    """Return a CSV file as a table of texts."""
    with path.open(newline="", encoding="utf-8-sig") as stream:
        header, *records = list(csv.reader(stream))
    columns = [[record[at] or None for record in records] for at in range(len(header))]
    return pa.Table.from_arrays([pa.array(column, pa.string()) for column in columns], header)


def rows(parser: Parser, data: bytes) -> list[dict[str, Any]]:
    _, found = golden.tables_of(Source.of_bytes(data), parser)
    return [{key: row[key] for key in row.keys() - PLACES} for row in golden.rows_of(found["charge"])]


@pytest.mark.shared
@pytest.mark.parametrize(("as_csv", "as_parquet", "name"), PAIRS)
def test_the_same_rows_as_from_csv(as_csv, as_parquet, name, shared):
    path = shared / "data" / "billing_and_assets" / name
    data = written(of_text(path))
    head = head_of(data[:65_536], io.BytesIO(data))
    assert recognise_head(head, "intake/0001").chosen == as_parquet
    assert rows(parser_of(as_parquet), data) == rows(parser_of(as_csv), path.read_bytes())


@pytest.mark.parametrize(("_as_csv", "as_parquet", "_name"), PAIRS)
def test_other_schemas_are_not_claimed(_as_csv, as_parquet, _name):
    data = written(pa.table({"cost": [1.5], "currency": ["USD"], "service": [{"id": "a"}]}))
    assert parser_of(as_parquet).recognise(head_of(data, io.BytesIO(data)), "bill.parquet") == Grade.NONE


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        (pa.array([1.5], pa.float64()), ("1.50000000000000000000", "1.5")),
        (pa.array([0.1], pa.float32()), ("0.10000000149011612000", "0.10000000149011612")),
        (pa.array([1e-21], pa.float64()), (None, "1e-21")),  # more digits than the column
        (pa.array([3], pa.int64()), ("3.00000000000000000000", "3")),
        (pa.array(["1.50"]), ("1.50000000000000000000", "1.50")),
        (pa.array([None], pa.float64()), (None, None)),
    ],
)
def test_costs_of_any_type(cost, expected):
    texts = ["BillingCurrency", "BillingAccountId"]
    times = ["ChargePeriodStart", "ChargePeriodEnd"]
    table = pa.table(
        {"BilledCost": cost, **{key: ["a"] for key in texts}, **{key: ["2026-03-04T05:00:00Z"] for key in times}}
    )
    row = rows(parser_of("focus_parquet"), written(table))[0]
    assert (row.get("billed_cost"), row.get("billed_cost_raw")) == expected
