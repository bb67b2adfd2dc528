"""Incidents of the document as the report tells them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forensics.document.scales import words
from forensics.reporting.records import microseconds, when_of
from forensics.reporting.sentences import (
    STAGE_SUMMARY,
    channel_sentence,
    incident_sentence,
    reasoning,
    valuation_text,
)
from reports.model import (
    STAGES,
    Agent,
    Asset,
    Channel,
    Cost,
    Hypothesis,
    Incident,
    Link,
    SaidDid,
    Stage,
    Statement,
    Utterance,
    When,
    Window,
)

MAX_REFS = 12
MAX_LINKS = 200
Document = Mapping[str, Any]


def incident_of(incident: Document) -> Incident:
    """Turn one incident of the document into its part of the report model."""
    stages = {stage["stage"]: stage for stage in incident["stages"]}
    shown = tuple(_stage(name, stages.get(name)) for name in STAGES)
    return Incident(
        id=incident["id"],
        sentence=incident_sentence(incident),
        probability=incident["probability"],
        words=words(incident["probability"]),
        strength=incident["strength"],
        stages=shown,
        channel=_channel(incident["designated_channel"]),
        attribution=tuple(_hypothesis(entry) for entry in incident["attribution"]),
        intent_origin=incident["intent_origin"],
        agents=tuple(Agent(a["session"], a["agent"], a["parent"], a["role"]) for a in incident["agents"]),
        hosts=tuple(sorted({text for host in incident["hosts"] for text in (*host["names"], *host["addresses"])})),
        pools=tuple(_pool(pool) for pool in incident["pools"]),
        wallets=tuple(incident["wallets"]),
        weakest=_weakest(stages),
        links=tuple(_link(link) for link in incident["links"][:MAX_LINKS]),
        said_did=tuple(_said_did(incident["links"])),
        windows=tuple(_window(name, bounds) for name, bounds in incident["windows"].items()),
        assets=tuple(_asset(asset) for asset in incident["assets"]),
        recovery=tuple(_utterance(ref) for ref in stages.get("recovery", {}).get("evidence", [])[:20]),
        costs=tuple(_cost(cost) for cost in incident["cost"]),
    )


def refs_of(references: list[Document]) -> tuple[str, ...]:
    """The first few refs, each once."""
    return tuple(dict.fromkeys(reference["ref"] for reference in references))[:MAX_REFS]


def _stage(name: Any, stage: Document | None) -> Stage:
    if stage is None:
        return Stage(name)
    evidence = stage["evidence"]
    return Stage(
        stage=name,
        found=True,
        status=stage["status"],
        basis=stage["basis"],
        first=_edge(evidence, stage["first"]),
        last=_edge(evidence, stage["last"]),
        count=stage["evidence_total"],
        probability=stage["probability"],
        words=words(stage["probability"]),
        strength=stage["strength"],
        summary=STAGE_SUMMARY[name],
        refs=refs_of(evidence),
    )


def _edge(evidence: list[Document], moment: str | None) -> When:
    """The time of the record that stands at a stage's edge; its bounds where it is among those cited."""
    for reference in evidence:
        if moment is not None and reference["ts"] == moment:
            return when_of(reference)
    return When(microseconds(moment))


def _channel(channel: Document) -> Channel:
    return Channel(
        sentence=channel_sentence(channel),
        known=channel["known"],
        used=channel["used"],
        outcome=channel["outcome"],
        coverage=channel["coverage"],
        refs=refs_of(channel["evidence"]),
    )


def _hypothesis(entry: Document) -> Hypothesis:
    return Hypothesis(
        hypothesis=entry["hypothesis"],
        probability=entry["probability"],
        words=words(entry["probability"]),
        reasoning=reasoning(entry["hypothesis"]),
        supporting=refs_of(entry.get("for", [])),
        opposing=refs_of(entry.get("against", [])),
    )


def _pool(pool: Document) -> str:
    name = pool["name"] or pool["address"] or "unnamed"
    address = f" ({pool['address']})" if pool["name"] and pool["address"] else ""
    return f"{name}:{pool['port']}{address}"


def _weakest(stages: Mapping[str, Document]) -> Statement | None:
    core = [stages[name] for name in ("constraint", "decision", "acquisition", "setup", "mining") if name in stages]
    if not core:
        return None
    weakest = min(core, key=lambda stage: (stage["strength"], stage["probability"], stage["stage"]))
    return Statement(
        f"The chain is as strong as its weakest stage: {weakest['stage']} ({weakest['strength']}).",
        refs_of(weakest["evidence"]),
    )


def _link(link: Document) -> Link:
    return Link(
        link["kind"],
        link["from"]["ref"],
        link["to"]["ref"],
        link["why"],
        link["probability"],
        link["candidates"],
        link["basis"],
    )


def _said_did(links: list[Document]) -> list[SaidDid]:
    pairs = [link for link in links if link["kind"] == "said_then_did"]
    return [
        SaidDid(_utterance(link["from"]), _utterance(link["to"]), f"{link['why'][:1].upper()}{link['why'][1:]}.")
        for link in pairs[:20]
    ]


def _utterance(reference: Document) -> Utterance:
    return Utterance(
        text=reference.get("summary") or "(see the record)",
        when=when_of(reference),
        who=reference["path"],
        refs=(reference["ref"],),
    )


def _window(name: Any, bounds: Document | None) -> Window:
    if bounds is None:
        return Window(name)
    return Window(name, bounds["at_least"], bounds["at_most"], microseconds(bounds["from"]), microseconds(bounds["to"]))


def _asset(asset: Document) -> Asset:
    return Asset(
        asset["asset"],
        network=asset["network"],
        address=asset["address"],
        expected=asset["expected"],
        credited=asset["credited"],
        paid=asset["paid"],
        received=asset["received"],
        spent=asset["spent"],
        recovered=asset["recovered"],
        outstanding=asset["outstanding"],
        valuation=valuation_text(asset),
    )


def _cost(cost: Document) -> Cost:
    return Cost(
        cost["currency"],
        cost["amount"],
        cost["basis"],
        "compute billed while mining ran",
        from_us=microseconds(cost.get("from")),
        to_us=microseconds(cost.get("to")),
        refs=refs_of(cost.get("evidence", [])),
    )
