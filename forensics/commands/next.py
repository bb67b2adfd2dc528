"""`forensics next`: what to collect, before it is gone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from forensics.commands.options import case_argument, json_option, opened, print_json


@click.command("next")
@case_argument
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Tell what is gone by this day, not by today.")
@json_option
def command(case: Path, *, on: datetime | None, as_json: bool) -> None:
    """Tell what to collect next for CASE, from whom, before when and why; what goes first comes first.

    Retention is what holders usually keep: ask for what should be gone too. Needs `analyze` before.
    """
    from forensics.collecting import wanted
    from forensics.exports.material import document
    from forensics.terminal import put

    items = wanted(document(opened(case)))
    today = (on or datetime.now(UTC)).date()
    if as_json:
        print_json([item.told() | {"gone": item.before is not None and item.before <= today} for item in items])
        return
    put([f"{len(items)} kinds of source would settle more" if items else "nothing more would settle what is open"])
    for item in items:
        before = "no end is known" if item.before is None else f"before {item.before}"
        gone = " (usually gone by now: ask all the same)" if item.before and item.before <= today else ""
        period = f"; {item.begins} to {item.ends}" if item.begins else ""
        put(["", f"{before}{gone}: {item.kind.kind}{period}"])
        put([f"  from {item.kind.holder}", f"  kept: {item.kind.retention} [{item.kind.basis}]"])
        put(f"  why: {why}" for why in item.why)
