"""Rows of `session`, gathered while the rows of `transcript` go by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from parsers.contract import Record, Row


@dataclass(slots=True)
class _Session:
    record: Record
    part: int = -1  # given when the record's own rows have been counted
    values: dict[str, Any] = field(default_factory=dict)
    count: int = 0
    bounds: dict[str, list[int]] = field(default_factory=dict)
    precision_us: int | None = None

    def widen(self, name: str, time: int, precision_us: int | None) -> None:
        bounds = self.bounds.setdefault(name, [time, time])
        if time < bounds[0]:
            bounds[0] = time
        elif time > bounds[1]:
            bounds[1] = time
        if precision_us is not None and precision_us > (self.precision_us or 0):
            self.precision_us = precision_us


class Sessions:
    """The sessions of one source: counts their pieces, widens their span, keeps the first value given for a column."""

    def __init__(self) -> None:
        self._known: dict[str | None, _Session] = {}
        self._new: list[_Session] = []

    def knows(self, session_id: str | None) -> bool:
        """Tell whether a piece of this session has been placed."""
        return session_id in self._known

    def place(self, session_id: str | None, record: Record, times: dict[str, Any], pieces: int = 1) -> int:
        """Take note of a record's pieces; return the first one's place in the session, from 0.

        `times` holds the record's time columns.
        """
        session = self._known.get(session_id)
        if session is None:
            session = self._known[session_id] = _Session(record)
            if session_id is not None:
                self._new.append(session)
        self.widen(session_id, times)
        first = session.count
        session.count += pieces
        return first

    def widen(self, session_id: str | None, times: dict[str, Any]) -> None:
        """Widen a placed session's span by the times of one of its pieces."""
        session = self._known[session_id]
        for name in ("ts", "ts_local"):
            time = times.get(name)
            if time is not None:
                session.widen(name, time, times.get("ts_precision_us"))

    def describe(self, session_id: str | None, **columns: Any) -> None:
        """Set columns of a placed session that have no value yet."""
        session = self._known.get(session_id)
        if session is not None:
            for name, value in columns.items():
                if value is not None:
                    session.values.setdefault(name, value)

    def rename(self, session_id: str | None, title: str) -> None:
        """Give a placed session its latest title."""
        session = self._known.get(session_id)
        if session is not None:
            session.values["title"] = title

    def settle(self, part: int) -> None:
        """Give the sessions that the last record opened their parts, from `part` on."""
        for at, session in enumerate(self._new):
            session.part = part + at
        self._new = []

    def rows(self) -> Iterator[Row]:
        """Yield one row for each session, in order of first appearance."""
        for session_id, session in self._known.items():
            if session_id is None:
                continue
            values = {"session_id": session_id, "kind": "root"} | session.values
            for name, end in (("ts", "ts_end"), ("ts_local", "ts_end_local")):
                if name in session.bounds:
                    values[name], values[end] = session.bounds[name]
            values["ts_precision_us"] = session.precision_us
            yield Row("session", session.record, values, session.part)
