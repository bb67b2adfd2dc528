"""Anthropic's usage: pages of `GET /v1/organizations/usage_report/messages`.

Source of the format: platform.claude.com/docs, Admin API, Get Messages Usage Report: buckets of a minute, an hour or a
day (`starting_at`, `ending_at`) with results.

One bucket is one record and gives one `usage_metric` row for each count of tokens in its results: `unit` is the
count's own name, `resource_id` the API key (null for the Workbench); model, workspace and tier stay in `extra`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.billing.objects import BillLine, read_objects
from parsers.billing.pages import LISTS, lines_of, results_of
from parsers.billing.token_usage import converted, token_lines
from parsers.contract import Format, Grade, Item
from parsers.jsondocument import head_grade
from parsers.jsonlines import JsonRecord
from parsers.source import Source

FORMAT = Format(
    name="anthropic_usage", title="Anthropic usage report", tables=("usage_metric", "coverage_gap"), signature=True
)


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most records are buckets whose results count uncached input."""
    marks = (b"starting_at", b"ending_at", b"uncached_input_tokens")
    return head_grade(head, LISTS, marks, lambda value: _results(value) is not None)


def read(source: Source) -> Iterator[Item]:
    """Yield one `usage_metric` row a count of tokens."""
    return read_objects(source, "usage_metric", LISTS, _lines, converted)


def _results(bucket: dict[str, Any]) -> list[dict[str, Any]] | None:
    if not {"starting_at", "ending_at"} <= bucket.keys():
        return None
    return results_of(bucket, lambda result: "uncached_input_tokens" in result)


def _lines(record: JsonRecord) -> list[BillLine] | str:
    lines = lines_of(record, _results(record.value), "no bucket of usage")
    return lines if isinstance(lines, str) else token_lines(lines, "starting_at", "ending_at")
