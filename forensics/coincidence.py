"""Do records line up with a session's tool calls by more than chance?

The share of records that lie within [begin of a call, end of a call + `AFTER_US`] is compared with the shares after the
records are moved as a whole, around the circle of the time observed: their bursts and rhythm stay, their tie to the
calls goes. Moves by whole days keep the hour too: what only shares office hours with the agent passes the first test
and fails the second. Moves are drawn from a fixed seed. All times are microseconds.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

AFTER_US = 30_000_000
MOVES = 9_999
MOST_RECORDS = 500
DAY_US = 86_400_000_000
FEW_DAYS = 19  # so many moves by whole days are the fewest that could show p = 0.05
FEW_RECORDS = 5
BEYOND = Fraction(1, 100)
BEYOND_DAYS = Fraction(1, 20)
_SEED = 0

Times = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Fit:
    """How well `records` records line up with one session.

    `inside` of them lie within its calls; `expected` is the mean share after a move. `p` is the share of moves that
    did as well (this arrangement counted among them), times the number of sessions compared; `p_days` the same of
    moves by whole days, uncorrected, None where there are none. Shares are exact.
    """

    records: int
    inside: int
    expected: Fraction
    p: Fraction
    p_days: Fraction | None
    days: int

    @property
    def explained(self) -> Fraction:
        """The effect: the share of records beyond those that chance puts inside; at most 1, below 0 if fewer."""
        if self.expected == 1:
            return Fraction(0)
        return (Fraction(self.inside, self.records) - self.expected) / (1 - self.expected)

    @property
    def finding(self) -> str:
        """What may be said: beyond chance | same hours | chance."""
        if self.p >= BEYOND:
            return "chance"
        if self.p_days is None or self.days < FEW_DAYS or self.p_days > BEYOND_DAYS:
            return "same hours"
        return "beyond chance"


def fit(records: Sequence[int], calls: Sequence[tuple[int, int]], bounds: tuple[int, int], sessions: int) -> Fit | None:
    """Compare records with one session's calls within the time observed, `bounds`; None where they are too few.

    `sessions` is how many sessions are compared. Of more than `MOST_RECORDS` records, as many are taken evenly.
    """
    begin, end = bounds
    around = end - begin + 1
    times = _thinned(np.array(sorted(records), np.int64)) - begin
    if len(times) < FEW_RECORDS or not calls:
        return None
    spans = _joined(sorted((start - begin, stop - begin + AFTER_US) for start, stop in calls))
    inside = _inside(times, spans, around)
    draw = random.Random(_SEED)  # noqa: S311  # the same moves every time; nothing secret comes from them
    moved = [_inside((times + draw.randrange(1, around)) % around, spans, around) for _ in range(MOVES)]
    days = max(around // DAY_US - 1, 0)
    by_days = [_inside((times + day * DAY_US) % around, spans, around) for day in range(1, days + 1)]
    return Fit(
        records=len(times),
        inside=inside,
        expected=Fraction(sum(moved), len(times) * MOVES),
        p=min(_as_well(inside, moved) * sessions, Fraction(1)),
        p_days=_as_well(inside, by_days) if by_days else None,
        days=days,
    )


def _as_well(inside: int, moved: list[int]) -> Fraction:
    return Fraction(1 + sum(each >= inside for each in moved), 1 + len(moved))


def _thinned(times: Times) -> Times:
    if len(times) <= MOST_RECORDS:
        return times
    chosen: Times = times[np.arange(MOST_RECORDS) * len(times) // MOST_RECORDS]
    return chosen


def _joined(spans: list[tuple[int, int]]) -> Any:
    """Spans that touch as one; rows of begin and end."""
    joined = [list(spans[0])]
    for begin, end in spans[1:]:
        if begin <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([begin, end])
    return np.array(joined, np.int64)


def _inside(times: Times, spans: Any, around: int) -> int:
    """How many of the times lie in a span; what reaches over the end of the circle goes on at its beginning."""
    last = np.searchsorted(spans[:, 0], times, side="right") - 1
    held = (last >= 0) & (times <= spans[np.maximum(last, 0), 1])
    over = spans[-1, 1] - around
    return int(np.count_nonzero(held | (times <= over)))
