"""OpenAI's usage: pages of `GET /v1/organization/usage/completions` and its siblings.

Source of the format: platform.openai.com, API reference, Usage: buckets of a minute, an hour or a day with
`organization.usage.*.result`.

One bucket is one record and gives one `usage_metric` row for each count of tokens in its results: `unit` is the
count's own name, `resource_id` the API key; model, project, user and the number of requests stay in `extra`.
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
    name="openai_usage", title="OpenAI organization usage", tables=("usage_metric", "coverage_gap"), signature=True
)

KIND = "organization.usage."


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most records are buckets of usage results."""
    return head_grade(head, LISTS, (KIND.encode(), b"start_time"), lambda value: _results(value) is not None)


def read(source: Source) -> Iterator[Item]:
    """Yield one `usage_metric` row a count of tokens."""
    return read_objects(source, "usage_metric", LISTS, _lines, converted)


def _results(bucket: dict[str, Any]) -> list[dict[str, Any]] | None:
    if "start_time" not in bucket:
        return None
    return results_of(bucket, lambda result: str(result.get("object")).startswith(KIND))


def _lines(record: JsonRecord) -> list[BillLine] | str:
    lines = lines_of(record, _results(record.value), "no bucket of usage")
    return lines if isinstance(lines, str) else token_lines(lines, "start_time", "end_time")
