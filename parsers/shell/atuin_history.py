"""atuin's history database (`~/.local/share/atuin/history.db`).

Source of the format: atuinsh/atuin crates/atuin-client/migrations (the table `history`), src/history.rs (authors,
agents) and src/import/ (what the importers write).

One record is one row of `history`. Times are nanoseconds; of a deleted entry the command may be kept or blanked. Newer
versions say who ran a command: `author_kind`, or the name of an agent that atuin knows (`author_kind_from_name`), and
what for (`intent`).

Rows that came from another shell's history have neither duration nor exit code (nor has a command that still ran).
Where that history gave no times the importer counted milliseconds up from a neighbour: such times are invented, they
stand in `extra` only (`imported_without_time`). Seconds without a fraction may be real.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from typing import Any

from parsers.contract import Format, Grade, Item
from parsers.jsontext import compact
from parsers.source import Source
from parsers.sqlite import MAGIC, Database, Made, Value, read_database
from parsers.text import UNDECODABLE, decoded
from parsers.times import EARLIEST, LATEST

FORMAT = Format(
    name="atuin_history",
    title="atuin history database",
    tables=("process", "coverage_gap"),
    signature=True,
    line_based=False,
)

DELETED = "deleted"
IMPORTED_WITHOUT_TIME = "imported_without_time"
KIND_FROM_NAME = "author_kind_from_name"
TIMESTAMP_OUT_OF_RANGE = "timestamp_out_of_range"

AGENTS = frozenset({"claude-code", "codex", "copilot", "opencode", "pi"})

_TABLE = "history"
_COLUMNS = (
    *("id", "timestamp", "duration", "exit", "command", "cwd", "session", "hostname"),
    *("deleted_at", "author", "intent", "shell", "author_kind"),
)
_CREATED = re.compile(
    rb"CREATE TABLE (?:IF NOT EXISTS )?\"?history\"?\s*\(\s*id text primary key,\s*timestamp integer not null,"
    rb"\s*duration integer not null,\s*exit integer not null,\s*command text not null",
    re.IGNORECASE,
)
_UNKNOWN = -1
_MILLISECOND = 1_000_000
_SECOND = 1_000_000_000
_KINDS = {1: "user", 2: "agent"}


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where the schema in the head makes atuin's table."""
    return Grade.STRONG if head.startswith(MAGIC) and _CREATED.search(head) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one `process` row an entry, deleted ones too, in the order of the table's rows."""
    return read_database(source, _entries)


def _entries(database: Database) -> Iterator[Made | str]:
    imported = set(_imported(database))
    for row in database.rows(_TABLE, _COLUMNS):
        yield Made("process", _Entry(row, imported).values())


def _imported(database: Database) -> Iterator[Value]:
    """Yield the times of rows that may have been imported, as far as the table can be read."""
    try:
        for row in database.rows(_TABLE, ("timestamp", "duration", "exit")):
            if _is_imported(row):
                yield row["timestamp"]
    except sqlite3.Error:
        return  # the rows themselves are read next, and meet the same damage


def _is_imported(row: dict[str, Value]) -> bool:
    return row.get("duration") == _UNKNOWN and row.get("exit") == _UNKNOWN


class _Entry:
    """One entry in reading: its row, and what is to be noted of it."""

    def __init__(self, row: dict[str, Value], imported: set[Value]) -> None:
        self._row = row
        self._imported = imported
        self._notes: list[str] = []

    def values(self) -> dict[str, Any]:
        """Return the columns of a `process` row."""
        when, told = self._when()
        host, _, user = (self._text("hostname") or "").partition(":")
        exit_code, duration = self._integer("exit"), self._integer("duration")
        exit_code = None if exit_code == _UNKNOWN else exit_code
        author, deleted = self._text("author"), self._integer("deleted_at")
        self._notes += [DELETED] if deleted is not None else []
        extra = {**told, "author": author, "session": self._text("session"), "deleted_at_ns": deleted}
        extra = {key: value for key, value in extra.items() if value is not None}
        return when | {
            "kind": "history",
            "host_name": host or None,
            "user_name": user or None,
            "command": self._text("command"),
            "argv_basis": "typed",
            "cwd": self._text("cwd"),
            "succeeded": None if exit_code is None else exit_code == 0,
            "exit_code": exit_code,
            "duration_us": None if duration is None or duration < 0 else duration // 1000,
            "shell": self._text("shell"),
            "author_kind": self._author_kind(author),
            "intent": self._text("intent"),
            "event_id": self._text("id"),
            "notes": sorted(set(self._notes)) or None,
            "extra": compact(extra) if extra else None,
        }

    def _when(self) -> tuple[dict[str, Any], dict[str, int]]:
        """Return the time columns, and a time that is none as it stands."""
        stamp = self._integer("timestamp")
        if stamp is None or not EARLIEST <= stamp // 1000 <= LATEST:
            self._notes.append(TIMESTAMP_OUT_OF_RANGE)
            return {}, {} if stamp is None else {"timestamp_ns": stamp}
        if _is_imported(self._row):
            neighbours = {stamp - _MILLISECOND, stamp + _MILLISECOND}
            if stamp % _SECOND and neighbours & self._imported:
                self._notes.append(IMPORTED_WITHOUT_TIME)
                return {}, {"timestamp_ns": stamp}
        return {"ts": stamp // 1000, "ts_precision_us": 1, "ts_remainder_ns": stamp % 1000 or None}, {}

    def _author_kind(self, author: str | None) -> str | None:
        kind = _KINDS.get(self._integer("author_kind") or 0)
        if kind is None and author in AGENTS:
            self._notes.append(KIND_FROM_NAME)
            return "agent"
        return kind

    def _integer(self, name: str) -> int | None:
        value = self._row.get(name)
        return value if isinstance(value, int) else None

    def _text(self, name: str) -> str | None:
        value = self._row.get(name)
        if not isinstance(value, bytes):
            return None if value is None else str(value)
        text, whole = decoded(value)
        self._notes += [] if whole else [UNDECODABLE]
        return text
