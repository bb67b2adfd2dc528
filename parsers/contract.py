"""What a format is, and what a parser hands over.

A parser module declares `FORMAT: Format`, `recognise(head, name) -> Grade` and `read(source) -> Iterator[Item]`.
Items account for the stream from its first byte to its last, in order and without a gap (`Parsed`, `Reject`,
`Structure`, `Block`), and carry rows (`Row`, and the batches of a `Block`). A `Row` may come at any time, also long
after the records that it was made from: an audit event ends some lines later, a flow some thousand packets later.

The unit of a source is the record: a line that holds one, a JSON object, a packet, a CSV record. Header lines,
comments, separators and padding are structure. A row belongs to the first record that it was made from; further ones
are named in `also`.

A parser of records that stand alone may also offer `ranges(source, size)` and `read_range(source, span)`: see
`RangedParser`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple, Protocol, TypeGuard

import pyarrow as pa

from parsers.source import Source

HEAD_BYTES = 65_536
RANGE_BYTES = 64 << 20


class Grade(IntEnum):
    """How well a format fits the first 64 KiB of a source."""

    NONE = 0
    WEAK = 1  # the content does not speak against it: never enough
    PROBABLE = 2  # enough where nobody claims more; name or folder may have raised weak content to it
    STRONG = 3  # a signature or a structure no other format has


@dataclass(frozen=True, slots=True)
class Format:
    """One evidence format.

    `version` changes whenever the same bytes would give other rows. `signature` tells whether content alone can be
    recognised as STRONG; formats without one need a telling name or `--as`. `carried` names the columns whose value
    rests on other records of the source too (a running number, a session named once at the top): all others must come
    out the same when the row's own records are read again alone, behind the source's header.
    """

    name: str
    title: str
    tables: tuple[str, ...]
    signature: bool
    version: int = 1
    line_based: bool = True
    carried: tuple[str, ...] = ()


class Record(NamedTuple):
    """One record's place: number from 1, byte range in the decompressed stream without its terminator.

    `line` is the first physical line from 1, None in binary formats; `separator` counts the terminator bytes after it.
    """

    number: int
    offset: int
    length: int
    line: int | None
    separator: int = 0


class Parsed(NamedTuple):
    """This record was read well, whether or not it makes rows."""

    record: Record


class Reject(NamedTuple):
    """This record could not be read, and why."""

    record: Record
    reason: str


class Structure(NamedTuple):
    """Bytes that are no record: header, comment, separator, padding."""

    offset: int
    length: int


class Row(NamedTuple):
    """One row for `table`. `part` tells rows of one record apart, over all tables; `values` maps columns to values.

    Times are integers of microseconds since the epoch, money `Decimal`. Provenance columns are filled in from `record`;
    `also` names further records that the row rests on.
    """

    table: str
    record: Record
    values: Mapping[str, Any]
    part: int = 0
    also: tuple[Record, ...] = ()


class Block(NamedTuple):
    """A stretch of the stream whose every record checked out, as Arrow batches with provenance columns filled in.

    `parsed` + `structure` must equal `length`; `records` counts the records inside.
    """

    offset: int
    length: int
    records: int
    parsed: int
    structure: int
    tables: Mapping[str, pa.RecordBatch]


Item = Parsed | Reject | Structure | Row | Block


class Range(NamedTuple):
    """A stretch of a source that can be read alone: whole records, numbered as in one pass over the whole.

    `lines` and `records` count what lies before it. `state` is what a reader knows by then (the header in effect); it
    can be pickled, so that another process may read the range.
    """

    offset: int
    length: int
    lines: int
    records: int
    state: Any = None


class Parser(Protocol):
    """What a parser module looks like from outside."""

    FORMAT: Format

    def recognise(self, head: bytes, name: str) -> Grade:
        """Grade the first `HEAD_BYTES` bytes of the stream (of a Parquet file: magic and footer, `formats.head_of`).

        `name` is the path as delivered, a hint and no more.
        """
        ...

    def read(self, source: Source) -> Iterator[Item]:
        """Account for the whole stream and yield its rows."""
        ...


class RangedParser(Parser, Protocol):
    """A parser whose sources can be read in parallel, the optional part of the protocol.

    Reading every range, in any order and process, gives the items of `read` over the whole source, in range order.
    Ranges follow from the bytes and `size` alone: with the default, parts are the same on every machine.
    """

    def ranges(self, source: Source, size: int = RANGE_BYTES) -> Iterator[Range]:
        """Yield contiguous ranges of about `size` bytes as they are found, so that reading may start at once."""
        ...

    def read_range(self, source: Source, span: Range) -> Iterator[Item]:
        """Account for one range of the stream and yield its rows."""
        ...


def is_ranged(parser: Parser) -> TypeGuard[RangedParser]:
    """Tell whether a parser can read ranges of a source."""
    return hasattr(parser, "ranges") and hasattr(parser, "read_range")
