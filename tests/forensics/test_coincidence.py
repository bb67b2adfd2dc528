"""Lining up: what is caused is found, what is not is not, and what only keeps the same hours is told apart."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from pathlib import Path

import pytest

from forensics.cli import run
from forensics.coincidence import AFTER_US, DAY_US, FEW_RECORDS, MOST_RECORDS, Fit, fit

SECOND = 1_000_000
HOUR = 3600 * SECOND


def session(seed: int, days: int = 3, calls: int = 40, *, office: bool = False) -> list[tuple[int, int]]:
    draw = random.Random(seed)
    times = []
    while len(times) < calls:
        at = draw.randrange(days * DAY_US)
        if not office or 9 * HOUR <= at % DAY_US < 18 * HOUR:
            times.append(at)
    return [(at, at + draw.randrange(120 * SECOND)) for at in sorted(times)]


def compared(records: list[int], calls: list[tuple[int, int]], days: int = 3, sessions: int = 1) -> Fit:
    found = fit(records, calls, (0, days * DAY_US - 1), sessions)
    assert found is not None
    return found


def caused(calls: list[tuple[int, int]], seed: int, days: int = 3) -> list[int]:
    """Ten records in calls and four anywhere, as measured for this method."""
    draw = random.Random(seed)
    hits = [begin + draw.randrange(30 * SECOND) for begin, _ in draw.sample(calls, 10)]
    return hits + [draw.randrange(days * DAY_US) for _ in range(4)]


@pytest.mark.parametrize("seed", range(5))
def test_what_is_caused_is_found(seed) -> None:
    calls = session(seed)
    found = compared(caused(calls, seed), calls)
    assert found.inside >= 10
    assert found.p < Fraction(1, 100)
    assert found.explained > Fraction(1, 2)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_unrelated_is_not(seed) -> None:
    draw = random.Random(100 + seed)
    found = compared([draw.randrange(3 * DAY_US) for _ in range(14)], session(seed))
    assert found.finding == "chance"
    assert abs(found.explained) < Fraction(1, 3)


def test_the_same_hours_are_no_cause() -> None:
    days = 30
    hours = [(day * DAY_US + 9 * HOUR, day * DAY_US + 17 * HOUR) for day in range(days)]
    draw = random.Random(1)
    records = [day * DAY_US + 9 * HOUR + draw.randrange(8 * HOUR) for day in range(days)]
    found = compared(records, hours, days)
    assert found.inside == found.records
    assert found.p_days == 1
    assert found.finding != "beyond chance"


def test_moves_by_whole_days_find_a_cause_in_the_same_hours() -> None:
    calls = session(3, days=30, calls=60, office=True)
    found = compared(caused(calls, 3, days=30), calls, 30)
    assert (found.days, found.p_days, found.finding) == (29, Fraction(1, 30), "beyond chance")


def test_too_few_days_leave_the_hours_open() -> None:
    calls = session(2)
    assert compared(caused(calls, 2), calls).finding == "same hours"


def test_more_sessions_weigh_less() -> None:
    calls = session(4)
    one, many = (compared(caused(calls, 4), calls, sessions=count) for count in (1, 200))
    assert many.p == one.p * 200
    assert many.finding == "chance"
    assert compared(caused(calls, 4), calls, sessions=10**9).p == 1


def test_the_margin_is_counted_to_the_microsecond() -> None:
    calls = [(DAY_US, DAY_US + SECOND)]
    at = DAY_US + SECOND + AFTER_US
    assert compared([at] * 5 + [at + 1] + [DAY_US - 1], calls).inside == 5
    assert compared([DAY_US] * FEW_RECORDS, calls).inside == FEW_RECORDS


def test_a_call_that_reaches_over_the_end_goes_on_at_the_beginning() -> None:
    calls = [(3 * DAY_US - SECOND, 3 * DAY_US - SECOND)]
    assert compared([0, SECOND, 28 * SECOND, 40 * SECOND, 50 * SECOND], calls).inside == 3


def test_always_in_a_call_explains_nothing() -> None:
    found = compared([HOUR * n for n in range(10)], [(0, 3 * DAY_US)])
    assert (found.expected, found.explained, found.p) == (1, 0, 1)


def test_few_records_and_no_calls_say_nothing() -> None:
    assert fit([1] * (FEW_RECORDS - 1), session(1), (0, DAY_US), 1) is None
    assert fit([1] * FEW_RECORDS, [], (0, DAY_US), 1) is None


def test_many_records_are_taken_evenly_and_order_does_not_matter() -> None:
    calls = session(5)
    records = caused(calls, 5) * 100
    found = compared(records, calls)
    assert found.records == MOST_RECORDS
    assert compared(records[::-1], calls[::-1]) == found


def a_flow(case: Path, capfd) -> str:
    query = (
        "select left(source_id, 12) || '#' || record as ref from flow_event join flow using (source_id)"
        " where flow_event.event = source_id || '#' || record || '.' || part and exists ("
        " select 1 from call_span where best_us between begin_us and end_us) order by ref limit 1"
    )
    assert run(["query", str(case), "--csv", query]) == 0
    return capfd.readouterr().out.splitlines()[1]


def test_explain_names_the_sessions_that_were_active(small_demo: Path, capfd) -> None:
    case = small_demo / "case"
    ref = a_flow(case, capfd)
    assert run(["explain", str(case), ref, "--json"]) == 0
    first = capfd.readouterr().out
    assert run(["explain", str(case), ref, "--json"]) == 0
    assert capfd.readouterr().out == first
    found = json.loads(first)
    assert 0 < found["sessions_active"] <= found["sessions_compared"]
    assert all(
        call["began_before_us"] >= 0 and call["ended_before_us"] <= AFTER_US
        for active in found["sessions"]
        for call in active["calls_around"]
    )
    assert run(["explain", str(case), ref]) == 0
    assert "sessions had a call under way" in capfd.readouterr().out


@pytest.mark.parametrize("ref", ["nothing", "0" * 12 + "#1"])
def test_what_is_no_record_is_refused(small_demo: Path, ref, capfd) -> None:
    assert run(["explain", str(small_demo / "case"), ref]) == 2
    assert "Traceback" not in capfd.readouterr().err
