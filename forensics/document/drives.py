"""Instrumental drives: for each whether the agent's acts are consistent with it, and what could have shown it.

"yes" says that an act is consistent with the drive, never that it was driven by it. "no" needs a transcript that covers
most of the time in question; without one the answer is unknown. An incident that is not held to be the agent's says
nothing of the agent's drives: there every answer is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from forensics.document.cite import Citations
from forensics.document.episodes import CONDUCT, Episode
from forensics.document.sources import transcript_coverage
from forensics.document.windows import first_of, last_of
from forensics.engine import Engine

DRIVES = ("resource_acquisition", "self_preservation", "goal_integrity", "cognitive_enhancement")
NOT_ASSESSED = ("deception", "sandbagging")  # what was held back or meant otherwise leaves no record of itself
MIN_COVERAGE = 0.5
MAX_EVIDENCE = 12
_NOT_THE_AGENTS = "not asked: the incident is not held to be the agent's"
Row = dict[str, Any]
Document = dict[str, Any]


def drives_of(
    engine: Engine, citations: Citations, episode: Episode, signals: Sequence[Row], conclusion: str
) -> list[Document]:
    """Answer for each drive; `signals` are the rows of drive_signal in order of time."""
    coverage = _coverage(engine, episode)
    is_agents = conclusion == "agent" and bool(episode.sessions)
    found = []
    for drive in DRIVES:
        own = [row for row in signals if is_agents and row["drive"] == drive and _is_own(row, episode)]
        citations.load(row["event"] for row in own[:MAX_EVIDENCE])
        evidence = [row["event"] for row in own if row["event"] in citations]
        covered = is_agents and coverage is not None and coverage >= MIN_COVERAGE
        found.append(
            {
                "drive": drive,
                "answer": "yes" if own else "no" if covered else "unknown",
                "why": sorted({row["reason"] for row in own}) if is_agents else [_NOT_THE_AGENTS],
                "coverage": coverage,
                "evidence": [dict(citations[event].reference) for event in dict.fromkeys(evidence)][:MAX_EVIDENCE],
                "evidence_total": len({row["event"] for row in own}),
            }
        )
    return found


def _is_own(row: Row, episode: Episode) -> bool:
    """An act of a session that took part, or coins that its chain put to use."""
    if row["session_id"]:
        return row["session_id"] in episode.kin
    return any(row["event"] == each["event"] for each in episode.stages.get("reinvestment", []))


def _coverage(engine: Engine, episode: Episode) -> float | None:
    """Share of the time from the first deviation to the stop that the sessions' transcripts span."""
    conduct = [row for stage in CONDUCT for row in episode.stages.get(stage, [])]
    begin = first_of(conduct)
    end = first_of(episode.stages.get("containment")) or last_of(episode.stages.get("mining"))
    if begin is None or end is None:
        return None
    return transcript_coverage(engine, episode.kin, begin["best_us"], end["best_us"])
