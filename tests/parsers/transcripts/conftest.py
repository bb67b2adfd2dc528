"""What the tests of transcript parsers share: rows of sources made on the spot, and mutated files."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import golden
import pytest

from parsers.contract import Parser
from parsers.source import Source


def lines_of(*values: Any) -> bytes:
    """Write objects (or bytes as they are) as JSON lines."""
    return b"".join((value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n" for value in values)


@pytest.fixture(scope="session")
def transcript() -> Callable[..., list[dict[str, Any]]]:
    """Return the transcript rows of objects written as lines, in order of their place, nulls left out."""

    def read(parser: Parser, *values: Any, table: str = "transcript") -> list[dict[str, Any]]:
        _, tables = golden.tables_of(Source.of_bytes(lines_of(*values)), parser)
        rows = golden.rows_of(tables[table]) if table in tables else []
        return sorted(rows, key=lambda row: (row["record"], row["part"]))

    return read


@pytest.fixture(scope="session")
def scrambled_values() -> Callable[[bytes, int], bytes]:
    """Return a file of JSON lines with some values replaced by others of any kind: still JSON, no longer the format."""
    others = [None, True, 0, -1, 1 << 70, "", "x" * 5000, [], {}, [[]], [None], {"type": []}, "2026-99-99T00:00:00Z"]

    def scramble(data: bytes, seed: int) -> bytes:
        dice = random.Random(seed)
        share = dice.choice([0.01, 0.04, 0.15, 0.4])

        def change(value: Any) -> Any:
            if dice.random() < share:
                return dice.choice(others)
            if isinstance(value, dict):
                return {key: change(item) for key, item in value.items()}
            return [change(item) for item in value] if isinstance(value, list) else value

        made = []
        for line in data.split(b"\n"):
            try:
                made.append(json.dumps(change(json.loads(line))).encode())
            except ValueError:
                made.append(line)
        return b"\n".join(made)

    return scramble
