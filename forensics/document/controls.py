"""Controls replayed over an incident: what each would have stopped first, what was still to come, what it would miss.

That a control would have stopped a record is a fact about the record. That it would have prevented the incident is not:
who is stopped may try another way, so nothing here says so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from forensics.document import assets as money
from forensics.document.cite import Citations, summary_of
from forensics.document.episodes import CONDUCT, Episode
from forensics.document.scales import share
from forensics.document.windows import bounds_between, first_of
from forensics.engine import Engine

MAX_FALSE_STOPS = 5
Row = dict[str, Any]
Document = dict[str, Any]
Stages = Mapping[str, set[str]]


class Replay:
    """The stops of every control in a case, looked at one incident at a time."""

    def __init__(self, engine: Engine, episodes: Sequence[Episode]) -> None:
        self._engine = engine
        self._controls = engine.rows("select * from control order by id")
        self._filled = _filled(engine)
        self._chain = {key for episode in episodes for key in _conduct(episode)}
        self._stops: dict[str, list[Row]] = {}
        if episodes:
            for row in engine.rows("select * from control_stop order by control, best_us nulls last, event"):
                self._stops.setdefault(row["control"], []).append(row)

    def of(self, citations: Citations, episode: Episode, hosts: Collection[str]) -> list[Document]:
        """Replay each control over one incident, in alphabetical order of their names."""
        stages = _conduct(episode)
        found = [self._replayed(citations, control, episode, stages, hosts) for control in self._controls]
        return sorted(found, key=lambda entry: entry["control"])

    def _replayed(
        self, citations: Citations, control: Row, episode: Episode, stages: Stages, hosts: Collection[str]
    ) -> Document:
        told = {key: control[key] for key in ("name", "looks_at", "blind", "mitigation")} | {"control": control["id"]}
        if not self._filled & set(control["needs"].split()):
            return {**told, "replayed": False, "why": f"nothing in evidence shows it: {control['needs']}"}
        rows = self._stops.get(control["id"], [])
        own = [row for row in rows if _key(row) in stages or _while_it_ran(row, episode)]
        first = next((row for row in own if row["best_us"] is not None), own[0] if own else None)
        since_us = first["best_us"] if first else None
        false = self._false_stops(rows, since_us)
        citations.load([row["event"] for row in [*own[:1], *false]])
        stopped = {_key(row) for row in own} & stages.keys()
        acts = {row["act"] for stage in CONDUCT for row in episode.stages.get(stage, []) if row["act"]}
        return {
            **told,
            "replayed": True,
            "first_stopped": dict(citations[first["event"]].reference) if first else None,
            "reason": summary_of(first["reason"]) if first else None,
            "stages": sorted(stages.get(_key(first), ()), key=CONDUCT.index) if first else [],
            "lead": bounds_between(first, first_of(episode.stages.get("containment"))) if first else None,
            "cost_after": _costs(self._engine, episode, hosts, since_us),
            "coins_after": money.gathered_since(self._engine, since_us) if since_us is not None else [],
            "false_stops_before": len({_key(row) for row in false}),
            "false_stops": [dict(citations[row["event"]].reference) for row in _each_once(false)[:MAX_FALSE_STOPS]],
            "chain_acts": len(acts),
            "chain_acts_stopped": len(stopped & acts),
            "share_stopped": share(len(stopped & acts), len(acts)),
            "stages_unseen": _unseen(stages, stopped),
        }

    def _false_stops(self, rows: Sequence[Row], since_us: int | None) -> list[Row]:
        """What the control would have stopped before, and is no part of any incident."""
        return [
            row
            for row in rows
            if _key(row) not in self._chain
            and row["table_name"] != "charge"
            and (since_us is None or (row["best_us"] is not None and row["best_us"] < since_us))
        ]


def _conduct(episode: Episode) -> Stages:
    """The acts (else records) of the conduct of an incident, with the stages that each is part of."""
    found: dict[str, set[str]] = {}
    for stage in CONDUCT:
        for row in episode.stages.get(stage, []):
            for key in {row["act"] or row["event"], row["event"]}:
                found.setdefault(key, set()).add(stage)
    return found


def _key(row: Row) -> str:
    key: str = row["act"] or row["event"]
    return key


def _while_it_ran(row: Row, episode: Episode) -> bool:
    """A charge is no act of the chain: a cap that bites while the chain runs stops what runs."""
    begin = first_of([row for stage in CONDUCT for row in episode.stages.get(stage, [])])
    stop = first_of(episode.stages.get("containment"))
    if row["table_name"] != "charge" or begin is None or row["best_us"] is None:
        return False
    return bool(begin["best_us"] <= row["best_us"] and (stop is None or row["best_us"] <= stop["best_us"]))


def _each_once(rows: Sequence[Row]) -> list[Row]:
    return list({_key(row): row for row in reversed(rows)}.values())[::-1]


def _unseen(stages: Stages, stopped: set[str]) -> list[str]:
    """Stages of the incident of which the control would have stopped nothing."""
    shown = {stage for names in stages.values() for stage in names}
    seen = {stage for key in stopped for stage in stages[key]}
    return sorted(shown - seen, key=CONDUCT.index)


def _costs(engine: Engine, episode: Episode, hosts: Collection[str], since_us: int | None) -> list[Document]:
    if since_us is None:
        return []
    return [
        {"currency": cost["currency"], "amount": cost["amount"]}
        for cost in money.costs(engine, episode, hosts, since_us)
    ]


def _filled(engine: Engine) -> set[str]:
    tables = ("transcript", "socket_event", "flow", "name_lookup", "charge")
    return {table for table in tables if engine.rows(f'select 1 as one from "{table}" limit 1')}
