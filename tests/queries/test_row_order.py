"""The same rows in another order give the same result, in every column: nothing rests on which row came first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from queries.catalogue import all_relations

DATA = Path(__file__).parent.parent / "data/queries"
CASES = sorted(path.parent for path in DATA.glob("*/*/out.csv"))
DEFECTS: dict[str, str] = {}


def _cases() -> list[object]:
    named = {f"{case.parent.name}/{case.name}": case for case in CASES}
    return [
        pytest.param(
            case,
            id=name,
            marks=[pytest.mark.xfail(reason=DEFECTS[name], strict=True)] if name in DEFECTS else [],
        )
        for name, case in named.items()
    ]


@pytest.mark.parametrize("case", _cases())
def test_the_order_of_rows_does_not_matter(case: Path, run_relation: Callable, read_rows: Callable) -> None:
    relation = case.parent.name
    columns = [column.name for column in all_relations()[relation].columns]
    inputs = {path.stem: read_rows(path)[1] for path in sorted((case / "in").glob("*.csv"))}
    expected = run_relation(relation, columns, **inputs)
    turned = {table: rows[::-1] for table, rows in inputs.items()}
    assert run_relation(relation, columns, **turned) == expected
