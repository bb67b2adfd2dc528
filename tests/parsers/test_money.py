"""Amounts are exact or absent."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from parsers.money import amount, held, scaled

BILL = pa.decimal128(38, 14)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.10", "1.10"),
        ("-0.00000000000001", "-0.00000000000001"),
        ("5e-06", "0.000005"),
        ("1E+3", "1000"),
        ("0.000000000000000", "0"),
        ("0E-18", "0"),
        ("-0e100", "0"),
        ("1.5" + "0" * 60, "1.5"),
        ("10000000000000.000000000000001", None),
        ("0.000000000000001", None),
        ("1,234.5", None),
        ("$3", None),
        ("NaN", None),
        ("١٢", None),
        ("", None),
        ("1e999", None),
    ],
)
def test_an_amount_is_exact_or_absent(text: str, value: str | None) -> None:
    found = amount(text, BILL)
    assert found.value == (None if value is None else Decimal(value))
    assert found.raw == (text or None)


@given(st.decimals())
@example(Decimal("1.5" + "0" * 60))
def test_what_fits_is_held_and_given_back(value: Decimal) -> None:
    found = held(value, BILL)
    assert found is None or pa.array([found], BILL)[0].as_py() == value


@pytest.mark.parametrize(
    ("text", "exponent", "value"),
    [
        ("250000000000", -12, "0.25"),
        ("1", -14, "0.00000000000001"),
        ("1", -15, None),
        ("1.5e3", -3, "1.5"),
        ("12", 2, "1200"),
        ("0.1" + "0" * 300 + "1", 0, None),
        ("many", -12, None),
        ("", -12, None),
        (None, -12, None),
    ],
)
def test_a_count_of_small_units_is_exact_or_absent(text: str | None, exponent: int, value: str | None) -> None:
    found = scaled(text, exponent, BILL)
    assert found.value == (None if value is None else Decimal(value))
    assert found.raw == (text or None)
