"""T-Rex and lolMiner: rates in H/s, totals, GPUs, pool and account."""

from __future__ import annotations

import json
from typing import Any

import golden
import pytest

from parsers.contract import Grade
from parsers.mining import lolminer_api, trex_api
from parsers.source import Source

TREX = {"accepted_count": 2, "rejected_count": 1, "active_pool": {}, "gpus": [], "hashrate": 5, "ts": 1_795_440_001}
ALGORITHM = {"Total_Performance": 61.4, "Total_Accepted": 2, "Total_Rejected": 1}
XMR = "41tC5aLueQ8GHGt3STKPfHJYQX1ruHpAP1CFqQXnnLUo2CMJpchueHrChmBH4NXWnuWQ3pKSDsNyn3hFZxGHcRX58S4hq8n"
EVM = "0x52908400098527886E0F7030069857D2E4169EE7"


def lol(**algorithm: Any) -> dict[str, Any]:
    return {"Software": "lolMiner 1", "Session": {"Last_Update": 1_795_440_001}, "Algorithms": [ALGORITHM | algorithm]}


def rows(parser: Any, value: Any) -> dict[str, list[dict[str, Any]]]:
    _, tables = golden.tables_of(Source.of_bytes(json.dumps(value).encode()), parser)
    return {table: golden.rows_of(found) for table, found in tables.items()}


@pytest.mark.parametrize(
    ("changes", "value", "unit"),
    [
        ({"Performance_Factor": 1_000_000, "Performance_Unit": "Mh/s"}, "61400000.000000000000000000", "H/s"),
        ({"Performance_Factor": 1}, "61.400000000000000000", "H/s"),
        ({"Performance_Unit": "Mh/s"}, "61.400000000000000000", "Mh/s"),
        ({}, "61.400000000000000000", None),
        ({"Performance_Factor": 0}, "61.400000000000000000", None),
        ({"Performance_Factor": True}, "61.400000000000000000", None),
        ({"Performance_Factor": "1e6"}, "61.400000000000000000", None),
        ({"Performance_Factor": 10**30}, "61.400000000000000000", None),
        ({"Total_Performance": None, "Performance_Factor": 1}, None, None),
    ],
)
def test_a_rate_is_scaled_by_its_factor_only(changes, value, unit):
    found = rows(lolminer_api, lol(**changes)).get("usage_metric", [])
    assert [(row.get("value"), row.get("unit")) for row in found] == ([] if value is None else [(value, unit)])


@pytest.mark.parametrize("answer", [(trex_api, TREX), (lolminer_api, lol())])
def test_totals_stand_at_the_time_of_the_answer(answer):
    (share,) = rows(*answer)["mining_share"]
    assert (share["total_accepted"], share["total_rejected"], share["accepted"]) == (2, 1, True)
    assert share["ts"] == "2026-11-23T13:20:01.000000Z"
    assert share["notes"] == ["running_totals"]


@pytest.mark.parametrize(
    ("user", "account", "worker", "notes"),
    [
        (XMR, XMR, None, None),
        (f"{XMR}.rig", XMR, "rig", None),
        (f"{EVM}.rig", EVM, "rig", None),
        ("name.rig", "name.rig", None, ["no_valid_address"]),
    ],
)
def test_accounts(user, account, worker, notes):
    for parser, answer in (
        (trex_api, TREX | {"active_pool": {"url": "tcp://pool.example:1", "user": user}}),
        (lolminer_api, lol(Pool="pool.example:1", User=user)),
    ):
        found = rows(parser, answer)
        told = {row["kind"]: row for row in found["artefact"]}
        assert (told["pool"]["host"], told["pool"]["port"]) == ("pool.example", 1)
        assert (told["wallet"]["value"], told["wallet"].get("notes")) == (account, notes)
        assert told.get("worker", {}).get("value") == worker
        assert (found["mining_share"][0]["account"], found["mining_share"][0]["pool"]) == (account, "pool.example:1")


@pytest.mark.parametrize("number", ["1e999999999", "9" * 3000])
def test_absurd_numbers_end_quickly(number):
    for parser, answer in ((trex_api, TREX | {"hashrate": -7}), (lolminer_api, lol(Total_Performance=-7))):
        data = json.dumps(answer).replace("-7", number).encode()
        _, tables = golden.tables_of(Source.of_bytes(data), parser)
        assert "quarantine" not in tables


@pytest.mark.parametrize(
    "value", [{}, TREX | {"active_pool": []}, {"Algorithms": []}, {"Software": "x", "Algorithms": [{}]}, [1], 1]
)
def test_other_answers_are_not_recognised(value):
    data = json.dumps(value).encode()
    assert {parser.recognise(data, "summary") for parser in (trex_api, lolminer_api)} == {Grade.NONE}
