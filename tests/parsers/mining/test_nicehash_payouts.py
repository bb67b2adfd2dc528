"""NiceHash's payouts: the currency that was paid, and nothing about what was mined."""

from __future__ import annotations

import json

import golden
import pytest

from parsers.contract import Grade
from parsers.mining import nicehash_payouts
from parsers.source import Source

PAYOUT = {
    "id": "p",
    "created": 1_795_440_001_123,
    "amount": "0.1",
    "feeAmount": "0.01",
    "currency": {"enumName": "BTC"},
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"asset": "BTC", "amount": "0.100000000000000000", "fee": "0.010000000000000000", "kind": "payout"}),
        ({}, {"ts": "2026-11-23T13:20:01.123000Z", "ts_precision_us": 1000, "counterparty": "NiceHash", "notes": None}),
        ({"currency": "BCH"}, {"asset": "BCH"}),
        ({"currency": {"enumName": None}}, {"asset": None}),
        ({"currency": None}, {"asset": None}),
        ({"created": "yesterday"}, {"ts": None}),
        ({"amount": True}, {"amount": None, "amount_raw": None}),
    ],
)
def test_payouts(changes, expected):
    data = json.dumps({"list": [PAYOUT | changes]}).encode()
    _, tables = golden.tables_of(Source.of_bytes(data), nicehash_payouts)
    (row,) = golden.rows_of(tables["coin_movement"])
    assert {key: row.get(key) for key in expected} == expected


@pytest.mark.parametrize("value", [{}, {"list": []}, {"list": [1]}, {"list": [{"id": 1}]}, [PAYOUT], PAYOUT])
def test_other_lists_are_not_recognised(value):
    assert nicehash_payouts.recognise(json.dumps(value).encode(), "payouts.json") is Grade.NONE
