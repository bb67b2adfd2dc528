"""Rows in, rows out: one relation run on hand-made tables, every other table empty."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forensics.engine import Engine
from queries.catalogue import all_relations

Rows = list[dict[str, Any]]


def typed_engine(scratch: Path, relation: str, inputs: dict[str, Rows]) -> Engine:
    """An engine in which `relation` reads exactly `inputs`; what is not given is empty, types are the real ones."""
    engine = Engine({}, scratch)
    for needed in sorted(all_relations()[relation].reads):
        if needed not in engine.tables:
            engine.build([needed])
    for name, rows in inputs.items():
        types = dict(engine.connection.execute(f'select column_name, column_type from (describe "{name}")').fetchall())
        kind = "view" if name in all_relations() and all_relations()[name].kind == "view" else "table"
        engine.connection.execute(f'create table "given" as select * from "{name}" limit 0')
        engine.connection.execute(f'drop {kind} "{name}"')
        engine.connection.execute(f'alter table "given" rename to "{name}"')
        for row in rows:
            columns = ", ".join(f'"{column}"' for column in row)
            marks = ", ".join(f"cast(? as {types[column]})" for column in row)
            engine.connection.execute(f'insert into "{name}" ({columns}) values ({marks})', list(row.values()))
    engine.build([relation])
    return engine


@pytest.fixture()
def run_relation(tmp_path: Path) -> Callable[..., Rows]:
    """`run_relation(name, columns, **tables)`: the relation's rows, only `columns`, in a total order."""

    def run(name: str, columns: list[str], **inputs: Rows) -> Rows:
        engine = typed_engine(tmp_path, name, inputs)
        chosen = ", ".join(f'"{column}"' for column in columns)
        rows = engine.rows(f'select {chosen} from "{name}" order by all')
        engine.close()
        return rows

    return run


@pytest.fixture()
def read_rows() -> Callable[[Path], Rows]:
    """Read a CSV of rows: empty cells are null, `why` says why a row is there and is no column."""

    def read(path: Path) -> Rows:
        with path.open(encoding="utf-8", newline="") as stream:
            return [
                {key: value or None for key, value in row.items() if key != "why"} for row in csv.DictReader(stream)
            ]

    return read
