"""FOCUS bills: columns by name, exact amounts, UTC where no zone is printed."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from typing import Any

import golden
import pytest

from parsers.billing import focus_csv
from parsers.contract import Grade
from parsers.formats import recognise_head
from parsers.source import Source

PLAIN = {
    "BilledCost": "1.50",
    "BillingCurrency": "USD",
    "BillingAccountId": "0012",
    "ChargePeriodStart": "2026-03-04T05:00:00Z",
    "ChargePeriodEnd": "2026-03-04T06:00:00Z",
}
NOT_BILLS = {
    "fail_invoice_issuer.csv": "five columns, neither period nor currency",
    "multiple_failure_examples.csv": "two columns",
    "focus_1_3_contract_commitment_aws.csv": "another FOCUS data set: commitments, no charges",
    "focus_1_3_contract_commitment_azure.csv": "another FOCUS data set: commitments, no charges",
    "focus_1_3_contract_commitment_gcp.csv": "another FOCUS data set: commitments, no charges",
}


def tables(**cells: str) -> dict[str, list[dict[str, Any]]]:
    record = PLAIN | cells
    quoted = ['"' + text.replace('"', '""') + '"' for text in record.values()]
    data = ",".join(record) + "\n" + ",".join(quoted) + "\n"
    _, found = golden.tables_of(Source.of_bytes(data.encode()), focus_csv)
    return {name: golden.rows_of(table) for name, table in found.items()}


def charge(**cells: str) -> dict[str, Any]:
    return tables(**cells)["charge"][0]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, {"ts": "2026-03-04T05:00:00.000000Z", "ts_end": "2026-03-04T06:00:00.000000Z", "notes": None}),
        ({}, {"billed_cost": "1.50000000000000000000", "billed_cost_raw": "1.50", "billing_account_id": "0012"}),
        ({"BilledCost": "-0.000000000000000000001"}, {"billed_cost": None, "notes": ["amount_not_exact"]}),
        ({"BilledCost": "-0.000000000000000000001"}, {"billed_cost_raw": "-0.000000000000000000001"}),
        ({"BilledCost": "1.5000000000000000000000"}, {"billed_cost": "1.50000000000000000000"}),
        ({"BilledCost": "5e-06"}, {"billed_cost": "0.00000500000000000000"}),
        ({"BilledCost": "2.5E3"}, {"billed_cost": "2500.00000000000000000000"}),
        ({"BilledCost": "NULL"}, {"billed_cost": None, "billed_cost_raw": None}),
        (
            {"EffectiveCost": "1,5"},
            {"effective_cost": None, "effective_cost_raw": "1,5", "notes": ["amount_is_no_number"]},
        ),
        ({"ListUnitPrice": "0.0000000000000001"}, {"list_unit_price": "0.0000000000000001"}),
        ({"ConsumedQuantity": "0.002007490000000"}, {"consumed_quantity": "0.002007490000000000"}),
        ({"ChargePeriodStart": "2026-03-04 05:00:00"}, {"ts": "2026-03-04T05:00:00.000000Z"}),
        ({"ChargePeriodStart": "2026-03-04 05:00:00"}, {"notes": ["zone_not_printed"], "ts_local": None}),
        ({"ChargePeriodStart": "2026-03-04"}, {"ts": "2026-03-04T00:00:00.000000Z", "ts_precision_us": 86_400_000_000}),
        ({"ChargePeriodStart": "2026-03-04T05:00:00+01:00"}, {"ts": "2026-03-04T04:00:00.000000Z", "notes": None}),
        ({"ChargePeriodStart": "", "ChargePeriodEnd": "NULL"}, {"ts": None, "ts_end": None, "ts_precision_us": None}),
        ({"BillingPeriodStart": "2026-03-01T00:00:00Z"}, {"statement_id": "0012/2026-03-01"}),
        ({"ProviderName": "A", "ServiceProviderName": "B"}, {"provider_name": "A"}),
        ({"ServiceProviderName": "B"}, {"provider_name": "B", "extra": None}),
        ({"Tags": '{"a": "1, 2"}'}, {"tags": '{"a": "1, 2"}'}),
        ({"Tags": "[1]"}, {"tags": None, "notes": ["tags_not_json"]}),
        ({"x_Team": "research"}, {"extra": '{"x_Team":"research"}'}),
        ({"ResourceID": "vm-1"}, {"resource_id": "vm-1"}),
        ({"ChargeDescription": " two\nlines "}, {"charge_description": " two\nlines "}),
    ],
)
def test_values(cells, expected):
    found = charge(**cells)
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"BilledCost": "$1.50"}, "BilledCost is no number"),
        ({"BilledCost": "(1.50)"}, "BilledCost is no number"),
        ({"BilledCost": "NaN"}, "BilledCost is no number"),
        ({"BilledCost": "١"}, "BilledCost is no number"),
        ({"ChargePeriodStart": "04/03/2026"}, "ChargePeriodStart is no time"),
        ({"ChargePeriodEnd": "soon"}, "ChargePeriodEnd is no time"),
    ],
)
def test_what_cannot_be_read_is_turned_down(cells, reason):
    assert tables(**cells)["quarantine"][0]["reason"] == reason


def test_undecodable_bytes_are_shown_and_noted():
    data = (",".join([*PLAIN, "ServiceName"]) + "\n").encode() + b"1,USD,a,2026-03-04,2026-03-05,caf\xe9\n"
    _, found = golden.tables_of(Source.of_bytes(data), focus_csv)
    row = golden.rows_of(found["charge"])[0]
    assert (row["service_name"], row["notes"]) == ("caf\\xe9", ["undecodable_bytes", "zone_not_printed"])


@pytest.mark.parametrize(
    ("header", "grade"),
    [
        (",".join(PLAIN), Grade.STRONG),
        (",".join(reversed(PLAIN)).upper(), Grade.STRONG),
        (",".join([*PLAIN, "x_A", "x_A"]), Grade.STRONG),
        (",".join([*PLAIN, "Tags", "tags"]), Grade.NONE),
        (",".join([*PLAIN][1:]), Grade.NONE),
        (";".join(PLAIN), Grade.NONE),  # one column is no bill
        ("ChargePeriodStart", Grade.NONE),
    ],
)
def test_recognition(header, grade):
    assert focus_csv.recognise(header.encode() + b"\n", "x") == grade


def test_duplicate_columns_are_told_apart():
    data = ",".join([*PLAIN, "x_A", "x_A"]) + "\n" + ",".join([*PLAIN.values(), "1", "2"]) + "\n"
    _, found = golden.tables_of(Source.of_bytes(data.encode()), focus_csv)
    row = golden.rows_of(found["charge"])[0]
    assert (row["extra"], row["notes"]) == ('{"x_A":"1","x_A#2":"2"}', ["duplicate_columns"])


def reference_files(shared):
    folder = shared / "data" / "billing_and_assets"
    return sorted([*(folder / "focus").glob("*.csv"), *(folder / "focus_generated").rglob("*.csv")])


@pytest.mark.shared
def test_reference_bills_are_recognised_and_add_up(shared):
    read = 0
    for path in reference_files(shared):
        data = path.read_bytes()
        chosen = recognise_head(data[:65_536], "intake/0001").chosen
        assert (chosen == "focus_csv") == (path.name not in NOT_BILLS), path.name
        if chosen is None:
            continue
        books, found = golden.tables_of(Source.of_file(path), focus_csv)
        with path.open(newline="", encoding="utf-8-sig") as stream:
            records = list(csv.DictReader(stream))
        assert (books.records, books.quarantined) == (len(records), 0)
        charges = found["charge"]
        assert charges.num_rows == len(records)
        for column, name in (("billed_cost", "BilledCost"), ("effective_cost", "EffectiveCost")):
            if name in records[0]:
                amounts = [Decimal(record[name]) for record in records]
                assert [Decimal(raw) for raw in charges.column(f"{column}_raw").to_pylist()] == amounts
                exact = [value for value in charges.column(column).to_pylist() if value is not None]
                assert sum(exact) == sum(a for a in amounts if -a.normalize().as_tuple().exponent <= 14)
        read += 1
    assert read == 8


@pytest.mark.shared
def test_no_field_of_the_published_sample_is_lost(shared):
    path = shared / "data" / "billing_and_assets" / "focus" / "focus_sample.csv"
    _, found = golden.tables_of(Source.of_file(path), focus_csv)
    with path.open(newline="") as stream:
        records = list(csv.DictReader(stream))
    for row, record in zip(golden.rows_of(found["charge"]), records, strict=True):
        texts = {value for value in row.values() if isinstance(value, str)}
        texts |= set(json.loads(row["extra"]).values())
        times = {text[:19].replace("T", " ") for text in texts}
        assert {text for text in record.values() if text not in {"", "NULL"}} <= texts | times


@pytest.mark.shared
def test_the_published_sample_gives_its_known_sum(shared):
    path = shared / "data" / "billing_and_assets" / "focus" / "focus_sample.csv"
    _, found = golden.tables_of(Source.of_file(path), focus_csv)
    assert found["charge"].num_rows == 1000
    assert sum(found["charge"].column("billed_cost").to_pylist()) == Decimal("20.52022672899")


def value_of(name: str, kind: str) -> str:
    """A value of the column's type that no other column has."""
    number = sum(ord(letter) * place for place, letter in enumerate(name, 1))
    if "Date" in kind:
        return f"2026-03-{number % 28 + 1:02}T{number % 24:02}:00:00Z"
    if kind == "Decimal":
        return f"{number}.5"
    return json.dumps({name: "x"}) if kind == "JSON" or name == "Tags" else f"value of {name}"


@pytest.mark.shared
@pytest.mark.parametrize(("version", "columns"), [("v1.0", 43), ("v1.1", 50), ("v1.2", 57), ("v1.3", 65), ("v1.4", 65)])
def test_no_column_of_any_version_is_lost(version, columns, shared):
    """1.3 adds eight names; 1.4 takes two away and adds two: facts, section 1."""
    known = json.loads((shared / "data" / "billing_and_assets" / "focus_columns" / "focus_cols.json").read_text())
    kinds = {name: column["Data type"] for name, column in known.get(version, known["v1.2"]).items()}
    if version in {"v1.3", "v1.4"}:
        allocated = ("MethodId", "MethodDetails", "ResourceId", "ResourceName", "Tags")
        added = [
            "ServiceProviderName",
            "HostProviderName",
            "ContractApplied",
            *(f"Allocated{name}" for name in allocated),
        ]
        kinds |= dict.fromkeys(added, "String")
    if version == "v1.4":
        kinds |= dict.fromkeys(["CommitmentProgramEligibilityDetails", "InvoiceDetailId"], "String")
        del kinds["ProviderName"], kinds["PublisherName"]
    assert len(kinds) == columns
    record = {name: value_of(name, kind) for name, kind in kinds.items()}
    data = ",".join(record) + "\n" + ",".join('"' + text.replace('"', '""') + '"' for text in record.values()) + "\n"
    assert recognise_head(data.encode(), "intake/0001").chosen == "focus_csv"
    _, found = golden.tables_of(Source.of_bytes(data.encode()), focus_csv)
    row = golden.rows_of(found["charge"])[0]
    held = {text.removesuffix(".000000Z") + "Z" if text.endswith("Z") else text for text in map(str, row.values())}
    held |= set(json.loads(row["extra"]).values())
    assert {name for name, text in record.items() if text not in held} == set()
