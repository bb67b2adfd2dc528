"""AWS cost and usage reports as Parquet: the legacy report with Athena's names, and CUR 2.0.

Source of the format: docs.aws.amazon.com, Data Exports, CUR 2.0 table dictionary; Cost and Usage Reports, Athena.

One record is one row of the file and one `charge` row; see `parsers.billing.aws_cur_csv` for what the columns mean.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.billing import parquet_bills
from parsers.billing.aws_cur_csv import layout_of
from parsers.contract import Format, Grade, Item
from parsers.source import Source

FORMAT = Format(
    name="aws_cur_parquet",
    title="AWS cost and usage report (Parquet)",
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
