"""Anthropic's costs: pages of `GET /v1/organizations/cost_report`.

Source of the format: platform.claude.com/docs, Admin API, Get Cost Report: buckets of a day (`starting_at`,
`ending_at`) with results.

One bucket is one record and gives one `charge` row a result. The amount is in the smallest unit of its currency: a
hundredth (noted), so "123.45" in USD is 1.2345 dollars; the text beside it is as printed. No workspace means the
default one. Costs of the priority tier are not in this report.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Context
from typing import Any

import numpy as np
import pyarrow as pa

from parsers.billing.objects import BillLine, read_objects
from parsers.billing.pages import LISTS, bill_lines, lines_of, results_of
from parsers.contract import Format, Grade, Item
from parsers.csvcells import Amounts, amounts, present
from parsers.csvsheet import Converted
from parsers.csvtext import Flags
from parsers.jsondocument import head_grade
from parsers.jsonlines import JsonRecord
from parsers.money import held
from parsers.schema import COIN, MONEY
from parsers.source import Source
from parsers.times import iso

FORMAT = Format(
    name="anthropic_costs",
    title="Anthropic cost report",
    tables=("charge", "coverage_gap"),
    signature=True,
    version=2,
)

FROM_CENTS = "converted_from_cents"
TEXTS = {
    "sub_account_id": "workspace_id",
    "service_name": "model",
    "charge_description": "description",
    "billing_currency": "currency",
    "native_type": "cost_type",
}
MAPPED = {*TEXTS.values(), "starting_at", "ending_at", "amount"}
_EXACT = Context(prec=80)


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most records are buckets whose results have an amount and a currency."""
    marks = (b"starting_at", b"ending_at", b"amount", b"currency")
    return head_grade(head, LISTS, marks, lambda value: _results(value) is not None)


def read(source: Source) -> Iterator[Item]:
    """Yield one `charge` row a result."""
    return read_objects(source, "charge", LISTS, _lines, _converted)


def _results(bucket: dict[str, Any]) -> list[dict[str, Any]] | None:
    if not {"starting_at", "ending_at"} <= bucket.keys():
        return None
    return results_of(bucket, lambda result: {"amount", "currency"} <= result.keys())


def _lines(record: JsonRecord) -> list[BillLine] | str:
    return lines_of(record, _results(record.value), "no bucket of costs")


def _converted(names: tuple[str, ...], columns: list[pa.StringArray], undecodable: Flags) -> Converted:
    lines = bill_lines(names, columns, undecodable, iso)
    for column, name in TEXTS.items():
        lines.text(column, name)
    cents = amounts(lines.cells.text("amount"), COIN)
    lines.faults.add(cents.wrong, "amount is no number")
    cost = _hundredth(cents)
    lines.put("billed_cost", cost)
    lines.put("effective_cost", cost)
    lines.note(FROM_CENTS, present(cents.raw))
    lines.columns["provider_name"] = "Anthropic"
    lines.columns["charge_category"] = "Usage"
    lines.period("starting_at", "ending_at")
    lines.rest(MAPPED)
    return lines.converted()


def _hundredth(cents: Amounts) -> Amounts:
    """Return the amounts in whole units, where the column holds these exactly."""
    values = [None if value is None else held(value.scaleb(-2, _EXACT), MONEY) for value in cents.values.to_pylist()]
    found = pa.array(values, MONEY)
    return cents._replace(values=found, lossy=np.asarray(present(cents.raw) & ~present(found) & ~cents.wrong))
