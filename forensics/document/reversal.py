"""What can be undone of the acts of an incident, and what was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from forensics.document.cite import Citations
from forensics.document.episodes import CONDUCT, Episode

CLASSES = ("reversible", "compensable", "irreversible")
MAX_ACTS = 100
Row = dict[str, Any]
Document = dict[str, Any]


def reversal_of(citations: Citations, episode: Episode, acts: Sequence[Row]) -> Document:
    """Count and list the acts; `acts` are the rows of act_reversal. Not undone means: no undoing is in evidence."""
    own_keys = {
        key for stage in CONDUCT for row in episode.stages.get(stage, []) for key in (row["act"], row["event"]) if key
    }
    own = sorted((row for row in acts if row["act"] in own_keys), key=_order)
    citations.load(event for row in own for event in (row["act"], row["undone_event"]) if event)
    counts = Counter(row["class"] for row in own)
    return {
        "acts": len(own),
        **{name: counts[name] for name in CLASSES},
        "undone": sum(1 for row in own if row["undone_event"]),
        "entries": [_entry(citations, row) for row in own if row["act"] in citations][:MAX_ACTS],
    }


def _order(row: Row) -> tuple[bool, int, str]:
    """What is not undone first, then in the order of the chain."""
    return row["undone_event"] is not None, CONDUCT.index(row["stage"]), row["act"]


def _entry(citations: Citations, row: Row) -> Document:
    undone = row["undone_event"]
    return {
        "act": dict(citations[row["act"]].reference),
        "stage": row["stage"],
        "class": row["class"],
        "how": row["how"],
        "undone_by": dict(citations[undone].reference) if undone and undone in citations else None,
    }
