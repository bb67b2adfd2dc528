"""Columns of text into columns of a table: every distinct text is read once, by a plain function.

Bills and flow logs repeat themselves (periods, accounts, addresses, ports), so a scalar reader per distinct value is
both the simplest and a fast way; only decimals and JSON, which hardly repeat, have a way of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from parsers.csvtext import Flags
from parsers.money import held
from parsers.schema import BOOL, INT, STRING, STRINGS, UINT
from parsers.times import Moment

Places = npt.NDArray[np.int64]

_UINT_DIGITS = 20
_MOST_KINDS = 1 << 62
_FITS_UINT = r"^[0-9]{1,18}$"
_PLAIN_TIME = r"^[12][0-9]{3}-[01][0-9]-[0-3][0-9][T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?Z?$"
# the step of the last digit of a plain time without its Z, by its length
_STEPS = pa.array([None] * 19 + [1_000_000, None] + [10**digits for digits in range(5, -1, -1)], pa.int64())
_FITS_ANY_KIND = r"^-?[0-9]{1,18}(\.[0-9]{1,14})?$"  # RE2: digits that every decimal of the schema holds exactly


@dataclass(frozen=True, eq=False)
class Cells:
    """The fields of some records, column by column; `undecodable` flags the records that hold bytes that are no UTF-8.

    `nulls` are the texts that mean nothing, `padding` what the format pads its values with.
    """

    names: tuple[str, ...]
    columns: Sequence[pa.StringArray]
    undecodable: Flags
    nulls: frozenset[str] = frozenset({""})
    padding: str = ""

    def __len__(self) -> int:
        return len(self.undecodable)

    def has(self, name: str) -> bool:
        """Tell whether the header names this column."""
        return name in self.names

    def text(self, name: str | None) -> pa.StringArray:
        """Return a column's texts, null where they mean nothing; all null if the header lacks the column."""
        if name is None or name not in self.names:
            return pa.nulls(len(self), STRING)
        return self.at(self.names.index(name))

    def at(self, position: int, *, padded: bool = False) -> pa.StringArray:
        """Return the texts of the column at `position`, null where they mean nothing; if `padded`, as they stand."""
        cells = self.columns[position]
        if self.padding and not padded:
            cells = pc.utf8_trim(cells, self.padding)
        return pc.if_else(pc.is_in(cells, pa.array(sorted(self.nulls), STRING)), pa.scalar(None, STRING), cells)


class Faults(dict[int, str]):
    """Why records are turned down, by their place; the first reason stays."""

    def add(self, where: Flags, reason: str) -> None:
        """Turn down the flagged records."""
        for place in np.flatnonzero(where).tolist():
            self.setdefault(place, reason)


class Amounts(NamedTuple):
    """Decimals as read: null where the text is no number (`wrong`) or does not fit exactly (`lossy`)."""

    values: pa.Decimal128Array
    raw: pa.StringArray
    wrong: Flags
    lossy: Flags


class Times(NamedTuple):
    """Moments as columns; `wrong` flags texts that are no time."""

    us: pa.Int64Array
    zoned: Flags
    precision_us: pa.Int64Array
    remainder_ns: pa.Int64Array
    wrong: Flags


def flags(column: pa.Array) -> Flags:
    """Return a boolean column as flags, null as False."""
    found: Flags = column.fill_null(False).to_numpy(zero_copy_only=False)  # noqa: FBT003
    return found


def present(column: pa.Array) -> Flags:
    """Flag what is not null."""
    return flags(column.is_valid())


def blanked(column: pa.Array, where: Flags) -> pa.Array:
    """Return the column with null in the flagged places."""
    return pc.if_else(pa.array(where), pa.scalar(None, column.type), column) if where.any() else column


def only(column: pa.Array, where: Flags) -> pa.Array:
    """Return the column with null everywhere but in the flagged places."""
    return blanked(column, ~where)


def spread(
    cells: pa.StringArray, read: Callable[[str], tuple[Any, ...]], kinds: Sequence[pa.DataType]
) -> list[pa.Array]:
    """Read every distinct text into as many values as there are `kinds`; null stays null."""
    encoded = cells.dictionary_encode()
    found = [read(text) for text in encoded.dictionary.to_pylist()]
    return [
        pa.array([values[place] for values in found], kind).take(encoded.indices) for place, kind in enumerate(kinds)
    ]


def each(cells: pa.StringArray, read: Callable[[str], Any], kind: pa.DataType) -> pa.Array:
    """Read every distinct text into one value."""
    return spread(cells, lambda text: (read(text),), [kind])[0]


def amounts(cells: pa.StringArray, kind: pa.Decimal128Type) -> Amounts:
    """Read decimal text exactly (E notation allowed, no separators, no currency sign)."""
    simple = flags(pc.match_substring_regex(cells, _FITS_ANY_KIND))
    plain = only(cells, simple).cast(kind)
    others = only(cells, ~simple)
    if others.null_count == len(others):
        none = np.zeros(len(cells), np.bool_)
        return Amounts(plain, cells, none, none)
    read, number = spread(others, lambda text: exact(text, kind), [kind, BOOL])
    wrong = present(others) & ~flags(number)
    return Amounts(pc.coalesce(plain, read), cells, wrong, present(others) & ~present(read) & ~wrong)


def exact(text: str, kind: pa.Decimal128Type) -> tuple[Decimal | None, bool]:
    """Return the value that `kind` holds exactly, and whether the text is a number at all; only ASCII digits are."""
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", text, re.ASCII):
        return None, False
    return held(Decimal(text), kind), True


def counts(cells: pa.StringArray, name: str, faults: Faults) -> pa.UInt64Array:
    """Read whole numbers from 0 to 2**64 - 1; records with anything else in column `name` are turned down."""
    short = flags(pc.match_substring_regex(cells, _FITS_UINT))
    found = only(cells, short).cast(UINT)
    if not short.all():
        found = pc.coalesce(found, each(only(cells, ~short), _count, UINT))
        faults.add(present(cells) & ~present(found), f"{name} is no whole number")
    return found


def _count(text: str) -> int | None:
    if not (text.isascii() and text.isdigit()) or len(text) > _UINT_DIGITS:
        return None
    number = int(text)
    return number if number < 1 << 64 else None


def times(cells: pa.StringArray, read: Callable[[str], Moment | None]) -> Times:
    """Read times; nothing is assumed about those without zone.

    `read` must read ISO 8601 as `parsers.times.iso` does: the plain form of it is read here, column by column.
    """
    plain = flags(pc.match_substring_regex(cells, _PLAIN_TIME))
    printed = only(cells, plain)
    zoned = flags(pc.ends_with(printed, "Z"))
    printed = pc.utf8_rtrim(printed, "Z")
    try:
        us = printed.cast(pa.timestamp("us")).cast(INT)
    except pa.ArrowInvalid:  # a day that the month does not have
        plain = np.zeros(len(cells), np.bool_)
        us = precision = pa.nulls(len(cells), INT)
    else:
        precision = _STEPS.take(pc.utf8_length(printed))
    if plain.all():
        return Times(us, zoned, precision, pa.nulls(len(cells), INT), ~plain)

    def parts(text: str) -> tuple[Any, ...]:
        found = read(text)
        return (*found[:3], found.remainder_ns or None) if found else (None, None, None, None)

    others = only(cells, ~plain)
    us_read, zoned_read, precision_read, remainder = spread(others, parts, [INT, BOOL, INT, INT])
    us = pc.coalesce(us, us_read)
    zoned = (zoned & plain) | flags(zoned_read)
    return Times(us, zoned, pc.coalesce(precision, precision_read), remainder, present(cells) & ~present(us))


def notes_of(remarks: Mapping[str, Flags], count: int) -> pa.ListArray:
    """Return the words of the flagged remarks of each record as a list, null where there are none."""
    marked = {word: where for word, where in remarks.items() if where.any()}
    codes = np.zeros(count, np.int64)
    for place, where in enumerate(marked.values()):
        codes |= where.astype(np.int64) << place
    words = list(marked)
    distinct, places = np.unique(codes, return_inverse=True)
    lists = [[word for place, word in enumerate(words) if code >> place & 1] or None for code in distinct.tolist()]
    return pa.array(lists, STRINGS).take(pa.array(places))


def json_of(pairs: Iterable[tuple[str, Sequence[Any] | pa.Array]], count: int) -> list[str | None]:
    """Write the values of each record that are not None as one JSON object, None where there are none."""
    told = [(name, column) for name, column in pairs if not _is_empty(column)]
    if not told:
        return [None] * count
    names, columns = zip(*told, strict=True)
    places = _distinct(columns, count)
    if places is None:
        return _objects(names, columns)
    first, each_place = places
    written = _objects(names, [column.take(first) for column in columns])
    return [written[place] for place in each_place.tolist()]


def _is_empty(column: Sequence[Any] | pa.Array) -> bool:
    return isinstance(column, pa.Array) and column.null_count == len(column)


def _distinct(columns: Sequence[Sequence[Any] | pa.Array], count: int) -> tuple[pa.Array, Places] | None:
    """Return where each distinct record first stands, and which of these each record is; None if few are alike."""
    codes, kinds = np.zeros(count, np.int64), 1
    for column in columns:
        if not isinstance(column, pa.Array):
            return None
        encoded = column.dictionary_encode()
        kinds *= len(encoded.dictionary) + 1
        if kinds > _MOST_KINDS:
            return None
        codes = (
            codes * (len(encoded.dictionary) + 1) + pc.fill_null(encoded.indices, len(encoded.dictionary)).to_numpy()
        )
    _, first, places = np.unique(codes, return_index=True, return_inverse=True)
    return (pa.array(first), places) if 2 * len(first) < count else None


def _objects(names: Sequence[str], columns: Sequence[Sequence[Any] | pa.Array]) -> list[str | None]:
    lists = [column.to_pylist() if isinstance(column, pa.Array) else column for column in columns]
    found: list[str | None] = []
    for row in zip(*lists, strict=True):
        kept = {name: value for name, value in zip(names, row, strict=True) if value is not None}
        found.append(orjson.dumps(kept).decode() if kept else None)
    return found
