"""Windows between stages: what lasts is over when it ends."""

from __future__ import annotations

from forensics.document.windows import last_of, windows

SECOND = 1_000_000


def row(at: int, lasts: int | None = None) -> dict[str, object]:
    times = {"earliest_us": at * SECOND, "best_us": at * SECOND, "latest_us": (at + 1) * SECOND}
    return {"event": f"e{at}", **times} | ({} if lasts is None else {"lasts_us": lasts * SECOND})


def test_mining_lasts_until_its_longest_flow_ends() -> None:
    told = windows({"mining": [row(10), row(12, lasts=3600), row(20, lasts=5)]})["mining"]
    assert (told["at_least"], told["at_most"]) == (3601, 3603)


def test_a_flow_that_outlasts_the_kill_moves_no_other_window() -> None:
    told = windows({"mining": [row(10, lasts=900)], "detection": [row(70)], "containment": [row(100)]})
    assert told["mining_to_detection"]["at_least"] == 59
    assert told["detection_to_containment"]["at_least"] == 29


def test_a_row_without_times_ends_nothing() -> None:
    untimed = {"event": "e", "earliest_us": None, "best_us": None, "latest_us": None, "lasts_us": 5}
    assert last_of([untimed]) is None
    assert last_of([]) is None
