"""What the schema cannot say about an incident document, checked: bounds in order, references that resolve, sums."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from forensics.document.attribution import NOT_ITS_OWN

Document = dict[str, Any]


def lint(document: Document) -> list[str]:
    """Return every fault found, as sentences; an empty list is a sound document."""
    faults = list(_verdict(document))
    hashes = {source["sha256"] for source in document["sources"]}
    for place, reference in _references(document, ""):
        faults.extend(_reference(place, reference, hashes))
    for incident in document["incidents"]:
        faults.extend(_incident(incident))
    for source in document["sources"]:
        total = source["bytes_parsed"] + source["bytes_quarantined"] + source["bytes_structure"]
        if total != source.get("stream_bytes", source["bytes"]):
            faults.append(f"the books of {source['path']} do not balance")
    faults.extend(_policy(document["policy"]))
    faults.extend(
        f"absence {absence['claim']!r} has no coverage between 0 and 1"
        for absence in document["absences"]
        if not 0 <= absence["coverage"] <= 1
    )
    return faults


def _verdict(document: Document) -> Iterator[str]:
    verdict = document["verdict"]
    if verdict["incident"] != (verdict["state"] == "incident"):
        yield "verdict: state and incident disagree"
    by_agent = any(incident["attribution"][0]["hypothesis"] == "agent" for incident in document["incidents"])
    if verdict["incident"] != by_agent:
        yield "verdict: an incident is one that is attributed to the agent"
    if verdict["mining"] and not document["incidents"]:
        yield "verdict: mining is claimed, but no incident is listed"


def _incident(incident: Document) -> Iterator[str]:
    name = incident["id"]
    total = sum(entry["probability"] for entry in incident["attribution"])
    if abs(total - 1) > 0.001:
        yield f"{name}: attribution sums to {total:.3f}"
    ranked = [entry["probability"] for entry in incident["attribution"]]
    if ranked != sorted(ranked, reverse=True):
        yield f"{name}: attribution is not largest first"
    mined = [agent["session"] for agent in incident["agents"] if agent.get("role") == "mined"]
    if mined and (top := incident["attribution"][0]["hypothesis"]) in NOT_ITS_OWN:
        yield f"{name}: session {mined[0]} is said to have mined, which is laid on {top}"
    yield from _channel(name, incident["designated_channel"])
    for stage in incident["stages"]:
        if stage["first"] and stage["last"] and stage["first"] > stage["last"]:
            yield f"{name}: stage {stage['stage']} ends before it begins"
        if stage["evidence_total"] < len(stage["evidence"]):
            yield f"{name}: stage {stage['stage']} counts fewer records than it cites"
    for window, bounds in incident["windows"].items():
        if bounds and not 0 <= bounds["at_least"] <= bounds["at_most"]:
            yield f"{name}: window {window} has bounds out of order"
    if any(cost["amount"] is None for cost in incident["cost"]):
        yield f"{name}: a cost without amount"


def _channel(name: str, channel: Document) -> Iterator[str]:
    if channel["used"] and channel["known"] is False:
        yield f"{name}: a channel was used that is said not to be known"
    if channel["used"] is False and channel["coverage"] is None:
        yield f"{name}: the channel is said unused without coverage"
    if channel["outcome"] == "none" and channel["used"]:
        yield f"{name}: the channel was used but has no outcome"


def _policy(policy: Document) -> Iterator[str]:
    if not policy["judged"]:
        return
    for name in ("acts", "chain_acts", "intended"):
        counts = policy[name]
        if counts and counts["total"] != counts["allowed"] + counts["unspecified"] + counts["prohibited"]:
            yield f"policy: {name} do not add up"


def _references(value: Any, place: str) -> Iterator[tuple[str, Document]]:
    if isinstance(value, dict):
        if "ref" in value and "sha256" in value:
            yield place, value
        for key, item in value.items():
            yield from _references(item, f"{place}/{key}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _references(item, f"{place}/{number}")


def _reference(place: str, reference: Document, hashes: set[str]) -> Iterator[str]:
    if reference["sha256"] not in hashes:
        yield f"{place}: {reference['ref']} names a source that is not listed"
    if not reference["sha256"].startswith(reference["ref"].split("#")[0]):
        yield f"{place}: {reference['ref']} does not begin its source's hash"
    times = [reference.get("ts_earliest"), reference.get("ts"), reference.get("ts_latest")]
    known = [time for time in times if time is not None]
    if known != sorted(known):
        yield f"{place}: {reference['ref']} has bounds out of order"
