"""One thing that a log line tells, before it is known which log carried it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from parsers.jsontext import compact
from parsers.schema import TABLES

_PROCESS_ONLY = frozenset({"pid", "event_id"})


@dataclass(frozen=True)
class Said:
    """A row in the making: its table, its columns but for time and host, what fits no column, and notes."""

    table: str
    values: dict[str, Any]
    extra: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def noting(self, *notes: str, **extra: Any) -> Said:
        """Return the same with more notes and more that fits no column."""
        return replace(self, notes=(*self.notes, *notes), extra={**self.extra, **extra})

    def row(self, common: Mapping[str, Any]) -> dict[str, Any]:
        """Return the row's values; `common` are the columns that the log gives, what the message says goes before."""
        columns = TABLES[self.table].names
        fitting = {key: value for key, value in common.items() if key in columns}
        rest = {key: value for key, value in common.items() if key not in columns and key not in _PROCESS_ONLY}
        extra = {key: value for key, value in {**rest, **self.extra}.items() if value is not None}
        notes = sorted(set(self.notes))
        return fitting | self.values | {"notes": notes or None, "extra": compact(extra) if extra else None}
