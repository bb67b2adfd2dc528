"""Clock offsets by vote: whole zones, dates, drift, clocks that were set, refusal when the vote is not clear."""

from __future__ import annotations

import random
import tracemalloc
from itertools import pairwise
from typing import Any

import pytest

from queries.clocks.clock_fit import fit
from queries.zones import FIRST, LAST, offsets_of

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR


def series(times: list[int], key: str = "share share") -> dict[str, list[int]]:
    return {key: sorted(times)}


def one(found: list[dict[str, Any]]) -> dict[str, Any]:
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("offset", [0, HOUR, -8 * HOUR, 20_780 * DAY, 5_250_000])
def test_an_offset_is_found(offset: int) -> None:
    draw = random.Random(7)
    true = [draw.randrange(0, 48 * HOUR) for _ in range(120)]
    seen = [time + offset + draw.randrange(0, 400_000) for time in true if draw.random() > 0.3]
    foreign = [draw.randrange(0, 48 * HOUR) + offset for _ in range(30)]
    found = one(fit(series(seen + foreign), series(true)))
    assert abs(found["offset_us"] - offset) < SECOND
    assert found["drift_ppb"] == 0


def test_an_unclear_vote_is_refused() -> None:
    beat = [second * 10 * SECOND for second in range(100)]
    assert fit(series(beat), series([time + 3 * SECOND for time in beat[:50]])) == []


def test_nothing_in_common_is_refused() -> None:
    assert fit({"a": [1]}, {"b": [1]}) == []
    assert fit({"a": [1, 2]}, {"a": [1]}) == []


@pytest.mark.parametrize(("offset", "ppm"), [(41 * SECOND, 60), (-8 * HOUR, 100), (0, -200)])
def test_a_drift_is_measured(offset: int, ppm: int) -> None:
    """Half of the commands repeated, a third dropped, a third of what the log holds somebody else's."""
    draw = random.Random(11)
    words = [f"exec {draw.randrange(8) if draw.random() < 0.5 else 100 + n}" for n in range(120)]
    true = sorted(draw.randrange(0, 48 * HOUR) for _ in words)
    own: dict[str, list[int]] = {}
    reference: dict[str, list[int]] = {}
    for word, time in zip(words, true, strict=True):
        reference.setdefault(word, []).append(time)
        if draw.random() > 0.3:
            shown = time + offset + time * ppm // 1_000_000 + draw.randrange(0, 800_000)
            own.setdefault(word, []).append(shown // SECOND * SECOND)
    for _ in range(40):
        own.setdefault(f"exec {draw.randrange(8)}", []).append(draw.randrange(0, 48 * HOUR) + offset)
    found = one(fit({word: sorted(times) for word, times in own.items()}, reference))
    middle = found["middle_us"] - offset
    assert abs(found["drift_ppb"] - ppm * 1000) < 5000
    assert abs(found["offset_us"] - offset - middle * ppm // 1_000_000) < SECOND


def test_a_clock_that_was_set_has_two_stretches() -> None:
    draw = random.Random(3)
    true = {f"exec {n}": draw.randrange(0, 20 * HOUR) for n in range(60)}
    own = {word: [time + (300 * SECOND if time < 9 * HOUR else 2 * SECOND)] for word, time in true.items()}
    found = fit(own, {word: [time] for word, time in true.items()})
    assert [line["offset_us"] for line in found] == [300 * SECOND, 2 * SECOND]
    assert found[0]["until_us"] < found[1]["from_us"]


def test_two_rare_connections_are_a_weak_vote_and_two_commands_none() -> None:
    places = {"host a.example": [100 * SECOND], "peer 203.0.113.9": [900 * SECOND]}
    behind = {key: [time + 76 * SECOND for time in times] for key, times in places.items()}
    found = one(fit(behind, places))
    assert (found["offset_us"], found["inliers"], found["weak"]) == (76 * SECOND, 2, True)
    commands = {f"exec {key}": times for key, times in places.items()}
    assert fit({f"exec {key}": times for key, times in behind.items()}, commands) == []


def test_what_is_everywhere_does_not_fill_the_memory() -> None:
    """Forty things that both sides know five hundred times would be ten million votes; the rare ones decide."""
    draw = random.Random(5)
    often = {f"exec often{n}": sorted(draw.randrange(0, 48 * HOUR) for _ in range(500)) for n in range(40)}
    rare = {f"exec rare{n}": [draw.randrange(0, 48 * HOUR)] for n in range(20)}
    moved = {key: [time + 61 * SECOND for time in times] for key, times in {**often, **rare}.items()}
    tracemalloc.start()
    found = one(fit(moved, {**often, **rare}))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found["offset_us"] == 61 * SECOND
    assert peak < 800 << 20


def test_two_connections_at_once_are_one_event() -> None:
    places = {"host a.example": [100 * SECOND], "peer 203.0.113.9": [100 * SECOND + 20_000]}
    assert fit({key: [time + 76 * SECOND for time in times] for key, times in places.items()}, places) == []


def test_a_zone_turns_with_summer_and_its_double_hour_stays_in_doubt() -> None:
    stretches = offsets_of("Europe/Berlin")
    assert stretches is not None
    assert stretches[0].from_us == FIRST
    assert stretches[-1].until_us == LAST
    assert all(a.until_us == b.from_us for a, b in pairwise(stretches))

    def at(local: int) -> tuple[int, int]:
        (found,) = (s for s in stretches if s.from_us <= local < s.until_us)
        return found.offset_us // HOUR, found.later_us // HOUR

    day = 1_792_886_400 * SECOND  # 2026-10-25 00:00 as clocks show it; at 03:00 they are set back to 02:00
    assert at(day + 2 * HOUR - 1) == (2, 0)
    assert at(day + 2 * HOUR) == (2, 1)
    assert at(day + 3 * HOUR - 1) == (2, 1)
    assert at(day + 3 * HOUR) == (1, 0)


def test_an_unknown_zone_is_none() -> None:
    assert offsets_of("Nowhere/Such") is None
    assert offsets_of("../etc/passwd") is None
