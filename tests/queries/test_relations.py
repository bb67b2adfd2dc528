"""Every relation on small cases: rows in, rows out.

A case is a folder `tests/data/queries/<relation>/<case>/` with `in/<table>.csv` and `out.csv`. `out.csv` names the
columns that the case is about; their rows must be exactly those. The same rows in another order give the same result in
every column: nothing rests on which row came first. See tests/data/queries/README.md.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from queries.catalogue import all_relations

DATA = Path(__file__).parent.parent / "data/queries"
CASES = sorted(path.parent for path in DATA.glob("*/*/out.csv"))

# What a case expects is right, what the relation says today is not. This list only shrinks.
DEFECTS: dict[str, str] = {}


def _name(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


def _cases() -> list[object]:
    return [
        pytest.param(
            case,
            id=_name(case),
            marks=[pytest.mark.xfail(reason=DEFECTS[_name(case)], strict=True)] if _name(case) in DEFECTS else [],
        )
        for case in CASES
    ]


@pytest.mark.parametrize("case", _cases())
def test_rows_in_rows_out(case: Path, run_relation: Callable, typed_rows: Callable, read_rows: Callable) -> None:
    relation = case.parent.name
    every = [column.name for column in all_relations()[relation].columns]
    columns, rows = read_rows(case / "out.csv")
    inputs = {path.stem: read_rows(path)[1] for path in sorted((case / "in").glob("*.csv"))}
    found = run_relation(relation, every, **inputs)
    chosen = [{column: row[column] for column in columns} for row in found]
    assert sorted(chosen, key=repr) == sorted(typed_rows(relation, columns, rows), key=repr)
    turned = {table: given[::-1] for table, given in inputs.items()}
    assert run_relation(relation, every, **turned) == found


def test_every_relation_has_a_case() -> None:
    assert {case.parent.name for case in CASES} == set(all_relations())


def test_every_case_has_input_and_says_why() -> None:
    for case in CASES:
        tables = sorted((case / "in").glob("*.csv"))
        assert tables, case
        assert {path.name for path in case.iterdir()} == {"in", "out.csv"}, case


def test_known_defects_are_cases() -> None:
    assert set(DEFECTS) <= {_name(case) for case in CASES}
