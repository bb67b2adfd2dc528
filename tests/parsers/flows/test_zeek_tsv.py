"""Zeek logs: the header's freedoms, exact numbers, and two speeds that agree."""

from __future__ import annotations

import gzip
import itertools
import json
import random
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers import blocks
from parsers.assemble import Books, Reading
from parsers.contract import Block, Grade
from parsers.flows import zeek_blocks, zeek_columns, zeek_tsv
from parsers.flows.names import host_name
from parsers.flows.zeek_log import Fields, Header, Interval, ZeekFault, header_before, meta_lines, unescaped
from parsers.flows.zeek_rows import answer_columns, endpoint_numbers
from parsers.source import Source
from parsers.times import Moment


def words(text: str) -> list[str]:
    return text.split()


CONN = words(
    "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state local_orig "
    "local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents ip_proto"
)
CONN_TYPES = words(
    "time string addr port addr port enum string interval count count string bool bool count string count count count "
    "count set[string] count"
)
TYPES = dict(zip(CONN, CONN_TYPES, strict=True))


def header(names=CONN, path="conn", separator="\t", types=None, **marks: str) -> str:
    marks = {"set_separator": ",", "empty_field": "(empty)", "unset_field": "-"} | marks
    lines = ["#separator " + "".join(f"\\x{ord(c):02x}" for c in separator)]
    lines += [f"#{key}{separator}{value}" for key, value in marks.items()]
    lines += [f"#path{separator}{path}", f"#open{separator}2026-11-23-15-00-00"]
    lines += [separator.join(["#fields", *names])]
    lines += [separator.join(["#types", *(types or [TYPES[name] for name in names])])]
    return "\n".join(lines) + "\n"


def conn(separator="\t", names=CONN, **fields) -> str:
    values = dict.fromkeys(names, "-") | {
        "ts": "1795447856.773001",
        "uid": "CAbc1",
        "id.orig_h": "10.71.0.50",
        "id.orig_p": "49152",
        "id.resp_h": "192.0.2.7",
        "id.resp_p": "3333",
        "proto": "tcp",
    }
    values |= {name.replace("__", "."): value for name, value in fields.items()}
    return separator.join(values[name] for name in names) + "\n"


def read(data: str | bytes, **how) -> tuple[Books, dict[str, list[dict]]]:
    raw = data.encode() if isinstance(data, str) else data
    reading = Reading(Source.of_bytes(raw, "conn.log"), zeek_tsv, **how)
    rows: dict[str, list[dict]] = {}
    for table, batch in reading.batches():
        rows.setdefault(table, []).extend(batch.to_pylist())
    assert reading.books.stream_bytes == len(raw)
    return reading.books, rows


def by_line(data: bytes) -> tuple[Books, dict[str, list[dict]]]:
    """Read with the block path switched off."""
    fewest, zeek_blocks.FEWEST_LINES = zeek_blocks.FEWEST_LINES, 10**9
    try:
        return read(data)
    finally:
        zeek_blocks.FEWEST_LINES = fewest


def by_block(data: bytes) -> tuple[Books, dict[str, list[dict]]]:
    """Read with the block path wherever it is able to."""
    fewest, share = zeek_blocks.FEWEST_LINES, zeek_blocks.ODD_SHARE
    zeek_blocks.FEWEST_LINES, zeek_blocks.ODD_SHARE = 1, 1
    try:
        return read(data)
    finally:
        zeek_blocks.FEWEST_LINES, zeek_blocks.ODD_SHARE = fewest, share


def one_flow(data: str) -> dict:
    _, rows = read(data)
    assert set(rows) == {"flow"}, rows
    (row,) = rows["flow"]
    return row


# --- the two speeds -------------------------------------------------------------------------------------------------

ODD = {
    "ts": [
        *("-", "0.000000", "-315619200.000000", "1795447856", "1795447856.7730011", "1795447856.77", "x", "", "1e9"),
        *("99999999999.000000", "999999999999.000000", " 1795447856.773001", "0001795447856.773001", "1795447856,7730"),
    ],
    "uid": ["-", "(empty)", "", "C\\x2d", "Cü", "C\\", "C x", "#C"],
    "id.orig_h": ["-", "fe80::1", "2001:DB8::0:1", "::ffff:192.0.2.1", "1.2.3", "1.2.3.4 ", "010.0.0.1", "(empty)", ""],
    "id.orig_p": ["-", "0", "65535", "65536", "08", "-1", "0x50", " 80", "80 ", "", "8", "135", "99999", "100000"],
    "id.resp_h": ["-", "ff02::2", "2001:db8::1", "x"],
    "id.resp_p": ["-", "0", "136", "3"],
    "proto": ["-", "udp", "icmp", "unknown_transport", "TCP", "", "(empty)"],
    "service": ["-", "(empty)", "http,ssl", "", "\\x2d", "s\\\\t"],
    "duration": [
        *("-", "0.000000", "450.657534", "-0.000001", "1", "3.5", "0.0000001", "999999999.999999"),
        *("9999999999.000000", "nan"),
    ],
    "orig_bytes": ["-", "0", "18446744073709551615", "18446744073709551616", "-1", "007", "1.0", "", "0x1", "000" * 9],
    "conn_state": ["-", "SF", ""],
    "local_orig": ["-", "T", "F", "t", ""],
    "missed_bytes": ["-", "0", "5", "-5", "00", "1 "],
    "history": ["-", "ShADadfF", "^dDa", "(empty)", ""],
    "orig_ip_bytes": ["-", "12", "99999999999999999999"],
    "resp_ip_bytes": ["-", "12"],
    "tunnel_parents": ["-", "(empty)", "C1", "C1,C2", "C\\x2c1,-", ""],
    "ip_proto": ["-", "6", "58", "256", "x"],
}


def same_both_ways(data: bytes) -> tuple[Books, dict[str, list[dict]]]:
    slow, fast = by_line(data), by_block(data)
    assert fast == slow
    return fast


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in ODD.items() for value in values])
def test_an_odd_field_is_read_alike_by_line_and_by_block(name, value):
    lines = [conn(uid=f"C{n}") for n in range(40)]
    lines[17] = conn(**{name.replace(".", "__"): value})
    same_both_ways((header() + "".join(lines)).encode())


@pytest.mark.parametrize("missing", [(name,) for name in CONN] + list(itertools.pairwise(CONN)), ids=str)
def test_missing_columns_are_read_alike(missing):
    names = [name for name in CONN if name not in missing]
    lines = [conn(names=names, uid=f"C{n}", missed_bytes=str(n % 3)) for n in range(40)]
    same_both_ways((header(names) + "".join(lines)).encode())


field = st.fixed_dictionaries(
    {}, optional={name.replace(".", "__"): st.sampled_from(values) for name, values in ODD.items()}
)


@settings(max_examples=60, deadline=None)
@given(st.lists(field, max_size=30), st.integers(0, 2**32), st.sampled_from(["\t", "|", "\x01", ";"]))
def test_any_mixture_is_read_alike(odd, seed, separator):
    dice = random.Random(seed)
    lines = [conn(separator, uid=f"C{n}", orig_bytes=str(n)) for n in range(60)]
    for fields in odd:
        lines[dice.randrange(60)] = conn(separator, **fields)
    same_both_ways((header(separator=separator) + "".join(lines)).encode())


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_bytes_are_read_alike_and_far_rows_do_not_change(data):
    lines = [conn(uid=f"C{n}", duration=f"{n}.000001") for n in range(50)]
    clean = (header() + "".join(lines)).encode()
    head = len(header())
    at = data.draw(st.integers(head, len(clean) - 1))
    junk = data.draw(
        st.one_of(st.binary(max_size=8), st.sampled_from([b"\n", b"\t", b"\r", b"\0", b"\\", b"#", b"\n\n"]))
    )
    cut = data.draw(st.integers(0, 30))
    damaged = clean[:at] + junk + clean[at + cut :]
    _, rows = same_both_ways(damaged)
    _, undamaged = by_line(clean)
    before = clean[:at].count(b"\n", head)
    for row in (*rows.get("flow", []), *undamaged["flow"]):
        del row["source_id"]
    assert rows.get("flow", [])[:before] == undamaged["flow"][:before]


def test_blocks_are_really_used():
    data = (header() + "".join(conn(uid=f"C{n}") for n in range(100))).encode()
    items = list(zeek_tsv.read(Source.of_bytes(data)))
    (block,) = [item for item in items if isinstance(item, Block)]
    assert (block.records, block.tables["flow"].num_rows) == (100, 100)


def test_a_bad_line_parts_a_block_and_costs_no_other():
    lines = [conn(uid=f"C{n}") for n in range(1000)]
    lines[300] = "torn\tline\n"
    lines[600] = conn(orig_bytes="many")
    books, rows = read(header() + "".join(lines))
    assert [row["record"] for row in rows["quarantine"]] == [301, 601]
    assert rows["quarantine"][0]["reason"] == "2 fields where the header names 22"
    assert rows["quarantine"][1]["reason"] == "column orig_bytes: 'many' is no count"
    assert (books.records, books.quarantined, len(rows["flow"])) == (998, 2, 998)
    assert [row["record"] for row in rows["flow"]] == [n for n in range(1, 1001) if n not in {301, 601}]


def test_provenance_points_at_the_line():
    raw = (header() + "".join(conn(uid=f"C{n}") for n in range(50))).encode()
    for _, rows in (by_line(raw), by_block(raw)):
        for row in rows["flow"]:
            line = raw[row["offset"] : row["offset"] + row["length"]]
            assert line.split(b"\t")[1].decode() == row["flow_id"]
            assert raw.split(b"\n")[row["line"] - 1] == line


# --- ranges ---------------------------------------------------------------------------------------------------------


def long_log() -> bytes:
    parts = []
    for block in range(6):
        names = CONN if block % 2 else [*reversed(CONN)]
        parts.append(header(names))
        for n in range(300):
            parts.append(conn(names=names, uid=f"C{block}.{n}", service="\\x2d" if n % 97 == 5 else "http"))
            if n % 61 == 7:
                parts.append("bad\tline\n\n")
        parts.append("#close\t2026-11-23-16-00-00\n")
    return "".join(parts).encode()


@pytest.mark.parametrize("block_bytes", [1_000, 7_777, 1 << 20])
@pytest.mark.parametrize("size", [1, 5_000, 50_000, 1 << 30])
def test_ranges_add_up_to_the_whole(size, block_bytes, monkeypatch):
    data = long_log()
    source = Source.of_bytes(data, "conn.log")
    whole, rows = read(data)
    monkeypatch.setattr(blocks.line_blocks, "__defaults__", (None, block_bytes, blocks.MAX_LINE_BYTES))
    spans = list(zeek_tsv.ranges(source, size))
    assert [span.offset for span in spans] == [0, *itertools.accumulate(span.length for span in spans)][:-1]
    assert sum(span.length for span in spans) == len(data)
    readings = [read_span(source, span) for span in spans]
    assert Books.total(books for books, _ in readings) == whole
    for table, wanted in rows.items():
        assert list(itertools.chain.from_iterable(found.get(table, []) for _, found in readings)) == wanted


def read_span(source, span):
    reading = Reading(source, zeek_tsv, span=span)
    rows: dict[str, list[dict]] = {}
    for table, batch in reading.batches():
        rows.setdefault(table, []).extend(batch.to_pylist())
    return reading.books, rows


def test_a_range_knows_the_header_and_a_meta_prefix_of_its_file():
    data = ("PREFIX<>" + header()[1:].replace("\n#", "\nPREFIX<>")) + "".join(conn(uid=f"#{n}") for n in range(9))
    source = Source.of_bytes(data.encode(), "conn.log")
    (span,) = zeek_tsv.ranges(source)
    assert span.state.prefix == b"PREFIX<>"
    _, rows = read(data)
    assert [row["flow_id"] for row in rows["flow"]] == [f"#{n}" for n in range(9)]


# --- the header's freedoms ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", ["\t", "|", "||", " ", "<sep>", ";"])
def test_any_separator(separator):
    row = one_flow(header(separator=separator) + conn(separator, service="a\\x7cb"))
    assert (row["app_protocol"], row["src_port"]) == ("a|b", 49152)


def test_a_separator_may_be_written_as_it_is():
    text = header(separator="||").replace("#separator \\x7c\\x7c", "#separator ||")
    assert one_flow(text + conn("||"))["src_port"] == 49152


def test_a_tab_after_the_word_separator():
    assert one_flow(header().replace("#separator ", "#separator\t") + conn())["src_port"] == 49152


def test_other_marks_for_unset_and_empty():
    text = header(unset_field="NOT-SET", empty_field="EMPTY") + conn().replace("\t-", "\tNOT-SET")
    row = one_flow(text.replace("tcp\tNOT-SET", "tcp\tEMPTY"))
    assert (row["app_protocol"], row["duration_us"], row["extra"]) == ("", None, None)


def test_unset_empty_and_escaped_are_three_things():
    rows = [one_flow(header() + conn(service=text)) for text in ("-", "(empty)", "\\x2d", "\\x28empty)", "a\\\\x2d")]
    assert [row["app_protocol"] for row in rows] == [None, "", "-", "(empty)", "a\\x2d"]


def test_sets_keep_empty_unset_and_separators_apart():
    texts = ("-", "(empty)", "a,b", "\\x2c,CC,\\x2c\\x2c,AA", "a,-,(empty)")
    extras = [one_flow(header() + conn(tunnel_parents=text))["extra"] for text in texts]
    assert extras[0] is None
    assert [json.loads(extra)["tunnel_parents"] for extra in extras[1:]] == [
        [],
        ["a", "b"],
        [",", "CC", ",,", "AA"],
        ["a", None, ""],
    ]


def test_a_set_separator_of_its_own():
    row = one_flow(header(set_separator="®") + conn(tunnel_parents="C1®C2"))
    assert json.loads(row["extra"]) == {"tunnel_parents": ["C1", "C2"]}


def test_headers_come_again_with_other_columns():
    names = ["_node_name", *CONN[:9], "community_id", "orig_ip_bytes"]
    types = {**TYPES, "_node_name": "string", "community_id": "string"}
    second = header(names, types=[types[name] for name in names])
    text = header() + conn() + "#close\t2026-11-23-16-00-00\n" + second
    text += conn(names=names, _node_name="worker-1", community_id="1:abc", orig_ip_bytes="5")
    books, rows = read(text)
    assert (books.records, books.quarantined) == (2, 0)
    assert [row["sensor"] for row in rows["flow"]] == [None, "worker-1"]
    assert [row["extra"] for row in rows["flow"]] == [None, '{"community_id":"1:abc"}']
    assert [row["src_bytes"] for row in rows["flow"]] == [None, 5]


def test_another_log_in_the_same_file_is_read_as_what_it_is():
    other = header(["ts", "uid", "host"], "http", types=["time", "string", "string"])
    books, rows = read(header() + conn() + other + "1.000000\tC1\texample.net\n" + header() + conn())
    assert (books.records, books.quarantined) == (3, 0)
    assert [(row["record"], row["host"]) for row in rows["application_message"]] == [(2, "example.net")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (conn(), "no header is in effect"),
        (header().replace("\ttime\t", "\t") + conn(), "columns and"),
        (header().replace("\tservice\t", "\tproto\t") + conn(), "twice"),
        (header().replace("\\x09", "\\x0a") + conn(), ""),
    ],
)
def test_lines_that_no_header_explains_are_quarantined(text, why):
    books, rows = read(text)
    assert books.records == 0
    assert why in rows["quarantine"][-1]["reason"]


def test_a_hash_inside_a_line_is_content():
    row = one_flow(header() + conn(service="/a#frag", history="d#e"))
    assert (row["app_protocol"], row["history"]) == ("/a#frag", "d#e")


def test_a_value_that_begins_with_a_hash_is_escaped():
    names = ["uid", *(name for name in CONN if name != "uid")]
    assert one_flow(header(names) + conn(names=names, uid="\\x23Kaputt"))["flow_id"] == "#Kaputt"


def test_bytes_that_are_no_text_are_shown_and_noted():
    row = one_flow(header() + conn(service="\\xff\\xfe"))
    assert (row["app_protocol"], row["notes"]) == ("\\xff\\xfe", ["undecodable_bytes"])


def test_utf_8_passes_unescaped():
    assert one_flow(header() + conn(service="caf\u00e9"))["app_protocol"] == "café"


def test_converted_line_ends_do_not_become_content():
    books, rows = read((header() + conn(tunnel_parents="C9", ip_proto="6") * 3).replace("\n", "\r\n"))
    assert (books.records, books.quarantined) == (3, 0)
    assert {row["protocol"] for row in rows["flow"]} == {6}


# --- truncation -----------------------------------------------------------------------------------------------------


def test_a_cut_last_line_is_quarantined():
    books, rows = read(header() + conn() + conn()[:70])
    assert (books.records, books.quarantined) == (1, 1)
    assert "fields where" in rows["quarantine"][0]["reason"]


def test_the_last_number_of_a_line_without_end_may_be_cut():
    row = one_flow(header() + conn(ip_proto="17")[:-2])
    assert row["notes"] == ["line_without_end", "last_column_may_be_cut"]
    assert row["protocol"] == 6


@pytest.mark.parametrize("last", ["-", "(empty)"])
def test_a_whole_last_field_is_kept_without_its_newline(last):
    names = CONN[:-1]
    row = one_flow(header(names) + conn(names=names, tunnel_parents=last)[:-1])
    assert row["notes"] == ["line_without_end"]
    assert row["extra"] == (None if last == "-" else '{"tunnel_parents":[]}')


# --- exact values ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "us", "precision", "remainder"),
    [
        ("1795447856.773001", 1795447856773001, 1, None),
        ("0.000000", 0, 1, None),
        ("-315619200.000000", -315619200000000, 1, None),
        ("-0.400000", -400000, 1, None),
        ("2385642157.999999", 2385642157999999, 1, None),
        ("928.943457", 928943457, 1, None),
        ("1795447856", 1795447856000000, 1_000_000, None),
        ("1795447856.5", 1795447856500000, 100_000, None),
        ("1795447856.123456789", 1795447856123456, 1, 789),
    ],
)
def test_times_are_exact(text, us, precision, remainder):
    _, rows = read(header() + conn(ts=text))
    (row,) = rows["flow"]
    found = row["ts"]
    assert round((found - found.fromtimestamp(0, found.tzinfo)).total_seconds() * 1e6) == us
    assert (row["ts_precision_us"], row["ts_remainder_ns"]) == (precision, remainder)


def test_the_end_of_a_flow_is_start_and_duration():
    row = one_flow(header() + conn(duration="3601.000001"))
    assert row["duration_us"] == 3_601_000_001
    assert (row["ts_end"] - row["ts"]).total_seconds() == 3601.000001
    assert one_flow(header() + conn())["ts_end"] is None


def test_counts_are_unsigned_64_bit():
    row = one_flow(header() + conn(orig_bytes="18446744073709551615", orig_ip_bytes="18446744073709551615"))
    assert (row["src_payload_bytes"], row["src_bytes"], row["bytes_layer"]) == (2**64 - 1, 2**64 - 1, "ip")


def test_flow_columns():
    row = one_flow(
        header()
        + conn(
            service="ssl",
            duration="60.000000",
            orig_bytes="10",
            resp_bytes="20",
            conn_state="SF",
            local_orig="T",
            local_resp="F",
            missed_bytes="0",
            history="ShAD",
            orig_pkts="3",
            orig_ip_bytes="130",
            resp_pkts="4",
            resp_ip_bytes="180",
            tunnel_parents="(empty)",
            ip_proto="6",
        )
    )
    assert row["extra"] == '{"local_orig":true,"local_resp":false,"missed_bytes":0,"tunnel_parents":[]}'
    expected = {
        "flow_id": "CAbc1",
        "src_address": "10.71.0.50",
        "src_port": 49152,
        "dst_address": "192.0.2.7",
        "dst_port": 3333,
        "protocol": 6,
        "app_protocol": "ssl",
        "src_bytes": 130,
        "dst_bytes": 180,
        "src_packets": 3,
        "dst_packets": 4,
        "src_payload_bytes": 10,
        "dst_payload_bytes": 20,
        "bytes_layer": "ip",
        "directionality": "both",
        "initiator_known": True,
        "state": "SF",
        "history": "ShAD",
        "notes": None,
    }
    assert {name: row[name] for name in expected} == expected


def test_a_flipped_direction_leaves_the_initiator_unknown():
    assert one_flow(header() + conn(history="^dADa"))["initiator_known"] is False


def test_bytes_have_no_layer_where_none_were_logged():
    assert one_flow(header() + conn(orig_bytes="5"))["bytes_layer"] is None


@pytest.mark.parametrize(
    ("address", "orig", "resp", "protocol", "expected"),
    [
        ("10.0.0.1", "8", "0", 1, (8, 0)),
        ("10.0.0.1", "0", "8", 1, (0, None)),
        ("10.0.0.1", "3", "3", 1, (3, 3)),
        ("10.0.0.1", "11", "0", 1, (11, 0)),
        ("fe80::1", "133", "134", 58, (133, None)),
        ("fe80::1", "143", "0", 58, (143, 0)),
        ("fe80::1", "1", "4", 58, (1, 4)),
    ],
)
def test_icmp_has_type_and_code_instead_of_ports(address, orig, resp, protocol, expected):
    row = one_flow(header() + conn(id__orig_h=address, id__orig_p=orig, id__resp_p=resp, proto="icmp"))
    assert (row["src_port"], row["dst_port"], row["protocol"]) == (None, None, protocol)
    assert (row["icmp_type"], row["icmp_code"]) == expected


def test_an_unknown_transport_keeps_its_name():
    row = one_flow(header() + conn(proto="unknown_transport"))
    assert (row["protocol"], row["extra"]) == (None, '{"proto":"unknown_transport"}')
    assert one_flow(header() + conn(proto="unknown_transport", ip_proto="47"))["protocol"] == 47


# --- dns and ssl ----------------------------------------------------------------------------------------------------

DNS = words(
    "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto trans_id query qtype qtype_name rcode_name answers TTLs"
)
DNS_TYPES = words(
    "time string addr port addr port enum count string count string string vector[string] vector[interval]"
)


def dns(query, qtype, answers, ttls, rcode="NOERROR") -> list[dict]:
    number = {"A": "1", "AAAA": "28", "PTR": "12", "TXT": "16", "-": "-", "*": "255"}[qtype]
    fields = ["1795447856.000000", "C1", "10.0.0.5", "5000", "10.0.0.1", "53", "udp", "7", query, number, qtype, rcode]
    text = header(DNS, "dns", types=DNS_TYPES) + "\t".join([*fields, answers, ttls]) + "\n"
    _, rows = read(text)
    assert set(rows) == {"name_lookup"}
    return rows["name_lookup"]


def test_dns_gives_one_row_for_each_answer():
    rows = dns("Pool.Example.NET.", "A", "edge.example.org,192.0.2.7,192.0.2.8", "300.000000,60.000000,59.500000")
    assert [row["part"] for row in rows] == [0, 1, 2]
    assert {row["name"] for row in rows} == {"pool.example.net"}
    assert [row["alias_of"] for row in rows] == ["edge.example.org", None, None]
    assert [row["address"] for row in rows] == [None, "192.0.2.7", "192.0.2.8"]
    assert [row["ttl_s"] for row in rows] == [300, 60, 59]
    assert {(row["kind"], row["query_type"], row["response_code"]) for row in rows} == {("dns_answer", "A", "NOERROR")}
    assert {(row["client_address"], row["server_address"], row["port"]) for row in rows} == {
        ("10.0.0.5", "10.0.0.1", None)
    }
    assert json.loads(rows[0]["extra"]) == {
        "id.orig_p": 5000,
        "id.resp_p": 53,
        "proto": "udp",
        "trans_id": 7,
        "qtype": 1,
    }


@pytest.mark.parametrize("answers", ["-", "(empty)"])
def test_dns_without_answers_is_a_query(answers):
    (row,) = dns("pool.example.net", "A", answers, "-", "NXDOMAIN")
    assert (row["kind"], row["address"], row["response_code"]) == ("dns_query", None, "NXDOMAIN")


def test_dns_answers_of_other_types_are_kept_as_text():
    (row,) = dns("7.2.0.192.in-addr.arpa", "PTR", "host.example.net", "60.000000")
    assert (row["address"], row["alias_of"]) == (None, None)
    assert json.loads(row["extra"])["answer"] == "host.example.net"
    (row,) = dns("example.net", "TXT", "TXT 9 v\\x3dspf1\\x2c -all", "60.000000")
    assert json.loads(row["extra"])["answer"] == "TXT 9 v=spf1, -all"


def test_dns_ttls_that_do_not_match_are_not_guessed():
    rows = dns("example.net", "A", "192.0.2.7,192.0.2.8", "60.000000")
    assert [row["ttl_s"] for row in rows] == [None, None]
    assert rows[0]["notes"] == ["ttls_do_not_match_answers"]
    assert json.loads(rows[0]["extra"])["TTLs"] == [60.0]


def test_dns_of_an_unnamed_type():
    (row,) = dns("example.net", "-", "192.0.2.7", "60.000000")
    assert (row["query_type"], row["address"]) == (None, "192.0.2.7")


SSL = words("ts uid id.orig_h id.orig_p id.resp_h id.resp_p version cipher server_name established subject")
SSL_TYPES = words("time string addr port addr port string string string bool string")


def ssl(server_name, subject="-") -> dict[str, list[dict]]:
    fields = ["1795447856.000000", "C1", "10.0.0.5", "5000", "192.0.2.7", "443", "TLSv13", "TLS_AES_128_GCM_SHA256"]
    text = header(SSL, "ssl", types=SSL_TYPES) + "\t".join([*fields, server_name, "T", subject]) + "\n"
    return read(text)[1]


def test_ssl_gives_a_message_and_the_name():
    rows = ssl("Pool.Example.net", "CN=x,O=A\\\\, B")
    (message,), (lookup,) = rows["application_message"], rows["name_lookup"]
    assert (message["protocol"], message["host"], message["dst_port"]) == ("tls", "pool.example.net", 443)
    assert json.loads(message["extra"]) == {
        "version": "TLSv13",
        "cipher": "TLS_AES_128_GCM_SHA256",
        "established": True,
        "subject": "CN=x,O=A\\, B",
    }
    assert (message["part"], lookup["part"]) == (0, 1)
    assert (lookup["kind"], lookup["name"], lookup["address"], lookup["port"], lookup["client_address"]) == (
        "tls_sni",
        "pool.example.net",
        "192.0.2.7",
        443,
        "10.0.0.5",
    )


def test_ssl_without_a_name():
    assert set(ssl("-")) == {"application_message"}


ODD_DNS = {
    "ts": ["-", "-1.000000", "1.5"],
    "uid": ["-", "(empty)"],
    "id.orig_h": ["-", "2001:DB8::1", "x"],
    "id.orig_p": ["-", "0x50", "99999", "080"],
    "id.resp_h": ["-", "::1"],
    "trans_id": ["-", "0", "007", "18446744073709551615", "x"],
    "query": ["-", "(empty)", ".", "Pool.Example.", "caf\u00e9", "a\\x2cb", "a b"],
    "qtype": ["-", "28", "x"],
    "qtype_name": ["-", "(empty)", "AAAA", "*", "TXT"],
    "rcode_name": ["-", "(empty)", "NXDOMAIN"],
    "answers": [
        *("-", "(empty)", "192.0.2.7", "edge.example,192.0.2.7,2001:DB8::7", "TXT 3 a b", "-,192.0.2.7", "(empty),x"),
        *("", ".", "a,b,c", "\\x2c", "192.0.2.7,192.0.2.7", "ns.example."),
    ],
    "TTLs": [
        "-",
        "(empty)",
        "60.000000",
        "60.500000,1.000000,0.000000",
        "-,5.000000",
        "x",
        "1.000000,2.000000",
        "-5.000000",
    ],
}
ODD_SSL = {
    "ts": ["-", "0.000000", "1"],
    "id.orig_p": ["-", "0", "0x1", "65536"],
    "id.resp_h": ["-", "2001:DB8::0:7", "x"],
    "version": ["-", "(empty)", "TLSv12"],
    "server_name": ["-", "(empty)", ".", "Pool.Example.", "192.0.2.7", "a\\x7cb"],
    "established": ["-", "F", "x"],
    "subject": ["-", "CN=a\\\\, b", 'CN="a"', "CN=a b "],
}


def dns_line(**fields) -> str:
    values = dict(
        zip(DNS, words("1795447856.000000 C1 10.0.0.5 5000 10.0.0.1 53 udp 7 a.example 1 A NOERROR"), strict=False)
    )
    values |= {"answers": "192.0.2.7,192.0.2.8", "TTLs": "60.000000,60.000000"}
    return "\t".join((values | fields)[name] for name in DNS) + "\n"


def ssl_line(**fields) -> str:
    texts = words("1795447856.000000 C1 10.0.0.5 5000 192.0.2.7 443 TLSv13 TLS_AES_128_GCM_SHA256 a.example T -")
    return "\t".join((dict(zip(SSL, texts, strict=True)) | fields)[name] for name in SSL) + "\n"


OTHER_LOGS = {"dns": (DNS, DNS_TYPES, dns_line, ODD_DNS), "ssl": (SSL, SSL_TYPES, ssl_line, ODD_SSL)}


@pytest.mark.parametrize(
    ("log", "name", "value"),
    [(log, name, value) for log, (*_, odd) in OTHER_LOGS.items() for name, values in odd.items() for value in values],
)
def test_odd_fields_of_other_logs_are_read_alike(log, name, value):
    names, types, line, _ = OTHER_LOGS[log]
    lines = [line(uid=f"C{n}") for n in range(40)]
    lines[17] = line(**{name: value})
    same_both_ways((header(names, log, types=types) + "".join(lines)).encode())


@settings(max_examples=80, deadline=None)
@given(st.data(), st.sampled_from(sorted(OTHER_LOGS)))
def test_any_mixture_of_other_logs_is_read_alike(data, log):
    names, types, line, odd = OTHER_LOGS[log]
    fields = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in odd.items()})
    lines = [line(**data.draw(fields)) for _ in range(data.draw(st.integers(1, 12)))]
    lines += [line(uid=f"C{n}") for n in range(data.draw(st.integers(0, 5)))]
    same_both_ways((header(names, log, types=types) + "".join(data.draw(st.permutations(lines)))).encode())


@pytest.mark.parametrize("log", sorted(OTHER_LOGS))
def test_missing_columns_of_other_logs_are_read_alike(log):
    names, types, line, _ = OTHER_LOGS[log]
    for at in range(len(names)):
        texts = [text for n in range(40) for text in [line(uid=f"C{n}").rstrip("\n").split("\t")]]
        left = ["\t".join(text[:at] + text[at + 1 :]) + "\n" for text in texts]
        head = header(names[:at] + names[at + 1 :], log, types=types[:at] + types[at + 1 :])
        same_both_ways((head + "".join(left)).encode())


@pytest.mark.parametrize("log", sorted(OTHER_LOGS))
def test_blocks_of_other_logs_are_really_used_and_slice_their_rows(log):
    names, types, line, _ = OTHER_LOGS[log]
    lines = [line(uid=f"C{n}", **({"answers": "-", "TTLs": "-"} if log == "dns" and n % 3 else {})) for n in range(600)]
    lines[300] = "torn\n"
    data = (header(names, log, types=types) + "".join(lines)).encode()
    items = [item for item in zeek_tsv.read(Source.of_bytes(data)) if isinstance(item, Block)]
    assert [item.records for item in items] == [300, 299]
    same_both_ways(data)


@pytest.mark.parametrize("few", [1, 3, 40, 1_000])
def test_columns_of_many_values_are_read_alike(few, monkeypatch):
    monkeypatch.setattr(zeek_columns, "_FEW_COMBINATIONS", few)
    lines = [dns_line(uid=f"C{n}", trans_id=str(n % 90), **{"id.orig_p": str(n % 7)}) for n in range(300)]
    same_both_ways((header(DNS, "dns", types=DNS_TYPES) + "".join(lines)).encode())
    lines = [conn(local_orig="TF-"[n % 3], missed_bytes=str(n % 50), tunnel_parents=f"C{n}") for n in range(300)]
    same_both_ways((header() + "".join(lines)).encode())


# --- recognition ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (header() + conn(), Grade.STRONG),
        (header(DNS, "dns", types=DNS_TYPES), Grade.STRONG),
        (header(SSL, "ssl", types=SSL_TYPES), Grade.STRONG),
        ("### a comment\n" + header(), Grade.STRONG),
        (header(separator="||"), Grade.STRONG),
        ("PREFIX<>" + header()[1:].replace("\n#", "\nPREFIX<>"), Grade.STRONG),
        (header().replace("\n", "\r\n"), Grade.STRONG),
        (header(path="http"), Grade.STRONG),
        (header(path="open_conn"), Grade.STRONG),
        (header(path=""), Grade.NONE),
        (header().replace("#types", "#typos"), Grade.NONE),
        (conn() * 3, Grade.NONE),
        ("\t".join(CONN) + "\n" + conn(), Grade.NONE),
        (">>>> 192.0.2.7\n 12 incoming connections\n", Grade.NONE),
        ('{"_path":"conn","ts":1795447856.0}\n', Grade.NONE),
        ("", Grade.NONE),
        ("#", Grade.NONE),
        ("#separator", Grade.NONE),
        ("#separator \n\n", Grade.NONE),
        ("x" * 65_536, Grade.NONE),
    ],
)
def test_recognition(head, expected):
    for name in ("conn.log", "conn-summary.log", "x"):
        assert zeek_tsv.recognise(head.encode(), name) == expected


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_recognition_and_reading_survive_anything(junk):
    assert isinstance(zeek_tsv.recognise(junk, "conn.log"), Grade)
    read(junk)
    read(header().encode() + junk)


# --- small parts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (b"AB\\x00CD", b"AB\0CD"),
        (b"AB\\\\xffCD\\x00", b"AB\\xffCD\0"),
        (b"a\\\\\\x2cb", b"a\\,b"),
        (b"\\x2C", b","),
        (b"\\q\\x\\xg1", b"\\q\\x\\xg1"),
        (b"end\\", b"end\\"),
    ],
)
def test_escapes(written, meant):
    assert unescaped(written) == meant


def test_field_types():
    kinds = ["time", "interval", "double", "int", "subnet", "vector[count]", "set[addr]", "table[string]", "func"]
    fields = Fields(Header(names=tuple("abcdefghi"), types=tuple(kinds)))
    line = b"1.000000\t-2.500000\t-1.5e3\t-42\t10.0.0.0/24\t1,-,3\t::1,10.0.0.1\t(empty)\tfoo"
    values = fields.values(fields.split(line))
    assert values == {
        "a": Moment(1_000_000, True, 1),
        "b": Interval(-2_500_000, True, Decimal("-2.500000")),
        "c": Decimal(-1500),
        "d": -42,
        "e": "10.0.0.0/24",
        "f": [1, None, 3],
        "g": ["::1", "10.0.0.1"],
        "h": [],
        "i": "foo",
    }


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(("count", b"-1"), ("int", b"9223372036854775808"), ("port", b"70000"), ("bool", b"1"), ("addr", b"::g")),
        *(("time", b"1e9"), ("time", b"inf"), ("interval", b"x"), ("double", b"0x1"), ("vector[count]", b"1,x")),
        *(("count", "٣".encode()), ("time", b"9" * 15), ("interval", b"9" * 15), ("count", b"9" * 5000)),
    ],
)
def test_fields_that_are_not_of_their_type(kind, text):
    fields = Fields(Header(names=("a",), types=(kind,)))
    with pytest.raises(ZeekFault, match="column a"):
        fields.values([text])


def test_names_and_answers():
    assert host_name("Pool.ÉXAMPLE.") == "pool.Éxample"
    assert answer_columns("2001:DB8::1", "AAAA") == {"address": "2001:db8::1"}
    assert answer_columns("RRSIG 8 x", "A") == {}
    assert answer_columns(None, "A") == {}
    assert endpoint_numbers(6, 1, None) == {"src_port": 1, "dst_port": None}


# --- reference evidence ---------------------------------------------------------------------------------------------


def zeek_files(shared: Path) -> list[tuple[Path, bytes]]:
    found = []
    for folder in ("zeek", "zeek_btest", "zeek_rita", "zeek_slips"):
        for path in sorted((shared / "data/netflow" / folder).rglob("*")):
            if path.is_file():
                data = path.read_bytes()
                if path.suffix == ".gz":
                    try:
                        data = gzip.decompress(data)
                    except (OSError, EOFError):
                        continue  # a matter of the stream, not of the format
                found.append((path, data))
    return found


def zeek_path(data: bytes) -> str | None:
    """Return the log's name as a reader of the header sees it, found independently of the parser."""
    for line in data[:5000].split(b"\n")[:12]:
        if line.startswith((b"#path\t", b"#path||")):
            return line[6:].lstrip(b"|").decode()
    return None


@pytest.mark.shared
def test_every_reference_log_is_claimed_by_its_header(shared):
    files = zeek_files(shared)
    assert len(files) > 150
    for path, data in files:
        wanted = Grade.STRONG if zeek_path(data) else Grade.NONE
        assert zeek_tsv.recognise(data[:65_536], path.name) == wanted, path


TABLE_OF = {"conn": "flow", "open_conn": "flow", "dns": "name_lookup", "notice": "alert", "weird": "alert"}
ROWLESS = {"capture_loss", "stats", "telemetry", "app_stats"}  # of these samples none tells of a loss
MARKED_OUT = {"zeek_btest"}  # times are blanked out by the sensor's test runner


@pytest.mark.shared
def test_every_reference_log_gives_a_row_for_each_line(shared):
    seen = 0
    for path, data in zeek_files(shared):
        kind = zeek_path(data)
        if not kind or MARKED_OUT & set(path.parts):
            continue
        seen += 1
        books, rows = same_both_ways(data)
        lines = [line for line in data.split(b"\n") if line and not line.startswith(b"#")]
        assert books.records + books.quarantined == len(lines), path
        torn = not data.endswith(b"\n") and not data.split(b"\n")[-1].startswith(b"#")
        short = path.parent.name == "has_unknown_field"  # its second line has one field too few
        assert books.quarantined <= (1 if torn or short else 0), (path, rows.get("quarantine"))
        found = rows.get(TABLE_OF.get(kind, "application_message"), [])
        assert len({row["record"] for row in found}) == (0 if kind in ROWLESS else books.records), path
    assert seen > 100


@pytest.mark.shared
def test_reference_conn_values_against_a_plain_split(shared):
    for path, data in zeek_files(shared):
        if zeek_path(data) != "conn" or b"\\" in data:
            continue
        lines = data.decode().split("\n")
        names = next(line for line in lines if line.startswith("#fields")).split("\t")[1:]
        records = [dict(zip(names, line.split("\t"), strict=False)) for line in lines if line and line[0] != "#"]
        _, rows = by_block(data)
        for row in rows["flow"]:
            record = records[row["record"] - 1]
            seconds, _, micros = record["ts"].partition(".")
            us = int(seconds) * 10**6 + int(micros.ljust(6, "0")[:6])
            assert round((row["ts"] - row["ts"].fromtimestamp(0, row["ts"].tzinfo)).total_seconds() * 1e6) == us, path
            for column, name in (("src_bytes", "orig_ip_bytes"), ("dst_payload_bytes", "resp_bytes")):
                assert row[column] == (None if record[name] == "-" else int(record[name]))
            assert row["flow_id"] == record["uid"]
            assert row["state"] == (None if record["conn_state"] == "-" else record["conn_state"])


@pytest.mark.shared
def test_zeek_s_own_baselines(shared):
    """Fields of the sensor's own test logs, whose times its test runner has blanked out."""
    folder = shared / "data/netflow/zeek_btest"

    def records(name: str) -> list[dict]:
        _, _, data = (folder / name).read_bytes().replace(b"XXXXXXXXXX.XXXXXX", b"1.000000").partition(b"\n")
        found = header_before(data)
        lines = list(meta_lines(data))
        for line in lines:
            found = found.after(line)
        fields = Fields(found)
        rest = [line for line in data.split(b"\n")[len(lines) :] if line and not line.startswith(found.prefix)]
        return [fields.values(fields.split(line)) for line in rest]

    assert [row["status"] for row in records("ascii-escape/ssh.log")] == [
        "success",
        "failure",
        "fa||ure",
        "su||ess",
        "failure",
    ]
    assert [(row["status"], row["country"], row["b"]) for row in records("ascii-empty/ssh-filtered.log")] == [
        ("success", "unknown", None),
        (None, "US", None),
        ("failure", "UK", None),
        (None, "BR", None),
        ("failure", "", True),
    ]
    (row,) = records("ascii-escape-set-separator/test.log")
    assert sorted(row["ss"]) == [",", ",,", "AA", "CC"]
    assert [row["data"] for row in records("ascii-line-like-comment/test.log")] == ["Test1", "#Kaputt", "Test2"]
    times = [row["data"].us for row in records("ascii-timestamps/test.log")]
    assert times[2:7] == [1234567890_000000 + step for step in (10_000, 1_000, 100, 10, 1)]


@pytest.mark.shared
@pytest.mark.parametrize("log", ["conn", "dns", "ssl"])
def test_the_published_mapping_to_ocsf(shared, log):
    """The same record as JSON, written as a log line here, must come out as its published mapping says."""
    folder = shared / f"data/netflow/ocsf/Zeek/v1.3.0/{log}_log"
    raw = json.loads((folder / f"{log}_log.raw").read_text())
    ocsf = json.loads("".join(line.partition("  //")[0] for line in (folder / f"{log}_log.ocsf").open()))
    names, types, line = [], [], []
    for name, value in raw.items():
        kind, text = as_zeek(name, value)
        names.append(name)
        types.append(kind)
        line.append(text)
    books, rows = read(header(names, log, types=types) + "\t".join(line) + "\n")
    assert books.quarantined == 0, rows
    table = {"conn": "flow", "dns": "name_lookup", "ssl": "application_message"}[log]
    row = rows[table][0]
    # the published times are twenty minutes late in all three pairs, so the time is held against the record's own
    assert row["ts"].isoformat()[:19] == raw["ts"][:19]
    assert row["flow_id"] == ocsf["metadata"]["uid"]
    if log == "dns":
        assert row["client_address"] == ocsf["src_endpoint"]["ip"]
        assert row["server_address"] == ocsf["dst_endpoint"]["ip"]
        assert {found["name"] for found in rows[table]} == {ocsf["query"]["hostname"]}
        assert [found["alias_of"] or found["address"] for found in rows[table]] == [a["rdata"] for a in ocsf["answers"]]
        assert [found["ttl_s"] for found in rows[table]] == [answer["ttl"] for answer in ocsf["answers"]]
        assert (row["query_type"], row["response_code"]) == (ocsf["query"]["type"], ocsf["rcode"])
        return
    for side, end in (("src", "src_endpoint"), ("dst", "dst_endpoint")):
        assert (row[f"{side}_address"], row[f"{side}_port"]) == (ocsf[end]["ip"], ocsf[end]["port"])
    if log == "ssl":
        assert row["host"] == rows["name_lookup"][0]["name"] == ocsf["tls"]["sni"]
        assert json.loads(row["extra"])["subject"] == ocsf["tls"]["certificate"]["subject"]
        return
    traffic = ocsf["traffic"]
    assert (row["src_payload_bytes"], row["dst_payload_bytes"]) == (traffic["bytes_out"], traffic["bytes_in"])
    assert (row["src_packets"], row["dst_packets"]) == (traffic["packets_out"], traffic["packets_in"])
    assert (row["src_bytes"], row["dst_bytes"]) == (
        ocsf["unmapped"]["orig_ip_bytes"],
        ocsf["unmapped"]["resp_ip_bytes"],
    )
    assert (row["state"], row["app_protocol"]) == (ocsf["status_code"], ocsf["app_name"])
    assert row["duration_us"] // 10**6 == ocsf["duration"]
    assert (row["sensor"], row["vlan"]) == (ocsf["metadata"]["loggers"][0]["name"], ocsf["unmapped"]["vlan"])


def as_zeek(name: str, value) -> tuple[str, str]:
    """Return the type and the text that Zeek writes for a JSON value."""
    if name in {"ts", "_write_ts"}:
        from datetime import datetime

        return "time", f"{Decimal(datetime.fromisoformat(value).timestamp()):.6f}"
    if name in {"id.orig_h", "id.resp_h"}:
        return "addr", value
    if name in {"id.orig_p", "id.resp_p"}:
        return "port", str(value)
    if name in {"duration", "rtt"}:
        return "interval", f"{value:.6f}"
    if name == "vlan":
        return "int", str(value)
    if isinstance(value, bool):
        return "bool", "T" if value else "F"
    if isinstance(value, int):
        return "count", str(value)
    if isinstance(value, float):
        return "double", str(value)
    if isinstance(value, list) and name == "TTLs":
        return "vector[interval]", ",".join(f"{item:.6f}" for item in value)
    if isinstance(value, list):
        return "vector[string]", ",".join(item.replace(",", "\\x2c") for item in value)
    return "string", value
