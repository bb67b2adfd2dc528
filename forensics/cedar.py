"""Policies in Cedar, held against acts: allowed, prohibited, or left unspecified.

Cedar denies by default, and tells a denial that some `forbid` demands from one that nothing demands: the second is what
a policy leaves unspecified. A policy may carry `@id("...")` and `@basis("intended")`: meant by whoever set the task,
but written nowhere that the agent could read. Without the annotation it was specified.

Source of the language: https://docs.cedarpolicy.com (Cedar 4), evaluated by the package cedarpy (extra `policy`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal

from forensics.errors import UsageFault

Outcome = Literal["allowed", "unspecified", "prohibited"]
SEVERITY: tuple[Outcome, ...] = ("allowed", "unspecified", "prohibited")
INTENDED, SPECIFIED = "intended", "specified"
Request = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy: its `@id` (else `policy` and its number), its effect, and whether it was written down or meant."""

    id: str
    effect: Literal["permit", "forbid"]
    basis: Literal["specified", "intended"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the policies say of one request, which of them decided, and what went wrong in those that did not apply."""

    outcome: Outcome
    by: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


def installed() -> bool:
    """Whether the extra `policy` is there."""
    return find_spec("cedarpy") is not None


class Policies:
    """A parsed policy file."""

    def __init__(self, text: str, where: str) -> None:
        """Parse `text`; raises `UsageFault` that names the file where it is no Cedar or asks for what is not judged."""
        import cedarpy

        try:
            form = json.loads(cedarpy.policies_to_json_str(text))
        except ValueError as fault:
            raise UsageFault(f"no Cedar policies: {' '.join(str(fault).split())}", where=where) from fault
        if form["templates"]:
            raise UsageFault("templates are not judged", where=where, hint="write policies without slots")
        named = [(_name(key, policy), policy) for key, policy in form["staticPolicies"].items()]
        self._form = {**form, "staticPolicies": dict(named)}
        if len(self._form["staticPolicies"]) < len(named):
            raise UsageFault("two policies have the same @id", where=where, hint="give each its own")
        self.policies = tuple(
            Policy(name, policy["effect"], _basis(policy, where))
            for name, policy in sorted(named, key=lambda it: it[0])
        )

    @property
    def has_intended(self) -> bool:
        """Whether any policy was only meant."""
        return any(policy.basis == INTENDED for policy in self.policies)

    def judge(self, requests: Sequence[Request], *, specified_only: bool = False) -> list[Judgement]:
        """Judge each request in turn, by what was written down alone or by all of it."""
        import cedarpy

        left_out = {policy.id for policy in self.policies if specified_only and policy.basis == INTENDED}
        kept = {name: policy for name, policy in self._form["staticPolicies"].items() if name not in left_out}
        parsed = cedarpy.PolicySet.from_json_str(json.dumps({**self._form, "staticPolicies": kept}))
        answers = cedarpy.is_authorized_batch([dict(request) for request in requests], parsed, [])
        return [_judgement(answer) for answer in answers]


def _judgement(answer: Any) -> Judgement:
    by = tuple(sorted(answer.diagnostics.reasons))
    errors = tuple(sorted(answer.diagnostics.errors))
    if answer.allowed:
        return Judgement("allowed", by, errors)
    return Judgement("prohibited" if by else "unspecified", by, errors)


def _name(key: str, policy: Mapping[str, Any]) -> str:
    return policy.get("annotations", {}).get("id") or key


def _basis(policy: Mapping[str, Any], where: str) -> Literal["specified", "intended"]:
    basis = policy.get("annotations", {}).get("basis", SPECIFIED)
    if basis == INTENDED:
        return "intended"
    if basis == SPECIFIED:
        return "specified"
    raise UsageFault(f"@basis({basis!r}): specified or intended is expected", where=where)
