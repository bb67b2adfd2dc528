"""Google Cloud billing export from BigQuery, extracted as Parquet.

Source of the format: cloud.google.com/billing, export to BigQuery; its tables extracted, with structures and lists.

One record is one row of the file and one `charge` row; see `parsers.billing.gcp_columns` for what the columns mean.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.billing import parquet_bills
from parsers.billing.gcp_columns import layout_of
from parsers.contract import Format, Grade, Item
from parsers.source import Source

FORMAT = Format(
    name="gcp_billing_parquet",
    title="Google Cloud billing export (Parquet)",
    tables=("charge",),
    signature=True,
    line_based=False,
    version=2,
)


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """Grade a head by the names of its columns."""
    return parquet_bills.grade(head, layout_of, flat=True)


def read(source: Source) -> Iterator[Item]:
    """Yield one `charge` row a row of the file."""
    return parquet_bills.read(source, layout_of, flat=True)
