"""What is said of the conduct in each incident: controls replayed, drives, reversal, the feedback loop."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from forensics.document.cite import Citations
from forensics.document.controls import Replay
from forensics.document.drives import NOT_ASSESSED, drives_of
from forensics.document.episodes import Episode
from forensics.document.loop import loop_of
from forensics.document.reversal import reversal_of
from forensics.engine import Engine

Document = dict[str, Any]


class Conduct:
    """The relations that tell of conduct, read once and looked at one incident at a time."""

    def __init__(self, engine: Engine, episodes: Sequence[Episode]) -> None:
        self._engine = engine
        self._replay = Replay(engine, episodes)
        self._signals = engine.rows(_SIGNALS) if episodes else []
        self._acts = engine.rows("select * from act_reversal order by stage, act") if episodes else []
        self._spends = engine.rows("select * from loop_spend order by best_us nulls last, event") if episodes else []

    def of(self, citations: Citations, episode: Episode, hosts: Collection[str], conclusion: str) -> Document:
        """The fields that one incident gains; `conclusion` is the hypothesis that it is attributed to."""
        return {
            "controls": self._replay.of(citations, episode, hosts),
            "drives": drives_of(self._engine, citations, episode, self._signals, conclusion),
            "drives_not_assessed": list(NOT_ASSESSED),
            "reversal": reversal_of(citations, episode, self._acts),
            "feedback_loop": loop_of(self._engine, citations, episode, self._spends),
        }


_SIGNALS = """
    select drive_signal.*
    from drive_signal
    left join event_place on event_place.event = drive_signal.event
    order by event_place.best_us nulls last, drive_signal.event, drive_signal.drive, drive_signal.rule
"""
