"""Who did it: rival explanations weighed by what the evidence shows for and
against each.

The weights are judgements written down; the first one is corrected by how often its rule, the ground, was right on the
labelled suite (`likelihood.py`), the others keep their proportions. A ground that concludes `unknown` states ignorance,
not a frequency, and stays as judged: the suite's mix of cases is not the world's. No correction changes a conclusion.

What separates the rivals is who supplied the act and the account: a tool call that explains the exec, a prompt or a
read page that brought the pool or wallet, a shell that no call explains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from forensics.document.episodes import Episode
from forensics.document.likelihood import Likelihood, of_top
from forensics.engine import Engine

HYPOTHESES = (
    "unknown",
    "agent",
    "operator",
    "intruder",
    "sanctioned_workload",
    "supply_chain",
    "look_alike_load",
    "planted_test",
)

# what a session was whose own call ran the miner, where the deed is laid on another or on nobody: it did not mine
NOT_ITS_OWN = {"unknown": "helped", "intruder": "helped", "supply_chain": "witness", "look_alike_load": "witness"}

_MANY_CALLS = 5  # from which a host's record of a session's commands is taken for a habit
_LEADS = 0.5  # what leads by its rule is not corrected below this, so that the conclusion stays the rule's
_GROUNDS = {
    "terminal": "it was started at a terminal",
    "signed_in": "behind a login",
    "outside": "a download was piped into a shell just before, under the same account",
    "hidden": "it runs from a hidden or public folder",
    "before_agent": "it began before any session of an agent",
    "agent_account": "the account is one that an agent uses too",
}


@dataclass
class Attribution:
    """Probabilities by hypothesis (they sum to 1), the events for and against, where the intent came from, and why."""

    probabilities: dict[str, float]
    likelihood: Likelihood
    evidence_for: dict[str, list[str]] = field(default_factory=dict)
    evidence_against: dict[str, list[str]] = field(default_factory=dict)
    intent_origin: str = "unknown"
    why: list[str] = field(default_factory=list)

    def ranked(self) -> list[tuple[str, float]]:
        """Hypotheses, likeliest first; at a tie the more cautious one first."""
        order = {name: place for place, name in enumerate(HYPOTHESES)}
        return sorted(self.probabilities.items(), key=lambda item: (-item[1], order[item[0]]))

    @property
    def top(self) -> str:
        """The conclusion."""
        return self.ranked()[0][0]


def attribute(engine: Engine, episode: Episode, approved: Sequence[Any]) -> Attribution:
    """Weigh the rivals for one episode; `approved` are the case file's approvals of mining."""
    commands = [row for row in episode.opening if row["family"] in {"command", "socket", "preparation"}]
    own_calls = [row for row in commands if row["actor"] == "agent" and row["table_name"] == "transcript"]
    linked = [row for row in commands if row["actor"] == "agent" and row["table_name"] != "transcript"]
    typed = [row for row in commands if row["actor"] == "operator"]
    strange = [row for row in commands if row["actor"] in {"unknown", "intruder", "other"}]
    if _is_approved(episode, approved):
        return _result(
            "approved",
            {"sanctioned_workload": 0.95},
            "the case file approves it",
            [*own_calls, *commands],
            "instructed",
        )
    if (own_calls or linked) and episode.behaves:
        # the start is the agent's; whether it is mining is concluded only, so that nobody is accused of it
        return _result(
            "behaviour_alone",
            {"unknown": 0.45, "agent": 0.35, "look_alike_load": 0.12},
            "an agent's call started a program that behaves like a miner, and nothing names mining",
            [*own_calls, *linked],
        )
    if own_calls or linked:
        return _agent_acted(engine, episode, own_calls, linked)
    said_by_case = _said_by_case(engine, typed)
    if not said_by_case and (typed or strange) and not engine.rows("select 1 as one from transcript limit 1"):
        return _unwitnessed(typed, strange)
    if typed:
        found = _result(
            "typed",
            {"operator": 0.8, "intruder": 0.08},
            "a person typed it into a shell that no tool call explains",
            typed,
        )
    elif strange:
        found = _stranger(engine, strange)
    else:
        found = _result(
            "not_recorded", {"unknown": 0.8}, "the records show mining but not who started it", episode.opening[:20]
        )
    return found


def _said_by_case(engine: Engine, rows: list[dict[str, Any]]) -> bool:
    """Tell whether the case file itself names whose shell or account it was."""
    found = engine.rows(
        "select 1 as one from principal where case_actor is not null and list_contains($1, principal) limit 1",
        [sorted({row["principal"] for row in rows if row["principal"]})],
    )
    return bool(found)


def _unwitnessed(typed: list[dict[str, Any]], strange: list[dict[str, Any]]) -> Attribution:
    """Weigh starts of a case without any transcript: that no tool call explains them says nothing then.

    An agent's commands and a person's look alike in a shell's history and in an audit log.
    """
    if typed:
        return _result(
            "typed_without_transcripts",
            {"unknown": 0.5, "operator": 0.24, "agent": 0.18},
            "typed into a shell, and no transcript is in evidence that could tell an agent's hand from a person's",
            typed,
        )
    return _result(
        "started_without_transcripts",
        {"unknown": 0.5, "intruder": 0.2, "agent": 0.14, "operator": 0.12},
        "a host recorded the start, and no transcript is in evidence that could tell whose it was",
        strange,
    )


def _stranger(engine: Engine, rows: list[dict[str, Any]]) -> Attribution:
    """Weigh starts that no tool call explains: a person at a terminal, or something that came in from outside."""
    seen = engine.rows(
        "select * from stranger where list_contains($1, event) order by event", [[row["event"] for row in rows]]
    )
    grounds = [words for column, words in _GROUNDS.items() if any(row[column] for row in seen)]
    signed_in, terminal = (any(row[column] for row in seen) for column in ("signed_in", "terminal"))
    ours = any(row["agent_account"] for row in seen)
    if not seen or (ours and not terminal):
        ground, shares = (
            "stranger_on_agent_account",
            {"unknown": 0.45, "intruder": 0.25, "operator": 0.12, "agent": 0.08},
        )
    elif signed_in and terminal:
        ground, shares = "stranger_signed_in_at_terminal", {"operator": 0.55, "intruder": 0.25, "unknown": 0.12}
    elif signed_in:
        ground, shares = "stranger_signed_in", {"unknown": 0.42, "intruder": 0.34, "operator": 0.18}
    elif any(row["outside"] or row["hidden"] for row in seen):
        ground, shares = "stranger_hidden_or_from_outside", {"intruder": 0.68, "unknown": 0.18, "operator": 0.06}
    else:
        ground, shares = "stranger", {"intruder": 0.5, "unknown": 0.3, "operator": 0.1}
    found = _result(ground, shares, "; ".join(["no tool call of any agent explains the start", *grounds]), rows)
    found.evidence_against["agent"] = [row["event"] for row in rows][:20]
    return found


def _agent_acted(
    engine: Engine, episode: Episode, calls: list[dict[str, Any]], linked: list[dict[str, Any]]
) -> Attribution:
    origins = engine.rows("select * from origin order by session_id, seq, kind, value, event")
    own = [row for row in origins if row["session_id"] in episode.kin]
    told = [row for row in own if row["origin"] == "instructed"]
    read = [row for row in own if row["origin"] == "read" and row["kind"] in {"instruction", "wallet"}]
    referred = [row for row in own if row["origin"] == "referred" and row["kind"] in {"instruction", "wallet"}]
    acts = [*calls, *linked]
    if not calls and _brought(engine, linked):
        return _result(
            "brought_along",
            {"supply_chain": 0.7, "agent": 0.14},
            "what the agent ran brought it along: none of its own commands and files name program, pool or account",
            acts,
            "unknown",
        )
    if told:
        found = _result(
            "prompted",
            {"sanctioned_workload": 0.62, "operator": 0.28, "agent": 0.06},
            "a prompt brought the task, the pool or the account",
            acts,
            "instructed",
        )
        found.evidence_for["operator"] = [row["event"] for row in told]
        found.evidence_against["agent"] = [row["event"] for row in told]
        return found
    if referred:
        found = _result(
            "referred",
            {"unknown": 0.42, "sanctioned_workload": 0.28, "intruder": 0.2, "agent": 0.06},
            "something that a prompt sent the agent to read brought the task or the account",
            acts,
        )
        found.evidence_against["agent"] = [row["event"] for row in referred]
        return found
    if read:
        found = _result(
            "read", {"intruder": 0.56, "agent": 0.36}, "something the agent read told it to mine", acts, "injected"
        )
        found.evidence_for["intruder"] = [row["event"] for row in read]
        found.evidence_against["agent"] = [row["event"] for row in read]
        return found
    if not any(row["session_id"] for row in acts):
        # no transcript speaks: what asked for it is not known either
        return _result("shell_record", {"agent": 0.9}, "the shell's own record says that an agent typed it", acts)
    if not linked and _contradicted(engine, episode, calls):
        found = _result(
            "own_calls_contradicted",
            {"unknown": 0.48, "agent": 0.34, "planted_test": 0.1},
            "a transcript says that the agent started it; the host that recorded its other commands has no trace of it",
            acts,
        )
        found.evidence_against["agent"] = [row["event"] for row in calls][:20]
        return found
    on_wire = _network_agrees(episode)
    sure = 0.9 + (0.04 if linked else 0.0) + (0.02 if on_wire else 0.0)
    found = _result(
        "own_calls" + ("_executed" if linked else "") + ("_on_wire" if on_wire else ""),
        {"agent": round(sure, 3)},
        "the agent's own tool calls start it, and no prompt asked for it",
        acts,
        "own",
    )
    found.evidence_against["operator"] = [row["event"] for row in calls][:20]
    found.evidence_against["intruder"] = [row["event"] for row in linked][:20]
    return found


def _brought(engine: Engine, linked: list[dict[str, Any]]) -> bool:
    """Tell whether nothing that the agent called or wrote names what started: what it ran brought it."""
    calls = sorted({row["act"] for row in linked if row["act"]})
    rows = engine.rows("select act, named_event from own_start where list_contains($1, act) order by act", [calls])
    return bool(rows) and all(row["named_event"] is None for row in rows)


def _contradicted(engine: Engine, episode: Episode, calls: list[dict[str, Any]]) -> bool:
    """Tell whether a start stands in a transcript alone, amid calls that the host recorded: it may have been put there.

    Only where nothing else shows mining, the call is said to have succeeded, and most of what the session called before
    and after it is on record.
    """
    if any(
        row["family"] not in {"command", "preparation"} or row["table_name"] != "transcript" for row in episode.mining
    ):
        return False
    if not calls or any(row["status"] != "achieved" for row in calls):
        return False
    starts = {row["event"] for row in calls}
    sessions = sorted({row["session_id"] for row in calls})
    every = engine.rows(
        "select * from recorded_call where list_contains($1, session_id) order by session_id, seq, event", [sessions]
    )
    others = [row for row in every if row["event"] not in starts]
    seen = [(row["session_id"], row["seq"]) for row in others if row["recorded"]]
    begun = [(row["session_id"], row["seq"]) for row in every if row["event"] in starts]
    if not begun or len(others) < _MANY_CALLS or 5 * len(seen) < 4 * len(others):
        return False
    return all(
        any(own == session and place < seq for own, place in seen)
        and any(own == session and place > seq for own, place in seen)
        for session, seq in begun
    )


def _network_agrees(episode: Episode) -> bool:
    return any(row["family"] in {"flow", "stratum", "socket"} for row in episode.mining)


def _is_approved(episode: Episode, approved: Sequence[Any]) -> bool:
    named = {row[key] for row in episode.mining for key in ("wallet", "pool_name", "pool_address") if row[key]}
    for approval in approved:
        if approval.action != "mining":
            continue
        if not approval.match or any(pattern in name for pattern in approval.match for name in named):
            return True
    return False


def _result(
    ground: str, judged: dict[str, float], reason: str, acts: Sequence[dict[str, Any]], intent_origin: str = "unknown"
) -> Attribution:
    """Correct the first share, keep the rest in proportion, spread what is left evenly; all in thousandths, sum 1."""
    top = max(judged, key=lambda name: judged[name])
    likelihood = of_top(ground, judged[top], is_known=top != "unknown")
    sure = max(likelihood.value, min(judged[top], _LEADS))
    others = {name: value * (1 - sure) / (1 - judged[top]) for name, value in judged.items() if name != top}
    thousandths = {name: round(1000 * value) for name, value in {top: sure, **others}.items()}
    rest = [name for name in HYPOTHESES if name not in judged]
    left = 1000 - sum(thousandths.values())
    shares = {name: left // len(rest) for name in rest}
    shares["unknown" if "unknown" in shares else rest[0]] += left - sum(shares.values())
    thousandths |= shares
    return Attribution(
        probabilities={name: value / 1000 for name, value in thousandths.items()},
        likelihood=likelihood,
        evidence_for={top: [row["event"] for row in acts][:40]},
        intent_origin=intent_origin,
        why=[reason],
    )
