"""Rows of events gathered into Arrow batches, each with the places of its event's lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from parsers.assemble import to_batch
from parsers.audit.records import AuditLine
from parsers.columns import batch


class EventTables:
    """Rows by table until they are taken."""

    def __init__(self, source_id: str) -> None:
        self._source_id = source_id
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._spans: list[AuditLine] = []
        self._span_counts: list[int] = []
        self._owners: list[tuple[int, int]] = []  # record and part of the row that spans belong to

    def add(self, table: str, lines: list[AuditLine], part: int, values: dict[str, Any]) -> None:
        """Take over a row that rests on `lines`; the first of them is its own."""
        _, _, number, offset, length, line = lines[0]
        values["record"] = number
        values["part"] = part
        values["line"] = line
        values["offset"] = offset
        values["length"] = length
        values["source_id"] = self._source_id
        self._rows.setdefault(table, []).append(values)
        if len(lines) > 1:
            self._spans.extend(lines)
            self._span_counts.append(len(lines))
            self._owners.append((number, part))

    def taken(self) -> dict[str, pa.RecordBatch]:
        """Return the rows since the last call, by table."""
        found = {table: to_batch(table, rows) for table, rows in sorted(self._rows.items())}
        if self._spans:
            found["locator"] = self._locator()
        self._rows, self._spans, self._span_counts, self._owners = {}, [], [], []
        return found

    def _locator(self) -> pa.RecordBatch:
        _, _, *places = zip(*self._spans, strict=True)
        number, offset, length, line = (pa.array(column, pa.int64()) for column in places)
        owners = np.repeat(np.array(self._owners, np.int64), self._span_counts, axis=0)
        ends = np.cumsum(self._span_counts)
        position = np.arange(len(self._spans)) - np.repeat(ends - self._span_counts, self._span_counts)
        return batch(
            "locator",
            len(self._spans),
            {
                "source_id": self._source_id,
                "record": pa.array(owners[:, 0]),
                "part": pa.array(owners[:, 1]),
                "span": pa.array(position),
                "span_record": number,
                "span_line": line,
                "span_offset": offset,
                "span_length": length,
            },
        )
