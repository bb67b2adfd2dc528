"""Azure exports: which cost a line's cost is, in which order a date is written, names in any language."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import golden
import pytest

from parsers.billing import azure_cost_csv
from parsers.billing.azure_columns import DateOrder, canonical
from parsers.contract import Grade
from parsers.formats import recognise_head
from parsers.source import Source

PLAIN = {"Date": "03/14/2026", "Cost": "1.5", "SubscriptionId": "s", "MeterCategory": "Storage"}


def tables(*records: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    stream = io.StringIO()
    csv.writer(stream).writerows([records[0], *(record.values() for record in records)])
    _, found = golden.tables_of(Source.of_bytes(stream.getvalue().encode()), azure_cost_csv)
    return {name: golden.rows_of(table) for name, table in found.items()}


def charge(**cells: str) -> dict[str, Any]:
    return tables(PLAIN | cells)["charge"][0]


@pytest.mark.parametrize(
    ("cells", "billed", "effective", "note"),
    [
        ({}, "1.5", "1.5", None),
        ({"PricingModel": "OnDemand", "ChargeType": "Usage"}, "1.5", "1.5", None),
        ({"PricingModel": "Reservation", "ChargeType": "Usage"}, None, "1.5", "amortised_cost"),
        ({"PricingModel": "SavingsPlan", "ChargeType": "UnusedSavingsPlan"}, None, "1.5", "amortised_cost"),
        ({"PricingModel": "Reservation", "ChargeType": "Usage", "Cost": "0.0"}, "0.0", None, "effective_cost_unknown"),
        ({"PricingModel": "Reservation", "ChargeType": "Purchase"}, "1.5", None, "effective_cost_unknown"),
        ({"PricingModel": "Reservation", "ChargeType": "Refund", "Cost": "-1"}, "-1", None, "effective_cost_unknown"),
        ({"PricingModel": "OnDemand", "ChargeType": "Purchase"}, "1.5", "1.5", None),
    ],
)
def test_which_cost_it_is(cells, billed, effective, note):
    found = charge(**cells)
    assert (found.get("billed_cost_raw"), found.get("effective_cost_raw")) == (billed, effective)
    assert [word for word in found["notes"] if "cost" in word] == ([note] if note else [])


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, {"ts": "2026-03-14T00:00:00.000000Z", "ts_end": "2026-03-15T00:00:00.000000Z"}),
        ({"Date": "3/4/2026"}, {"ts": "2026-03-04T00:00:00.000000Z"}),
        ({"Date": "2026-03-14T00:00:00Z"}, {"ts_end": "2026-03-15T00:00:00.000000Z", "notes": None}),
        ({"Date": "2026-03-14T05:00:00Z"}, {"ts_end": None}),
        (
            {"Date": "3/31/2026", "BillingPeriodEndDate": "3/31/2026"},
            {"billing_period_end": "2026-04-01T00:00:00.000000Z"},
        ),
        ({"Tags": '"a": "b"'}, {"tags": '{"a": "b"}'}),
        ({"Tags": '"a": "b'}, {"tags": None}),
        ({"ChargeType": "RoundingAdjustment"}, {"charge_category": "Adjustment"}),
        ({"ChargeType": "Refund"}, {"charge_category": None, "native_type": "Refund"}),
        ({"Cost": ""}, {"billed_cost": None, "billed_cost_raw": None}),
    ],
)
def test_values(cells, expected):
    found = charge(**cells)
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("dates", "read", "quarantined"),
    [
        (["03/04/2026", "03/14/2026"], ["2026-03-04", "2026-03-14"], 0),
        (["04/03/2026", "14/03/2026"], ["2026-03-04", "2026-03-14"], 0),
        (["04/03/2026"], ["2026-04-03"], 0),
        (["03/14/2026", "14/03/2026", "2026-03-14"], ["2026-03-14"], 2),
        (["13/13/2026", "02/03/2026"], [], 2),
    ],
)
def test_the_whole_file_tells_the_order_of_its_dates(dates, read, quarantined):
    found = tables(*(PLAIN | {"Date": date} for date in dates))
    assert [row["ts"][:10] for row in found.get("charge", [])] == read
    assert len(found.get("quarantine", [])) == quarantined


def test_order_is_known_from_either_number():
    assert DateOrder().seeing("13/01/2026") == (True, False)
    assert DateOrder().seeing("01/13/2026") == (False, True)
    assert DateOrder().seeing("2026-01-13").seeing("12/12/2026") == (False, False)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("MeterCategory", "metercategory"), ("Kategorie (MeterCategory)", "metercategory"), ("a (b c)", "a (b c)")],
)
def test_names(name, expected):
    assert canonical(name) == expected


@pytest.mark.parametrize(
    ("header", "grade"),
    [
        (",".join(PLAIN), Grade.STRONG),
        (",".join(PLAIN).lower(), Grade.STRONG),
        (",".join([*PLAIN, "Cost"]), Grade.NONE),
        (",".join([*PLAIN][1:]), Grade.NONE),
    ],
)
def test_recognition(header, grade):
    assert azure_cost_csv.recognise(header.encode() + b"\n", "x") == grade


def reference(shared: Path) -> list[Path]:
    folder = shared / "data" / "billing_and_assets"
    found = [*(folder / "azure_cost").glob("*.csv"), *(folder / "azure_cost" / "opencost").glob("*.csv")]
    return sorted([*found, *(folder / "koku" / "azure").glob("*.csv")])


def total(path: Path) -> dict[str | None, Decimal]:
    """Sum what the lines of an export cost, by the type of charge."""
    _, found = golden.tables_of(Source.of_file(path), azure_cost_csv)
    sums: dict[str | None, Decimal] = {}
    for row in found["charge"].to_pylist():
        cost = Decimal(row["billed_cost_raw"] or row["effective_cost_raw"] or 0)
        sums[row["native_type"]] = sums.get(row["native_type"], Decimal(0)) + cost
    return sums


@pytest.mark.shared
def test_reference_exports_are_recognised_and_whole(shared):
    files = reference(shared)
    assert len(files) == 10
    for path in files:
        data = path.read_bytes()
        assert recognise_head(data[:65_536], "intake/0001").chosen == "azure_cost_csv", path.name
        books, _ = golden.tables_of(Source.of_bytes(data), azure_cost_csv)
        records = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
        assert (books.records, books.quarantined) == (len(records) - 1, 0), path.name


@pytest.mark.shared
def test_reference_exports_give_their_known_sums(shared):
    folder = shared / "data" / "billing_and_assets" / "azure_cost"
    actual = {kind: round(cost, 6) for kind, cost in total(folder / "EA_ActualCost_Small.csv").items()}
    assert actual == {"Purchase": Decimal("3.25"), "Usage": Decimal("5.295008")}
    assert round(total(folder / "EA_AmortizedCost_Small.csv")["Usage"], 5) == Decimal("16.29693")
    template = total(folder / "opencost" / "Template.csv")[None]
    assert round(template, 12) == Decimal("16.393506212224")


@pytest.mark.shared
def test_only_commitments_are_amortised(shared):
    path = shared / "data" / "billing_and_assets" / "azure_cost" / "EA_AmortizedCost_Small.csv"
    _, found = golden.tables_of(Source.of_file(path), azure_cost_csv)
    amortised = [row for row in found["charge"].to_pylist() if "amortised_cost" in row["notes"]]
    assert [row["billed_cost_raw"] for row in amortised] == [None, None]
