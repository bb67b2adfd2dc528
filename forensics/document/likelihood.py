"""What a probability rests on: a judgement by rule, corrected by how often the rule was right on the labelled suite.

Every probability of the document has a ground, the rule that gave it. `likelihood.csv` beside this file holds how often
each ground was right among the cases of the suite that anybody may look at (`make bench-truth` writes it; what is held
out has no part in it and shows how well the numbers carry over). The judgement counts as `PRIOR` cases more, so that a
ground seen a few times stays near what was judged. Made cases vouch for no more than `SUREST`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

PRIOR = 10
ENOUGH = 30  # cases from which a probability counts as calibrated
SUREST = 0.99
COLUMNS = ("kind", "ground", "right", "cases")
BASE_RATED = frozenset({"clear"})  # hangs on how common incidents are, which no suite of made cases knows
Counts = Mapping[tuple[str, str], tuple[int, int]]  # by kind and ground: right, all

_INCIDENT = {"C2": 0.8, "C3": 0.88, "C4": 0.95, "C5": 0.97}
_STAGE = {"C2": 0.85, "C3": 0.9, "C4": 0.95}
_LINK = {"identifier": 0.98, "lineage": 0.97, "same text": 0.97, "same command": 0.95, "order": 0.8}
_BEHAVES = 0.6
_CLEAR = 0.01
WITH_TRANSCRIPT, WITHOUT_TRANSCRIPT = "with a transcript", "without a transcript"


@dataclass(frozen=True, slots=True)
class Likelihood:
    """A probability, the rule it comes from (kind and ground), what was judged, and on how many cases it was tried."""

    kind: str
    ground: str
    judged: float
    value: float
    cases: int

    @property
    def calibrated(self) -> bool:
        """Whether the ground was tried on enough cases."""
        return self.cases >= ENOUGH

    def told(self) -> dict[str, object]:
        """Return what the document says of it beside the probability."""
        return {"ground": self.ground, "judged": self.judged, "cases": self.cases, "calibrated": self.calibrated}


@cache
def measured() -> Counts:
    """How often each ground was right on the suite."""
    text = (files("forensics.document") / "likelihood.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {(row["kind"], row["ground"]): (int(row["right"]), int(row["cases"])) for row in rows}


def corrected(kind: str, ground: str, judged: float, counts: Counts | None = None) -> Likelihood:
    """Correct a judgement by the counts of its ground, those of the suite by default."""
    known = {} if kind in BASE_RATED else measured() if counts is None else counts
    right, cases = known.get((kind, ground), (0, 0))
    value = (right + PRIOR * judged) / (cases + PRIOR)
    return Likelihood(kind, ground, judged, round(min(value, max(SUREST, judged)), 3), cases)


def of_incident(grade: str, *, achieved: bool, behaves: bool = False) -> Likelihood:
    """That an episode took place at all, by the strength of its evidence and whether anything came of it.

    `behaves`: nothing names mining, it is concluded from how traffic, program and load behave together.
    """
    if behaves:
        return corrected("incident", "behaviour alone", _BEHAVES)
    judged = _INCIDENT.get(grade, 0.7)
    return corrected(
        "incident",
        f"{grade} {'achieved' if achieved else 'not achieved'}",
        judged if achieved else round(judged - 0.1, 3),
    )


def of_stage(basis: str, grade: str) -> Likelihood:
    """That a stage took place, given the episode."""
    judged = {"inferred": 0.6, "stated": 0.8}.get(basis) or _STAGE.get(grade, 0.97)
    return corrected("stage", f"{basis} {grade}", judged)


def of_link(kind: str, basis: str, candidates: int) -> Likelihood:
    """That two records belong together, by kind and basis of the link and by how many partners fitted."""
    if candidates == 1:
        return corrected("link", f"{kind} by {basis}", _LINK[basis])
    many = "4 or more" if candidates >= 4 else str(candidates)
    judged = round(max(_LINK[basis] / candidates, 0.05), 3)
    return corrected("link", f"{kind} by {basis}, one of {many}", judged)


def of_top(ground: str, judged: float, *, is_known: bool) -> Likelihood:
    """That the first hypothesis of an attribution is right; `unknown` is no outcome that could be counted."""
    return corrected("attribution", ground, judged, None if is_known else {})


def of_clear(*, transcript: bool) -> Likelihood:
    """That an agent mined although no record shows a start: a judgement, which no count corrects."""
    return corrected("clear", WITH_TRANSCRIPT if transcript else WITHOUT_TRANSCRIPT, _CLEAR)


def fitted(outcomes: Iterable[tuple[str, str, bool]]) -> Counts:
    """Count outcomes (kind, ground, right) into what `likelihood.csv` holds."""
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    for kind, ground, right in outcomes:
        have = counts.get((kind, ground), (0, 0))
        counts[kind, ground] = (have[0] + right, have[1] + 1)
    return dict(sorted(counts.items()))
