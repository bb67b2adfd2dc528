"""Canonical JSON: one value, one sequence of bytes. What is hashed or compared is written this way."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def encoded(value: Any) -> bytes:
    """Write `value` with sorted keys, UTF-8, no white space, no floats that are no numbers; no newline at the end."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")


def digest(value: Any) -> str:
    """Return the sha256 of the canonical form in hex."""
    return hashlib.sha256(encoded(value)).hexdigest()
