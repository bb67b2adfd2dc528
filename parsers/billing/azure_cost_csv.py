"""Azure cost exports as CSV: actual and amortised cost under EA, MCA and older agreements.

Source of the format: learn.microsoft.com/azure/cost-management-billing, automate/understand-usage-details-fields and
dataset-schema (cost-usage-details-ea, -mca, legacy usage details), and what portals of other languages make of it.

One record is one line of one day; days are UTC, ends of periods are exclusive here and inclusive there. Dates with
slashes have the month first unless a date of the file shows that they do not (so times rest on the whole file).

An export does not say whether its costs are actual or amortised, its lines do: what a reservation or savings plan
covers costs nothing in the one and its share in the other, where no purchase is. So a cost of such usage is
`effective_cost` only (noted), its purchase `billed_cost` only; all other lines cost the same in both and fill both.
Adding up two exports of one month counts these twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parsers.billing import azure_columns as azure
from parsers.billing.azure_columns import DateOrder, canonical, first_of
from parsers.billing.lines import DUPLICATE_COLUMNS, BillLines, told_apart
from parsers.contract import Format, Grade, Item
from parsers.csvcells import Cells, amounts, blanked, each, flags, present
from parsers.csvsheet import Converted, header_of, read_sheet
from parsers.csvtext import Flags, decoded_fields, stretches
from parsers.jsontext import JsonFault, decode
from parsers.schema import INT, MONEY, STRING
from parsers.source import Source
from parsers.times import DAY

FORMAT = Format(
    name="azure_cost_csv",
    title="Azure cost export (CSV)",
    tables=("charge",),
    signature=True,
    carried=("ts", "ts_end", "ts_precision_us", "billing_period_start", "billing_period_end", "statement_id"),
    version=2,
)

AMORTISED = "amortised_cost"
UNKNOWN = "effective_cost_unknown"
BRACES_ADDED = "braces_added_to_tags"

REQUIRED = (azure.COST, azure.DATE, azure.SUBSCRIPTION, azure.METER)
# columns whose values cannot be mistaken for one another's
CHECKS = (*REQUIRED, azure.RESOURCE)
COMMITMENTS = ("Reservation", "SavingsPlan")


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """Grade a head: cost, date, subscription and meter category under Azure's names are an export of Azure's."""
    return Grade.STRONG if header_of(head, layout_of) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one `charge` row a record; header lines and blank lines are structure."""
    return read_sheet(source, "charge", partial(layout_of, dates=_order_of(source)))


def layout_of(header: tuple[str, ...], dates: DateOrder = DateOrder()) -> AzureLayout | None:  # noqa: B008
    """Return the layout of an export's header, None of anything else."""
    names, repeated = told_apart(tuple(canonical(name) for name in header))
    found = [first_of(names, candidates) for candidates in REQUIRED]
    if not all(found) or repeated & {name for name in found if name}:
        return None
    return AzureLayout(header, names, bool(repeated), len(header), dates)


def _order_of(source: Source) -> DateOrder:
    """Look at every date with slashes in the file."""
    order, layout = DateOrder(), None
    for stretch in stretches(source):
        if layout is None:
            heads = (layout_of(tuple(decoded_fields(stretch.fields(at))[0])) for at in range(min(len(stretch), 64)))
            layout = next((head for head in heads if head), None)
        if layout is None:
            continue
        records = np.flatnonzero(stretch.widths == layout.width)
        if len(records):
            columns, _ = stretch.columns(records, layout.width)
            for candidates in (azure.DATE, azure.PERIOD_START, azure.PERIOD_END):
                name = first_of(layout.names, candidates)
                for text in columns[layout.names.index(name)].unique().to_pylist() if name else ():
                    order = order.seeing(text)
    return order


@dataclass(frozen=True)
class AzureLayout:
    """The columns of one header: as printed, by canonical name; `width` is less where trailing fields have no name."""

    header: tuple[str, ...]
    names: tuple[str, ...]
    has_duplicates: bool
    width: int
    dates: DateOrder

    def narrower(self, width: int) -> AzureLayout | None:
        """Return how records of fewer fields are read: up to the last column that checks the others."""
        places = [self.names.index(name) for checks in CHECKS if (name := first_of(self.names, checks))]
        known = max(places) + 1
        if not known < width < len(self.header):
            return None
        return AzureLayout(self.header[:known], self.names[:known], self.has_duplicates, width, self.dates)

    def convert(self, columns: list[pa.StringArray], undecodable: Flags) -> Converted:
        """Return the columns of `charge`."""
        known = len(self.names)
        cells = Cells(self.names, columns[:known], undecodable)
        lines = BillLines(cells, self.header, self.dates.read)
        lines.note(DUPLICATE_COLUMNS, np.ones(len(cells), np.bool_) & self.has_duplicates)
        mapped: set[str] = set()

        def named(candidates: tuple[str, ...]) -> str | None:
            name = first_of(self.names, candidates)
            mapped.update({name} if name else ())
            return name

        for column, candidates in azure.TEXTS.items():
            lines.text(column, named(candidates))
        for column, candidates in azure.AMOUNTS.items():
            lines.amount(column, named(candidates))
        _costs(lines, named(azure.COST), named(azure.PRICING))
        lines.columns["provider_name"] = "Microsoft"
        lines.columns["charge_category"] = _word(cells.text(named(azure.CHARGE_TYPE)), azure.CATEGORIES)
        lines.columns["charge_frequency"] = _word(cells.text(named(azure.FREQUENCY)), azure.FREQUENCIES)
        _times(lines, named(azure.DATE), named(azure.PERIOD_START), named(azure.PERIOD_END))
        lines.statement(named(azure.ACCOUNT), named(azure.PERIOD_START))
        _tags(lines, named(azure.TAGS))
        lines.rest(mapped - ({azure.FREQUENCY[0], azure.PRICING[0]}))
        if known < self.width:
            _check(lines, self)
            lines.unplaced(columns[known:])
        return lines.converted()


def _word(cells: pa.StringArray, words: dict[str, str]) -> pa.Array:
    return each(cells, lambda text: words.get(text.casefold()), STRING)


def _costs(lines: BillLines, cost: str | None, pricing: str | None) -> None:
    """Fill billed and effective cost with the one cost there is, as far as it is either."""
    found = amounts(lines.cells.text(cost), MONEY)
    lines.faults.add(found.wrong, f"{lines.printed(cost)} is no number")
    committed = flags(pc.is_in(lines.cells.text(pricing), pa.array(COMMITMENTS)))
    bought = flags(pc.is_in(lines.columns["native_type"], pa.array(("Purchase", "Refund"))))
    costs_nothing = flags(pc.equal(found.values, pa.scalar(0, MONEY)))
    amortised = committed & ~bought & ~costs_nothing & present(found.raw)
    unknown = committed & ~amortised
    for column, where in (("billed_cost", amortised), ("effective_cost", unknown)):
        lines.put(column, found._replace(values=blanked(found.values, where), raw=blanked(found.raw, where)))
    lines.note(AMORTISED, amortised)
    lines.note(UNKNOWN, unknown)


def _times(lines: BillLines, date: str | None, start: str | None, end: str | None) -> None:
    """Fill the day of a line and its billing period, whose last day is the last one in it."""
    found = lines.utc(date)
    lines.faults.add(found.wrong, f"{lines.printed(date)} is no time")
    at_midnight = found.us.fill_null(1).to_numpy() % DAY == 0
    lines.columns["ts"], lines.columns["ts_precision_us"] = found.us, found.precision_us
    lines.columns["ts_end"] = blanked(pc.add(found.us, pa.scalar(DAY, INT)), ~at_midnight)
    for column, name, after in (("billing_period_start", start, 0), ("billing_period_end", end, DAY)):
        if name is not None:
            lines.time(column, name)
            lines.columns[column] = pc.add(lines.columns[column], pa.scalar(after, INT))


def _tags(lines: BillLines, name: str | None) -> None:
    """Fill `tags`; an object whose braces an export has left out gets them back."""
    if name is None:
        return
    cells = lines.cells.text(name)
    bare = flags(pc.starts_with(cells, '"')) & present(each(cells, _braced, STRING))
    lines.tags(pc.if_else(pa.array(bare), each(cells, _braced, STRING), cells), name)
    lines.note(BRACES_ADDED, bare)


def _braced(text: str) -> str | None:
    try:
        decode(f"{{{text}}}".encode())
    except JsonFault:
        return None
    return f"{{{text}}}"


def _check(lines: BillLines, layout: AzureLayout) -> None:
    """Turn down ragged records in which the columns that check one another do not hold what they must."""
    good = present(lines.columns["ts"]) & present(lines.cells.text(first_of(layout.names, azure.COST)))
    good &= present(lines.cells.text(first_of(layout.names, azure.METER)))
    resource = lines.cells.text(first_of(layout.names, azure.RESOURCE))
    good &= flags(pc.starts_with(resource, "/")) | ~present(resource)
    lines.faults.add(~good, f"{layout.width} fields, fewer than the header names, and which are missing is unclear")
