"""`forensics demo`: a made-up case from evidence to report."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands.options import progress, quiet_option


@click.command("demo")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path("demo-case"))
@quiet_option
def command(folder: Path, *, quiet: bool) -> None:
    """Make a made-up incident, take it in, analyse it and write its report, in FOLDER (default demo-case)."""
    from forensics import selfcheck
    from forensics.demo import run
    from forensics.terminal import put

    selfcheck.check_packages()
    with progress(quiet=quiet) as drawn:
        written = run(folder, drawn)
    put([str(written)])
