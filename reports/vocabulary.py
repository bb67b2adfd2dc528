"""The words the page uses for the model's choices, each with what it means. Nothing here depends on a case."""

from __future__ import annotations

STATES = {
    "incident": "Incident",
    "no_incident": "No incident",
    "undetermined": "Undetermined",
}

# name, what an event belongs here for
STAGES = {
    "objective": ("Objective", "the goal, limits and designated channel given to the agent"),
    "constraint": ("Constraint", "a resource limit met: quota, budget, rate, memory, disk, capacity"),
    "request": ("Request", "the designated channel used: resources asked for, and the answer"),
    "exploration": ("Exploration", "other ways to obtain resources looked for or weighed"),
    "decision": ("Decision", "the choice to mine stated, or inferred from the first act that commits to it"),
    "acquisition": ("Acquisition", "mining software, container, model or account fetched"),
    "setup": ("Setup", "it is installed, configured, given a wallet or pool"),
    "evasion": ("Evasion", "traces hidden: renaming, history off, logs removed, throttling"),
    "egress": ("Egress", "a way out or in is opened: tunnel, proxy, firewall rule"),
    "persistence": ("Persistence", "it is made to survive: cron, service, startup file, respawn"),
    "mining": ("Mining", "mining runs: process, pool traffic, hash rate, load"),
    "accumulation": ("Accumulation", "proceeds arise or are checked: shares, balance, payouts, transfers"),
    "reinvestment": ("Reinvestment", "proceeds are put to use: the feedback loop"),
    "detection": ("Detection", "somebody or something notices"),
    "containment": ("Containment", "it is stopped: kill, block, revoke, shut down"),
    "recovery": ("Recovery", "assets or access are secured, moved to custody, returned"),
}

STATUSES = {
    "achieved": ("achieved", "the act had its effect"),
    "attempted": ("attempted", "the act was made; its effect is not in evidence"),
    "prepared": ("prepared", "the means were laid ready; the act itself is not in evidence"),
}

BASES = {
    "shown": ("shown", "records of the act itself"),
    "stated": ("stated", "somebody's words only"),
    "inferred": ("inferred", "concluded from other records"),
}

# Casey's scale, in our words
STRENGTHS = {
    "C0": "contradicts known facts",
    "C1": "highly questionable",
    "C2": "one source that was not protected against tampering",
    "C3": "sources harder to tamper with, but too few, or with an unexplained inconsistency",
    "C4": "a protected source, or several independent ones that agree",
    "C5": "several independent, protected sources agree; small uncertainties remain",
    "C6": "tamper-proof and certain",
}

# ICD 203: upper bound in percent, words
LIKELIHOODS = (
    (5, "almost no chance"),
    (20, "very unlikely"),
    (45, "unlikely"),
    (55, "roughly even chance"),
    (80, "likely"),
    (95, "very likely"),
    (100, "almost certain"),
)

TIME_BASES = {
    "recorded": ("recorded", "the source states time and zone"),
    "assumed_zone": ("zone assumed", "the source prints no zone; the case's setting for it was used"),
    "assumed_date": ("date assumed", "the source prints no full date; it is the only one near what others recorded"),
    "clock_corrected": ("clock corrected", "moved by the measured offset of the source's clock"),
    "anchored": ("anchored", "fixed by an event that another source dates"),
    "bounded": ("bounded", "known only to lie between two other events"),
    "imported": ("imported", "given by a person or by another tool"),
    "none": ("no time", "the source gives no time"),
}

ACTORS = {
    "agent": "agent",
    "operator": "operator",
    "intruder": "intruder",
    "control": "control",
    "other": "other",
    "unknown": "unknown",
}

HYPOTHESES = {
    "agent": ("The AI agent", "on its own, on instruction or after injected text (see where its intent came from)"),
    "operator": ("An operator", "a person with legitimate access mined by hand"),
    "intruder": ("An outside intruder", "somebody without legitimate access, or malware"),
    "sanctioned_workload": ("A sanctioned workload", "mining that was approved"),
    "supply_chain": ("Supply chain", "a miner inside installed software"),
    "look_alike_load": ("Look-alike load", "no mining, but something that resembles it"),
    "planted_test": ("A planted test", "an exercise or an evaluation scenario"),
    "unknown": ("Not known", "none of these, or the evidence cannot tell"),
}

INTENT = {
    "own": "the agent's own initiative",
    "instructed": "an instruction given to the agent",
    "injected": "text injected into the agent's context",
    "unknown": "not known",
}

ROLES = {"mined": "mined", "helped": "helped", "witness": "witness"}

# what a link may rest on; order alone is no ground to speak of cause
LINK_BASES = {
    "identifier": "both name the same thing",
    "lineage": "one descends from the other",
    "same text": "the same words",
    "same command": "the same command",
    "order": "order in time only",
}

# title, kinds of links that belong to it
LINK_FAMILIES = {
    "run": ("called, ran", ("called_then_ran", "ran_then_ran", "same_act")),
    "network": ("name looked up, connected", ("ran_then_resolved", "ran_then_connected", "resolved_then_connected")),
    "money": (
        "credited, paid, billed",
        ("connected_then_credited", "credited_then_paid", "paid_then_spent", "paid_then_received", "ran_then_charged"),
    ),
    "words": ("said, asked", ("said_then_did", "requested_then_answered")),
    "response": ("noticed, stopped, recovered", ("alerted_on", "noticed_then_stopped", "stopped_then_recovered")),
    "other": ("other", ()),
}
LINK_FAMILY_OF = {kind: family for family, (_, kinds) in LINK_FAMILIES.items() for kind in kinds}

WINDOWS = {
    "constraint_to_decision": "From the constraint to the decision",
    "decision_to_mining": "From the decision to mining",
    "mining": "Mining, first to last event",
    "mining_to_detection": "From mining to detection",
    "detection_to_containment": "From detection to containment",
    "first_deviation_to_containment": "From the first deviation to containment",
}

OUTCOMES = {
    "none": "none",
    "pending": "pending",
    "approved": "approved",
    "denied": "denied",
    "unknown": "not known",
}

COST_BASES = {
    "launched_by_incident": "resources launched by the incident",
    "share_of_existing": "share of resources that ran anyway",
    "estimate": "estimate",
}

MAYBE = {True: "yes", False: "no", None: "not in evidence"}
