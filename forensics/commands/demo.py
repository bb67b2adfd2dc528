"""`forensics demo`: a made-up case from evidence to report."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands.options import progress, quiet_option


@click.command("demo")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path("demo-case"))
@quiet_option
def command(folder: Path, *, quiet: bool) -> None:
    """Make a made-up incident and its benign twin in FOLDER (default demo-case), and run every station on both.

    What comes out is compared with what is known to be true; a difference is an error.
    """
    from forensics import selfcheck
    from forensics.demo.perform import perform
    from forensics.terminal import put

    selfcheck.check_packages()
    with progress(quiet=quiet) as drawn:
        incident, twin = perform(folder, drawn)
    put(
        [
            f"incident: {incident.verdict}, as it is known to be; case {incident.case}",
            f"benign twin: {twin.verdict}, as it is known to be; case {twin.case}",
            f"report: {incident.report}",
        ]
    )
