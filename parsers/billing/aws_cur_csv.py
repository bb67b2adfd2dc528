"""AWS cost and usage reports as CSV: the legacy report (`lineItem/UsageType`) and CUR 2.0 (`line_item_usage_type`).

Source of the format: docs.aws.amazon.com/cur/latest/userguide (data dictionary: identity, bill, line item, pricing,
product, reservation, savings plan, split line item columns) and dataexports-migrate; which columns there are depends
on the account, the header tells. Athena's and CUR 2.0's names are the legacy ones in snake case.

One record is one line item; all times are UTC, also where the Z is left out (noted). Billed is the net unblended cost
where discounts made one, else the unblended. Effective follows the amortised views AWS documents: what a commitment
covers costs its effective cost, unused commitment is on the fee lines (sums and differences: noted, no text beside
them), a negation or an upfront fee costs nothing, all else costs what is billed. Line item ids change from one version
of a report to the next: `statement_id` is payer and period. Split cost lines repeat their parent's cost (noted).

Some writers leave out an empty field, so that a record has fewer fields than the header. Such a record is read up to
the last of the columns that check one another (type, dates, currency, costs), if they do; where the fields behind
belong cannot be told, they are kept in `extra` as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parsers.billing.lines import DUPLICATE_COLUMNS, BillLines, told_apart
from parsers.contract import Format, Grade, Item
from parsers.csvcells import Amounts, Cells, amounts, each, flags, json_of, present
from parsers.csvsheet import Converted, header_of, read_sheet
from parsers.csvtext import Flags
from parsers.jsontext import JsonFault, decode
from parsers.money import held
from parsers.schema import MONEY, STRING
from parsers.source import Source

FORMAT = Format(
    name="aws_cur_csv", title="AWS cost and usage report (CSV)", tables=("charge",), signature=True, version=2
)

COMPUTED = "effective_cost_computed"
UNKNOWN = "effective_cost_unknown"
SPLIT = "split_cost_line"

REQUIRED = frozenset({"line_item_line_item_type", "line_item_usage_start_date", "line_item_unblended_cost"})
# columns whose values cannot be mistaken for one another's
CHECKS = REQUIRED | {"line_item_usage_end_date", "line_item_currency_code", "line_item_blended_cost"}
TEXTS = {
    "billing_account_id": "bill_payer_account_id",
    "sub_account_id": "line_item_usage_account_id",
    "sub_account_name": "line_item_usage_account_name",
    "invoice_id": "bill_invoice_id",
    "charge_description": "line_item_line_item_description",
    "billing_currency": "line_item_currency_code",
    "consumed_unit": "pricing_unit",
    "pricing_unit": "pricing_unit",
    "sku_id": "product_sku",
    "resource_id": "line_item_resource_id",
    "native_type": "line_item_line_item_type",
    "actor": "line_item_iam_principal",
}
AMOUNTS = {
    "list_cost": "pricing_public_on_demand_cost",
    "list_unit_price": "pricing_public_on_demand_rate",
    "consumed_quantity": "line_item_usage_amount",
}
CATEGORIES = {
    "Usage": "Usage",
    "DiscountedUsage": "Usage",
    "SavingsPlanCoveredUsage": "Usage",
    "Fee": "Purchase",
    "RIFee": "Purchase",
    "SavingsPlanRecurringFee": "Purchase",
    "SavingsPlanUpfrontFee": "Purchase",
    "Tax": "Tax",
    "Credit": "Credit",
}
# line item type -> the columns that hold its effective cost, the first that is filled counts
EFFECTIVE = {
    "SavingsPlanCoveredUsage": (
        "savings_plan_net_savings_plan_effective_cost",
        "savings_plan_savings_plan_effective_cost",
    ),
    "DiscountedUsage": ("reservation_net_effective_cost", "reservation_effective_cost"),
}
FREE = ("SavingsPlanNegation", "SavingsPlanUpfrontFee")
RESERVATION = "reservation_reservation_arn"
COMMITTED, USED = "savings_plan_total_commitment_to_date", "savings_plan_used_commitment"
UNUSED_UPFRONT = (
    "reservation_net_unused_amortized_upfront_fee_for_billing_period",
    "reservation_unused_amortized_upfront_fee_for_billing_period",
)
UNUSED_RECURRING = ("reservation_net_unused_recurring_fee", "reservation_unused_recurring_fee")
MAPPED = CHECKS - {"line_item_blended_cost"} | {*TEXTS.values(), *AMOUNTS.values()}
MAPPED |= {"bill_billing_period_start_date", "bill_billing_period_end_date", "line_item_net_unblended_cost"}
MAPPED |= {"resource_tags"}

_EXACT = Context(prec=80)
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_CURRENCY = "^[A-Z]{3}$"
_TAGS = ("resourceTags/", "resource_tags_")


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """Grade a head: type, start and unblended cost of line items under AWS's names are a report of AWS's."""
    return Grade.STRONG if header_of(head, layout_of) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one `charge` row a record; header lines and blank lines are structure."""
    return read_sheet(source, "charge", layout_of)


def layout_of(header: tuple[str, ...]) -> CurLayout | None:
    """Return the layout of a report's header, None of anything else."""
    names, repeated = told_apart(tuple(canonical(name) for name in header))
    if not REQUIRED.issubset(names) or repeated & MAPPED:
        return None
    return CurLayout(header, names, bool(repeated), len(header))


def canonical(name: str) -> str:
    """Return a column's name in snake case, the same for `savingsPlan/SavingsPlanARN` and Athena's spelling of it."""
    category, slash, column = name.partition("/")
    if not slash:
        return name.replace("_a_r_n", "_arn")
    return f"{_WORDS.sub('_', category)}_{_WORDS.sub('_', column)}".lower()


@dataclass(frozen=True)
class CurLayout:
    """The columns of one header: as printed, by canonical name; `width` is less where trailing fields have no name."""

    header: tuple[str, ...]
    names: tuple[str, ...]
    has_duplicates: bool
    width: int

    @cached_property
    def last_check(self) -> int:
        """Return the place of the last column that checks the others."""
        return max(at for at, name in enumerate(self.names) if name in CHECKS)

    def narrower(self, width: int) -> CurLayout | None:
        """Return how records of fewer fields are read: up to the last column that checks the others."""
        known = self.last_check + 1
        if not known < width < len(self.header):
            return None
        return CurLayout(self.header[:known], self.names[:known], self.has_duplicates, width)

    def convert(self, columns: list[pa.StringArray], undecodable: Flags) -> Converted:
        """Return the columns of `charge`."""
        known = len(self.names)
        cells = Cells(self.names, columns[:known], undecodable)
        lines = BillLines(cells, self.header)
        every = np.ones(len(cells), np.bool_)
        lines.note(DUPLICATE_COLUMNS, every & self.has_duplicates)
        for column, name in TEXTS.items():
            lines.text(column, name)
        for column, name in AMOUNTS.items():
            lines.amount(column, name)
        self._costs(lines)
        lines.columns["provider_name"] = "AWS"
        lines.columns["charge_category"] = each(cells.text("line_item_line_item_type"), CATEGORIES.get, STRING)
        lines.columns["region_id"] = _first(cells, ("product_region_code", "product_region"))
        lines.columns["service_name"] = pc.coalesce(
            cells.text("product_product_name"),
            each(cells.text("product"), _product_name, STRING),
            cells.text("line_item_product_code"),
        )
        lines.period("line_item_usage_start_date", "line_item_usage_end_date")
        lines.time("billing_period_start", "bill_billing_period_start_date")
        lines.time("billing_period_end", "bill_billing_period_end_date")
        lines.statement("bill_payer_account_id", "bill_billing_period_start_date")
        lines.note(SPLIT, present(cells.text("split_line_item_parent_resource_id")))
        tagged = self._tags(lines)
        lines.rest(MAPPED | tagged)
        if known < self.width:
            self._check(lines)
            lines.unplaced(columns[known:])
        return lines.converted()

    def _costs(self, lines: BillLines) -> None:
        cells = lines.cells
        lines.amount("billed_cost", "line_item_unblended_cost", required=True)
        billed = amounts(_first(cells, ("line_item_net_unblended_cost", "line_item_unblended_cost")), MONEY)
        lines.put("billed_cost", billed)
        effective = _Effective(cells, billed)
        lines.put("effective_cost", effective.amounts)
        lines.note(COMPUTED, effective.computed)
        lines.note(UNKNOWN, ~present(effective.amounts.values) & ~present(effective.amounts.raw))
        if cells.has("line_item_net_unblended_cost"):
            both = present(cells.text("line_item_net_unblended_cost"))
            unblended = pc.if_else(pa.array(both), cells.text("line_item_unblended_cost"), pa.scalar(None, STRING))
            lines.extra.append((lines.printed("line_item_unblended_cost"), unblended))

    def _tags(self, lines: BillLines) -> set[str]:
        """Fill `tags`; return the names of the columns that went there."""
        cells = lines.cells
        found = [
            (at, printed.removeprefix(prefix))
            for at, printed in enumerate(told_apart(self.header)[0])
            for prefix in _TAGS
            if printed.startswith(prefix)
        ]
        if found:
            pairs = [(tag, cells.at(at)) for at, tag in found]
            lines.columns["tags"] = pa.array(json_of(pairs, len(cells)), STRING)
        else:
            lines.tags(cells.text("resource_tags"), "resource_tags")
        return {self.names[at] for at, _ in found}

    def _check(self, lines: BillLines) -> None:
        """Turn down records in which the columns that check one another do not hold what they must."""
        cells = lines.cells
        good = flags(pc.match_substring_regex(cells.text("line_item_currency_code"), _CURRENCY))
        good |= not cells.has("line_item_currency_code")
        for name in ("line_item_unblended_cost", "line_item_blended_cost"):
            cost = amounts(cells.text(name), MONEY)
            good &= ~cost.wrong
        for column in ("ts", "billed_cost_raw", "native_type"):
            good &= present(lines.columns[column])
        lines.faults.add(~good, f"{self.width} fields, fewer than the header names, and which are missing is unclear")


class _Effective:
    """The effective costs of some line items, and which of them were computed from two columns."""

    def __init__(self, cells: Cells, billed: Amounts) -> None:
        types = cells.text("line_item_line_item_type")
        self.computed = np.zeros(len(cells), np.bool_)
        raw = billed.raw
        for kind, names in EFFECTIVE.items():
            raw = pc.if_else(pa.array(flags(pc.equal(types, kind))), _first(cells, names), raw)
        free = flags(pc.is_in(types, pa.array(FREE)))
        free |= flags(pc.equal(types, "Fee")) & present(cells.text(RESERVATION))
        sums: dict[int, Decimal | None] = dict.fromkeys(np.flatnonzero(free).tolist(), Decimal(0))
        for kind, first, second, sign in (
            ("SavingsPlanRecurringFee", (COMMITTED,), (USED,), -1),
            ("RIFee", UNUSED_UPFRONT, UNUSED_RECURRING, 1),
        ):
            places = np.flatnonzero(flags(pc.equal(types, kind))).tolist()
            one, other = (amounts(_first(cells, names), MONEY).values for names in (first, second))
            sums |= {at: _sum(one[at].as_py(), other[at].as_py(), sign) for at in places}
        self.computed[list(sums)] = True
        ruled = pa.array(self.computed)
        direct = amounts(pc.if_else(ruled, pa.scalar(None, STRING), raw), MONEY)
        values = pa.array([sums.get(at) for at in range(len(cells))], MONEY)
        self.amounts = direct._replace(values=pc.if_else(ruled, values, direct.values))
        self.computed &= present(values)


def _sum(one: Decimal | None, other: Decimal | None, sign: int) -> Decimal | None:
    if one is None or other is None:
        return None
    return held(_EXACT.add(one, other if sign > 0 else _EXACT.minus(other)), MONEY)


def _first(cells: Cells, names: tuple[str, ...]) -> pa.StringArray:
    """Return the first text that is there among the columns of these names."""
    return pc.coalesce(*(cells.text(name) for name in names))


def _product_name(text: str) -> Any:
    try:
        product = decode(text.encode()).value
    except JsonFault:
        return None
    name = product.get("product_name") if isinstance(product, dict) else None
    return name if isinstance(name, str) and name else None
