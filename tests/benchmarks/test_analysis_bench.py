"""The analysis benchmark measures what it says, and its document is written from numbers alone. No timing here."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from forensics.demo.scenario import POOL_ADDRESS
from parsers.schema import ALL_TABLES


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    sys.path.insert(0, str(Path(__file__).parent))
    try:
        return importlib.import_module("run")
    finally:
        sys.path.pop(0)


def test_made_flows_are_typed_seeded_and_in_order(bench: ModuleType, tmp_path: Path) -> None:
    for name in ("a", "b"):
        bench.bench_analysis.flow_part(tmp_path / name, 300_000, "x" * 64, 1000)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    table = pq.read_table(tmp_path / "a")
    assert table.schema.equals(ALL_TABLES["flow"])
    assert table["record"].to_pylist() == list(range(1000, 301_000))
    assert pc.all(pc.less_equal(table["ts"][:-1], table["ts"][1:])).as_py()
    assert pc.count_distinct(table["src_address"]).as_py() >= bench.bench_analysis.INSIDE
    assert pc.sum(pc.equal(table["dst_address"], POOL_ADDRESS)).as_py() == 0  # the first two hours: nobody mines yet


@pytest.mark.slow
def test_numbers_become_a_document(bench: ModuleType, tmp_path: Path) -> None:
    numbers = bench.bench_analysis.analysis_of_flows(tmp_path, 30_000)
    assert numbers["verdict"] == "incident"
    assert numbers["relations"]["pool_flow"]["rows"] > 0
    timing = {"megabytes": 1.0, "ours_median": 2.0, "theirs_median": 1.0, "ratio_median": 2.0, "ratio_best": 2.1}
    text = bench.document(bench.facts(), {"zeek_tsv": timing}, {"flows": numbers})
    assert "## Analysis of 0.03 million flows" in text
    assert "| zeek_tsv | 1 | 2.0 | 1.0 | 2.00 | 2.10 |" in text
    assert "Not measured" in text
    assert str(tmp_path) not in text
