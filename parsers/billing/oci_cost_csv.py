"""Oracle Cloud cost reports (`reports/cost-csv`).

Source of the format: docs.oracle.com, Cloud Billing, cost and usage reports overview: cost report schema.

One record is one line item of an hour; times are UTC. `billed_cost` and `effective_cost` are `cost/myCost`; what lies
above a commitment (`cost/myCostOverage`) stays in `extra`. A correction names the line that it corrects by
`lineItem/backreferenceNo` (in `extra`, like the line's own number): both lines stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parsers.billing.lines import DUPLICATE_COLUMNS, BillLines, told_apart
from parsers.contract import Format, Grade, Item
from parsers.csvcells import Cells, each, json_of
from parsers.csvsheet import Converted, WholeRecords, header_of, read_sheet
from parsers.csvtext import Flags
from parsers.schema import STRING
from parsers.source import Source

FORMAT = Format(
    name="oci_cost_csv", title="Oracle Cloud cost report (CSV)", tables=("charge",), signature=True, version=2
)

REQUIRED = frozenset(
    {"lineitem/intervalusagestart", "lineitem/intervalusageend", "lineitem/tenantid", "cost/mycost", "product/service"}
)
TEXTS = {
    "billing_account_id": "lineitem/tenantid",
    "sub_account_id": "product/compartmentid",
    "sub_account_name": "product/compartmentname",
    "service_name": "product/service",
    "charge_description": "product/description",
    "billing_currency": "cost/currencycode",
    "consumed_unit": "cost/skuunitdescription",
    "pricing_unit": "cost/billingunitreadable",
    "sku_id": "cost/productsku",
    "resource_id": "product/resourceid",
    "region_id": "product/region",
}
AMOUNTS = {"billed_cost": "cost/mycost", "effective_cost": "cost/mycost", "consumed_quantity": "usage/billedquantity"}
MAPPED = REQUIRED | {*TEXTS.values(), *AMOUNTS.values()}
_CORRECTION = {"true": "Correction"}
_TAGS = "tags/"


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """Grade a head: tenant, service, interval and cost of line items under Oracle's names are its cost report."""
    return Grade.STRONG if header_of(head, layout_of) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one `charge` row a record; header lines and blank lines are structure."""
    return read_sheet(source, "charge", layout_of)


def layout_of(header: tuple[str, ...]) -> OciLayout | None:
    """Return the layout of a cost report's header, None of anything else."""
    names, repeated = told_apart(tuple(name.casefold() for name in header))
    if not REQUIRED.issubset(names) or repeated & MAPPED:
        return None
    return OciLayout(header, names, bool(repeated))


@dataclass(frozen=True)
class OciLayout(WholeRecords):
    """The columns of one header: as printed, and by their lower-case names."""

    names: tuple[str, ...]
    has_duplicates: bool

    def convert(self, columns: list[pa.StringArray], undecodable: Flags) -> Converted:
        """Return the columns of `charge`."""
        cells = Cells(self.names, columns, undecodable)
        lines = BillLines(cells, self.header)
        lines.note(DUPLICATE_COLUMNS, np.ones(len(cells), np.bool_) & self.has_duplicates)
        for column, name in TEXTS.items():
            lines.text(column, name)
        for column, name in AMOUNTS.items():
            lines.amount(column, name, required=column == "billed_cost")
        lines.columns["provider_name"] = "Oracle"
        lines.columns["charge_class"] = each(
            pc.utf8_lower(cells.text("lineitem/iscorrection")), _CORRECTION.get, STRING
        )
        lines.period("lineitem/intervalusagestart", "lineitem/intervalusageend")
        tagged = self._tags(lines)
        lines.rest(MAPPED | tagged)
        return lines.converted()

    def _tags(self, lines: BillLines) -> set[str]:
        """Fill `tags`; return the names of the columns that went there."""
        found = [at for at, name in enumerate(self.names) if name.startswith(_TAGS)]
        printed = told_apart(self.header)[0]
        pairs = [(printed[at][len(_TAGS) :], lines.cells.at(at)) for at in found]
        lines.columns["tags"] = pa.array(json_of(pairs, len(lines.cells)), STRING)
        return {self.names[at] for at in found}
