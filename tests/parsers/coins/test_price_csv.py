"""Prices: exact, with the time they are for, and no coin that the file does not name."""

from __future__ import annotations

import pytest

from parsers.coins import price_csv
from parsers.contract import Grade

OWN = {"asset": "XMR", "quote": "USD", "ts_utc": "2026-11-23T00:00:00Z", "price": "165.25", "source": "exchange"}
GECKO = {"snapped_at": "2026-11-23 00:00:00 UTC", "price": "165.25", "market_cap": "", "total_volume": ""}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (OWN, {"asset": "XMR", "quote_currency": "USD", "price": "165.250000000000000000", "provider": "exchange"}),
        (OWN | {"price": "1e-18"}, {"price": "0.000000000000000001", "price_raw": "1e-18"}),
        (OWN | {"price": "1e-19"}, {"price": None, "price_raw": "1e-19", "notes": ["amount_not_exact"]}),
        (OWN | {"ts_utc": "2026-11-23 00:00"}, {"ts": "2026-11-23T00:00:00.000000Z", "notes": ["zone_not_printed"]}),
        (OWN | {"ts_utc": "today"}, {"ts": None, "notes": ["time_unreadable"]}),
        (GECKO, {"asset": None, "quote_currency": None, "provider": "CoinGecko", "notes": ["asset_not_stated"]}),
        (GECKO, {"ts": "2026-11-23T00:00:00.000000Z", "price_raw": "165.25"}),
    ],
)
def test_prices(row_of, record, expected):
    found = row_of(price_csv, record)
    assert {key: found.get(key) for key in expected} == expected


def test_other_headers_are_no_prices():
    for head in (b"asset,price\n", b"price,market_cap,total_volume\n", b"asset,quote,ts,price\n", b""):
        assert price_csv.recognise(head, "prices.csv") is Grade.NONE
