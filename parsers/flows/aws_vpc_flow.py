"""AWS VPC flow logs as text: files in S3, tables and answers of Insights as CSV, lines exported from CloudWatch Logs.

Source of the format: AWS documentation, "Flow log records" (`parsers.flows.vpc_fields` has the fields), and "Exporting
log data to Amazon S3" for lines that begin with the time at which CloudWatch took them in.

One record is one line. In S3 the first line names the fields, in whatever order they were chosen. Lines from CloudWatch
name none: they are read in the order of AWS's documentation, which has one number of fields for each version; beyond
the default format of 14 fields that order is an assumption and noted. The version that a record gives says nothing of
its layout.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.contract import HEAD_BYTES, Format, Grade, Item
from parsers.csvsheet import header_of, read_sheet
from parsers.csvtext import decoded_fields, first_fields
from parsers.flows import vpc_fields
from parsers.flows.vpc_fields import DEFAULT_FIELDS
from parsers.flows.vpc_layout import VpcLayout, layout_of, unnamed
from parsers.source import Source

FORMAT = Format(name="aws_vpc_flow", title="AWS VPC flow logs (text)", tables=vpc_fields.TABLES, signature=True)

_DELIMITERS = (b" ", b",")
_LINES = 16


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """Grade a head: its first line names AWS's fields, or most of its first lines are such records."""
    return Grade.STRONG if _start_of(head) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one `flow` row a record, or a `coverage_gap`; header lines and blank lines are structure."""
    with source.open() as stream:
        found = _start_of(stream.read(HEAD_BYTES))
    delimiter, layout = found or (b" ", unnamed(len(DEFAULT_FIELDS)))
    given = None if layout is None or layout.named else layout
    return read_sheet(source, "flow", _header, delimiter=delimiter, layout=given)


def _start_of(head: bytes) -> tuple[bytes, VpcLayout] | None:
    """Return the delimiter and the layout with which a head begins."""
    return header_of(head, _header, _DELIMITERS) or _without_header(head)


def _header(fields: tuple[str, ...]) -> VpcLayout | None:
    names = vpc_fields.field_names(fields) if len(fields) > 2 else None
    return VpcLayout(names, named=True) if names else None


def _without_header(head: bytes) -> tuple[bytes, VpcLayout] | None:
    lines = [line for line in first_fields(head, b" ", _LINES) if line != (b"",)]
    if len(lines) > 1 and len(head) >= HEAD_BYTES:
        lines.pop()  # may be cut off
    found = [layout for layout in (layout_of(decoded_fields(line)[0]) for line in lines) if layout]
    return (b" ", found[0]) if 2 * len(found) > len(lines) else None
