"""What the readers of a byte stream have in common: messages found at the front of a buffer."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol


class Found(NamedTuple):
    """One message in `buffer[begin:end]`; `content` is what its reader makes of it."""

    begin: int
    end: int
    content: Any


class Unread(NamedTuple):
    """Bytes that a reader took and could make no message of."""


class Encrypted(NamedTuple):
    """From here on nothing this side sends is in clear."""


class Heard(NamedTuple):
    """What a reader made of a buffer: messages, bytes done with, and whether it wants to see more before it goes on."""

    found: tuple[Found, ...]
    used: int
    waiting: bool = False


class Reader(Protocol):
    """Takes messages off the front of a buffer. With `final` it must use the whole of it."""

    def __call__(self, buffer: bytes, *, final: bool) -> Heard:
        """Read `buffer`; `final`: no more bytes will come."""
        ...
