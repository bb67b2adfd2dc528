"""`forensics timeline`: the report's timeline, filtered, in pages, in three forms."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from forensics.case import Case
from forensics.cli import run
from forensics.exports import material


@pytest.fixture
def case(small_demo: Path) -> Path:
    return small_demo / "case"


def listed(capfd, case: Path, *options: str) -> list[dict[str, Any]]:
    assert run(["timeline", str(case), "--json", "--limit", "1000000", *options]) == 0
    rows: list[dict[str, Any]] = json.loads(capfd.readouterr().out)
    return rows


def test_the_chain_is_listed_and_with_all_the_background_too(case, capfd) -> None:
    every = list(material.timeline(Case.open(case)))
    assert [row["ref"] for row in listed(capfd, case, "--all")] == [row["ref"] for row in every]
    chain = listed(capfd, case)
    assert [row["ref"] for row in chain] == [row["ref"] for row in every if row["stage"]]
    times = [row["time"] for row in chain if row["time"]]
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("options", "key", "values"),
    [
        (("--stage", "mining", "--stage", "setup"), "stage", {"mining", "setup"}),
        (("--actor", "agent"), "actor", {"agent"}),
        (("--kind", "transcript", "--all"), "kind", {"transcript"}),
    ],
)
def test_filters_leave_what_they_name(case, capfd, options, key, values) -> None:
    assert {row[key] for row in listed(capfd, case, *options)} == values


def test_text_is_looked_for_in_any_case_of_letters(case, capfd) -> None:
    found = listed(capfd, case, "--text", "XMRIG")
    assert found
    assert all("xmrig" in f"{row['text']} {row['source']} {row['ref']}".casefold() for row in found)


def test_times_bound_what_may_have_been(case, capfd) -> None:
    day = listed(capfd, case, "--from", "2026-03-11", "--until", "2026-03-12")
    timed = [row for row in listed(capfd, case) if row["time"]]
    assert [row["ref"] for row in day] == [
        row["ref"] for row in timed if row["latest"] >= "2026-03-11" and row["earliest"] < "2026-03-12"
    ]
    assert listed(capfd, case, "--until", "2026-01-01") == []


def test_pages_fit_together(case, capfd) -> None:
    whole = listed(capfd, case)
    pages = []
    for offset in range(0, len(whole), 40):
        assert run(["timeline", str(case), "--json", "--limit", "40", "--offset", str(offset)]) == 0
        done = capfd.readouterr()
        pages += json.loads(done.out)
        assert ("--offset" in done.err) == (offset + 40 < len(whole))
    assert pages == whole


def test_no_cell_runs_in_a_spreadsheet(case, capfd) -> None:
    assert run(["timeline", str(case), "--csv", "--all", "--limit", "1000000"]) == 0
    rows = list(csv.reader(io.StringIO(capfd.readouterr().out)))
    assert len(rows) > 100
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_the_table_is_for_reading(case, capfd) -> None:
    assert run(["timeline", str(case), "--stage", "mining", "--limit", "3"]) == 0
    told = capfd.readouterr()
    assert "mining" in told.out
    assert "earliest" not in told.out
    assert "--offset 3" in told.err


def test_without_a_report_it_says_what_to_do(tmp_path: Path, capfd) -> None:
    assert run(["init", str(tmp_path / "case")]) == 0
    assert run(["timeline", str(tmp_path / "case")]) == 2
    assert "forensics report" in capfd.readouterr().err
