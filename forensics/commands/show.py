"""`forensics show`: the bytes behind a reference."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forensics.commands.options import case_argument, opened

if TYPE_CHECKING:
    from forensics.case import Case
    from forensics.refs import Place

SHOWN_BYTES = 1 << 20


@click.command("show")
@case_argument
@click.argument("ref")
@click.option("--reveal", is_flag=True, help="Print the exact bytes, secrets included; custody records it first.")
@click.option(
    "--raw",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --reveal: write the exact bytes to this new file instead.",
)
def command(case: Path, ref: str, *, reveal: bool, raw: Path | None) -> None:
    """Print the very bytes that REF stands for, such as a1b2c3d4e5f6#17.

    By default secrets are masked and control characters made visible.
    """
    from forensics.refs import find, parse
    from forensics.terminal import say

    if raw is not None and not reveal:
        raise click.UsageError("--raw writes exact bytes: say --reveal too")
    wanted = parse(ref)
    opened_case = opened(case)
    place = find(opened_case, wanted)
    say(place.told)
    if not place.spans:
        _show_row(opened_case, place)
    elif reveal:
        _reveal(opened_case, place, raw)
    else:
        _show(opened_case, place)


def _reveal(case: Case, place: Place, raw: Path | None) -> None:
    from forensics.refs import pieces

    told = {"ref": f"{place.source['source_id']}#{place.row['record']}", "to_file": raw is not None}
    case.record("show", "begin", **told)
    if raw is not None:
        with raw.open("xb") as file:
            file.writelines(pieces(case, place))
    else:
        sys.stdout.buffer.writelines(pieces(case, place))
        sys.stdout.buffer.flush()
    case.record("show", "end", **told)


def _show(case: Case, place: Place) -> None:
    from forensics.masking import masked
    from forensics.refs import pieces
    from forensics.terminal import say, visible

    data = b"".join(_first(pieces(case, place), SHOWN_BYTES))
    length = sum(span.length for span in place.spans)
    text = data.decode("utf-8", "backslashreplace")
    click.echo(visible(masked(text, case.settings.redacted_words)))
    if length > len(data):
        say(f"{length - len(data)} more bytes; --reveal prints all")


def _first(pieces: Iterator[bytes], most: int) -> Iterator[bytes]:
    for piece in pieces:
        yield piece[:most]
        most -= len(piece)
        if most <= 0:
            return


def _show_row(case: Case, place: Place) -> None:
    """A row of a columnar file or database has no bytes of its own: its values are what there is."""
    import json

    from forensics.masking import masked
    from forensics.terminal import visible

    values = {key: value for key, value in place.row.items() if value is not None}
    text = json.dumps(values, ensure_ascii=False, default=str, indent=2)
    click.echo(visible(masked(text, case.settings.redacted_words)))
