"""The benchmark of the report in a browser runs and measures what it says; how fast is not tested."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser


def test_it_measures(chromium: str) -> None:
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = Path(__file__).with_name("bench_report.py")
    spec = importlib.util.spec_from_file_location("bench_report", path)
    assert spec
    assert spec.loader
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    numbers = bench.main(300, 1)
    assert numbers["rows"] == 300
    assert numbers["drawn_ms"] > 0
    assert {f"{name}: handled_ms" for name in bench.STEPS} <= numbers.keys()
    assert all(numbers[f"{name}: shown_ms"] >= numbers[f"{name}: handled_ms"] for name in bench.STEPS)
