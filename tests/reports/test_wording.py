from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import wording
from reports.model import When

NOON = int(datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("us", "expected"),
    [
        (0, "1970-01-01 00:00:00"),
        (NOON + 250_000, "2026-03-02 12:00:00.25"),
        (-1, "1969-12-31 23:59:59.999999"),
        (-62_135_596_800_000_000, "0001-01-01 00:00:00"),
        (253_402_300_799_999_999, "9999-12-31 23:59:59.999999"),
    ],
)
def test_moment(us: int, expected: str) -> None:
    assert wording.moment(us) == expected


@pytest.mark.parametrize(
    ("when", "text", "bounds"),
    [
        (When(NOON, NOON, NOON + 1_000_000, "recorded"), "2026-03-02 12:00:00", ""),
        (
            When(NOON, NOON - 5_000_000, NOON + 5_000_000, "clock_corrected"),
            "2026-03-02 12:00:00",
            "2026-03-02 11:59:55 to 12:00:05",
        ),
        (
            When(None, NOON, NOON + 86_400_000_000, "bounded"),
            "between 2026-03-02 12:00:00 and 2026-03-03 12:00:00",
            "",
        ),
        (When(None, NOON, None, "bounded"), "not before 2026-03-02 12:00:00", ""),
        (When(None, None, NOON, "bounded"), "not after 2026-03-02 12:00:00", ""),
        (When(), "time not known", ""),
    ],
)
def test_when(when: When, text: str, bounds: str) -> None:
    assert wording.when(when) == text
    assert wording.bounds(when) == bounds


def test_period() -> None:
    assert wording.period(None, None) == "time not known"
    assert wording.period(NOON, None) == "2026-03-02 12:00:00 to end not known"
    assert wording.period(None, NOON) == "start not known to 2026-03-02 12:00:00"
    assert wording.period(NOON, NOON + 60_000_000) == "2026-03-02 12:00:00 to 12:01:00"


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.93, "93 %"),
        (0.125, "12.5 %"),
        (0.9994, "99.9 %"),
        (0.9996, "> 99.9 %"),
        (0.0004, "< 0.1 %"),
        (1e-9, "< 0.1 %"),
        (0.0005, "< 0.1 %"),
        (0.00051, "0.1 %"),
        (0.9995, "> 99.9 %"),
    ],
)
def test_percent(share: float, expected: str) -> None:
    assert wording.percent(share) == expected


@pytest.mark.parametrize(
    ("at_least", "at_most", "expected"),
    [
        (None, None, "not in evidence"),
        (0, 0, "0 s"),
        (1.5, 1.5, "1.5 s"),
        (36.24, 36.2401, "36.24 s"),
        (60, 61, "1 min to 1 min 1 s"),
        (59.9999, 59.9999, "1 min"),
        (187_860, 187_861.5, "2 d 4 h 11 min to 2 d 4 h 11 min 1.5 s"),
        (-90, None, "at least -1 min 30 s"),
        (None, 3600, "at most 1 h"),
    ],
)
def test_window(at_least: float | None, at_most: float | None, expected: str) -> None:
    assert wording.window(at_least, at_most) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("0.0481", "0.0481"), ("1234567.500", "1,234,567.500"), ("-1000", "-1,000"), ("0012", "12"), ("-0.5", "-0.5")],
)
def test_amount(value: str, expected: str) -> None:
    assert wording.amount(value) == expected


@given(st.from_regex(r"-?[0-9]{1,30}(\.[0-9]{1,20})?", fullmatch=True))
def test_no_digit_of_an_amount_is_lost(value: str) -> None:
    assert Decimal(wording.amount(value).replace(",", "")) == Decimal(value)


@given(st.floats(0, 1))
def test_a_share_never_reads_as_certain_or_impossible(share: float) -> None:
    text = wording.percent(share)
    assert (text == "0 %") == (share == 0)
    assert (text == "100 %") == (share == 1)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0"), (0.06, "0.06"), (999, "999"), (8000, "8,000"), (12_400, "12.4 k"), (3e9, "3 G"), (-2.5e6, "-2.5 M")],
)
def test_compact(value: float, expected: str) -> None:
    assert wording.compact(value) == expected
