"""From the DuckDB SQL of a relation to Spark SQL.

sqlglot translates; what it leaves to differ is put right here. Spark's own regular expressions are another language
(Java's, which backtracks), so these functions are answered by DuckDB inside of Spark's Python workers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp

from forensics.spark.functions import EXTRACT, FULL_MATCH, MATCHES, REPLACE

_TYPES = {
    "VARCHAR": "string",
    "BIGINT": "bigint",
    "INTEGER": "int",
    "HUGEINT": "decimal(38, 0)",
    "UBIGINT": "decimal(20, 0)",
    "BOOLEAN": "boolean",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "TIMESTAMP": "timestamp_ntz",
}


def spark_type(duckdb_type: str) -> str:
    """Name the Spark type that holds every value of a DuckDB type that tables and relations use."""
    if duckdb_type.endswith("[]"):
        return f"array<{spark_type(duckdb_type[:-2])}>"
    return duckdb_type.lower() if duckdb_type.startswith("DECIMAL") else _TYPES[duckdb_type]


@dataclass(frozen=True, slots=True)
class Recursion:
    """A CTE that reads itself: rows of `seed`, then of `step` over the rows found last, until none is new.

    Both are whole queries; `step` reads the rows found last as a table called `name`.
    """

    name: str
    seed: str
    step: str


@dataclass(frozen=True, slots=True)
class Translation:
    """A relation in Spark SQL. `query` reads the finished rows of each recursion as a table of its name."""

    query: str
    recursions: tuple[Recursion, ...] = ()


def translated(text: str) -> Translation:
    """Translate one SELECT; raises `sqlglot.errors.UnsupportedError` for what has no counterpart."""
    tree = sqlglot.parse_one(text, read="duckdb").transform(_adapted)
    recursions = tuple(_taken_out(tree))
    return Translation(_spoken(tree), recursions)


def _spoken(tree: exp.Expression) -> str:
    return tree.sql(dialect="spark", unsupported_level=sqlglot.ErrorLevel.RAISE, comments=False)


def _adapted(node: exp.Expression) -> exp.Expression:
    change = _CHANGES.get(type(node))
    return change(node) if change else node


def _matches(node: exp.Expression) -> exp.Expression:
    return exp.Anonymous(this=MATCHES, expressions=[node.this, node.expression])


def _full_match(node: exp.Expression) -> exp.Expression:
    return exp.Anonymous(this=FULL_MATCH, expressions=[node.this, node.expression])


def _extract(node: exp.Expression) -> exp.Expression:
    group = node.args.get("group")
    return exp.Anonymous(this=f"{EXTRACT}_{group.name if group else 0}", expressions=[node.this, node.expression])


def _replace(node: exp.Expression) -> exp.Expression:
    return exp.Anonymous(this=REPLACE, expressions=[node.this, node.expression, node.args["replacement"]])


def _named(node: exp.Expression) -> exp.Expression:
    """`epoch_us` is known to sqlglot by its name only."""
    if node.name.lower() == "epoch_us":
        return exp.Anonymous(this="unix_micros", expressions=node.expressions)
    return node


_CHANGES: dict[type, Any] = {
    exp.RegexpLike: _matches,
    exp.RegexpFullMatch: _full_match,
    exp.RegexpExtract: _extract,
    exp.RegexpReplace: _replace,
    exp.Anonymous: _named,
}


def _taken_out(tree: exp.Expression) -> list[Recursion]:
    """Take the recursive CTEs out of a WITH list; each may read those before it."""
    with_ = tree.args.get("with_")
    if with_ is None or not with_.args.get("recursive"):
        return []
    with_.set("recursive", None)
    found: list[Recursion] = []
    before: list[exp.Expression] = []
    for cte in list(with_.expressions):
        if not any(table.name == cte.alias for table in cte.this.find_all(exp.Table)):
            before.append(cte)
            continue
        name = f"recursive_{cte.alias}"
        for table in [table for table in tree.find_all(exp.Table) if table.name == cte.alias]:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.alias_or_name)))
            table.set("this", exp.to_identifier(name))
        found.append(Recursion(name, _behind(before, cte.this.left), _behind(before, cte.this.right)))
        cte.pop()
    return found


def _behind(ctes: list[exp.Expression], query: exp.Expression) -> str:
    whole = query.copy()
    if ctes:
        whole.set("with_", exp.With(expressions=[cte.copy() for cte in ctes]))
    return _spoken(whole)
