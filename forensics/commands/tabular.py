"""Rows on the command line: as a table, as CSV that no spreadsheet runs, as JSON; a page at a time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

import click

WIDTH_OF_NO_TERMINAL = 240
Form = Literal["table", "csv", "json"]
Command = TypeVar("Command", bound=Callable[..., Any])

csv_option = click.option(
    "--csv", "as_csv", is_flag=True, help="Print CSV; text cells that a spreadsheet would run are quoted with '."
)


def page_options(command: Command) -> Command:
    """Add `--limit` and `--offset`."""
    limit = click.option("--limit", type=click.IntRange(1), default=200, show_default=True, help="Rows at most.")
    offset = click.option("--offset", type=click.IntRange(0), default=0, help="Rows to leave out first.")
    return limit(offset(command))


def form_of(*, as_csv: bool, as_json: bool) -> Form:
    """Return which form is asked for; raises `click.UsageError` for two."""
    if as_csv and as_json:
        raise click.UsageError("--csv or --json, not both")
    return "csv" if as_csv else "json" if as_json else "table"


def shown_row(row: Mapping[str, Any], words: Sequence[str]) -> dict[str, Any]:
    """Return a row as it may be shown: numbers and flags as they are, everything else as text, masked."""
    return {key: _shown_value(value, words) for key, value in row.items()}


def _shown_value(value: Any, words: Sequence[str]) -> Any:
    from forensics.masking import masked, masked_arguments

    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return masked_arguments(value, words)
    if isinstance(value, list | tuple):
        return [_shown_value(item, words) for item in value]
    if isinstance(value, dict):
        return {str(key): _shown_value(item, words) for key, item in value.items()}
    return masked(str(value), words)


def print_rows(names: Sequence[str], rows: Sequence[dict[str, Any]], form: Form) -> None:
    """Print rows whose values are fit to be shown (masked); control characters are made visible here."""
    {"csv": _print_csv, "json": _print_json, "table": _print_table}[form](names, rows)


def tell_next(limit: int, offset: int) -> None:
    """Say on standard error that there is more, and how to get it."""
    from forensics.terminal import say

    say(f"more than {limit} rows; --offset {offset + limit} shows the next, --limit asks for more")


def _print_json(_names: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    import json

    click.echo(json.dumps(rows, ensure_ascii=True, indent=2))


def _print_csv(names: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    import csv

    from forensics.spreadsheet import safe_cell
    from forensics.terminal import visible

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(visible(name) for name in names)
    cells = ([safe_cell(row[name]) for name in names] for row in rows)
    writer.writerows([visible(cell) if isinstance(cell, str) else cell for cell in row] for row in cells)


def _print_table(names: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from forensics.terminal import one_line

    table = Table(show_edge=False)
    for name in names:
        table.add_column(Text(one_line(name)), overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if row[name] is None else one_line(str(row[name]))) for name in names))
    width = None if sys.stdout.isatty() else WIDTH_OF_NO_TERMINAL
    Console(markup=False, highlight=False, emoji=False, width=width).print(table)
