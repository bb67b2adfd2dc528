"""Azure cost exports as Parquet: actual and amortised cost.

Source of the format: learn.microsoft.com, Cost Management, exports (Parquet) with the columns of the cost data sets.

One record is one row of the file and one `charge` row; see `parsers.billing.azure_cost_csv` for what the columns mean.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.billing import parquet_bills
from parsers.billing.azure_cost_csv import layout_of
from parsers.contract import Format, Grade, Item
from parsers.source import Source

FORMAT = Format(
    name="azure_cost_parquet",
    title="Azure cost export (Parquet)",
    tables=("charge",),
    signature=True,
    line_based=False,
    version=2,
)


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """Grade a head by the names of its columns."""
    return parquet_bills.grade(head, layout_of)


def read(source: Source) -> Iterator[Item]:
    """Yield one `charge` row a row of the file."""
    return parquet_bills.read(source, layout_of)
