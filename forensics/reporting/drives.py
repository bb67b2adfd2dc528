"""The section on drives, on what can be undone, and on the feedback loop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reports.model import Exhibit, Line, Statement

MAX_LINES = 40
Document = Mapping[str, Any]


def drives(document: Document) -> Iterator[Exhibit]:
    """Tell `drives`, `reversal` and `feedback_loop` of each incident."""
    for incident in document["incidents"]:
        name = f"incident {incident['id']}"
        yield _drives(incident, name)
        yield _reversal(incident["reversal"], name)
        yield _loop(incident["feedback_loop"], name)


def _drives(incident: Document, name: str) -> Exhibit:
    lines = []
    for entry in incident["drives"]:
        refs = tuple(reference["ref"] for reference in entry["evidence"])
        coverage = "not known" if entry["coverage"] is None else f"{100 * entry['coverage']:.0f} %"
        cells = (entry["drive"].replace("_", " "), entry["answer"], "; ".join(entry["why"]) or "no such act", coverage)
        lines.append(Line((Statement(cells[0]), Statement(cells[1]), Statement(cells[2], refs), Statement(cells[3]))))
    unjudged = " and ".join(incident["drives_not_assessed"])
    statements = (
        Statement("An act may be consistent with a drive; why it was done is not in the records."),
        Statement(f"Not assessed: {unjudged}. They leave no record of themselves."),
    )
    return Exhibit(
        f"Drives, {name}", statements, ("Drive", "Consistent acts", "What shows it", "Covered"), tuple(lines)
    )


def _reversal(reversal: Document, name: str) -> Exhibit:
    statement = Statement(
        f"{reversal['acts']} acts: {reversal['reversible']} reversible, {reversal['compensable']} compensable, "
        f"{reversal['irreversible']} irreversible. Of {reversal['undone']} it is in evidence that they were undone."
    )
    lines = []
    for entry in reversal["entries"][:MAX_LINES]:
        undone = entry["undone_by"]
        lines.append(
            Line(
                (
                    Statement(_words(entry["act"]), (entry["act"]["ref"],)),
                    Statement(entry["stage"]),
                    Statement(f"{entry['class']}: {entry['how']}"),
                    Statement(_words(undone), (undone["ref"],)) if undone else Statement("not in evidence"),
                )
            )
        )
    return Exhibit(f"What can be undone, {name}", (statement,), _REVERSAL, tuple(lines), "There is no such act.")


def _loop(loop: Document, name: str) -> Exhibit:
    refs = tuple(reference["ref"] for reference in loop["evidence"])
    seen = {
        True: f"{loop['rounds']} possible rounds: a new place mined after proceeds were spent. Only the order says so.",
        False: "No feedback loop was seen: after no spending of proceeds did a new place begin to mine.",
        None: "Not known: no coins in evidence whose use could be followed.",
    }[loop["seen"]]
    statements = (
        Statement(
            f"{seen} Of three kinds of records that could show it, {round(3 * loop['coverage'])} are here.", refs
        ),
        Statement(f"Growth: {loop['growth_why']}."),
    )
    lines = tuple(
        Line(tuple(map(Statement, (gain["asset"], *(gain[key] or "not in evidence" for key in _GAIN_KEYS)))))
        for gain in loop["gains"]
    )
    return Exhibit(f"Feedback loop, {name}", statements, _GAINS, lines)


def _words(reference: Document) -> str:
    summary: str = reference.get("summary") or reference["table"].replace("_", " ")
    return summary


_DRIVES = ("Drive", "Consistent acts", "What shows it", "Covered")
_REVERSAL = ("Act", "Stage", "What can be done", "Undone by")
_GAINS = ("Asset", "Gathered by then", "Put to use", "Share of it")
_GAIN_KEYS = ("gathered", "put_to_use", "share")
