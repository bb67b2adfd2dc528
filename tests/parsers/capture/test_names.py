"""Names bound to addresses: DNS over UDP and TCP, mDNS, TLS server names, HTTP hosts."""

from __future__ import annotations

from ipaddress import ip_address
from struct import pack

import golden
import pytest
import wire
from hypothesis import given
from hypothesis import strategies as st
from wire import CLIENT, RESOLVER, SERVER, START, Session, answer, dns, question

from parsers.capture import dns as reader
from parsers.capture import lookups, pcap
from parsers.source import Source

A = ip_address("198.51.100.1").packed
B = ip_address("198.51.100.2").packed
SIX = ip_address("2001:db8::5").packed


def tables_of(frames, **options):
    _, tables = golden.tables_of(Source.of_bytes(wire.pcap(frames, **options)), pcap)
    assert "quarantine" not in tables
    return {name: golden.rows_of(rows) for name, rows in tables.items()}


def names(frames, **options):
    return tables_of(frames, **options).get("name_lookup", [])


def asked(payload, at=0, port=40000, server=53):
    return START + at, wire.ethernet(wire.ipv4(CLIENT, RESOLVER, 17, wire.udp(port, server, payload)))


def told(payload, at=1000, port=40000, server=53):
    return START + at, wire.ethernet(wire.ipv4(RESOLVER, CLIENT, 17, wire.udp(server, port, payload)))


def bindings(rows):
    return [(r["kind"], r["name"], r.get("address"), r.get("alias_of"), r["query_type"]) for r in rows]


def test_answers_bind_and_the_query_is_answered():
    reply = dns(7, [question("pool.example")], [answer("Pool.EXAMPLE", 1, A), answer("pool.example", 28, SIX, ttl=5)])
    rows = names([asked(dns(7, [question("pool.example")])), told(reply)])
    assert bindings(rows) == [
        ("dns_answer", "pool.example", "198.51.100.1", None, "A"),
        ("dns_answer", "pool.example", "2001:db8::5", None, "AAAA"),
    ]
    assert [(r["client_address"], r["server_address"], r["response_code"], r["ttl_s"]) for r in rows] == [
        (CLIENT, RESOLVER, "NOERROR", 60),
        (CLIENT, RESOLVER, "NOERROR", 5),
    ]
    assert {r["flow_id"] for r in rows} == {"packet 1"}


def test_every_name_of_a_chain_of_aliases_gets_the_address():
    reply = dns(
        7,
        [question("www.example")],
        [
            answer("www.example", 5, wire.name("cdn.example")),
            answer("cdn.example", 5, wire.name("edge.example")),
            answer("edge.example", 1, A),
            answer("edge.example", 1, B),
        ],
    )
    assert bindings(names([told(reply)])) == [
        ("dns_answer", "edge.example", "198.51.100.1", None, "A"),
        ("dns_answer", "cdn.example", "198.51.100.1", "edge.example", "CNAME"),
        ("dns_answer", "www.example", "198.51.100.1", "cdn.example", "CNAME"),
        ("dns_answer", "edge.example", "198.51.100.2", None, "A"),
        ("dns_answer", "cdn.example", "198.51.100.2", "edge.example", "CNAME"),
        ("dns_answer", "www.example", "198.51.100.2", "cdn.example", "CNAME"),
    ]


def test_an_alias_without_address_and_aliases_in_a_circle():
    chain = [answer("a.example", 5, wire.name("b.example")), answer("b.example", 5, wire.name("a.example"))]
    rows = bindings(names([told(dns(7, [question("a.example")], chain))]))
    assert rows == [
        ("dns_answer", "a.example", None, "b.example", "CNAME"),
        ("dns_answer", "b.example", None, "a.example", "CNAME"),
    ]
    rows = bindings(names([told(dns(7, [question("a.example")], [*chain, answer("a.example", 1, A)]))]))
    assert rows == [
        ("dns_answer", "a.example", "198.51.100.1", None, "A"),
        ("dns_answer", "b.example", "198.51.100.1", "a.example", "CNAME"),
        ("dns_answer", "a.example", None, "b.example", "CNAME"),
    ]


def test_a_query_that_nobody_answers_is_told_once_for_each_time_it_was_sent():
    query = dns(7, [question("gone.example", 28)])
    rows = names([asked(query), asked(query, at=5_000_000), asked(dns(8, [question("other.example")]), at=6_000_000)])
    assert bindings(rows) == [
        ("dns_query", "gone.example", None, None, "AAAA"),
        ("dns_query", "gone.example", None, None, "AAAA"),
        ("dns_query", "other.example", None, None, "A"),
    ]
    assert not any("response_code" in row for row in rows)


@pytest.mark.parametrize(
    ("code", "text"), [(0, "NOERROR"), (2, "SERVFAIL"), (3, "NXDOMAIN"), (5, "REFUSED"), (15, "RCODE15")]
)
def test_a_response_that_binds_nothing_is_told_with_its_code(code, text):
    rows = names([asked(dns(7, [question("no.example")])), told(dns(7, [question("no.example")], [], code))])
    assert bindings(rows) == [("dns_query", "no.example", None, None, "A")]
    assert (rows[0]["response_code"], rows[0]["record"]) == (text, 2)


def test_other_answers_keep_their_type_and_target():
    replies = [
        answer("5.2.0.192.in-addr.arpa", 12, wire.name("host.example")),
        answer("x.example", 16, b"\x03abc"),
        answer("x.example", 9999, b""),
    ]
    rows = names([told(dns(7, [question("x.example", 255)], replies))])
    assert [(r["query_type"], r.get("extra")) for r in rows] == [
        ("PTR", '{"target":"host.example"}'),
        ("TXT", None),
        ("TYPE9999", None),
    ]


def test_multicast_names_no_single_server_and_no_single_client():
    group = "224.0.0.251"
    query = wire.ethernet(wire.ipv4(CLIENT, group, 17, wire.udp(5353, 5353, dns(0, [question("a.local")]))))
    reply = dns(0, [], [wire.name("My Rig.local") + pack(">HHIH", 1, 0x8001, 9, 4) + A])
    spoken = wire.ethernet(wire.ipv4(SERVER, group, 17, wire.udp(5353, 5353, reply)))
    tables = tables_of([(START, query), (START + 1000, spoken)])
    query_row, reply_row = sorted(tables["name_lookup"], key=lambda row: row["record"])
    assert (query_row["kind"], query_row["client_address"], query_row.get("server_address")) == (
        "dns_query",
        CLIENT,
        None,
    )
    assert (reply_row["name"], reply_row["server_address"], reply_row.get("client_address")) == (
        "my\\032rig.local",
        SERVER,
        None,
    )
    assert {flow["app_protocol"] for flow in tables["flow"]} == {"mdns"}


def test_answers_over_tcp_and_split_segments():
    query, reply = (
        dns(7, [question("big.example")]),
        dns(7, [question("big.example")], [answer("big.example", 1, A)] * 3),
    )
    session = Session(server_port=53).open()
    session.say(pack(">H", len(query)) + query)
    framed = pack(">H", len(reply)) + reply
    session.hear(framed[:1]).hear(framed[1:30]).hear(framed[30:] + framed)
    rows = names(session.frames)
    assert bindings(rows) == [("dns_answer", "big.example", "198.51.100.1", None, "A")] * 6
    assert [row["record"] for row in rows] == [5, 5, 5, 7, 7, 7]
    assert tables_of(session.frames)["flow"][0]["app_protocol"] == "dns"


def test_mining_on_the_name_servers_port_is_heard():
    session = Session(server_port=53).open().say(wire.line(id=1, method="mining.subscribe", params=["m/1"]))
    (message,) = tables_of(session.frames)["application_message"]
    assert (message["method"], message["dst_port"]) == ("mining.subscribe", 53)


def test_answers_behind_the_snap_length_are_said_to_be_missing():
    reply = dns(7, [question("pool.example")], [answer("pool.example", 1, A), answer("pool.example", 1, B)])
    frame = told(reply)
    rows = names([frame], snap=len(frame[1]) - 2)
    assert [(row["address"], row["notes"]) for row in rows] == [("198.51.100.1", ["answers_cut"])]
    rows = names([frame], snap=42 + 12 + 18)
    assert [(row["kind"], row["notes"]) for row in rows] == [("dns_query", ["answers_cut"])]


@pytest.mark.parametrize(
    ("payload", "kept"),
    [
        (dns(7, [question("pool.example")], [answer("pool.example", 1, A), answer("pool.example", 1, b"abc")]), 1),
        (dns(7, [question("pool.example")], [answer("pool.example", 1, A)])[:-1], 1),
        (dns(7, [question("pool.example")], [b"\xc0\x1e" * 2]), 1),
        (dns(7, [question("pool.example")], [b"\x80"]), 1),
        (dns(7, [b"\xc0\x0c\0\1\0\1"], []), 0),
    ],
)
def test_a_message_that_contradicts_itself_is_noted_on_the_flow(payload, kept):
    tables = tables_of([told(payload)])
    rows = tables.get("name_lookup", [])
    assert len(rows) == kept
    assert all("dns_malformed" in row["notes"] for row in rows)
    assert ("dns_malformed" in tables["flow"][0].get("notes", ())) == bool(kept)


@pytest.mark.parametrize("payload", [b"", b"short", b"\0\7\x28\0" + bytes(8)])
def test_what_is_no_message_is_none(payload):
    assert names([told(payload)]) == []


def test_rows_of_one_message_are_bounded_and_say_so():
    aliases = [answer(f"a{n}.x", 5, wire.name("z.x")) for n in range(100)]
    reply = dns(7, [question("a0.x")], aliases + [answer("z.x", 1, A)] * 100)
    message = reader.read(reply, cut=False)
    assert message is not None
    rows = list(lookups.of_response(message))
    assert len(rows) == 2001
    assert rows[-1]["notes"] == ["answers_capped"]


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ([b"Pool", b"Example"], "pool.example"),
        ([], "."),
        ([b"a.b", b"c"], "a\\046b.c"),
        ([b"\\", b"\x00\xff"], "\\092.\\000\\255"),
        ([b"xn--bcher-kva"], "xn--bcher-kva"),
    ],
)
def test_odd_bytes_of_names_are_written_as_numbers(labels, text):
    raw = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    message = reader.read(pack(">HHHHHH", 1, 0, 1, 0, 0, 0) + raw + pack(">HH", 1, 1), cut=False)
    assert message is not None
    assert message.questions == (reader.Question(text, "A"),)


@given(st.binary(max_size=120), st.booleans())
def test_any_message_is_survived(noise, cut):
    for data in (noise, pack(">HHHHHH", 1, 0x8180, 2, 9, 0, 0) + noise):
        message = reader.read(data, cut=cut)
        if message:
            list(lookups.of_response(message))
            list(lookups.of_query(message))
        reader.read_stream(data, final=cut)


# --- names that clients ask for ---


def test_server_names_of_tls_bind_the_server_that_was_asked():
    session = Session(server_port=443).open().say(wire.hello("Pool.Example"))
    (row,) = names(session.frames)
    assert (row["kind"], row["name"], row["address"], row["port"], row["client_address"]) == (
        "tls_sni", "pool.example", SERVER, 443, CLIENT,
    )  # fmt: skip


def test_hosts_of_http_bind_the_server_that_was_asked():
    session = Session(server_port=8080).open().say(b"GET / HTTP/1.1\r\nHost: Files.Example:8080\r\n\r\n")
    (row,) = names(session.frames)
    assert (row["kind"], row["name"], row["address"], row["port"]) == ("http_host", "files.example", SERVER, 8080)


@pytest.mark.parametrize(
    "head",
    [
        b"CONNECT pool.example:443 HTTP/1.1\r\nHost: pool.example:443\r\n\r\n",
        b"GET http://pool.example/ HTTP/1.1\r\nHost: pool.example\r\n\r\n",
    ],
)
def test_a_proxy_is_not_bound_to_the_names_it_is_asked_for(head):
    session = (
        Session(server_port=3128).open().say(head).hear(b"HTTP/1.1 200 OK\r\n\r\n").say(wire.hello("pool.example"))
    )
    (row,) = names(session.frames)
    assert (row["kind"], row["name"], row["notes"], row["record"]) == ("tls_sni", "pool.example", ["through_proxy"], 4)
    assert "address" not in row


def test_a_uri_that_holds_another_is_no_request_to_a_proxy():
    head = b"GET /go/http://other.example/ HTTP/1.1\r\nHost: pool.example\r\n\r\n"
    (row,) = names(Session(server_port=80).open().say(head).frames)
    assert (row["name"], row["address"]) == ("pool.example", SERVER)


@pytest.mark.parametrize("host", [b"192.0.2.1", b"192.0.2.1:80", b"[2001:db8::1]:80", b"", b"a b:c:d"])
def test_a_host_that_is_no_name_binds_none(host):
    session = Session(server_port=80).open().say(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
    assert names(session.frames) == []
