"""`forensics query`: SQL over a case."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from forensics.commands.options import case_argument, json_option, opened

if TYPE_CHECKING:
    import pyarrow as pa

    from forensics.case import Case

WIDTH_OF_NO_TERMINAL = 240


@click.command("query")
@case_argument
@click.argument("sql")
@click.option(
    "--csv", "as_csv", is_flag=True, help="Print CSV; text cells that a spreadsheet would run are quoted with '."
)
@json_option
@click.option("--limit", type=click.IntRange(1), default=200, show_default=True, help="Rows at most.")
def command(case: Path, sql: str, *, as_csv: bool, as_json: bool, limit: int) -> None:
    """Ask one SELECT of the tables and relations of CASE. Secrets are masked; nothing can be written or reached.

    `forensics query CASE "show tables"` lists what there is.
    """
    from forensics.terminal import say

    opened_case = opened(case)
    table = _answer(opened_case, sql, limit + 1)
    rows = [_shown(row, opened_case) for row in table.slice(0, limit).to_pylist()]
    names = table.column_names
    if as_json:
        import json

        click.echo(json.dumps(rows, ensure_ascii=True, indent=2))
    elif as_csv:
        _print_csv(names, rows)
    else:
        _print_table(names, rows)
    if table.num_rows > limit:
        say(f"more than {limit} rows; --limit asks for more")


def _answer(case: Case, sql: str, most: int) -> pa.Table:
    from forensics.asking import ask
    from forensics.engine import Engine

    case.check(list(case.files("tables/")))
    with case.scratch() as scratch:
        engine = Engine(case.tables(), scratch)
        try:
            return ask(engine, sql, most=most)
        finally:
            engine.close()


def _shown(row: dict[str, Any], case: Case) -> dict[str, Any]:
    return {key: _shown_value(value, case) for key, value in row.items()}


def _shown_value(value: Any, case: Case) -> Any:
    """Numbers and flags as they are, everything else as text, masked."""
    from forensics.masking import masked, masked_arguments

    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return masked_arguments(value, case.settings.redacted_words)
    if isinstance(value, list | tuple):
        return [_shown_value(item, case) for item in value]
    if isinstance(value, dict):
        return {str(key): _shown_value(item, case) for key, item in value.items()}
    return masked(str(value), case.settings.redacted_words)


def _print_csv(names: list[str], rows: list[dict[str, Any]]) -> None:
    import csv

    from forensics.spreadsheet import safe_cell
    from forensics.terminal import visible

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(visible(name) for name in names)
    cells = ([safe_cell(row[name]) for name in names] for row in rows)
    writer.writerows([visible(cell) if isinstance(cell, str) else cell for cell in row] for row in cells)


def _print_table(names: list[str], rows: list[dict[str, Any]]) -> None:
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
