"""Zeek's other logs, and all of them as JSON: both forms of a record give the same row."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.assemble import Books, Reading
from parsers.contract import Grade
from parsers.flows import zeek_json, zeek_tsv
from parsers.flows.zeek_paths import path_of
from parsers.formats import recognise_head
from parsers.source import Source

SECONDS = "1795447856.773001"
CONNECTION = {
    "uid": ("string", "Cx1"),
    "id.orig_h": ("addr", "10.71.0.50"),
    "id.orig_p": ("port", 49152),
    "id.resp_h": ("addr", "198.51.100.23"),
    "id.resp_p": ("port", 3333),
}


def read(parser, data: bytes) -> tuple[Books, dict[str, list[dict]]]:
    reading = Reading(Source.of_bytes(data, "x"), parser)
    rows: dict[str, list[dict]] = {}
    for table, batch in reading.batches():
        rows.setdefault(table, []).extend(batch.to_pylist())
    assert reading.books.stream_bytes == len(data)
    return reading.books, rows


def as_text(path: str, fields: dict) -> bytes:
    def text(value) -> str:
        if isinstance(value, list):
            return ",".join(value) if value else "(empty)"
        return {True: "T", False: "F"}[value] if isinstance(value, bool) else str(value)

    lines = ["#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", f"#path\t{path}"]
    lines += [
        "\t".join(["#fields", "ts", *fields]),
        "\t".join(["#types", "time", *(kind for kind, _ in fields.values())]),
    ]
    return "\n".join([*lines, "\t".join([SECONDS, *(text(value) for _, value in fields.values())]), ""]).encode()


def as_json(path: str, fields: dict) -> bytes:
    values = {name: float(value) if isinstance(value, Decimal) else value for name, (_, value) in fields.items()}
    return json.dumps({"_path": path, "ts": float(SECONDS), **values}).encode() + b"\n"


def both(path: str, **fields) -> dict[str, list[dict]]:
    """Read a record in both forms; return the rows without what tells their places."""
    told = []
    for parser, data in ((zeek_tsv, as_text(path, fields)), (zeek_json, as_json(path, fields))):
        books, rows = read(parser, data)
        assert (books.records, books.quarantined) == (1, 0), rows
        places = {"source_id", "line", "offset", "length"}
        told.append({name: [{k: row[k] for k in row if k not in places} for row in rows[name]] for name in rows})
    assert told[0] == told[1]
    return told[0]


def test_a_request_and_the_host_it_went_to():
    fields = {
        "method": ("string", "GET"),
        "host": ("string", "A.example"),
        "uri": ("string", "/x"),
        "user_agent": ("string", "u"),
    }
    rows = both("http", **CONNECTION, **fields, status_code=("count", 404))
    (message,), (name,) = rows["application_message"], rows["name_lookup"]
    assert [message[key] for key in ("method", "host", "uri", "user_agent", "status")] == [
        "GET",
        "A.example",
        "/x",
        "u",
        404,
    ]
    assert (name["kind"], name["name"], name["address"], name["port"]) == (
        "http_host",
        "a.example",
        "198.51.100.23",
        3333,
    )


@pytest.mark.parametrize(("method", "uri"), [("CONNECT", "a.example:443"), ("GET", "http://a.example/")])
def test_a_proxy_is_not_the_host(method, uri):
    fields = {"method": ("string", method), "host": ("string", "a.example"), "uri": ("string", uri)}
    assert "name_lookup" not in both("http", **CONNECTION, **fields)


def test_sessions_and_certificates():
    (row,) = both("ssh", **CONNECTION, client=("string", "SSH-2.0-x"), auth_success=("bool", True))[
        "application_message"
    ]
    assert (row["protocol"], row["user_agent"], row["extra"]) == ("ssh", "SSH-2.0-x", '{"auth_success":true}')
    for path, protocol in (("ssl", "tls"), ("open_ssl", "tls"), ("quic", "quic")):
        rows = both(path, **CONNECTION, server_name=("string", "Pool.example"))
        assert (rows["application_message"][0]["protocol"], rows["name_lookup"][0]["name"]) == (
            protocol,
            "pool.example",
        )
    fields = {
        "certificate.subject": ("string", "CN=a"),
        "certificate.serial": ("string", "1"),
        "fingerprint": ("string", "ab"),
    }
    (row,) = both("x509", **fields)["application_message"]
    assert (row["protocol"], row["method"], row["message_id"], row["text"]) == ("tls", "certificate", "ab", "CN=a")


def test_files_go_from_sender_to_receiver():
    sets = {"tx_hosts": ("set[addr]", ["192.0.2.1"]), "rx_hosts": ("set[addr]", ["192.0.2.2"])}
    (row,) = both("files", fuid=("string", "F1"), source=("string", "HTTP"), **sets)["application_message"]
    assert (row["src_address"], row["dst_address"], row["protocol"]) == ("192.0.2.1", "192.0.2.2", "http")
    for up, sender in ((True, "10.71.0.50"), (False, "198.51.100.23")):
        (row,) = both("files", fuid=("string", "F1"), is_orig=("bool", up), **CONNECTION)["application_message"]
        assert (row["src_address"], row["flow_id"]) == (sender, "Cx1")
    (row,) = both("files", fuid=("string", "F1"), **CONNECTION)["application_message"]
    assert (row["src_address"], row["flow_id"]) == (None, "Cx1")


def test_alerts_say_who_and_what():
    (row,) = both("notice", **CONNECTION, note=("enum", "A::B"), msg=("string", "words"))["alert"]
    assert [row[key] for key in ("product", "rule", "title", "dst_port")] == ["zeek", "A::B", "words", 3333]
    ends = {"src": ("addr", "192.0.2.1"), "dst": ("addr", "192.0.2.2"), "p": ("port", 22)}
    (row,) = both("notice", note=("enum", "A::B"), **ends)["alert"]
    assert [row[key] for key in ("src_address", "dst_address", "dst_port")] == ["192.0.2.1", "192.0.2.2", 22]
    (row,) = both("weird", name=("string", "odd"))["alert"]
    assert (row["rule"], row["category"], row["src_address"]) == ("odd", "weird", None)
    fields = {"seen.indicator": ("string", "a.example"), "seen.indicator_type": ("enum", "Intel::DOMAIN")}
    (row,) = both("intel", **CONNECTION, **fields)["alert"]
    assert (row["rule"], row["title"], row["category"]) == ("Intel::DOMAIN", "a.example", "intel")


def test_losses():
    delta = {"ts_delta": ("interval", Decimal("900.000001"))}
    assert both("capture_loss", gaps=("count", 0), **delta) == {}
    (row,) = both("capture_loss", gaps=("count", 3), **delta)["coverage_gap"]
    assert (row["ts_end"] - row["ts"]).total_seconds() == 900.000001
    assert json.loads(row["extra"])["gaps"] == 3
    assert both("stats", pkts_dropped=("count", 0)) == {}
    (row,) = both("stats", pkts_dropped=("count", 7))["coverage_gap"]
    assert (row["lost_records"], row["notes"]) == (7, ["lost_before_ts"])


@pytest.mark.parametrize("path", ["open_conn", "conn_long"])
def test_a_connection_that_is_still_open_says_so(path):
    (row,) = both(path, **CONNECTION, proto=("enum", "tcp"), conn_state=("string", "S1"))["flow"]
    assert (row["notes"], row["dst_port"], row["state"]) == (["still_open"], 3333, "S1")


@pytest.mark.parametrize("path", ["telemetry", "reporter", "packet_filter"])
def test_what_a_sensor_says_of_itself_is_no_row(path):
    assert both(path, peer=("string", "zeek")) == {}


def test_any_other_log_says_who_spoke_to_whom():
    (row,) = both("ftp", **CONNECTION, command=("string", "RETR"), arg=("string", "x"))["application_message"]
    assert [row[key] for key in ("protocol", "method", "src_port", "extra")] == ["ftp", "RETR", 49152, '{"arg":"x"}']


# --- JSON's own freedoms --------------------------------------------------------------------------------------------

CONN = {"proto": "tcp", "conn_state": "SF", "missed_bytes": 0}
ENDS = {name: value for name, (_, value) in CONNECTION.items()}


def flow(**fields) -> dict:
    _, rows = read(zeek_json, json.dumps({**ENDS, **CONN, **fields}).encode())
    (row,) = rows["flow"]
    return row


@pytest.mark.parametrize(
    ("ts", "precision", "micros"),
    [
        (1795447856.773001, 1, 773_001),
        (1795447856.5, 1, 500_000),
        (1795447856.0, 1, 0),
        (1795447856, 1_000_000, 0),
        (1795447856773, 1_000, 773_000),
        ("2026-11-23T15:30:56.773001Z", 1, 773_001),
        ("2026-11-23T16:30:56.773+0100", 1_000, 773_000),
    ],
)
def test_times_of_every_form(ts, precision, micros):
    row = flow(ts=ts)
    assert (row["ts"].isoformat()[:19], row["ts"].microsecond) == ("2026-11-23T15:30:56", micros)
    assert row["ts_precision_us"] == precision
    assert bool(row["notes"]) == (ts == 1795447856773)


def test_no_time_is_no_time():
    assert [flow(**more)["ts"] for more in ({}, {"ts": None})] == [None, None]


@pytest.mark.parametrize("ts", ["", "now", [], {}, True, 1e30, 10**18, -1e12])
def test_a_time_that_is_none_is_quarantined(ts):
    books, rows = read(zeek_json, json.dumps({**ENDS, **CONN, "ts": ts}).encode())
    assert (books.records, books.quarantined) == (0, 1)
    assert rows["quarantine"][0]["reason"] == "field ts is no time"


def test_spans_are_rounded_to_microseconds():
    assert [flow(duration=value)["duration_us"] for value in (0.20696377754211426, 3, -1.5, 1e-7)] == [
        206_964,
        3_000_000,
        -1_500_000,
        0,
    ]
    assert json.loads(flow(duration="x", rtt=True)["extra"]) == {"missed_bytes": 0, "duration": "x", "rtt": True}


@pytest.mark.parametrize(
    "ends",
    [
        ENDS,
        {"uid": "Cx1", "id": {name[3:]: value for name, value in ENDS.items() if name != "uid"}},
        {name.replace(".", "_"): value for name, value in ENDS.items()},
    ],
    ids=["dots", "object", "underscores"],
)
def test_the_ends_of_a_connection_however_they_are_written(ends):
    data = json.dumps({"ts": 1.0, **ends, **CONN}).encode()
    assert zeek_json.recognise(data, "x") == Grade.STRONG
    _, rows = read(zeek_json, data)
    assert rows["flow"][0]["dst_port"] == 3333
    assert rows["flow"][0]["extra"] == '{"missed_bytes":0}'


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        ({"_path": "x", "ts": 1.5}, Grade.STRONG),
        ({"@stream": "conn", "ts": 1.5}, Grade.STRONG),
        ({"ts": 1.5, **ENDS}, Grade.STRONG),
        ({"_path": "x"}, Grade.NONE),
        ({"ts": 1.5, "host": "a"}, Grade.NONE),
        ({"ts": 1.5, "uid": "x", "id.orig_h": "192.0.2.1"}, Grade.NONE),
        ({"timestamp": 1.5, **ENDS}, Grade.NONE),
        ({"ts": 1.5, "event": "share", "uid": "x"}, Grade.NONE),
        ([1], Grade.NONE),
    ],
)
def test_recognition(value, grade):
    assert zeek_json.recognise(json.dumps(value).encode() + b"\n", "conn.log") == grade


def test_a_log_by_its_keys():
    assert path_of({"_path": "mine", "note": 1, "actions": 2}) == "mine"
    assert path_of({"note": 1, "actions": 2}) == "notice"
    assert path_of({"_path": 7}) is None


scalar = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=6))
value = st.one_of(scalar, st.lists(scalar, max_size=3), st.dictionaries(st.text(max_size=4), scalar, max_size=2))
KEYS = [*ENDS, "_path", "proto", "duration", "answers", "TTLs", "query", "host", "uri", "gaps", "ts_delta", "id", "p"]
KEYS += ["pkts_dropped", "tx_hosts", "is_orig", "service", "status_code", "server_name", "note", "certificate", "_path"]
PATHS = ["conn", "open_conn", "dns", "ssl", "http", "ssh", "x509", "notice", "weird", "intel", "files", "capture_loss"]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([*PATHS, "stats", "quic", "x"]), st.dictionaries(st.sampled_from(KEYS), value))
def test_any_record_keeps_the_books(path, fields):
    books, _ = read(zeek_json, json.dumps({"ts": 1.5, **fields, "_path": path}).encode())
    assert books.records + books.quarantined == 1


# --- reference evidence ---------------------------------------------------------------------------------------------


def json_logs(shared) -> list[tuple]:
    found = []
    for folder in ("zeek", "zeek_rita", "zeek_slips"):
        for path in sorted((shared / "data/netflow" / folder).rglob("*")):
            if not path.is_file():
                continue
            data = path.read_bytes()
            if path.name.endswith(".json.gz"):
                data = gzip.decompress(data)
            if data.startswith(b"{"):
                found.append((path, data))
    return found


@pytest.mark.shared
def test_every_reference_log_is_read_whole(shared):
    logs = json_logs(shared)
    assert len(logs) > 85
    for path, data in logs:
        assert recognise_head(data[:65_536], "x").chosen == "zeek_json", path
        books, rows = read(zeek_json, data)
        lines = [line for line in data.split(b"\n") if line]
        assert books.records + books.quarantined == len(lines), path
        assert books.quarantined == (path.name == "conn_json.log"), (path, rows.get("quarantine"))
        silent = any(word in path.name for word in ("stats", "capture_loss", "packet_filter"))
        seen = {row["record"] for name in rows if name != "quarantine" for row in rows[name]}
        assert silent or len(seen) == books.records, path


@pytest.mark.shared
def test_reference_connections_against_a_plain_reading(shared):
    for path, data in json_logs(shared):
        if path.name not in {"conn.log", "open_conn.log", "NASHUA_conn.log"}:
            continue
        records = [json.loads(line, parse_float=Decimal) for line in data.splitlines() if line]
        _, rows = read(zeek_json, data)
        for row in rows["flow"]:
            record = records[row["record"] - 1]
            assert row["flow_id"] == record["uid"], path
            assert (row["src_bytes"], row["dst_packets"]) == (record.get("orig_ip_bytes"), record.get("resp_pkts"))
            assert row["state"] == record.get("conn_state")
            assert abs(row["ts"].timestamp() - float(record["ts"])) < 1e-6


@pytest.mark.shared
@pytest.mark.parametrize("log", ["conn", "dns", "http", "ssh", "ssl"])
def test_the_published_mapping_to_ocsf(shared, log):
    folder = shared / f"data/netflow/ocsf/Zeek/v1.3.0/{log}_log"
    data = (folder / f"{log}_log.raw").read_bytes()  # printed over many lines
    ocsf = json.loads("".join(line.partition("  //")[0] for line in (folder / f"{log}_log.ocsf").open()))
    assert zeek_json.recognise(data, "x") == Grade.STRONG
    books, rows = read(zeek_json, data)
    assert (books.records, books.quarantined) == (1, 0), rows
    table = {"conn": "flow", "dns": "name_lookup"}.get(log, "application_message")
    row = rows[table][0]
    assert row["flow_id"] == ocsf["metadata"]["uid"]
    ends = ("client_address", "server_address") if log == "dns" else ("src_address", "dst_address")
    assert [row[end] for end in ends] == [ocsf["src_endpoint"]["ip"], ocsf["dst_endpoint"]["ip"]]
    if log == "http":
        assert (row["method"], row["user_agent"]) == (
            ocsf["http_request"]["http_method"],
            ocsf["http_request"]["user_agent"],
        )
        assert row["status"] == ocsf["http_response"]["code"]
