"""The feedback loop, measured: proceeds put to use, what came of it, and how often it went round.

A round is counted where a host or address mines for the first time after proceeds were spent. Only the order of events
speaks for it, so rounds are possible ones; without coins in evidence it is not known whether there was a loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from forensics.document.amounts import text_of, total
from forensics.document.cite import Citations, moment, summary_of
from forensics.document.episodes import Episode
from forensics.engine import Engine

MIN_ROUNDS = 3  # below that, growth is not estimable
_PLACES = Decimal("0.0001")
# what could have shown it: coins that move, what is bought with them, and who mines
_KINDS = (("coin_movement",), ("charge", "cloud_activity", "transcript"), ("flow", "process", "application_message"))
Row = dict[str, Any]
Document = dict[str, Any]


def loop_of(engine: Engine, citations: Citations, episode: Episode, spends: Sequence[Row]) -> Document:
    """Measure the loop of one incident; `spends` are the rows of loop_spend in order of time."""
    events = {row["event"] for row in episode.stages.get("reinvestment", [])}
    own = [row for row in spends if row["event"] in events]
    rounds = _rounds(own)
    cited = [event for row in own for event in (row["paid_event"], row["event"], row["new_event"]) if event]
    citations.load(cited)
    coverage = _coverage(engine)
    return {
        "seen": bool(rounds) if rounds or _has_coins(engine) else None,
        "spends": len(own),
        "rounds": len(rounds),
        "basis": "order" if rounds else None,
        "gains": _gains(own),
        "capacity": [_capacity(row) for row in own],
        "growth": None,
        "growth_why": _growth(len(rounds)),
        "coverage": coverage,
        "evidence": [dict(citations[event].reference) for event in dict.fromkeys(cited) if event in citations],
    }


def _capacity(row: Row) -> Document:
    place = row["new_place"]
    return {
        "after": moment(row["best_us"]),
        "places_before": row["places_before"],
        "new_place": summary_of(place) if place else None,
    }


def _rounds(own: Sequence[Row]) -> list[Row]:
    """Spends after which a place mines that had not; each new place is counted once, for the last spend before it."""
    last = {row["new_place"]: row for row in own if row["new_place"]}
    return list(last.values())


def _gains(own: Sequence[Row]) -> list[Document]:
    """Per asset: what had been gathered by the last spend, what was put to use, and the second's share of the first."""
    found = []
    for asset in sorted({row["asset"] for row in own if row["asset"]}):
        rows = [row for row in own if row["asset"] == asset]
        spent = total(row["amount"] for row in rows)
        gathered = rows[-1]["gathered"]
        share = (spent / gathered).quantize(_PLACES, ROUND_HALF_EVEN) if spent is not None and gathered else None
        found.append(
            {"asset": asset, "gathered": text_of(gathered), "put_to_use": text_of(spent), "share": text_of(share)}
        )
    return found


def _growth(rounds: int) -> str:
    if rounds < MIN_ROUNDS:
        return f"not estimable below {MIN_ROUNDS} rounds"
    return "rounds are known by order only; a rate would claim more than that"


def _coverage(engine: Engine) -> float:
    seen = sum(any(_has_rows(engine, table) for table in tables) for tables in _KINDS)
    return round(seen / len(_KINDS), 3)


def _has_coins(engine: Engine) -> bool:
    return _has_rows(engine, "coin_movement")


def _has_rows(engine: Engine, table: str) -> bool:
    return bool(engine.rows(f'select 1 as one from "{table}" limit 1'))
