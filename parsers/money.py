"""Amounts from text: exact or absent."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

import pyarrow as pa

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
LOSSY = "amount_not_exact"
NO_NUMBER = "amount_is_no_number"
MAX_ZERO_EXPONENT = 0  # Arrow will not take a zero written as 0e100


class Amount(NamedTuple):
    """A number as read: `value` is None where the text is no number or does not fit exactly; `raw` is the text."""

    value: Decimal | None
    raw: str | None


def amount(raw: str | None, kind: pa.Decimal128Type) -> Amount:
    """Read decimal text (E notation allowed, no separators, no currency sign) into what `kind` can hold exactly."""
    if raw is None or raw == "":
        return Amount(None, None)
    if not _NUMBER.fullmatch(raw):
        return Amount(None, raw)
    try:
        value = Decimal(raw)
    except InvalidOperation:
        return Amount(None, raw)
    return Amount(value if fits(value, kind) else None, raw)


def scaled(raw: str | None, exponent: int, kind: pa.Decimal128Type) -> Amount:
    """Read a number of units that are each ten to the `exponent` of a whole (piconero: -12); `raw` stays as written."""
    if not raw or not _NUMBER.fullmatch(raw):
        return Amount(None, raw or None)
    sign, digits, place = Decimal(raw).as_tuple()
    value = Decimal((sign, digits, int(place) + exponent))
    return Amount(value if fits(value, kind) else None, raw)


def remarks(read: Amount) -> list[str]:
    """Say in notes why an amount that has a text has no value."""
    if read.raw is None or read.value is not None:
        return []
    return [LOSSY if _NUMBER.fullmatch(read.raw) else NO_NUMBER]


def fits(value: Decimal, kind: pa.Decimal128Type) -> bool:
    """Tell whether `kind` holds `value` without rounding."""
    if not value.is_finite():
        return False
    sign_digits = value.as_tuple()
    digits = sign_digits.digits
    exponent = int(sign_digits.exponent)
    # not `normalize()`: it rounds to the precision of the context, and here nothing may be rounded
    while len(digits) > 1 and digits[-1] == 0:
        digits, exponent = digits[:-1], exponent + 1
    if digits == (0,):
        return exponent <= MAX_ZERO_EXPONENT
    scale: int = kind.scale
    precision: int = kind.precision
    return -exponent <= scale and len(digits) + exponent <= precision - scale
