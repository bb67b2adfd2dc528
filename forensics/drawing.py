"""Progress drawn with rich: one bar a stage, with its rate."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bars

from forensics.progress import Progress
from forensics.terminal import one_line


class Drawn(Progress):
    """Bars on standard error."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, markup=False)
        self._bars: Bars | None = None
        self._task: TaskID | None = None

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def __enter__(self) -> Self:
        return self

    def begin(self, stage: str, total: int | None = None, unit: str = "items") -> None:
        """Draw a new bar."""
        self._stop()
        if not total:
            return
        in_bytes = unit == "bytes"
        amounts = (
            (DownloadColumn(), TransferSpeedColumn())
            if in_bytes
            else (MofNCompleteColumn(), TextColumn(unit, markup=False))
        )
        self._bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            *amounts,
            TimeElapsedColumn(),
            console=self._console,
        )
        self._bars.start()
        self._task = self._bars.add_task(one_line(stage), total=total)

    def advance(self, amount: int = 1) -> None:
        """Move the bar."""
        if self._bars is not None and self._task is not None:
            self._bars.advance(self._task, amount)

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, description=one_line(line))

    def _stop(self) -> None:
        if self._bars is not None:
            self._bars.stop()
        self._bars = self._task = None
