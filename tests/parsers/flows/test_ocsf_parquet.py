"""OCSF events as Parquet give the rows of the same events as JSON."""

from __future__ import annotations

import io
import json
from typing import Any

import golden
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from parsers.contract import Grade
from parsers.flows import ocsf_json, ocsf_parquet
from parsers.formats import recognise_head
from parsers.source import Source

PLACES = frozenset({"line", "offset", "length", "extra"})


def written(events: list[dict[str, Any]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(events), sink)
    return sink.getvalue()


def rows(data: bytes, parser: Any) -> dict[str, list[dict[str, Any]]]:
    _, found = golden.tables_of(Source.of_bytes(data), parser)
    return {
        name: [{key: value for key, value in row.items() if key not in PLACES} for row in golden.rows_of(table)]
        for name, table in found.items()
        if name != "quarantine"
    }


def of_class(number: int) -> list[dict[str, Any]]:
    lines = (golden.DATA / "ocsf_json" / "events.jsonl").read_bytes().splitlines()
    events = [json.loads(line) for line in lines if line.startswith(b"{") and line.endswith(b"}")]
    return [event for event in events if event.get("class_uid") == number]


@pytest.mark.parametrize("number", [4001, 4002, 4003])
def test_the_same_rows_as_from_json(number):
    events = of_class(number)
    # Parquet has one type a column: events that do not fit the others are written to files of their own
    fitting = [[event] for event in events]
    assert fitting
    for group in fitting:
        lines = "\n".join(map(json.dumps, group)).encode()
        assert rows(written(group), ocsf_parquet) == rows(lines, ocsf_json)


@pytest.mark.parametrize(
    ("names", "grade"),
    [
        (("class_uid", "category_uid", "metadata", "traffic"), Grade.STRONG),
        (("class_uid", "category_uid", "metadata", "finding_info"), Grade.STRONG),
        (("class_uid", "category_uid", "metadata", "api", "dst_endpoint"), Grade.NONE),
        (("class_uid", "category_uid", "metadata"), Grade.NONE),
        (("class_uid", "traffic"), Grade.NONE),
    ],
)
def test_recognition_by_columns(names, grade):
    data = written([dict.fromkeys(names, 1)])
    assert ocsf_parquet.recognise(data, "x") is grade


def test_real_events_written_as_parquet(shared):
    folder = shared / "data" / "netflow" / "ocsf"
    found = 0
    for path in sorted(folder.rglob("*.ocsf")):
        text = path.read_bytes()
        try:
            value = json.loads(text)
        except ValueError:
            continue
        events = value if isinstance(value, list) else [value]
        if recognise_head(text[:65_536], "x").chosen != "ocsf_json":
            continue
        for event in events:
            try:
                data = written([event])
            except pa.ArrowInvalid:  # lists of mixed types, which no Parquet file holds
                continue
            found += 1
            assert rows(data, ocsf_parquet) == rows(json.dumps(event).encode(), ocsf_json), path
    assert found > 3
