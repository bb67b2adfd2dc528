"""Rows in, rows out: one relation run on hand-made tables, every other table empty."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from forensics.engine import Engine
from forensics.spark.engine import SparkEngine
from queries.catalogue import all_relations

Rows = list[dict[str, Any]]

_SPAN = re.compile(r"(-?\d+)(?:\.(\d{1,6}))?(s|m|h|d)")
_MICROSECONDS = {"s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}


@pytest.fixture(scope="session")
def column_types(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, str]]:
    """The columns of every table, knowledge table and relation with their types, from a case without evidence."""
    engine = Engine({}, tmp_path_factory.mktemp("scratch"))
    engine.build()
    found = {name: _columns(engine, name) for name in engine.tables}
    engine.close()
    return found


def _columns(engine: Engine, name: str) -> dict[str, str]:
    return dict(engine.connection.execute(f'select column_name, column_type from (describe "{name}")').fetchall())


def _fill(engine: Engine, name: str, types: Mapping[str, str], rows: Rows) -> None:
    """Put a table of these types and rows in the place of `name`; values are cast from what a CSV file says."""
    columns = ", ".join(f'"{column}" {kind}' for column, kind in types.items())
    engine.connection.execute(f'drop table if exists "{name}"')
    engine.connection.execute(f'create table "{name}" ({columns})')
    for row in rows:
        unknown = row.keys() - types.keys()
        assert not unknown, f"{name} has no column {sorted(unknown)}"
        names = ", ".join(f'"{column}"' for column in row)
        marks = ", ".join(f"cast(? as {types[column]})" for column in row)
        engine.connection.execute(f'insert into "{name}" ({names}) values ({marks})', list(row.values()))
    engine.tables.add(name)


@pytest.fixture
def run_relation(tmp_path: Path, column_types: Mapping[str, Mapping[str, str]]) -> Callable[..., Rows]:
    """`run_relation(name, columns, **tables)`: the relation's rows, only `columns`, in a total order.

    A table that is not given is empty; knowledge that is not given is the product's own.
    """

    def run(name: str, columns: list[str], **inputs: Rows) -> Rows:
        engine = Engine({}, tmp_path)
        _fill_all(engine, name, column_types, inputs)
        engine.build([name])
        return _taken(engine, name, columns)

    return run


@pytest.fixture
def run_on_spark(tmp_path: Path, column_types: Mapping[str, Mapping[str, str]], spark: Any) -> Callable[..., Rows]:
    """As `run_relation`, by a Spark session; the rows are ordered by DuckDB."""

    def run(name: str, columns: list[str], **inputs: Rows) -> Rows:
        engine = SparkEngine(spark, {}, tmp_path)
        _fill_all(engine, name, column_types, inputs)
        engine.connect_arrow("answered", engine.frame(all_relations()[name]).toArrow())
        return _taken(engine, "answered", columns)

    return run


def _fill_all(engine: Engine, name: str, types: Mapping[str, Mapping[str, str]], inputs: Mapping[str, Rows]) -> None:
    reads = all_relations()[name].reads
    unread = inputs.keys() - reads
    assert not unread, f"{name} does not read {sorted(unread)}"
    for table in sorted(reads):
        if table in inputs or table not in engine.tables:
            _fill(engine, table, types[table], inputs.get(table, []))


@pytest.fixture(scope="session")
def typing_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine in which rows get their types."""
    engine = Engine({}, tmp_path_factory.mktemp("typing"))
    yield engine
    engine.close()


@pytest.fixture
def typed_rows(
    typing_engine: Engine, column_types: Mapping[str, Mapping[str, str]]
) -> Callable[[str, list[str], Rows], Rows]:
    """`typed_rows(name, columns, rows)`: rows of a CSV file with the types of relation `name`."""

    def typed(name: str, columns: list[str], rows: Rows) -> Rows:
        _fill(typing_engine, "expected", column_types[name], rows)
        return _rows(typing_engine, "expected", columns)

    return typed


def _taken(engine: Engine, name: str, columns: list[str]) -> Rows:
    rows = _rows(engine, name, columns)
    engine.close()
    return rows


def _rows(engine: Engine, name: str, columns: list[str]) -> Rows:
    chosen = ", ".join(f'"{column}"' for column in columns)
    return engine.rows(f'select {chosen} from "{name}" order by all')


@pytest.fixture
def read_rows() -> Callable[[Path], tuple[list[str], Rows]]:
    """Read a CSV of rows: its columns and rows.

    `why` says why a row is there and is no column. An empty cell is null, `''` empty text; a span such as `90s`, `1.5h`
    or `-2d` in a column that ends in `_us` is so many microseconds; lists are written `[a, b]`.
    """

    def read(path: Path) -> tuple[list[str], Rows]:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            rows = list(reader)
        columns = list(reader.fieldnames or ())
        assert columns[-1:] == ["why"], f"{path} does not say why"
        assert all(None not in row and None not in row.values() for row in rows), f"{path} is ragged"
        taken = [{key: _value(key, text) for key, text in row.items() if key != "why"} for row in rows]
        return columns[:-1], taken

    return read


def _value(column: str, text: str) -> str | None:
    span = _SPAN.fullmatch(text) if column.endswith("_us") else None
    if span:
        fraction = int((span[2] or "").ljust(6, "0")) * (-1 if text.startswith("-") else 1)
        unit = _MICROSECONDS[span[3]]
        return str(int(span[1]) * unit + fraction * unit // 1_000_000)
    return {"": None, "''": ""}.get(text, text)
