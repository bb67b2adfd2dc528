"""Cilium Hubble: packets, names, requests, and what was lost."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.assemble import Books, Reading
from parsers.contract import Grade
from parsers.flows import hubble_json
from parsers.source import Source

FLOW = {
    "time": "2026-11-23T15:32:01.001456789Z",
    "verdict": "FORWARDED",
    "IP": {"source": "10.71.0.50", "destination": "198.51.100.23"},
    "l4": {"TCP": {"source_port": 49152, "destination_port": 3333}},
    "traffic_direction": "EGRESS",
}


def event(**more) -> dict:
    return {"flow": {**FLOW, **more}, "node_name": "node-1", "time": FLOW["time"]}


def read(*events) -> tuple[Books, dict[str, list[dict]]]:
    raw = b"".join(json.dumps(item).encode() + b"\n" for item in events)
    reading = Reading(Source.of_bytes(raw, "x"), hubble_json)
    rows: dict[str, list[dict]] = {}
    for table, batch in reading.batches():
        rows.setdefault(table, []).extend(batch.to_pylist())
    assert reading.books.stream_bytes == len(raw)
    return reading.books, rows


def one(table: str, item: dict) -> dict:
    _, rows = read(item)
    (row,) = rows[table]
    return row


def test_a_packet_with_and_without_its_wrapper():
    wrapped, bare = one("flow", event()), one("flow", {**FLOW, "node_name": "node-1"})
    for row in (wrapped, bare):
        found = [row[key] for key in ("src_address", "dst_port", "protocol", "src_packets", "src_bytes", "sensor")]
        assert found == ["10.71.0.50", 3333, 6, 1, None, "node-1"]
        assert (row["ts"].microsecond, row["ts_remainder_ns"]) == (1456, 789)


@pytest.mark.parametrize(("verdict", "action"), [("FORWARDED", "allow"), ("DROPPED", "deny"), ("AUDIT", None)])
def test_the_verdict(verdict, action):
    row = one("flow", event(verdict=verdict))
    assert (row["state"], row["action"]) == (verdict, action)


@pytest.mark.parametrize(("reply", "known"), [(False, True), (True, False), (None, False)])
def test_who_began_is_known_of_what_is_no_reply(reply, known):
    assert one("flow", event(is_reply=reply))["initiator_known"] is known


def test_flags():
    l4 = {
        "TCP": {"source_port": 1, "destination_port": 2, "flags": {"SYN": True, "ACK": True, "NS": True, "FIN": False}}
    }
    row = one("flow", event(l4=l4))
    assert row["tcp_flags"] == 18
    assert json.loads(row["extra"])["flow"]["l4"] == {"TCP": {"flags": {"NS": True}}}


def test_names_that_cilium_knew_are_of_the_end_they_stand_at():
    _, rows = read(event(destination_names=["Pool.example", "", 7], source_names=["agent.local"]))
    assert [(row["kind"], row["name"], row["address"], row["port"]) for row in rows["name_lookup"]] == [
        ("log", "pool.example", "198.51.100.23", 3333),
        ("log", "agent.local", "10.71.0.50", 49152),
    ]


def dns(kind: str, **more) -> dict:
    return event(
        l7={"type": kind, "dns": {"query": "Pool.example.", "qtypes": ["A"], **more}}, is_reply=kind == "RESPONSE"
    )


def test_dns():
    row = one("name_lookup", dns("REQUEST"))
    assert [row[key] for key in ("kind", "name", "query_type", "response_code")] == [
        "dns_query",
        "pool.example",
        "A",
        None,
    ]
    assert (row["client_address"], row["server_address"]) == ("10.71.0.50", "198.51.100.23")
    _, rows = read(dns("RESPONSE", ips=["198.51.100.1", "x"], cnames=["B.example."], ttl=5))
    assert [(row["address"], row["alias_of"], row["ttl_s"]) for row in rows["name_lookup"]] == [
        ("198.51.100.1", None, 5),
        (None, "b.example", 5),
    ]
    assert {row["client_address"] for row in rows["name_lookup"]} == {"198.51.100.23"}


@pytest.mark.parametrize(
    ("rcode", "text"), [(None, "NOERROR"), (0, "NOERROR"), (3, "NXDOMAIN"), (5, "REFUSED"), (17, "RCODE17")]
)
def test_codes(rcode, text):
    assert one("name_lookup", dns("RESPONSE", **({} if rcode is None else {"rcode": rcode})))["response_code"] == text


@pytest.mark.parametrize(
    ("url", "host", "bound"),
    [
        ("http://A.example/x", "A.example", True),
        ("http://198.51.100.9:80/x", "198.51.100.9", False),
        ("http://u:p@a.example:80/", "a.example", True),
        ("/x", None, False),
        ("http://[2001:db8::1]/", None, False),
    ],
)
def test_http(url, host, bound):
    http = {"method": "GET", "url": url, "headers": [{"key": "User-Agent", "value": "curl"}, 7]}
    _, rows = read(event(l7={"type": "REQUEST", "http": http}))
    (row,) = rows["application_message"]
    assert (row["host"], row["uri"], row["user_agent"], row["direction"]) == (host, url, "curl", "request")
    assert ("name_lookup" in rows) == bound


def test_an_answer_binds_no_name():
    http = {"code": 200, "method": "GET", "url": "http://a.example/"}
    _, rows = read(event(l7={"type": "RESPONSE", "http": http}))
    assert "name_lookup" not in rows
    assert (rows["application_message"][0]["status"], rows["application_message"][0]["direction"]) == (200, "response")


@pytest.mark.parametrize(
    ("count", "lost"), [("12", 12), (12, 12), ("x", None), (None, None), ("9" * 30, None), (-1, None)]
)
def test_lost_events(count, lost):
    row = one("coverage_gap", {"lost_events": {"num_events_lost": count}, "time": FLOW["time"]})
    assert (row["reason"], row["lost_records"]) == ("sensor_drops", lost)


def test_what_is_no_event():
    books, rows = read({"node_status": {}}, {"agent_event": {}}, {"flow": {}}, {"flow": 7}, {})
    assert (books.records, books.quarantined) == (2, 3)
    assert set(rows) == {"quarantine"}


@pytest.mark.parametrize(
    ("items", "grade"),
    [
        ([event()], Grade.STRONG),
        ([FLOW], Grade.STRONG),
        ([{"lost_events": {"num_events_lost": 1}}], Grade.STRONG),
        ([{"verdict": "FORWARDED"}], Grade.NONE),
        ([{"flow": "x"}], Grade.NONE),
        ([[1]], Grade.NONE),
        ([event(), {}, {}], Grade.NONE),
    ],
)
def test_recognition(items, grade):
    assert hubble_json.recognise(b"".join(json.dumps(item).encode() + b"\n" for item in items), "x") == grade


scalar = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5))
value = st.recursive(scalar, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner))
KEYS = ["time", "IP", "l4", "l7", "source_names", "destination_names", "uuid", "node_name", "is_reply", "source"]


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), value), value)
def test_any_event_gives_rows(fields, l7):
    books, rows = read(
        event(**fields), event(l7={"type": "RESPONSE", "dns": {}, "http": l7}), event(l7={"http": {"url": l7}})
    )
    assert (books.records, books.quarantined) == (3, 0)
    assert rows
