"""What an archive reader yields: members in order, their bytes once, and stretches of the archive that are in none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

MOST_MEMBERS = 200_000


@dataclass(frozen=True, slots=True)
class Member:
    """One member: `index` from 0 in order of appearance, `name` as stored, never used as a path.

    `kind` is file | symlink | hardlink | device | fifo | encrypted | sparse | unsupported; only a file has `content`,
    which must be read before the next member is asked for. `target` is where a link points.
    """

    index: int
    name: bytes
    kind: str
    content: Iterator[bytes]
    target: bytes = b""


class Fault(NamedTuple):
    """`length` bytes from `offset` of the archive's stream that are in no member; 0 bytes: a member is damaged here."""

    offset: int
    length: int
    reason: str


@dataclass
class Listing:
    """What is left to say of an archive once all its members were read."""

    faults: list[Fault] = field(default_factory=list)

    def lost(self, offset: int, length: int, reason: str) -> None:
        """Note a stretch that no member accounts for (`length` 0: damage inside a member)."""
        self.faults.append(Fault(offset, length, reason))


def shown(name: bytes) -> str:
    r"""A member's name in a sentence: bytes that are no UTF-8 as `\xNN`."""
    return name.decode("utf-8", "backslashreplace")
