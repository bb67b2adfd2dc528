"""`forensics demo`: a made-up case from evidence to report, or a suite of labelled cases."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands.options import progress, quiet_option


@click.command("demo")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path("demo-case"))
@click.option("--suite", is_flag=True, help="Write the labelled case suite into FOLDER instead; nothing is analysed.")
@click.option("--seeds", type=click.IntRange(1, 1000), default=20, show_default=True, help="Cases of each family.")
@click.option("--families", default="", help="Only these families of the suite, separated by commas.")
@quiet_option
def command(folder: Path, *, suite: bool, seeds: int, families: str, quiet: bool) -> None:
    """Make a made-up incident and its benign twin in FOLDER (default demo-case), and run every station on both.

    What comes out is compared with what is known to be true; a difference is an error.
    """
    from forensics import selfcheck
    from forensics.terminal import put

    selfcheck.check_packages()
    if suite:
        from forensics.demo.suite.catalogue import write_suite

        names = [name for name in families.split(",") if name]
        with progress(quiet=quiet) as drawn:
            count = write_suite(folder, names, seeds, drawn)
        put([f"{count} labelled cases in {folder}: evidence, case.toml and truth.json each"])
        return
    from forensics.demo.perform import perform

    with progress(quiet=quiet) as drawn:
        incident, twin = perform(folder, drawn)
    put(
        [
            f"incident: {incident.verdict}, as it is known to be; case {incident.case}",
            f"benign twin: {twin.verdict}, as it is known to be; case {twin.case}",
            f"report: {incident.report}",
        ]
    )
