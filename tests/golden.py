"""Golden rows: what a parser must make of a sample, written down beside it.

Layout, the same for every format:

    tests/data/parsers/<format name>/README.md        how the samples were made, and what each is there to show
    tests/data/parsers/<format name>/<any file>       a sample; its path below the folder is its name as delivered
    tests/data/parsers/<format name>/expected.json    what reading each sample must give

`expected.json` maps each sample's path to an object with these keys:

    "books"            records, quarantined, bytes_parsed, bytes_quarantined, bytes_structure
    "rows"             table name -> rows in reading order (quarantine and locator too); a row holds the columns that
                       are not null, but for source_id; times as ISO 8601 (with Z where the column is UTC), decimals as
                       strings with all digits of the column's scale
    "settings"         optional: the source's settings
    "as_only"          optional: why this sample is read with `--as` only, and not recognised
    "not_rereadable"   optional: why a row's own bytes do not read alone (page-based formats such as SQLite)

Nothing writes these files but a person. `python tests/golden.py FORMAT` prints what the parser makes of the samples
today, in this layout: read it line by line against the samples, then save what is right. (Not by redirecting onto
`expected.json` itself, whose optional keys it keeps.)
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from parsers.assemble import Books, Reading
from parsers.contract import Parser
from parsers.formats import parser_of
from parsers.schema import TABLES
from parsers.source import Source
from parsers.times import text_of

DATA = Path(__file__).parent / "data" / "parsers"
NOT_SAMPLES = frozenset({"README.md", "expected.json"})
BOOKS = ("records", "quarantined", "bytes_parsed", "bytes_quarantined", "bytes_structure")
KEPT_KEYS = ("settings", "as_only", "not_rereadable")


def samples(folder: Path) -> list[str]:
    """Return the paths of a fixture folder's samples, relative to it, in order."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if name not in NOT_SAMPLES)


def expectations(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the content of a fixture folder's `expected.json`."""
    return json.loads((folder / "expected.json").read_text("utf-8"))


def source_of(folder: Path, sample: str, settings: Mapping[str, Any] | None = None) -> Source:
    """Open a sample under the name it was delivered with."""
    return Source.of_bytes((folder / sample).read_bytes(), sample, **(settings or {}))


def tables_of(source: Source, parser: Parser) -> tuple[Books, dict[str, pa.Table]]:
    """Read a source to its end: balanced books, and one table for each table that got rows."""
    reading = Reading(source, parser)
    batches: dict[str, list[pa.RecordBatch]] = {}
    for table, batch in reading.batches():
        batches.setdefault(table, []).append(batch)
    return reading.books, {table: pa.Table.from_batches(batches[table], TABLES[table]) for table in sorted(batches)}


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    """Return a table as the rows of the layout above."""
    columns = {name: _column(table.column(name)) for name in table.schema.names if name != "source_id"}
    return [
        {name: values[at] for name, values in columns.items() if values[at] is not None} for at in range(table.num_rows)
    ]


def _column(column: pa.ChunkedArray) -> list[Any]:
    if pa.types.is_timestamp(column.type):
        times = [None if us is None else text_of(us) for us in column.cast(pa.int64()).to_pylist()]
        return times if column.type.tz else [text and text.removesuffix("Z") for text in times]
    return [f"{value:f}" if isinstance(value, Decimal) else value for value in column.to_pylist()]


def books_of(books: Books) -> dict[str, int]:
    """Return the part of the books that the layout keeps."""
    return {name: getattr(books, name) for name in BOOKS}


def golden(source: Source, parser: Parser) -> dict[str, Any]:
    """Return what reading gives, as one entry of `expected.json` (without the optional keys)."""
    books, tables = tables_of(source, parser)
    return {"books": books_of(books), "rows": {name: rows_of(table) for name, table in tables.items()}}


def differences(expected: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Tell in words where `found` departs from `expected`; empty where it does not."""
    faults = []
    if expected["books"] != found["books"]:
        faults.append(f"books: expected {expected['books']}, found {found['books']}")
    for table in sorted({*expected["rows"], *found["rows"]}):
        wanted, got = expected["rows"].get(table, []), found["rows"].get(table, [])
        if len(wanted) != len(got):
            faults.append(f"{table}: expected {len(wanted)} rows, found {len(got)}")
        for at, (one, other) in enumerate(zip(wanted, got, strict=False)):
            faults.extend(
                f"{table} row {at}, {column}: expected {one.get(column)!r}, found {other.get(column)!r}"
                for column in sorted({*one, *other})
                if one.get(column) != other.get(column)
            )
    return faults


def written(content: Mapping[str, Any]) -> str:
    """Write `expected.json`: one row a line, so that a change shows in a diff as the rows it touches."""
    lines = ["{"]
    names = sorted(content)
    for name in names:
        entry = content[name]
        lines.append(f"  {json.dumps(name)}: {{")
        lines.extend(f"    {json.dumps(key)}: {json.dumps(entry[key])}," for key in KEPT_KEYS if key in entry)
        lines.append(f'    "books": {json.dumps(entry["books"])},')
        lines.append('    "rows": {')
        tables = sorted(entry["rows"])
        for table in tables:
            lines.append(f"      {json.dumps(table)}: [")
            rows = [f"        {json.dumps(row, ensure_ascii=False)}" for row in entry["rows"][table]]
            lines.append(",\n".join(rows))
            lines.append("      ]" + ("," if table != tables[-1] else ""))
        lines.append("    }")
        lines.append("  }" + ("," if name != names[-1] else ""))
    lines.append("}")
    return "\n".join(lines) + "\n"


def main(format_name: str) -> None:
    """Print what the parser makes of its samples, keeping the optional keys of the `expected.json` there is."""
    folder = DATA / format_name
    known = expectations(folder) if (folder / "expected.json").exists() else {}
    content = {}
    for sample in samples(folder):
        kept = {key: known.get(sample, {})[key] for key in KEPT_KEYS if key in known.get(sample, {})}
        source = source_of(folder, sample, kept.get("settings"))
        content[sample] = kept | golden(source, parser_of(format_name))
    sys.stdout.write(written(content))


if __name__ == "__main__":
    main(sys.argv[1])
