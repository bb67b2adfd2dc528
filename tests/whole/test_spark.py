"""A case read and rebuilt on Spark is, byte for byte, the case that this machine makes alone.

The case keeps only relations with an order; so every relation's rows are compared too. Relations that find nothing in
these cases have rows in the small ones (`tests/queries/test_spark.py`).
"""

from __future__ import annotations

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


def read(evidence: Path, root: Path, master: str | None = None) -> Path:
    """Take `evidence` into a new case."""
    ingest(Case.create(root), [evidence], Options(workers=1, spark=master))
    return root


def hold(alone_case: Path, spark_case: Path, relations: dict[str, Rows]) -> None:
    """Rebuild both cases, the second on Spark; what is made and what every relation found must be the same."""
    cases = []
    for root, master in ((alone_case, None), (spark_case, LOCAL)):
        analyze(Case.open(root), spark=master)
        cases.append(content(root))
    alone, spark = relations[Engine.__name__], relations[SparkEngine.__name__]
    assert alone.keys() == all_relations().keys()
    assert differing(alone, spark) == set()
    assert differing(*cases) == set()


@pytest.mark.shared
def test_the_lab_is_the_same_on_spark(shared: Path, tmp_path: Path, spark: Any, relations: dict[str, Rows]) -> None:
    evidence = shared / "data/lab/incident-a/evidence"
    hold(read(evidence, tmp_path / "alone"), read(evidence, tmp_path / "spark", LOCAL), relations)


def test_the_demo_is_the_same_on_spark(tmp_path: Path, spark: Any, relations: dict[str, Rows]) -> None:
    make_world(tmp_path / "evidence", flows=FLOWS)
    alone = read(tmp_path / "evidence", tmp_path / "alone")
    hold(alone, Path(shutil.copytree(alone, tmp_path / "spark")), relations)
