"""Clock offsets by vote: whole zones, dates, refusal when the vote is not clear."""

from __future__ import annotations

import random

import pytest

from queries.clocks.clock_fit import fit

HOUR = 3_600_000_000


def series(times: list[int], key: str = "share") -> dict[str, list[int]]:
    return {key: sorted(times)}


@pytest.mark.parametrize("offset", [0, HOUR, -8 * HOUR, 20_780 * 24 * HOUR, 5_250_000])
def test_an_offset_is_found(offset: int) -> None:
    draw = random.Random(7)
    true = [draw.randrange(0, 48 * HOUR) for _ in range(120)]
    seen = [time + offset + draw.randrange(0, 400_000) for time in true if draw.random() > 0.3]
    foreign = [draw.randrange(0, 48 * HOUR) + offset for _ in range(30)]
    found = fit(series(seen + foreign), series(true))
    assert found is not None
    assert abs(found["offset_us"] - offset) < 1_000_000


def test_an_unclear_vote_is_refused() -> None:
    beat = [second * 10_000_000 for second in range(100)]
    assert fit(series(beat), series([time + 3_000_000 for time in beat[:50]])) is None


def test_nothing_in_common_is_refused() -> None:
    assert fit({"a": [1]}, {"b": [1]}) is None
    assert fit({"a": [1, 2]}, {"a": [1]}) is None
