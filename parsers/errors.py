"""The one root of everything this package raises."""

from __future__ import annotations


class ParsersError(Exception):
    """A fault of reading, with the place where it arose and what to do next.

    `source` names the evidence, `offset` the byte in its decompressed stream where known, `hint` the next step.
    """

    def __init__(
        self, message: str, *, source: str | None = None, offset: int | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.offset = offset
        self.hint = hint

    def __str__(self) -> str:
        place = self.source or ""
        if self.offset is not None:
            place += f" at byte {self.offset}"
        parts = [f"{place}: {self.message}" if place else self.message]
        if self.hint:
            parts.append(self.hint)
        return "; ".join(parts)


class UnknownFormat(ParsersError):
    """No parser of that name exists."""


class AmbiguousFormat(ParsersError):
    """Two formats claim the same content with equal right."""


class BooksDoNotBalance(ParsersError):
    """A parser accounted for a byte twice or not at all: a defect of the parser, never of the evidence."""
