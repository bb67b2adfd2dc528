"""Accounting for packets and rows while a capture is read.

Packets that were read well are accounted for in stretches: short ones packet by packet, long ones as one block.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from parsers.contract import Block, Item, Parsed, Record, Reject, Row, Structure
from parsers.source import BLOCK_BYTES

LONGEST_LISTED = 256  # a block costs the same for one packet as for a hundred thousand
_MOST_ROWS = 4096


class Account:
    """What was read and not handed over yet. `add` is called with the length in the stream of each good record."""

    __slots__ = ("_begin", "_lengths", "_number", "_rows", "add")

    def __init__(self, begin: int) -> None:
        self._lengths: list[int] = []
        self.add = self._lengths.append
        self._begin = begin
        self._number = 1
        self._rows: list[Row] = []

    def is_full(self, rows: list[Row]) -> bool:
        """Take rows; tell whether it is time to flush."""
        self._rows += rows
        return len(self._rows) > _MOST_ROWS

    def flush(self) -> Iterator[Item]:
        """Yield what accounts for the records so far, then the rows."""
        lengths = self._lengths
        if len(lengths) <= LONGEST_LISTED:
            for place, length in enumerate(lengths):
                yield Parsed(Record(self._number + place, self._begin, length, None))
                self._begin += length
        else:
            total = sum(lengths)
            yield Block(self._begin, total, len(lengths), total, 0, {})
            self._begin += total
        self._number += len(lengths)
        lengths.clear()
        yield from self._rows
        self._rows.clear()

    def structure(self, length: int) -> Iterator[Item]:
        """Yield what came before, then `length` bytes of structure."""
        yield from self.flush()
        yield Structure(self._begin, length)
        self._begin += length

    def reject(self, length: int, reason: str) -> Iterator[Item]:
        """Yield what came before, then a record that could not be read."""
        yield from self.flush()
        yield Reject(Record(self._number, self._begin, length, None), reason)
        self._begin += length
        self._number += 1

    def reject_rest(self, stream: BinaryIO, seen: int, reason: str) -> Iterator[Item]:
        """Yield what came before, then reject all that follows, of which `seen` bytes were taken from `stream`."""
        length = seen
        while block := stream.read(BLOCK_BYTES):
            length += len(block)
        yield from self.reject(length, reason) if length else self.flush()
