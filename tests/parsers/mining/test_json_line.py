"""JSON lines that explain themselves, and those that do not."""

from __future__ import annotations

import importlib.util
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.contract import Grade
from parsers.mining import json_line
from parsers.source import Source


def _makers():
    path = Path(__file__).parent.parent / "test_addresses.py"
    spec = importlib.util.spec_from_file_location("address_makers", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MADE = _makers().MADE
XMR = MADE["XMR", "standard", False]
BTC = MADE["BTC", "p2wpkh", False]
EVM = MADE["EVM", "account", False]
TESTNET = MADE["BTC", "p2pkh", True]
TS = 1_795_447_871


def read(golden, *lines: dict | str) -> tuple[dict, dict[str, list[dict]]]:
    data = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines).encode()
    books, tables = golden.tables_of(Source.of_bytes(data, "ledger.jsonl"), json_line)
    assert books.stream_bytes == len(data)
    return golden.books_of(books), {table: rows.to_pylist() for table, rows in tables.items()}


def one(golden, table: str, **fields) -> dict:
    _, rows = read(golden, {"ts": TS, "address": XMR} | fields)
    assert set(rows) == {table}, rows
    (row,) = rows[table]
    return row


@pytest.mark.parametrize(
    ("stated", "expected", "precision", "note"),
    [
        (TS, (TS, 0), 1_000_000, "epoch_seconds_by_magnitude"),
        (str(TS), (TS, 0), 1_000_000, "epoch_seconds_by_magnitude"),
        (TS + 0.25, (TS, 250_000), 10_000, "epoch_seconds_by_magnitude"),
        (TS * 1000 + 7, (TS, 7_000), 1_000, "epoch_milliseconds_by_magnitude"),
        (TS * 10**6 + 7, (TS, 7), 1, "epoch_microseconds_by_magnitude"),
        (TS * 10**9 + 7_000, (TS, 7), 1, "epoch_nanoseconds_by_magnitude"),
        ("2026-11-23T15:31:11Z", (TS, 0), 1_000_000, None),
        ("2026-11-23T16:31:11.5+01:00", (TS, 500_000), 100_000, None),
    ],
)
@pytest.mark.parametrize("key", ["ts", "time", "timestamp", "date"])
def test_times(golden, key, stated, expected, precision, note):
    _, rows = read(golden, {key: stated, "address": XMR, "event": "share"})
    (row,) = rows["mining_share"]
    assert row["ts"] == datetime.fromtimestamp(expected[0], UTC).replace(microsecond=expected[1])
    assert (row["ts_precision_us"], row["notes"]) == (precision, [note] if note else None)


def test_a_time_without_zone_stays_local(golden):
    row = one(golden, "mining_share", ts="2026-11-23 15:31:11", event="share")
    assert (row["ts"], row["ts_local"]) == (None, datetime.fromisoformat("2026-11-23T15:31:11"))


@pytest.mark.parametrize("stated", [None, True, "soon", "", [], {}, 10**30, -(10**30), "9" * 5000, "2026-13-01"])
def test_a_line_without_a_time_is_quarantined(golden, stated):
    books, rows = read(golden, {"ts": stated, "address": XMR, "event": "share"})
    assert books["quarantined"] == 1
    assert "time" in rows["quarantine"][0]["reason"]


@pytest.mark.parametrize("address", [XMR[:-1], XMR[:-1] + "1", EVM.lower(), TESTNET, "", None, 5, [XMR], f"to {XMR}"])
def test_a_line_without_a_checked_wallet_is_quarantined(golden, address):
    books, rows = read(golden, {"ts": TS, "address": address, "event": "share"})
    assert books["quarantined"] == 1
    assert "wallet" in rows["quarantine"][0]["reason"]


@pytest.mark.parametrize("event_key", ["event", "type", "kind", "action"])
@pytest.mark.parametrize("event", ["share", "Share", "SHARE_ACCEPTED", "share-accepted", "shares"])
def test_shares(golden, event_key, event):
    row = one(golden, "mining_share", **{event_key: event}, difficulty=10_000, worker="rig-7", pool="pool.example")
    assert (row["account"], row["worker"], row["pool"], row["asset"]) == (XMR, "rig-7", "pool.example", "XMR")
    assert (row["difficulty"], row["count"]) == (10_000, 1)
    assert row["accepted"] is (True if "ccepted" in event.lower() else None)


@pytest.mark.parametrize(
    ("fields", "accepted"),
    [
        ({}, None),
        ({"accepted": True}, True),
        ({"accepted": False}, False),
        ({"status": "rejected"}, False),
        ({"result": "valid"}, True),
        ({"status": "pending"}, None),
        ({"event": "share_rejected", "accepted": True}, None),
    ],
)
def test_what_a_line_says_of_acceptance(golden, fields, accepted):
    assert one(golden, "mining_share", **{"event": "share"} | fields)["accepted"] is accepted


@pytest.mark.parametrize(
    ("value", "stored"),
    [(2**70, 2**70), (10**38 - 1, 10**38 - 1), (10**38, None), (0.5, None), ("many", None), (-1, None), (5.0, 5)],
)
def test_difficulties_are_whole_or_stay_in_extra(golden, value, stored):
    row = one(golden, "mining_share", event="share", difficulty=value)
    assert row["difficulty"] == stored
    assert ("difficulty" in (row["extra"] or "")) is (stored is None)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        *(
            ("payout", "payout"),
            ("payment", "payout"),
            ("paid", "payout"),
            ("credit", "credit"),
            ("transfer", "transfer"),
        ),
        *(
            ("received", "receipt"),
            ("spent", "spend"),
            ("balance", "balance"),
            ("pool_payout", "payout"),
            ("fee", "fee"),
        ),
    ],
)
def test_movements(golden, event, kind):
    row = one(golden, "coin_movement", event=event, amount="1.5", currency="XMR")
    assert (row["kind"], row["amount"], row["asset"], row["account"]) == (kind, Decimal("1.5"), "XMR", XMR)
    assert row["notes"] == ["epoch_seconds_by_magnitude"]


@pytest.mark.parametrize(
    ("unit", "amount", "asset", "exact", "notes"),
    [
        (None, 7, "XMR", "7", ["unit_unknown"]),
        ("XMR", "0.000000000001", "XMR", "0.000000000001", []),
        ("xmr", 1, "XMR", "1", []),
        ("piconero", 1, "XMR", "0.000000000001", ["converted_from_piconero"]),
        ("satoshi", 150_000_000, "BTC", "1.5", ["converted_from_satoshi"]),
        ("wei", 1, "ETH", "0.000000000000000001", ["converted_from_wei"]),
        ("bananas", 3, "XMR", "3", ["unit_unknown"]),
        ("XMR", 0.1, "XMR", "0.1", []),
        ("XMR", "1e-18", "XMR", "0.000000000000000001", []),
        ("XMR", "1e-19", "XMR", None, ["amount_not_exact"]),
        ("XMR", "9" * 21, "XMR", None, ["amount_not_exact"]),
        ("XMR", -2, "XMR", "-2", []),
    ],
)
def test_amounts_are_exact_in_the_unit_that_is_named(golden, unit, amount, asset, exact, notes):
    fields = {"event": "payout", "amount": amount} | ({"unit": unit} if unit else {})
    row = one(golden, "coin_movement", **fields)
    assert (row["asset"], row["amount"]) == (asset, None if exact is None else Decimal(exact))
    assert row["notes"][1:] == notes
    assert row["amount_raw"].startswith(str(amount))


def test_an_evm_address_does_not_tell_the_coin(golden):
    assert one(golden, "coin_movement", address=EVM, event="received", amount=1)["asset"] is None
    assert one(golden, "coin_movement", address=EVM, event="received", amount=1, asset="USDC")["asset"] == "USDC"


def test_wallets_of_two_coins_do_not_tell_it_either(golden):
    row = one(golden, "coin_movement", to=BTC, event="transfer", amount=1)
    assert (row["asset"], row["to_address"], row["account"]) == (None, BTC, XMR)


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"event": "payout"}, []),
        ({"event": "miner_started", "amount": 1}, []),
        ({"event": "payout_fee", "amount": 1}, ["event_ambiguous"]),
        ({}, []),
        ({"event": 5}, []),
        ({"event": "payout", "amount": "much"}, []),
        ({"event": "payout", "amount": True}, []),
    ],
)
def test_other_lines_are_artefacts(golden, fields, note):
    row = one(golden, "artefact", **fields)
    assert (row["kind"], row["value"], row["path"]) == ("wallet", XMR, "/address")
    assert row["notes"][1:] == note
    left = {key: value for key, value in fields.items() if key != "event" or not isinstance(value, str)}
    assert (json.loads(row["extra"]) if row["extra"] else {}) == left


def test_what_a_repeated_key_hides_is_kept(golden):
    line = f'{{"ts":{TS},"address":"{XMR}","event":"payout","amount":1,"amount":2,"unit":"XMR"}}'
    _, rows = read(golden, line)
    (row,) = rows["coin_movement"]
    assert (row["amount"], json.loads(row["extra"])) == (2, {"hidden": [["amount", 1]]})
    assert "duplicate_keys" in row["notes"]


@pytest.mark.parametrize("line", ["[]", "5", '"x"', "{", '{"ts":NaN}', "\x00", "x" * 300])
def test_lines_that_are_no_objects_are_quarantined(golden, line):
    books, _ = read(golden, {"ts": TS, "address": XMR, "event": "share"}, line)
    assert (books["records"], books["quarantined"]) == (1, 1)


SHARE = json.dumps({"ts": TS, "address": XMR, "event": "share"}) + "\n"


@pytest.mark.parametrize(
    ("head", "grade"),
    [
        (SHARE, Grade.PROBABLE),
        (SHARE.rstrip("\n"), Grade.PROBABLE),
        (SHARE * 3 + SHARE[:40], Grade.PROBABLE),
        ("\ufeff" + SHARE, Grade.PROBABLE),
        (SHARE * 3 + '{"event":"start"}\n', Grade.PROBABLE),
        ('{"event":"start"}\n' + SHARE, Grade.NONE),
        (SHARE + '{"event":"start"}\n' * 3, Grade.NONE),
        (SHARE.replace(XMR, XMR[:-1] + "1"), Grade.NONE),
        (SHARE.replace("address", "text").replace(XMR, f"pay {XMR}"), Grade.NONE),
        (SHARE.replace('"ts"', '"at"'), Grade.NONE),
        ("[" + SHARE + "]", Grade.NONE),
        ("", Grade.NONE),
        ("\n\n", Grade.NONE),
        ("{", Grade.NONE),
    ],
)
def test_recognition(head, grade):
    assert json_line.recognise(head.encode(), "x") == grade


values = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9)
)
keys = st.sampled_from(
    ["ts", "time", "event", "type", "amount", "fee", "unit", "difficulty", "count", "accepted", "status", "to", "x"]
)


@settings(deadline=None)
@given(
    st.dictionaries(keys, values | st.sampled_from(["share", "payout", "XMR", "1e5", "2026-01-01"]) | st.lists(values)),
    st.integers(0, 200),
)
def test_any_values_under_any_key(golden, fields, cut):
    line = json.dumps({"ts": TS} | fields | {"address": XMR})
    read(golden, line, line[:cut])


@pytest.mark.shared
def test_the_lab_ledger_against_plain_counts(golden, shared):
    text = (shared / "data/lab/incident-a/evidence/pool/ledger.jsonl").read_text()
    books, rows = read(golden, *text.splitlines())
    lines = [json.loads(line) for line in text.splitlines()]
    assert (books["records"], books["quarantined"]) == (len(lines), 0)
    shares = [line for line in lines if line["event"] == "share"]
    assert [row["difficulty"] for row in rows["mining_share"]] == [line["difficulty"] for line in shares]
    assert [int(row["ts"].timestamp()) for row in rows["mining_share"]] == [line["ts"] for line in shares]
    assert {row["account"] for row in rows["mining_share"]} == {line["address"] for line in lines}


def test_a_time_of_absurd_size_is_quarantined(golden):
    books, rows = read(golden, f'{{"ts": 1e999999999, "address": "{XMR}", "event": "share"}}')
    assert books["quarantined"] == 1
    assert "time" in rows["quarantine"][0]["reason"]
