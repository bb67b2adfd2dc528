"""`forensics read`: which of an agent's own words to read first."""

from __future__ import annotations

import os
from pathlib import Path

import click

from forensics.commands.options import case_argument, json_option, opened, print_json, progress, quiet_option
from forensics.commands.tabular import csv_option, form_of, print_rows, tell_next

COLUMNS = ("likeness", "like", "session", "kind", "time", "text", "said", "ref")
_TABLE = ("likeness", "like", "session", "text", "said", "ref")  # what a terminal has room for


@click.command("read")
@case_argument
@click.option("--session", "sessions", multiple=True, help="Only this session; may be repeated.")
@click.option("--all", "everything", is_flag=True, help="Whole sessions, also where the chain says where to look.")
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    help="Folder of the model's files (all-MiniLM-L6-v2), where its package is not installed.",
)
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Statements at most.")
@click.option("--offset", type=click.IntRange(0), default=0, help="Statements to leave out first.")
@csv_option
@json_option
@quiet_option
def command(
    case: Path,
    *,
    sessions: tuple[str, ...],
    everything: bool,
    model: Path | None,
    limit: int,
    offset: int,
    as_csv: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Tell which of the agents' own statements in CASE to read first: a reading list, no finding.

    Messages and reasoning of agents, between the last limit and the first act where the chain is known, are ranked by
    their likeness to what may be said in each stage; refusals and requests are looked for as well. With the model of
    the extra `semantic` by meaning, without it by words in common. What deserves it, `annotate` keeps.
    """
    # one thread adds up in one order, so that a machine's load changes no digit; to be said before numpy is loaded
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from forensics.likeness import model as models
    from forensics.likeness.listing import NO_FINDING, listing
    from forensics.likeness.measures import ByMeaning, ByWords
    from forensics.terminal import say

    form = form_of(as_csv=as_csv, as_json=as_json)
    opened_case = opened(case)
    folder = model or models.installed()
    measure = ByWords() if folder is None else ByMeaning(models.Model(folder))
    with progress(quiet=quiet) as shown:
        found = listing(opened_case, measure, sessions=sessions, everything=everything, progress=shown)
    page = found.rows[offset : offset + limit]
    say(NO_FINDING)
    if folder is None:
        say(f"ranked by {measure.told}; for ranking by meaning: {models.TO_INSTALL}")
    if as_json:
        print_json(found.told() | {"rows": page})
        return
    say(
        f"{found.statements} statements of agents in {found.sessions} sessions ({found.scope}), {found.unreadable} of"
        f" them without a text, {found.cut} read in part; ranked by {found.ranked_by}"
    )
    print_rows(COLUMNS if form != "table" else _TABLE, page, form)
    if len(found.rows) > offset + limit:
        tell_next(limit, offset)
