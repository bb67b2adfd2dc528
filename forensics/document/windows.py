"""Windows between stages, as far as the evidence bounds them."""

from __future__ import annotations

from typing import Any

from forensics.document.cite import moment

Row = dict[str, Any]
Stages = dict[str, list[Row]]


def windows(stages: Stages) -> dict[str, Any]:
    """Every window of the contract; None where an end is not in evidence."""
    deviation = [row for stage in ("exploration", "decision", "acquisition") for row in stages.get(stage, [])]
    return {
        "constraint_to_decision": _between(stages.get("constraint"), stages.get("decision")),
        "decision_to_mining": _between(stages.get("decision"), stages.get("mining")),
        "mining": _span(stages.get("mining")),
        "mining_to_detection": _between(stages.get("mining"), stages.get("detection")),
        "detection_to_containment": _between(stages.get("detection"), stages.get("containment")),
        "first_deviation_to_containment": _between(deviation, stages.get("containment")),
    }


def first_of(rows: list[Row] | None) -> Row | None:
    """The earliest row whose time is bounded."""
    timed = [row for row in rows or [] if row["best_us"] is not None and row["earliest_us"] is not None]
    return min(timed, key=lambda row: (row["best_us"], row["event"])) if timed else None


def last_of(rows: list[Row] | None) -> Row | None:
    """The row that ends latest of those whose time is bounded, moved to its end if it is one that lasts (a flow)."""
    timed = [_at_end(row) for row in rows or [] if row["best_us"] is not None and row["latest_us"] is not None]
    return max(timed, key=lambda row: (row["best_us"], row["event"])) if timed else None


def _at_end(row: Row) -> Row:
    lasts = row.get("lasts_us") or 0
    times = ("earliest_us", "best_us", "latest_us")
    return row | {key: row[key] + lasts for key in times if row[key] is not None} if lasts else row


def bounds_between(first: Row, last: Row | None) -> dict[str, Any] | None:
    """The window from one record to another; None where either has no bounds or the second came first."""
    known = last is not None and first["earliest_us"] is not None and first["latest_us"] is not None
    return _window(first, last) if known and last is not None else None


def _between(begin: list[Row] | None, end: list[Row] | None) -> dict[str, Any] | None:
    first, last = first_of(begin), first_of(end)
    return _window(first, last) if first and last else None


def _span(rows: list[Row] | None) -> dict[str, Any] | None:
    first, last = first_of(rows), last_of(rows)
    return _window(first, last) if first and last else None


def _window(first: Row, last: Row) -> dict[str, Any] | None:
    longest = last["latest_us"] - first["earliest_us"]
    if longest < 0:
        return None
    shortest = max(last["earliest_us"] - first["latest_us"], 0)
    return {
        "at_least": _seconds(min(shortest, longest)),
        "at_most": _seconds(longest),
        "from": moment(first["best_us"]),
        "to": moment(last["best_us"]),
    }


def _seconds(us: int) -> float | int:
    return us // 1_000_000 if us % 1_000_000 == 0 else us / 1_000_000
