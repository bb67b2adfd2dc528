"""What coins were worth: each movement at the last price before it, and no price that is not in evidence.

A movement takes the price of its asset with the latest time at or before it, at most 24 hours old, in each currency
that prices are quoted in. What finds none has no value; how much that is, is said beside the sum. Amounts are exact
products of decimals, rounded to 6 places; currencies are never added.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, NamedTuple

from forensics.document.amounts import EXACT, text_of
from forensics.engine import Engine

MAX_AGE_HOURS = 24
MAX_PRICES = 5

_MAX_AGE_US = MAX_AGE_HOURS * 3_600_000_000
_PLACES = Decimal("0.000001")

Row = Mapping[str, Any]


class Price(NamedTuple):
    """One price of one whole coin: when, how much, and its reference."""

    us: int
    price: Decimal
    ref: str


class Prices:
    """Prices by asset and currency, in order of time."""

    def __init__(self, rows: Sequence[Row]) -> None:
        """`rows` have asset, quote_currency, price, us, source_id, record and part, all known."""
        self._listed: dict[str, dict[str, list[Price]]] = {}
        for row in rows:
            price = Price(row["us"], row["price"], _ref(row))
            self._listed.setdefault(row["asset"], {}).setdefault(row["quote_currency"], []).append(price)
        for currencies in self._listed.values():
            for prices in currencies.values():
                prices.sort(key=lambda price: (price.us, price.ref))

    def currencies(self, asset: str) -> list[str]:
        """Return the currencies that an asset's price is quoted in."""
        return sorted(self._listed.get(asset, {}))

    def at(self, asset: str, currency: str, us: int) -> Price | None:
        """Return the last price at or before a time, None if it is older than a day or there is none."""
        prices = self._listed[asset][currency]
        place = bisect_right(prices, us, key=lambda price: price.us)
        if not place or us - prices[place - 1].us > _MAX_AGE_US:
            return None
        return prices[place - 1]


def prices_of(engine: Engine) -> Prices:
    """Return the prices in evidence whose asset, currency, amount and time are known; negative ones are none."""
    return Prices(
        engine.rows(
            "select asset, quote_currency, price, epoch_us(ts) as us, source_id, record, part from price"
            " where asset is not null and quote_currency is not null and price >= 0 and ts is not null"
            " order by source_id, record, part"
        )
    )


def valuation(prices: Prices, asset: str, groups: Mapping[str, Sequence[Row]]) -> dict[str, Any] | None:
    """Value groups of movements (`amount`, `best_us`), such as received and spent; None where no price is known."""
    values = [
        _value(prices, asset, currency, name, rows)
        for currency in prices.currencies(asset)
        for name, rows in groups.items()
        if any(row["amount"] is not None for row in rows)
    ]
    return {"max_age_hours": MAX_AGE_HOURS, "values": values} if values else None


def _value(prices: Prices, asset: str, currency: str, name: str, rows: Sequence[Row]) -> dict[str, Any]:
    total, unpriced = Decimal(0), Decimal(0)
    used: list[str] = []
    for row in rows:
        if row["amount"] is None:
            continue
        price = prices.at(asset, currency, row["best_us"]) if row["best_us"] is not None else None
        if price is None:
            unpriced = EXACT.add(unpriced, row["amount"])
        else:
            total = EXACT.add(total, EXACT.multiply(row["amount"], price.price))
            used.append(price.ref)
    refs = list(dict.fromkeys(used))
    return {
        "of": name,
        "currency": currency,
        "amount": text_of(total.quantize(_PLACES, ROUND_HALF_EVEN, EXACT)) if used else None,
        "unpriced": text_of(unpriced) if unpriced else None,
        "prices": refs[:MAX_PRICES],
    }


def _ref(row: Row) -> str:
    return f"{row['source_id'][:12]}#{row['record']}" + (f".{row['part']}" if row["part"] else "")
