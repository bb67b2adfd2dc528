"""Amounts from text: exact or absent."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

import pyarrow as pa

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
LOSSY = "amount_not_exact"


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


def fits(value: Decimal, kind: pa.Decimal128Type) -> bool:
    """Tell whether `kind` holds `value` without rounding."""
    if not value.is_finite():
        return False
    if value == 0:
        return True
    digits = value.normalize().as_tuple()
    exponent = int(digits.exponent)
    whole = len(digits.digits) + exponent
    scale: int = kind.scale
    precision: int = kind.precision
    return -exponent <= scale and whole <= precision - scale
