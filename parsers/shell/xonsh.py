"""What xonsh's two histories have in common: a command with its begin, end, exit code and directory.

Source of the format: xonsh/xonsh xonsh/history/json.py and xonsh/history/sqlite.py.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from parsers.jsontext import compact
from parsers.times import epoch_seconds

TIMESTAMP_OUT_OF_RANGE = "timestamp_out_of_range"
END_BEFORE_START = "end_before_start"


def row_of(
    typed: str, begun: Decimal | None, ended: Decimal | None, code: int | None, cwd: str | None, told: dict[str, Any]
) -> dict[str, Any]:
    """Return the columns of a `process` row. Times are seconds since 1970; xonsh ends a command with a newline."""
    start = epoch_seconds(begun) if begun is not None else None
    end = epoch_seconds(ended) if ended is not None else None
    notes = [] if start or begun is None else [TIMESTAMP_OUT_OF_RANGE]
    if start and end and end.us < start.us:
        told = told | {"ended": str(ended)}
        notes.append(END_BEFORE_START)
        end = None
    extra = {key: item for key, item in told.items() if item is not None}
    return (dict(start.columns()) if start else {}) | {
        "ts_end": end.us if end else None,
        "kind": "history",
        "command": typed.removesuffix("\n"),
        "argv_basis": "typed",
        "cwd": cwd,
        "succeeded": None if code is None else code == 0,
        "exit_code": code,
        "duration_us": end.us - start.us if start and end else None,
        "shell": "xonsh",
        "notes": notes or None,
        "extra": compact(extra) if extra else None,
    }
