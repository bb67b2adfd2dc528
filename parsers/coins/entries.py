"""Entries of a wallet, an exchange or a price list as columns of a table: what all such CSV files have in common.

`amount` is how much moved, without sign: the kind says in which direction, the text beside it keeps the sign. What has
no column goes to `extra`. A line of empty fields, as spreadsheets leave behind, makes no row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parsers.contract import Grade, Item
from parsers.csvcells import Cells, amounts, blanked, each, flags, json_of, notes_of, only, present, times
from parsers.csvsheet import Converted, Trailer, header_of, no_trailer, read_sheet
from parsers.csvtext import Flags, decoded_fields, first_fields
from parsers.money import LOSSY, NO_NUMBER
from parsers.schema import STRING, TABLES
from parsers.source import Source
from parsers.text import UNDECODABLE
from parsers.times import Moment, epoch_seconds, iso

ZONE_NOT_PRINTED = "zone_not_printed"
NO_TIME = "time_unreadable"
TYPE_UNKNOWN = "type_unknown"
NOT_CONFIRMED = "not_confirmed"
ASSET_ASSUMED = "asset_by_wallet_software"
BEYOND = "field "

Fill = Callable[["Entries"], None]
_EPOCH = re.compile(r"[0-9]{1,11}(?:\.[0-9]{1,9})?", re.ASCII)


def epoch(text: str) -> Moment | None:
    """Read seconds since 1970 written in plain digits; 0 is no time."""
    return epoch_seconds(text) if _EPOCH.fullmatch(text) and text.strip("0.") else None


class Entries:
    """Collects the columns of some entries, and what is to be noted about them."""

    def __init__(self, table: str, header: tuple[str, ...], cells: Cells) -> None:
        """`header` are the names as printed, one for each of `cells`."""
        self.table = table
        self.cells = cells
        self.columns: dict[str, pa.Array | str | int] = {}
        self._header = header
        self._printed = dict(zip(cells.names, header, strict=True))
        self._used: set[str] = set()
        self._remarks: dict[str, Flags] = {UNDECODABLE: cells.undecodable}
        self._extra: list[tuple[str, pa.StringArray]] = []

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def is_wider(self) -> bool:
        """Tell whether these records have more fields than the header."""
        return self._header[-1].startswith(BEYOND)

    def take(self, name: str) -> pa.StringArray:
        """Return a column's texts, all null if there is none; it will not be in `extra`."""
        self._used.add(name)
        return self.cells.text(name)

    def keep(self, name: str, texts: pa.StringArray) -> None:
        """Put texts into `extra` under a column's printed name."""
        self._extra.append((self._printed.get(name, name), texts))

    def note(self, word: str, where: Flags) -> None:
        """Note a word about the flagged entries."""
        self._remarks[word] = self._remarks[word] | where if word in self._remarks else where

    def all(self) -> Flags:
        """Flag every entry."""
        return np.ones(len(self), np.bool_)

    def text(self, column: str, name: str) -> pa.StringArray:
        """Fill a column with texts as they stand."""
        found = self.take(name)
        self.columns[column] = found
        return found

    def kinds(self, name: str, kind_of: Callable[[str, bool], str | None], negative: Flags) -> None:
        """Fill `kind` from a column and the sign; its texts stay in `extra`, those without a kind are noted."""
        texts = self.take(name)
        signs = pa.array(np.where(negative, "-", "+"), STRING)
        marked = pc.binary_join_element_wise(signs, texts, "")
        found = each(marked, lambda text: kind_of(text[1:], text[0] == "-"), STRING)
        self.columns["kind"] = found
        unknown = present(texts) & ~present(found)
        self.note(TYPE_UNKNOWN, unknown)
        self.keep(name, texts)

    def amount(
        self, column: str, name: str, read: Callable[[str], str | None] | None = None, *, size: bool = False
    ) -> Flags:
        """Fill an amount (if `size`: without its sign) and its text; flag the negative ones.

        `read` turns a text into plain digits, or None where it is none.
        """
        raw = self.take(name)
        plain = None if read is None else each(raw, lambda text: read(text) or text, STRING)
        return self.put(column, raw, plain, size=size)

    def put(
        self, column: str, raw: pa.StringArray, plain: pa.StringArray | None = None, *, size: bool = False
    ) -> Flags:
        """Fill an amount from texts, which may be written otherwise in `plain`; flag the negative ones."""
        plain = raw if plain is None else plain
        found = amounts(plain, TABLES[self.table].field(column).type)
        self.columns[column] = pc.abs(found.values) if size else found.values
        self.columns[f"{column}_raw"] = raw
        self.note(LOSSY, found.lossy)
        self.note(NO_NUMBER, found.wrong)
        return flags(pc.starts_with(plain, "-"))

    def time(self, name: str, read: Callable[[str], Moment | None] = iso, *, utc: bool = False) -> None:
        """Fill the time; where a format prints UTC without saying so (`utc`), it is read so and noted."""
        texts = self.take(name)
        found = times(texts, read)
        zoned = present(found.us) if utc else found.zoned
        self.columns["ts"], self.columns["ts_local"] = only(found.us, zoned), blanked(found.us, zoned)
        self.columns["ts_precision_us"], self.columns["ts_remainder_ns"] = found.precision_us, found.remainder_ns
        self.note(ZONE_NOT_PRINTED, zoned & ~found.zoned)
        self.note(NO_TIME, found.wrong)
        self.keep(name, only(texts, found.wrong))

    def converted(self) -> Converted:
        """Return what was collected."""
        rest = [
            (self._header[at], self.cells.at(at)) for at, name in enumerate(self.cells.names) if name not in self._used
        ]
        self.columns["extra"] = pa.array(json_of([*rest, *self._extra], len(self)), STRING)
        self.columns["notes"] = notes_of(self._remarks, len(self))
        empty = np.logical_and.reduce([~present(self.cells.at(at)) for at in range(len(self.cells.names))])
        return Converted(self.columns, {}, empty)


@dataclass(frozen=True)
class Sheet:
    """A kind of CSV file with a header: its table, sets of columns one of which must be there, how entries are filled.

    Names are compared in lower case. `padding` is what values are padded with. `wider` records, whose last fields hold
    commas that nobody quoted, are read too: what is beyond the header goes to `extra`.
    """

    table: str
    required: tuple[frozenset[str], ...]
    fill: Fill
    padding: str = ""
    wider: bool = False
    trailer: Trailer = no_trailer
    header_within: int = 1  # records

    def layout_of(self, header: tuple[str, ...]) -> SheetLayout | None:
        """Return the layout of such a header, None of anything else."""
        names = _told_apart(tuple(name.strip(" ").casefold() for name in header))
        known = any(each_set <= set(names) for each_set in self.required)
        return SheetLayout(self, header, names) if known else None

    def recognise(self, head: bytes) -> Grade:
        """STRONG where a head begins with such a header."""
        if self.header_within == 1:
            return Grade.STRONG if header_of(head, self.layout_of) else Grade.NONE
        for number, fields in enumerate(first_fields(head, most=self.header_within)):
            if self.layout_of(tuple(decoded_fields(fields)[0])) is not None:
                return Grade.STRONG
            if not self.trailer(number, fields):
                break
        return Grade.NONE

    def read(self, source: Source) -> Iterator[Item]:
        """Yield one row an entry; header lines, blank lines and what stands before the header are structure."""
        return read_sheet(source, self.table, self.layout_of, trailer=self.trailer)


def _told_apart(names: tuple[str, ...]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return tuple(unique)


@dataclass(frozen=True)
class SheetLayout:
    """The columns of one header."""

    sheet: Sheet
    header: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def width(self) -> int:
        """Fields of a record."""
        return len(self.header)

    def narrower(self, width: int) -> SheetLayout | None:
        """Return how records with more fields are read, if they are; which field is missing cannot be told."""
        if not self.sheet.wider or width <= self.width:
            return None
        more = tuple(f"{BEYOND}{number}" for number in range(self.width + 1, width + 1))
        return SheetLayout(self.sheet, (*self.header, *more), (*self.names, *more))

    def convert(self, columns: list[pa.StringArray], undecodable: Flags) -> Converted:
        """Return the columns of the table."""
        cells = Cells(self.names, columns, undecodable, padding=self.sheet.padding)
        entries = Entries(self.sheet.table, _told_apart(self.header), cells)
        self.sheet.fill(entries)
        return entries.converted()


def constant(value: Any, entries: Entries) -> pa.Array:
    """Return a text for every entry."""
    return pa.repeat(pa.scalar(value, STRING), len(entries))
