"""OCSF events: which class makes which row, whose bytes are whose, and the published mappings."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.assemble import Books, Reading
from parsers.contract import Grade
from parsers.flows import ocsf_json
from parsers.flows.ocsf_rows import CLASSES
from parsers.source import Source

ENDS = {
    "src_endpoint": {"ip": "10.71.0.50", "port": 49152},
    "dst_endpoint": {"ip": "198.51.100.23", "port": 3333},
}


def event(number: int, product: str = "Sensor", **more) -> dict:
    head = {"class_uid": number, "category_uid": number // 1000, "metadata": {"product": {"name": product}}}
    return {**head, "time": 1795447944000, **ENDS, **more}


def read(*events) -> tuple[Books, dict[str, list[dict]]]:
    raw = b"".join(json.dumps(item).encode() + b"\n" for item in events)
    reading = Reading(Source.of_bytes(raw, "x"), ocsf_json)
    rows: dict[str, list[dict]] = {}
    for table, batch in reading.batches():
        rows.setdefault(table, []).extend(batch.to_pylist())
    assert reading.books.stream_bytes == len(raw)
    return reading.books, rows


def one(table: str, item: dict) -> dict:
    _, rows = read(item)
    (row,) = rows[table]
    return row


def test_bytes_out_are_the_source_s():
    traffic = {"bytes": 30, "bytes_out": 20, "bytes_in": 10, "packets_out": 2, "packets_in": 1}
    row = one("flow", event(4001, traffic=traffic))
    assert [row[key] for key in ("src_bytes", "dst_bytes", "src_packets", "dst_packets")] == [20, 10, 2, 1]
    assert (row["directionality"], row["bytes_layer"]) == ("both", None)


def test_a_sum_of_both_ways_is_nobody_s():
    row = one("flow", event(4001, traffic={"bytes": 30, "packets": 3}))
    assert [row[key] for key in ("src_bytes", "dst_bytes", "directionality")] == [None, None, None]
    assert json.loads(row["extra"])["traffic"] == {"bytes": 30, "packets": 3}


def test_a_vpc_flow_goes_one_way():
    row = one("flow", event(4001, "Amazon VPC", traffic={"bytes": 30, "packets": 3}, action_id=2))
    assert [row[key] for key in ("src_bytes", "dst_bytes", "directionality", "bytes_layer", "action")] == [
        30,
        None,
        "one_way",
        "ip",
        "deny",
    ]


@pytest.mark.parametrize(("status", "reason"), [("SKIPDATA", "records_skipped"), ("NODATA", "no_traffic")])
def test_a_window_without_records_is_a_gap(status, reason):
    _, rows = read(event(4001, "Amazon VPC", status_code=status))
    assert [row["reason"] for row in rows["coverage_gap"]] == [reason]
    assert "flow" not in rows
    assert "flow" in read(event(4001, "Other", status_code=status))[1]


@pytest.mark.parametrize(
    ("times", "text", "precision", "noted"),
    [
        ({"time": 1795447944123}, "2026-11-23T15:32:24.123000+00:00", 1000, False),
        ({"time": 1795447944}, "2026-11-23T15:32:24+00:00", 1_000_000, True),
        (
            {"time": 1795447944000, "time_dt": "2026-11-23T16:32:24.5+01:00"},
            "2026-11-23T15:32:24.500000+00:00",
            100_000,
            False,
        ),
        ({"time": 1, "start_time": 1795447944000}, "2026-11-23T15:32:24+00:00", 1000, True),
        ({"time": "x"}, None, None, False),
        ({"time": 10**30}, None, None, False),
    ],
)
def test_times(times, text, precision, noted):
    row = one("flow", event(4001, **times))
    assert (row["ts"].isoformat() if row["ts"] else None, row["ts_precision_us"]) == (text, precision)
    assert bool(row["notes"]) == noted


def test_a_flow_that_ends_before_it_begins_has_no_length():
    row = one("flow", event(4001, start_time=1795447944000, end_time=1795447943000))
    assert (row["duration_us"], row["ts_end"] < row["ts"]) == (None, True)


def test_names():
    answers = [{"type": "CNAME", "rdata": "B.example."}, {"type": "A", "rdata": "198.51.100.1", "ttl": 5}]
    _, rows = read(event(4003, query={"hostname": "A.example.", "type": "A"}, answers=answers, rcode="NoError"))
    assert [(row["name"], row["alias_of"], row["address"], row["ttl_s"]) for row in rows["name_lookup"]] == [
        ("a.example", "b.example", None, None),
        ("a.example", None, "198.51.100.1", 5),
    ]
    row = one("name_lookup", event(4003, query={"hostname": "a.example"}, answers=[7]))
    assert (row["kind"], json.loads(row["extra"])["answers"]) == ("dns_query", [7])
    assert row["server_address"] is None  # nothing says that port 3333 is a name server's


def test_a_request_names_the_host_that_it_went_to():
    request = {"http_method": "GET", "url": {"hostname": "A.example", "path": "/"}}
    _, rows = read(event(4002, http_request=request), event(4002, http_request=request, dst_endpoint={}))
    assert [(row["record"], row["name"]) for row in rows["name_lookup"]] == [(1, "a.example")]
    assert len(rows["application_message"]) == 2


def test_a_session_without_counts_is_no_flow():
    _, rows = read(event(4001, tls={"sni": "a.example"}), event(4001, tls={"sni": "a.example"}, traffic={}))
    assert [row["record"] for row in rows["application_message"]] == [1]
    assert [row["record"] for row in rows["flow"]] == [2]


def test_a_detection():
    info = {"title": "T", "types": ["CryptoCurrency:EC2/BitcoinTool.B"]}
    row = one("alert", event(2004, "GuardDuty", finding_info=info, severity="High", evidences=[ENDS]))
    found = [row[key] for key in ("product", "rule", "title", "severity", "dst_port")]
    assert found == ["GuardDuty", "CryptoCurrency:EC2/BitcoinTool.B", "T", "High", 3333]
    row = one("alert", event(2004, finding_info={"types": ["a", "b"], "analytic": {"name": "n"}}, evidences=[ENDS, {}]))
    assert (row["rule"], row["src_address"]) == ("n", None)


@pytest.mark.parametrize("item", [event(6003), {**event(4001), "class_uid": "4001"}, {"class_uid": 4001}, {}])
def test_other_events_are_quarantined(item):
    books, _ = read(item)
    assert (books.records, books.quarantined) == (0, 1)
    assert ocsf_json.recognise(json.dumps(item).encode(), "x") == Grade.NONE


scalar = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5))
value = st.recursive(scalar, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner))
KEYS = ["time", "time_dt", "traffic", "connection_info", "src_endpoint", "query", "answers", "finding_info", "tls"]
KEYS += ["http_request", "evidences", "resources", "unmapped", "status_code", "action_id", "device", "rcode"]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(CLASSES)),
    st.sampled_from(["Zeek", "Amazon VPC"]),
    st.dictionaries(st.sampled_from(KEYS), value),
)
def test_any_event_gives_rows(number, product, fields):
    books, rows = read({**event(number, product), **fields})
    assert (books.records, books.quarantined) == (1, 0)
    assert rows


# --- reference evidence ---------------------------------------------------------------------------------------------


def published(path) -> dict:
    return json.loads("".join(line.partition("  //")[0] for line in path.open()))


@pytest.mark.shared
def test_published_events(shared):
    paths = sorted((shared / "data/netflow/ocsf").rglob("*.ocsf"))
    assert len(paths) > 20
    seen = 0
    for path in paths:
        try:
            item = published(path)
        except json.JSONDecodeError:  # printed with a comma too many
            continue
        wanted = Grade.STRONG if item["class_uid"] in CLASSES else Grade.NONE
        assert ocsf_json.recognise(json.dumps(item, indent=2).encode(), path.name) == wanted, path
        books, rows = read(item)
        assert books.quarantined == (wanted == Grade.NONE), path
        seen += bool(rows) and not books.quarantined
    assert seen == 12


@pytest.mark.shared
@pytest.mark.parametrize("name", ["AWS/v1.5.0/VPC_Flowlogs", "dataprepper/AWS/v1.1.0/VPC_Flow"])
def test_published_vpc_flows_against_their_raw_records(shared, name):
    folder = shared / "data/netflow/ocsf" / name
    item = published(folder / "vpcflowlog.ocsf")
    row = one("flow", item)
    raw = (folder / "vpcflowlog.raw").read_text()
    for text in (
        row["src_address"],
        row["dst_address"],
        str(row["src_port"]),
        str(row["dst_port"]),
        str(row["src_bytes"]),
    ):
        assert text in raw
    assert row["action"] == ("allow" if "ACCEPT" in raw else "deny")
