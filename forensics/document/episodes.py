"""Stage events gathered into incidents: one per undertaking that the mining records show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from forensics.engine import Engine

STAGES = (
    "objective",
    "constraint",
    "request",
    "exploration",
    "decision",
    "acquisition",
    "setup",
    "evasion",
    "egress",
    "persistence",
    "mining",
    "accumulation",
    "reinvestment",
    "detection",
    "containment",
    "recovery",
)
# what one who mines does; the stages before it are given or met, those after it are others' acts
CONDUCT = STAGES[STAGES.index("exploration") : STAGES.index("detection")]

# rules that conclude mining from behaviour alone
_BEHAVING = frozenset({"behaving_flow", "behaving_socket"})

_RESPONSE = ("detection", "containment", "recovery")

Row = dict[str, Any]


@dataclass
class Episode:
    """One undertaking: its mining records, and what else of the chain belongs to it."""

    number: int
    mining: list[Row] = field(default_factory=list)
    stages: dict[str, list[Row]] = field(default_factory=dict)
    givers: list[str] = field(default_factory=list)  # sessions that handed the task on, and others' parts of it

    @property
    def opening(self) -> list[Row]:
        """Records from which mining may be claimed."""
        return [row for row in self.mining if row["opens"]]

    @property
    def behaves(self) -> bool:
        """Whether nothing names mining: it is concluded from how traffic, program and load behave together."""
        return all(row["rule"] in _BEHAVING for row in self.opening)

    @property
    def sessions(self) -> list[str]:
        """Agent sessions whose own calls mined, in alphabetical order."""
        return sorted({row["session_id"] for row in self.mining if row["session_id"]})

    @property
    def kin(self) -> list[str]:
        """The sessions that mined, those that handed them the task, and the sub-agents of both."""
        return sorted({*self.sessions, *self.givers})

    def start_us(self) -> int | None:
        """Best estimate of the first mining record, None where none has a time."""
        times = [row["best_us"] for row in self.mining if row["best_us"] is not None]
        return min(times) if times else None

    def events(self) -> list[str]:
        """Every event of the episode that may be cited."""
        return sorted({row["event"] for rows in self.stages.values() for row in rows})


def brought_along(episode: Episode) -> None:
    """Retell the stages of what a program brought along: the call that ran it fetched, and decided nothing.

    From exploration to reinvestment only the conduct of the one to whom an incident is attributed counts.
    """
    for stage in ("exploration", "decision"):
        episode.stages.pop(stage, None)
    shown = {row["event"] for row in episode.mining}
    mining = episode.stages.get("mining", [])
    calls = [row for row in mining if row["actor"] == "agent" and row["event"] == row["act"]]
    episode.stages["mining"] = [row for row in mining if row["event"] in shown or not row["act"]]
    if calls:
        reason = "the call that ran what brought the miner"
        fetched = [{**row, "stage": "acquisition", "reason": reason} for row in calls]
        episode.stages["acquisition"] = [*fetched, *episode.stages.get("acquisition", [])]


def gather(engine: Engine) -> list[Episode]:
    """Return the episodes that show mining, in order of their first record."""
    mining = engine.rows(
        "select mining_event.*, episode.episode from mining_event join episode on episode.event = mining_event.event"
        " order by episode.episode, mining_event.best_us, mining_event.event, mining_event.family"
    )
    episodes: dict[int, Episode] = {}
    for row in mining:
        episodes.setdefault(row["episode"], Episode(row["episode"])).mining.append(row)
    shown = [episode for episode in episodes.values() if episode.opening]
    shown += _prepared(engine, len(episodes))
    if not shown:
        return []
    parents = {
        row["session_id"]: row["parent"]
        for row in engine.rows(
            "select session_id, min(parent_session_id) as parent from session where parent_session_id is not null"
            " group by session_id order by session_id"
        )
    }
    handovers = engine.rows("select distinct giver_session, taker_session from handover")
    for episode in shown:
        given = {parents[own] for own in episode.sessions if own in parents}
        given |= {row["giver_session"] for row in handovers if row["taker_session"] in episode.sessions}
        given |= {child for child, parent in parents.items() if parent in given or parent in episode.sessions}
        episode.givers = sorted(given - set(episode.sessions))
    home = {row["event"]: episodes[row["episode"]] for row in mining}
    home |= {row["event"]: episode for episode in shown for row in episode.mining if episode.number > len(episodes)}
    lasting = _lasting(engine)
    for row in engine.rows("select * from stage_event order by stage, weight, best_us nulls last, event"):
        if row["event"] in lasting:
            row["lasts_us"] = lasting[row["event"]]
        for episode in _homes(row, shown, home):
            episode.stages.setdefault(row["stage"], []).append(row)
    return shown


def _lasting(engine: Engine) -> dict[str, int]:
    """How long the flows with a pool lasted, in microseconds: mining goes on until such a record ends."""
    rows = engine.rows(
        "select event, max(end_us - best_us) as lasts_us from pool_flow where end_us > best_us group by event"
    )
    return {row["event"]: row["lasts_us"] for row in rows}


def _prepared(engine: Engine, number: int) -> list[Episode]:
    """Sessions that got ready to mine and never did, each an undertaking of its own."""
    found: dict[str, Episode] = {}
    for row in engine.rows("select * from preparation order by session_id, best_us nulls last, event"):
        episode = found.setdefault(row["session_id"], Episode(number + len(found) + 1))
        nothing: Row = {"client_address": None}
        known = {
            "family": "preparation",
            "opens": True,
            "actor": "agent",
            "status": "prepared",
            "table_name": "transcript",
        }
        episode.mining.append({**nothing, **row, **known})
    return list(found.values())


def _homes(row: Row, shown: Sequence[Episode], home: dict[str, Episode]) -> Sequence[Episode]:
    """Tell which episodes a stage event belongs to."""
    if row["event"] in home:
        return [home[row["event"]]] if home[row["event"]] in shown else []
    if row["session_id"]:
        own = [episode for episode in shown if row["session_id"] in episode.kin]
        if own or row["stage"] not in _RESPONSE:
            return own
    if row["act"] and row["act"] in home:
        return [home[row["act"]]]
    if len(shown) == 1:
        return shown
    if row["principal"]:
        own = [episode for episode in shown if row["principal"] in {mined["principal"] for mined in episode.mining}]
        if own:
            return own[:1]
    if row["stage"] in _RESPONSE:
        began = [
            e for e in shown if e.start_us() is None or row["best_us"] is None or row["best_us"] >= (e.start_us() or 0)
        ]
        return began[-1:]
    return []
