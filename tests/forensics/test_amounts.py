"""Amounts of the document are exact, however many digits they have."""

from __future__ import annotations

from decimal import Decimal

import pytest

from forensics.document.amounts import text_of, total

LONG = Decimal("123456789012345678.12345678901234567891")


def test_a_sum_keeps_every_digit():
    assert str(total([LONG, None, Decimal("1E-20")])) == "123456789012345678.12345678901234567892"
    assert total([None]) is None
    assert total([]) is None


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (LONG, "123456789012345678.12345678901234567891"),
        (Decimal("1.50000000000000000000"), "1.5"),
        (Decimal("100.00000000000000000000"), "100"),
        (Decimal("1E+2"), "100"),
        (Decimal("0E-20"), "0"),
        (Decimal("-0.0"), "0"),
        (None, None),
    ],
)
def test_text_has_no_trailing_zeros(amount, text):
    assert text_of(amount) == text
