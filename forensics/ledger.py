"""The tables of a case's own: `source`, `source_scope`, `refusal`, one part for each intake, and `annotation`.

They are rewritten as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from forensics.case import Case
from forensics.durable import hash_file, storing
from forensics.manifest import Entry
from forensics.scope import scope_row
from forensics.settings import Settings
from forensics.transaction import Transaction
from parsers.schema import ALL_TABLES
from parsers.tables import PartWriter

NAME_DIGITS = 32
Row = dict[str, Any]


@dataclass
class Ledger:
    """Deliveries and refusals of all intakes so far, and what was said of records, as rows of their tables."""

    sources: list[Row] = field(default_factory=list)
    refusals: list[Row] = field(default_factory=list)
    annotations: list[Row] = field(default_factory=list)

    @property
    def last_intake(self) -> int:
        """The highest intake number used."""
        return max((row["intake"] for row in (*self.sources, *self.refusals)), default=0)

    @property
    def confirmed_zones(self) -> dict[str, str]:
        """Zones that an investigator confirmed, by source; the last word counts."""
        return {row["source_id"]: row["zone"] for row in self.annotations if row["kind"] == "zone"}


def load(case: Case) -> Ledger:
    """Read the ledger of a case."""
    parts = case.tables()
    return Ledger(*(_rows(parts.get(table, [])) for table in ("source", "refusal", "annotation")))


def _rows(parts: Iterable[Path]) -> list[Row]:
    return [row for part in parts for row in pq.read_table(part).to_pylist()]


def store(act: Transaction, ledger: Ledger, settings: Settings) -> None:
    """Write the ledger; what did not change keeps its name and bytes."""
    zones = ledger.confirmed_zones
    scopes = [scope_row(row, settings, zones.get(row["source_id"])) for row in ledger.sources]
    for table, rows in (("source", ledger.sources), ("source_scope", scopes), ("refusal", ledger.refusals)):
        act.drop(f"tables/{table}/")
        for intake, group in groupby(sorted(rows, key=_order), key=lambda row: row["intake"]):
            _store_part(act, table, f"{intake:04d}", list(group))


def store_annotations(act: Transaction, ledger: Ledger, settings: Settings) -> None:
    """Write what was said of records, and the scopes that follow from it."""
    act.drop("tables/annotation/")
    if ledger.annotations:
        _store_part(act, "annotation", "0001", ledger.annotations)
    store(act, ledger, settings)


def _order(row: Mapping[str, Any]) -> tuple[Any, ...]:
    member = row.get("container_member")
    return row["intake"], row["path"], row.get("source_id") or "", -1 if member is None else member


def _store_part(act: Transaction, table: str, name: str, rows: list[Row]) -> None:
    temporary = act.work / f"{table}.parquet"
    with storing(temporary):
        write_rows(temporary, table, rows)
        entry = Entry(*hash_file(temporary))
    act.put_file(f"tables/{table}/{name}-{entry.sha256[:NAME_DIGITS]}.parquet", temporary, entry)


def write_rows(path: Path, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows of any table of the schema into one part."""
    with PartWriter(path, table) as writer:
        writer.write(batch_of(table, rows))


def batch_of(table: str, rows: Iterable[Mapping[str, Any]]) -> pa.RecordBatch:
    """Make one batch of any table of the schema; a column that is not named is null."""
    schema = ALL_TABLES[table]
    return pa.RecordBatch.from_pylist(list(rows), schema=schema)


def refresh_scopes(case: Case, act: Transaction) -> None:
    """Bring `source_scope` up to an edited `case.toml`."""
    ledger = load(case)
    if ledger.sources:
        store(act, ledger, case.settings)
