"""Suricata EVE: volumes once, three versions of DNS, losses between two counts."""

from __future__ import annotations

import base64
import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.assemble import Books, Reading
from parsers.contract import Grade
from parsers.flows import suricata_eve
from parsers.flows.members import Members
from parsers.flows.names import host_name
from parsers.ip import canonical
from parsers.source import Source
from parsers.times import iso

ENDS = {"src_ip": "10.71.0.50", "src_port": 49152, "dest_ip": "198.51.100.23", "dest_port": 3333, "proto": "TCP"}
COMMON = {"timestamp": "2026-11-23T16:31:07.965377+0100", "flow_id": 7, **ENDS}


def event(kind: str, **more) -> dict:
    return {**COMMON, "event_type": kind, **more}


def read(*events: dict | bytes) -> tuple[Books, dict[str, list[dict]]]:
    raw = b"".join(item if isinstance(item, bytes) else json.dumps(item).encode() + b"\n" for item in events)
    reading = Reading(Source.of_bytes(raw, "eve.json"), suricata_eve)
    rows: dict[str, list[dict]] = {}
    for table, batch in reading.batches():
        rows.setdefault(table, []).extend(batch.to_pylist())
    assert reading.books.stream_bytes == len(raw)
    return reading.books, rows


def one(table: str, item: dict) -> dict:
    _, rows = read(item)
    (row,) = rows[table]
    return row


# --- flows ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["alert", "http", "tls", "fileinfo", "anomaly", "smb", "drop", "dns"])
def test_only_flow_events_give_flows(kind):
    _, rows = read(event(kind, flow={"bytes_toserver": 10, "pkts_toserver": 1, "start": COMMON["timestamp"]}))
    assert "flow" not in rows


@pytest.mark.parametrize(
    ("tcp", "known", "flags"),
    [
        ({"tcp_flags": "1b", "tcp_flags_ts": "1b"}, True, 0x1B),
        ({"tcp_flags": "1A", "tcp_flags_ts": "18"}, False, 0x1A),
        ({"tcp_flags": "0x", "tcp_flags_ts": "zz"}, False, None),
        ({"tcp_flags": 27}, False, None),
        ({"tcp_flags": "00000000000000001b"}, False, None),
        ({"tcp_flags": "+1"}, False, None),
        ({}, False, None),
    ],
)
def test_flags_are_hexadecimal_and_tell_who_began(tcp, known, flags):
    row = one("flow", event("flow", flow={}, tcp=tcp))
    assert (row["initiator_known"], row["tcp_flags"]) == (known, flags)


def test_nobody_is_known_to_begin_what_has_no_beginning():
    assert one("flow", event("flow", proto="UDP", flow={}))["initiator_known"] is None


def test_a_protocol_that_was_not_recognised_is_none():
    row = one("flow", event("flow", app_proto="failed", flow={}))
    assert row["app_protocol"] is None
    assert json.loads(row["extra"])["app_proto"] == "failed"


def test_a_flow_takes_its_own_times_and_not_the_event_s():
    row = one("flow", event("flow", flow={"start": "2026-11-23T16:00:00.000001+0100", "end": "2026-11-23T15:00:01.5Z"}))
    assert row["ts"].isoformat() == "2026-11-23T15:00:00.000001+00:00"
    assert row["duration_us"] == 1_499_999
    assert json.loads(row["extra"])["timestamp"] == COMMON["timestamp"]
    assert one("flow", event("flow", flow={}))["ts"] is None


def test_a_time_without_zone_is_no_utc():
    row = one("flow", event("flow", flow={"start": "2026-11-23T16:00:00.0", "end": "2026-11-23T16:00:01.0Z"}))
    assert (row["ts"], row["duration_us"], row["ts_local"].hour) == (None, None, 16)
    assert row["ts_end"] is not None


# --- names ----------------------------------------------------------------------------------------------------------

ASK = {"src_ip": "10.71.0.50", "src_port": 5000, "dest_ip": "10.71.0.1", "dest_port": 53}
TURNED = {"src_ip": "10.71.0.1", "src_port": 53, "dest_ip": "10.71.0.50", "dest_port": 5000}


@pytest.mark.parametrize("ends", [ASK, TURNED])
@pytest.mark.parametrize(
    "dns",
    [
        {"type": "answer", "rrname": "Pool.example.", "rrtype": "A", "ttl": 9, "rdata": "198.51.100.23"},
        {
            "type": "answer",
            "rrname": "pool.example",
            "answers": [{"rrname": "pool.example", "rrtype": "A", "ttl": 9, "rdata": "198.51.100.23"}],
        },
        {
            "version": 3,
            "type": "response",
            "queries": [{"rrname": "pool.example", "rrtype": "A"}],
            "answers": [{"rrname": "POOL.example", "rrtype": "A", "ttl": 9, "rdata": "198.51.100.23"}],
        },
    ],
    ids=["version 1", "version 2", "version 3"],
)
def test_every_version_binds_the_same(dns, ends):
    row = one("name_lookup", event("dns", **ends, dns=dns))
    found = [row[key] for key in ("kind", "name", "address", "ttl_s", "client_address", "server_address")]
    assert found == ["dns_answer", "pool.example", "198.51.100.23", 9, "10.71.0.50", "10.71.0.1"]


@pytest.mark.parametrize(
    "dns",
    [
        {"type": "query", "rrname": "pool.example", "rrtype": "A"},
        {"type": "request", "queries": [{"rrname": "pool.example", "rrtype": "A"}]},
        {"type": "answer", "rcode": "NXDOMAIN", "rrname": "pool.example", "rrtype": "A"},
        {"qr": True, "rcode": "NXDOMAIN", "query": [{"rrname": "pool.example", "rrtype": "A", "type": "query"}]},
    ],
)
def test_what_binds_nothing_is_a_query(dns):
    row = one("name_lookup", event("dns", **ASK, dns=dns))
    assert (row["kind"], row["name"], row["query_type"], row["address"]) == ("dns_query", "pool.example", "A", None)
    assert row["response_code"] == dns.get("rcode")


@pytest.mark.parametrize("dns", [{}, {"type": "answer", "answers": 7}, {"type": "answer", "answers": [7, {}]}, "x"])
def test_a_message_that_is_none_keeps_its_words(dns):
    row = one("name_lookup", event("dns", **ASK, dns=dns))
    assert (row["kind"], row["name"]) == ("dns_query", None)
    if dns:
        assert json.loads(row["extra"])["dns"] == dns


def test_a_record_that_is_not_understood_stays():
    answers = [{"rrname": "a.example", "rrtype": "A", "ttl": -1, "rdata": "none"}, {"rrname": "a.example"}]
    row = one("name_lookup", event("dns", **ASK, dns={"type": "answer", "answers": answers}))
    assert (row["name"], row["address"], row["ttl_s"]) == ("a.example", None, None)
    assert json.loads(row["extra"]) | {"target": "none"} == json.loads(row["extra"])
    assert json.loads(row["extra"])["dns"]["answers"] == answers


@pytest.mark.parametrize(
    ("http", "name"),
    [
        ({"hostname": "A.example", "url": "/"}, "a.example"),
        ({"hostname": "a.example", "url": "http://a.example/"}, None),
        ({"hostname": "a.example", "url": "a.example:443", "http_method": "CONNECT"}, None),
        ({"hostname": "198.51.100.9", "url": "/"}, None),
        ({"hostname": "a.example"}, None),
        ({"url": "/"}, None),
    ],
)
def test_a_host_is_bound_to_the_address_only_where_it_was_asked_for(http, name):
    _, rows = read(event("http", http=http))
    assert [row["name"] for row in rows.get("name_lookup", [])] == ([name] if name else [])
    assert rows["application_message"][0]["host"] == http.get("hostname")


@pytest.mark.parametrize(("text", "name"), [("A.b.", "a.b"), ("", ""), (".", ""), (None, None), ("Ä.b", "Ä.b")])
def test_names(text, name):
    assert host_name(text) == name


# --- alerts and losses ----------------------------------------------------------------------------------------------


def test_an_alert_says_who_what_and_when():
    row = one("alert", event("alert", alert={"gid": 1, "signature_id": 5, "rev": 2, "signature": "S", "severity": 1}))
    assert (row["rule"], row["title"], row["severity"], row["category"]) == ("1:5:2", "S", "1", None)
    assert (row["src_address"], row["dst_port"], row["product"]) == ("10.71.0.50", 3333, "suricata")
    assert one("alert", event("alert", alert={"gid": 1, "signature_id": "5"}))["rule"] is None


LOGIN = '{"id":1,"method":"login","params":{"login":"4Wallet.rig7","pass":"x","agent":"XMRig/6.21.0"}}\n'
SUBMIT = '{"id":2,"method":"submit","params":{"id":"a","job_id":"j","nonce":"00"}}\n'
JOB = '{"jsonrpc":"2.0","method":"job","params":{"blob":"00","job_id":"j","target":"b88d0600"}}\n'


def mined(text: str, **more) -> list[dict]:
    _, rows = read(event("alert", alert={}, payload_printable=text, **more))
    return rows.get("application_message", [])


def test_mining_in_an_alert_s_payload():
    (row,) = mined("rest of a line}\n" + LOGIN + SUBMIT)
    found = [row[key] for key in ("protocol", "method", "direction", "wallet", "user_agent", "dst_port", "flow_id")]
    assert found == ["stratum", "login", "request", "4Wallet", "XMRig/6.21.0", 3333, "7"]
    assert (row["ts"].isoformat(), row["notes"]) == ("2026-11-23T15:31:07.965377+00:00", ["from_alert_payload"])
    assert [row["direction"] for row in mined(JOB)] == ["push"]


def test_bytes_go_before_their_printable_form():
    encoded = base64.b64encode(LOGIN.encode()).decode()
    assert [row["wallet"] for row in mined("....", payload=encoded)] == ["4Wallet"]
    assert [row["wallet"] for row in mined(LOGIN, payload="no base64!")] == ["4Wallet"]


def test_a_payload_of_a_stream_passed_at_some_time_before():
    (row,) = mined(LOGIN, stream=1, flow={"start": "2026-11-23T16:31:00.000000+0100"})
    assert (row["ts"].isoformat(), row["ts_precision_us"]) == ("2026-11-23T15:31:00+00:00", 7_965_378)
    for flow in ({}, {"start": "2026-11-23T16:32:00.000000+0100"}, "x"):
        assert [row["ts"] for row in mined(LOGIN, stream=1, flow=flow)] == [None]


def test_a_payload_that_is_cut_says_so():
    (row,) = mined(LOGIN[:60])
    assert (row["wallet"], row["truncated"]) == ("4Wallet", True)


@pytest.mark.parametrize(
    "payload", ["", "GET / HTTP/1.1", '{"method":"login"}', '{"method":"other","params":{}}', SUBMIT]
)
def test_other_payloads_are_no_mining(payload):
    assert mined(payload) == []


def test_a_payload_makes_no_endless_rows():
    assert len(mined(LOGIN * 500)) == 50


def stats(drops: int, uptime: int, host: str | None = None, **more) -> dict:
    time = f"2026-11-23T16:{uptime // 60 % 60:02d}:{uptime % 60:02d}.000000+0000"
    body = {"uptime": uptime, "capture": {"kernel_drops": drops}} | more
    return {"timestamp": time, "event_type": "stats", "stats": body} | ({"host": host} if host else {})


def losses(*events: dict) -> list[tuple]:
    _, rows = read(*events)
    found = rows.get("coverage_gap", [])
    return [(row["record"], row["lost_records"], bool(row["notes"])) for row in found]


@pytest.mark.parametrize(
    ("events", "wanted"),
    [
        ([stats(0, 8), stats(0, 16)], []),
        ([stats(5, 8)], [(1, 5, True)]),
        ([stats(5, 8), stats(5, 16), stats(9, 24)], [(1, 5, True), (2, 4, False)]),
        ([stats(5, 8), stats(3, 4)], [(1, 5, True), (2, 3, True)]),  # the sensor began anew
        ([stats(5, 8), stats(3, 16)], [(1, 5, True)]),  # a counter that falls tells nothing
        ([stats(5, 8, "a"), stats(5, 8, "b"), stats(6, 16, "a")], [(1, 5, True), (2, 5, True), (1, 1, False)]),
        ([stats(0, 8), {**stats(2, 16), "stats": "none"}, stats(2, 24)], [(3, 2, True)]),
        ([stats(2**63, 8), stats(-1, 16)], []),
    ],
)
def test_losses_are_what_a_counter_rose_by(events, wanted):
    assert losses(*events) == wanted


def test_a_loss_lies_between_two_events():
    _, rows = read(stats(0, 8), stats(9, 16))
    (row,) = rows["coverage_gap"]
    assert (row["ts"].second, row["ts_end"].second) == (8, 16)
    assert [span["span_record"] for span in rows["locator"]] == [1, 2]


# --- recognition and malice -----------------------------------------------------------------------------------------


def graded(*items: dict | bytes) -> Grade:
    raw = b"".join(item if isinstance(item, bytes) else json.dumps(item).encode() + b"\n" for item in items)
    return suricata_eve.recognise(raw[:65_536], "x")


def test_recognition():
    assert graded(event("flow", flow={})) == Grade.STRONG
    assert graded(b'torn":1}\n', event("flow", flow={}), event("dns")) == Grade.STRONG
    assert graded(stats(0, 1)) == Grade.STRONG
    assert graded({"event_type": "x", "timestamp": COMMON["timestamp"]}) == Grade.NONE
    assert graded({**event("flow"), "timestamp": "2026-11-23"}) == Grade.NONE
    assert graded(event("flow"), {"a": 1}, {"b": 2}) == Grade.NONE
    assert graded({"type": "flow"}) == Grade.NONE


def test_a_first_line_longer_than_the_head_is_recognised():
    long = json.dumps(stats(0, 1, padding="x" * 70_000), separators=(",", ":")).encode()
    assert suricata_eve.recognise(long[:65_536], "x") == Grade.STRONG
    assert suricata_eve.recognise(b'{"timestamp":"' + b"2" * 66_000, "x") == Grade.NONE


scalar = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just("198.51.100.1"))
value = st.recursive(scalar, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner))
KEYS = ["type", "answers", "queries", "grouped", "rrname", "rrtype", "rdata", "ttl", "flow", "sni", "url", "hostname"]
KEYS += [
    "action",
    "dest_port",
    "app_proto",
    "stream",
    "payload_printable",
    "tcp_flags",
    "vlan",
    "src_ip",
    "src_port",
    "flow_id",
    "start",
    "kernel_drops",
    "uptime",
    "client",
    "timestamp",
]
body = st.dictionaries(st.sampled_from(KEYS), value, max_size=5)
KINDS = [
    "flow",
    "netflow",
    "dns",
    "mdns",
    "http",
    "fileinfo",
    "tls",
    "quic",
    "ssh",
    "alert",
    "drop",
    "anomaly",
    "stats",
]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(KINDS), st.one_of(body, value), body)
def test_any_event_gives_rows_and_keeps_the_books(kind, inner, outer):
    books, rows = read({**COMMON, **outer, "event_type": kind, kind: inner})
    assert (books.records, books.quarantined) == (1, 0)
    assert rows or kind == "stats"


def test_members_take_only_what_they_are_asked_for():
    members = Members({"a": True, "b": 1, "c": {"d": 1, "e": None}, "f": None, "g": "1.2.3.4", "h": "1.2.3"})
    assert [members.number("a"), members.text("b"), members.number("b", 0)] == [None, None, None]
    assert [members.inner("c").number("d"), members.inner("b").number("d")] == [1, None]
    assert [members.address("g"), members.address("h")] == ["1.2.3.4", None]
    assert members.rest() == {"a": True, "b": 1, "h": "1.2.3"}


# --- reference evidence ---------------------------------------------------------------------------------------------


@pytest.mark.shared
def test_reference_events_against_a_plain_reading(shared):
    raw = (shared / "data/netflow/suricata_eve/test6-malicious.suricata.json").read_bytes()
    assert suricata_eve.recognise(raw[:65_536], "x") == Grade.STRONG
    events = [json.loads(line) for line in raw.splitlines()]
    books, rows = read(raw)
    assert (books.records, books.quarantined) == (len(events), 0)
    flows = [item for item in events if item["event_type"] == "flow"]
    assert len(rows["flow"]) == len(flows)
    for row, item in zip(rows["flow"], flows, strict=True):
        told = item["flow"]
        assert (row["src_bytes"], row["dst_bytes"]) == (told["bytes_toserver"], told["bytes_toclient"])
        assert (row["src_packets"], row["dst_packets"]) == (told["pkts_toserver"], told["pkts_toclient"])
        assert (row["src_address"], row["dst_address"]) == (canonical(item["src_ip"]), canonical(item["dest_ip"]))
        assert (row["src_port"], row["dst_port"]) == (item.get("src_port"), item.get("dest_port"))
        assert row["flow_id"] == str(item["flow_id"])
        assert (row["ts"].timestamp(), row["state"]) == (iso(told["start"]).us / 1e6, told["state"])
    kinds = Counter(item["event_type"] for item in events)
    assert len(rows["alert"]) == kinds["alert"] + kinds["anomaly"]
    assert len(rows["application_message"]) == kinds["http"] + kinds["tls"] + kinds["fileinfo"]
    answers = sum(len(item["dns"].get("answers", ())) for item in events if item["event_type"] == "dns")
    addresses = [row["address"] for row in rows["name_lookup"] if row["kind"] == "dns_answer"]
    assert len(addresses) == answers
    assert {row["alias_of"] for row in rows["name_lookup"]} > {None}


@pytest.mark.shared
def test_reference_file_event(shared):
    raw = (shared / "data/netflow/suricata_verify/output-eve-fileinfo/expected/eve.json").read_bytes()
    assert suricata_eve.recognise(raw, "x") == Grade.STRONG
    _, rows = read(raw)
    (row,) = rows["application_message"]
    assert (row["protocol"], row["method"], row["host"], row["status"]) == ("http", "fileinfo", "www.eicar.org", 200)
