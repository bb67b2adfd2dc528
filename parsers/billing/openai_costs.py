"""OpenAI's costs: pages of `GET /v1/organization/costs`.

Source of the format: platform.openai.com, API reference, Costs: buckets of a day with `organization.costs.result`.

One bucket is one record and gives one `charge` row a result; times are seconds of UTC, ends exclusive. The amount is a
number with whatever digits its writer's binary fraction has; the currency is written small there and large here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from parsers.billing.objects import BillLine, read_objects
from parsers.billing.pages import LISTS, bill_lines, epoch_or_iso, lines_of, results_of
from parsers.contract import Format, Grade, Item
from parsers.csvsheet import Converted
from parsers.csvtext import Flags
from parsers.jsondocument import head_grade
from parsers.jsonlines import JsonRecord
from parsers.source import Source

FORMAT = Format(
    name="openai_costs",
    title="OpenAI organization costs",
    tables=("charge", "coverage_gap"),
    signature=True,
    version=2,
)

RESULT = "organization.costs.result"
TEXTS = {
    "billing_account_id": "organization_id",
    "sub_account_id": "project_id",
    "sub_account_name": "project_name",
    "charge_description": "line_item",
    "native_type": "object",
    "actor": "api_key_id",
}
MAPPED = {*TEXTS.values(), "start_time", "end_time", "amount.value", "amount.currency", "quantity"}


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most records are buckets of cost results."""
    return head_grade(head, LISTS, (RESULT.encode(), b"amount"), lambda value: _results(value) is not None)


def read(source: Source) -> Iterator[Item]:
    """Yield one `charge` row a result."""
    return read_objects(source, "charge", LISTS, _lines, _converted)


def _results(bucket: dict[str, Any]) -> list[dict[str, Any]] | None:
    return results_of(bucket, lambda result: result.get("object") == RESULT) if "start_time" in bucket else None


def _lines(record: JsonRecord) -> list[BillLine] | str:
    return lines_of(record, _results(record.value), "no bucket of costs")


def _converted(names: tuple[str, ...], columns: list[pa.StringArray], undecodable: Flags) -> Converted:
    lines = bill_lines(names, columns, undecodable, epoch_or_iso)
    for column, name in TEXTS.items():
        lines.text(column, name)
    lines.put("effective_cost", lines.amount("billed_cost", "amount.value", required=True))
    lines.amount("consumed_quantity", "quantity")
    lines.columns["billing_currency"] = pc.utf8_upper(lines.cells.text("amount.currency"))
    lines.columns["provider_name"] = "OpenAI"
    lines.columns["charge_category"] = "Usage"
    lines.period("start_time", "end_time")
    lines.rest(MAPPED)
    return lines.converted()
