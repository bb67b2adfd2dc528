"""`forensics show`: the bytes behind a reference."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from forensics.commands.options import case_argument, json_option, opened, print_json
from forensics.commands.tabular import shown_row

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
@json_option
def command(case: Path, ref: str, *, reveal: bool, raw: Path | None, as_json: bool) -> None:
    """Print the very bytes that REF stands for, such as a1b2c3d4e5f6#17.

    By default secrets are masked and control characters made visible. With --json come the place and the row that was
    made of the record too.
    """
    from forensics.refs import find, parse
    from forensics.terminal import say

    if raw is not None and not reveal:
        raise click.UsageError("--raw writes exact bytes: say --reveal too")
    if as_json and reveal:
        raise click.UsageError("--reveal prints exact bytes, which JSON cannot hold: leave out --json")
    wanted = parse(ref)
    opened_case = opened(case)
    place = find(opened_case, wanted)
    if as_json:
        print_json(_told(opened_case, place))
        return
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
    from forensics.terminal import say

    text, more = _text(case, place)
    click.echo(text)
    if more:
        say(f"{more} more bytes; --reveal prints all")


def _text(case: Case, place: Place) -> tuple[str, int]:
    """The first of the bytes as they may be shown, and how many more there are."""
    from forensics.display import shown_text
    from forensics.refs import pieces

    data = b"".join(_first(pieces(case, place), SHOWN_BYTES))
    length = sum(span.length for span in place.spans)
    text = shown_text(data.decode("utf-8", "backslashreplace"), case.settings.redacted_words)
    return text, max(length - len(data), 0)


def _told(case: Case, place: Place) -> dict[str, Any]:
    """The place, its bytes as they may be shown, and the row, as plain JSON."""
    text, more = _text(case, place) if place.spans else (None, 0)
    return {
        "ref": str(place.ref),
        "path": place.source["path"],
        "sha256": place.source["source_id"],
        "table": place.table,
        "record": place.row["record"],
        "line": place.row.get("line"),
        "spans": [list(span) for span in place.spans],
        "text": text,
        "more_bytes": more,
        "row": shown_row({k: v for k, v in place.row.items() if v is not None}, case.settings.redacted_words),
    }


def _first(pieces: Iterator[bytes], most: int) -> Iterator[bytes]:
    for piece in pieces:
        yield piece[:most]
        most -= len(piece)
        if most <= 0:
            return


def _show_row(case: Case, place: Place) -> None:
    """A row of a columnar file or database has no bytes of its own: its values are what there is."""
    import json

    from forensics.display import shown_text

    values = {key: value for key, value in place.row.items() if value is not None}
    text = json.dumps(values, ensure_ascii=False, default=str, indent=2)
    click.echo(shown_text(text, case.settings.redacted_words))
