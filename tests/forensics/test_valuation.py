"""Valuation: the last price before a movement, exactly, and nothing where there is none."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.analysis import analyze
from forensics.case import Case
from forensics.document.valuation import Prices, valuation
from forensics.intake import ingest
from forensics.reporting import write_report
from forensics.reporting.sentences import valuation_text

HOUR = 3_600_000_000


def price(us: int, amount: str, **changes: Any) -> dict[str, Any]:
    row = {
        "asset": "XMR",
        "quote_currency": "USD",
        "price": Decimal(amount),
        "us": us,
        "source_id": "a" * 64,
        "part": 0,
    }
    return row | {"record": us // HOUR + 1} | changes


def moved(us: int | None, amount: str | None) -> dict[str, Any]:
    return {"best_us": us, "amount": None if amount is None else Decimal(amount)}


def value_of(prices: list[dict[str, Any]], *movements: dict[str, Any]) -> dict[str, Any]:
    told = valuation(Prices(prices), "XMR", {"received": movements})
    assert told is not None
    (value,) = told["values"]
    return value


@pytest.mark.parametrize(
    ("at", "amount", "unpriced"),
    [
        (0, "100", None),
        (HOUR - 1, "100", None),
        (HOUR, "200", None),
        (25 * HOUR, "200", None),
        (25 * HOUR + 1, None, "1"),
        (-1, None, "1"),
        (None, None, "1"),
    ],
)
def test_a_movement_takes_the_last_price_before_it_if_it_is_no_older_than_a_day(at, amount, unpriced):
    value = value_of([price(HOUR, "200"), price(0, "100")], moved(at, "1"))
    assert (value["amount"], value["unpriced"]) == (amount, unpriced)


def test_what_finds_no_price_is_said_beside_the_sum():
    value = value_of([price(0, "100")], moved(1, "0.5"), moved(30 * HOUR, "0.25"), moved(2, None))
    assert value == {
        "of": "received",
        "currency": "USD",
        "amount": "50",
        "unpriced": "0.25",
        "prices": ["a" * 12 + "#1"],
    }


def test_currencies_and_assets_are_never_mixed():
    prices = [price(0, "100"), price(0, "90", quote_currency="EUR"), price(0, "60000", asset="BTC")]
    told = valuation(Prices(prices), "XMR", {"received": [moved(1, "2")], "spent": [], "paid": [moved(1, None)]})
    assert told is not None
    assert [(each["of"], each["currency"], each["amount"]) for each in told["values"]] == [
        ("received", "EUR", "180"),
        ("received", "USD", "200"),
    ]
    assert valuation(Prices(prices), "KAS", {"received": [moved(1, "2")]}) is None
    assert valuation(Prices([]), "XMR", {"received": [moved(1, "2")]}) is None


@given(st.decimals(0, 10**19, places=18), st.decimals(0, 10**19, places=18))
def test_products_are_exact_to_the_sixth_place(amount, quoted):
    value = value_of([price(0, str(quoted))], moved(1, str(amount)))
    exact = Fraction(amount) * Fraction(quoted)
    assert abs(Fraction(value["amount"]) - exact) <= Fraction(1, 2_000_000)


def test_the_sentence_says_what_has_no_price():
    prices = Prices([price(0, "100")])
    groups = {"received": [moved(1, "2"), moved(40 * HOUR, "1")], "spent": [moved(40 * HOUR, "1")]}
    asset = {"asset": "XMR", "valuation": valuation(prices, "XMR", groups)}
    assert valuation_text(asset) == (
        "At the last price before each movement, at most 24 hours old: received 200 USD (1 XMR without a price);"
        " spent, no price in USD."
    )
    assert valuation_text({"asset": "XMR", "valuation": None}) is None


@pytest.mark.slow
def test_a_case_with_prices_says_what_coins_were_worth(small_demo: Path, tmp_path: Path) -> None:
    root, given_prices = tmp_path / "case", tmp_path / "prices.csv"
    shutil.copytree(small_demo / "case", root)
    given_prices.write_text(
        "asset,quote,ts_utc,price,source\n"
        "XMR,USD,2026-03-11T00:00:00Z,200,desk\nXMR,USD,2026-03-10T00:00:00Z,1,desk\nBTC,USD,2026-03-11,90000,desk\n"
    )
    before = json.loads(Case.open(root).read("incident.json"))["incidents"][0]["assets"][0]
    assert before["valuation"] is None
    ingest(Case.open(root), [given_prices])
    (asset,) = analyze(Case.open(root))["incidents"][0]["assets"]
    worth = {each["of"]: each["amount"] for each in asset["valuation"]["values"]}
    assert Decimal(worth["paid"]) == Decimal(asset["paid"]) * 200
    assert Decimal(worth["spent"]) == Decimal(asset["spent"]) * 200
    assert {key: value for key, value in asset.items() if key != "valuation"} == {
        key: value for key, value in before.items() if key != "valuation"
    }
    page = write_report(Case.open(root)).read_text(encoding="utf-8")
    assert "At the last price before each movement, at most 24 hours old" in page
