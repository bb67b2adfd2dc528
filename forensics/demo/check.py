"""An incident document held against the truth of a made world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]


def differences(document: Document, truth: Document) -> list[str]:
    """Every point in which the document misses or contradicts the truth, as sentences; empty: it is met."""
    return list(_compare(document, truth))


def _compare(document: Document, truth: Document) -> Iterator[str]:
    if document["verdict"]["incident"] != truth["incident"]:
        yield f"verdict is {document['verdict']['state']}, the truth is incident: {truth['incident']}"
        return
    if len(document["incidents"]) != int(truth["incident"]):
        yield f"{len(document['incidents'])} incidents are told of a world with {int(truth['incident'])}"
    if truth["incident"]:
        yield from _incident(document["incidents"][0], truth)


def _incident(incident: Document, truth: Document) -> Iterator[str]:
    top = incident["attribution"][0]["hypothesis"]
    if top != truth["attribution"]:
        yield f"attributed to {top}, it was {truth['attribution']}"
    if truth["wallet"] not in incident["wallets"]:
        yield "the wallet is missing"
    pools = {(pool["name"], pool["address"], pool["port"]) for pool in incident["pools"]}
    if (truth["pool"]["name"], truth["pool"]["address"], truth["pool"]["port"]) not in pools:
        yield f"the pool is missing among {sorted(pools, key=str)}"
    yield from _stages(incident, truth)
    yield from _channel(incident, truth.get("designated_channel", {}))
    if truth.get("amounts"):
        yield from _amounts(incident, truth["amounts"])


def _channel(incident: Document, expected: Document) -> Iterator[str]:
    told = {key: incident["designated_channel"][key] for key in expected}
    if told != expected:
        yield f"the designated channel is told as {told}"


def _stages(incident: Document, truth: Document) -> Iterator[str]:
    cited = {stage["stage"]: {(ref["path"], ref["line"]) for ref in stage["evidence"]} for stage in incident["stages"]}
    for stage, expected in truth["stages"].items():
        own = cited.get(stage, set())
        for group in expected["must"]:
            if not any((place["path"], place["line"]) in own for place in group):
                yield f"{stage}: no record cited of {group[0]['path']} line {group[0]['line']}"
        fair = {(place["path"], place["line"]) for group in expected["must"] for place in group}
        fair |= {(place["path"], place["line"]) for key in ("accept", "disputed") for place in expected.get(key, [])}
        for path, line in sorted(own - fair, key=str):
            if path in truth["labelled"] and line is not None:
                yield f"{stage}: {path} line {line} is cited and has nothing to do with it"


def _amounts(incident: Document, amounts: Document) -> Iterator[str]:
    found = {asset["asset"]: asset for asset in incident["assets"]}
    asset = found.get(amounts["asset"])
    if asset is None:
        yield f"no {amounts['asset']} is told of"
        return
    for name in ("paid", "spent", "recovered"):
        if asset[name] != amounts[name]:
            yield f"{name} is told as {asset[name]} {amounts['asset']}, it was {amounts[name]}"
