"""`forensics formats`: what can be read, and how a file is recognised."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands.options import json_option, print_json


@click.command("formats")
@click.option(
    "--explain",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Tell how this file is recognised instead.",
)
@json_option
def command(explain: Path | None, *, as_json: bool) -> None:
    """List the formats with the tables that they feed, or explain how a file would be read."""
    from forensics import selfcheck

    selfcheck.check_packages()
    if explain is not None:
        _explain(explain, as_json=as_json)
    else:
        _list(as_json=as_json)


def _list(*, as_json: bool) -> None:
    from forensics.terminal import put
    from parsers.formats import all_parsers

    formats = [parser.FORMAT for parser in all_parsers().values()]
    if as_json:
        rows = [
            {
                "name": each.name,
                "title": each.title,
                "tables": list(each.tables),
                "signature": each.signature,
                "version": each.version,
            }
            for each in formats
        ]
        print_json(rows)
    else:
        width = max((len(each.name) for each in formats), default=0)
        put(f"{each.name:<{width}}  {each.title} -> {', '.join(each.tables)}" for each in formats)


def _explain(path: Path, *, as_json: bool) -> None:
    from forensics.plan import plan
    from forensics.terminal import put

    planned = plan([path], (), workers=1)
    if as_json:
        print_json([each._asdict() for each in planned])
        return
    for each in planned:
        codec = f", compressed with {each.codec}" if each.codec else ""
        told = each.format or "not read"
        put([f"{each.path}: {told}{codec}{f' [{each.remark}]' if each.remark else ''}"])
