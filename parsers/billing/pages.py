"""What the bills and usage reports of language models' providers have in common: pages of buckets of results.

A page is `{"data": [bucket, ...], "has_more": ..., "next_page": ...}`, a bucket a stretch of time with `results`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from parsers.billing.lines import BillLines, Clock
from parsers.billing.objects import BillLine, line_of
from parsers.csvcells import Cells
from parsers.csvtext import Flags
from parsers.jsonlines import JsonRecord
from parsers.times import Moment, epoch_seconds, iso

LISTS = frozenset({"data"})
CURRENCY_NOT_PRINTED = "currency_not_printed"
_SECONDS = re.compile(r"[0-9]{9,11}(\.[0-9]{1,9})?")


def results_of(bucket: dict[str, Any], is_result: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]] | None:
    """Return the results of a bucket, None where it is none or holds something else."""
    found = bucket.get("results")
    if not isinstance(found, list) or not all(isinstance(one, dict) and is_result(one) for one in found):
        return None
    return found


def lines_of(record: JsonRecord, results: list[dict[str, Any]] | None, fault: str) -> list[BillLine] | str:
    """Return the results of a bucket as lines of a bill, each with the bucket's other members."""
    if results is None:
        return fault
    bucket = {name: item for name, item in line_of(record).items() if name != "results"}
    return [{**bucket, **result} for result in results]


def epoch_or_iso(text: str) -> Moment | None:
    """Read seconds since 1970, or a time as ISO 8601 writes it."""
    return epoch_seconds(text) if _SECONDS.fullmatch(text) else iso(text)


def bill_lines(names: tuple[str, ...], columns: list[pa.StringArray], undecodable: Flags, clock: Clock) -> BillLines:
    """Return lines whose columns are named as in the objects that they come from."""
    return BillLines(Cells(names, columns, undecodable), names, clock)


def without_currency(lines: BillLines) -> None:
    """Note that no currency is printed anywhere."""
    lines.note(CURRENCY_NOT_PRINTED, np.ones(len(lines.cells), np.bool_))
