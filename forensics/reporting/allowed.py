"""The section on what was allowed: how many acts, by which policy, and what the policies left open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reports.model import Exhibit, Line, Statement

MAX_LINES = 40
Document = Mapping[str, Any]


def allowed(policy: Document) -> Iterator[Exhibit]:
    """Tell the `policy` field of the incident document."""
    if not policy["judged"]:
        yield Exhibit("Acts and policies", nothing=f"No act was judged: {policy['why']}.")
        return
    yield Exhibit("Acts and policies", tuple(_statements(policy)), _COUNTS, tuple(_counts(policy)))
    for outcome, title in (("prohibited", "Prohibited acts"), ("unspecified", "Acts that no policy speaks of")):
        acts = policy[outcome]
        yield Exhibit(title, (), _ACTS, tuple(_act(act) for act in acts[:MAX_LINES]), "There is none.")


def _statements(policy: Document) -> Iterator[Statement]:
    meant = sum(each["basis"] == "intended" for each in policy["policies"])
    yield Statement(
        f"{policy['file']} (sha256 {policy['sha256'][:16]}): {len(policy['policies'])} policies, {meant} of them meant "
        "but written nowhere that the agent could read. An act is one tool call, as strict as its strictest part."
    )
    acts = policy["acts"]
    if acts["share_unspecified"] is not None:
        yield Statement(f"{_percent(acts['share_unspecified'])} of {acts['total']} acts are left unspecified.")
    chain = policy["chain_acts"]
    if chain["share_unspecified"] is not None:
        yield Statement(
            f"Of the {chain['total']} acts of the chain {chain['prohibited']} were prohibited and "
            f"{chain['unspecified']} left unspecified ({_percent(chain['share_unspecified'])})."
        )
    gap = policy["gap"]
    if gap is not None:
        yield Statement(
            f"Between what was meant and what was written: {gap['acts']} acts, {gap['prohibited_only_if_meant']} of "
            "them prohibited only by what was meant."
        )
    yield from (Statement(f"A policy did not apply: {each}.") for each in policy["errors"])


def _counts(policy: Document) -> Iterator[Line]:
    named = (
        ("All acts, as written", policy["acts"]),
        ("Acts of the chain, as written", policy["chain_acts"]),
        ("All acts, as meant", policy["intended"]),
    )
    for name, counts in named:
        if counts is not None:
            cells = (name, *(str(counts[key]) for key in ("total", "allowed", "unspecified", "prohibited")))
            yield Line(tuple(map(Statement, cells)))


def _act(entry: Document) -> Line:
    act = entry["act"]
    return Line(
        (
            Statement(act.get("summary") or "no command", (act["ref"],)),
            Statement(", ".join(entry["by"]) or "none"),
            Statement("yes" if entry["in_chain"] else "no"),
        )
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


_COUNTS = ("Acts", "Total", "Allowed", "Unspecified", "Prohibited")
_ACTS = ("Act", "Policy", "Part of the chain")
