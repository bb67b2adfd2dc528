"""`forensics export`: the case for others."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forensics.commands.options import case_argument, opened

if TYPE_CHECKING:
    from forensics.case import Case


@click.command("export")
@case_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(["incident", "timesketch-csv", "timesketch-jsonl", "navigator", "stix"]),
    default="incident",
    show_default=True,
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write there instead of printing.")
def command(case: Path, *, form: str, output: Path | None) -> None:
    """Write CASE for others, secrets masked.

    incident is the incident document as it was committed (canonical JSON). The rest leave things out: timesketch-csv
    and timesketch-jsonl give the report's timeline, navigator an ATT&CK Navigator layer, stix a STIX 2.1 bundle.
    """
    from forensics.durable import replace_bytes, storing

    content = _FORMS[form](opened(case))
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        with storing(output):
            replace_bytes(output.absolute(), content)


def _incident(case: Case) -> bytes:
    from forensics.exports import material

    return material.committed(case)


def _timesketch(case: Case, form: str) -> bytes:
    from forensics.exports import material, timesketch

    rows = list(material.timeline(case))
    untimed = sum(row["us"] is None for row in rows)
    if untimed:
        click.echo(f"{untimed} rows have no time and were left out", err=True)
    return timesketch.as_csv(rows) if form == "csv" else timesketch.as_jsonl(rows)


def _made(case: Case, form: str) -> bytes:
    from forensics.canonical import encoded
    from forensics.exports import material, navigator, stix

    document = material.document(case)
    found = material.found(case, material.digits_of(document))
    return encoded((navigator.layer if form == "navigator" else stix.bundle)(document, found)) + b"\n"


_FORMS: dict[str, Callable[[Case], bytes]] = {
    "incident": _incident,
    "timesketch-csv": lambda case: _timesketch(case, "csv"),
    "timesketch-jsonl": lambda case: _timesketch(case, "jsonl"),
    "navigator": lambda case: _made(case, "navigator"),
    "stix": lambda case: _made(case, "stix"),
}
