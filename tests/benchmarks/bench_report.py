"""How the report behaves in a browser with a long timeline: until it is drawn, and a step of its filter.

    python tests/benchmarks/bench_report.py [ROWS [ROUNDS]]

One file from disk in a headless Chromium, a fresh profile each time. A step is the handler from choice to drawn lanes
and rows, then two frames. Prints JSON: medians in milliseconds.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from reports.render import render

SAMPLES = Path(__file__).parent.parent / "reports/sample_model.py"
ROWS = 100_000
ROUNDS = 5
# the page's own clock, from the start of navigation
_DRAWN = "() => document.getElementById('found')?.textContent ? performance.now() : false"
_STEP = """([id, value]) => new Promise((done) => {
    const input = document.getElementById(id), begin = performance.now();
    input.value = value;
    input.dispatchEvent(new Event("change"));
    const handled = performance.now();
    requestAnimationFrame(() => requestAnimationFrame(() => done([handled - begin, performance.now() - begin])));
})"""
STEPS = {
    "any stage to all": ("find-stage", ""),
    "first search": ("find-text", "stratum submit"),
    "search": ("find-text", "step 77"),
    "source": ("find-source", "0"),
}


def main(rows: int = ROWS, rounds: int = ROUNDS) -> dict[str, Any]:
    """Measure and return medians; `megabytes` is the size of the file."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    page = render(_samples().many_model(rows))
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "report.html"
        path.write_bytes(page)
        for _ in range(rounds):
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
            tab = browser.new_page(viewport={"width": 1440, "height": 900})
            tab.goto(path.as_uri())
            drawn = tab.wait_for_function(_DRAWN, polling="raf").json_value()
            found.setdefault("drawn_ms", []).append(drawn)
            for name, step in STEPS.items():
                handled, shown = tab.evaluate(_STEP, list(step))
                found.setdefault(f"{name}: handled_ms", []).append(handled)
                found.setdefault(f"{name}: shown_ms", []).append(shown)
            browser.close()
    medians = {name: round(statistics.median(values), 1) for name, values in found.items()}
    return {"rows": rows, "rounds": rounds, "megabytes": round(len(page) / 1e6, 2)} | medians


def _samples() -> Any:
    spec = importlib.util.spec_from_file_location("sample_model", SAMPLES)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["sample_model"] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    print(json.dumps(main(*map(int, sys.argv[1:3])), indent=2))
