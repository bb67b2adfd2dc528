"""Ledgers of exchanges: which way each entry goes, and in what."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parsers.coins import binance_csv, coinbase_csv, kraken_ledger_csv
from parsers.contract import Grade

KRAKEN = {"txid": "L1", "refid": "R1", "time": "2026-11-23 13:20:01", "type": "trade", "subtype": "",
          "aclass": "currency", "asset": "XXMR", "amount": "1", "fee": "0", "balance": "1"}  # fmt: skip
COINBASE = {"Timestamp": "2026-11-23 13:20:01 UTC", "Transaction Type": "Buy", "Asset": "BTC",
            "Quantity Transacted": "1", "Price Currency": "USD", "Subtotal": "$1.00", "Notes": ""}  # fmt: skip
BINANCE = {"User_ID": "7", "UTC_Time": "2026-11-23 13:20:01", "Account": "Spot", "Operation": "Deposit", "Coin": "BTC",
           "Change": "1", "Remark": ""}  # fmt: skip
ABOUT = "Transactions\nUser,Somebody,00\n"


@pytest.mark.parametrize(
    ("kind_of_entry", "amount", "kind"),
    [
        ("deposit", "1", "receipt"),
        ("withdrawal", "-1", "spend"),
        ("trade", "-1", "trade"),
        ("trade", "1", "receipt"),
        ("spend", "-1", "trade"),
        ("receive", "1", "receipt"),
        ("staking", "0.1", "receipt"),
        ("transfer", "-1", "transfer"),
        ("rollover", "0", "fee"),
        ("nft", "1", None),
        ("", "1", None),
    ],
)
def test_kraken_types(row_of, kind_of_entry, amount, kind):
    found = row_of(kraken_ledger_csv, KRAKEN | {"type": kind_of_entry, "amount": amount})
    assert found.get("kind") == kind
    assert not found["amount"].startswith("-")
    assert ("type_unknown" in found["notes"]) == (kind is None and bool(kind_of_entry))


@pytest.mark.parametrize(
    ("asset", "read"),
    [("XXMR", "XMR"), ("XXBT", "BTC"), ("ZUSD", "USD"), ("KAS", "KAS"), ("XTZ", "XTZ"), ("ETH.F", "ETH.F")],
)
def test_kraken_names_of_coins(row_of, asset, read):
    found = row_of(kraken_ledger_csv, KRAKEN | {"asset": asset})
    assert found["asset"] == read
    assert (f'"asset":"{asset}"' in found["extra"]) == (asset != read)


def test_kraken_entries_that_are_only_announced_count_nothing(row_of):
    found = row_of(kraken_ledger_csv, KRAKEN | {"type": "deposit", "txid": "", "balance": ""})
    assert "kind" not in found
    assert "announced_not_booked" in found["notes"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.decimals(-1000, 1000, places=10), st.decimals(0, 10, places=10))
def test_kraken_balances_can_be_computed_again(row_of, amount, fee):
    found = row_of(kraken_ledger_csv, KRAKEN | {"amount": f"{amount:f}", "fee": f"{fee:f}"})
    sign = -1 if found["kind"] == "trade" else 1
    assert sign * Decimal(found["amount"]) - Decimal(found["fee"]) == amount - fee


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, {"kind": "receipt", "ts": "2026-11-23T13:20:01.000000Z", "notes": None}),
        (
            {"Transaction Type": "Send", "Quantity Transacted": "-2"},
            {"kind": "spend", "amount": "2.000000000000000000"},
        ),
        ({"Transaction Type": "Pro Withdrawal"}, {"kind": "transfer"}),
        ({"Transaction Type": "Something"}, {"kind": None, "notes": ["type_unknown"]}),
        ({"Timestamp": "2026-11-23T13:20:01Z"}, {"ts": "2026-11-23T13:20:01.000000Z"}),
        ({"Timestamp": "11/23/2026"}, {"ts": None, "notes": ["time_unreadable"]}),
        ({"Recipient Address": "1abc"}, {"to_address": "1abc"}),
        ({"Sender Address": "1abc"}, {"from_address": "1abc"}),
        ({"Subtotal": "-$1,234.50"}, {"quote_amount": "1234.500000000000000000", "quote_amount_raw": "-$1,234.50"}),
        ({"Subtotal": "Kč16233.43638"}, {"quote_amount": "16233.436380000000000000", "quote_currency": "USD"}),
        ({"Subtotal": "1.234,50"}, {"quote_amount": None, "notes": ["amount_is_no_number"]}),
        ({"Subtotal": "$12,34.50"}, {"quote_amount": None, "notes": ["amount_is_no_number"]}),
    ],
)
@pytest.mark.parametrize("before", ["", ABOUT, "\n" + ABOUT])
def test_coinbase(row_of, cells, expected, before):
    found = row_of(coinbase_csv, COINBASE | cells, before)
    assert {key: found.get(key) for key in expected} == expected


def test_coinbase_is_recognised_behind_its_preamble_only():
    header = ",".join(COINBASE).encode()
    assert coinbase_csv.recognise(ABOUT.encode() + header, "x") is Grade.STRONG
    assert coinbase_csv.recognise(b"anything,else\n" + header, "x") is Grade.NONE
    assert coinbase_csv.recognise(b"Transactions\n" * 9 + header, "x") is Grade.NONE


@pytest.mark.parametrize(
    ("operation", "change", "kind"),
    [
        ("Deposit", "1", "receipt"),
        ("Withdraw", "-1", "spend"),
        ("Buy", "1", "receipt"),
        ("Buy", "-1", "trade"),
        ("Transaction Related", "-1", "trade"),
        ("Binance Convert", "1", "receipt"),
        ("Transaction Fee", "-0.1", "fee"),
        ("Main and Funding Account Transfer", "-1", "transfer"),
        ("Simple Earn Flexible Interest", "0.1", "receipt"),
        ("Pool Distribution", "0.1", "credit"),
        ("Simple Earn Flexible Subscription", "-1", None),
    ],
)
@pytest.mark.parametrize("when", ["2026-11-23 13:20:01", "26-11-23 13:20:01"])
def test_binance(row_of, operation, change, kind, when):
    found = row_of(binance_csv, BINANCE | {"Operation": operation, "Change": change, "UTC_Time": when})
    assert (found.get("kind"), found["ts"]) == (kind, "2026-11-23T13:20:01.000000Z")
    assert f'"Operation":"{operation}"' in found["extra"]


@pytest.mark.parametrize("parser", [kraken_ledger_csv, coinbase_csv, binance_csv])
def test_other_headers_are_not_theirs(parser):
    for head in (b"time,type,asset,amount\n", b"Timestamp,Asset\n", b"Account,Coin\n", b"", b"Transactions\n"):
        assert parser.recognise(head, "ledgers.csv") is Grade.NONE
