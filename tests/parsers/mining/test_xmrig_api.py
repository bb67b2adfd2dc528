"""XMRig's HTTP answers: windows that are not full, totals, and the answers of the documentation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import golden
import pytest

from parsers.contract import Grade
from parsers.mining import xmrig_api, xmrig_config
from parsers.source import Source

SUMMARY = {"hashrate": {"total": [1, 2, 3]}, "results": {"shares_good": 3, "shares_total": 4}, "connection": {}}


def rows(value: Any) -> dict[str, list[dict[str, Any]]]:
    _, tables = golden.tables_of(Source.of_bytes(json.dumps(value).encode()), xmrig_api)
    return {table: golden.rows_of(found) for table, found in tables.items()}


def summary(**parts: Any) -> dict[str, list[dict[str, Any]]]:
    return rows(SUMMARY | parts)


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        ([1, 2, 3], {10: "1", 60: "2", 900: "3"}),
        ([1.5, None, None], {10: "1.5"}),
        ([None, None, None], {}),
        ([1, 2], {}),
        ("fast", {}),
        (None, {}),
    ],
)
def test_rates_have_their_windows(total: Any, expected: dict[int, str]) -> None:
    found = summary(hashrate={"total": total}).get("usage_metric", [])
    assert {row["window_s"]: row["value_raw"] for row in found} == expected


@pytest.mark.parametrize(
    ("good", "total", "expected"),
    [
        (3, 4, (True, 3, 1)),
        (0, 2, (False, 0, 2)),
        (5, 4, (True, 5, None)),
        (3, None, (True, 3, None)),
        (0, 0, None),
        (None, None, None),
        ("3", 4, (False, None, None)),
    ],
)
def test_totals_of_shares(good: Any, total: Any, expected: tuple[Any, ...] | None) -> None:
    found = summary(results={"shares_good": good, "shares_total": total}).get("mining_share", [])
    keys = ("accepted", "total_accepted", "total_rejected")
    assert [tuple(row.get(key) for key in keys) for row in found] == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("connection", "expected"),
    [
        ({"pool": "Pool.Example.:3333", "ip": "203.0.113.9"}, ("pool.example", 3333, "203.0.113.9")),
        ({"pool": "pool.example:3333", "ip": "nowhere"}, ("pool.example", 3333, None)),
        ({"pool": "203.0.113.9:3333", "ip": "203.0.113.9"}, ("203.0.113.9", 3333, None)),
        ({"pool": "[2001:db8::7]:443", "ip": "2001:db8::7"}, ("2001:db8::7", 443, None)),
        ({"pool": "pool.example", "ip": None}, ("pool.example", None, None)),
        ({"pool": "no pool"}, (None, None, None)),
    ],
)
def test_the_pool_by_name_and_address(connection: dict[str, Any], expected: tuple[Any, ...]) -> None:
    found = summary(connection=connection)
    (pool,) = found["artefact"]
    looked_up = [row["address"] for row in found.get("name_lookup", [])]
    assert (pool.get("host"), pool.get("port"), looked_up[0] if looked_up else None) == expected


def test_an_answer_has_no_time() -> None:
    assert not any("ts" in row for table in summary().values() for row in table)


@pytest.mark.parametrize(
    "value",
    [{}, {"threads": []}, {"threads": [1], "hugepages": 1}, {"results": {"shares_good": 1}}, [1], "summary",
     {"hashrate": 1, "connection": 1, "results": {}}, {"hugepages": 1, "threads": []}],
)  # fmt: skip
def test_other_objects_are_not_recognised(value: Any) -> None:
    assert xmrig_api.recognise(json.dumps(value).encode(), "summary.json") is Grade.NONE


@pytest.mark.shared
def test_the_answers_of_the_documentation(shared: Path) -> None:
    folder = shared / "data/billing_and_assets/xmrig"
    found = rows(json.loads((folder / "summary.json").read_bytes()))
    rates = {row["window_s"]: row["value_raw"] for row in found["usage_metric"] if row["metric"] == "hash_rate"}
    assert rates == {10: "296.24", 60: "296.23", 900: "295.97"}
    assert [row["value_raw"] for row in found["usage_metric"] if row["metric"] == "hashes"] == ["311833"]
    (share,) = found["mining_share"]
    assert (share["total_accepted"], share["total_rejected"]) == (30, 0)
    assert (share["pool"], share["worker"]) == ("pool.monero.hashvault.pro:3333", "Ubuntu-1604-xenial-64-minimal")
    threads = rows(json.loads((folder / "threads.json").read_bytes()))["usage_metric"]
    assert len(threads) == 12
    for name, parser in (("summary.json", xmrig_api), ("threads.json", xmrig_api), ("config.json", xmrig_config)):
        head = (folder / name).read_bytes()
        grades = {each: each.recognise(head, "x") for each in (xmrig_api, xmrig_config)}
        assert [each for each, grade in grades.items() if grade is Grade.STRONG] == [parser]
