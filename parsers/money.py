"""Amounts from text: exact or absent."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

import pyarrow as pa

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
LOSSY = "amount_not_exact"
NO_NUMBER = "amount_is_no_number"


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
    return Amount(held(Decimal(raw), kind), raw)


def scaled(raw: str | None, exponent: int, kind: pa.Decimal128Type) -> Amount:
    """Read a number of units that are each ten to the `exponent` of a whole (piconero: -12); `raw` stays as written."""
    if not raw or not _NUMBER.fullmatch(raw):
        return Amount(None, raw or None)
    sign, digits, place = Decimal(raw).as_tuple()
    value = Decimal((sign, digits, int(place) + exponent))
    return Amount(held(value, kind), raw)


def remarks(read: Amount) -> list[str]:
    """Say in notes why an amount that has a text has no value."""
    if read.raw is None or read.value is not None:
        return []
    return [LOSSY if _NUMBER.fullmatch(read.raw) else NO_NUMBER]


def held(value: Decimal, kind: pa.Decimal128Type) -> Decimal | None:
    """Return `value` as `kind` holds it without rounding, None where it does not; zero is zero with any exponent.

    It comes back without trailing zeros: Arrow takes neither a zero with every exponent nor more digits than it keeps.
    """
    if not value.is_finite():
        return None
    sign, digits, place = value.as_tuple()
    # not `normalize()`: it rounds to the precision of the context, and here nothing may be rounded
    kept = "".join(map(str, digits)).rstrip("0")
    if not kept:
        return Decimal(0)
    exponent = int(place) + len(digits) - len(kept)
    scale: int = kind.scale
    precision: int = kind.precision
    if -exponent > scale or len(kept) + exponent > precision - scale:
        return None
    return Decimal((sign, tuple(map(int, kept)), exponent))
