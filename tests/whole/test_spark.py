"""A case read and rebuilt on Spark is, byte for byte, the case that this machine makes alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from forensics.analysis import analyze
from forensics.case import Case
from forensics.intake import Options, ingest
from forensics.spark.session import LOCAL

pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.slow]

CONTENT = ("evidence/", "tables/", "findings/", "incident.json")


def content(case: Path) -> dict[str, bytes]:
    """What a case holds of evidence, tables and findings, and its document."""
    files = {path.relative_to(case).as_posix(): path for path in case.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in sorted(files.items()) if name.startswith(CONTENT)}


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> set[str]:
    """Name what is in one only, or in both with other bytes."""
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


@pytest.mark.shared
def test_the_lab_is_the_same_on_spark(shared: Path, tmp_path: Path, spark: Any) -> None:
    cases = []
    for name, master in (("alone", None), ("spark", LOCAL)):
        root = tmp_path / name / "case"
        root.parent.mkdir()
        ingest(Case.create(root), [shared / "data/lab/incident-a/evidence"], Options(workers=1, spark=master))
        analyze(Case.open(root), spark=master)
        cases.append(content(root))
    assert differing(*cases) == set()
