"""AWS VPC flow logs as text: files in S3, tables exported as CSV, lines exported from CloudWatch Logs.

Source of the format: AWS documentation, "Flow log records" (`parsers.flows.vpc_fields` has the fields), and "Exporting
log data to Amazon S3" for lines that begin with the time at which CloudWatch took them in.

One record is one line. In S3 the first line names the fields, in whatever order they were chosen. Lines from CloudWatch
name none: they are read in the order of AWS's documentation, which has one number of fields for each version; beyond
the default format of 14 fields that order is an assumption and noted. The version that a record gives says nothing of
its layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from parsers.contract import HEAD_BYTES, Format, Grade, Item
from parsers.csvcells import Cells
from parsers.csvsheet import Converted, header_of, read_sheet
from parsers.csvtext import Flags, decoded_fields, first_fields
from parsers.flows import vpc_fields
from parsers.flows.vpc_fields import ASSUMED_ORDER, DEFAULT_FIELDS, ORDERS
from parsers.source import Source

FORMAT = Format(name="aws_vpc_flow", title="AWS VPC flow logs (text)", tables=vpc_fields.TABLES, signature=True)

INGESTED = "ingested"  # our name for the time that CloudWatch puts before a line

_DELIMITERS = (b" ", b",")
_LINES = 16
_TAKEN_IN = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")
_SHAPES = {
    "version": r"[0-9]{1,2}",
    "account-id": r"[0-9]{6,14}|unknown|-",
    "srcaddr": r"[0-9a-fA-F.:]{2,45}|-",
    "dstaddr": r"[0-9a-fA-F.:]{2,45}|-",
    "srcport": r"[0-9]{1,5}|-",
    "dstport": r"[0-9]{1,5}|-",
    "protocol": r"[0-9]{1,3}|-",
    "packets": r"[0-9]{1,20}|-",
    "bytes": r"[0-9]{1,20}|-",
    "start": r"[0-9]{9,13}",
    "end": r"[0-9]{9,13}",
    "action": r"ACCEPT|REJECT|-",
    "log-status": r"OK|NODATA|SKIPDATA",
    "tgw-id": r"tgw-\S+|-",
}


@dataclass(frozen=True)
class VpcLayout:
    """The fields of a record; `named` tells whether a header says so, else siblings of other widths are read too."""

    fields: tuple[str, ...]
    named: bool

    @property
    def width(self) -> int:
        """Fields of a record."""
        return len(self.fields)

    def narrower(self, width: int) -> VpcLayout | None:
        """Return the layout of another version of the default formats, where no header names the fields."""
        return None if self.named else _unnamed(width, taken_in=self.fields[0] == INGESTED)

    def convert(self, columns: list[pa.StringArray], undecodable: Flags) -> Converted:
        """Return the columns of `flow` and the rows of `coverage_gap`."""
        cells = Cells(self.fields, columns, undecodable, vpc_fields.NULLS)
        assumed = not self.named and self.fields[self.fields[0] == INGESTED :] != DEFAULT_FIELDS
        return vpc_fields.converted(cells, {ASSUMED_ORDER: np.full(len(cells), assumed)})


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """Grade a head: its first line names AWS's fields, or most of its first lines are such records."""
    return Grade.STRONG if _start_of(head) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one `flow` row a record, or a `coverage_gap`; header lines and blank lines are structure."""
    with source.open() as stream:
        found = _start_of(stream.read(HEAD_BYTES))
    delimiter, layout = found or (b" ", _unnamed(len(DEFAULT_FIELDS), taken_in=False))
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
    found = [layout for layout in map(_layout_of, lines) if layout]
    return (b" ", found[0]) if 2 * len(found) > len(lines) else None


def _layout_of(fields: tuple[bytes, ...]) -> VpcLayout | None:
    texts, _ = decoded_fields(fields)
    layout = _unnamed(len(texts), taken_in=bool(_TAKEN_IN.fullmatch(texts[0])))
    if layout is None:
        return None
    fits = all(
        re.fullmatch(_SHAPES[name], text) for name, text in zip(layout.fields, texts, strict=True) if name in _SHAPES
    )
    return layout if fits else None


def _unnamed(width: int, *, taken_in: bool) -> VpcLayout | None:
    for order in ORDERS:
        fields = (INGESTED, *order) if taken_in else order
        if len(fields) == width:
            return VpcLayout(fields, named=False)
    return None
