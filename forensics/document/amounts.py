"""Amounts of the document: exact sums of decimals, and their text.

Python's own context rounds to 28 digits, and columns of money and coins hold 38.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal

EXACT = Context(prec=120)


def total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Return the exact sum of what is known, None where nothing is."""
    found = None
    for amount in amounts:
        if amount is not None:
            found = EXACT.add(found or Decimal(0), amount)
    return found


def text_of(amount: Decimal | None) -> str | None:
    """Write an amount in full: no exponent, no trailing zeros, no negative zero."""
    if amount is None:
        return None
    text = format(EXACT.normalize(amount), "f")
    return "0" if text == "-0" else text
