"""The one root of everything this package raises."""

from __future__ import annotations


class QueriesError(Exception):
    """A fault of a relation: which one, and what is wrong with it."""

    def __init__(self, message: str, *, relation: str | None = None) -> None:
        super().__init__(f"relation {relation}: {message}" if relation else message)
        self.relation = relation


class MalformedHeader(QueriesError):
    """A relation's header lacks an answer that a stranger would ask for."""


class UnknownRelation(QueriesError):
    """A relation reads a table that is neither evidence, knowledge nor another relation."""


class CircularRelations(QueriesError):
    """Relations depend on each other in a ring."""
