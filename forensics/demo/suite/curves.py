"""How right the analysis stays as evidence gets worse: curves over the degrees of one degradation, as one SVG."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from forensics.demo.suite.scoring import Score
from forensics.demo.suite.tables import Job, all_links, f1

_SERIES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "lines torn": (
        ("0", ""), ("1 %", "1 % of lines torn"), ("3 %", "3 % of lines torn"), ("10 %", "10 % of lines torn"),
        ("30 %", "30 % of lines torn"),
    ),
    "audit clock off by": (
        ("0", ""), ("41 s", "audit clock 41 s off, drifting"), ("10 min", "audit clock 10 min off"),
        ("8 h", "audit clock 8 h off"),
    ),
    "wording": (("plain", "worded plainly"), ("paraphrased", "paraphrased"), ("oblique", "worded obliquely")),
    "one source missing": (
        ("none", ""), ("transcript", "no transcript"), ("history", "no shell history"), ("audit", "no audit log"),
        ("network", "no network"), ("miner", "no miner files"), ("money", "no money records"),
        ("platform", "no platform records"),
    ),
}  # fmt: skip
_MEASURES: Mapping[str, Callable[[list[Score]], float]] = {
    "verdict right": lambda cases: _ratio([(one.verdict_right, 1) for one in cases]),
    "stage F1": f1,
    "required acts": lambda cases: _ratio([(one.acts[0], one.acts[1]) for one in cases]),
    "links": lambda cases: _ratio([all_links(one) for one in cases]),
}
_COLOURS = ("#1b4f72", "#b9770e", "#117a65", "#884ea0")
_STYLE: dict[Any, Any] = {"svg.hashsalt": "agent-mining-forensics", "svg.fonttype": "path", "font.size": 8}


def curves(scored: Mapping[Job, Score]) -> str:
    """Draw the measures over each series; whole lines for what may be seen, broken ones for what is held out."""
    pairs = {job[:2] for job in scored if job[2]}
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(9, 6.4), layout="constrained")
        for place, (title, steps) in zip(figure.subplots(2, 2).flat, _SERIES.items(), strict=True):
            for apart, line in ((False, "-"), (True, "--")):
                groups = [
                    [one for job, one in scored.items() if job[2] == how and job[:2] in pairs and one.held_out == apart]
                    for _, how in steps
                ]
                _draw(place, groups, line)
            place.set_title(title)
            place.set_xticks(range(len(steps)), [name for name, _ in steps], rotation=20 if len(steps) > 5 else 0)
            place.set_ylim(0, 1.03)
            place.grid(axis="y", alpha=0.3)
        figure.legend(
            handles=figure.axes[0].get_lines()[: len(_MEASURES)], loc="outside lower center", ncols=len(_MEASURES)
        )
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()


def _draw(place: Axes, groups: Sequence[list[Score]], line: str) -> None:
    for (name, measure), colour in zip(_MEASURES.items(), _COLOURS, strict=True):
        values = [measure(cases) if cases else float("nan") for cases in groups]
        place.plot(range(len(groups)), values, line, color=colour, marker="o", markersize=3, label=name)


def _ratio(pairs: Sequence[tuple[int, int]]) -> float:
    every = sum(pair[1] for pair in pairs)
    return sum(pair[0] for pair in pairs) / every if every else float("nan")
