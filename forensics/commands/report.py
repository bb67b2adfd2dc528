"""`forensics report`: one HTML file."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands.options import case_argument, opened, progress, quiet_option

BESIDE = "-"


@click.command("report")
@case_argument
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write a copy of the page there.")
@click.option(
    "--pdf",
    is_flag=False,
    flag_value=BESIDE,
    metavar="[FILE]",
    help="Print it to PDF too, with an installed Chromium; without FILE to NAME-report.pdf here.",
)
@quiet_option
def command(case: Path, *, output: Path | None, pdf: str | None, quiet: bool) -> None:
    """Write the report of CASE: one file that opens without a network and asks for none."""
    from forensics.reporting import write_report
    from forensics.terminal import put

    opened_case = opened(case)
    program = None
    if pdf is not None:
        from forensics.printing import browser

        program = browser()
    with progress(quiet=quiet) as drawn:
        written = write_report(opened_case, output, drawn)
    put([str(written)])
    if program is not None and pdf is not None:
        from forensics.printing import print_file

        target = Path(f"{opened_case.root.resolve().name}-report.pdf") if pdf == BESIDE else Path(pdf)
        print_file(written, target, program)
        put([str(target)])
