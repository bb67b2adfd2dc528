"""Bills as Parquet, read through the same columns of text as bills in CSV.

Times and decimals come as text with the digits that they have, a binary float with the fewest that tell it from its
neighbours; maps and lists are JSON. Members of structures are columns of their own where a format's CSV has them so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa

from parsers.contract import Grade, Item
from parsers.csvsheet import Converted, Layout
from parsers.parquet import read_rows, schema_of, texts
from parsers.source import Source

LayoutOf = Callable[[tuple[str, ...]], Layout | None]

_DEEPEST = 4


def grade(head: bytes, layout_of: LayoutOf, *, flat: bool = False) -> Grade:
    """Grade the head of a Parquet file by the names of its columns."""
    schema = schema_of(head)
    if schema is None:
        return Grade.NONE
    names = _flat(pa.table([pa.nulls(0, field.type) for field in schema], schema=schema), flat=flat).column_names
    return Grade.STRONG if layout_of(tuple(names)) else Grade.NONE


def read(source: Source, layout_of: LayoutOf, *, flat: bool = False) -> Iterator[Item]:
    """Yield one `charge` row a row of the file; with `flat`, members of structures are columns."""

    def convert(batch: pa.RecordBatch) -> Converted:
        table = _flat(pa.Table.from_batches([batch]), flat=flat)
        layout = layout_of(tuple(table.column_names))
        if layout is None:
            return Converted({}, dict.fromkeys(range(len(batch)), "columns that are no bill's"))
        columns = [texts(column.combine_chunks()) for column in table.columns]
        return layout.convert(columns, np.zeros(len(batch), np.bool_))

    return read_rows(source, "charge", convert)


def _flat(table: pa.Table, *, flat: bool) -> pa.Table:
    for _ in range(_DEEPEST if flat else 0):
        table = table.flatten()
    return table
