"""What wallets answer over their interfaces: units, directions, and keys that are not copied."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import golden
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.coins import bitcoin_core, etherscan_csv, monero_wallet_rpc
from parsers.contract import Grade
from parsers.source import Source

XMR = "41tC5aLueQ8GHGt3STKPfHJYQX1ruHpAP1CFqQXnnLUo2CMJpchueHrChmBH4NXWnuWQ3pKSDsNyn3hFZxGHcRX58S4hq8n"
BTC = "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"
TRANSFER = {"txid": "aa", "amount": 1, "type": "in", "timestamp": 1_795_440_001, "address": XMR, "fee": 2}
ENTRY = {"category": "receive", "amount": 1, "txid": "aa", "time": 1_795_440_001, "address": BTC}
SCAN = {"Txhash": "0xaa", "UnixTimestamp": "1795440001", "From": "0x1", "To": "0x2", "Value_IN(ETH)": "1",
        "Value_OUT(ETH)": "0", "TxnFee(ETH)": "0.1", "Status": ""}  # fmt: skip


def rows(parser: Any, value: Any) -> list[dict[str, Any]]:
    data = json.dumps(value).encode()
    books, tables = golden.tables_of(Source.of_bytes(data), parser)
    assert books.stream_bytes == len(data)
    return golden.rows_of(tables["coin_movement"]) if "coin_movement" in tables else []


def called(**result: Any) -> dict[str, Any]:
    return {"id": "0", "jsonrpc": "2.0", "result": result}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"kind": "receipt", "to_address": XMR, "account": XMR, "from_address": None, "fee": None, "notes": None}),
        ({"type": "block"}, {"kind": "credit"}),
        ({"type": "pool"}, {"kind": "receipt", "notes": ["not_confirmed"]}),
        ({"type": "out"}, {"kind": "spend", "from_address": XMR, "to_address": None, "fee": "0.000000000002000000"}),
        ({"type": "pending"}, {"kind": "spend", "notes": ["not_confirmed"]}),
        ({"type": "failed"}, {"kind": None, "notes": ["transfer_failed"]}),
        ({"type": "new"}, {"kind": None}),
        ({"type": "out", "destinations": [{"address": "8x", "amount": 1}]}, {"to_address": "8x"}),
        ({"type": "out", "destinations": [{"address": "8x"}, {"address": "8y"}]}, {"to_address": None}),
        ({"type": "out", "destinations": ["8x"]}, {"to_address": None}),
        ({"address": "none"}, {"asset": "XMR", "notes": ["asset_by_wallet_software"]}),
        ({"timestamp": 0}, {"ts": None}),
        ({"amount": -1}, {"amount": "-0.000000000001000000"}),
    ],
)
@pytest.mark.parametrize("wrapped", [True, False])
def test_monero_transfers(changes, expected, wrapped):
    entry = TRANSFER | changes
    answer = {entry["type"] if entry["type"] in {"in", "out"} else "pending": [entry]}
    (row,) = rows(monero_wallet_rpc, called(**answer) if wrapped else answer)
    assert {key: row.get(key) for key in expected} == expected


@given(st.integers(0, 2**64 - 1))
def test_monero_amounts_are_never_rounded(amount):
    (row,) = rows(monero_wallet_rpc, {"in": [TRANSFER | {"amount": amount}]})
    assert Decimal(row["amount"]) * 10**12 == amount


def test_monero_transaction_keys_are_not_copied():
    for result in (
        {"tx_hash": "aa", "amount": 1, "fee": 1, "tx_key": "5ecre7"},
        {"tx_hash_list": ["aa"], "amount_list": [1], "fee_list": [1], "tx_key_list": ["5ecre7"]},
    ):
        found = rows(monero_wallet_rpc, called(**result))
        assert [row["kind"] for row in found] == ["spend"]
        assert "secret_withheld" in found[0]["notes"]
        assert "5ecre7" not in json.dumps(found)


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"in": []},
        {"in": [1]},
        {"in": [{"txid": "aa"}]},
        {"balance": 1, "unlocked_balance": 1},
        {"tx_hash": "aa", "amount": 1, "fee": 1},
        {"jsonrpc": "2.0", "result": []},
        {"jsonrpc": "2.0", "result": {"version": 1}},
        {"jsonrpc": "2.0", "result": {"tx_hash_list": [1, 2], "amount_list": [1], "fee_list": [1]}},
        {"jsonrpc": "2.0", "error": {}},
        [{"category": "send"}],
        {"transactions": [ENTRY]},
        {"transactions": [], "lastblock": ""},
        [ENTRY | {"category": "move"}],
        [ENTRY | {"category": []}],
        [[]],
    ],
)
def test_other_answers_are_not_recognised(value):
    data = json.dumps(value).encode()
    assert {parser.recognise(data, "x.json") for parser in (monero_wallet_rpc, bitcoin_core)} == {Grade.NONE}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"kind": "receipt", "asset": "BTC", "account": BTC, "to_address": BTC, "notes": None}),
        ({"category": "send", "amount": -0.5}, {"kind": "spend", "amount": "0.500000000000000000", "account": None}),
        ({"category": "send", "fee": -0.1}, {"fee": "0.100000000000000000", "notes": ["fee_of_whole_transaction"]}),
        ({"category": "generate"}, {"kind": "credit"}),
        ({"category": "immature"}, {"kind": "credit", "notes": ["block_not_mature"]}),
        ({"category": "orphan"}, {"kind": None, "notes": ["block_orphaned"]}),
        ({"confirmations": 0}, {"notes": ["not_confirmed"]}),
        ({"address": None}, {"asset": None}),
        ({"address": "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"}, {"asset": None, "notes": ["test_network"]}),
        ({"address": "3P14159f73E4gFr7JterCCQh9QjiTjiZrG"}, {"asset": None}),
    ],
)
@pytest.mark.parametrize("listed", [True, False])
def test_bitcoin_core(changes, expected, listed):
    entry = ENTRY | changes
    (row,) = rows(bitcoin_core, [entry] if listed else {"transactions": [entry], "lastblock": "00"})
    assert {key: row.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, {"kind": "receipt", "amount": "1.000000000000000000", "fee": None, "asset": "ETH"}),
        ({"Value_IN(ETH)": "0", "Value_OUT(ETH)": "2"}, {"kind": "spend", "amount": "2.000000000000000000"}),
        ({"Value_IN(ETH)": "0", "Value_OUT(ETH)": "2"}, {"fee": "0.100000000000000000"}),
        ({"Value_IN(ETH)": "0"}, {"kind": None, "amount": "0.000000000000000000"}),
        ({"Value_OUT(ETH)": "1"}, {"kind": None}),
        ({"Status": "Error(0)"}, {"kind": None, "notes": ["transfer_failed"]}),
        ({"Value_IN(ETH)": "1,000.5"}, {"amount": None, "amount_raw": "1,000.5", "notes": ["amount_is_no_number"]}),
    ],
)
def test_etherscan(row_of, cells, expected):
    found = row_of(etherscan_csv, SCAN | cells)
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize("coin", etherscan_csv.ASSETS)
def test_its_kin_name_their_coin_in_the_header(row_of, coin):
    record = {name.replace("ETH", coin): value for name, value in SCAN.items()}
    assert row_of(etherscan_csv, record)["asset"] == coin
    mixed = ",".join(SCAN).replace("IN(ETH)", f"IN({coin})").encode()
    assert (etherscan_csv.recognise(mixed, "x") is Grade.NONE) == (coin != "ETH")
