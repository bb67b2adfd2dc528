"""How long work tells what it is doing: the command line draws it, everybody else stays silent."""

from __future__ import annotations

from types import TracebackType
from typing import Self


class Progress:
    """Silent progress; a drawing one overrides the three methods.

    Work calls `begin` for each stage with its total in `unit` ("bytes", "files", "relations"), `advance` as it goes,
    and `say` for a line worth reading.
    """

    def begin(self, stage: str, total: int | None = None, unit: str = "items") -> None:
        """A new stage starts; the one before is done."""

    def advance(self, amount: int = 1) -> None:
        """Some more of the stage's total is done."""

    def say(self, line: str) -> None:
        """Tell something; the text may quote evidence and is made safe by whoever prints it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


SILENT = Progress()
