"""The section on controls: what each would have stopped first, and what it would not have seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from forensics.reporting.sentences import window_text
from reports.model import Exhibit, Line, Statement

Document = Mapping[str, Any]


def controls(document: Document) -> Iterator[Exhibit]:
    """Tell the `controls` of each incident."""
    for incident in document["incidents"]:
        yield Exhibit(
            f"Incident {incident['id']}",
            (Statement(_CAVEAT),),
            _COLUMNS,
            tuple(_line(control) for control in incident["controls"]),
        )
    if document["incidents"]:
        yield Exhibit("How they were replayed", (), _LIMITS, tuple(map(_limits, document["incidents"][0]["controls"])))


def _line(control: Document) -> Line:
    if not control["replayed"]:
        return Line(tuple(map(Statement, (control["name"], f"not replayed: {control['why']}", "", "", "", "", ""))))
    first = control["first_stopped"]
    return Line(
        (
            Statement(control["name"]),
            _first(control),
            Statement(window_text(control["lead"]) if first else ""),
            Statement(_after(control) if first else ""),
            Statement(
                str(control["false_stops_before"]), tuple(reference["ref"] for reference in control["false_stops"])
            ),
            Statement(f"{control['chain_acts_stopped']} of {control['chain_acts']}"),
            Statement(", ".join(control["stages_unseen"]) or "no stage is missed"),
        )
    )


def _first(control: Document) -> Statement:
    first = control["first_stopped"]
    if first is None:
        return Statement("nothing of it")
    stages = f" ({', '.join(control['stages'])})" if control["stages"] else ""
    return Statement(f"{control['reason']}{stages}", (first["ref"],))


def _after(control: Document) -> str:
    costs = [
        f"{Decimal(cost['amount']).quantize(Decimal('0.01'))} {cost['currency']}" for cost in control["cost_after"]
    ]
    coins = [f"{coin['amount']} {coin['asset']}" for coin in control["coins_after"]]
    return ", ".join([*costs, *coins]) or "nothing in evidence"


def _limits(control: Document) -> Line:
    measure = control["mitigation"] or "none"
    return Line(tuple(map(Statement, (control["name"], control["looks_at"], control["blind"], measure))))


_CAVEAT = (
    "What a control would have stopped is read off the records. Whether it would have prevented the incident is not "
    "known: who is stopped may try another way."
)
_COLUMNS = (
    "Control",
    "First it would have stopped",
    "Ahead of the stop",
    "Cost, coins after it",
    "False stops before it",
    "Acts of the chain",
    "Stages not seen",
)
_LIMITS = ("Control", "Looks at", "Does not see", "Measure in MITRE ATLAS")
