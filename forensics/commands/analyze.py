"""`forensics analyze`: from tables to the incident document."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands.options import (
    case_argument,
    engine_option,
    json_option,
    master_option,
    opened,
    print_json,
    progress,
    quiet_option,
)


@click.command("analyze")
@case_argument
@click.option(
    "--sigma",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of Sigma rules to run too (extra `sigma`): alerts of others, which open no finding.",
)
@engine_option
@master_option
@json_option
@quiet_option
def command(case: Path, sigma: Path | None, engine: str, master: str, *, as_json: bool, quiet: bool) -> None:
    """Rebuild the chain from the evidence in CASE and write CASE/incident.json."""
    from forensics.analysis import analyze
    from forensics.terminal import put

    opened_case = opened(case)
    with progress(quiet=quiet) as drawn:
        analyze(opened_case, drawn, sigma, master if engine == "spark" else None)
    document = opened_case.read("incident.json")
    if as_json:
        import json

        found = json.loads(document)
        print_json({"verdict": found["verdict"], "content_root": opened_case.manifest.content_root})
    else:
        put([f"{case}/incident.json written ({len(document)} bytes); next: forensics report {case}"])
