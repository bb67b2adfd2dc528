"""What the report says of sources over time and of their clocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from forensics.analysis import analyze
from forensics.case import Case
from forensics.engine import Engine
from forensics.intake import Options, ingest
from forensics.reporting.coverage import HOUR, clock_error, clocks, coverage

BEGIN = 1_772_600_400  # 2026-03-04T05:00:00Z


def flow(minute: int, last: int, status: str = "OK") -> str:
    start, end = BEGIN + 60 * minute, BEGIN + 60 * last
    told = "10.0.0.4 192.0.2.9 50000 443 6 10 1000" if status == "OK" else "- - - - - - -"
    return f"2 123456789012 eni-1 {told} {start} {end} {'ACCEPT' if status == 'OK' else '-'} {status}"


def test_hours_are_joined_and_losses_stand_as_told(tmp_path: Path) -> None:
    lines = [flow(0, 1), flow(61, 62), flow(200, 330), flow(121, 122, "SKIPDATA")]
    (tmp_path / "vpc.log").write_text("\n".join(lines) + "\n")
    ingest(Case.create(tmp_path / "case"), [tmp_path / "vpc.log"], Options(workers=1))
    case = Case.open(tmp_path / "case")
    document = analyze(case)
    with case.scratch() as scratch:
        engine = Engine(case.tables(), scratch)
        engine.build()
        (found,) = coverage(engine, document)
        engine.close()
    begin = BEGIN * 1_000_000
    assert found.label == "vpc.log"
    # the flow of more than two hours covers the hours that it lasted
    assert [(s.from_us - begin, s.to_us - begin) for s in found.present] == [(0, 2 * HOUR), (3 * HOUR, 6 * HOUR)]
    assert [(s.from_us - begin, s.to_us - begin) for s in found.gaps] == [(121 * 60_000_000, 122 * 60_000_000)]


def clock(**changed: Any) -> dict[str, Any]:
    return {
        "error": "offset",
        "drift_ppm": None,
        "pieces": 1,
        "compared_with": "b" * 64,
        "steps": 1,
        "inliers": 1_204,
    } | changed


def source(path: str, letter: str, offset: float | None, told: dict[str, Any] | None) -> dict[str, Any]:
    return {"path": path, "sha256": letter * 64, "clock_offset_seconds": offset, "clock": told}


def test_clocks_are_told_with_what_tells_them() -> None:
    ahead = source("a.log", "a", 182.5, clock())
    behind = source("c.log", "c", -0.25, clock(compared_with=None, inliers=0))
    found = clocks({"sources": [ahead, source("b.log", "b", None, None), behind]})
    assert [[cell.text for cell in line.cells] for line in found.lines] == [
        ["a.log", "3 min 2.5 s ahead", "clock off", "b.log", "1,204"],
        ["c.log", "0.25 s behind", "clock off", "the case's setting", "none"],
    ]
    assert "2 of 3 sources" in found.statements[0].text
    nothing = clocks({"sources": [source("b.log", "b", None, None)]})
    assert (nothing.lines, nothing.statements) == ((), ())
    assert "stand as recorded" in nothing.nothing


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"error": "zone"}, "whole zone"),
        ({"error": "drift", "drift_ppm": "12.5", "pieces": 3}, "clock drifting, 12.5 ppm"),
        ({"pieces": 3}, "clock off, set 2 times"),
    ],
)
def test_errors_of_clocks_in_words(changed: dict[str, Any], words: str) -> None:
    assert clock_error(clock(**changed)) == words
