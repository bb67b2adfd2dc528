"""Leads of the incident document, as a table of the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reports.model import Exhibit, Line, Statement

MAX_LINES = 20
Document = Mapping[str, Any]


def leads(document: Document) -> Iterator[Exhibit]:
    """Tell the leads, where there are any."""
    total = document["leads_total"]
    if not total:
        return
    also = document["leads"][0]["also_fits"]
    statements = (
        Statement(
            "Each contact has the shape of a miner's traffic with a pool and is not known to be one. No finding of "
            f"this report rests on these lines, and they accuse nobody: {', '.join(also)} may look the same."
        ),
        Statement("What would settle it: which program on the client held the connection, and what it had to do."),
    )
    lines = tuple(_line(lead) for lead in document["leads"][:MAX_LINES])
    yield Exhibit(f"Leads from the shape of traffic: {total}", statements, _COLUMNS, lines)


def _line(lead: Document) -> Line:
    endpoint = lead["endpoint"]
    name = f" ({endpoint['name']})" if endpoint["name"] else ""
    refs = tuple(reference["ref"] for reference in lead["evidence"])
    program = " on ".join(text for text in (lead["program"], lead["host"]) if text) or "not in evidence"
    return Line(
        (
            Statement(f"{lead['client']} with {endpoint['address']} port {endpoint['port']}{name}", refs),
            Statement(f"{lead['first']} to {lead['last']}"),
            Statement(program),
            Statement(lead["grade"]),
            Statement("; ".join(lead["for"])),
            Statement("; ".join(lead["against"]) or "nothing in evidence"),
        )
    )


_COLUMNS = ("Contact", "From and to", "Program", "Grade", "For", "Against")
