"""The one root of everything this package raises."""

from __future__ import annotations


class ReportsError(Exception):
    """A fault of reporting."""


class ModelFault(ReportsError):
    """A report model does not keep its own rules; `place` names the field, as in `incidents[0].stages[3].status`."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{place}: {message}" if place else message)
        self.place = place
        self.message = message
