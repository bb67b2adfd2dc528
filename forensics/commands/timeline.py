"""`forensics timeline`: what happened, in order of time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import click

from forensics.commands.options import case_argument, json_option, opened
from forensics.commands.tabular import csv_option, form_of, page_options, print_rows, tell_next

COLUMNS = ("time", "earliest", "latest", "basis", "stage", "actor", "kind", "source", "text", "ref")
_TABLE = ("time", "stage", "actor", "source", "text", "ref")  # what a terminal has room for
_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])


@click.command("timeline")
@case_argument
@click.option("--stage", "stages", multiple=True, help="Only records of this stage; may be repeated.")
@click.option("--actor", "actors", multiple=True, help="Only acts of this actor; may be repeated.")
@click.option("--kind", "kinds", multiple=True, help="Only records of this table; may be repeated.")
@click.option("--text", help="Only records whose text, source or reference has this in it, in any case of letters.")
@click.option("--from", "begin", type=_MOMENT, help="Only what may have been at or after this time (UTC).")
@click.option("--until", "end", type=_MOMENT, help="Only what may have been before this time (UTC).")
@click.option(
    "--all", "everything", is_flag=True, help="The background around the chain too, as far as reports hold it."
)
@page_options
@csv_option
@json_option
def command(
    case: Path,
    *,
    stages: tuple[str, ...],
    actors: tuple[str, ...],
    kinds: tuple[str, ...],
    text: str | None,
    begin: datetime | None,
    end: datetime | None,
    everything: bool,
    limit: int,
    offset: int,
    as_csv: bool,
    as_json: bool,
) -> None:
    """List the records of the chain in CASE in order of time, with bounds and references, secrets masked.

    It is the report's timeline and needs `report` before. Records without a time come last, and are left out where
    --from or --until asks for times.
    """
    from forensics.exports import material

    form = form_of(as_csv=as_csv, as_json=as_json)
    wanted = {"stage": set(stages), "actor": set(actors), "kind": set(kinds)}
    fitting = (
        row
        for row in material.timeline(opened(case))
        if (everything or row["stage"])
        and all(row[key] in values for key, values in wanted.items() if values)
        and _within(row, begin, end)
        and (text is None or _says(row, text))
    )
    page = list(islice(fitting, offset, offset + limit + 1))
    print_rows(COLUMNS if form != "table" else _TABLE, list(_shown(page[:limit])), form)
    if len(page) > limit:
        tell_next(limit, offset)


def _within(row: Mapping[str, Any], begin: datetime | None, end: datetime | None) -> bool:
    if begin is None and end is None:
        return True
    if row["us"] is None:
        return False
    after = begin is None or row["latest_us"] >= _us(begin)
    return after and (end is None or row["earliest_us"] < _us(end))


def _us(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp()) * 1_000_000


def _says(row: Mapping[str, Any], text: str) -> bool:
    return any(text.casefold() in (row[key] or "").casefold() for key in ("text", "source", "ref"))


def _shown(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    from forensics.document.cite import moment

    for row in rows:
        bounds = {"time": row["us"], "earliest": row["earliest_us"], "latest": row["latest_us"]}
        told = {name: row[name] for name in COLUMNS if name in row}
        yield {name: moment(us) for name, us in bounds.items()} | told
