"""Timesketch: the report's timeline, as CSV and as JSON lines.

Source of the format: google/timesketch docs/guides/user/import-from-json-csv.md (`message`, `datetime`,
`timestamp_desc` must be there; `timestamp` in microseconds since 1970). `time_earliest` and `time_latest` bound the
time; a row without any time cannot be imported and is left out, which is counted.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from forensics.canonical import encoded
from forensics.spreadsheet import safe_cell
from parsers.times import text_of

COLUMNS = (
    "message", "datetime", "timestamp_desc", "timestamp", "time_earliest", "time_latest", "time_basis", "stage",
    "actor", "data_type", "source", "ref",
)  # fmt: skip
_DESCRIBED = {
    "recorded": "time as recorded",
    "assumed_zone": "time as printed, zone assumed",
    "assumed_date": "time as printed, date assumed",
    "clock_corrected": "time as recorded, clock corrected",
    "anchored": "time tied to another record",
    "bounded": "time between other records",
    "imported": "time as imported",
    "none": "time not known",
}


def events(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield one event for each row of the timeline that has a time."""
    for row in rows:
        if row["us"] is None:
            continue
        yield {
            "message": row["text"] or f"{row['kind']} record",
            "datetime": _iso(row["us"]),
            "timestamp_desc": _DESCRIBED[row["basis"]],
            "timestamp": row["us"],
            "time_earliest": _iso(row["earliest_us"]),
            "time_latest": _iso(row["latest_us"]),
            "time_basis": row["basis"],
            "stage": row["stage"],
            "actor": row["actor"],
            "data_type": f"forensics:{row['kind']}",
            "source": row["source"],
            "ref": row["ref"],
        }


def as_csv(rows: Iterable[dict[str, Any]]) -> bytes:
    """Write the events as CSV whose cells no spreadsheet runs."""
    text = io.StringIO()
    # everything quoted: what csv quotes of itself leaves a carriage return bare
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(COLUMNS)
    for event in events(rows):
        writer.writerow([safe_cell(event[name]) for name in COLUMNS])
    return text.getvalue().encode("utf-8")


def as_jsonl(rows: Iterable[dict[str, Any]]) -> bytes:
    """Write the events as JSON lines; what is not known is left out."""
    lines = [
        encoded({name: value for name, value in event.items() if value not in (None, "")}) for event in events(rows)
    ]
    return b"".join(line + b"\n" for line in lines)


def _iso(us: int | None) -> str | None:
    return None if us is None else f"{text_of(us).removesuffix('Z')}+00:00"
