"""What is said in flows: requests and their answers as one row, hellos, banners, HTTP heads; bounds that say so."""

from __future__ import annotations

import json

import golden
import pytest
import wire
from hypothesis import given
from hypothesis import strategies as st
from wire import START, Session, line

from parsers.capture import http, pcap, ssh, streams, talk, tls
from parsers.source import Source


def tables_of(frames, **options):
    _, tables = golden.tables_of(Source.of_bytes(wire.pcap(frames, **options)), pcap)
    return {name: golden.rows_of(rows) for name, rows in tables.items()}


def messages(session: Session, **options):
    return tables_of(session.frames, **options).get("application_message", [])


def ping(number):
    return line(id=number, method="mining.ping", params=[])


def test_a_request_and_its_answer_are_one_row():
    session = Session().open().say(line(id=4, method="mining.submit", params=["a.rig", "j"]))
    session.hear(line(id=4, result=True, error=None))
    (row,) = messages(session)
    assert (row["method"], row["direction"], row["accepted"], row["message_id"]) == (
        "mining.submit",
        "request",
        True,
        "4",
    )
    assert (row["record"], row["ts"], row["ts_end"]) == (
        4,
        "2023-11-14T22:13:20.003000Z",
        "2023-11-14T22:13:20.004000Z",
    )
    spans = [(s["span_record"]) for s in tables_of(session.frames)["locator"] if s["record"] == 4]
    assert spans == [4, 5]


def test_answers_find_their_request_by_direction_and_id():
    session = Session().open()
    session.say(line(id=1, method="mining.submit", params=["a", "j1"]))
    session.say(line(id=2, method="mining.submit", params=["a", "j2"]))
    session.hear(line(id=2, result=None, error=[23, "Low difficulty share", None]))
    session.say(line(id=1, result=True, error=None))
    session.hear(line(id="1", result=True, error=None))
    first, second = sorted(messages(session), key=lambda row: row["record"])
    assert ("accepted" in first, second["accepted"], second["text"]) == (False, False, "Low difficulty share")
    extra = json.loads(tables_of(session.frames)["flow"][0]["extra"])
    assert extra["unread_lines"] == 2


def test_an_answer_with_work_tells_difficulty_and_algorithm():
    session = Session().open().say(line(id=1, method="login", params={"login": "w", "agent": "m/1"}))
    job = {"job_id": "j", "target": "b88d0600", "algo": "rx/0"}
    session.hear(line(id=1, error=None, result={"id": "s", "job": job, "status": "OK"}))
    (row,) = messages(session)
    assert (row["difficulty"], row["algorithm"], row["notes"]) == ("10000", "rx/0", ["difficulty_from_target"])


def test_acceptance_is_told_of_what_can_be_accepted():
    session = Session().open().say(line(id=1, method="mining.subscribe", params=["m"]))
    session.hear(line(id=1, result=[[], "08000002", 4], error=None))
    assert "accepted" not in messages(session)[0]


def test_an_answer_that_was_sent_without_a_request_in_sight_tells_itself_or_is_counted():
    session = Session().hear(line(id=9, result={"status": "OK"}, error=None)).hear(line(id=10, result=True, error=None))
    (row,) = messages(session)
    assert (row["direction"], row["accepted"], row["message_id"]) == ("response", True, "9")
    assert "method" not in row
    assert json.loads(tables_of(session.frames)["flow"][0]["extra"])["unread_lines"] == 1


def test_the_same_id_asked_again_lets_the_first_go_unanswered():
    session = Session().open().say(ping(1)).say(ping(1)).hear(line(id=1, result=True, error=None))
    first, second = messages(session)
    assert ("ts_end" in first, "ts_end" in second) == (False, True)
    assert first["record"] < second["record"]


def test_requests_that_wait_are_bounded(monkeypatch):
    monkeypatch.setattr(talk, "_MOST_WAITING", 3)
    session = Session().open()
    for number in range(6):
        session.say(ping(number))
    session.hear(line(id=0, result=True, error=None)).hear(line(id=5, result=True, error=None))
    rows = messages(session)
    assert [row["message_id"] for row in rows] == ["0", "1", "2", "5", "3", "4"]
    assert [("ts_end" in row) for row in rows] == [False, False, False, True, False, False]


def test_requests_that_wait_are_bounded_over_all_flows(monkeypatch):
    monkeypatch.setattr(streams.Bounds.__init__, "__defaults__", (1 << 20, 1))
    frames = []
    for port in (50000, 50001):
        session = Session(client_port=port).open().say(ping(1)).hear(line(id=1, result=True, error=None))
        frames.append(session.frames)
    mixed = [frame for pair in zip(*frames, strict=True) for frame in pair]
    rows = tables_of(mixed)["application_message"]
    assert sorted("ts_end" in row for row in rows) == [False, True]


def test_messages_of_a_method_are_bounded_and_the_rest_is_counted(monkeypatch):
    monkeypatch.setattr(talk, "MOST_OF_A_METHOD", 3)
    session = Session().open()
    for number in range(10):
        session.say(ping(number))
    rows = messages(session)
    assert len(rows) == 4
    assert (rows[-1]["method"], rows[-1]["notes"], json.loads(rows[-1]["extra"])) == (
        "mining.ping", ["messages_capped"], {"messages_left_out": 7},
    )  # fmt: skip


def test_methods_that_are_counted_are_bounded(monkeypatch):
    monkeypatch.setattr(talk, "_MOST_METHODS", 2)
    monkeypatch.setattr(talk, "MOST_OF_A_METHOD", 2)
    session = Session().open()
    for number in range(8):
        session.say(line(id=None, method=f"mining.m{number}", params=[]))
    rows = messages(session)
    assert [row.get("method") for row in rows] == ["mining.m0", "mining.m1", "mining.m2", "mining.m3", None]
    assert json.loads(rows[-1]["extra"]) == {"messages_left_out": 4}


def test_mining_inside_http_is_heard_and_both_are_told():
    body = line(id=0, method="getwork", params=[])
    head = b"POST / HTTP/1.1\r\nHost: pool.example:3333\r\nUser-Agent: bfgminer/5.2.0\r\n"
    head += b"Authorization: Basic c2VjcmV0\r\n\r\n"
    session = Session().open().say(head + body)
    session.hear(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + line(id=0, result=None, error="down"))
    tables = tables_of(session.frames)
    told = {(row["protocol"], row["method"]): row for row in tables["application_message"]}
    assert told["http", "POST"]["user_agent"] == "bfgminer/5.2.0"
    assert (told["http", "POST"]["status"], told["stratum", "getwork"]["accepted"]) == (200, False)
    assert "c2VjcmV0" not in repr(tables)
    assert tables["flow"][0]["app_protocol"] == "stratum"


# --- HTTP ---


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"GET /a?b=c HTTP/1.1\r\nHost: x.example\r\n\r\n", ("GET", "/a?b=c", "x.example", False)),
        (b"GET / HTTP/1.0\n\n", ("GET", "/", None, False)),
        (b"M-SEARCH * HTTP/1.1\r\nHOST:  x.example \r\n\r\n", ("M-SEARCH", "*", "x.example", False)),
        (b"GET /cut", ("GET", "/cut", None, True)),
        (b"GET /cut HTT", ("GET", "/cut", None, True)),
        (b"GET /cut HTTP/1.1\r\nHost: x.exam", ("GET", "/cut", None, True)),
        (b"GET http://u:pw@x.example/ HTTP/1.1\r\n\r\n", ("GET", "http://u@x.example/", None, False)),
        (b"GET /l?user=u&Password=pw&x=1 HTTP/1.1\r\n\r\n", ("GET", "/l?user=u&Password=&x=1", None, False)),
        (b"GET /l?access_token=pw", ("GET", "/l?access_token=", None, True)),
        (b"GET /l?compass=north HTTP/1.1\r\n\r\n", ("GET", "/l?compass=north", None, False)),
    ],
)
def test_heads_of_requests(head, expected):
    (found,) = http.read(head, final=True).found
    request = found.content
    assert isinstance(request, http.Request)
    assert (request.method, request.uri, request.host, request.cut) == expected
    assert "pw" not in repr(request)


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/2.0\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"USER anonymous\r\n\r\n",
        b"HTTP/1.1 2\r\n\r\n",
        b"\r\n\r\n",
    ],
)
def test_what_is_no_head_is_none(head):
    assert http.read(head, final=True).found == ()


def test_a_password_in_a_uri_is_left_out_and_noted():
    session = Session(server_port=3128).open().say(b"GET http://u:hunter2@x.example/ HTTP/1.1\r\n\r\n")
    (row,) = messages(session)
    assert (row["uri"], row["notes"]) == ("http://u@x.example/", ["password_left_out"])
    assert "hunter2" not in repr(tables_of(session.frames))


def test_responses_answer_requests_in_their_order():
    session = Session(server_port=80).open()
    session.say(b"GET /1 HTTP/1.1\r\n\r\n" + b"GET /2 HTTP/1.1\r\n\r\n")
    session.hear(b"HTTP/1.1 100 Continue\r\n\r\n").hear(b"HTTP/1.1 200 OK\r\nServer: s\r\n\r\n")
    session.hear(b"HTTP/1.1 404 Not Found\r\n\r\n")
    rows = messages(session)
    assert [(row["uri"], row["status"], row["part"]) for row in rows] == [("/1", 200, 3), ("/2", 404, 4)]


def test_a_response_without_request_stands_alone_and_a_body_is_no_request():
    session = (
        Session(server_port=80).hear(b"HTTP/1.1 200 OK\r\n\r\n").hear(b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")
    )
    (row,) = messages(session)
    assert (row["direction"], row["status"]) == ("response", 200)


def test_a_long_head_is_bounded():
    session = Session(server_port=80).open()
    session.say(b"GET /" + b"a" * 100 + b" HTTP/1.1\r\n")
    for _ in range(20):
        session.say(b"X: " + b"b" * 1000 + b"\r\n")
    (row,) = messages(session)
    assert row["truncated"]


def test_blanks_without_end_take_no_time():
    http.read(b"GET / HTTP/1.1\r\nHost:" + b" \t" * 8000, final=True)
    http.read(b"GET / HTTP/1.1\r\n" + b"Host:" * 3000, final=True)
    http.read(b"A" * 16000 + b" ", final=True)
    http.read(b"GET /" + b"?pass" * 1600 + b" HTTP/1.1\r\n\r\n", final=True)
    assert not http.opens(b"A-" * 30000)


# --- TLS and SSH ---


def test_a_hello_over_two_segments_and_one_that_names_nobody():
    hello = wire.hello("pool.example", padding=1500)
    session = Session(server_port=443).open().say(hello[:1400]).say(hello[1400:])
    (row,) = messages(session)
    assert (row["method"], row["host"], row["truncated"], row["record"]) == ("client hello", "pool.example", False, 4)
    assert json.loads(row["extra"]) == {"version": "TLS 1.3", "protocols": ["h2"]}
    (row,) = messages(Session(server_port=443).open().say(wire.hello(None, ())))
    assert ("host" in row, json.loads(row["extra"])) == (False, {"version": "TLS 1.3"})


def test_what_follows_a_hello_is_not_listened_to():
    session = Session(server_port=443).open().say(wire.hello("a.example"))
    session.hear(b"\x16\x03\x03\0\x04\2\0\0\0").say(ping(1)).hear(ping(2))
    assert len(messages(session)) == 1
    assert tables_of(session.frames)["flow"][0]["app_protocol"] == "tls"


def test_a_session_is_tls_when_only_the_server_was_seen():
    session = Session(server_port=443).hear(b"\x16\x03\x03\0\x04\2\0\0\0")
    assert tables_of(session.frames)["flow"][0]["app_protocol"] == "tls"


@pytest.mark.parametrize("size", [5, 9, 43, 44, 60, 80, 94])
def test_a_hello_cut_anywhere(size):
    heard = tls.read(wire.hello("pool.example")[:size], final=True)
    for found in heard.found:
        assert found.content.cut
        assert found.content.name in {None, "pool.example"}


@given(st.binary(max_size=200), st.integers(min_value=0, max_value=200))
def test_any_hello_is_survived(noise, at):
    hello = wire.hello("pool.example", padding=40)
    mutated = hello[:at] + noise + hello[at + len(noise) :]
    for final in (False, True):
        for found in tls.read(mutated, final=final).found:
            name = getattr(found.content, "name", None)
            assert name is None or name.encode()


def test_banners_tell_who_is_which_when_that_is_known():
    session = Session(server_port=22).open()
    session.say(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n").hear(b"SSH-2.0-x\r\n")
    assert [(r["direction"], r["user_agent"]) for r in messages(session)] == [
        ("request", "OpenSSH_9.2p1 Debian-2"),
        ("response", "x"),
    ]
    (row,) = messages(Session(server_port=22).say(b"SSH-2.0-x\r\n"))
    assert "direction" not in row


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"SSH-2.0-abc\r\n", ("2.0", "abc", False)),
        (b"SSH-1.99-abc\n", ("1.99", "abc", False)),
        (b"SSH-2.0-abc", ("2.0", "abc", True)),
        (b"SSH-2.0-" + b"a" * 300 + b"\r\n", ("2.0", "a" * 249, True)),
        (b"SSH-2.0-a\xff\r\n", ("2.0", "a\\xff", False)),
        (b"SSH-", None),
        (b"SSH-x\r\n", None),
    ],
)
def test_banners(data, expected):
    found = ssh.read(data, final=True).found
    assert [tuple(each.content) for each in found] == ([expected] if expected else [])


def test_times_of_a_packet_without_time_are_absent():
    from parsers.capture import pcapng

    frames = Session().open().say(ping(1)).frames
    data = wire.section() + wire.interface() + b"".join(wire.simple(frame) for _, frame in frames)
    _, tables = golden.tables_of(Source.of_bytes(data), pcapng)
    (row,) = golden.rows_of(tables["application_message"])
    assert not {"ts", "ts_end", "ts_precision_us"} & row.keys()
    assert START
