"""Cells that a spreadsheet shows and does not run."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

_RUNS = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(value: Any) -> Any:
    """Return a cell for CSV: text that begins like a formula, white space aside, gets a leading apostrophe.

    Numbers stay numbers. Full-width forms count as what they look like.
    """
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    bare = unicodedata.normalize("NFKC", text.lstrip(" \n\ufeff\u200b"))
    return f"'{text}" if bare.startswith(_RUNS) else text
