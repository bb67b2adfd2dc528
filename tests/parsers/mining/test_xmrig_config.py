"""XMRig's configuration: settings, and secrets that stay where they are."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.contract import Grade
from parsers.mining import xmrig_config
from parsers.source import Source

SECRETS = ("hunter2-pool", "hunter2-token", "hunter2-proxy", "hunter2-key")


@pytest.fixture(scope="module")
def wallet() -> str:
    path = Path(__file__).parent.parent / "test_addresses.py"
    spec = importlib.util.spec_from_file_location("address_makers", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.MONERO


def read(golden, config: dict | str | bytes) -> tuple[dict, list[dict]]:
    text = json.dumps(config) if isinstance(config, dict) else config
    data = text.encode() if isinstance(text, str) else text
    books, tables = golden.tables_of(Source.of_bytes(data, "config.json"), xmrig_config)
    assert books.stream_bytes == len(data)
    return golden.books_of(books), tables["artefact"].to_pylist() if "artefact" in tables else []


def kinds(rows: list[dict]) -> dict[str, dict]:
    return {row["kind"]: row for row in rows}


def pool(**fields) -> dict:
    return {"pools": [{"url": "pool.example:3333", "user": "me", "pass": "x"} | fields]}


@pytest.mark.parametrize(
    ("fields", "host", "port", "tls"),
    [
        ({}, "pool.example", 3333, None),
        ({"tls": True}, "pool.example", 3333, True),
        ({"tls": False}, "pool.example", 3333, False),
        ({"url": "stratum+ssl://Pool.Example:443"}, "pool.example", 443, True),
        ({"url": "stratum+ssl://pool.example:443", "tls": False}, "pool.example", 443, None),
        ({"url": "stratum+tcp://pool.example:80"}, "pool.example", 80, None),
        ({"url": "[2001:DB8::7]:3333"}, "2001:db8::7", 3333, None),
        ({"url": "someone:hunter2-pool@pool.example:3333"}, "pool.example", 3333, None),
        ({"url": "pool.example"}, "pool.example", None, None),
        ({"url": "pool.example:99999"}, None, None, None),
        ({"url": 5}, None, None, None),
    ],
)
def test_pools(golden, fields, host, port, tls):
    _, rows = read(golden, pool(**fields))
    row = kinds(rows)["pool"]
    assert (row["host"], row["port"], row["tls"], row["path"]) == (host, port, tls, "/pools/0/url")


@pytest.mark.parametrize(
    ("suffix", "worker"),
    [("", None), (".rig-7", "rig-7"), ("+50000", None), ("+50000.rig-7", "rig-7"), (".", None)],
)
def test_wallet_and_worker(golden, wallet, suffix, worker):
    _, rows = read(golden, pool(user=wallet + suffix))
    assert kinds(rows)["wallet"]["value"] == wallet
    assert kinds(rows)["wallet"]["notes"] is None
    assert kinds(rows).get("worker", {}).get("value") == worker


def test_a_login_that_is_no_wallet(golden):
    _, rows = read(golden, pool(user="someone.worker"))
    row = kinds(rows)["wallet"]
    assert (row["value"], row["notes"]) == ("someone.worker", ["no_valid_address"])


def test_secrets_are_noted_and_never_copied(golden):
    config = pool(**{"pass": "hunter2-pool", "socks5": "me:hunter2-proxy@127.0.0.1:9050"}) | {
        "http": {"enabled": True, "host": "127.0.0.1", "port": 18088, "access-token": "hunter2-token"},
        "api": {"port": 4444, "access-token": "hunter2-token"},
        "tls": {"cert_key": "hunter2-key", "enabled": True},
        "deep": [{"my-password": ["hunter2-pool"]}],
    }
    _, rows = read(golden, config)
    assert not any(secret in repr(rows) for secret in SECRETS)
    noted = [(row["kind"], row["path"], row["value"]) for row in rows if row["notes"] == ["secret_withheld"]]
    assert noted == [
        ("password", "/pools/0/pass", None),
        ("access_token", "/http/access-token", None),
        ("access_token", "/api/access-token", None),
    ]
    assert kinds(rows)["proxy"]["value"] == "127.0.0.1:9050"


def test_listener(golden):
    rows = read(golden, pool() | {"http": {"enabled": False, "host": "0.0.0.0", "port": 8080}})[1]
    row = kinds(rows)["listener"]
    assert (row["host"], row["port"], row["extra"]) == ("0.0.0.0", 8080, '{"enabled":false}')
    rows = read(golden, pool() | {"http": {"enabled": False, "host": "127.0.0.1", "port": 0}})[1]
    assert "listener" not in kinds(rows)


def test_other_settings_stay_together(golden):
    _, rows = read(golden, pool() | {"donate-level": 1, "cpu": {"max-threads-hint": 50}, "background": True})
    assert kinds(rows)["miner_config"]["extra"] == '{"cpu":{"max-threads-hint":50}}'
    assert (kinds(rows)["donate_level"]["value"], kinds(rows)["background"]["value"]) == ("1", "true")


@pytest.mark.parametrize(
    "text",
    [
        '// c\n{"pools": [{"url": "a//b", "user": "u"}]}',
        '{"pools": [{"url": "a//b", "user": "u"},], /* , */ }',
        '{"pools": [{"url": "a//b", "user": "u" // x\n }\n , // y\n ]}',
        '\ufeff{"pools": [{"url": "a//b", "user": "u"}]}\n\n',
        '{"pools": [{"url": "a//b", "user": "u"}]} // the end',
        '{"pools": [{"url": "a//b", "user": "u"}]} /* no end',
    ],
)
def test_comments_and_trailing_commas(golden, text):
    books, rows = read(golden, text)
    assert books["quarantined"] == 0
    assert kinds(rows)["pool"]["value"] == "a//b"
    assert xmrig_config.recognise(text.encode(), "x") == Grade.STRONG


@pytest.mark.parametrize(
    "text", ['{"pools": [}', "[1]", "5", '{"a": NaN}', '{"pools": "\xff"', "[" * 5000, "{,,}", "{"]
)
def test_faults_are_quarantined_or_structure(golden, text):
    books, rows = read(golden, text.encode("latin-1"))
    assert books["records"] == 0
    assert rows == []


def test_nothing_but_blanks_is_structure(golden):
    assert read(golden, " \n// only a comment\n")[0]["quarantined"] == 0


@pytest.mark.parametrize("text", ["/* " * 300_000, '"' * 300_001, "," * 300_000, '"\\' * 300_000])
def test_hostile_shapes_take_no_time(text):
    xmrig_config.strict(text.encode())


def test_too_large_a_file_is_quarantined_whole(golden):
    books, rows = read(golden, b"{" + b" " * (5 << 20))
    assert (books["quarantined"], rows) == (1, [])


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        (json.dumps(pool()), Grade.STRONG),
        ('{"pools": [], "donate-level": 5}', Grade.STRONG),
        ('{"donate-level": 1, "pools": [{"url": "a", "user": "b"', Grade.PROBABLE),
        ('{"pools": {"url": "a"}}', Grade.NONE),
        ('{"hashrate": {"total": [1]}}', Grade.NONE),
        ("[]", Grade.NONE),
        ("pools", Grade.NONE),
        ("", Grade.NONE),
    ],
)
def test_recognition(text, grade):
    assert xmrig_config.recognise(text.encode(), "config.json") == grade


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["url", "user", "pass", "tls"]), inner),
    max_leaves=12,
)


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(["pools", "http", "api", "algo", "donate-level", "log-file", "x"]), json_values),
    st.binary(max_size=5),
)
def test_any_values_in_any_place(golden, config, junk):
    read(golden, config)
    read(golden, json.dumps(config).encode()[:-2] + junk)


@pytest.mark.shared
@pytest.mark.parametrize(("name", "pools"), [("config.json", 2), ("src_config.json", 1), ("summary.json", 0)])
def test_reference_configurations(golden, shared, name, pools):
    data = (shared / "data/billing_and_assets/xmrig" / name).read_bytes()
    assert xmrig_config.recognise(data, name) == (Grade.STRONG if pools else Grade.NONE)
    _, rows = read(golden, data)
    found = [row for row in rows if row["kind"] == "pool"]
    assert len(found) == pools
    assert all(f'"{row["value"]}"' in data.decode() for row in found)
    assert not any(row["value"] == "x" or "TOKEN" in repr(row) for row in rows)
