"""`forensics ingest`: evidence into a case."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from forensics.intake import Summary
    from forensics.plan import Planned

LISTED_AT_MOST = 20


@click.command("ingest")
@case_argument
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--in-place", is_flag=True, help="Keep references to the files instead of copies (archive members are copied)."
)
@click.option("--as", "decisions", multiple=True, metavar="FORMAT[=GLOB]", help="Read what fits GLOB (all) as FORMAT.")
@click.option(
    "--mapping",
    "mappings",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A TOML file that says how an unusual CSV or JSON lines file is read.",
)
@click.option(
    "--hashes",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Expected hashes to compare with: sha256sum, hashdeep or CSV.",
)
@click.option("--plan", "only_plan", is_flag=True, help="Tell what would be taken and what would not; write nothing.")
@click.option("--strict", is_flag=True, help="End with code 4 if anything was not read.")
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=os.cpu_count() or 1,
    show_default="one a core",
    help="Reading processes.",
)
@engine_option
@master_option
@json_option
@quiet_option
def command(
    case: Path,
    paths: tuple[Path, ...],
    *,
    in_place: bool,
    decisions: tuple[str, ...],
    mappings: tuple[Path, ...],
    hashes: Path | None,
    only_plan: bool,
    strict: bool,
    workers: int,
    engine: str,
    master: str,
    as_json: bool,
    quiet: bool,
) -> int:
    """Seal the files and folders PATHS into CASE and read them.

    Archives are opened (never extracted), links, pipes and devices are listed and not followed, every byte ends in a
    row, in structure or in quarantine. What no parser knows is sealed and listed.
    """
    from forensics.intake import Options, ingest
    from forensics.masking import masked
    from forensics.readings import Decision

    decided = tuple(Decision(name, pattern or None) for name, _, pattern in (each.partition("=") for each in decisions))
    if only_plan:
        from forensics.plan import plan

        return _print_plan(plan(paths, decided), as_json=as_json)
    opened_case = opened(case)
    options = Options(in_place, decided, mappings, hashes, workers, master if engine == "spark" else None)
    with progress(quiet=quiet) as drawn:
        summary = ingest(opened_case, paths, options, drawn, arguments=[masked(argument) for argument in sys.argv[1:]])
    if as_json:
        print_json(summary.told() | {"content_root": opened_case.manifest.content_root})
    else:
        _print(summary)
    return _code(summary, strict=strict)


def _code(summary: Summary, *, strict: bool) -> int:
    from forensics.terminal import say

    if summary.unbalanced:
        say(f"forensics: the books of {len(summary.unbalanced)} sources do not balance: a defect, please report it")
        return 3
    if summary.comparison is not None and not summary.comparison.holds:
        say("forensics: the delivery is not what the list of hashes says; what was delivered is sealed all the same")
        return 1
    if strict and not summary.all_read:
        say("forensics: not everything was read, and --strict was given; what was delivered is sealed all the same")
        return 4
    return 0


def _print(summary: Summary) -> None:
    from forensics.terminal import put

    told = summary.told()
    states = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in told["status"].items())
    lines = [f"{told['deliveries']} sources, {told['bytes']} bytes sealed: {states or 'nothing'}"]
    lines.extend(f"  {table}: {count} rows" for table, count in told["rows"].items() if table not in _BOOKS)
    if summary.quarantined:
        lines.append(f"{summary.quarantined} records or ranges in quarantine (table quarantine says why)")
    unread = [row for row in summary.sources if row["status"] in {"not_recognised", "ambiguous"}]
    lines.extend(_listed("not recognised, sealed and searched for addresses", [_candidates(row) for row in unread]))
    refused = [f"{row['path']}: {row['kind']} {row['detail']}".rstrip() for row in summary.refusals]
    lines.extend(_listed("not taken", refused))
    if summary.comparison is not None:
        comparison = summary.comparison
        lines.append(f"hashes: {len(comparison.matching)} as listed")
        lines.extend(_listed("not as listed", comparison.mismatched))
        lines.extend(_listed("listed and not delivered", comparison.missing))
        lines.extend(_listed("delivered and not listed", comparison.extra))
    put(lines)


_BOOKS = frozenset({"quarantine", "locator"})


def _candidates(row: dict[str, object]) -> str:
    candidates = row["candidates"]
    told = ", ".join(map(str, candidates)) if isinstance(candidates, list) else "no candidate"
    return f"{row['path']} ({told})"


def _listed(title: str, items: list[str]) -> list[str]:
    if not items:
        return []
    more = [f"  and {len(items) - LISTED_AT_MOST} more"] if len(items) > LISTED_AT_MOST else []
    return [f"{len(items)} {title}:", *(f"  {item}" for item in items[:LISTED_AT_MOST]), *more]


def _print_plan(planned: list[Planned], *, as_json: bool) -> int:
    from forensics.terminal import put

    if as_json:
        print_json([each._asdict() for each in planned])
        return 0
    for each in planned:
        codec = f" in {each.codec}" if each.codec else ""
        told = f"{each.format}{codec}" if each.format else f"not read{codec}"
        put([f"{each.size:>14} {told:<28} {each.path}{f' [{each.remark}]' if each.remark else ''}"])
    unread = sum(each.format is None for each in planned)
    size = sum(each.size for each in planned)
    put([f"{len(planned)} items, {size} bytes; {unread} would not be read; nothing was written"])
    return 0
