"""A probability rests on a rule and on how often the rule was right; the conclusion rests on the rule alone."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.demo.suite.calibration import bin_rows, kind_rows, likelihood_file
from forensics.demo.suite.scoring import Score
from forensics.document import attribution, likelihood
from forensics.document.likelihood import ENOUGH, PRIOR, SUREST, corrected, fitted

KINDS = {"incident", "attribution", "stage", "link", "clear"}


@pytest.mark.parametrize(
    ("right", "cases", "judged", "value"),
    [
        (0, 0, 0.9, 0.9),  # never tried: as judged
        (40, 40, 0.9, 0.98),
        (20, 40, 0.9, 0.58),
        (0, 40, 0.9, 0.18),
        (4_000, 4_000, 0.9, SUREST),  # made cases vouch for no more
        (4_000, 4_000, 0.995, 0.995),
    ],
)
def test_a_judgement_counts_as_some_cases_and_the_suite_as_the_rest(right, cases, judged, value):
    found = corrected("stage", "x", judged, {("stage", "x"): (right, cases)})
    assert found.value == pytest.approx(value)
    assert found.calibrated == (cases >= ENOUGH)
    assert PRIOR < ENOUGH  # what is told as calibrated rests on the suite more than on the judgement


def test_what_hangs_on_how_common_incidents_are_is_not_corrected():
    found = corrected("clear", "with a transcript", 0.01, {("clear", "with a transcript"): (30, 100)})
    assert (found.value, found.calibrated) == (0.01, False)


def test_the_counts_in_use_are_sound():
    rows = list(likelihood.measured().items())
    assert rows
    for (kind, ground), (right, cases) in rows:
        assert kind in KINDS, ground
        assert 0 <= right <= cases > 0, (kind, ground)


@given(
    judged=st.sampled_from(
        [
            {"agent": 0.94},
            {"operator": 0.8, "intruder": 0.08},
            {"intruder": 0.56, "agent": 0.36},
            {"unknown": 0.42, "intruder": 0.34, "operator": 0.18},
            {"sanctioned_workload": 0.62, "operator": 0.28, "agent": 0.06},
        ]
    ),
    cases=st.integers(0, 500),
    share=st.floats(0, 1),
)
def test_no_count_changes_a_conclusion(judged, cases, share):
    counts = {("attribution", "x"): (round(cases * share), cases)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(likelihood, "measured", lambda: counts)
        found = attribution._result("x", judged, "why", [])
    assert found.top == next(iter(judged))
    assert sum(found.probabilities.values()) == pytest.approx(1)
    assert all(value >= 0 for value in found.probabilities.values())
    if found.top == "unknown":  # ignorance is no frequency
        assert found.probabilities["unknown"] == judged["unknown"]
        assert not found.likelihood.calibrated


def score(*grounds, held_out=False):
    return Score("f", 0, held_out, True, "incident", grounds=list(grounds))


def test_the_fit_knows_only_what_may_be_seen():
    seen = [score(("stage", "shown C5", 0.97, True)) for _ in range(90)]
    apart = [score(("stage", "shown C5", 0.97, False), held_out=True)]
    ((name, told, judged, after, *_),) = kind_rows(seen, apart)
    assert (name, told, judged) == ("that a stage took place, given the episode", "1", f"{0.97**2:.4f}")
    assert after == f"{0.99**2:.4f}"  # the held-out miss has not moved it
    assert list(bin_rows(seen, apart)) == [("0.98 to 1.00", "1", "0.990", "0.000")]


def test_the_file_of_counts_reads_as_it_was_written(tmp_path: Path):
    grounds = [("link", "called_then_ran by order, one of 2", 0.4, True), ("clear", "with a transcript", 0.01, False)]
    text = likelihood_file([score(*grounds), score(*grounds)])
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    assert {(row["kind"], row["ground"]): (int(row["right"]), int(row["cases"])) for row in rows} == fitted(
        (kind, ground, right) for kind, ground, _, right in grounds * 2
    )
