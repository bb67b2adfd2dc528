"""Knowledge as data: lists and rules that relations read as tables, each with a hash and examples of its own."""

from __future__ import annotations

import csv
import hashlib
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

import pyarrow as pa

from queries.errors import QueriesError

_FOLDER = Path(str(files("queries"))) / "knowledge"


@cache
def knowledge_tables() -> Mapping[str, pa.Table]:
    """Every knowledge table by the name of its file; all columns are text.

    A `.csv` file is a table as it stands. A `.toml` file holds `[[rule]]` entries; their `positive` and `near_miss`
    examples are for the tests and form no column.
    """
    found: dict[str, pa.Table] = {}
    for path in sorted(_FOLDER.glob("*")):
        if path.suffix == ".csv":
            found[path.stem] = _from_csv(path)
        elif path.suffix == ".toml":
            found[path.stem] = _from_toml(path)
    return found


@cache
def knowledge_hashes() -> Mapping[str, str]:
    """The sha256 of every knowledge file, by file name."""
    paths = sorted(path for path in _FOLDER.glob("*") if path.suffix in {".csv", ".toml"})
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@cache
def rules(name: str) -> tuple[dict[str, object], ...]:
    """The `[[rule]]` entries of one `.toml` file, examples included."""
    return tuple(tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))["rule"])


def _from_csv(path: Path) -> pa.Table:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.reader(stream) if row and not row[0].startswith("#")]
    header, *body = rows
    if any(len(row) != len(header) for row in body):
        raise QueriesError(f"knowledge file {path.name} has a row of another width than its header")
    columns = list(zip(*body, strict=True)) if body else [()] * len(header)
    return pa.table({name: pa.array(list(column), pa.string()) for name, column in zip(header, columns, strict=True)})


def _from_toml(path: Path) -> pa.Table:
    entries = rules(path.stem)
    names = sorted({key for entry in entries for key in entry} - {"positive", "near_miss"})
    return pa.table(
        {
            name: pa.array([None if entry.get(name) is None else str(entry[name]) for entry in entries], pa.string())
            for name in names
        }
    )
