"""xonsh history as SQLite (`~/.local/share/xonsh/xonsh-history.sqlite`).

Source of the format: xonsh/xonsh xonsh/history/sqlite.py (table `xonsh_history`).

One record is one row. Times are binary fractions of seconds: they are read as the shortest decimal that stands for
them. xonsh may keep a command that ran several times once, with a count (`frequency`).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from parsers.contract import Format, Grade, Item
from parsers.shell.xonsh import row_of
from parsers.source import Source
from parsers.sqlite import MAGIC, Database, Made, Value, read_database
from parsers.text import UNDECODABLE, decoded

FORMAT = Format(
    name="xonsh_sqlite",
    title="xonsh history (SQLite)",
    tables=("process", "coverage_gap"),
    signature=True,
    line_based=False,
)

_COLUMNS = ("inp", "rtn", "tsb", "tse", "sessionid", "out", "frequency", "cwd")


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where the schema in the head makes xonsh's table."""
    return Grade.STRONG if head.startswith(MAGIC) and b"CREATE TABLE xonsh_history" in head else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one `process` row a command, in the order of the table's rows."""
    return read_database(source, _commands)


def _commands(database: Database) -> Iterator[Made | str]:
    for row in database.rows("xonsh_history", _COLUMNS):
        typed, whole = _text(row.get("inp"))
        if typed is None:
            yield "no command"
            continue
        frequency, code = row.get("frequency"), row.get("rtn")
        told = {
            "session": _text(row.get("sessionid"))[0],
            "output": _text(row.get("out"))[0],
            "frequency": frequency if isinstance(frequency, int) and frequency != 1 else None,
        }
        code = code if isinstance(code, int) else None
        cwd = _text(row.get("cwd"))[0]
        values = row_of(typed, _seconds(row.get("tsb")), _seconds(row.get("tse")), code, cwd, told)
        notes = [*(values["notes"] or ()), *(() if whole else (UNDECODABLE,))]
        yield Made("process", values | {"notes": notes or None})


def _text(value: Value) -> tuple[str | None, bool]:
    return decoded(value) if isinstance(value, bytes) else (None, True)


def _seconds(value: Value) -> Decimal | None:
    if isinstance(value, float) and not value.is_integer():
        return Decimal(repr(value))
    return Decimal(int(value)) if isinstance(value, int | float) else None
