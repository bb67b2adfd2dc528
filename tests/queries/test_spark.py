"""Every relation gives the same rows on Spark: small cases of it, all their columns.

Spark spends seconds on the plan of a question about ten rows. So a relation is asked the few cases that have most to
answer; lab and demo, where most relations have rows, are compared whole (`tests/whole/test_spark.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from queries.catalogue import all_relations

pytestmark = pytest.mark.xdist_group("spark")

DATA = Path(__file__).parent.parent / "data/queries"
CASES = 3
SQL = sorted(name for name, relation in all_relations().items() if relation.function is None)


@pytest.mark.parametrize("name", SQL)
def test_the_same_rows_on_both_engines(
    name: str, run_relation: Callable, run_on_spark: Callable, read_rows: Callable
) -> None:
    columns = [column.name for column in all_relations()[name].columns]
    for case in sorted((DATA / name).glob("*/out.csv"), key=lambda path: (-path.stat().st_size, path))[:CASES]:
        inputs = {path.stem: read_rows(path)[1] for path in sorted((case.parent / "in").glob("*.csv"))}
        assert run_on_spark(name, columns, **inputs) == run_relation(name, columns, **inputs), case
