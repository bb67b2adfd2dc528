"""The columns of Google Cloud's billing export as columns of `charge`, the same in CSV and in JSON.

One line is an hour or more of one SKU. `billed_cost` is the cost before credits, as printed; `effective_cost` is what
is left of it, which may be negative (computed: noted, no text beside it), the credits themselves stay in `extra`. Times
are UTC; `invoice.month` is a month in Los Angeles, so the billing period begins at 7 or 8 o'clock UTC. `export_time` is
when the line came to be known: late lines and corrections are lines of their own.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parsers.billing.lines import DUPLICATE_COLUMNS, BillLines, told_apart
from parsers.csvcells import Amounts, Cells, each, flags, present, spread
from parsers.csvsheet import Converted, WholeRecords
from parsers.csvtext import Flags
from parsers.jsontext import JsonFault, compact, decode
from parsers.money import held
from parsers.schema import BOOL, INT, MONEY, STRING
from parsers.times import iso

COMPUTED = "effective_cost_computed"
CREDITS_UNREADABLE = "credits_unreadable"
ENDS_EARLIER = "ends_before_it_begins"

REQUIRED = frozenset({"billing_account_id", "sku_id", "usage_start_time", "usage_end_time", "cost", "currency"})
TEXTS = {
    "billing_account_id": "billing_account_id",
    "sub_account_id": "project_id",
    "sub_account_name": "project_name",
    "service_name": "service_description",
    "charge_description": "sku_description",
    "billing_currency": "currency",
    "consumed_unit": "usage_unit",
    "pricing_unit": "usage_pricing_unit",
    "sku_id": "sku_id",
    "resource_id": "resource_global_name",
    "resource_name": "resource_name",
    "native_type": "cost_type",
}
AMOUNTS = {
    "list_cost": "cost_at_list",
    "list_unit_price": "price_list_price",
    "consumed_quantity": "usage_amount",
    "pricing_quantity": "usage_amount_in_pricing_units",
}
CATEGORIES = {
    "regular": "Usage",
    "tax": "Tax",
    "credit": "Credit",
    "adjustment": "Adjustment",
    "rounding_error": "Adjustment",
}
MAPPED = REQUIRED | {*TEXTS.values(), *AMOUNTS.values()} | {"labels", "export_time", "location_region"}

_EXACT = Context(prec=80)
_MONTH = re.compile(r"(20(?:0[7-9]|[1-9]\d))(0[1-9]|1[0-2])")
_SUMMER = range(4, 12)  # a month that begins in daylight saving time, by the rule that holds since 2007
_MOST_BYTES = 1 << 20
# a text or word of Python, as `str()` of a list of dictionaries writes them; what is not closed ends the text, so that
# it is looked at once
_PYTHON = re.compile(r"""'(?:[^'\\]|\\.)*(?:'|\\?\Z)|"(?:[^"\\]|\\.)*(?:"|\\?\Z)|\b(?:None|True|False)\b""", re.DOTALL)
_WORDS = {"None": "null", "True": "true", "False": "false"}


def canonical(name: str) -> str:
    """Return a column's name as it is once `service.id` and `service_id` are the same."""
    return name.casefold().replace(".", "_")


@dataclass(frozen=True)
class GcpLayout(WholeRecords):
    """The columns of one header: as printed, and by canonical name."""

    names: tuple[str, ...]
    has_duplicates: bool = False

    def convert(self, columns: list[pa.StringArray], undecodable: Flags) -> Converted:
        """Return the columns of `charge`."""
        cells = Cells(self.names, columns, undecodable)
        lines = BillLines(cells, self.header)
        lines.note(DUPLICATE_COLUMNS, np.ones(len(cells), np.bool_) & self.has_duplicates)
        for column, name in TEXTS.items():
            lines.text(column, name)
        for column, name in AMOUNTS.items():
            lines.amount(column, name)
        _net(lines, lines.amount("billed_cost", "cost", required=True))
        lines.columns["provider_name"] = "Google Cloud"
        lines.columns["charge_category"] = each(cells.text("cost_type"), CATEGORIES.get, STRING)
        lines.columns["region_id"] = pc.coalesce(cells.text("location_region"), cells.text("location_location"))
        lines.period("usage_start_time", "usage_end_time")
        first, last = lines.columns["ts"], lines.columns["ts_end"]
        lines.note(ENDS_EARLIER, flags(pc.less(last, first)))
        lines.time("known_at", "export_time")
        _billing_period(lines)
        lines.tags(each(cells.text("labels"), _labels, STRING), "labels")
        lines.rest(MAPPED)
        return lines.converted()


def layout_of(header: tuple[str, ...]) -> GcpLayout | None:
    """Return the layout of an export's header, None of anything else."""
    names, repeated = told_apart(tuple(canonical(name) for name in header))
    if not REQUIRED.issubset(names) or repeated & MAPPED:
        return None
    return GcpLayout(header, names, bool(repeated))


def _net(lines: BillLines, billed: Amounts) -> None:
    """Fill the effective cost: the cost and its credits, where these can be read."""
    sums, known = spread(lines.cells.text("credits"), _credited, [MONEY, BOOL])
    given = present(sums) & flags(known)
    unreadable = present(lines.cells.text("credits")) & ~flags(known)
    values = billed.values.to_pylist()
    credit = sums.to_pylist()
    for at in np.flatnonzero(given | unreadable).tolist():
        values[at] = _sum(values[at], credit[at]) if given[at] else None
    raw = pc.if_else(pa.array(given | unreadable), pa.scalar(None, STRING), billed.raw)
    effective = pa.array(values, MONEY)
    lines.put("effective_cost", billed._replace(values=effective, raw=raw))
    lines.note(COMPUTED, given & present(effective))
    lines.note(CREDITS_UNREADABLE, unreadable)


def _sum(cost: Decimal | None, credit: Decimal) -> Decimal | None:
    if cost is None:
        return None
    return held(_EXACT.add(cost, credit), MONEY)


def _credited(text: str) -> tuple[Decimal | None, bool]:
    """Return the sum of some credits, None where there are none, and whether they could be read."""
    found = json_or_python(text)
    if not isinstance(found, list):
        return None, False
    amounts = [one.get("amount") if isinstance(one, dict) else None for one in found]
    numbers = [_number(amount) for amount in amounts]
    if not all(number is not None and held(number, MONEY) is not None for number in numbers):
        return None, False
    total = Decimal(0)
    for number in numbers:
        total = _EXACT.add(total, number or Decimal(0))
    sum_held = held(total, MONEY)
    return (sum_held if numbers else None), sum_held is not None


def _number(value: Any) -> Decimal | None:
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,20}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?", value):
        return Decimal(value)
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def json_or_python(text: str) -> Any:
    """Read JSON, or what Python writes for the same (`None`, single quotes); None where it is neither."""
    for candidate in (text, _PYTHON.sub(_as_json, text) if len(text) <= _MOST_BYTES else text):
        try:
            return decode(candidate.encode()).value
        except JsonFault:
            continue
    return None


def _as_json(token: re.Match[str]) -> str:
    if token[0] in _WORDS:
        return _WORDS[token[0]]
    try:
        return compact(ast.literal_eval(token[0]))
    except (ValueError, SyntaxError):
        return token[0]


def _labels(text: str) -> str | None:
    """Return a list of keys and values as one object, None for an empty one; other text as it stands."""
    found = json_or_python(text)
    if found in ([], {}):
        return None
    pairs = found if isinstance(found, list) else []
    if not pairs or not all(isinstance(pair, dict) and isinstance(pair.get("key"), str) for pair in pairs):
        return compact(found) if isinstance(found, dict) else text
    tags = {pair["key"]: pair.get("value") for pair in pairs}
    return compact(tags) if len(tags) == len(pairs) else text


def _billing_period(lines: BillLines) -> None:
    """Fill billing period and statement from the invoice's month."""
    month = lines.cells.text("invoice_month")
    first, after, day = spread(month, _month, [INT, INT, STRING])
    lines.columns["billing_period_start"], lines.columns["billing_period_end"] = first, after
    lines.columns["statement_id"] = pc.binary_join_element_wise(lines.cells.text("billing_account_id"), day, "/")


def _month(text: str) -> tuple[int | None, int | None, str | None]:
    """Return begin and end of a month in Los Angeles, and its first day."""
    found = _MONTH.fullmatch(text)
    if not found:
        return None, None, None
    year, month = int(found[1]), int(found[2])
    return _begin(year, month), _begin(year + month // 12, month % 12 + 1), f"{year}-{month:02}-01"


def _begin(year: int, month: int) -> int | None:
    moment = iso(f"{year}-{month:02}-01T{7 if month in _SUMMER else 8:02}:00:00Z")
    return moment.us if moment else None
