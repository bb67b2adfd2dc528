"""`forensics report`: one HTML file."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands.options import case_argument, opened, progress, quiet_option


@click.command("report")
@case_argument
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write a copy of the page there.")
@quiet_option
def command(case: Path, *, output: Path | None, quiet: bool) -> None:
    """Write the report of CASE: one file that opens without a network and asks for none."""
    from forensics.reporting import write_report
    from forensics.terminal import put

    opened_case = opened(case)
    with progress(quiet=quiet) as drawn:
        written = write_report(opened_case, output, drawn)
    put([str(written)])
