"""Functions that DuckDB answers inside of Spark's Python workers, so that both engines give the same answer.

A regular expression is RE2 there too: it takes time in proportion to the text, whatever evidence holds.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pyarrow as pa

MATCHES = "re2_matches"
FULL_MATCH = "re2_full_match"
EXTRACT = "re2_extract"  # and the number of the group, which has to be a constant
REPLACE = "re2_replace"
MOST_GROUPS = 9

_ANSWERS = {
    MATCHES: ("regexp_matches(a, b)", 2, "boolean"),
    FULL_MATCH: ("regexp_full_match(a, b)", 2, "boolean"),
    REPLACE: ("regexp_replace(a, b, c, 'g')", 3, "string"),
} | {f"{EXTRACT}_{group}": (f"regexp_extract(a, b, {group})", 2, "string") for group in range(MOST_GROUPS + 1)}


def register(spark: Any) -> None:
    """Make the functions known to a Spark session."""
    from pyspark.sql.functions import arrow_udf

    for name, (expression, arity, returns) in _ANSWERS.items():
        spark.udf.register(name, arrow_udf(_answering(expression, arity, returns), returns))


def _answering(expression: str, arity: int, returns: str) -> Callable[..., pa.Array]:
    def two(a: pa.Array, b: pa.Array) -> pa.Array:
        return answer(expression, returns, a, b)

    def three(a: pa.Array, b: pa.Array, c: pa.Array) -> pa.Array:
        return answer(expression, returns, a, b, c)

    return two if arity == 2 else three


def answer(expression: str, returns: str, *columns: pa.Array) -> pa.Array:
    """Evaluate `expression` over columns a, b, c row by row, in order."""
    given = pa.table(dict(zip("abc", (column.cast(pa.string()) for column in columns), strict=False)))
    connection = _connection()
    connection.register("given", given)
    found = connection.sql(f"select {expression} as found from given").to_arrow_table().column("found")
    connection.unregister("given")
    return found.combine_chunks().cast(pa.bool_() if returns == "boolean" else pa.string())


@cache
def _connection() -> Any:
    import duckdb

    connection = duckdb.connect(":memory:", config={"threads": 1, "preserve_insertion_order": True})
    for setting in ("enable_external_access", "autoinstall_known_extensions", "autoload_known_extensions"):
        connection.execute(f"set {setting} = false")
    connection.execute("set lock_configuration = true")
    return connection
