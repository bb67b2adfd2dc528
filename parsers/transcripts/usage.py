"""Usage that a harness repeats with every piece of a response, of which only one may be counted."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

from parsers.contract import Row
from parsers.transcripts.pieces import Piece

HELD = 65_536


class LastUsage:
    """Holds the usage of each response until a later one takes its place: the last is the primary one.

    A response is known by the ids of message and request. At most `HELD` are held at a time; the usage of one whose
    turn comes to be let go counts, and what is repeated of it after that does not.
    """

    def __init__(self) -> None:
        self._last: dict[tuple[str, str | None], tuple[Row, Piece]] = {}
        self._counted: set[bytes] = set()

    def take(self, row: Row, columns: Piece) -> Iterator[Row]:
        """Take a row that was made from `columns`; yield what is decided by it, at once if `columns` decide it."""
        if "usage_is_primary" in columns:
            yield row
            return
        columns["usage_is_primary"] = True
        if columns["message_id"] is None:
            yield row
            return
        key = (columns["message_id"], columns["request_id"])
        before = self._last.get(key)
        # a copy of an earlier piece is not the last word of the response
        is_copy = before is not None and columns["is_replayed"] and not before[1]["is_replayed"]
        if is_copy or (self._counted and _digest(key) in self._counted):
            columns["usage_is_primary"] = False
            yield row
            return
        self._last[key] = (row, columns)
        if before is not None:
            before[1]["usage_is_primary"] = False
            yield before[0]
        elif len(self._last) > HELD:
            oldest = next(iter(self._last))
            self._counted.add(_digest(oldest))
            yield self._last.pop(oldest)[0]

    def finish(self) -> Iterator[Row]:
        """Yield what is held: the last usage of each response."""
        for row, _ in self._last.values():
            yield row


def _digest(key: tuple[str, str | None]) -> bytes:
    return blake2b(f"{key[0]}\n{key[1]}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
