"""Documents of runs with values of the wrong kind in them: still JSON, no longer the format. Nothing is lost."""

from __future__ import annotations

import json
import random
from typing import Any

import golden
import pytest

from parsers.formats import parser_of
from parsers.source import Source

FORMATS = (
    *("swe_agent", "mini_swe_agent", "openhands", "gemini_cli", "google_ai_studio"),
    *("claude_web", "claude_history", "claude_index", "codex_history"),
)
SAMPLES = [(name, sample) for name in FORMATS for sample in golden.samples(golden.DATA / name)]
ODD = [
    None,
    True,
    0,
    -1,
    1 << 70,
    1.5,
    "",
    "x" * 5000,
    [],
    {},
    [[]],
    [None],
    {"type": []},
    "2026-99-99T00:00:00Z",
    "{}",
]
SEEDS = 60


def _scrambled(value: Any, dice: random.Random, share: float) -> Any:
    if dice.random() < share:
        return dice.choice(ODD)
    if isinstance(value, dict):
        return {key: _scrambled(item, dice, share) for key, item in value.items()}
    return [_scrambled(item, dice, share) for item in value] if isinstance(value, list) else value


def _documents(data: bytes) -> list[Any]:
    """Return the whole documents of a sample: one, or one a line."""
    try:
        return [json.loads(data)]
    except ValueError:
        found = []
        for line in data.split(b"\n"):
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_values_of_any_kind(name, sample):
    documents = _documents((golden.DATA / name / sample).read_bytes())
    for seed in range(SEEDS if documents else 0):
        dice = random.Random(f"{name}/{sample}/{seed}")
        share = dice.choice([0.01, 0.04, 0.15, 0.4])
        data = b"\n".join(json.dumps(_scrambled(document, dice, share)).encode() for document in documents)
        books, tables = golden.tables_of(Source.of_bytes(data), parser_of(name))
        assert books.stream_bytes == len(data)
        for row in tables["quarantine"].to_pylist() if "quarantine" in tables else []:
            assert " where an object was expected" in row["reason"], (seed, row["reason"])
        keys = [
            (row["record"], row["part"])
            for table in tables
            if table not in ("quarantine", "locator")
            for row in tables[table].select(["record", "part"]).to_pylist()
        ]
        assert len(keys) == len(set(keys))
