"""IPython's history database (`~/.ipython/profile_*/history.sqlite`), of terminals and Jupyter kernels.

Source of the format: ipython/ipython IPython/core/history.py (tables `sessions` and `history`).

One record is one cell. Cells have no time: when their session began and ended stands in `extra` as written (the begin
without zone, the end with one; none if it was killed). What a cell tells a shell (`!command`, `%sx`, `%%bash`) is
`command`; Python is no shell's language, and stands in `extra.source` only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsers.contract import Format, Grade, Item
from parsers.jsontext import compact
from parsers.source import Source
from parsers.sqlite import MAGIC, Database, Made, Value, read_database
from parsers.text import UNDECODABLE, decoded

FORMAT = Format(
    name="ipython_history",
    title="IPython history database",
    tables=("process", "coverage_gap"),
    signature=True,
    line_based=False,
)

_CREATED = re.compile(
    rb"CREATE TABLE history\s*\(\s*session integer,\s*line integer,\s*source text,\s*source_raw text", re.IGNORECASE
)
_SHELL_CELL = re.compile(r"%%(?:bash|sh|script (?:ba|z|da)?sh)\b[^\n]*\n(.*)", re.DOTALL)
_SHELL_LINE = re.compile(r"[ \t]*(?:[\w, ]+=[ \t]*)?(?:!!?|%(?:sx|system)[ \t]+)(.*)")

_Session = tuple[str | None, str | None]


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where the schema in the head makes IPython's table."""
    return Grade.STRONG if head.startswith(MAGIC) and _CREATED.search(head) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one `process` row a cell, in the order of the table's rows."""
    return read_database(source, _cells)


def _cells(database: Database) -> Iterator[Made | str]:
    sessions: dict[Value, _Session] = {}
    for row in database.rows("sessions", ("session", "start", "end")):
        sessions[row.get("session")] = (_text(row.get("start"), []), _text(row.get("end"), []))
    for row in database.rows("history", ("session", "line", "source", "source_raw")):
        yield _cell(row, sessions.get(row.get("session"), (None, None)))


def _cell(row: dict[str, Value], session: _Session) -> Made:
    notes: list[str] = []
    source = _text(row["source_raw"] if row.get("source_raw") is not None else row.get("source"), notes)
    command = shell_part(source or "")
    told = {
        "session": row.get("session"),
        "line": row.get("line"),
        "session_start": session[0],
        "session_end": session[1],
        "source": None if source is None or source == f"!{command}" else source,
    }
    values = {
        "kind": "history",
        "command": command,
        "argv_basis": None if command is None else "typed",
        "shell": "ipython",
        "notes": notes or None,
        "extra": compact({key: item for key, item in told.items() if isinstance(item, int | str)}),
    }
    return Made("process", values)


def shell_part(cell: str) -> str | None:
    """Return what a cell hands to a shell, None where it is all Python."""
    whole = _SHELL_CELL.fullmatch(cell)
    if whole:
        return whole[1]
    lines = [found[1] for found in map(_SHELL_LINE.fullmatch, cell.split("\n")) if found]
    return "\n".join(lines) if lines else None


def _text(value: Value, notes: list[str]) -> str | None:
    if not isinstance(value, bytes):
        return None if value is None else str(value)
    text, whole = decoded(value)
    notes += [] if whole else [UNDECODABLE]
    return text
