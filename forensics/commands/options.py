"""What several commands share: the case argument, `--json`, progress, tables on a terminal."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from forensics.progress import Progress

case_argument = click.argument("case", type=click.Path(path_type=Path))
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
engine_option = click.option(
    "--engine",
    type=click.Choice(["local", "spark"]),
    default="local",
    show_default=True,
    help="Who works: this machine alone, or Spark (extra `spark`, a Java 17 runtime); the result is the same.",
)
master_option = click.option("--master", default="local[*]", show_default=True, metavar="URL", help="Spark's master.")
quiet_option = click.option("--quiet", is_flag=True, help="No progress.")


def opened(path: Path) -> Any:
    """Open a case, after a look at the tool itself."""
    from forensics import selfcheck
    from forensics.case import Case

    selfcheck.check_packages()
    return Case.open(path)


def progress(*, quiet: bool) -> Progress:
    """Progress on standard error: bars on a terminal, nothing elsewhere or where quiet is asked for."""
    if quiet or not sys.stderr.isatty():
        return Progress()
    from forensics.drawing import Drawn

    return Drawn()


def print_json(value: Any) -> None:
    """Print JSON that is safe on a terminal: everything beyond ASCII is escaped."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=True, sort_keys=True))
