"""The fields of a record of AWS VPC flow logs where no header names them: told by their number, in AWS's order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from parsers.csvcells import Cells
from parsers.csvsheet import Converted
from parsers.csvtext import Flags
from parsers.flows import vpc_fields
from parsers.flows.vpc_fields import ASSUMED_ORDER, DEFAULT_FIELDS, ORDERS

INGESTED = "ingested"  # our name for the time that CloudWatch puts before a line

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

    @property
    def is_assumed(self) -> bool:
        """Tell that nothing but their number speaks for these fields in this order."""
        return not self.named and self.fields[self.fields[0] == INGESTED :] != DEFAULT_FIELDS

    def narrower(self, width: int) -> VpcLayout | None:
        """Return the layout of another version of the default formats, where no header names the fields."""
        return None if self.named else unnamed(width, taken_in=self.fields[0] == INGESTED)

    def convert(self, columns: list[pa.StringArray], undecodable: Flags) -> Converted:
        """Return the columns of `flow` and the rows of `coverage_gap`."""
        cells = Cells(self.fields, columns, undecodable, vpc_fields.NULLS)
        return vpc_fields.converted(cells, {ASSUMED_ORDER: np.full(len(cells), self.is_assumed)})


def unnamed(width: int, *, taken_in: bool = False) -> VpcLayout | None:
    """Return the layout of records of `width` fields (with the time of intake first), None if AWS has none such."""
    for order in ORDERS:
        fields = (INGESTED, *order) if taken_in else order
        if len(fields) == width:
            return VpcLayout(fields, named=False)
    return None


def layout_of(texts: Sequence[str]) -> VpcLayout | None:
    """Return the layout of a record without header, None where its fields do not look like that."""
    layout = unnamed(len(texts), taken_in=bool(_TAKEN_IN.fullmatch(texts[0])))
    if layout is None:
        return None
    fits = all(
        re.fullmatch(_SHAPES[name], text) for name, text in zip(layout.fields, texts, strict=True) if name in _SHAPES
    )
    return layout if fits else None
