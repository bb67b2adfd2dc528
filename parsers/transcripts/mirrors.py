"""Words that a file holds twice: once in the history given to the model, once as an event for the screen."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from hashlib import blake2b

from parsers.contract import Row
from parsers.transcripts.pieces import Piece

HELD = 1024

Key = bytes


def key_of(kind: str, role: str, words: str) -> Key:
    """Return what two mirrors have in common."""
    return blake2b(f"{kind}\n{role}\n{words}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Mirrors:
    """Pairs each event with one item of history of the same words, before or after it; the event is the copy.

    An event is held until its item comes, at most `HELD` at a time; one that never finds its item is no copy.
    """

    def __init__(self) -> None:
        self._items: Counter[Key] = Counter()  # not yet paired
        self._let_go: Counter[Key] = Counter()  # events that were given up as copies
        self._events: deque[tuple[Key, Row, Piece]] = deque()
        self._waiting: Counter[Key] = Counter()

    def item(self, key: Key) -> Iterator[Row | None]:
        """Take note of an item; yield the event it is the original of, or None if such an event was given up."""
        if self._waiting[key]:
            at = next(at for at, event in enumerate(self._events) if event[0] == key)
            _, row, columns = self._events[at]
            del self._events[at]
            self._waiting[key] -= 1
            columns["is_replayed"] = True
            yield row
        elif self._let_go[key]:
            self._let_go[key] -= 1
            yield None
        else:
            self._items[key] += 1

    def event(self, key: Key, row: Row, columns: Piece) -> Iterator[Row]:
        """Take an event whose row was made from `columns`; yield what need not be held any longer."""
        if self._items[key]:
            self._items[key] -= 1
            columns["is_replayed"] = True
            yield row
            return
        self._events.append((key, row, columns))
        self._waiting[key] += 1
        if len(self._events) > HELD:
            yield self._give_up()

    def finish(self) -> Iterator[Row]:
        """Yield the events that found no item."""
        while self._events:
            yield self._give_up()

    def _give_up(self) -> Row:
        key, row, _ = self._events.popleft()
        self._waiting[key] -= 1
        self._let_go[key] += 1
        return row
