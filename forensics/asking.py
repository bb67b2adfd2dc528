"""One question in SQL, asked of an engine: a single SELECT, with the relations that it reads built for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import pyarrow as pa
from sqlglot.errors import SqlglotError

from forensics.engine import Engine
from forensics.errors import UsageFault
from forensics.masking import masked
from queries.catalogue import all_relations, tables_read
from queries.errors import QueriesError


def ask(
    engine: Engine, sql: str, parameters: Sequence[Any] = (), *, most: int | None = None, skip: int = 0
) -> pa.Table:
    """Answer one SELECT with at most `most` rows after the first `skip`; `$1`, `$2` in it stand for `parameters`.

    Anything else than a SELECT is refused: the engine may write where the case's tables lie, a question may not.
    Raises `UsageFault`; what it says of the answer's values is masked, and it hides the engine's own error, which is
    not.
    """
    try:
        kinds = [statement.type for statement in duckdb.extract_statements(sql)]
        if kinds != [duckdb.StatementType.SELECT]:
            raise UsageFault("one SELECT is expected", hint="a question only reads")
        engine.build(_wanted(sql))
        answer = engine.connection.sql(sql, params=list(parameters))
        return (answer if most is None else answer.limit(most, skip)).to_arrow_table()
    except duckdb.Error as fault:
        told = masked(str(fault))
    raise UsageFault(f"the question cannot be answered: {told}")


def _wanted(sql: str) -> list[str] | None:
    """The relations that a question reads; all where it cannot be told."""
    try:
        return sorted(tables_read(sql, "query") & all_relations().keys())
    except (QueriesError, SqlglotError):
        return None
