"""Every relation gives the same rows on Spark: the small cases, all their columns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from queries.catalogue import all_relations

pytestmark = pytest.mark.xdist_group("spark")

DATA = Path(__file__).parent.parent / "data/queries"
SQL = sorted(name for name, relation in all_relations().items() if relation.function is None)


@pytest.mark.parametrize("name", SQL)
def test_the_same_rows_on_both_engines(
    name: str, run_relation: Callable, run_on_spark: Callable, read_rows: Callable
) -> None:
    columns = [column.name for column in all_relations()[name].columns]
    for case in sorted(path.parent for path in (DATA / name).glob("*/out.csv")):
        inputs = {path.stem: read_rows(path)[1] for path in sorted((case / "in").glob("*.csv"))}
        assert run_on_spark(name, columns, **inputs) == run_relation(name, columns, **inputs), case
