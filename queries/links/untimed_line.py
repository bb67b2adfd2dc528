"""History lines without a time, placed among an agent's calls by their order.

question: which tool call does a history line without a time come from, and between which times was it typed?
grain:    one row per untimed line of a history of which something is known
columns:  event, call_event (the call it comes from; null where only bounds are known), earliest_us, latest_us (null on
          an open side), ts_basis ('anchored' | 'bounded')
as:       table
order:    event
not for:  a time: bounds are all that order gives. Shells that append when they exit mix up the order of a file; where
          the unique lines of a file contradict the calls' order, nothing between them is bounded

A text that stands once in the file and once among a session's calls is an anchor; the longest run of anchors in one
order is kept (patience alignment, as Bram Cohen's diff has it). At least two must agree, or one telling text. Between
two anchors a repeated text is matched in order where both sides have it equally often, else it stays unmatched. A line
that two sessions claim is left alone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pyarrow as pa

_SCHEMA = pa.schema(
    [
        ("event", pa.string()),
        ("call_event", pa.string()),
        ("earliest_us", pa.int64()),
        ("latest_us", pa.int64()),
        ("ts_basis", pa.string()),
    ]
)

Row = dict[str, Any]
Places = dict[str, list[int]]  # where each command stands, by its key
Pair = tuple[int, int]  # places of a line in its file and of a call in its session


def relation(alignable: pa.Table) -> pa.Table:
    """Align every untimed history with every session that has commands in common with it."""
    files: dict[str, list[Row]] = defaultdict(list)
    sessions: dict[str, list[Row]] = defaultdict(list)
    for row in alignable.to_pylist():
        if row["typed"]:
            files[row["source_id"]].append(row)
        else:
            sessions[row["session"]].append(row)
    ordered = [sorted(sessions[name], key=lambda row: (row["best_us"], row["event"])) for name in sorted(sessions)]
    placed = [(calls, _places(calls)) for calls in ordered]
    found = []
    for source in sorted(files):
        found += _placed(sorted(files[source], key=lambda row: (row["record"], row["part"])), placed)
    return pa.Table.from_pylist(sorted(found, key=lambda row: row["event"]), _SCHEMA)


def _placed(lines: list[Row], sessions: Sequence[tuple[list[Row], Places]]) -> list[Row]:
    where = _places(lines)
    claims: dict[int, list[Row]] = defaultdict(list)
    in_order = True
    for calls, when in sessions:
        pairs, consistent = _aligned(lines, where, calls, when)
        in_order &= consistent
        for line, call in pairs:
            claims[line].append(calls[call])
    sure = {line: calls[0] for line, calls in claims.items() if len(calls) == 1}
    rows = []
    for line, source_call in sorted(sure.items()):
        until = source_call["answered_us"]
        known = until if until is not None and until >= source_call["earliest_us"] else None
        rows.append(_row(lines[line], source_call["event"], source_call["earliest_us"], known, "anchored"))
    times = [sure[line]["best_us"] for line in sorted(sure)]
    if in_order and times == sorted(times):
        rows += _between(lines, sure)
    return rows


def _between(lines: list[Row], sure: dict[int, Row]) -> list[Row]:
    rows: list[Row] = []
    anchors = sorted(sure)
    for place, line in enumerate(lines):
        at = bisect_left(anchors, place)
        if place in sure or not anchors:
            continue
        earliest = sure[anchors[at - 1]]["earliest_us"] if at else None
        latest = sure[anchors[at]]["latest_us"] if at < len(anchors) else None
        rows.append(_row(line, None, earliest, latest, "bounded"))
    return rows


def _row(line: Row, call: str | None, earliest: int | None, latest: int | None, basis: str) -> Row:
    return {
        "event": line["event"], "call_event": call, "earliest_us": earliest, "latest_us": latest, "ts_basis": basis,
    }  # fmt: skip


def _aligned(lines: list[Row], where: Places, calls: list[Row], when: Places) -> tuple[list[Pair], bool]:
    """Return pairs of line and call in one order, and whether every unique text stands in that order."""
    hosts = {row["host"] for row in calls} - {None}
    if hosts and not hosts & {lines[0]["host"], None}:
        return [], True
    once = sorted((where[key][0], when[key][0]) for key in where if len(where[key]) == len(when.get(key, ())) == 1)
    anchors = _longest(once)
    if len(anchors) < 2 and not any(lines[line]["telling"] for line, _ in anchors):
        return [], True
    pairs = list(anchors)
    edges = [(-1, -1), *anchors, (len(lines), len(calls))]
    for (line, call), (next_line, next_call) in pairwise(edges):
        pairs += _repeated(lines[line + 1 : next_line], calls[call + 1 : next_call], line + 1, call + 1)
    return sorted(pairs), len(anchors) == len(once)


def _repeated(lines: list[Row], calls: list[Row], first_line: int, first_call: int) -> list[Pair]:
    """Match texts that stand equally often on both sides of a gap, each with its like in order."""
    where, when = _places(lines), _places(calls)
    pairs = [
        (line, call)
        for key in where
        if len(where[key]) == len(when.get(key, ()))
        for line, call in zip(where[key], when[key], strict=True)
    ]
    return [(first_line + line, first_call + call) for line, call in _longest(sorted(pairs))]


def _places(rows: Sequence[Row]) -> Places:
    places: Places = defaultdict(list)
    for place, row in enumerate(rows):
        places[row["key"]].append(place)
    return places


def _longest(pairs: Sequence[Pair]) -> list[Pair]:
    """Return the longest run of pairs that rises on both sides; the first such where several are as long."""
    ends: list[int] = []  # by length: the smallest end of a run of that length
    holders: list[int] = []  # and which pair it is
    before: list[int | None] = []
    for place, (_, call) in enumerate(pairs):
        length = bisect_left(ends, call)
        before.append(holders[length - 1] if length else None)
        ends[length : length + 1] = [call]
        holders[length : length + 1] = [place]
    run: list[Pair] = []
    at: int | None = holders[-1] if holders else None
    while at is not None:
        run.append(pairs[at])
        at = before[at]
    return run[::-1]
