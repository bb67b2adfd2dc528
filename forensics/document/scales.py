"""The published scales that the document speaks in, kept apart: likelihood, strength of a finding.

Likelihood: the seven terms of ICD 203 (US Intelligence Community Directive 203, 2015). Strength: Casey's C-Scale, from
independent sources that the suspect could not write and their agreement.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

_TERMS = (
    (0.05, "almost no chance"),
    (0.20, "very unlikely"),
    (0.45, "unlikely"),
    (0.55, "roughly even chance"),
    (0.80, "likely"),
    (0.95, "very likely"),
    (1.01, "almost certain"),
)

# who could have written a source decides what its agreement is worth: these are one group each
SOURCE_GROUPS: Mapping[str, str] = {
    "transcript": "harness",
    "session": "harness",
    "process:history": "account",
    "process": "kernel",
    "socket_event": "kernel",
    "file_event": "kernel",
    "flow": "network",
    "name_lookup": "network",
    "application_message": "network",
    "mining_share": "pool",
    "coin_movement": "pool",
    "usage_metric": "account",
    "artefact": "account",
    "charge": "provider",
    "cloud_activity": "provider",
    "resource_request": "responder",
    "alert": "sensor",
    "custody_action": "responder",
}
PROTECTED = frozenset({"kernel", "network", "pool", "provider", "sensor", "responder"})


def words(probability: float) -> str:
    """Say a probability in the terms of ICD 203."""
    return next(term for upper, term in _TERMS if probability < upper)


def share(part: int, whole: int) -> float | None:
    """A share to three places; None of nothing."""
    return round(part / whole, 3) if whole else None


def strength(groups: Collection[str]) -> str:
    """Grade a finding by the independent groups of sources that agree on it.

    C2: one source that the suspect could have written. C3: several such, or one protected source. C4: a protected
    source and another that agrees. C5: several protected sources agree. C6 (tamper-proof) is never claimed by rule.
    """
    independent = set(groups)
    protected = independent & PROTECTED
    if not independent:
        return "C0"
    if len(protected) >= 2:
        return "C5" if len(independent) >= 3 else "C4"
    if protected:
        return "C4" if len(independent) >= 2 else "C3"
    return "C3" if len(independent) >= 2 else "C2"
