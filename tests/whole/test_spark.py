"""A case read and rebuilt on Spark is, byte for byte, the case that this machine makes alone.

The case keeps only relations with an order; so every relation's rows are compared too. Relations that find nothing in
these cases have rows in the small ones (`tests/queries/test_spark.py`).
"""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Any

import pytest

from forensics.analysis import analyze
from forensics.case import Case
from forensics.demo.run import make_world
from forensics.engine import Engine
from forensics.intake import Options, ingest
from forensics.spark.engine import SparkEngine
from forensics.spark.session import LOCAL
from queries.catalogue import all_relations

pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.slow]

CONTENT = ("evidence/", "tables/", "findings/", "incident.json")
FLOWS = 300
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture
def relations(monkeypatch: pytest.MonkeyPatch) -> dict[str, Rows]:
    """What every relation held on each engine, by the engine's name, when it was closed."""
    held: dict[str, Rows] = {}
    close = Engine.close

    def look(engine: Engine) -> None:
        built = all_relations().keys() & engine.tables
        if built:  # else it was one that only takes texts apart
            held[type(engine).__name__] = {name: engine.rows(f'select * from "{name}" order by all') for name in built}
        close(engine)

    monkeypatch.setattr(Engine, "close", look)
    return held


def content(case: Path) -> dict[str, bytes]:
    """What a case holds of evidence, tables and findings, and its document."""
    files = {path.relative_to(case).as_posix(): path for path in case.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in sorted(files.items()) if name.startswith(CONTENT)}


def differing(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
    """Name what is in one only, or in both and not the same."""
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def test_lab_and_demo_are_the_same_on_spark(
    request: pytest.FixtureRequest, tmp_path: Path, spark: Any, relations: dict[str, Rows]
) -> None:
    """In one case: what takes Spark long is to plan a relation, not to run it. Without the lab the demo alone."""
    make_world(tmp_path / "evidence/demo", flows=FLOWS)
    with contextlib.suppress(pytest.skip.Exception):
        lab = request.getfixturevalue("shared") / "data/lab/incident-a/evidence"
        shutil.copytree(lab, tmp_path / "evidence/lab")
    cases = []
    for name, master in (("alone", None), ("spark", LOCAL)):
        ingest(Case.create(tmp_path / name), [tmp_path / "evidence"], Options(workers=1, spark=master))
        analyze(Case.open(tmp_path / name), spark=master)
        cases.append(content(tmp_path / name))
    alone, spark_rows = relations[Engine.__name__], relations[SparkEngine.__name__]
    assert alone.keys() == all_relations().keys()
    assert differing(alone, spark_rows) == set()
    assert differing(*cases) == set()
