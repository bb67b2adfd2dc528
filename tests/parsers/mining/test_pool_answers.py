"""Answers of pools: units, times and totals as each pool counts them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import golden
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.contract import HEAD_BYTES, Grade, Parser
from parsers.mining import nanopool, nodejs_pool, two_miners, yiimp_wallet
from parsers.source import Source

PARSERS: dict[str, Parser] = {
    parser.FORMAT.name: parser for parser in (nanopool, nodejs_pool, two_miners, yiimp_wallet)
}
STATS = {"totalHashes": 1, "validShares": 1, "invalidShares": 0, "amtPaid": 0, "amtDue": 0}
PAYMENT = {"pt": "pplns", "ts": 1_795_440_001, "amount": 1, "txnHash": "aa", "mixin": 15}
BLOCK = {"ts": 1_795_440_001, "ts_found": 1, "hash": "bb", "value": 1, "value_percent": 1}
ACCOUNT = {"currentHashrate": 1, "hashrate": 1, "paymentsTotal": 1, "stats": {}}
WORKER = {"lts": 1, "identifer": "ä", "totalHash": 1, "validShares": 1}
WALLET = {"unsold": 0, "balance": 0, "unpaid": 0, "paid24h": 0}


def nano(**payment: Any) -> dict[str, Any]:
    return {"status": True, "data": [{"date": 1, "txHash": "aa", "amount": 1, "confirmed": True} | payment]}


def rows(name: str, value: Any) -> dict[str, list[dict[str, Any]]]:
    text = value if isinstance(value, str) else json.dumps(value)
    books, tables = golden.tables_of(Source.of_bytes(text.encode()), PARSERS[name])
    assert books.stream_bytes == len(text.encode())
    return {table: golden.rows_of(found) for table, found in tables.items()}


def moved(name: str, value: Any) -> list[dict[str, Any]]:
    return [{key: row.get(key) for key in ("kind", "amount", "purpose")} for row in rows(name, value)["coin_movement"]]


@pytest.mark.parametrize(
    ("name", "value", "amount"),
    [
        ("nodejs_pool", PAYMENT | {"amount": 600_000_000_001}, "0.600000000001000000"),
        ("nodejs_pool", PAYMENT | {"amount": 10**31}, "10000000000000000000.000000000000000000"),
        ("nodejs_pool", PAYMENT | {"amount": 10**32}, None),
        ("nodejs_pool", PAYMENT | {"amount": "12 XMR"}, None),
        ("nodejs_pool", BLOCK | {"value": 0.6}, "0.600000000000000000"),
        ("nodejs_pool", BLOCK | {"value": 0.1 + 0.2}, "0.300000000000000000"),
        ("nodejs_pool", BLOCK | {"value": 1e-13}, "0.000000000000000000"),
        ("nodejs_pool", BLOCK | {"value": 10**20}, None),
        ("nanopool", nano(amount=0.25), "0.250000000000000000"),
        ("nanopool", nano(amount="0.25"), "0.250000000000000000"),
        ("two_miners", ACCOUNT | {"payments": [{"amount": 5, "timestamp": 1, "tx": "0xaa"}]}, None),
        ("two_miners", ACCOUNT | {"rewards": [{"reward": 5, "timestamp": 1}]}, None),
    ],
)
def test_each_pool_counts_in_its_own_unit(name: str, value: Any, amount: str | None) -> None:
    (row,) = rows(name, value)["coin_movement"]
    assert row.get("amount") == amount
    assert row["amount_raw"]
    assert amount is not None or set(row["notes"]) & {"amount_not_exact", "amount_is_no_number", "unit_unknown"}


@given(st.integers(0, 2**63))
def test_piconero_are_never_rounded(count: int) -> None:
    (row,) = rows("nodejs_pool", PAYMENT | {"amount": count})["coin_movement"]
    assert Decimal(row["amount"]) * 10**12 == count


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("nodejs_pool", STATS | {"amtPaid": 3, "amtDue": 2}, [("due", "2"), ("paid in total", "3")]),
        ("two_miners", ACCOUNT | {"stats": {"balance": 4, "immature": 2}}, [("due", "4"), ("not yet mature", "2")]),
        ("yiimp_wallet", WALLET | {"paidtotal": 9}, [("not yet exchanged", "0"), ("paid in total", "9")]),
    ],
)
def test_states_are_no_movements(name: str, value: Any, expected: list[tuple[str, str]]) -> None:
    found = rows(name, value)["coin_movement"]
    assert {row["kind"] for row in found} == {"balance"}
    assert set(expected) <= {(row["purpose"], row["amount_raw"]) for row in found}


def test_a_block_without_a_part_is_no_credit() -> None:
    assert rows("nodejs_pool", BLOCK | {"value": 0.0}) == {}


@pytest.mark.parametrize(
    ("good", "bad", "accepted"), [(3, 1, True), (0, 1, False), (0, 0, None), (False, False, None), ("3", None, None)]
)
def test_totals_of_shares_before_the_first_are_none(good: Any, bad: Any, accepted: bool | None) -> None:
    answer = STATS | {"validShares": good, "invalidShares": bad, "lastHash": 1_795_440_001}
    found = rows("nodejs_pool", answer)
    shares = found.get("mining_share", [])
    assert [row["accepted"] for row in shares] == ([] if accepted is None else [accepted])
    assert all(row["ts"] == "2026-11-23T13:20:01.000000Z" and "count" not in row for row in shares)
    assert bool(shares) != ("lastHash" in found["usage_metric"][0].get("extra", ""))


@pytest.mark.parametrize("huge", ["1e999999999", "-1e999999999", "9" * 3000, "1e-999999999"])
def test_absurd_numbers_end_quickly_and_are_kept(huge: str) -> None:
    for name, text in (
        ("nodejs_pool", json.dumps(PAYMENT).replace("1795440001", huge)),
        ("nodejs_pool", json.dumps(BLOCK | {"value": -7}).replace("-7", huge)),
        ("nodejs_pool", '{"ts":1795440001000,"hs":' + huge + "}"),
        ("nodejs_pool", '{"ts":' + huge + ',"hs":1}'),
        ("two_miners", json.dumps(ACCOUNT | {"updatedAt": -7}).replace("-7", huge)),
        ("yiimp_wallet", json.dumps(WALLET | {"total": -7}).replace("-7", huge)),
    ):
        found = rows(name, text)
        assert "quarantine" not in found
        assert sum(len(table) for table in found.values()) >= 1


def test_a_password_of_a_miner_is_not_copied() -> None:
    found = rows("yiimp_wallet", WALLET | {"miners": [{"version": "m/1", "password": "hunter2"}]})
    assert "hunter2" not in json.dumps(found)


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"data": []},
        {"status": True, "data": []},
        {"status": True, "data": {"balance": 1}},
        {"ts": 1, "hs": 2, "more": 3},
        {"a": {}},
        {"global": {"lts": 1}},
        {"currentHashrate": 1, "hashrate": 1, "paymentsTotal": 1, "stats": []},
        [{"ts": 1}],
        ["ts"],
        3,
    ],
)
def test_other_objects_are_not_recognised(value: Any) -> None:
    for parser in PARSERS.values():
        assert parser.recognise(json.dumps(value).encode(), "stats.json") is Grade.NONE


@pytest.mark.parametrize(
    ("name", "value", "grade"),
    [
        ("nodejs_pool", [PAYMENT] * 2000, Grade.STRONG),
        ("nodejs_pool", {f"w{n}ä": WORKER for n in range(2000)}, Grade.PROBABLE),
        ("nanopool", {"status": True, "data": nano()["data"] * 2000}, Grade.PROBABLE),
        ("two_miners", ACCOUNT | {"payments": [{"amount": 5, "timestamp": 1, "tx": "0xaa"}] * 4000}, Grade.PROBABLE),
        ("yiimp_wallet", WALLET | {"payouts": [{"time": 5, "amount": "1", "tx": "0xaa"}] * 4000}, Grade.PROBABLE),
    ],
)
def test_answers_longer_than_the_head_are_recognised(name: str, value: Any, grade: Grade) -> None:
    data = json.dumps(value, ensure_ascii=False).encode()
    assert len(data) > HEAD_BYTES
    assert PARSERS[name].recognise(data[:HEAD_BYTES], "x") is grade
    assert len(rows(name, value)) >= 1
