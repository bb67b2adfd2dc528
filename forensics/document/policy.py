"""Against what was allowed: every act of an agent held against the case's policies.

An act is one tool call. Each command in it, each other tool and each host that it reaches for is a request of its own;
the act is as the strictest answer says. What a policy can ask about is in `request_of_part` and `request_of_contact`.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from forensics.cedar import SEVERITY, Judgement, Policies, Request
from forensics.document.cite import Citations
from forensics.document.episodes import CONDUCT, Episode
from forensics.document.scales import share
from forensics.engine import Engine

MAX_ACTS = 100
MAX_ERRORS = 20
Row = dict[str, Any]
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """The policy of a case as it was read; `text` None where there is none or it cannot be judged, with `why`."""

    name: str
    text: str | None = None
    why: str = ""


@dataclass
class Act:
    """One tool call: the requests it makes."""

    event: str
    requests: list[str] = field(default_factory=list)


def policy_of(engine: Engine, citations: Citations, episodes: Sequence[Episode], policy: PolicyFile) -> Document:
    """Return the `policy` field of the document; without a policy it says that nothing was judged, and why."""
    if policy.text is None:
        return {"judged": False, "why": policy.why}
    policies = Policies(policy.text, policy.name)
    acts, requests = _acts(engine)
    keys = sorted(requests)
    asked = [requests[key] for key in keys]
    specified = dict(zip(keys, policies.judge(asked, specified_only=True), strict=True))
    meant = dict(zip(keys, policies.judge(asked), strict=True)) if policies.has_intended else None
    by_specified = {act.event: _strictest(act, specified) for act in acts}
    by_meant = {act.event: _strictest(act, meant) for act in acts} if meant else None
    chain = {row["event"] for e in episodes for stage in CONDUCT for row in e.stages.get(stage, [])}
    strict = by_meant or by_specified
    citations.load(event for event, judgement in strict.items() if judgement.outcome != "allowed")
    return {
        "judged": True,
        "file": policy.name,
        "sha256": hashlib.sha256(policy.text.encode()).hexdigest(),
        "policies": [{"id": each.id, "effect": each.effect, "basis": each.basis} for each in policies.policies],
        "acts": _counted(by_specified),
        "chain_acts": _counted({event: found for event, found in by_specified.items() if event in chain}),
        "intended": None if by_meant is None else _counted(by_meant),
        "gap": None if by_meant is None else _gap(by_specified, by_meant),
        "prohibited": _listed(citations, strict, "prohibited", chain),
        "unspecified": _listed(citations, strict, "unspecified", chain),
        "errors": sorted({error for judgement in (meant or specified).values() for error in judgement.errors})[
            :MAX_ERRORS
        ],
    }


def _acts(engine: Engine) -> tuple[list[Act], dict[str, Request]]:
    """Every act with the keys of its requests, in order of time, and each distinct request once."""
    contacts: dict[str, list[Row]] = {}
    for row in engine.rows(_CONTACTS):
        contacts.setdefault(row["act"], []).append(row)
    acts: dict[str, Act] = {}
    requests: dict[str, Request] = {}
    for row in engine.rows(_PARTS):
        act = acts.setdefault(row["event"], Act(row["event"]))
        for request in (request_of_part(row), *map(request_of_contact, contacts.pop(row["event"], []))):
            key = json.dumps(request, sort_keys=True)
            requests[key] = request
            act.requests.append(key)
    return list(acts.values()), requests


def request_of_part(row: Row) -> Request:
    """A command or another tool: action `run`, `schedule` or `use`, on a `Program` of that name."""
    context = {
        "program": row["program"],
        "arguments": row["arguments"],
        "writes": row["writes"],
        "tool": row["tool"] or "",
        "signs": row["signs"] or [],
        "stages": row["stages"] or [],
    }
    return _request(row, row["action"], "Program", row["program"], context)


def request_of_contact(row: Row) -> Request:
    """A host that the act reaches for: action `connect`, on a `Host` by its name, else its address."""
    host = row["name"] or row["address"]
    context: dict[str, Any] = {"host": host, "own_network": bool(row["own_network"])}
    if _is_address(row["address"]):
        context["address"] = {"__extn": {"fn": "ip", "arg": row["address"]}}
    if row["port"] is not None:
        context["port"] = row["port"]
    return _request(row, "connect", "Host", host, context)


def _is_address(text: str | None) -> bool:
    """Whether Cedar will take it for an address: no zone, nothing that evidence merely printed like one."""
    try:
        return text is not None and "%" not in text and bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def _request(row: Row, action: str, kind: str, name: str, context: Mapping[str, Any]) -> Request:
    return {
        "principal": {"type": "Session", "id": row["session_id"] or ""},
        "action": {"type": "Action", "id": action},
        "resource": {"type": kind, "id": name},
        "context": context,
    }


def _strictest(act: Act, judgements: Mapping[str, Judgement]) -> Judgement:
    found = [judgements[key] for key in act.requests]
    outcome = max((judgement.outcome for judgement in found), key=SEVERITY.index)
    by = {name for judgement in found if judgement.outcome == outcome for name in judgement.by}
    return Judgement(outcome, tuple(sorted(by)))


def _counted(judgements: Mapping[str, Judgement]) -> Document:
    counts = Counter(judgement.outcome for judgement in judgements.values())
    return {
        "total": len(judgements),
        **{outcome: counts[outcome] for outcome in SEVERITY},
        "share_unspecified": share(counts["unspecified"], len(judgements)),
    }


def _gap(specified: Mapping[str, Judgement], meant: Mapping[str, Judgement]) -> Document:
    """Acts that what was meant prohibits or allows, and what was written down does not."""
    differing = Counter(
        (specified[event].outcome, meant[event].outcome)
        for event in specified
        if specified[event].outcome != meant[event].outcome
    )
    return {
        "acts": sum(differing.values()),
        "prohibited_only_if_meant": sum(n for (_, now), n in differing.items() if now == "prohibited"),
        "allowed_only_if_meant": sum(n for (_, now), n in differing.items() if now == "allowed"),
        "share": share(sum(differing.values()), len(specified)),
    }


def _listed(citations: Citations, judgements: Mapping[str, Judgement], outcome: str, chain: set[str]) -> list[Document]:
    """The acts with this outcome, those of the chain first, then in order of time."""
    found = [event for event, judgement in judgements.items() if judgement.outcome == outcome and event in citations]
    found.sort(key=lambda event: event not in chain)
    return [
        {"act": dict(citations[event].reference), "by": list(judgements[event].by), "in_chain": event in chain}
        for event in found[:MAX_ACTS]
    ]


_PARTS = """
    select agent_act.*, signs.signs, stages.stages
    from agent_act
    join event_place on event_place.event = agent_act.event
    left join (
        select event, part_no, list(distinct rule order by rule) as signs
        from command_hit
        where conduct = 'deviation' and needs_entity is null
        group by event, part_no
    ) as signs on signs.event = agent_act.event and signs.part_no = agent_act.part_no
    left join (
        select event, list(distinct stage order by stage) as stages
        from stage_event
        group by event
    ) as stages on stages.event = agent_act.event
    order by event_place.best_us nulls last, agent_act.event, agent_act.part_no
"""
_CONTACTS = """
    select distinct act, session_id, name, address, port, own_network
    from agent_contact
    order by act, name, address, port
"""
