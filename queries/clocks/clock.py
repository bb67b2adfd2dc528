"""What each source's clock is worth.

question: how is a source's recorded time turned into UTC, and how far may that be wrong?
grain:    one row per source, kind of time that it prints, and stretch of recorded time over which one offset holds
columns:  source_id, kind ('utc' | 'local' | 'time_of_day'), from_us, until_us (recorded time, from inclusive to
          exclusive; the ends of 64 bits where there is no bound), offset_us (recorded minus UTC, microseconds; null
          where nothing tells it), before_us, after_us (how much earlier or later an event may be), basis ('recorded' |
          'clock_corrected' | 'assumed_zone' | 'assumed_date' | 'none'), error ('zone' | 'counter' | 'offset' | 'drift';
          null where no clock was wrong), reference_id (source that it was compared with), steps (comparisons up to the
          measure), inliers, drift_ppb
as:       table
order:    source_id, kind, from_us
not for:  claiming that the transcripts' clock was right; see clock_anchor for whose clock is the measure

Comparisons form a graph; a source that never met a transcript may have met one that did. Each takes the shortest way to
a measure, then the one with most inliers. A drifting clock gets pieces over which it moves by less than a second or so.

Times without year take the year that a vote tells. Where none is clear they take the only year that brings them within
a day of a source that prints zones: an assumption, not made where no year or several do. What such a source recorded
on a 29 February has no piece in a year that has no such day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pyarrow as pa

from queries.years import DAY_US, YEAR_US, ahead_us, calendar, nearest_year, year_of
from queries.zones import FIRST, LAST, offsets_of

SLACK_US = 1_000_000
NOTICEABLE_US = 3_000_000  # a zoned clock is corrected where it is off by more than a call takes to run
QUARTER_US = 900_000_000  # zones differ by whole quarters of an hour
COUNTER_US = (1 << 32) * 1000  # an uptime counter of 32 bits in milliseconds wraps after this
SNAP_US = 2_000_000
MANY_THINGS = 10
PIECE_US = 3_600_000_000
MAX_PIECES = 500
EAST_US, WEST_US = 50_400_000_000, 43_200_000_000  # UTC+14, UTC-12

_SCHEMA = pa.schema(
    [
        ("source_id", pa.string()),
        ("kind", pa.string()),
        ("from_us", pa.int64()),
        ("until_us", pa.int64()),
        ("offset_us", pa.int64()),
        ("before_us", pa.int64()),
        ("after_us", pa.int64()),
        ("basis", pa.string()),
        ("error", pa.string()),
        ("reference_id", pa.string()),
        ("steps", pa.int64()),
        ("inliers", pa.int64()),
        ("drift_ppb", pa.int64()),
    ]
)

Node = tuple[str, str]  # source, kind of time
Fits = Mapping[Node, Mapping[str, list[dict[str, Any]]]]  # lines by node and reference


@dataclass(frozen=True, slots=True)
class Piece:
    """One offset over a stretch of recorded time."""

    from_us: int
    until_us: int
    offset_us: int | None
    before_us: int | None
    after_us: int | None
    basis: str
    error: str | None = None
    reference_id: str | None = None
    steps: int = 0
    inliers: int = 0
    drift_ppb: int = 0


RIGHT = (Piece(FIRST, LAST, 0, 0, 0, "recorded"),)
ANYWHERE = (Piece(FIRST, LAST, 0, EAST_US, WEST_US, "assumed_zone"),)
UNKNOWN = (Piece(FIRST, LAST, None, None, None, "none"),)


def relation(
    clock_fit: pa.Table, clock_anchor: pa.Table, source: pa.Table, source_scope: pa.Table, yearless: pa.Table
) -> pa.Table:
    """Return the pieces of every source and kind."""
    undated = {row["source_id"]: row for row in yearless.to_pylist()}
    fits, years = _with_years(_fits_of(clock_fit), undated)
    measured = _measured(fits, clock_anchor.to_pylist())
    zoned = _spans_of(source)
    zones = {row["source_id"]: row["zone"] for row in source_scope.to_pylist() if row["zone"]}
    rows = []
    for source_id in sorted({name for name in source["source_id"].to_pylist() if name}):
        told = _told(zones.get(source_id)) or ANYWHERE
        known = {
            "utc": measured.get((source_id, "utc"), RIGHT),
            "local": measured.get((source_id, "local"), told),
            "time_of_day": measured.get((source_id, "time_of_day"), UNKNOWN),
        }
        if source_id in undated:
            span, voted = undated[source_id], measured.get((source_id, "time_of_day"))
            if voted:
                year = years[(source_id, "time_of_day"), str(voted[0].reference_id)]
                known["time_of_day"] = _undated(year, span, voted)
            elif (only := _only_year(span, zoned)) is not None:
                known["time_of_day"] = _undated(only, span, [replace(piece, basis="assumed_date") for piece in told])
        for kind in ("local", "time_of_day", "utc"):
            rows += [{"source_id": source_id, "kind": kind, **_columns(piece)} for piece in known[kind]]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def _columns(piece: Piece) -> dict[str, Any]:
    return {name: getattr(piece, name) for name in Piece.__slots__}


def _fits_of(clock_fit: pa.Table) -> Fits:
    """Return for every node and reference the lines that were found, in order of time."""
    found: dict[Node, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for row in clock_fit.sort_by("from_us").to_pylist():
        found[row["source_id"], row["kind"]][row["reference_id"]].append(row)
    return found


def _with_years(fits: Fits, undated: Mapping[str, Any]) -> tuple[Fits, dict[tuple[Node, str], int]]:
    """Return the lines with those of sources that print no year on the calendar, and by node and reference the year."""
    given, years = dict(fits), dict[tuple[Node, str], int]()
    for node in [node for node in fits if node[0] in undated and node[1] == "time_of_day"]:
        dated = {name: found for name, lines in fits[node].items() if (found := _with_year(lines))}
        given[node] = {name: lines for name, (_, lines) in dated.items()}
        years |= {(node, name): year for name, (year, _) in dated.items()}
    return {node: references for node, references in given.items() if references}, years


def _with_year(lines: list[dict[str, Any]]) -> tuple[int, list[dict[str, Any]]] | None:
    """Return the year that lines tell, and the lines as if it were printed: what is left is zone and error of a clock.

    None where they tell no year. What no zone explains must be told by many things: the commands of a script that ran
    twice agree on any day.
    """
    strongest = min(lines, key=lambda line: (-line["inliers"], line["from_us"]))
    year = nearest_year(strongest["middle_us"], strongest["offset_us"])
    dated = []
    for line in lines:
        ahead = None if year is None else ahead_us(year, line["middle_us"])
        if ahead is not None and (_is_zone(line["offset_us"] - ahead) or line["things"] >= MANY_THINGS):
            shifted = {name: line[name] - ahead for name in ("from_us", "until_us", "middle_us", "offset_us")}
            dated.append(line | shifted)
    return (year, dated) if year is not None and dated else None


def _is_zone(offset_us: int) -> bool:
    return -WEST_US - SNAP_US <= offset_us <= EAST_US + SNAP_US


def _spans_of(source: pa.Table) -> list[tuple[int, int]]:
    """Return from when to when sources recorded times with a zone, as microseconds of UTC."""
    first, last = (source[name].cast(pa.int64()).to_pylist() for name in ("first", "last"))
    return sorted(
        {(begin, end) for begin, end in zip(first, last, strict=True) if begin is not None and end is not None}
    )


def _only_year(undated: dict[str, Any], zoned: list[tuple[int, int]]) -> int | None:
    """Return the year that brings a source within a day of others; None where there is no such year or several."""
    begin, end = undated["first_us"], undated["last_us"]
    found: set[int] = set()
    for first, last in zoned:
        for year in range(year_of(first) - end // YEAR_US - 1, year_of(last) - begin // YEAR_US + 2):
            dated = _dated(year, undated)
            if dated and dated[0] - DAY_US <= last and first <= dated[1] + DAY_US:
                found.add(year)
        if len(found) > 1:
            return None
    return found.pop() if found else None


def _dated(year: int, undated: dict[str, Any]) -> tuple[int, int] | None:
    """Return first and last time on the calendar; None where the year lacks a day that the source prints."""
    ahead = [
        ahead_us(year, us) for us in (undated["first_us"], undated["last_us"], undated["leap_us"]) if us is not None
    ]
    known = [span for span in ahead if span is not None]
    return (undated["first_us"] - known[0], undated["last_us"] - known[1]) if len(known) == len(ahead) else None


def _undated(year: int, undated: dict[str, Any], dated: Iterable[Piece]) -> tuple[Piece, ...]:
    """Return pieces over times without year, from those over the calendar's time and the year at time 0."""
    found = []
    for part in calendar(year, undated["first_us"], undated["last_us"]):
        for piece in dated:
            begin = max(part.from_us, piece.from_us + part.offset_us)
            end = min(part.until_us, piece.until_us + part.offset_us)
            if begin < end and piece.offset_us is not None:
                offset = piece.offset_us + part.offset_us
                found.append(replace(piece, from_us=begin, until_us=end, offset_us=offset))
    return tuple(found)


def _voices(lines: Iterable[dict[str, Any]]) -> int:
    return sum(line["inliers"] for line in lines)


def _measured(fits: Fits, anchors: list[dict[str, Any]]) -> dict[Node, tuple[Piece, ...]]:
    """Walk outwards from the measures: transcripts first, then providers where no transcript was ever met."""
    measured: dict[Node, tuple[Piece, ...]] = {}
    for rank in (1, 2):
        layer = sorted({row["source_id"] for row in anchors if row["rank"] == rank} - {node[0] for node in measured})
        measured |= {(source_id, "utc"): RIGHT for source_id in layer}
        while layer:
            reached = {}
            for node, references in sorted(fits.items()):
                if node in measured:
                    continue
                ways = sorted((-_voices(references[name]), name) for name in layer if name in references)
                if ways:
                    _, name = ways[0]
                    reached[node] = _pieces(references[name], measured[name, "utc"], node[1])
            measured |= reached
            layer = sorted(source_id for source_id, kind in reached if kind == "utc")
    # a printed time without zone may be compared with any zoned clock, taken as it stands
    for node, references in sorted(fits.items()):
        if node[1] != "utc" and node not in measured:
            name = min(references, key=lambda other: (-_voices(references[other]), other))
            measured[node] = _pieces(references[name], RIGHT, node[1])
    return measured


def _pieces(lines: list[dict[str, Any]], reference: tuple[Piece, ...], kind: str) -> tuple[Piece, ...]:
    """Return offsets over recorded time: the source against its reference, and the reference against the measure."""
    drifting = any(line["drift_ppb"] for line in lines) or len(reference) > 1
    first, last = lines[0]["from_us"], lines[-1]["until_us"]
    edges = {first, last}
    for earlier, later in pairwise(lines):
        edges.add((earlier["until_us"] + later["from_us"]) // 2)
    if drifting:
        step = max(PIECE_US, (last - first) // MAX_PIECES + 1)
        edges |= set(range(first, last, step))
    inner = sorted(edges)[1:-1]
    bounds = list(zip([FIRST, *inner], [*inner, LAST], strict=True))
    pieces = []
    for from_us, until_us in bounds:
        middle = (max(from_us, first) + min(until_us, last)) // 2
        line = min(
            lines, key=lambda line: (max(line["from_us"] - middle, middle - line["until_us"], 0), line["from_us"])
        )
        pieces.append(replace(_piece(line, middle, reference, kind), from_us=from_us, until_us=until_us))
    if kind == "utc" and all(abs(piece.offset_us or 0) <= NOTICEABLE_US for piece in pieces):
        return RIGHT
    return tuple(pieces)


def _piece(line: dict[str, Any], at_us: int, reference: tuple[Piece, ...], kind: str) -> Piece:
    own = line["offset_us"] + line["drift_ppb"] * (at_us - line["middle_us"]) // 1_000_000_000
    other = next(piece for piece in reference if piece.from_us <= at_us - own < piece.until_us)
    offset = own + (other.offset_us or 0)
    drift = line["drift_ppb"] + other.drift_ppb
    offset, error = (offset, "drift") if drift else _named(offset, kind)
    # where few events speak, the clock may have been right as it stood
    spare = abs(offset) if line["weak"] and kind == "utc" else 0
    doubt = 3 * line["spread_us"] + SLACK_US + abs(drift) * PIECE_US // 2_000_000_000
    return Piece(
        FIRST,
        LAST,
        offset,
        doubt + (other.before_us or 0) + (spare if offset < 0 else 0),
        doubt + (other.after_us or 0) + (spare if offset > 0 else 0),
        "clock_corrected",
        error,
        line["reference_id"],
        other.steps + 1,
        line["inliers"],
        drift,
    )


def _named(offset: int, kind: str) -> tuple[int, str]:
    """Name the error: what stands within two seconds of a whole zone (or date) is one, likewise a wrapped counter."""
    zone = (offset + QUARTER_US // 2) // QUARTER_US * QUARTER_US
    if abs(offset - zone) <= SNAP_US and (zone or kind != "utc"):
        return zone, "zone"
    turns = (offset + COUNTER_US // 2) // COUNTER_US
    if turns and abs(offset - turns * COUNTER_US) <= SNAP_US:
        return turns * COUNTER_US, "counter"
    return offset, "offset"


def _told(zone: str | None) -> tuple[Piece, ...] | None:
    """Return the offsets of a zone that the case file tells; None where it tells none that is known."""
    stretches = offsets_of(zone) if zone else None
    if stretches is None:
        return None
    return tuple(
        Piece(stretch.from_us, stretch.until_us, stretch.offset_us, 0, stretch.later_us, "assumed_zone")
        for stretch in stretches
    )
