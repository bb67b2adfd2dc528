"""What the tests of wallet and exchange exports share: one row made of one record."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import golden
import pytest

from parsers.contract import Parser
from parsers.source import Source


def one_row(parser: Parser, record: dict[str, str], before: str = "") -> dict[str, Any]:
    """Write a header and a record as CSV and return the row that the parser makes of it."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(record), lineterminator="\n")
    writer.writeheader()
    writer.writerow(record)
    data = (before + text.getvalue()).encode()
    books, tables = golden.tables_of(Source.of_bytes(data), parser)
    assert books.stream_bytes == len(data)
    ((_, table),) = tables.items()
    (row,) = golden.rows_of(table)
    return row


@pytest.fixture
def row_of() -> Callable[..., dict[str, Any]]:
    """Give `one_row`."""
    return one_row
