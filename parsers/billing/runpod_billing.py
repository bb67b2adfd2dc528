"""RunPod billing: records of `GET /v1/billing/pods`, `/endpoints` and `/networkvolumes`.

Source of the format: docs.runpod.io, REST API, Billing: a list of records, one for each pod, endpoint or volume and
bucket of time.

One record is one `charge` row; the bucket's length is not in it, so a row has a beginning and no end. No currency is
printed (noted).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from parsers.billing.objects import BillLine, line_of, read_objects
from parsers.billing.pages import bill_lines, without_currency
from parsers.contract import Format, Grade, Item
from parsers.csvsheet import Converted
from parsers.csvtext import Flags
from parsers.jsondocument import NO_LISTS, head_grade
from parsers.jsonlines import JsonRecord
from parsers.source import Source
from parsers.times import iso

FORMAT = Format(name="runpod_billing", title="RunPod billing", tables=("charge",), signature=True, version=2)

RESOURCES = ("podId", "endpointId", "networkVolumeId")
MAPPED = {*RESOURCES, "time", "amount", "timeBilledMs", "gpuTypeId"}


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most records have an amount, a time, milliseconds billed and what was billed."""
    return head_grade(head, NO_LISTS, (b"amount", b"timeBilledMs"), _is_record)


def read(source: Source) -> Iterator[Item]:
    """Yield one `charge` row a record."""
    return read_objects(source, "charge", NO_LISTS, _lines, _converted)


def _is_record(value: dict[str, Any]) -> bool:
    return {"amount", "time", "timeBilledMs"} <= value.keys() and not value.keys().isdisjoint(RESOURCES)


def _lines(record: JsonRecord) -> list[BillLine] | str:
    return [line_of(record)] if _is_record(record.value) else "no record of a bill"


def _converted(names: tuple[str, ...], columns: list[pa.StringArray], undecodable: Flags) -> Converted:
    lines = bill_lines(names, columns, undecodable, iso)
    lines.put("effective_cost", lines.amount("billed_cost", "amount", required=True))
    lines.amount("consumed_quantity", "timeBilledMs")
    lines.columns["consumed_unit"] = "ms"
    lines.columns["resource_id"] = pc.coalesce(*(lines.cells.text(name) for name in RESOURCES))
    lines.text("sku_id", "gpuTypeId")
    lines.columns["provider_name"] = "RunPod"
    lines.columns["charge_category"] = "Usage"
    lines.moment("time")
    without_currency(lines)
    lines.rest(MAPPED)
    return lines.converted()
