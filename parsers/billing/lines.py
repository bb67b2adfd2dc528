"""Lines of a bill as columns of `charge`: what all CSV bills have in common.

Amounts are exact or null, with the text beside them; times without zone are UTC where the format says that all times
are, and noted; what has no column goes to `extra`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parsers.csvcells import (
    Amounts,
    Cells,
    Faults,
    Times,
    amounts,
    each,
    json_of,
    notes_of,
    only,
    present,
    times,
)
from parsers.csvsheet import Converted
from parsers.csvtext import Flags
from parsers.jsontext import JsonFault, decode
from parsers.money import LOSSY
from parsers.schema import BOOL, STRING, TABLES
from parsers.text import UNDECODABLE
from parsers.times import Moment, iso, text_of

ZONE_NOT_PRINTED = "zone_not_printed"
NO_NUMBER = "amount_is_no_number"
NO_TIME = "time_unreadable"
TAGS_NOT_JSON = "tags_not_json"
DUPLICATE_COLUMNS = "duplicate_columns"
FEWER_FIELDS = "fewer_fields_than_header"

Clock = Callable[[str], Moment | None]

_CHARGE = TABLES["charge"]


def told_apart(names: tuple[str, ...]) -> tuple[tuple[str, ...], set[str]]:
    """Return names with `#2`, `#3`, ... behind those that came before, and the names that came more than once."""
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return tuple(unique), {name for name, count in seen.items() if count > 1}


class BillLines:
    """Collects the columns of some bill lines, what is to be noted about them, and what is wrong with them."""

    def __init__(self, cells: Cells, printed: tuple[str, ...], clock: Clock = iso) -> None:
        """`printed` are the header's names as they stand, one for each of `cells.names`; `clock` reads a time."""
        self.cells = cells
        self._clock = clock
        self.columns: dict[str, pa.Array | str | int] = {}
        self.faults = Faults()
        self.extra: list[tuple[str, Any]] = []
        self._printed = dict(zip(cells.names, told_apart(printed)[0], strict=True))
        self._remarks: dict[str, Flags] = {}
        self.note(UNDECODABLE, cells.undecodable)

    def note(self, word: str, where: Flags) -> None:
        """Note a word about the flagged lines."""
        self._remarks[word] = self._remarks[word] | where if word in self._remarks else where

    def text(self, column: str, name: str | None) -> None:
        """Fill a column with texts as they stand."""
        self.columns[column] = self.cells.text(name)

    def amount(self, column: str, name: str | None, *, required: bool = False) -> Amounts:
        """Fill an amount and its text; a line whose `required` amount is no number is turned down."""
        found = amounts(self.cells.text(name), _CHARGE.field(column).type)
        self.put(column, found)
        if required:
            self.faults.add(found.wrong, f"{self.printed(name)} is no number")
        return found

    def put(self, column: str, found: Amounts) -> None:
        """Fill an amount and its text."""
        self.columns[column], self.columns[f"{column}_raw"] = found.values, found.raw
        self.note(LOSSY, found.lossy)
        self.note(NO_NUMBER, found.wrong)

    def moment(self, name: str) -> None:
        """Fill `ts`; a line whose time cannot be read is turned down."""
        first = self.utc(name)
        self.faults.add(first.wrong, f"{self.printed(name)} is no time")
        self.columns["ts"] = first.us
        self.columns["ts_precision_us"], self.columns["ts_remainder_ns"] = first.precision_us, first.remainder_ns

    def period(self, name: str, end: str) -> None:
        """Fill `ts` and `ts_end`; a line whose time cannot be read is turned down."""
        self.moment(name)
        last = self.utc(end)
        self.faults.add(last.wrong, f"{self.printed(end)} is no time")
        self.columns["ts_end"] = last.us

    def time(self, column: str, name: str) -> None:
        """Fill a time; one that cannot be read is noted and its text kept in `extra`."""
        found = self.utc(name)
        self.columns[column] = found.us
        self.note(NO_TIME, found.wrong)
        self.extra.append((self.printed(name), only(self.cells.text(name), found.wrong)))

    def utc(self, name: str | None) -> Times:
        """Read a column of times; those without zone are UTC, and noted."""
        found = times(self.cells.text(name), self._clock)
        self.note(ZONE_NOT_PRINTED, present(found.us) & ~found.zoned)
        return found

    def tags(self, cells: pa.StringArray, name: str) -> None:
        """Fill `tags` with the JSON objects among the texts; others are noted and kept in `extra`."""
        good = each(cells, _is_object, BOOL).fill_null(False).to_numpy(zero_copy_only=False)  # noqa: FBT003
        self.columns["tags"] = only(cells, good)
        self.note(TAGS_NOT_JSON, present(cells) & ~good)
        self.extra.append((self.printed(name), only(cells, ~good)))

    def statement(self, account: str | None, period_start: str | None) -> None:
        """Fill `statement_id`: account and first day of the billing period, the same in every version of a bill."""
        days = each(self.cells.text(period_start), self._day, STRING)
        self.columns["statement_id"] = pc.binary_join_element_wise(self.cells.text(account), days, "/")

    def _day(self, text: str) -> str | None:
        moment = self._clock(text)
        return text_of(moment.us)[:10] if moment else None

    def unplaced(self, columns: list[pa.StringArray]) -> None:
        """Keep the fields of ragged records that may belong to one column or another."""
        self.note(FEWER_FIELDS, np.ones(len(self.cells), np.bool_))
        fields = zip(*(column.to_pylist() for column in columns), strict=True)
        self.extra.append(("unplaced_fields", [list(found) for found in fields]))

    def rest(self, mapped: frozenset[str] | set[str]) -> None:
        """Keep the columns that are not mapped in `extra`."""
        for at, name in enumerate(self.cells.names):
            if name not in mapped:
                self.extra.append((self._printed[name], self.cells.at(at)))

    def converted(self) -> Converted:
        """Return what was collected."""
        self.columns["extra"] = pa.array(json_of(self.extra, len(self.cells)))
        self.columns["notes"] = notes_of(self._remarks, len(self.cells))
        return Converted(self.columns, self.faults)

    def printed(self, name: str | None) -> str:
        """Return a column's name as the header prints it."""
        return self._printed.get(name or "", name or "")


def _is_object(text: str) -> bool:
    try:
        return isinstance(decode(text.encode()).value, dict)
    except JsonFault:
        return False
