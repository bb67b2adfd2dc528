"""The benchmark of the report in a browser runs and measures what it says; how fast is not tested."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
BENCH = Path(__file__).with_name("bench_report.py")
STEPS = ("any stage to all", "first search", "search", "source")


def test_it_measures(chromium: str) -> None:
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    # a process of its own: the browser of the other tests may be open in this one, and a process has one
    told = subprocess.run([sys.executable, "-P", str(BENCH), "300", "1"], check=True, capture_output=True, text=True)
    numbers = json.loads(told.stdout)
    assert numbers["rows"] == 300
    assert numbers["drawn_ms"] > 0
    assert {f"{name}: handled_ms" for name in STEPS} <= numbers.keys()
    assert all(numbers[f"{name}: shown_ms"] >= numbers[f"{name}: handled_ms"] for name in STEPS)
