"""Squid's access log: requests begin before they are written, and a parent proxy is not the host."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.assemble import Books, Reading
from parsers.contract import Grade
from parsers.flows import squid_access
from parsers.source import Source

FIELDS = ["1795447944.123", "5006", "10.71.0.50", "TCP_TUNNEL/200", "140929", "CONNECT", "pool.example:3333", "agent"]
FIELDS += ["HIER_DIRECT/198.51.100.23", "-"]
NAMES = ["end", "elapsed", "client", "code", "size", "method", "url", "user", "peer", "type"]


def line(**fields: str) -> bytes:
    values = dict(zip(NAMES, FIELDS, strict=True)) | fields
    return (" ".join(values[name] for name in NAMES) + "\n").encode()


def read(data: bytes) -> tuple[Books, dict[str, list[dict]]]:
    reading = Reading(Source.of_bytes(data, "x"), squid_access)
    rows: dict[str, list[dict]] = {}
    for table, batch in reading.batches():
        rows.setdefault(table, []).extend(batch.to_pylist())
    assert reading.books.stream_bytes == len(data)
    return reading.books, rows


def test_a_tunnel_is_a_flow_from_when_it_was_asked_for():
    _, rows = read(line())
    (flow,), (message,), (name,) = rows["flow"], rows["application_message"], rows["name_lookup"]
    assert (flow["ts_end"] - flow["ts"]).total_seconds() == 5.006
    assert [flow[key] for key in ("dst_address", "dst_port", "dst_bytes", "src_bytes")] == [
        "198.51.100.23",
        3333,
        140929,
        None,
    ]
    assert (message["method"], message["uri"], json.loads(message["extra"])["user"]) == (
        "CONNECT",
        "pool.example:3333",
        "agent",
    )
    assert (name["name"], name["address"], name["port"]) == ("pool.example", "198.51.100.23", 3333)


def test_a_request_is_no_flow():
    _, rows = read(line(method="GET", url="http://a.example/"))
    assert "flow" not in rows
    assert rows["application_message"][0]["dst_port"] == 80


@pytest.mark.parametrize(
    ("peer", "url", "address"),
    [
        ("HIER_DIRECT/198.51.100.23", "a.example:1", "198.51.100.23"),
        ("ORIGINAL_DST/198.51.100.23", "a.example:1", "198.51.100.23"),
        ("FIRSTUP_PARENT/192.0.2.9", "a.example:1", None),
        ("FIRSTUP_PARENT/192.0.2.9", "198.51.100.7:1", "198.51.100.7"),
        ("HIER_NONE/-", "[2001:DB8::1]:1", "2001:db8::1"),
        ("HIER_DIRECT/a.example", "a.example:1", None),
    ],
)
def test_only_the_host_itself_has_its_address(peer, url, address):
    _, rows = read(line(peer=peer, url=url))
    assert rows["flow"][0]["dst_address"] == address
    assert [row["address"] for row in rows.get("name_lookup", [])] == ([address] if url.startswith("a.") else [])


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("http://A.example/x", "A.example", 80),
        ("https://u:p@a.example:8443/", "a.example", 8443),
        ("https://[2001:db8::1]/", "[2001:db8::1]", 443),
        ("urn:x", None, None),
        ("http://a.example:99999/", "a.example", None),
        ("error:invalid-request", None, None),
    ],
)
def test_where_a_url_goes(url, host, port):
    _, rows = read(line(method="GET", url=url))
    (row,) = rows["application_message"]
    assert (row["host"], row["dst_port"], row["uri"]) == (host, port, url)


@pytest.mark.parametrize(("code", "action"), [("TCP_DENIED/403", "deny"), ("TCP_TUNNEL/200", "allow")])
def test_what_the_proxy_did(code, action):
    assert read(line(code=code))[1]["flow"][0]["action"] == action


@pytest.mark.parametrize(
    "bad", [b"x\n", line(end="17954479440.12"), line(code="TCP_MISS"), line(elapsed="-"), line()[:60]]
)
def test_other_lines_are_quarantined(bad):
    books, _ = read(line() + bad)
    assert (books.records, books.quarantined) == (1, 1)


@pytest.mark.parametrize(
    ("head", "grade"),
    [
        (line() * 3, Grade.STRONG),
        (line().replace(b"\n", b"\r\n"), Grade.STRONG),
        (b"torn\n" + line() * 2, Grade.STRONG),
        (b'10.0.0.1 - - [23/Nov/2026:15:00:00 +0000] "GET / HTTP/1.1" 200 5\n', Grade.NONE),
        (b"", Grade.NONE),
    ],
)
def test_recognition(head, grade):
    assert squid_access.recognise(head, "access.log") == grade


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, 120))
def test_damage_is_contained(junk, at):
    data = line() * 3
    books, _ = read(data[:at] + junk + data[at:])
    assert books.records >= 1


@pytest.mark.shared
def test_reference_lines(shared):
    data = (shared / "data/netflow/firewall_proxy/squid-access.log").read_bytes()
    assert squid_access.recognise(data, "x") == Grade.STRONG
    books, rows = read(data)
    assert (books.records, books.quarantined) == (5, 0)
    assert [row["dst_address"] for row in rows["flow"]] == ["175.16.199.115"]
    assert [row["status"] for row in rows["application_message"]] == [200, 200, 200, 407, 200]
    assert rows["application_message"][0]["ts"].isoformat() == "2006-09-08T04:21:47.043000+00:00"
