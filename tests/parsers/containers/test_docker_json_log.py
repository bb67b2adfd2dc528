"""Output of containers: a miner's lines, and nothing else, whatever the log that carries them."""

from __future__ import annotations

import json

import pytest

from parsers.containers import docker_json_log
from parsers.contract import Grade
from parsers.formats import recognise_head
from parsers.host import journald_json, syslog
from parsers.source import Source

SHARE = "[2026-03-04 10:20:15.001]  cpu      accepted (1/0) diff 120001 (45 ms)"
SPEED = "[2026-03-04 10:20:20.001]  miner    speed 10s/60s/15m 6100.5 6000.1 n/a H/s max 6200.0 H/s"


def read(golden, parser, data: bytes) -> dict[str, list[dict]]:
    _, tables = golden.tables_of(Source.of_bytes(data), parser)
    return {table: rows.to_pylist() for table, rows in tables.items()}


def output(text: str) -> bytes:
    return json.dumps({"log": text + "\n", "stream": "stdout", "time": "2026-03-04T09:20:15.5Z"}).encode() + b"\n"


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        (SHARE, {"mining_share": 1}),
        (SPEED, {"usage_metric": 2}),
        (" * ABOUT        XMRig/6.21.0 gcc/9.3.0", {"artefact": 1}),
        ("[2026-03-04 10:20:12.345]  net      new job from pool.example:4444 diff 120K algo rx/0", {"artefact": 1}),
        ("[2026-03-04 10:20:12.345]  net      use pool pool.example:4444 192.0.2.9", {}),
        (f"quoted: {SHARE}", {}),
        ("[2026-03-04 10:20:12] started", {}),
        ("accepted (1/0) diff 120001 (45 ms)", {}),
        (" * ABOUT        Other/1.0", {}),
        ("[2026-13-04 10:20:15.001]  cpu      accepted (1/0) diff 120001 (45 ms)", {}),
    ],
)
def test_only_what_nothing_but_a_miner_prints(golden, text, tables):
    found = read(golden, docker_json_log, output(text))
    assert {table: len(rows) for table, rows in found.items()} == tables


def test_the_logs_time_is_kept_and_the_miners_told(golden):
    (row,) = read(golden, docker_json_log, output(SHARE))["mining_share"]
    assert (row["ts"].isoformat(), row["ts_local"]) == ("2026-03-04T09:20:15.500000+00:00", None)
    assert json.loads(row["extra"])["miner_time"] == "2026-03-04 10:20:15.001"
    assert (row["difficulty"], row["count"], row["accepted"]) == (120_001, 1, True)


def test_a_service_in_the_journal(golden):
    entry = {"__CURSOR": "c", "__REALTIME_TIMESTAMP": "1772616015500000", "_HOSTNAME": "gpu-07", "_PID": "7"}
    data = json.dumps({**entry, "_COMM": "worker", "MESSAGE": list(f"\x1b[1m{SPEED}".encode())}).encode() + b"\n"
    rows = read(golden, journald_json, data)["usage_metric"]
    assert [(row["host_name"], row["pid"], row["window_s"], row["part"]) for row in rows] == [
        ("gpu-07", 7, 10, 0),
        ("gpu-07", 7, 60, 1),
    ]
    assert rows[0]["ts"].isoformat() == "2026-03-04T09:20:15.500000+00:00"


def test_where_syslog_names_no_day_the_miners_time_does(golden):
    (row,) = read(golden, syslog, f"Mar  4 09:20:16 gpu-07 worker[7]: {SHARE}\n".encode())["mining_share"]
    assert (row["ts"], row["time_of_day_us"], row["ts_precision_us"]) == (None, None, 1000)
    assert row["ts_local"].isoformat() == "2026-03-04T10:20:15.001000"
    assert json.loads(row["extra"]) == {"host_name": "gpu-07", "backend": "cpu", "elapsed_ms": 45, "date": "03-04"}


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        ({"log": "x\n", "stream": "stdout", "time": "t"}, Grade.STRONG),
        ({"log": "x\n", "stream": "stdin", "time": "t"}, Grade.NONE),
        ({"log": {"a": 1}, "stream": "stdout", "time": "t"}, Grade.NONE),
    ],
)
def test_grades(value, grade):
    assert docker_json_log.recognise(json.dumps(value).encode(), "x") == grade


@pytest.mark.shared
def test_a_real_log_is_read_whole_and_claims_nothing(shared, golden):
    (path,) = (shared / "data" / "host_execution" / "docker").glob("*json.log")
    data = path.read_bytes()
    assert recognise_head(data, "x").chosen == "docker_json_log"
    found = golden.golden(Source.of_bytes(data), docker_json_log)
    assert (found["books"]["records"], found["books"]["quarantined"], found["rows"]) == (10, 0, {})
