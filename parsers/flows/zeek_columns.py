"""The columns of checked lines of a Zeek log, decoded together: what `zeek_blocks` makes rows of.

pyarrow.csv decodes lines that were checked byte by byte; each distinct text then goes through the very functions that
read it line by line, so that both speeds give the same values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from parsers import blocks, ip
from parsers.blocks import Lines, Mask, Positions
from parsers.flows.zeek_fields import json_key, json_value
from parsers.flows.zeek_log import Fields, Header, ZeekFault

MOST_WHOLE_TIME = 11  # digits before the point: up to the year 5138
MOST_WHOLE_INTERVAL = 9

_DICTIONARY = pa.dictionary(pa.int32(), pa.string())
_NUMBERS = {"port": pa.uint16(), "count": pa.uint64()}
_NUMBER_SHAPES = {"port": "^[0-9]{1,4}$|^[1-5][0-9]{4}$", "count": "^[0-9]{1,19}$"}
_PLAIN_INTEGER = "^(0|[1-9][0-9]{0,17})$"
_LAST_PORT = 65_535
_V4_ONLY = f"^{ip.V4_SHAPE}$"
_FEW_COMBINATIONS = 1 << 16
_JSON = pa.large_string()

Codes = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a log's header must say for its lines to be read together.

    `types` are those of the columns that rows have (all others go to `extra`), `required` the ones that must be there;
    `texts` are read as they stand, `numbers` as numbers, `decimals` as millionths, all others by their distinct values.
    """

    types: Mapping[str, str]
    required: tuple[str, ...]
    texts: frozenset[str] = frozenset({"uid"})
    numbers: frozenset[str] = frozenset()
    decimals: frozenset[str] = frozenset({"ts"})
    absent: frozenset[str] = frozenset()

    def fits(self, header: Header) -> bool:
        """Tell whether a header is of this shape, with marks that bytes can be checked for."""
        known = dict(zip(header.names, header.types, strict=True))
        return (
            len(header.separator) == 1
            and header.separator.isascii()
            and header.separator not in b"\r \\"
            and header.unset.isascii()
            and all(name in known for name in self.required)
            and all(known.get(name, kind) == kind for name, kind in self.types.items())
            and not self.absent & known.keys()
        )


class Millionths(NamedTuple):
    """A column of times or intervals in microseconds; `known` where there is one, `good` where it is one or unset."""

    values: Positions
    known: Mask
    good: Mask

    def column(self) -> pa.Array:
        """Return the column as whole numbers."""
        return pa.array(self.values, mask=~self.known)


@dataclass(frozen=True, slots=True)
class Distinct:
    """A column as its distinct values, and for each row which one it has (-1: none).

    `values` is an Arrow array where the texts are the values as they stand.
    """

    values: list[Any] | pa.Array
    codes: Codes
    good: Mask  # false where the text is not of the column's type

    def column(self, kind: pa.DataType) -> pa.Array:
        """Return the column written out."""
        values = pa.array(self.values, kind) if isinstance(self.values, list) else self.values
        return values.take(pa.array(self.codes, mask=self.codes < 0))

    def mapped(self, change: Callable[[Any], Any]) -> Distinct:
        """Return the column with another value for each of its values."""
        return Distinct([change(value) for value in self.values], self.codes, self.good)

    def numbers(self, number_of: Callable[[Any], int | None]) -> Codes:
        """Return a number for each row, -1 where there is none."""
        found = [-1 if number is None else number for number in map(number_of, self.values)]
        return np.array([*found, -1], np.int32)[self.codes]


class Columns:
    """The columns of the good lines. Raises `pa.ArrowInvalid` where a number is none in some line."""

    def __init__(self, lines: Lines, header: Header, shape: Shape, good: Mask, found: blocks.Delimiters) -> None:
        self.lines = lines
        self.good = good
        self.rows = int(np.count_nonzero(good))
        self._header = header
        self._shape = shape
        self._fields = Fields(header)
        self._kinds = dict(zip(header.names, header.types, strict=True))
        places = found.places if self.rows == len(good) else found.places[np.repeat(good, found.counts)]
        self._delimiters = places.reshape(self.rows, -1)
        types = {name: self._arrow_type(name) for name in header.names if name not in shape.decimals}
        table = self._decoded(types)
        self._plain = {name: table[name].chunk(0) for name in types if types[name] != _DICTIONARY}
        self.distinct = {name: self._distinct(name, table[name].chunk(0)) for name in types if name not in self._plain}

    def __contains__(self, name: str) -> bool:
        return name in self._kinds

    def plain(self, name: str) -> pa.Array:
        """Return a column of `texts` or `numbers`."""
        return self._plain[name]

    def extras(self) -> dict[str, Distinct]:
        """Return the columns that rows have no place for, in their order."""
        return {name: column for name, column in self.distinct.items() if name not in self._shape.types}

    def readable(self) -> Mask:
        """Tell in which lines every field is what its type says, as the reading by line would find."""
        good = self._without_hexadecimal()
        for column in self.distinct.values():
            good &= column.good
        empty = self._header.empty.decode("latin-1")
        for name in self._shape.texts & self._plain.keys():
            good &= ~pc.equal(self._plain[name], empty).fill_null(fill_value=False).to_numpy(zero_copy_only=False)
        return good

    def micros(self, name: str, most_whole: int) -> Millionths:
        """Read a column of times or intervals with six decimals."""
        starts, ends = self._bounds(name)
        values, good = blocks.micros(self.lines, starts, ends, most_whole)
        unset = blocks.equal_to(self.lines, starts, ends, self._header.unset)
        return Millionths(values, good & ~unset, good | unset)

    def places(self, records: int) -> dict[str, Positions]:
        """Return record, line, offset and length of each good line."""
        lines, at = self.lines, np.flatnonzero(self.good)
        starts = lines.starts[at]
        return {
            "record": records + 1 + at,
            "line": lines.before + 1 + at,
            "offset": lines.offset + starts,
            "length": lines.ends[at] - starts,
        }

    def _arrow_type(self, name: str) -> pa.DataType:
        if name in self._shape.texts:
            return pa.string()
        return _NUMBERS[self._kinds[name]] if name in self._shape.numbers else _DICTIONARY

    def _decoded(self, types: Mapping[str, pa.DataType]) -> pa.Table:
        return _decoded(self.lines.joined(self.good), self._header, types)

    def _distinct(self, name: str, column: pa.DictionaryArray) -> Distinct:
        codes = pc.fill_null(column.indices, -1).to_numpy()
        all_good = np.ones(len(codes), np.bool_)
        if self._kinds[name] == "addr" and pc.all(pc.match_substring_regex(column.dictionary, _V4_ONLY)).as_py():
            return Distinct(column.dictionary, codes, all_good)
        if (
            self._kinds[name] in _NUMBERS
            and pc.all(pc.match_substring_regex(column.dictionary, _PLAIN_INTEGER)).as_py()
        ):
            numbers = column.dictionary.cast(pa.int64())
            if self._kinds[name] == "count" or (pc.max(numbers).as_py() or 0) <= _LAST_PORT:
                return Distinct(numbers.to_pylist(), codes, all_good)
        read = self._fields.reader(self._kinds[name])
        values: list[Any] = []
        bad: list[int] = []
        for code, text in enumerate(column.dictionary.to_pylist()):
            try:
                values.append(read(text.encode()))
            except ZeekFault:
                values.append(None)
                bad.append(code)
        return Distinct(values, codes, ~np.isin(codes, bad) if bad else all_good)

    def _bounds(self, name: str) -> tuple[Positions, Positions]:
        at, last = self._header.names.index(name), len(self._header.names) - 1
        starts = self._delimiters[:, at - 1] + 1 if at else self.lines.starts[self.good]
        return starts, self._delimiters[:, at] if at < last else self.lines.ends[self.good]

    def _without_hexadecimal(self) -> Mask:
        """Tell in which lines no number is written in hexadecimal, which pyarrow would take."""
        array, good = self.lines.array, np.ones(self.rows, np.bool_)
        numbers = [at for at, name in enumerate(self._header.names) if name in self._shape.numbers]
        starts = self._delimiters[:, [at - 1 for at in numbers if at]] + 1
        if 0 in numbers:
            starts = np.column_stack((starts, self.lines.starts[self.good]))
        row, column = np.nonzero(array[starts] == ord("0"))
        second = array.take(starts[row, column] + 1, mode="clip") | 0x20
        good[row[second == ord("x")]] = False
        return good


def plain_numbers(lines: Lines, header: Header, shape: Shape, good: Mask) -> Mask:
    """Tell which of the good lines hold numbers, and nothing else, where the shape has them."""
    kinds = {name: kind for name, kind in zip(header.names, header.types, strict=True) if name in shape.numbers}
    table = _decoded(lines.joined(good), header, dict.fromkeys(kinds, pa.string()))
    plain = np.ones(int(np.count_nonzero(good)), np.bool_)
    for name, kind in kinds.items():
        fits = pc.match_substring_regex(table[name], _NUMBER_SHAPES[kind]).fill_null(fill_value=True)
        plain &= fits.to_numpy()
    return plain


def _decoded(data: bytes, header: Header, types: Mapping[str, pa.DataType]) -> pa.Table:
    return csv.read_csv(
        pa.BufferReader(data),
        csv.ReadOptions(column_names=header.names, use_threads=False, block_size=len(data) + 1),
        csv.ParseOptions(
            delimiter=header.separator.decode(),
            quote_char=False,
            double_quote=False,
            escape_char=False,
            newlines_in_values=False,
            ignore_empty_lines=False,
        ),
        csv.ConvertOptions(
            column_types=types,
            include_columns=list(types),
            null_values=[header.unset.decode()],
            strings_can_be_null=True,
            check_utf8=False,  # the good lines are ASCII
        ),
    )


def odd_bytes(lines: Lines, control: Positions, delimiter: int) -> Iterator[Positions]:
    """Yield positions of bytes that only the reading by line handles."""
    data, array = lines.data, lines.array
    yield control
    if not data.isascii():
        yield np.flatnonzero(array >= 0x80)
    if b"\\" in data:
        yield np.flatnonzero(array == ord("\\"))
    if b" " in data:  # pyarrow takes blanks around numbers
        blank = np.flatnonzero(array == ord(" "))
        before, after = array[blank - 1], array.take(blank + 1, mode="clip")
        at_edge = (before == delimiter) | (before == ord("\n")) | (after == delimiter) | (after == ord("\n"))
        yield blank[at_edge | (blank == 0)]


class Members(NamedTuple):
    """JSON members (`,"name":value`, each behind a comma) of one or several columns next to each other.

    `texts` has those of each combination of values that occurs (None: no members), `codes` which one each row has.
    """

    texts: list[str | None]
    codes: Positions

    def column(self) -> pa.Array:
        """Return the members of each row."""
        return pa.array(self.texts, _JSON).take(pa.array(self.codes))


def json_members(columns: Mapping[str, Distinct], rows: int) -> list[Members]:
    """Return the members of columns in their order; columns of many values stand alone."""
    found: list[Members] = []
    codes, bound, names = np.zeros(rows, np.int64), 1, list[str]()
    for name, column in columns.items():
        width = len(column.values) + 1
        if names and bound * width > _FEW_COMBINATIONS:
            found.append(_members(columns, names, codes, bound))
            codes, bound, names = np.zeros(rows, np.int64), 1, []
        codes, bound = codes * width + column.codes + 1, bound * width
        names = [*names, name]
    return [*found, _members(columns, names, codes, bound)] if names else found


def json_objects(members: list[Members], rows: int) -> pa.Array:
    """Make each row's members an object; null where it has none."""
    if not members:
        return pa.nulls(rows, _JSON)
    if len(members) > 1:
        return json_joined([part.column() for part in members])
    (only,) = members
    objects = [None if text is None else f"{{{text[1:]}}}" for text in only.texts]
    return pa.array(objects, _JSON).take(pa.array(only.codes))


def json_joined(members: list[pa.Array]) -> pa.Array:
    """Join members from several columns of texts to objects; null where a row has none."""
    # not null_handling="skip": with it pyarrow 26 leaves out rows that are null throughout
    nothing = pa.scalar("", _JSON)
    joined = pc.binary_join_element_wise(*members, nothing, null_handling="replace", null_replacement="")
    inside = pc.utf8_slice_codeunits(joined, 1)
    objects = pc.binary_join_element_wise(pa.scalar("{", _JSON), inside, pa.scalar("}", _JSON), nothing)
    return pc.if_else(pc.equal(joined, nothing), pa.scalar(None, _JSON), objects)


def _members(columns: Mapping[str, Distinct], names: list[str], codes: Positions, bound: int) -> Members:
    some_row, compact = _compacted(codes, bound)
    texts = [[*members_of(name, columns[name].values), None] for name in names]
    picked = [columns[name].codes[some_row].tolist() for name in names]
    if len(names) == 1:
        return Members([texts[0][code] for code in picked[0]], compact)
    rows = (
        "".join([one[code] or "" for one, code in zip(texts, row, strict=True)]) for row in zip(*picked, strict=True)
    )
    return Members([text or None for text in rows], compact)


def members_of(name: str, values: list[Any] | pa.Array) -> list[str | None]:
    """Write the JSON member of each value of a column, behind a comma; None for a value that is not there."""
    start = "," + json_key(name)
    whole = values.to_pylist() if isinstance(values, pa.Array) else values
    return [None if value is None else start + json_value(value) for value in whole]


def _compacted(codes: Positions, bound: int) -> tuple[Positions, Positions]:
    """Number the codes that occur: a row of each, and the new code of every row."""
    if bound > _FEW_COMBINATIONS:
        _, some_row, compact = np.unique(codes, return_index=True, return_inverse=True)
        return some_row, compact
    rows = np.full(bound, -1, np.int64)
    rows[codes] = np.arange(len(codes))
    present = np.flatnonzero(rows >= 0)
    numbering = np.zeros(bound, np.int64)
    numbering[present] = np.arange(len(present))
    return rows[present], numbering[codes]
