"""A case in a notebook: ask SQL, get frames, plot. Reads what is committed; writes nothing.

Text in what comes back has its secrets masked and what could act, hide or reorder made visible, so that a displayed
frame can neither leak nor act; `masked=False` gives values as they stand in the tables, for computing, not for showing.
"""

from __future__ import annotations

import json
import tempfile
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import pandas as pd
import pyarrow as pa

from forensics.asking import ask
from forensics.case import Case
from forensics.display import shown_table
from forensics.engine import Engine
from forensics.errors import UsageFault
from queries.catalogue import all_relations

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

# a missing number stays missing and a whole number whole: pandas would turn both into floats
_WHOLE = {
    pa.int8(): pd.Int8Dtype(),
    pa.int16(): pd.Int16Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(),
    pa.uint16(): pd.UInt16Dtype(),
    pa.uint32(): pd.UInt32Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}


class OpenCase:
    """One committed case, its tables and relations behind SQL. A relation is built when it is first asked for."""

    def __init__(self, path: Path | str) -> None:
        self._case = Case.open(path)
        self._scratch = tempfile.TemporaryDirectory(prefix="forensics-")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of memory and scratch; what came back before stays usable."""
        if "_engine" in self.__dict__:
            self._engine.close()
        self._scratch.cleanup()

    @cached_property
    def _engine(self) -> Engine:
        self._case.check(list(self._case.files("tables/")))
        return Engine(self._case.tables(), Path(self._scratch.name))

    @cached_property
    def incident(self) -> dict[str, Any]:
        """The incident document as `analyze` committed it; raises `UsageFault` before that."""
        if "incident.json" not in self._case.files():
            raise UsageFault("is not analysed yet", where=str(self._case.root), hint="`forensics analyze` does that")
        document: dict[str, Any] = json.loads(self._case.read("incident.json"))
        return document

    @property
    def relations(self) -> list[str]:
        """Names of everything that SQL can read: evidence tables, knowledge and relations."""
        return sorted(self._engine.tables | all_relations().keys())

    def sql(self, query: str, *parameters: Any, out: Out = "pandas", masked: bool = True) -> Any:
        """Run one SELECT; values go in as parameters (`$1`, `$2`). Returns a pandas frame or an Arrow table.

        Raises `UsageFault` for anything else than a SELECT and for a question that cannot be answered.
        """
        table = ask(self._engine, query, parameters)
        table = shown_table(table, self._case.settings.redacted_words) if masked else table
        return table if out == "arrow" else frame_of(table)

    def table(self, name: str, *, out: Out = "pandas", masked: bool = True) -> Any:
        """A whole table or relation, by name; raises `UsageFault` for a name that is none."""
        if name not in self.relations:
            raise UsageFault(f"no table or relation is called {name!r}", hint="see .relations")
        return self.sql(f'select * from "{name}"', out=out, masked=masked)

    def timeline(self, *, out: Out = "pandas") -> Any:
        """Every record of the chain in order of time, with bounds, stage, actor and reference."""
        return self.sql(_TIMELINE, out=out)


def open_case(path: Path | str) -> OpenCase:
    """Open a case folder for reading; raises `forensics.errors.UsageFault` if there is none.

    Frames are shown without MathJax from then on: evidence between two dollar signs is text, not a formula.
    """
    pd.set_option("display.html.use_mathjax", False)  # noqa: FBT003  # as pandas takes it
    return OpenCase(path)


def frame_of(table: pa.Table) -> pd.DataFrame:
    """Turn an Arrow table into a frame; whole numbers stay whole, decimals `Decimal`, times UTC."""
    frame: pd.DataFrame = table.to_pandas(types_mapper=_WHOLE.get)
    return frame
