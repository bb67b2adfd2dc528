"""Amounts are exact or absent."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.money import amount, fits

BILL = pa.decimal128(38, 14)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.10", "1.10"),
        ("-0.00000000000001", "-0.00000000000001"),
        ("5e-06", "0.000005"),
        ("1E+3", "1000"),
        ("0.000000000000000", "0"),
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


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_what_fits_is_held_and_given_back(value: Decimal) -> None:
    if fits(value, BILL):
        assert pa.array([value], BILL)[0].as_py() == value
