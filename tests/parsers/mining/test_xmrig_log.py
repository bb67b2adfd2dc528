"""XMRig's log line by line."""

from __future__ import annotations

import json
import re
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.contract import Grade
from parsers.mining import xmrig_log
from parsers.source import Source

STAMP = "[2026-11-23 15:31:11.792] "


def read(golden, text: str | bytes) -> tuple[dict, dict[str, list[dict]]]:
    data = text.encode() if isinstance(text, str) else text
    books, tables = golden.tables_of(Source.of_bytes(data, "miner.log"), xmrig_log)
    assert books.stream_bytes == len(data)
    return golden.books_of(books), {table: rows.to_pylist() for table, rows in tables.items()}


def one(golden, line: str, table: str) -> dict:
    _, rows = read(golden, line + "\n")
    (row,) = rows[table]
    return row


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            " cpu      accepted (1/0) diff 10000 (26 ms)",
            (True, 10_000, 1, 0, None, {"backend": "cpu", "elapsed_ms": 26}),
        ),
        (" cuda     accepted (9/3) diff 5 (1 ms)", (True, 5, 9, 3, None, {"backend": "cuda", "elapsed_ms": 1})),
        ("accepted (1/0) diff 10000", (True, 10_000, 1, 0, None, None)),
        (
            ' cpu      rejected (4/2) diff 75000 "Low "difficulty" share" (31 ms)',
            (False, 75_000, 4, 2, 'Low "difficulty" share', {"backend": "cpu", "elapsed_ms": 31}),
        ),
        (
            " opencl   accepted (1/0) diff 1.5G (26 ms)",
            (True, 1_500_000_000, 1, 0, None, {"backend": "opencl", "difficulty": "1.5G", "elapsed_ms": 26}),
        ),
    ],
)
def test_shares(golden, message, expected):
    row = one(golden, STAMP + message, "mining_share")
    found = (row["accepted"], row["difficulty"], row["total_accepted"], row["total_rejected"], row["reason"])
    assert found == expected[:5]
    assert (json.loads(row["extra"]) if row["extra"] else None) == expected[5]
    assert row["count"] == 1
    assert row["notes"] == (["difficulty_rounded"] if "G" in message else None)


def test_times_are_local_and_of_the_printed_precision(golden):
    row = one(golden, STAMP + "accepted (1/0) diff 1", "mining_share")
    assert (row["ts"], row["ts_local"], row["ts_precision_us"]) == (
        None,
        datetime.fromisoformat("2026-11-23T15:31:11.792"),
        1000,
    )
    row = one(golden, "[2018-05-01 12:00:00] accepted (1/0) diff 1", "mining_share")
    assert row["ts_precision_us"] == 1_000_000


@pytest.mark.parametrize(
    ("text", "values", "windows"),
    [
        ("speed 10s/60s/15m 4121.8 4111.4 4124.2 H/s max 4188.2 H/s", ["4121.8", "4111.4", "4124.2"], [10, 60, 900]),
        ("speed 10s/60s/15m 4121.8 n/a n/a H/s max 4188.2 H/s", ["4121.8"], [10]),
        ("speed 10s/60s/15m 1.25 1.2 1.19 MH/s max 1.31 MH/s", ["1250000", "1200000", "1190000"], [10, 60, 900]),
        ("speed 2.5s/60s/15m 73.4 73.3 n/a H/s max 80.0 H/s", ["73.4", "73.3"], [None, 60]),
        ("speed 1h 0.1 kH/s", ["100"], [3600]),
        ("speed 10s/60s/15m n/a n/a n/a H/s max n/a H/s", [], []),
    ],
)
def test_hash_rates_are_exact(golden, text, values, windows):
    _, rows = read(golden, f"{STAMP} miner    {text}\n")
    metrics = rows.get("usage_metric", [])
    assert [row["value"] for row in metrics] == [Decimal(value) for value in values]
    assert [row["window_s"] for row in metrics] == windows
    assert {(row["metric"], row["unit"]) for row in metrics} <= {("hash_rate", "H/s")}
    assert [row["part"] for row in metrics] == list(range(len(metrics)))


@pytest.mark.parametrize(
    ("message", "host", "port", "tls", "lookup"),
    [
        ("use pool pool.example:3333  192.0.2.7", "pool.example", 3333, None, "192.0.2.7"),
        ("use pool Pool.Example:443 TLSv1.3 2001:db8::7", "pool.example", 443, True, "2001:db8::7"),
        ("use pool pool.example:3333", "pool.example", 3333, None, None),
        ("use pool 192.0.2.7:3333 192.0.2.7", "192.0.2.7", 3333, None, None),
        ("use pool [2001:db8::7]:3333", "2001:db8::7", 3333, None, None),
        ("use daemon node.example:18081 192.0.2.7", "node.example", 18081, None, "192.0.2.7"),
        (
            "new job from pool.example:3333 diff 10000 algo rx/0 height 3301209 (14 tx)",
            "pool.example",
            3333,
            None,
            None,
        ),
        ('pool.example:3333 connect error: "connection refused"', "pool.example", 3333, None, None),
        ("[pool.example:3333] login error code: 1", "pool.example", 3333, None, None),
    ],
)
def test_pools(golden, message, host, port, tls, lookup):
    _, rows = read(golden, f"{STAMP} net      {message}\n")
    (row,) = rows["artefact"]
    assert (row["kind"], row["host"], row["port"], row["tls"]) == ("pool", host, port, tls)
    lookups = rows.get("name_lookup", [])
    assert [found["address"] for found in lookups] == ([lookup] if lookup else [])
    assert [(found["kind"], found["name"], found["port"]) for found in lookups] == (
        [("log", host, port)] if lookup else []
    )


def test_a_share_belongs_to_the_pool_named_last(golden):
    text = "".join(
        STAMP + line + "\n"
        for line in (
            "accepted (1/0) diff 1",
            " net  use pool a.example:1 192.0.2.1",
            ' net  b.example:2 connect error: "x"',
            "accepted (2/0) diff 1",
            " net  new job from b.example:2 diff 10",
            "accepted (3/0) diff 1",
        )
    )
    _, rows = read(golden, text)
    assert [row["pool"] for row in rows["mining_share"]] == [None, "a.example:1", "b.example:2"]


@pytest.mark.parametrize(
    ("line", "kind", "value"),
    [
        (" * ABOUT        XMRig/6.21.3 gcc/13.2.0", "miner_version", "XMRig/6.21.3 gcc/13.2.0"),
        (" * DONATE       5%", "donate_level", "5%"),
        (" * POOL #1      pool.example:3333 coin monero", "pool", "pool.example:3333"),
        (" * HTTP API     127.0.0.1:18088", "listener", "127.0.0.1:18088"),
        (" * HUGE PAGES   supported", "miner_banner", "supported"),
        (STAMP + " signal   Ctrl+C received, exiting", "miner_message", "Ctrl+C received, exiting"),
        (STAMP + "no active pools, stop mining", "miner_message", "no active pools, stop mining"),
    ],
)
def test_other_lines(golden, line, kind, value):
    row = one(golden, line, "artefact")
    assert row["kind"] == kind
    assert value in {row["value"], f"{row['name']} {row['value']}"}


@pytest.mark.parametrize(
    "line",
    [
        "nohup: ignoring input",
        "[2026-13-01 00:00:00.000] accepted (1/0) diff 1",
        STAMP + " cpu      accepted (1/0) diff many (26 ms)",
        STAMP + " cpu      accepted (1/",
        STAMP + " miner    speed 10s/60s/15m 1",
        STAMP + " cpu      accepted (١/٠) diff ١",
    ],
)
def test_lines_that_are_quarantined(golden, line):
    books, rows = read(golden, line + "\n")
    assert (books["records"], books["quarantined"]) == (0, 1)
    assert set(rows) == {"quarantine"}


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        (" cpu      accepted (1/0) diff 1000", False),
        (" cpu      accepted (1/0) diff 1000 (26 ms)", True),
        (" miner    speed 10s/60s/15m 1 2 3 H/s max 4 H/s", True),
        (" miner    speed 10s/60s/15m 1 2 3 H/s max 4", False),
        (" net      new job from pool.example:3333 diff 10", False),
        (" net      use pool pool.example:3333", True),
    ],
)
def test_the_numbers_of_a_cut_last_line_are_not_believed(golden, line, kept):
    books, _ = read(golden, STAMP + line)
    assert books["records"] == kept


def test_colours_and_carriage_returns_are_no_content(golden):
    plain = one(golden, STAMP + " cpu      accepted (1/0) diff 10000 (26 ms)", "mining_share")
    coloured = "\x1b[1;30m[2026-11-23 15:31:11\x1b[0m.792] \x1b[44m cpu \x1b[0m     \x1b[1;32maccepted\x1b[0m"
    coloured += " (1/0) diff \x1b[1;37m10000\x1b[0m \x1b[90m(26 ms)\x1b[0m\r"
    row = one(golden, coloured, "mining_share")
    for column in ("source_id", "length"):
        del row[column], plain[column]
    assert row == plain


def test_bytes_that_are_no_text_are_noted(golden):
    _, rows = read(golden, STAMP.encode() + b" net      no \xff pools\n")
    (row,) = rows["artefact"]
    assert (row["value"], row["notes"]) == ("no \\xff pools", ["undecodable_bytes"])


def test_a_difficulty_that_no_column_holds(golden):
    row = one(golden, STAMP + f"accepted (1/0) diff {'9' * 30}P (1 ms)", "mining_share")
    assert (row["difficulty"], row["notes"]) == (None, ["difficulty_rounded", "difficulty_too_big"])


@pytest.mark.parametrize(
    ("head", "grade"),
    [
        (STAMP + " cpu      accepted (1/0) diff 10000 (26 ms)\n", Grade.STRONG),
        ("\n\n" + STAMP + " net      new job from pool.example:3333 diff 1 algo rx/0\n", Grade.STRONG),
        (" * ABOUT        XMRig/6.21.3 gcc/13.2.0\n * LIBS         x\n", Grade.STRONG),
        ("nohup: ignoring input\n" + STAMP + "accepted (1/0) diff 1\n", Grade.PROBABLE),
        (STAMP + " app      started\n", Grade.NONE),
        ("user@host:~$ ./xmrig\nother\noutput\n" + STAMP + "accepted (1/0) diff 1\n", Grade.NONE),
        ('{"text":"' + STAMP + ' cpu      accepted (1/0) diff 10000 (26 ms)"}\n', Grade.NONE),
        ("", Grade.NONE),
    ],
)
def test_recognition(head, grade):
    assert xmrig_log.recognise(head.encode(), "x") == grade


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([*'[]()/. -0123456789:"KM\n\r\t*', "accepted", "speed", "diff", "H/s", STAMP, "\x1b["]))
)
def test_anything_like_a_log_can_be_read(golden, pieces):
    read(golden, "".join(pieces))


@pytest.mark.shared
def test_the_lab_log_against_plain_counts(golden, shared):
    data = (shared / "data/lab/incident-a/evidence/artefacts/xmrig.log").read_bytes()
    books, rows = read(golden, data)
    text = data.decode()
    assert books["quarantined"] == 0
    assert len(rows["mining_share"]) == len(re.findall(r"accepted|rejected", text))
    assert len(rows["usage_metric"]) == 3 * text.count("speed 10s/60s/15m")
    assert sum(row["name"] == "new job" for row in rows["artefact"]) == text.count("new job")
    assert rows["mining_share"][-1]["total_accepted"] == int(re.findall(r"accepted \((\d+)/", text)[-1])
    assert [row["address"] for row in rows["name_lookup"]] == re.findall(r"use pool \S+ (\S+)", text)
    assert sum(row["difficulty"] for row in rows["mining_share"]) == sum(map(int, re.findall(r"\) diff (\d+)", text)))
