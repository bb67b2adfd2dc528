"""Do probabilities keep what they say? Fitted on the cases anybody may look at, tried on those that are held out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from forensics.demo.suite.scoring import Score
from forensics.document.likelihood import COLUMNS, Counts, corrected, fitted

_KINDS = ("incident", "attribution", "stage", "link", "clear")
_MEANING = {
    "incident": "that an episode took place",
    "attribution": "who did it, the first hypothesis",
    "stage": "that a stage took place, given the episode",
    "link": "that a call and an execution are one act",
    "clear": "that an agent mined where no record shows a start",
}
_BINS = (0.0, 0.05, 0.2, 0.45, 0.55, 0.8, 0.95, 0.98, 1.01)
HEADER = "# How often each ground of a probability was right on the labelled suite; written by `make bench-truth`, from"


def counts_of(seen: Iterable[Score]) -> Counts:
    """Count the grounds of cases, degraded ones too."""
    return fitted((kind, ground, right) for one in seen for kind, ground, _, right in one.grounds)


def likelihood_file(seen: Sequence[Score]) -> str:
    """Return the text of `likelihood.csv`."""
    rows = [
        ",".join((kind, f'"{ground}"' if "," in ground else ground, str(right), str(cases)))
        for (kind, ground), (right, cases) in counts_of(seen).items()
    ]
    return "\n".join([f"{HEADER} {len(seen)} seen cases.", ",".join(COLUMNS), *rows]) + "\n"


def kind_rows(seen: Sequence[Score], apart: Sequence[Score]) -> Iterator[tuple[str, ...]]:
    """Per kind of probability, on what is held out: how many, Brier as judged and as fitted, said and come true."""
    counts = counts_of(seen)
    for kind in _KINDS:
        told = list(_told(apart, counts, kind))
        if told:
            judged, said, true = (_mean(row[place] for row in told) for place in range(3))
            yield (
                _MEANING[kind], str(len(told)), f"{_mean((row[0] - row[2]) ** 2 for row in told):.4f}",
                f"{_mean((row[1] - row[2]) ** 2 for row in told):.4f}", f"{judged:.3f}", f"{said:.3f}", f"{true:.3f}",
            )  # fmt: skip


def bin_rows(seen: Sequence[Score], apart: Sequence[Score]) -> Iterator[tuple[str, ...]]:
    """Per band of the fitted probability, all kinds together, on what is held out: how many, said, come true."""
    counts = counts_of(seen)
    told = [row for kind in _KINDS for row in _told(apart, counts, kind)]
    for low, high in pairwise(_BINS):
        own = [row for row in told if low <= row[1] < high]
        if own:
            said, true = _mean(row[1] for row in own), _mean(row[2] for row in own)
            yield f"{low:.2f} to {min(high, 1.0):.2f}", str(len(own)), f"{said:.3f}", f"{true:.3f}"


def verdict_brier(cases: Sequence[Score]) -> str:
    """Brier score of the verdict's probability, as it was told in this run, against whether an agent did it."""
    values = [(one.probability - one.incident) ** 2 for one in cases if not one.state.startswith("broken")]
    return f"{_mean(values):.4f} (n = {len(values)})" if values else "-"


def _told(cases: Iterable[Score], counts: Counts, wanted: str) -> Iterator[tuple[float, float, int]]:
    for one in cases:
        for kind, ground, judged, right in one.grounds:
            if kind == wanted:
                yield judged, corrected(kind, ground, judged, counts).value, int(right)


def _mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return sum(numbers) / len(numbers) if numbers else 0.0
