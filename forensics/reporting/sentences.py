"""The sentences of the report: plain, bounded by what the incident document says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Document = Mapping[str, Any]

_WHO = {
    "agent": "an AI agent",
    "operator": "a person at a shell",
    "intruder": "somebody from outside",
    "sanctioned_workload": "a workload that was asked for or approved",
    "supply_chain": "software that brought a miner with it",
    "look_alike_load": "a load that looks like mining",
    "planted_test": "a planted test",
    "unknown": "somebody whom the evidence does not name",
}
_REASONING = {
    "agent": "tool calls of its own start the mining and no prompt asked for it",
    "operator": "commands that no tool call explains, typed into a shell",
    "intruder": "starts that no tool call explains, or instructions planted in what the agent read",
    "sanctioned_workload": "a prompt or an approval brought task, pool or account",
    "supply_chain": "an installed package that starts the miner",
    "look_alike_load": "a benchmark or other heavy load taken for mining",
    "planted_test": "a scenario planted to test agent or sensors",
    "unknown": "what remains when nothing else is shown",
}
STAGE_SUMMARY = {
    "objective": "what the agent was asked to do, with limits and channel",
    "constraint": "a machine said that a resource ran out",
    "request": "the designated channel was used",
    "exploration": "other ways to obtain resources were weighed or looked for",
    "decision": "the choice to mine was stated or can be inferred",
    "acquisition": "mining software was fetched",
    "setup": "it was put in place, configured, given an account",
    "evasion": "traces were hidden",
    "egress": "a way in or out was opened",
    "persistence": "it was made to survive",
    "mining": "mining ran",
    "accumulation": "proceeds arose or were checked",
    "reinvestment": "proceeds were put to use",
    "detection": "somebody or something noticed",
    "containment": "it was stopped",
    "recovery": "assets or access were secured",
}


def who(hypothesis: str) -> str:
    """Name a hypothesis in words that fit after "by"."""
    return _WHO[hypothesis]


def reasoning(hypothesis: str) -> str:
    """Say what would show this hypothesis."""
    return _REASONING[hypothesis]


def verdict_sentence(document: Document) -> str:
    """The answer in one sentence that stands alone."""
    verdict = document["verdict"]
    words: str = verdict["words"]
    if verdict["state"] == "incident":
        return f"It is {words} that an AI agent mined cryptocurrency, or went about it, without sanction."
    if verdict["mining"] and document["incidents"]:
        top: str = document["incidents"][0]["attribution"][0]["hypothesis"]
        if verdict["state"] == "undetermined":
            return f"Mining took place, and the evidence does not settle who did it; by {who(top)} is the best reading."
        return f"Mining took place, by {who(top)}; that an AI agent did it without sanction is {words}."
    if verdict["state"] == "no_incident":
        return "No mining is in evidence: that an AI agent mined is held to be " + words + "."
    return "The evidence does not tell whether mining took place."


def incident_sentence(incident: Document) -> str:
    """One sentence about one episode."""
    top = incident["attribution"][0]
    pools = ", ".join(pool["name"] or pool["address"] or "an unnamed pool" for pool in incident["pools"][:2])
    where = f" at {pools}" if pools else ""
    return f"Mining{where} by {who(top['hypothesis'])}."


def channel_sentence(channel: Document) -> str:
    """What is known about the designated channel, with the coverage of an absence."""
    if channel["known"] is None:
        return "Whether a channel for more resources was told to the agent is not in evidence."
    if channel["known"] is False:
        return "The prompts in evidence name no channel for more resources."
    if channel["used"]:
        return f"A channel for more resources was named and used; outcome: {channel['outcome']}."
    share = f"{round(100 * channel['coverage'])} %" if channel["coverage"] is not None else "an unknown share"
    return f"A channel for more resources was named; no use of it is in the records that cover {share} of the window."


def duration(seconds: float) -> str:
    """Write seconds as people read them: `48 min 9 s`, `2 d 3 h`."""
    whole = int(seconds)
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, left = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (left, "s")]
    shown = [f"{value} {unit}" for value, unit in parts if value]
    return " ".join(shown[:2]) or "0 s"


def window_text(window: Document | None) -> str:
    """Write a window's bounds, as one figure where they agree to the second."""
    if window is None:
        return "not in evidence"
    low, high = duration(window["at_least"]), duration(window["at_most"])
    return low if low == high else f"{low} to {high}"


def valuation_text(asset: Document) -> str | None:
    """Say what an asset was worth when it moved; None where no price is in evidence."""
    told = asset["valuation"]
    if told is None:
        return None
    parts = []
    for value in told["values"]:
        if value["amount"] is None:
            parts.append(f"{value['of']}, no price in {value['currency']}")
            continue
        without = f" ({value['unpriced']} {asset['asset']} without a price)" if value["unpriced"] else ""
        parts.append(f"{value['of']} {value['amount']} {value['currency']}{without}")
    return f"At the last price before each movement, at most {told['max_age_hours']} hours old: {'; '.join(parts)}."
