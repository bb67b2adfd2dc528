"""A case in a notebook: ask SQL, get frames, plot. Reads what is committed; writes nothing.

Text in what comes back has its secrets masked and control characters made visible, so that a displayed frame can
neither leak nor act; `masked=False` gives values as they stand in the tables, for computing, not for showing.
"""

from __future__ import annotations

import json
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pyarrow as pa

from forensics.case import Case
from forensics.engine import Engine
from parsers.dissect.secrets import mask

Out = Literal["pandas", "arrow"]

_TIMELINE = """
    select
        make_timestamptz(stage_event.best_us) as ts, make_timestamptz(stage_event.earliest_us) as ts_earliest,
        make_timestamptz(stage_event.latest_us) as ts_latest, stage_event.ts_basis, stage_event.stage,
        stage_event.actor, stage_event.reason, delivery.path, event_place.table_name,
        left(event_place.source_id, 12) || '#' || event_place.record
        || case when event_place.part > 0 then '.' || event_place.part else '' end as ref
    from stage_event
    join event_place on event_place.event = stage_event.event
    join delivery on delivery.source_id = event_place.source_id
    order by stage_event.best_us nulls last, stage_event.event, stage_event.stage
"""


class OpenCase:
    """One committed case, its tables and relations behind SQL."""

    def __init__(self, path: Path | str) -> None:
        self._case = Case.open(path)
        self._scratch = tempfile.TemporaryDirectory(prefix="forensics-")

    @cached_property
    def _engine(self) -> Engine:
        self._case.check(list(self._case.files("tables/")))
        engine = Engine(self._case.tables(), Path(self._scratch.name))
        engine.build()
        return engine

    @cached_property
    def incident(self) -> dict[str, Any]:
        """The incident document as `analyze` committed it."""
        document: dict[str, Any] = json.loads(self._case.read("incident.json"))
        return document

    @property
    def relations(self) -> list[str]:
        """Names of everything that SQL can read: evidence tables, knowledge and relations."""
        return sorted(self._engine.tables)

    def sql(self, query: str, *parameters: Any, out: Out = "pandas", masked: bool = True) -> Any:
        """Run one SELECT; values go in as parameters (`$1`, `$2`). Returns a pandas frame or an Arrow table."""
        table = self._engine.arrow(query, list(parameters))
        table = _masked(table) if masked else table
        return table if out == "arrow" else frame_of(table)

    def table(self, name: str, *, out: Out = "pandas", masked: bool = True) -> Any:
        """A whole table or relation, by name."""
        if name not in self._engine.tables:
            raise KeyError(f"no table or relation is called {name!r}; see .relations")
        return self.sql(f'select * from "{name}"', out=out, masked=masked)

    def timeline(self, out: Out = "pandas") -> Any:
        """Every record of the chain in order of time, with bounds, stage, actor and reference."""
        return self.sql(_TIMELINE, out=out)


def open_case(path: Path | str) -> OpenCase:
    """Open a case folder for reading; raises `forensics.errors.UsageFault` if there is none."""
    return OpenCase(path)


def frame_of(table: pa.Table) -> pd.DataFrame:
    """Turn an Arrow table into a frame; decimals stay `Decimal`, times stay UTC."""
    frame: pd.DataFrame = table.to_pandas(timestamp_as_object=False)
    return frame


def _masked(table: pa.Table) -> pa.Table:
    columns = []
    for column in table.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            values = column.to_pylist()
            shown = {value: _shown(value) for value in set(values) if value is not None}
            columns.append(pa.array([None if value is None else shown[value] for value in values], column.type))
        else:
            columns.append(column)
    return pa.Table.from_arrays(columns, names=table.column_names)


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\u{ord(c):04x}" for c in mask(text))
