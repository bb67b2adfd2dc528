"""Relations run by Spark over the same Parquet parts; what they find is read back by DuckDB.

The SQL of every relation that is a table runs on Spark and ends as Parquet in the scratch folder. Relations in Python
and views stay with DuckDB, as does whatever is asked of the finished relations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from forensics.engine import Engine
from forensics.spark import functions
from forensics.spark.dialect import Recursion, spark_type, translated
from parsers.schema import EVIDENCE_TABLES
from queries.catalogue import Relation
from queries.errors import QueriesError

_AS_DECIMAL = {"HUGEINT": "decimal(38, 0)", "UBIGINT": "decimal(20, 0)"}  # Spark has no such integers


class SparkEngine(Engine):
    """An engine whose tables of relations are built by a Spark session, in a context of its own."""

    def __init__(self, spark: Any, parts: Mapping[str, Iterable[Path]], scratch: Path) -> None:
        given = {table: sorted(paths) for table, paths in parts.items()}
        super().__init__(given, scratch)
        self._parts = {table: [str(path) for path in paths] for table, paths in given.items()}
        self._spark = spark.newSession()
        functions.register(self._spark)
        self._folder = scratch / "relations"
        self._shown: set[str] = set()

    def _create(self, relation: Relation) -> None:
        from pyspark.errors import PySparkException

        if relation.function is not None or relation.kind == "view":
            super()._create(relation)
            return
        try:
            frame = self.frame(relation)
            files = self._keep(frame, relation.name)
        except PySparkException as fault:
            raise QueriesError(str(fault).split("\n", 1)[0], relation=relation.name) from fault
        self._take_back(relation, files)
        self._spark.read.schema(frame.schema).parquet(*files).createOrReplaceTempView(relation.name)
        self._shown.add(relation.name)

    def frame(self, relation: Relation) -> Any:
        """The rows of an SQL relation as a Spark frame, with the types that DuckDB gives its columns."""
        for name in sorted(relation.reads - self._shown):
            self._show(name)
        translation = translated(relation.text)
        for recursion in translation.recursions:
            self._recur(relation, recursion)
        types = self._described(relation.text)
        cast = (f"cast(`{column}` as {spark_type(kind)}) as `{column}`" for column, kind in types.items())
        return self._spark.sql(translation.query).selectExpr(*cast)

    def _described(self, what: str) -> dict[str, str]:
        """The columns of a table or query and their DuckDB types; nothing is run for it."""
        return {column: kind for column, kind, *_ in self.connection.execute(f"describe {what}").fetchall()}

    def _show(self, name: str) -> None:
        """Let Spark see a table: the Parquet parts of evidence, or a copy of what DuckDB holds."""
        types = self._described(f'"{name}"')
        schema = ", ".join(f"`{column}` {spark_type(kind)}" for column, kind in types.items())
        paths = self._parts.get(name)
        if paths:
            frame = self._spark.read.schema(schema).parquet(*paths)
            if self._excluded and name in EVIDENCE_TABLES:
                frame = frame.where(f"not ({self._excluded})")
        else:
            rows = self.arrow(f'select {_cast(types, _AS_DECIMAL)} from "{name}"')
            frame = self._spark.createDataFrame(rows if rows.num_rows else [], schema)
        frame.createOrReplaceTempView(name)
        self._shown.add(name)

    def _recur(self, relation: Relation, recursion: Recursion) -> None:
        """Run a recursive CTE round by round; its rows are all that were found, each once."""
        new = self._spark.sql(recursion.seed).distinct()
        read = self._spark.read.schema(new.schema).parquet
        found: list[str] = []
        while True:
            files = self._keep(new, f"{relation.name}-{recursion.name}-{len(found)}")
            found.extend(files)
            rows = read(*files)
            if rows.isEmpty():
                break
            rows.createOrReplaceTempView(recursion.name)
            step = self._spark.sql(recursion.step).toDF(*new.columns)  # a union takes columns by their place
            new = step.distinct().subtract(read(*found))
        read(*found).createOrReplaceTempView(recursion.name)

    def _keep(self, frame: Any, name: str) -> list[str]:
        folder = self._folder / name
        frame.write.mode("overwrite").option("compression", "zstd").parquet(str(folder))
        return sorted(str(path) for path in folder.glob("*.parquet"))

    def _take_back(self, relation: Relation, files: list[str]) -> None:
        listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
        chosen = _cast(self._described(relation.text))
        self.connection.execute(f'create view "{relation.name}" as select {chosen} from read_parquet([{listed}])')


def _cast(types: Mapping[str, str], others: Mapping[str, str] = MappingProxyType({})) -> str:
    return ", ".join(f'cast("{column}" as {others.get(kind, kind)}) as "{column}"' for column, kind in types.items())
