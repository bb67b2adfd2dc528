"""Google Cloud billing export from BigQuery, written as CSV.

Source of the format: cloud.google.com/billing/docs/how-to/export-data-bigquery-tables (standard and detailed usage cost
data); nested columns are named with a dot, lists stand as JSON or as Python writes them.

See `parsers.billing.gcp_columns` for what the columns mean.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.billing.gcp_columns import layout_of
from parsers.contract import Format, Grade, Item
from parsers.csvsheet import header_of, read_sheet
from parsers.source import Source

FORMAT = Format(
    name="gcp_billing_csv", title="Google Cloud billing export (CSV)", tables=("charge",), signature=True, version=2
)


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """Grade a head: account, SKU, usage times, cost and currency under Google's names are its export."""
    return Grade.STRONG if header_of(head, layout_of) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one `charge` row a record; header lines and blank lines are structure."""
    return read_sheet(source, "charge", layout_of)
