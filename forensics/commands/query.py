"""`forensics query`: SQL over a case."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forensics.commands.options import case_argument, json_option, opened
from forensics.commands.tabular import csv_option, form_of, page_options, print_rows, shown_row, tell_next

if TYPE_CHECKING:
    import pyarrow as pa

    from forensics.case import Case


@click.command("query")
@case_argument
@click.argument("sql")
@page_options
@csv_option
@json_option
def command(case: Path, sql: str, *, as_csv: bool, as_json: bool, limit: int, offset: int) -> None:
    """Ask one SELECT of the tables and relations of CASE. Secrets are masked; nothing can be written or reached.

    `forensics query CASE "show tables"` lists what there is. Pages fit together where the SELECT has an order.
    """
    form = form_of(as_csv=as_csv, as_json=as_json)
    opened_case = opened(case)
    table = _answer(opened_case, sql, limit + 1, offset)
    rows = [shown_row(row, opened_case.settings.redacted_words) for row in table.slice(0, limit).to_pylist()]
    print_rows(table.column_names, rows, form)
    if table.num_rows > limit:
        tell_next(limit, offset)


def _answer(case: Case, sql: str, most: int, skip: int) -> pa.Table:
    from forensics.asking import ask
    from forensics.engine import Engine

    case.check(list(case.files("tables/")))
    with case.scratch() as scratch:
        engine = Engine(case.tables(), scratch)
        try:
            return ask(engine, sql, most=most, skip=skip)
        finally:
            engine.close()
