"""Arrow batches from whole columns, for parsers that check and read a block at once.

A parser that goes block by block has its columns as arrays already; making a dictionary of each row only to take it
apart again costs more than reading. `batch` fills in the columns that a format never has.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from parsers.schema import TABLES

Numbers = npt.NDArray[np.int64]


def batch(table: str, rows: int, columns: Mapping[str, pa.Array | str | int]) -> pa.RecordBatch:
    """Build a batch of `table` from arrays of `rows` values, and from single values that hold for every row.

    Columns that are not named are null. Raises `KeyError` for a column that the schema does not know.
    """
    schema = TABLES[table]
    for name in columns:
        schema.field(name)
    return pa.RecordBatch.from_arrays([_array(columns.get(field.name), field, rows) for field in schema], schema=schema)


def _array(given: pa.Array | str | int | None, field: pa.Field, rows: int) -> pa.Array:
    if given is None:
        return pa.nulls(rows, field.type)
    if isinstance(given, str | int):
        return pa.repeat(pa.scalar(given, field.type), rows)
    return given if given.type == field.type else given.cast(field.type)


def texts(data: bytes, begins: Numbers, ends: Numbers) -> pa.Array:
    """Return `large_string` values out of `data`, which must be UTF-8: value i is `data[begins[i]:ends[i]]`.

    Spans must be in order and must not overlap.
    """
    # Arrow wants values without gaps: take every other one of values and gaps in turn
    offsets = np.empty(2 * len(begins) + 1, dtype=np.int64)
    offsets[0:-1:2] = begins
    offsets[1::2] = ends
    offsets[-1] = ends[-1] if len(ends) else 0
    with_gaps = pa.LargeStringArray.from_buffers(
        len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data), null_count=0
    )
    return with_gaps.take(pa.array(np.arange(0, len(offsets) - 1, 2, dtype=np.int64)))


def remarks(rows: int, found: Mapping[int, list[str]]) -> pa.Array:
    """Return a column of lists of strings from the few rows that have one; null elsewhere."""
    if not found:
        return pa.nulls(rows, pa.list_(pa.string()))
    places = np.fromiter(sorted(found), np.int64, len(found))
    counts = np.zeros(rows + 1, np.int32)
    counts[places + 1] = [len(found[at]) for at in places.tolist()]
    missing = np.ones(rows, np.bool_)
    missing[places] = False
    values = pa.array([note for at in places.tolist() for note in found[at]], pa.string())
    offsets = np.cumsum(counts, dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values, mask=pa.array(missing))
