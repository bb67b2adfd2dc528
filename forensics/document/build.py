"""The incident document (schema incident/1) from the relations of one case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forensics.document import assets as money
from forensics.document.annotations import annotations_of
from forensics.document.attribution import NOT_ITS_OWN, Attribution, attribute
from forensics.document.cite import Citations, moment
from forensics.document.conduct import Conduct
from forensics.document.episodes import STAGES, Episode, brought_along, gather
from forensics.document.gaps import gaps
from forensics.document.leads import leads_of
from forensics.document.likelihood import of_clear, of_incident, of_link, of_stage
from forensics.document.policy import PolicyFile, policy_of
from forensics.document.scales import SOURCE_GROUPS, strength, words
from forensics.document.sigma import alerts_of
from forensics.document.sources import absences, sources, transcript_coverage
from forensics.document.windows import first_of, last_of, windows
from forensics.engine import Engine
from forensics.sigma.rules import Pack

SCHEMA = "incident/1"
MAX_EVIDENCE = 200
MAX_LINKS = 500

Row = dict[str, Any]
Document = dict[str, Any]


def build_document(
    engine: Engine,
    case: Mapping[str, Any],
    tool: Mapping[str, Any],
    approved: list[Any],
    policy: PolicyFile,
    pack: Pack | None = None,
) -> Document:
    """Return the document; `case` has id and title, `tool` names versions, `approved` are the case file's approvals.

    The engine must have every relation built. The result is plain JSON: strings for money, ISO times, no NaN.
    """
    episodes = gather(engine)
    citations = Citations(engine)
    link_rows = engine.rows("select * from chain_link order by kind, from_event, to_event")
    channels = engine.rows("select * from channel order by session_id")
    attributions = [attribute(engine, episode, approved) for episode in episodes]
    for episode, attribution in zip(episodes, attributions, strict=True):
        if attribution.top == "supply_chain":
            brought_along(episode)
    _load(citations, episodes, link_rows, channels, attributions)
    incidents, coverage = [], None
    conduct = Conduct(engine, episodes)
    for episode, attribution in zip(episodes, attributions, strict=True):
        incident, covered = _incident(engine, citations, episode, attribution, link_rows, channels)
        hosts = {name for host in incident["hosts"] for name in host["names"]}
        incidents.append(incident | conduct.of(citations, episode, hosts, attribution.top))
        coverage = covered if coverage is None else coverage
    leads, leads_total = leads_of(engine, citations)
    return {
        "schema": SCHEMA,
        "case": dict(case),
        "verdict": _verdict(engine, episodes, attributions, incidents),
        "incidents": incidents,
        "sources": sources(engine),
        "gaps": gaps(engine),
        "absences": absences(engine, episodes, coverage),
        "annotations": annotations_of(engine, citations),
        "policy": policy_of(engine, citations, episodes, policy),
        "sigma": alerts_of(engine, citations, pack) if pack else None,
        "leads": leads,
        "leads_total": leads_total,
        "tool": dict(tool),
    }


def _load(
    citations: Citations,
    episodes: list[Episode],
    links: list[Row],
    channels: list[Row],
    attributions: list[Attribution],
) -> None:
    events = {event for episode in episodes for event in episode.events()}
    events |= {row[key] for row in links for key in ("from_event", "to_event")}
    events |= {row[key] for row in channels for key in ("told_event", "used_event") if row[key]}
    for attribution in attributions:
        for cited in (*attribution.evidence_for.values(), *attribution.evidence_against.values()):
            events |= set(cited)
    citations.load(events)


def _incident(
    engine: Engine,
    citations: Citations,
    episode: Episode,
    attribution: Attribution,
    link_rows: list[Row],
    channels: list[Row],
) -> tuple[Document, float | None]:
    groups = _groups(citations, episode.events())
    own_channels = [row for row in channels if row["session_id"] in episode.kin]
    channel, coverage = _channel(engine, citations, episode, own_channels)
    own = set(episode.events())
    hosts = _hosts(engine, episode)
    achieved = any(row["status"] == "achieved" for row in episode.opening)
    took_place = of_incident(strength(groups), achieved=achieved, behaves=episode.behaves)
    document: Document = {
        "id": f"I{episode.number}",
        "probability": took_place.value,
        "likelihood": {"incident": took_place.told(), "attribution": attribution.likelihood.told()},
        "strength": strength(groups),
        "agents": _agents(engine, episode, attribution.top),
        "hosts": hosts,
        "wallets": money.wallets_of(episode),
        "pools": _pools(engine, episode),
        "stages": [_stage(citations, stage, episode.stages[stage]) for stage in STAGES if episode.stages.get(stage)],
        "links": [_link(citations, row) for row in link_rows if row["from_event"] in own or row["to_event"] in own][
            :MAX_LINKS
        ],
        "attribution": [
            {
                "hypothesis": name,
                "probability": probability,
                "for": _refs(citations, attribution.evidence_for.get(name, [])),
                "against": _refs(citations, attribution.evidence_against.get(name, [])),
            }
            for name, probability in attribution.ranked()
        ],
        "intent_origin": attribution.intent_origin,
        "designated_channel": channel,
        "windows": windows(episode.stages),
        "cost": _costs(engine, citations, episode, {name for host in hosts for name in host["names"]}),
        "assets": money.assets(engine, episode),
    }
    return document, coverage


def _stage(citations: Citations, stage: str, rows: list[Row]) -> Document:
    status = min((row["status"] for row in rows), key=("achieved", "attempted", "prepared").index)
    basis = min((row["basis"] for row in rows), key=("shown", "stated", "inferred").index)
    groups = _groups(citations, [row["event"] for row in rows])
    first, last = first_of(rows), last_of(rows)
    grade = strength(groups)
    return {
        "stage": stage,
        "status": status,
        "basis": basis,
        "first": moment(first["best_us"]) if first else None,
        "last": moment(last["best_us"]) if last else None,
        "probability": of_stage(basis, grade).value,
        "strength": grade,
        "evidence": _refs(citations, _chosen(citations, rows)),
        "evidence_total": len(rows),
    }


def _costs(engine: Engine, citations: Citations, episode: Episode, hosts: set[str]) -> list[Document]:
    told = money.costs(engine, episode, hosts)
    citations.load_rows({event: "charge" for cost in told for event in cost["events"][:MAX_EVIDENCE]})
    return [
        {name: value for name, value in cost.items() if name != "events"}
        | {"evidence": _refs(citations, cost["events"][:MAX_EVIDENCE])}
        for cost in told
    ]


def _chosen(citations: Citations, rows: list[Row]) -> list[str]:
    """The strongest records, at most `MAX_EVIDENCE`, none crowded out: sources take turns by tens within each table."""
    turns: dict[tuple[str, str], int] = {}
    ranked = []
    for row in rows:
        if row["event"] in citations:
            citation = citations[row["event"]]
            key = (citation.reference["sha256"], citation.table)
            turns[key] = turns.get(key, -1) + 1
            ranked.append((turns[key] // 10, row["weight"], row["best_us"] or 0, row["event"]))
    return [event for *_, event in sorted(ranked)[:MAX_EVIDENCE]]


def _groups(citations: Citations, events: list[str]) -> set[str]:
    """Independent groups of sources: what a person outside the account wrote counts as a group of its own."""
    found = set()
    for event in events:
        if event not in citations:
            continue
        citation = citations[event]
        if citation.group_key == "process:history" and citation.reference["actor"] == "operator":
            found.add("responder")
        else:
            found.add(SOURCE_GROUPS.get(citation.group_key, SOURCE_GROUPS.get(citation.table, "account")))
    return found


def _refs(citations: Citations, events: list[str]) -> list[Document]:
    return [dict(citations[event].reference) for event in events if event in citations]


def _link(citations: Citations, row: Row) -> Document:
    return {
        "from": dict(citations[row["from_event"]].reference),
        "to": dict(citations[row["to_event"]].reference),
        "kind": row["kind"],
        "basis": row["basis"],
        "probability": of_link(row["kind"], row["basis"], row["candidates"]).value,
        "candidates": row["candidates"],
        "why": row["why"],
    }


def _channel(engine: Engine, citations: Citations, episode: Episode, rows: list[Row]) -> tuple[Document, float | None]:
    """What is known of a designated channel: told or not, used or not, with the coverage of an absence."""
    begin = first_of(episode.stages.get("objective")) or first_of(episode.stages.get("constraint"))
    coverage = transcript_coverage(engine, episode.kin, begin["best_us"] if begin else None, episode.start_us())
    told = [row for row in rows if row["told_event"]]
    used = [row for row in rows if row["used_event"]]
    if not rows or not any(row["objective_known"] for row in rows):
        return {"known": None, "used": None, "outcome": "unknown", "coverage": None, "evidence": []}, None
    if not told:
        return {"known": False, "used": None, "outcome": "unknown", "coverage": coverage, "evidence": []}, None
    timed = begin is not None and begin["best_us"] is not None and episode.start_us() is not None
    if coverage is None and not timed:
        # without times the session's own order covers the stretch from its prompt to its first mining call
        coverage = 1.0
    events = [row["told_event"] for row in told] + [row["used_event"] for row in used]
    # mining that is on record before the task began leaves no stretch in which a channel could have been used
    unused = None if coverage is None else False
    document = {
        "known": True,
        "used": True if used else unused,
        "outcome": "none" if not used and coverage is not None else "unknown",
        "coverage": coverage,
        "evidence": _refs(citations, events),
    }
    return document, None if used else coverage


def _agents(engine: Engine, episode: Episode, culprit: str) -> list[Document]:
    if not episode.sessions:
        return []
    rows = engine.rows(
        "select session_id, min(agent_name) as agent, min(parent_session_id) as parent from session"
        " where list_contains($1, session_id) group by session_id order by session_id",
        [episode.kin],
    )
    # a session that only a folder tells of has no row of its own
    unnamed = sorted(set(episode.sessions) - {row["session_id"] for row in rows})
    rows = [*rows, *({"session_id": session, "agent": None, "parent": None} for session in unnamed)]
    mined = "witness" if episode.behaves else NOT_ITS_OWN.get(culprit, "mined")
    return [
        {
            "session": row["session_id"],
            "agent": row["agent"],
            "parent": row["parent"],
            "role": mined if row["session_id"] in episode.sessions else "helped",
        }
        for row in rows
    ]


def _hosts(engine: Engine, episode: Episode) -> list[Document]:
    clients = {row["client_address"] for row in episode.mining if row["client_address"]}
    events = [row["event"] for row in episode.opening if row["family"] == "command"]
    named = engine.rows(
        "select distinct host from command_event where list_contains($1, event) and host is not null order by host",
        [events],
    )
    names = [row["host"] for row in named]
    if not names and not clients:
        return []
    return [{"names": names, "addresses": sorted(clients), "resource": None}]


def _pools(engine: Engine, episode: Episode) -> list[Document]:
    """Endpoints that the episode's records use; a name and its address are one pool."""
    used = {
        (row["pool_name"] or row["pool_address"], row["pool_port"])
        for row in episode.mining
        if (row["pool_name"] or row["pool_address"]) and row["pool_port"]
    }
    tls = {
        row["port"]
        for row in engine.rows("select distinct port from artefact where kind = 'pool' and tls order by port")
    }
    found = {}
    for row in engine.rows(
        "select * from pool_endpoint where port is not null order by name nulls last, address, port"
    ):
        if (row["name"], row["port"]) in used or (row["address"], row["port"]) in used:
            key = (row["name"], row["address"], row["port"])
            found[key] = {
                "name": row["name"],
                "address": row["address"],
                "port": row["port"],
                "tls": True if row["port"] in tls else None,
            }
    for row in episode.mining:
        # a pool that only its traffic shows
        if row["pool_address"] and row["pool_port"]:
            known = {(pool["address"], pool["port"]) for pool in found.values()}
            if (row["pool_address"], row["pool_port"]) not in known:
                key = (row["pool_name"], row["pool_address"], row["pool_port"])
                found[key] = {"name": key[0], "address": key[1], "port": key[2], "tls": None}
    named = {(pool["address"], pool["port"]) for pool in found.values() if pool["name"]}
    return [pool for pool in found.values() if pool["name"] or (pool["address"], pool["port"]) not in named]


def _verdict(
    engine: Engine, episodes: list[Episode], attributions: list[Attribution], incidents: list[Document]
) -> Document:
    by_agent = [
        (incident, attribution)
        for incident, attribution in zip(incidents, attributions, strict=True)
        if attribution.top == "agent"
    ]
    has_transcript = bool(engine.rows("select 1 as one from transcript limit 1"))
    has_source = bool(engine.rows("select 1 as one from source where format is not null limit 1"))
    if by_agent:
        incident, attribution = max(by_agent, key=lambda pair: pair[0]["probability"])
        ground = attribution.likelihood.ground
        calibrated = all(part["calibrated"] for part in incident["likelihood"].values())
        probability = round(incident["probability"] * attribution.probabilities["agent"], 3)
        state, grade = "incident", incident["strength"]
        why = [*attribution.why, f"{len(incident['stages'])} stages of the chain rest on records"]
    elif episodes:
        agent = max(attribution.probabilities["agent"] for attribution in attributions)
        undecided = any(attribution.top == "unknown" for attribution in attributions) or any(
            attribution.intent_origin == "injected" for attribution in attributions
        )
        state = "undetermined" if undecided or not has_transcript else "no_incident"
        probability, grade = round(agent, 3), incidents[0]["strength"]
        ground = attributions[0].likelihood.ground
        calibrated = all(attribution.likelihood.calibrated for attribution in attributions)
        why = [
            f"{'something behaves like mining' if episode.behaves else 'mining took place'}; {attribution.why[0]}"
            for episode, attribution in zip(episodes, attributions, strict=True)
        ]
    else:
        clear = of_clear(transcript=has_transcript)
        state, probability, grade = "no_incident" if has_source else "undetermined", clear.value, "C0"
        ground, calibrated = clear.ground, has_source and clear.calibrated
        why = ["no record shows that mining was started"] if has_source else ["nothing that was brought could be read"]
    achieved = any(row["status"] == "achieved" for episode in episodes for row in episode.opening)
    # what behaves like mining and is named by nothing may be something else
    unsure = bool(episodes) and all(episode.behaves for episode in episodes)
    mining: bool | None = achieved if has_source and not unsure else None
    return {
        "state": state,
        "incident": state == "incident",
        "mining": mining,
        "probability": probability,
        "words": words(probability),
        "strength": grade,
        "why": why,
        "ground": ground,
        "calibrated": calibrated,
    }
