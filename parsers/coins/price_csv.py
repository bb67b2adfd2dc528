"""Prices that the investigator puts beside the evidence, and CoinGecko's historical data.

Source of the format: this project (`asset,quote,ts_utc,price,source[,source_ref][,interval]`, in any order, times ISO
8601, in UTC where no zone is printed), and coingecko.com, historical data as CSV (`snapped_at,price,market_cap,
total_volume`). CoinGecko's file names neither coin nor currency: both stay unknown; a mapping file can tell them.

One record is one price of one whole coin.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.coins.entries import Entries, Sheet, constant
from parsers.contract import Format, Grade, Item
from parsers.source import Source

FORMAT = Format(name="price_csv", title="prices: own table, CoinGecko (CSV)", tables=("price",), signature=True)

ASSET_NOT_STATED = "asset_not_stated"


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG for either header."""
    return SHEET.recognise(head)


def read(source: Source) -> Iterator[Item]:
    """Yield one `price` row a record."""
    return SHEET.read(source)


def _fill(entries: Entries) -> None:
    gecko = entries.cells.has("snapped_at")
    entries.time("snapped_at" if gecko else "ts_utc", utc=not gecko)
    entries.amount("price", "price")
    if gecko:
        entries.columns["provider"] = constant("CoinGecko", entries)
        entries.note(ASSET_NOT_STATED, entries.all())
        return
    entries.text("asset", "asset")
    entries.text("quote_currency", "quote")
    entries.text("provider", "source")


SHEET = Sheet(
    "price",
    (
        frozenset({"asset", "quote", "ts_utc", "price"}),
        frozenset({"snapped_at", "price", "market_cap", "total_volume"}),
    ),
    _fill,
)
