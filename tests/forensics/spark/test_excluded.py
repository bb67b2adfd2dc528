"""What an investigator excluded is kept from Spark as it is from DuckDB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from forensics.annotating import annotate
from forensics.case import Case
from forensics.intake import Options, ingest
from forensics.refs import Ref
from forensics.spark.engine import SparkEngine

pytestmark = pytest.mark.xdist_group("spark")


def test_an_excluded_record_is_in_no_relation(tmp_path: Path, spark: Any) -> None:
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence/.bash_history").write_text("#1772500000\nls\n#1772500100\nid\n")
    root = tmp_path / "case"
    summary = ingest(Case.create(root), [tmp_path / "evidence"], Options(workers=1))
    annotate(Case.open(root), Ref(summary.sources[0]["source_id"], 1, None), "exclude", "not his")
    (tmp_path / "scratch").mkdir()
    engine = SparkEngine(spark, Case.open(root).tables(), tmp_path / "scratch")
    engine.build(["command_event"])
    assert [row["text"] for row in engine.rows("select text from command_event")] == ["id"]
    engine.close()
