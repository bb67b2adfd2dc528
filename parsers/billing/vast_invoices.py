"""Vast.ai invoices and charges.

Source of the format: docs.vast.ai, API reference, Billing, Search invoices: a list of entries, amounts as texts.

One entry is one record and one `charge` row; times are seconds of UTC. Entries of the type `charge` are usage. Others
are payments in and out (stripe, bitpay, coinbase, crypto.com, transfers, payouts): their type is `native_type`, and
since nothing tells which sign means what, they have no category and no effective cost. No currency is printed (noted).
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from parsers.billing.objects import BillLine, line_of, read_objects
from parsers.billing.pages import bill_lines, epoch_or_iso, without_currency
from parsers.contract import Format, Grade, Item
from parsers.csvcells import blanked, each, flags
from parsers.csvsheet import Converted
from parsers.csvtext import Flags
from parsers.jsondocument import head_grade
from parsers.jsonlines import JsonRecord
from parsers.schema import STRING
from parsers.source import Source

FORMAT = Format(
    name="vast_invoices", title="Vast.ai invoices", tables=("charge", "coverage_gap"), signature=True, version=2
)

LISTS = frozenset({"invoices"})
NEEDED = frozenset({"type", "timestamp", "amount"})
TELLING = NEEDED | {"description", "quantity", "rate"}
TEXTS = {"charge_description": "description", "resource_id": "instance_id", "native_type": "type"}
MAPPED = {*TEXTS.values(), "timestamp", "amount", "quantity", "rate"}


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most records are entries with type, description, time, quantity, rate and amount."""
    return head_grade(head, LISTS, (b"timestamp", b"quantity", b"rate"), lambda value: value.keys() >= TELLING)


def read(source: Source) -> Iterator[Item]:
    """Yield one `charge` row an entry."""
    return read_objects(source, "charge", LISTS, _lines, _converted)


def _lines(record: JsonRecord) -> list[BillLine] | str:
    return [line_of(record)] if record.value.keys() >= NEEDED else "no entry of an invoice"


def _converted(names: tuple[str, ...], columns: list[pa.StringArray], undecodable: Flags) -> Converted:
    lines = bill_lines(names, columns, undecodable, epoch_or_iso)
    for column, name in TEXTS.items():
        lines.text(column, name)
    billed = lines.amount("billed_cost", "amount", required=True)
    paid = ~flags(pc.equal(lines.cells.text("type"), "charge"))
    lines.put("effective_cost", billed._replace(values=blanked(billed.values, paid), raw=blanked(billed.raw, paid)))
    lines.amount("list_unit_price", "rate")
    lines.amount("consumed_quantity", "quantity")
    lines.columns["provider_name"] = "Vast.ai"
    lines.columns["charge_category"] = each(lines.cells.text("type"), {"charge": "Usage"}.get, STRING)
    lines.moment("timestamp")
    without_currency(lines)
    lines.rest(MAPPED)
    return lines.converted()
