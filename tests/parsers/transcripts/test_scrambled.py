"""Samples whose values are replaced by others of any kind: still JSON, no longer the format, and read without loss."""

from __future__ import annotations

import json

import golden
import pytest

from parsers.formats import parser_of
from parsers.source import Source

FORMATS = (
    "atif",
    "inspect_log",
    "openai_agents_trace",
    "openai_run_state",
    "openclaw_telemetry",
    "otlp_json",
    "tau_bench",
)
SAMPLES = [(name, sample) for name in FORMATS for sample in golden.samples(golden.DATA / name)]
SEEDS = 40


def _on_one_line(data: bytes) -> bytes:
    """Write a printed document as a line; what is none (lines, torn documents) stays as it is."""
    try:
        return json.dumps(json.loads(data)).encode()
    except ValueError:
        return data


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_values_of_any_kind_are_read_without_loss(scrambled_values, name, sample):
    data = _on_one_line((golden.DATA / name / sample).read_bytes())
    for seed in range(SEEDS):
        changed = scrambled_values(data, seed)
        books, tables = golden.tables_of(Source.of_bytes(changed), parser_of(name))
        assert books.stream_bytes == len(changed)
        for table in tables.values():
            table.validate(full=True)
        reasons = tables["quarantine"].column("reason").to_pylist() if "quarantine" in tables else []
        assert not [reason for reason in reasons if reason.startswith("the parser stopped")], seed
