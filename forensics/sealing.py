"""Taking a delivered file into the case: hashed while it is copied, or hashed where it lies."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

from forensics.durable import BLOCK_BYTES, storing
from forensics.originals import Refused, State, open_original, state_of

ATTEMPTS = 3


class Sealed(NamedTuple):
    """A file as taken: its hashes by algorithm and its state, the same before and after."""

    size: int
    digests: dict[str, str]
    state: State

    @property
    def sha256(self) -> str:
        """The hash that names it."""
        return self.digests["sha256"]


def seal(place: bytes, target: Path | None, algorithms: frozenset[str], tell: Callable[[int], None]) -> Sealed:
    """Copy the file at `place` to `target` (None: only hash it).

    Raises `Refused` for what is no regular file, cannot be read, or does not stay the same while it is read, and
    `StorageFault` where the case cannot be written.
    """
    for _ in range(ATTEMPTS):
        with open_original(place) as original:
            before = state_of(original)
            size, digests = _copied(original, target, algorithms, tell)
            if state_of(original) == before and size == before.size:
                return Sealed(size, digests, before)
        tell(-size)
    raise Refused("changed", "the file changes while it is read")


def _copied(
    original: BinaryIO, target: Path | None, algorithms: frozenset[str], tell: Callable[[int], None]
) -> tuple[int, dict[str, str]]:
    hashes = {name: hashlib.new(name, usedforsecurity=False) for name in sorted(algorithms | {"sha256"})}
    size = 0
    copy = None
    if target is not None:
        with storing(target):
            copy = target.open("wb")
    try:
        while block := _block(original):
            for each in hashes.values():
                each.update(block)
            size += len(block)
            if copy is not None and target is not None:
                with storing(target):
                    copy.write(block)
            tell(len(block))
    finally:
        if copy is not None and target is not None:
            with storing(target):
                copy.close()
    return size, {name: each.hexdigest() for name, each in hashes.items()}


def _block(original: BinaryIO) -> bytes:
    try:
        return original.read(BLOCK_BYTES)
    except OSError as fault:
        raise Refused("unreadable", fault.strerror or str(fault)) from fault
