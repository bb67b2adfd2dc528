"""Google Cloud billing export from BigQuery, written as JSON lines or arrays.

Source of the format: cloud.google.com/billing/docs/how-to/export-data-bigquery-tables (standard and detailed usage cost
data); numbers stand as numbers or as texts.

One object is one record and one `charge` row; see `parsers.billing.gcp_columns` for what its members mean.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from parsers.billing.gcp_columns import REQUIRED, GcpLayout, canonical
from parsers.billing.lines import told_apart
from parsers.billing.objects import BillLine, flattened, line_of, read_objects
from parsers.contract import Format, Grade, Item
from parsers.csvsheet import Converted
from parsers.csvtext import Flags
from parsers.jsondocument import NO_LISTS, head_grade
from parsers.jsonlines import JsonRecord
from parsers.source import Source

FORMAT = Format(
    name="gcp_billing_json", title="Google Cloud billing export (JSON)", tables=("charge",), signature=True, version=2
)


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most objects have account, SKU, usage times, cost and currency under Google's names."""
    return head_grade(head, NO_LISTS, (b"billing_account_id", b"usage_start_time"), _is_line)


def read(source: Source) -> Iterator[Item]:
    """Yield one `charge` row an object."""
    return read_objects(source, "charge", NO_LISTS, _lines, _converted)


def _is_line(value: BillLine) -> bool:
    return {canonical(name) for name in flattened(value)} >= REQUIRED


def _lines(record: JsonRecord) -> list[BillLine] | str:
    return [line_of(record)] if _is_line(record.value) else "no line of a billing export"


def _converted(header: tuple[str, ...], columns: list[pa.StringArray], undecodable: Flags) -> Converted:
    names, _ = told_apart(tuple(canonical(name) for name in header))
    return GcpLayout(header, names).convert(columns, undecodable)
