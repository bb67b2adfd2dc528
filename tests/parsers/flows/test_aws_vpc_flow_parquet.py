"""AWS VPC flow logs as Parquet give the rows of the same logs as text."""

from __future__ import annotations

import io

import golden
import pyarrow as pa
import pyarrow.parquet as pq

from parsers.contract import Grade
from parsers.flows import aws_vpc_flow, aws_vpc_flow_parquet
from parsers.flows.vpc_fields import DEFAULT_FIELDS
from parsers.source import Source

NUMBERS = {"version", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end"}
PLACES = {"line", "offset", "length"}


def written(lines: list[str]) -> bytes:
    columns = {}
    for name, cells in zip(DEFAULT_FIELDS, zip(*(line.split() for line in lines), strict=True), strict=True):
        values = [None if cell == "-" else int(cell) for cell in cells] if name in NUMBERS else list(cells)
        columns[name.replace("-", "_")] = pa.array(values, pa.int64() if name in NUMBERS else pa.string())
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def test_the_same_rows_as_from_text():
    text = (golden.DATA / "aws_vpc_flow" / "default.log").read_text()
    fitting = [line for line in text.split("\n") if len(line.split()) == 14 and "70000" not in line]
    _, from_text = golden.tables_of(Source.of_bytes("\n".join(fitting).encode()), aws_vpc_flow)
    _, from_rows = golden.tables_of(Source.of_bytes(written(fitting)), aws_vpc_flow_parquet)
    for table in ("flow", "coverage_gap"):
        rows = [{key: row[key] for key in row.keys() - PLACES} for row in golden.rows_of(from_text[table])]
        assert golden.rows_of(from_rows[table]) == rows


def test_other_schemas_are_not_claimed():
    sink = io.BytesIO()
    pq.write_table(pa.table({"srcaddr": ["a"], "b": [1], "c": [2]}), sink)
    assert aws_vpc_flow_parquet.recognise(sink.getvalue(), "vpcflowlogs.parquet") is Grade.NONE
