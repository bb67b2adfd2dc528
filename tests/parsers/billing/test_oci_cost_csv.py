"""Oracle's cost report: corrections and what they correct, tags from columns."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

import golden
import pytest

from parsers.billing import oci_cost_csv
from parsers.contract import Grade
from parsers.formats import recognise_head
from parsers.source import Source

HEADER = "lineItem/intervalUsageStart,lineItem/intervalUsageEnd,lineItem/tenantId,cost/myCost,product/service"


@pytest.mark.parametrize(
    ("header", "grade"),
    [
        (HEADER, Grade.STRONG),
        (HEADER.upper(), Grade.STRONG),
        (HEADER + ",cost/myCost", Grade.NONE),
        (HEADER.replace("cost/myCost", "usage/billedQuantity"), Grade.NONE),  # a usage report has no costs
    ],
)
def test_recognition(header, grade):
    assert oci_cost_csv.recognise(header.encode() + b"\n", "x") == grade


@pytest.mark.shared
def test_the_reference_report(shared):
    path = next((shared / "data" / "billing_and_assets" / "oci_cost").glob("*.csv"))
    data = path.read_bytes()
    assert recognise_head(data[:65_536], "intake/0001").chosen == "oci_cost_csv"
    books, found = golden.tables_of(Source.of_bytes(data), oci_cost_csv)
    records = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    assert (books.records, books.quarantined) == (len(records), 0)
    rows = found["charge"].to_pylist()
    assert [Decimal(row["billed_cost_raw"]) for row in rows] == [Decimal(record["cost/myCost"]) for record in records]
    corrections = [record["lineItem/isCorrection"] == "true" for record in records]
    assert [row["charge_class"] == "Correction" for row in rows] == corrections
    for row, record in zip(rows, records, strict=True):
        tags = {name[5:]: text for name, text in record.items() if name.startswith("tags/") and text}
        assert json.loads(row["tags"] or "{}") == tags
        assert json.loads(row["extra"])["lineItem/referenceNo"] == record["lineItem/referenceNo"]
