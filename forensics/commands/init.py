"""`forensics init`: an empty case."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands.options import case_argument


@click.command("init")
@case_argument
@click.option(
    "--settings",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A case.toml to begin with; it can be edited later.",
)
def command(case: Path, settings: Path | None) -> None:
    """Make an empty case in the folder CASE.

    CASE/case.toml may say who and what is known: zones, hosts, agents, the designated channel, what was approved.
    Every key is optional, and a case with none works.
    """
    from forensics import selfcheck
    from forensics.case import Case
    from forensics.settings import TEMPLATE

    selfcheck.check_packages()
    made = Case.create(case, settings.read_bytes() if settings else TEMPLATE)
    click.echo(f"case made; next: forensics ingest {click.format_filename(case)} PATH...")
    click.echo(f"content root {made.manifest.content_root}")
