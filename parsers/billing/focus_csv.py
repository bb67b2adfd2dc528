"""FOCUS cost and usage data sets as CSV, versions 1.0 to 1.4.

Source of the format: FinOps-Open-Cost-and-Usage-Spec/FOCUS_Spec, specification/columns and specification/attributes
(null_handling, numeric_format, datetime_format), v1.0 to v1.2; 1.3 and 1.4 after the models of focus-data-toolkit.

Columns are found by name, in any order and case. One record is one charge; `ts` .. `ts_end` is the charge period,
its end exclusive like that of every FOCUS period. FOCUS times are UTC: where exporters leave the Z out they are read
so, and noted. An empty field and a literal NULL are null. `ProviderName` was replaced by `ServiceProviderName` in 1.3
and left out in 1.4. The other data sets (contract commitments, invoices, billing periods) hold no charges: they are
not this format.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from parsers.billing.lines import DUPLICATE_COLUMNS, BillLines, told_apart
from parsers.contract import Format, Grade, Item
from parsers.csvcells import Cells
from parsers.csvsheet import Converted, WholeRecords, header_of, read_sheet
from parsers.csvtext import Flags
from parsers.source import Source

FORMAT = Format(name="focus_csv", title="FOCUS cost and usage (CSV)", tables=("charge",), signature=True, version=2)

REQUIRED = frozenset({"billedcost", "billingcurrency", "billingaccountid", "chargeperiodstart", "chargeperiodend"})
TEXTS = {
    "billing_account_id": "BillingAccountId",
    "sub_account_id": "SubAccountId",
    "sub_account_name": "SubAccountName",
    "invoice_id": "InvoiceId",
    "service_name": "ServiceName",
    "service_category": "ServiceCategory",
    "charge_category": "ChargeCategory",
    "charge_class": "ChargeClass",
    "charge_description": "ChargeDescription",
    "charge_frequency": "ChargeFrequency",
    "billing_currency": "BillingCurrency",
    "consumed_unit": "ConsumedUnit",
    "pricing_unit": "PricingUnit",
    "sku_id": "SkuId",
    "resource_id": "ResourceId",
    "resource_name": "ResourceName",
    "resource_type": "ResourceType",
    "region_id": "RegionId",
}
AMOUNTS = {
    "effective_cost": "EffectiveCost",
    "list_cost": "ListCost",
    "contracted_cost": "ContractedCost",
    "list_unit_price": "ListUnitPrice",
    "consumed_quantity": "ConsumedQuantity",
    "pricing_quantity": "PricingQuantity",
}
MAPPED = REQUIRED | {"billingperiodstart", "billingperiodend", "tags"}
MAPPED |= {name.lower() for name in (*TEXTS.values(), *AMOUNTS.values())}
NULLS = frozenset({"", "NULL"})


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """Grade a head: cost, currency, account and charge period under their FOCUS names are FOCUS."""
    return Grade.STRONG if header_of(head, layout_of) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one `charge` row a record; header lines and blank lines are structure."""
    return read_sheet(source, "charge", layout_of)


def layout_of(header: tuple[str, ...]) -> FocusLayout | None:
    """Return the layout of a FOCUS header, None of anything else."""
    names, repeated = told_apart(tuple(name.casefold() for name in header))
    if not REQUIRED.issubset(names) or repeated & MAPPED:
        return None
    return FocusLayout(header, names, bool(repeated))


@dataclass(frozen=True)
class FocusLayout(WholeRecords):
    """The columns of one header: as printed, and by their lower-case names."""

    names: tuple[str, ...]
    has_duplicates: bool

    def convert(self, columns: list[pa.StringArray], undecodable: Flags) -> Converted:
        """Return the columns of `charge`."""
        cells = Cells(self.names, columns, undecodable, NULLS)
        lines = BillLines(cells, self.header)
        if self.has_duplicates:
            lines.note(DUPLICATE_COLUMNS, np.ones(len(cells), np.bool_))
        for column, name in TEXTS.items():
            lines.text(column, name.lower())
        lines.amount("billed_cost", "billedcost", required=True)
        for column, name in AMOUNTS.items():
            lines.amount(column, name.lower())
        lines.period("chargeperiodstart", "chargeperiodend")
        lines.time("billing_period_start", "billingperiodstart")
        lines.time("billing_period_end", "billingperiodend")
        lines.statement("billingaccountid", "billingperiodstart")
        lines.tags(cells.text("tags"), "tags")
        provider = "providername" if cells.has("providername") else "serviceprovidername"
        lines.text("provider_name", provider)
        lines.rest(MAPPED | {provider})
        return lines.converted()
