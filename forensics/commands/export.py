"""`forensics export`: the incident document for others."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from forensics.commands.options import case_argument, opened


@click.command("export")
@case_argument
@click.option("--format", "form", type=click.Choice(["incident"]), default="incident", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write there instead of printing.")
def command(case: Path, *, form: str, output: Path | None) -> None:
    """Write the incident document of CASE as it was committed: canonical JSON, secrets masked."""
    from forensics.durable import replace_bytes, storing
    from forensics.errors import UsageFault

    opened_case = opened(case)
    name = f"{form}.json"
    if name not in opened_case.manifest.files:
        hint = "`forensics analyze` does it"
        raise UsageFault("this case has not been analysed since evidence was added", where=str(case), hint=hint)
    document = opened_case.read(name)
    if output is None:
        sys.stdout.buffer.write(document)
        sys.stdout.buffer.flush()
    else:
        with storing(output):
            replace_bytes(output.absolute(), document)
