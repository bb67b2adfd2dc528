"""FOCUS cost and usage data sets as Parquet, versions 1.0 to 1.4.

Source of the format: FinOps-Open-Cost-and-Usage-Spec/FOCUS_Spec, as the exports of providers write it.

One record is one row of the file and one `charge` row; see `parsers.billing.focus_csv` for what the columns mean.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.billing import parquet_bills
from parsers.billing.focus_csv import layout_of
from parsers.contract import Format, Grade, Item
from parsers.source import Source

FORMAT = Format(
    name="focus_parquet",
    title="FOCUS cost and usage (Parquet)",
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
