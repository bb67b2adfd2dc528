"""AWS cost and usage reports: both spellings of the header, what a line costs, lines with too few fields."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tarfile
from decimal import Decimal
from typing import Any

import golden
import pytest

from parsers.billing import aws_cur_csv
from parsers.contract import Grade
from parsers.formats import recognise_head
from parsers.source import Source

PLAIN = {
    "bill/PayerAccountId": "000012",
    "bill/BillingPeriodStartDate": "2026-03-01T00:00:00Z",
    "lineItem/UsageAccountId": "000034",
    "lineItem/LineItemType": "Usage",
    "lineItem/UsageStartDate": "2026-03-04T05:00:00Z",
    "lineItem/UsageEndDate": "2026-03-04T06:00:00Z",
    "lineItem/CurrencyCode": "USD",
    "lineItem/UnblendedCost": "1.50",
    "lineItem/BlendedCost": "1.25",
    "lineItem/ProductCode": "AmazonEC2",
}


def tables(*, header: list[str] | None = None, **cells: str) -> dict[str, list[dict[str, Any]]]:
    record = PLAIN | {name.replace("__", "/").replace("_c_", ":"): text for name, text in cells.items()}
    written = io.StringIO(newline="")
    csv.writer(written).writerows([header or list(record), list(record.values())])
    _, found = golden.tables_of(Source.of_bytes(written.getvalue().encode()), aws_cur_csv)
    return {name: golden.rows_of(table) for name, table in found.items()}


def charge(**cells: str) -> dict[str, Any]:
    return tables(**cells)["charge"][0]


@pytest.mark.parametrize(
    ("printed", "canonical"),
    [
        ("lineItem/UsageAccountId", "line_item_usage_account_id"),
        ("savingsPlan/SavingsPlanARN", "savings_plan_savings_plan_arn"),
        ("savings_plan_savings_plan_a_r_n", "savings_plan_savings_plan_arn"),
        ("pricing/publicOnDemandCost", "pricing_public_on_demand_cost"),
        ("product/ProductName", "product_product_name"),
        ("line_item_unblended_cost", "line_item_unblended_cost"),
    ],
)
def test_names(printed, canonical):
    assert aws_cur_csv.canonical(printed) == canonical


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (
            {},
            {
                "billed_cost": "1.50000000000000000000",
                "effective_cost": "1.50000000000000000000",
                "effective_cost_raw": "1.50",
            },
        ),
        ({}, {"billing_account_id": "000012", "sub_account_id": "000034", "statement_id": "000012/2026-03-01"}),
        ({}, {"provider_name": "AWS", "service_name": "AmazonEC2", "native_type": "Usage", "charge_category": "Usage"}),
        ({}, {"known_at": None, "actor": None, "notes": None, "tags": None}),
        ({"lineItem__NetUnblendedCost": "1.40"}, {"billed_cost_raw": "1.40", "effective_cost_raw": "1.40"}),
        ({"lineItem__NetUnblendedCost": ""}, {"billed_cost_raw": "1.50"}),
        ({"lineItem__UsageStartDate": "2026-03-04 05:00:00"}, {"notes": ["zone_not_printed"]}),
        ({"product__ProductName": "EC2", "product__regionCode": "us-1"}, {"service_name": "EC2", "region_id": "us-1"}),
        ({"product": '{"product_name": "EC2"}'}, {"service_name": "EC2"}),
        (
            {"product": "EC2"},
            {
                "service_name": "AmazonEC2",
                "extra": '{"lineItem/BlendedCost":"1.25","lineItem/ProductCode":"AmazonEC2","product":"EC2"}',
            },
        ),
        ({"line_item_iam_principal": "arn:x"}, {"actor": "arn:x"}),
        ({"resourceTags__user_c_Owner": "me"}, {"tags": '{"user:Owner":"me"}'}),
        ({"resource_tags_user_owner": "me"}, {"tags": '{"user_owner":"me"}'}),
        ({"resource_tags": '{"user_owner": "me"}'}, {"tags": '{"user_owner": "me"}'}),
        ({"splitLineItem__ParentResourceId": "i-1"}, {"notes": ["split_cost_line"]}),
        ({"lineItem__LineItemType": "EdpDiscount"}, {"charge_category": None, "native_type": "EdpDiscount"}),
        ({"lineItem__UnblendedCost": ""}, {"billed_cost": None, "notes": ["effective_cost_unknown"]}),
    ],
)
def test_values(cells, expected):
    found = charge(**cells)
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("kind", "cells", "effective", "notes"),
    [
        ("SavingsPlanCoveredUsage", {"savingsPlan__SavingsPlanEffectiveCost": "0.5"}, "0.50000000000000000000", None),
        ("SavingsPlanCoveredUsage", {}, None, ["effective_cost_unknown"]),
        ("SavingsPlanNegation", {}, "0.00000000000000000000", ["effective_cost_computed"]),
        ("SavingsPlanUpfrontFee", {}, "0.00000000000000000000", ["effective_cost_computed"]),
        (
            "SavingsPlanRecurringFee",
            {"savingsPlan__TotalCommitmentToDate": "20.1", "savingsPlan__UsedCommitment": "12.5"},
            "7.60000000000000000000",
            ["effective_cost_computed"],
        ),
        ("SavingsPlanRecurringFee", {"savingsPlan__TotalCommitmentToDate": "20"}, None, ["effective_cost_unknown"]),
        ("DiscountedUsage", {"reservation__EffectiveCost": "0.25"}, "0.25000000000000000000", None),
        (
            "DiscountedUsage",
            {"reservation__EffectiveCost": "0.25", "reservation__NetEffectiveCost": "0.20"},
            "0.20000000000000000000",
            None,
        ),
        (
            "RIFee",
            {"reservation__UnusedAmortizedUpfrontFeeForBillingPeriod": "1", "reservation__UnusedRecurringFee": "2"},
            "3.00000000000000000000",
            ["effective_cost_computed"],
        ),
        ("Fee", {"reservation__ReservationARN": "arn"}, "0.00000000000000000000", ["effective_cost_computed"]),
        ("Fee", {}, "1.50000000000000000000", None),
        ("Tax", {}, "1.50000000000000000000", None),
        ("Refund", {}, "1.50000000000000000000", None),
    ],
)
def test_effective_cost(kind, cells, effective, notes):
    found = charge(lineItem__LineItemType=kind, **cells)
    assert (found.get("effective_cost"), found.get("notes")) == (effective, notes)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"lineItem__UnblendedCost": "free"}, "lineItem/UnblendedCost is no number"),
        ({"lineItem__UsageStartDate": "soon"}, "lineItem/UsageStartDate is no time"),
    ],
)
def test_what_cannot_be_read_is_turned_down(cells, reason):
    assert tables(**cells)["quarantine"][0]["reason"] == reason


def test_a_line_with_too_few_fields_is_read_as_far_as_it_checks():
    found = tables(header=[*PLAIN, "product/sku", "pricing/unit"], product__sku="S")
    row = found["charge"][0]
    assert (row["billed_cost_raw"], row["notes"], row.get("sku_id")) == ("1.50", ["fewer_fields_than_header"], None)
    assert json.loads(row["extra"])["unplaced_fields"] == ["AmazonEC2", "S"]


@pytest.mark.parametrize("missing", ["lineItem/CurrencyCode", "lineItem/UnblendedCost", "lineItem/LineItemType"])
def test_a_line_that_lacks_a_field_before_is_turned_down(missing):
    record = {name: text for name, text in (PLAIN | {"product/sku": "S"}).items() if name != missing}
    written = io.StringIO(newline="")
    csv.writer(written).writerows([[*PLAIN, "product/sku"], list(record.values())])
    _, found = golden.tables_of(Source.of_bytes(written.getvalue().encode()), aws_cur_csv)
    assert "charge" not in found


@pytest.mark.parametrize(
    ("header", "grade"),
    [
        ("lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UnblendedCost", Grade.STRONG),
        ("line_item_unblended_cost,line_item_usage_start_date,line_item_line_item_type", Grade.STRONG),
        ("lineItem/LineItemType,lineItem/UsageStartDate", Grade.NONE),
        ("lineItem/referenceNo,lineItem/isCorrection,cost/myCost", Grade.NONE),  # Oracle's
        ("lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UnblendedCost,lineItem/UnblendedCost", Grade.NONE),
    ],
)
def test_recognition(header, grade):
    assert aws_cur_csv.recognise(header.encode() + b"\n", "x") == grade


def reference_files(shared) -> dict[str, bytes]:
    folder = shared / "data" / "billing_and_assets"
    found = {path.name: path.read_bytes() for path in sorted((folder / "koku" / "aws").glob("*.csv"))}
    found["test_cur.csv"] = (folder / "koku" / "test_cur.csv").read_bytes()
    found["test_cur.csv.gz"] = gzip.decompress((folder / "koku" / "test_cur.csv.gz").read_bytes())
    found["sample"] = (folder / "aws_cur" / "sample-anonymous-aws-export-dataset.csv").read_bytes()
    with tarfile.open(folder / "koku" / "test_local_bucket_prefix.tar.gz") as archive:
        for member in archive:
            if member.name.endswith(".csv.gz"):
                stream = archive.extractfile(member)
                assert stream
                found["bucket"] = gzip.decompress(stream.read())
    return found


@pytest.mark.shared
def test_reference_reports_are_recognised_and_add_up(shared):
    for name, data in reference_files(shared).items():
        assert recognise_head(data[:65_536], "intake/0001").chosen == "aws_cur_csv", name
        books, found = golden.tables_of(Source.of_bytes(data), aws_cur_csv)
        records = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
        assert (books.records, books.quarantined) == (len(records), 0), name
        if not records:
            continue
        cost = next(column for column in records[0] if aws_cur_csv.canonical(column) == "line_item_unblended_cost")
        raw = [Decimal(text) for text in found["charge"].column("billed_cost_raw").to_pylist()]
        assert raw == [Decimal(record[cost]) for record in records], name


@pytest.mark.shared
def test_the_ragged_report_gives_its_known_sum(shared):
    """19 lines, each a field short of the header; their sum is 0.08275 (SOURCE.md, rounded there to five places)."""
    data = reference_files(shared)["test_cur.csv"]
    _, found = golden.tables_of(Source.of_bytes(data), aws_cur_csv)
    charges = found["charge"]
    assert charges.num_rows == 19
    total = sum(Decimal(text) for text in charges.column("billed_cost_raw").to_pylist())
    assert round(total, 5) == Decimal("0.08275")
    for row in charges.to_pylist():
        assert row["billed_cost"] == Decimal(row["billed_cost_raw"])
        lossy = row["consumed_quantity"] is None  # its column has 18 places
        assert row["notes"] == ["amount_not_exact"] * lossy + ["zone_not_printed", "fewer_fields_than_header"]


@pytest.mark.shared
def test_two_versions_of_a_report_differ_in_invoice_and_account_only(shared):
    """The known pair: before the bill is final there is no invoice id; the made-up account number differs as well."""
    files = reference_files(shared)
    rows = [
        golden.rows_of(golden.tables_of(Source.of_bytes(files[name]), aws_cur_csv)[1]["charge"])
        for name in ("2023-06-01-not-final.csv", "2023-06-01.csv")
    ]
    places = {"offset", "length"}
    for draft, final in zip(*rows, strict=True):
        changed = {key for key in draft.keys() | final.keys() if draft.get(key) != final.get(key)}
        assert changed - places == {"invoice_id", "billing_account_id", "sub_account_id", "statement_id"}
        assert final["billing_account_id"] == "0099999999999"


def test_a_tag_that_is_there_twice_is_kept_twice():
    header = [*PLAIN, "resourceTags/user:A", "resourceTags/user:A"]
    data = ",".join(header) + "\n" + ",".join([*PLAIN.values(), "1", "2"]) + "\n"
    _, found = golden.tables_of(Source.of_bytes(data.encode()), aws_cur_csv)
    row = golden.rows_of(found["charge"])[0]
    assert (row["tags"], row["notes"]) == ('{"user:A":"1","user:A#2":"2"}', ["duplicate_columns"])
