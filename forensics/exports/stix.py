"""STIX 2.1: a bundle with the incidents, what was observed of them, and the techniques.

Source of the format: OASIS STIX Version 2.1 (2021-06-10). Ids are UUIDs of version 5: of cyber observables over the
properties that the standard names, of everything else over the object's content. `created` and `modified` are the
last time in evidence, since no clock is read. What STIX has no property for (wallets, exact amounts, attribution,
stages and their evidence) stands in a property extension of the incident, amounts as text.
"""

from __future__ import annotations

import ipaddress
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from forensics.canonical import encoded
from forensics.exports.material import Found, references
from forensics.exports.techniques import CONDUCT, TECHNIQUES, Technique

_OBSERVABLES = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")  # the standard's own
_OURS = uuid.UUID("5b0c8d6e-4f6f-5d0e-9a0b-3a7e5b1c2d90")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)*{_LABEL}", re.IGNORECASE)
_NO_TIME = "1970-01-01T00:00:00.000000Z"
_SCHEMA = (
    "Properties of an incident in which computing power was used to mine: hypotheses about who did it with their"
    " probabilities, stages with status, strength and evidence (source's sha256 shortened, record, part), windows in"
    " seconds, pools, wallets, and assets with amounts as decimal text in whole coins."
)

Object = dict[str, Any]


def bundle(document: Mapping[str, Any], found: Iterable[Found]) -> Object:
    """Return the bundle of a case."""
    when = {"created": _last(document), "modified": _last(document)}
    tool = _object("identity", when, name=document["tool"]["name"], identity_class="system")
    common = when | {"created_by_ref": tool["id"]}
    extension = _object(
        "extension-definition", common, name="mining incident", version="1.0.0",
        description="What an incident of mining has beyond the standard's properties.", schema=_SCHEMA,
        extension_types=["property-extension"],
    )  # fmt: skip
    patterns = [_pattern(technique, common) for technique in _techniques(found)]
    objects = {each["id"]: each for each in (tool, extension)}
    for incident in document["incidents"]:
        for each in _incident(incident, patterns, common, extension["id"]):
            objects[each["id"]] = each
    note = _object("note", common, abstract="What the case says", content=_verdict(document), object_refs=[tool["id"]])
    objects[note["id"]] = note
    ordered = sorted(objects.values(), key=lambda each: (each["type"], each["id"]))
    return {"type": "bundle", "id": f"bundle--{uuid.uuid5(_OURS, encoded(ordered).decode())}", "objects": ordered}


def _incident(
    incident: Mapping[str, Any], patterns: list[Object], common: Mapping[str, Any], extension: str
) -> Iterator[Object]:
    first = incident["attribution"][0]
    whole = _object(
        "incident", common, name=f"Mining, attributed to {first['hypothesis']}",
        description=f"Most probable: {first['hypothesis']} ({first['probability']}); strength {incident['strength']}.",
        confidence=round(incident["probability"] * 100),
        extensions={extension: _extension(incident)},
    )  # fmt: skip
    observed = list(_observables(incident))
    yield whole
    yield from patterns
    yield from observed
    named = [whole["id"], *(each["id"] for each in patterns), *(each["id"] for each in observed)]
    for pattern in patterns:
        yield _related(whole["id"], pattern["id"], common)
    window = _window(incident)
    if window and observed:
        data = _object(
            "observed-data", common, first_observed=window[0], last_observed=window[1], number_observed=1,
            object_refs=sorted(each["id"] for each in observed),
        )  # fmt: skip
        yield data
        yield _related(whole["id"], data["id"], common)
        named.append(data["id"])
    yield _object("grouping", common, name=whole["name"], context="suspicious-activity", object_refs=sorted(named))


def _extension(incident: Mapping[str, Any]) -> Object:
    return {
        "extension_type": "property-extension",
        "attribution": [
            {"hypothesis": each["hypothesis"], "probability": each["probability"]} for each in incident["attribution"]
        ],
        "stages": [
            {key: stage[key] for key in ("stage", "status", "basis", "strength", "probability", "first", "last")
             if stage[key] is not None} | {"evidence": [each["ref"] for each in stage["evidence"]]}
            for stage in incident["stages"]
        ],
        "windows": {name: window for name, window in incident["windows"].items() if window is not None},
        "pools": [{key: value for key, value in pool.items() if value is not None} for pool in incident["pools"]],
        "wallets": incident["wallets"],
        "assets": [{key: value for key, value in asset.items() if value is not None} for asset in incident["assets"]],
    }  # fmt: skip


def _observables(incident: Mapping[str, Any]) -> Iterator[Object]:
    for pool in incident["pools"]:
        address = _address(pool["address"])
        if pool["name"] and _is_host_name(pool["name"]):
            name = {"value": pool["name"]}
            more = {"resolves_to_refs": [address["id"]]} if address else {}
            yield _observable("domain-name", name, more)
        if address:
            yield address
        if address and pool["port"]:
            protocols = ["tcp", "tls"] if pool["tls"] else ["tcp"]
            yield _observable(
                "network-traffic", {"dst_port": pool["port"], "dst_ref": address["id"], "protocols": protocols}
            )
    for host in incident["hosts"]:
        yield from filter(None, map(_address, host["addresses"]))
    sources = {each["sha256"]: each["path"] for each in references(incident)}
    for sha256, path in sorted(sources.items()):
        yield _observable("file", {"hashes": {"SHA-256": sha256}, "name": path})


def _is_host_name(text: str) -> bool:
    """Tell whether a name may stand in a bundle: evidence holds names that are none, and masked ones."""
    try:
        text.encode("ascii").decode("idna")
    except UnicodeError:
        return False
    return bool(_HOST_NAME.fullmatch(text))


def _address(text: str | None) -> Object | None:
    if not text:
        return None
    try:
        version = ipaddress.ip_address(text).version
    except ValueError:
        return None
    return _observable(f"ipv{version}-addr", {"value": text})


def _observable(kind: str, named: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> Object:
    """Return a cyber observable; `named` are the properties that its id is made of."""
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{uuid.uuid5(_OBSERVABLES, encoded(named).decode())}",
        **named,
        **(more or {}),
    }


def _object(kind: str, common: Mapping[str, Any], **properties: Any) -> Object:
    content = {"type": kind, "spec_version": "2.1", **common, **properties}
    return content | {"id": f"{kind}--{uuid.uuid5(_OURS, encoded(content).decode())}"}


def _related(source: str, target: str, common: Mapping[str, Any]) -> Object:
    return _object("relationship", common, relationship_type="related-to", source_ref=source, target_ref=target)


def _techniques(found: Iterable[Found]) -> list[Technique]:
    return sorted({TECHNIQUES[each.rule] for each in found if each.stage in CONDUCT and each.rule in TECHNIQUES})


def _pattern(technique: Technique, common: Mapping[str, Any]) -> Object:
    page = f"https://attack.mitre.org/techniques/{technique.id.replace('.', '/')}"
    return _object(
        "attack-pattern", common, name=technique.name,
        external_references=[{"source_name": "mitre-attack", "external_id": technique.id, "url": page}],
        kill_chain_phases=[{"kill_chain_name": "mitre-attack", "phase_name": technique.tactic}],
    )  # fmt: skip


def _window(incident: Mapping[str, Any]) -> tuple[str, str] | None:
    times = [stage[end] for stage in incident["stages"] if stage["stage"] in CONDUCT for end in ("first", "last")]
    known = sorted(time for time in times if time is not None)
    return (known[0], known[-1]) if known else None


def _last(document: Mapping[str, Any]) -> str:
    """Return the last time that the evidence tells."""
    times = [source["last"] for source in document["sources"]]
    times += [stage["last"] for incident in document["incidents"] for stage in incident["stages"]]
    return max((time for time in times if time is not None), default=_NO_TIME)


def _verdict(document: Mapping[str, Any]) -> str:
    verdict = document["verdict"]
    lines = [f"Verdict about the agent: {verdict['state'].replace('_', ' ')} ({verdict['probability']})."]
    lines += [f"{why}." for why in verdict["why"]]
    lines += [f"{absence['claim']} (coverage {absence['coverage']})." for absence in document["absences"]]
    lines.append("Times of creation are the last time in evidence.")
    return "\n".join(lines)
