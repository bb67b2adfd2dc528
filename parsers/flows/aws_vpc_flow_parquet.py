"""AWS VPC flow logs as Parquet files in S3.

Source of the format: AWS documentation, "Flow log files" (Parquet): the fields of `parsers.flows.vpc_fields` with
underscores for hyphens, numbers as INT32 and INT64, the rest as strings, `-` where a field says nothing.

One record is one row of the file.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from parsers.contract import Format, Grade, Item
from parsers.csvcells import Cells
from parsers.csvsheet import Converted
from parsers.flows import vpc_fields
from parsers.parquet import read_rows, schema_of, texts
from parsers.source import Source

FORMAT = Format(
    name="aws_vpc_flow_parquet",
    title="AWS VPC flow logs (Parquet)",
    tables=vpc_fields.TABLES,
    signature=True,
    line_based=False,
)


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """Grade a head by the names of its columns."""
    schema = schema_of(head)
    return Grade.STRONG if schema and vpc_fields.field_names(tuple(schema.names)) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one `flow` row a row of the file, or a `coverage_gap`."""
    return read_rows(source, "flow", _converted)


def _converted(batch: pa.RecordBatch) -> Converted:
    names = vpc_fields.field_names(tuple(batch.schema.names))
    if names is None:
        raise ValueError("columns that are no fields of a flow log")
    cells = Cells(names, [texts(column) for column in batch.columns], np.zeros(len(batch), np.bool_), vpc_fields.NULLS)
    return vpc_fields.converted(cells, {})
