"""ATT&CK Navigator: a layer with the techniques that rules found.

Source of the format: mitre-attack/attack-navigator layers/spec/v4.5. A technique's score is the number of records that
show it; its comment names the rules and the strongest records. Rules that are no single technique are listed in the
layer's metadata: a layer without a technique does not say that there was none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from forensics.exports.material import Found
from forensics.exports.techniques import ATTACK_VERSION, CONDUCT, TECHNIQUES, Technique


def layer(document: Mapping[str, Any], found: Iterable[Found]) -> dict[str, Any]:
    """Return the layer of a case."""
    found = [each for each in found if each.stage in CONDUCT]
    known: dict[Technique, list[Found]] = {}
    for each in found:
        if each.rule in TECHNIQUES:
            known.setdefault(TECHNIQUES[each.rule], []).append(each)
    techniques = [_technique(technique, known[technique]) for technique in sorted(known)]
    return {
        "name": f"Case {document['case']['id']}",
        "versions": {"attack": ATTACK_VERSION, "navigator": "5.1.0", "layer": "4.5"},
        "domain": "enterprise-attack",
        "description": _description(document),
        "techniques": techniques,
        "gradient": {
            "colors": ["#fff7b3", "#d7301f"],
            "minValue": 0,
            "maxValue": max((each["score"] for each in techniques), default=1),
        },
        "metadata": _metadata(document, found),
        "sorting": 3,
        "hideDisabled": False,
        "showTacticRowBackground": False,
        "selectTechniquesAcrossTactics": False,
        "selectSubtechniquesWithParent": False,
    }


def _technique(technique: Technique, found: list[Found]) -> dict[str, Any]:
    said = [f"{each.rule}: {each.records} records, such as {', '.join(each.refs)}" for each in found]
    return {
        "techniqueID": technique.id,
        "tactic": technique.tactic,
        "score": sum(each.records for each in found),
        "comment": "\n".join(said),
        "enabled": True,
        "metadata": [{"name": "rules", "value": ", ".join(each.rule for each in found)}],
        "showSubtechniques": "." in technique.id,
    }


def _description(document: Mapping[str, Any]) -> str:
    state = document["verdict"]["state"].replace("_", " ")
    parts = [f"Verdict about the agent: {state}."]
    for number, incident in enumerate(document["incidents"], 1):
        first = incident["attribution"][0]
        parts.append(f"Incident {number}: attributed to {first['hypothesis']} ({first['probability']}).")
    return " ".join(parts)


def _metadata(document: Mapping[str, Any], found: Iterable[Found]) -> list[dict[str, str]]:
    tool = document["tool"]
    unmapped = sorted({f"{each.stage}/{each.rule}" for each in found if each.rule not in TECHNIQUES})
    return [
        {"name": "tool", "value": f"{tool['name']} {tool['version']}"},
        {"name": "not mapped", "value": ", ".join(unmapped) or "none"},
    ]
