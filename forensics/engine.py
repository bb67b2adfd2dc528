"""DuckDB over a case's Parquet parts: opened empty, fed with what the manifest names, then locked.

Lock-down follows DuckDB's "Securing DuckDB" and what was measured beyond it: no extension is loaded, no file outside
the case and the scratch folder is read, nothing can be reconfigured, no Python variable is taken for a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from parsers.schema import ALL_TABLES, EVIDENCE_TABLES
from queries.catalogue import Relation, in_order
from queries.errors import QueriesError
from queries.knowledge import knowledge_tables

MEMORY_LIMIT = "8GB"

_DUCKDB_TYPES = {
    pa.string(): "VARCHAR",
    pa.large_string(): "VARCHAR",
    pa.int64(): "BIGINT",
    pa.int32(): "INTEGER",
    pa.uint64(): "UBIGINT",
    pa.bool_(): "BOOLEAN",
    pa.timestamp("us", "UTC"): "TIMESTAMPTZ",
    pa.timestamp("us"): "TIMESTAMP",
    pa.list_(pa.string()): "VARCHAR[]",
    pa.list_(pa.int64()): "BIGINT[]",
}


def duckdb_type(kind: pa.DataType) -> str:
    """Name the DuckDB type of an Arrow column type."""
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    return _DUCKDB_TYPES[kind]


def _excluded(parts: Iterable[Path]) -> str:
    """The condition under which a row of evidence belongs to a record that the investigator excluded; empty if none."""
    rows = [row for part in sorted(parts) for row in pq.read_table(part).to_pylist() if row["kind"] == "exclude"]
    return " or ".join(
        f"(source_id = '{int(row['source_id'], 16):064x}' and record = {int(row['record'])}"
        + ("" if row["part"] is None else f" and part = {int(row['part'])}")
        + ")"
        for row in rows
    )


class Engine:
    """One in-memory database with every table of the schema, filled from Parquet parts or empty.

    Records that the investigator excluded (table `annotation`) are in none of the tables of evidence.
    """

    def __init__(
        self,
        parts: Mapping[str, Iterable[Path]],
        scratch: Path,
        *,
        findings: Mapping[str, Path] | None = None,
        threads: int | None = None,
    ) -> None:
        self.connection = duckdb.connect(":memory:")
        self.tables: set[str] = set()
        folders = {str(scratch)}
        self._excluded = _excluded(parts.get("annotation", ()))
        for table, schema in ALL_TABLES.items():
            paths = sorted(str(path) for path in parts.get(table, ()))
            folders.update(str(Path(path).parent) for path in paths)
            self._provide(table, schema, paths)
        for relation, path in (findings or {}).items():
            folders.add(str(path.parent))
            self._adopt(relation, path)
        for name, table_ in knowledge_tables().items():
            self.connect_arrow(name, table_)
        self._lock(sorted(folders), scratch, threads)

    def _provide(self, table: str, schema: pa.Schema, paths: list[str]) -> None:
        columns = ", ".join(f'"{column.name}" {duckdb_type(column.type)}' for column in schema)
        if paths:
            # paths are hash names of the case's own store, never names that evidence chose
            listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
            chosen = ", ".join(f'"{column.name}"' for column in schema)
            kept = f" where not ({self._excluded})" if self._excluded and table in EVIDENCE_TABLES else ""
            self.connection.execute(f'create view "{table}" as select {chosen} from read_parquet([{listed}]){kept}')
        else:
            self.connection.execute(f'create table "{table}" ({columns})')
        self.tables.add(table)

    def _adopt(self, relation: str, path: Path) -> None:
        """Take a kept finding for the relation itself, which is then not built again."""
        listed = str(path).replace("'", "''")
        self.connection.execute(f"create view \"{relation}\" as select * from read_parquet('{listed}')")
        self.tables.add(relation)

    def connect_arrow(self, name: str, table: pa.Table) -> None:
        """Copy an Arrow table in under `name`."""
        self.connection.register("incoming", table)
        self.connection.execute(f'create table "{name}" as select * from incoming')
        self.connection.unregister("incoming")
        self.tables.add(name)

    def _lock(self, folders: list[str], scratch: Path, threads: int | None) -> None:
        run = self.connection.execute
        run("set TimeZone = 'UTC'")
        # a bar would stand among what a command prints; in a notebook without the widgets there is none to turn off
        with suppress(duckdb.InvalidInputException):
            run("set enable_progress_bar = false")
        run(f"set memory_limit = '{MEMORY_LIMIT}'")
        run("set temp_directory = '" + str(scratch).replace("'", "''") + "'")
        if threads:
            run(f"set threads = {int(threads)}")
        run("set autoinstall_known_extensions = false")
        run("set autoload_known_extensions = false")
        run("set allow_community_extensions = false")
        run("set python_enable_replacements = false")
        listed = ", ".join("'" + folder.replace("'", "''") + "'" for folder in folders)
        run(f"set allowed_directories = [{listed}]")
        run("set enable_external_access = false")
        run("set lock_configuration = true")

    def build(self, wanted: Iterable[str] | None = None, note: Any = None) -> list[Relation]:
        """Create the relations (or the `wanted` ones and what they need), in order; `note(relation)` hears of each."""
        built = []
        for relation in in_order(self.tables, wanted):
            if note:
                note(relation)
            self._create(relation)
            self.tables.add(relation.name)
            built.append(relation)
        return built

    def _create(self, relation: Relation) -> None:
        try:
            if relation.function is not None:
                inputs = {name: self.arrow(f'select * from "{name}"') for name in sorted(relation.reads)}
                self.connect_arrow(relation.name, relation.function(**inputs))
            else:
                self.connection.execute(f'create {relation.kind} "{relation.name}" as {relation.text}')
        except duckdb.Error as fault:
            raise QueriesError(str(fault), relation=relation.name) from fault

    def arrow(self, sql: str, parameters: list[Any] | None = None) -> pa.Table:
        """Run SQL and return the whole result."""
        return self.connection.sql(sql, params=parameters or []).to_arrow_reader().read_all()

    def rows(self, sql: str, parameters: list[Any] | None = None) -> list[dict[str, Any]]:
        """Run SQL and return the result as dictionaries; times as aware datetimes."""
        rows: list[dict[str, Any]] = self.arrow(sql, parameters).to_pylist()
        return rows

    def close(self) -> None:
        """Let go of memory and scratch."""
        self.connection.close()
