"""Clocks compared pair by pair, by vote.

question: how far does one source's clock stand from another's, judged by events that both saw, and since when?
grain:    one row per pair (source, reference) and stretch over which one line fits; references print their zone
columns:  source_id, kind (of the source's times), reference_id, family (of what most of the inliers are), from_us,
          until_us (first and last inlier, as the source recorded them), middle_us (between them), offset_us (recorded
          minus reference at the middle, microseconds), drift_ppb (change of the offset, parts per billion of elapsed
          time), spread_us (median absolute residual), inliers (events), things (different keys among them), rivals
          (votes of the second best offset), weak (whether only two rare events agree)
as:       table
order:    source_id, kind, reference_id, from_us
not for:  correcting a clock whose vote was not clear: such pairs have no row

Every pair of equal keys votes for its time difference, with a weight that falls with the key's frequency; the best 2 s
bin wins if it has at least twice the weight of the best bin elsewhere. Around it a Theil-Sen line is fitted to inliers
within 36, 12, 6 and 3 s in turn. What lies wholly before or behind the inliers votes again: a clock that was set makes
two stretches. Three events must agree, or two connections to places that each stand once in both sources.
Grounds: Schatz, Mohay and Clark 2006 on correlating clocks; the vote's error was measured on made-up logs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

BIN_US = 2_000_000
NARROWING_US = (36_000_000, 12_000_000, 6_000_000, 3_000_000)
NEAR_US = NARROWING_US[-1]
APART_US = 600_000_000  # pairs nearer than this say nothing of a slope
MIN_COMMON = 2
MIN_EVENTS = 2
SURE_THINGS = 3  # fewer events than this must each be rare; a vote of that many different things is not weak
SURE_EVENTS = 5
MIN_EVENTS_BESIDE = 5
RARE_APART_US = 1_000_000
EVENTS_APART_US = 5_000_000
OUTWARD = frozenset({"host", "peer", "socket", "cloud"})
MAX_PER_KEY = 500
MAX_VOTES = 2_000_000  # of one pair of sources: about 100 MB
MAX_POINTS = 600  # of a Theil-Sen fit; more are thinned evenly
MIN_DRIFT_INLIERS = 8
CLEAR = 2.0

_SCHEMA = pa.schema(
    [
        ("source_id", pa.string()),
        ("kind", pa.string()),
        ("reference_id", pa.string()),
        ("family", pa.string()),
        ("from_us", pa.int64()),
        ("until_us", pa.int64()),
        ("middle_us", pa.int64()),
        ("offset_us", pa.int64()),
        ("drift_ppb", pa.int64()),
        ("spread_us", pa.int64()),
        ("inliers", pa.int64()),
        ("things", pa.int64()),
        ("rivals", pa.int64()),
        ("weak", pa.bool_()),
    ]
)

Series = dict[str, list[int]]  # times by what happened: family and key
Source = tuple[str, str]  # source, kind of time
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Votes:
    """One entry per pair of equal keys: both times, the pair's weight and the number of its key among `keys`."""

    time: Integers
    reference: Integers
    weight: npt.NDArray[np.float64]
    key: Integers
    keys: tuple[str, ...]

    @property
    def difference(self) -> Integers:
        """The source's time minus the reference's."""
        return self.time - self.reference

    def where(self, chosen: Booleans) -> Votes:
        """Those that are chosen."""
        return Votes(self.time[chosen], self.reference[chosen], self.weight[chosen], self.key[chosen], self.keys)


def relation(clock_mark: pa.Table) -> pa.Table:
    """Compare every source with every zoned source that has enough in common with it."""
    series: dict[Source, Series] = {}
    marks = clock_mark.sort_by([(name, "ascending") for name in ("family", "source_id", "kind", "key", "raw_us")])
    for mark in marks.to_pylist():
        key = f"{mark['family']} {mark['key']}"
        times = series.setdefault((mark["source_id"], mark["kind"]), {}).setdefault(key, [])
        if len(times) < MAX_PER_KEY:
            times.append(mark["raw_us"])
    rows = []
    for own, reference in sorted(_comparable(series)):
        named = {"source_id": own[0], "kind": own[1], "reference_id": reference[0]}
        rows += [{**named, **fitted} for fitted in fit(series[own], series[reference])]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def _comparable(series: dict[Source, Series]) -> set[tuple[Source, Source]]:
    """Pairs that may give a clear vote: enough equal keys, or one key often."""
    holders: dict[str, list[Source]] = defaultdict(list)
    for name, keys in series.items():
        for key in keys:
            holders[key].append(name)
    common: dict[tuple[Source, Source], int] = defaultdict(int)
    for key, names in holders.items():
        for reference in names:
            for own in names:
                if reference[1] == "utc" and own[0] != reference[0]:
                    common[own, reference] += min(len(series[own][key]), len(series[reference][key]))
    return {pair for pair, count in common.items() if count >= MIN_COMMON}


def fit(own: Series, other: Series) -> list[dict[str, Any]]:
    """Return one line per stretch, in order of time; empty where no vote is clear."""
    votes = _votes(own, other)
    if votes is None:
        return []
    line = _line(votes, MIN_EVENTS)
    return [] if line is None else [*_beside(votes, line, before=True), line, *_beside(votes, line, before=False)]


def _beside(votes: Votes, line: dict[str, Any], *, before: bool) -> list[dict[str, Any]]:
    """Lines of what lies wholly before or behind a line; coincidence is held off by asking for more events."""
    rest = votes.where(votes.time < line["from_us"] if before else votes.time > line["until_us"])
    other = _line(rest, MIN_EVENTS_BESIDE)
    if other is None:
        return []
    return [*_beside(rest, other, before=True), other, *_beside(rest, other, before=False)]


def _votes(own: Series, other: Series) -> Votes | None:
    times, references, weights, numbers = [], [], [], []
    # rare things say most: they vote first, and what is everywhere stays out once the ballot is full
    keys = tuple(sorted(own.keys() & other.keys(), key=lambda key: (len(own[key]) * len(other[key]), key)))
    cast = 0
    for number, key in enumerate(keys):
        mine, theirs = np.array(own[key], np.int64), np.array(other[key], np.int64)
        pairs = len(mine) * len(theirs)
        cast += pairs
        if cast > MAX_VOTES:
            break
        times.append(np.repeat(mine, len(theirs)))
        references.append(np.tile(theirs, len(mine)))
        weights.append(np.full(pairs, 1.0 / pairs**0.5))
        numbers.append(np.full(pairs, number, np.int64))
    if not times:
        return None
    time, reference, numbered = (np.concatenate(parts) for parts in (times, references, numbers))
    return Votes(time, reference, np.concatenate(weights), numbered, keys)


def _peak(votes: Votes) -> tuple[int, int] | None:
    """Return the winning bin's centre and the votes of the best bin elsewhere; None where the vote is not clear."""
    numbers, sums = _histogram(votes)
    best = int(numbers[np.argmax(sums)])
    bins = votes.difference // BIN_US
    centre = int(np.median(votes.difference[bins == best]))
    # before and behind the winner's stretch another offset may hold: a clock that was set is no rival to itself
    near = votes.time[np.abs(votes.difference - centre) <= NARROWING_US[0]]
    inside = (votes.time >= near.min()) & (votes.time <= near.max())
    others, rival_sums = _histogram(votes.where(inside))
    far = rival_sums[np.abs(others - best) > NARROWING_US[0] // BIN_US]
    if len(far) and sums.max() < CLEAR * far.max():
        return None
    return centre, round(float(far.max())) if len(far) else 0


def _histogram(votes: Votes) -> tuple[Integers, npt.NDArray[np.float64]]:
    """Return bin numbers and their weight, half of the neighbours' included: what drifts spreads over several."""
    numbers, place = np.unique(votes.difference // BIN_US, return_inverse=True)
    sums = np.bincount(place, weights=votes.weight).astype(np.float64)
    smooth = sums.copy()
    neighbours = np.diff(numbers) == 1
    smooth[1:][neighbours] += sums[:-1][neighbours] / 2
    smooth[:-1][neighbours] += sums[1:][neighbours] / 2
    return numbers, smooth


def _line(votes: Votes, least: int) -> dict[str, Any] | None:
    """Return the line through the winning offset; None where no vote is clear or fewer than `least` events agree."""
    peak = _peak(votes) if len(votes.time) >= MIN_EVENTS else None
    if peak is None:
        return None
    difference = votes.difference
    middle = int(np.median(votes.time[np.abs(difference - peak[0]) <= NEAR_US]))
    offset, slope = float(peak[0]), 0.0
    for width in NARROWING_US:
        near = np.abs(difference - (offset + slope * (votes.time - middle))) <= width
        if not near.any():
            return None
        slope, offset = _theil_sen(votes.time[near] - middle, difference[near])
    residual = difference - (offset + slope * (votes.time - middle))
    near = np.abs(residual) <= NEAR_US
    inliers = votes.where(near)
    events = min(len(np.unique(inliers.time)), len(np.unique(inliers.reference)))
    things = len(np.unique(inliers.key))
    weak = events < SURE_EVENTS and things < SURE_THINGS
    if events < least or (events < SURE_THINGS and not _both_rare(inliers)):
        return None
    span_from, span_until = int(inliers.time.min()), int(inliers.time.max())
    centre_us = (span_from + span_until) // 2
    return {
        "from_us": span_from,
        "until_us": span_until,
        "middle_us": centre_us,
        "offset_us": round(offset + slope * (centre_us - middle)),
        "drift_ppb": round(slope * 1e9),
        "spread_us": int(np.median(np.abs(residual[near]))),
        "inliers": events,
        "things": things,
        "rivals": peak[1],
        "family": _family(inliers),
        "weak": weak,
    }


def _both_rare(inliers: Votes) -> bool:
    """Tell whether two connections to places that each side knows once agree within a second.

    Commands do not count here: two that always follow one another agree anywhere.
    """
    outward = np.array([inliers.keys[number].split(" ", 1)[0] in OUTWARD for number in inliers.key.tolist()], np.bool_)
    rare = inliers.where(outward & (inliers.weight == 1.0))
    if len(rare.time) < MIN_EVENTS or int(np.ptp(rare.time)) < EVENTS_APART_US:
        return False
    return int(np.ptp(rare.difference)) <= RARE_APART_US


def _family(inliers: Votes) -> str:
    """Return what most inliers are; at a tie the first in alphabetical order."""
    counted = Counter(inliers.keys[number].split(" ", 1)[0] for number in inliers.key.tolist())
    ranked: list[tuple[int, str]] = sorted((-count, family) for family, count in counted.items())
    return ranked[0][1]


def _theil_sen(x: Integers, y: Integers) -> tuple[float, float]:
    """Return slope and offset at x = 0; the slope is 0 where the points do not bear one."""
    if len(x) > MAX_POINTS:
        order = np.argsort(x, kind="stable")[np.linspace(0, len(x) - 1, MAX_POINTS).astype(np.int64)]
        x, y = x[order], y[order]
    level = float(np.median(y))
    if len(x) < MIN_DRIFT_INLIERS:
        return 0.0, level
    first, second = np.triu_indices(len(x), 1)
    apart = np.abs(x[second] - x[first]) > APART_US
    if not apart.any():
        return 0.0, level
    slopes = (y[second] - y[first])[apart] / (x[second] - x[first])[apart]
    slope = float(np.median(slopes))
    offset = float(np.median(y - slope * x))
    flat = float(np.median(np.abs(y - level)))
    leaning = float(np.median(np.abs(y - slope * x - offset)))
    # a slope must earn its place: it is kept where it explains at least half of the scatter and moves the clock visibly
    kept = leaning * 2 <= flat and abs(slope) * float(x.max() - x.min()) >= 1_000_000
    return (slope, offset) if kept else (0.0, level)
