"""Histories of wallets: direction, fee, unit and time of each program."""

from __future__ import annotations

import pytest

from parsers.coins import electrum_csv, monero_cli_csv, monero_wallet_csv
from parsers.contract import Grade
from parsers.source import Source

GUI = dict.fromkeys(("blockHeight", "epoch", "date", "direction", "amount", "atomicAmount", "fee", "txid", "label",
                     "subaddrAccount", "paymentId", "description"), "")  # fmt: skip
FEATHER = dict.fromkeys(("blockHeight", "timestamp", "date", "accountIndex", "direction", "balanceDelta", "amount",
                         "fee", "txid", "description", "paymentId", "fiatAmount", "fiatCurrency"), "")  # fmt: skip
CLI = dict.fromkeys(("block", "direction", "unlocked", "timestamp", "amount", "running balance", "hash", "payment ID",
                     "fee", "destination", "index", "note"), "")  # fmt: skip
OLD = dict.fromkeys(("transaction_hash", "label", "confirmations", "value", "fee", "timestamp"), "")
NEW = dict.fromkeys(("oc_transaction_hash", "ln_payment_hash", "label", "confirmations", "amount_chain_bc",
                     "amount_lightning_bc", "network_fee_satoshi", "timestamp"), "")  # fmt: skip


@pytest.mark.parametrize("record", [GUI | {"epoch": "1795440001"}, FEATHER | {"timestamp": "1795440001"}])
@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"direction": "in", "amount": "0.1"}, {"kind": "receipt", "amount": "0.100000000000000000", "asset": "XMR"}),
        ({"direction": "out", "amount": "0.1", "fee": "0.00003"}, {"kind": "spend", "fee": "0.000030000000000000"}),
        ({"direction": "sideways"}, {"kind": None, "notes": ["type_unknown"]}),
        ({"txid": "aa", "description": "rent"}, {"transaction_id": "aa", "purpose": "rent", "kind": None}),
        ({"blockHeight": "0"}, {"notes": ["not_confirmed"]}),
        ({"blockHeight": "1"}, {"notes": None, "ts": "2026-11-23T13:20:01.000000Z", "ts_local": None}),
        ({"amount": "0.0000000000001"}, {"amount": "0.000000000000100000"}),
    ],
)
def test_monero_gui_and_feather(row_of, record, cells, expected):
    found = row_of(monero_wallet_csv, record | cells)
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize("printed", ["0", "0.0", "-1", "1e9", "soon", "9" * 12, "١٧٩٥"])
def test_what_is_no_epoch_stays_text(row_of, printed):
    found = row_of(monero_wallet_csv, GUI | {"epoch": printed, "direction": "in"})
    assert "ts" not in found
    assert found["notes"] == ["time_unreadable"]
    assert printed in found["extra"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"direction": "in"}, {"kind": "receipt", "notes": None}),
        ({"direction": "block"}, {"kind": "credit"}),
        ({"direction": "      out", "block": " pending"}, {"kind": "spend", "notes": ["not_confirmed"]}),
        ({"direction": "in", "block": "pool"}, {"kind": "receipt", "notes": ["not_confirmed"]}),
        ({"direction": "out", "block": "failed"}, {"kind": None, "notes": ["transfer_failed"]}),
        ({"destination": "-", "direction": "in"}, {"to_address": None}),
        ({"destination": "4ab"}, {"to_address": "4ab", "kind": None, "notes": ["continues_line_before"]}),
        ({"timestamp": "2026-11-23 13:20:01"}, {"ts": "2026-11-23T13:20:01.000000Z", "notes": ["zone_not_printed"]}),
        ({"timestamp": "<unknown>"}, {"ts": None, "notes": ["time_unreadable"]}),
        ({"hash": "  aa", "note": " rent"}, {"transaction_id": "aa", "purpose": "rent"}),
    ],
)
def test_monero_cli(row_of, cells, expected):
    found = row_of(monero_cli_csv, CLI | cells)
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("record", "cells", "expected"),
    [
        (OLD, {"value": "+0.001"}, {"kind": "receipt", "amount": "0.001000000000000000", "amount_raw": "+0.001"}),
        (OLD, {"value": "-0.001"}, {"kind": "spend", "amount": "0.001000000000000000", "amount_raw": "-0.001"}),
        (OLD, {"value": "0."}, {"kind": None, "amount": "0.000000000000000000"}),
        (OLD, {"value": "1"}, {"asset": "BTC", "notes": ["asset_by_wallet_software"]}),
        (OLD, {"timestamp": "2026-11-23 14:20:01"}, {"ts": None, "ts_local": "2026-11-23T14:20:01.000000"}),
        (OLD, {"confirmations": "0", "value": "1"}, {"notes": ["asset_by_wallet_software", "not_confirmed"]}),
        (NEW, {"amount_chain_bc": "1."}, {"kind": "receipt", "notes": None, "asset": "BTC"}),
        (NEW, {"network_fee_satoshi": "250"}, {"fee": "0.000002500000000000", "fee_raw": "250"}),
        (NEW, {"network_fee_satoshi": "1e2000"}, {"fee": None, "notes": ["amount_is_no_number"]}),
        (NEW, {"amount_lightning_bc": "0.1", "amount_chain_bc": "0."}, {"kind": None}),
        (NEW | {"network_fee_bc": "0.1"}, {}, {"fee": None}),
    ],
)
def test_electrum(row_of, record, cells, expected):
    found = row_of(electrum_csv, record | cells)
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize("parser", [monero_wallet_csv, monero_cli_csv, electrum_csv])
def test_other_headers_are_not_theirs(parser):
    for head in (
        b"date,direction,amount\n",
        b"label,timestamp\n",
        b"blockHeight\n",
        b"\xef\xbb\xbf",
        b"block,direction\n",
    ):
        assert parser.recognise(head, "history.csv") is Grade.NONE


def test_a_transfer_with_commas_that_nobody_quoted_is_read_up_to_there(golden):
    header = (
        "block,direction,unlocked,timestamp,amount,running balance,hash,payment ID,fee,destination,amount,index,note"
    )
    record = "1,in,yes,2026-11-23 13:20:01,0.5,0.5,aa,,0,-,,0, 1,a, b"
    _, tables = golden.tables_of(Source.of_bytes(f"{header}\n{record}\n{record[:-10]}\n".encode()), monero_cli_csv)
    (row,) = golden.rows_of(tables["coin_movement"])
    assert row["amount"] == "0.500000000000000000"
    assert "purpose" not in row
    assert row["extra"].endswith('"index":"0","note":"1","field 14":"a","field 15":"b","direction":"in"}')
    assert tables["quarantine"].num_rows == 1
