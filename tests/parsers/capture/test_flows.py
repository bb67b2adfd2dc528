"""Packets into flows: directions, ends, idle times, fragments, bounds; the quick way and the thorough way agree."""

from __future__ import annotations

import json
import random
from struct import pack

import golden
import pytest
import wire
from wire import ACK, FIN, PSH, RST, SECOND, START, SYN, Session

from parsers.capture import pcap
from parsers.capture.capture import Capture, _ended
from parsers.capture.flows import EVICTED, Flows, Link
from parsers.contract import Row
from parsers.source import Source


def flows_of(frames, **options):
    _, tables = golden.tables_of(Source.of_bytes(wire.pcap(frames, **options)), pcap)
    assert "quarantine" not in tables
    return golden.rows_of(tables["flow"]) if "flow" in tables else []


def packet(at, source, target, body, protocol=17, **options):
    return START + at, wire.ethernet(wire.ipv4(source, target, protocol, body, **options))


def udp(at, back=False, payload=b"x"):
    ends, ports = ((wire.SERVER, wire.CLIENT), (9, 7)) if back else ((wire.CLIENT, wire.SERVER), (7, 9))
    return packet(at, *ends, wire.udp(*ports, payload))


def counts(flow):
    return tuple(flow[key] for key in ("src_packets", "dst_packets", "src_bytes", "dst_bytes"))


def test_both_directions_make_one_flow():
    (flow,) = flows_of(Session().open().say(b"x" * 100).hear(b"y" * 1000).close().frames)
    assert (flow["src_address"], flow["src_port"], flow["dst_address"], flow["dst_port"]) == (
        wire.CLIENT, 50000, wire.SERVER, 3333,
    )  # fmt: skip
    assert counts(flow) == (5, 3, 5 * 40 + 100, 3 * 40 + 1000)
    assert (flow["src_payload_bytes"], flow["dst_payload_bytes"], flow["bytes_layer"]) == (100, 1000, "ip")
    assert (flow["tcp_flags"], flow["state"], flow["initiator_known"]) == (SYN | FIN | PSH | ACK, "SF", True)
    assert (flow["ts"], flow["ts_end"], flow["duration_us"]) == (
        "2023-11-14T22:13:20.000000Z", "2023-11-14T22:13:20.007000Z", 7000,
    )  # fmt: skip
    assert json.loads(flow["extra"]) == {"packets": {"first": 1, "last": 8, "count": 8}}
    assert flow["flow_id"] == "packet 1"


def test_without_a_syn_the_first_sender_comes_first_and_nobody_is_known_to_have_begun():
    (flow,) = flows_of(Session().hear(b"y").say(b"x").frames)
    assert (flow["src_address"], flow["initiator_known"], flow["notes"]) == (wire.SERVER, False, ["midstream"])
    assert "state" not in flow


def test_who_answers_a_syn_did_not_begin():
    (flow,) = flows_of(Session().put(SYN | ACK, back=True).put(ACK).say(b"x").frames)
    assert (flow["src_address"], flow["initiator_known"]) == (wire.CLIENT, True)
    session = Session().put(SYN | ACK, back=True).put(SYN, sequence=1000).put(ACK)
    (flow,) = flows_of(session.frames)
    assert (flow["src_address"], counts(flow)) == (wire.CLIENT, (2, 1, 80, 40))


def test_udp_says_not_who_began():
    (flow,) = flows_of([udp(0), udp(1, back=True)])
    assert "initiator_known" not in flow
    assert (flow["src_address"], counts(flow)) == (wire.CLIENT, (1, 1, 29, 29))


@pytest.mark.parametrize(
    ("build", "state"),
    [
        (lambda s: s.put(SYN), "S0"),
        (lambda s: s.put(SYN).put(RST | ACK, back=True), "REJ"),
        (lambda s: s.put(SYN).put(RST), "RSTOS0"),
        (lambda s: s.put(SYN).put(FIN), "SH"),
        (lambda s: s.put(SYN).put(ACK, back=True), "OTH"),
        (lambda s: s.open(), "S1"),
        (lambda s: s.open().put(FIN | ACK), "S2"),
        (lambda s: s.open().put(FIN | ACK, back=True), "S3"),
        (lambda s: s.open().close(), "SF"),
        (lambda s: s.open().put(RST).put(RST, back=True), "RSTO"),
        (lambda s: s.open().put(RST, back=True).put(RST), "RSTR"),
    ],
)
def test_states_are_named_as_zeek_names_them(build, state):
    (flow,) = flows_of(build(Session()).frames)
    assert flow["state"] == state


def test_a_new_syn_begins_a_new_flow_and_the_same_one_again_does_not():
    session = Session().open().say(b"x").close()
    session.sent[True] = 777_000
    session.open().say(b"y")
    first, second = flows_of(session.frames)
    assert (first["src_packets"] + first["dst_packets"], second["flow_id"]) == (7, "packet 8")
    again = Session().put(SYN, sequence=5).put(RST | ACK, back=True).put(SYN, sequence=5).put(RST | ACK, back=True)
    assert len(flows_of(again.frames)) == 1


def test_a_syn_in_the_middle_of_an_open_session_begins_a_new_flow():
    session = Session().open().say(b"x")
    session.put(SYN, sequence=424242)
    assert [flow["src_packets"] for flow in flows_of(session.frames)] == [3, 1]
    late = Session().say(b"x")
    late.put(SYN, sequence=9)
    assert [flow["initiator_known"] for flow in flows_of(late.frames)] == [False, True]


def test_what_trails_a_closed_session_still_belongs_to_it():
    session = Session().open().close()
    session.at += 60 * SECOND
    session.put(ACK)
    assert len(flows_of(session.frames)) == 1
    session.at += 121 * SECOND
    session.put(ACK)
    assert [flow.get("notes") for flow in flows_of(session.frames)] == [None, ["midstream"]]


@pytest.mark.parametrize(("idle", "expected"), [(120 * SECOND, 1), (120 * SECOND + 1000, 2)])
def test_udp_is_idle_after_two_minutes(idle, expected):
    assert len(flows_of([udp(0), udp(idle)])) == expected


@pytest.mark.parametrize(("idle", "expected"), [(3600 * SECOND, 1), (3600 * SECOND + 1000, 2)])
def test_tcp_is_idle_after_an_hour(idle, expected):
    session = Session().open()
    session.at = session.frames[-1][0] + idle
    assert len(flows_of(session.say(b"x").frames)) == expected


def test_a_clock_that_goes_back_is_noted_and_bounds_stay_true():
    (flow,) = flows_of([udp(SECOND), udp(0), udp(2 * SECOND)])
    assert (flow["ts"], flow["ts_end"]) == ("2023-11-14T22:13:20.000000Z", "2023-11-14T22:13:22.000000Z")
    assert flow["notes"] == ["time_went_back"]


def test_a_session_with_oneself_is_one_flow():
    frames = [packet(n, "192.0.2.1", "192.0.2.1", wire.udp(5, 5, b"x")) for n in range(3)]
    (flow,) = flows_of(frames)
    assert counts(flow) == (3, 0, 87, 0)


def test_icmp_requests_and_replies_are_one_flow_and_errors_stand_alone():
    frames = [
        packet(0, wire.CLIENT, wire.SERVER, wire.icmp(8, 0, 1), 1),
        packet(1, wire.SERVER, wire.CLIENT, wire.icmp(0, 0, 1), 1),
        packet(2, wire.CLIENT, wire.SERVER, wire.icmp(8, 0, 2), 1),
        packet(3, wire.SERVER, wire.CLIENT, wire.icmp(3, 1), 1),
        packet(4, wire.CLIENT, wire.SERVER, wire.icmp(3, 1), 1),
        (START + 5, wire.ethernet(wire.ipv6("2001:db8::1", "2001:db8::2", 58, wire.icmp(128, 0, 1)))),
        (START + 6, wire.ethernet(wire.ipv6("2001:db8::2", "2001:db8::1", 58, wire.icmp(129, 0, 1)))),
    ]
    found = [(f["icmp_type"], f["icmp_code"], f["src_packets"], f["dst_packets"]) for f in flows_of(frames)]
    assert found == [(8, 0, 1, 1), (8, 0, 1, 0), (3, 1, 1, 0), (3, 1, 1, 0), (128, 0, 1, 1)]
    assert not any("src_port" in flow for flow in flows_of(frames))


@pytest.mark.parametrize(
    ("protocol", "ports"), [(132, True), (33, True), (136, True), (47, False), (50, False), (2, False)]
)
def test_other_protocols_are_counted_by_number(protocol, ports):
    body = wire.udp(7, 9, b"x" * 8)
    flows = flows_of(
        [packet(0, wire.CLIENT, wire.SERVER, body, protocol), packet(1, wire.CLIENT, wire.SERVER, body, protocol)]
    )
    (flow,) = flows
    assert (flow["protocol"], flow["src_packets"], "src_port" in flow) == (protocol, 2, ports)


def test_fragments_are_counted_to_the_flow_of_the_first():
    whole = wire.udp(7, 9, bytes(3000))
    frames = [
        packet(0, wire.CLIENT, wire.SERVER, whole[:1480], ident=5, fragment=0x2000),
        packet(1, wire.CLIENT, wire.SERVER, whole[1480:2960], ident=5, fragment=0x2000 | 185),
        packet(2, wire.CLIENT, wire.SERVER, whole[2960:], ident=5, fragment=370),
    ]
    (flow,) = flows_of(frames)
    assert counts(flow) == (3, 0, 3 * 20 + 3008, 0)
    assert (flow["src_payload_bytes"], flow["notes"], flow["dst_port"]) == (3000, ["fragment"], 9)
    (alone,) = flows_of(frames[1:])
    assert counts(alone) == (2, 0, 2 * 20 + 3008 - 1480, 0)
    assert "dst_port" not in alone


def test_vlans_and_interfaces_tell_flows_apart():
    inner = wire.ipv4(wire.CLIENT, wire.SERVER, 17, wire.udp(7, 9, b"x"))
    flows = flows_of([(START, wire.ethernet(inner, vlans=tags)) for tags in ((), (5,), (6,), (5, 9), (5,))])
    assert [(f.get("vlan"), f["src_packets"]) for f in flows] == [(None, 1), (5, 2), (6, 1), (5, 1)]
    flows = flows_of([(START, wire.cooked_2(inner, number)) for number in (2, 3, 2)], link=276)
    assert [(json.loads(f["extra"])["interface"], f["src_packets"]) for f in flows] == [(2, 2), (3, 1)]


def test_a_transport_head_that_was_cut_is_counted_and_noted():
    frame = wire.ethernet(wire.ipv4(wire.CLIENT, wire.SERVER, 6, wire.tcp(1, 2, 3, SYN, bytes(50))))
    (flow,) = flows_of([(START, frame)], snap=40)
    assert (flow["src_port"], flow["src_bytes"], flow["notes"]) == (1, 90, ["midstream", "transport_cut"])
    assert "src_payload_bytes" not in flow
    (flow,) = flows_of([(START, frame)], snap=36)
    assert "src_port" not in flow


def test_packets_of_a_flow_are_named_up_to_a_thousand():
    (flow,) = flows_of([udp(n * 1000) for n in range(1000)])
    assert "notes" not in flow
    _, tables = golden.tables_of(Source.of_bytes(wire.pcap([udp(n * 1000) for n in range(1001)])), pcap)
    (flow,) = golden.rows_of(tables["flow"])
    assert (flow["notes"], flow["src_packets"]) == (["spans_capped"], 1001)
    assert tables["locator"].num_rows == 1000
    assert json.loads(flow["extra"])["packets"] == {"first": 1, "last": 1001, "count": 1001}


def _captured(frames, flows: Flows) -> list[Row]:
    capture, link = Capture(flows), Link(1)
    rows: list[Row] = []
    for number, (time, frame) in enumerate(frames, 1):
        rows += capture.packet(link, number, number * 100, 100, time, frame, 0, len(frame), len(frame)) or []
    return [*rows, *capture.finish()]


def _scan(count, step):
    return [packet(n * step, wire.CLIENT, f"198.51.{n // 250}.{n % 250}", wire.udp(7, 9, b"x")) for n in range(count)]


def test_the_table_is_bounded_and_the_longest_idle_go_first():
    rows = _captured(_scan(25, SECOND), Flows(_ended, limit=10))
    evicted = [row.record.number for row in rows if EVICTED in (row.values["notes"] or ())]
    assert evicted == list(range(1, len(evicted) + 1))
    assert len(rows) == 25
    assert sorted(row.record.number for row in rows) == list(range(1, 26))
    assert len(evicted) >= 15


def test_flows_that_are_idle_too_long_make_room_without_being_evicted():
    rows = _captured(_scan(25, 121 * SECOND), Flows(_ended, limit=10))
    assert len(rows) == 25
    assert not any(row.values["notes"] for row in rows)


def test_named_packets_are_bounded_over_all_flows():
    frames = [udp(n) for n in range(10)]
    (row,) = _captured(frames, Flows(_ended, spans=4))
    assert [place.number for place in row.also] == [2, 3, 4, 5]
    assert row.values["notes"] == ["spans_capped"]


def _busy(seed: int):
    """Many interleaved sessions with everything that the quick way must leave to the thorough one."""
    dice = random.Random(seed)
    sessions = [Session(client_port=50_000 + n, server_port=dice.choice([80, 443])) for n in range(8)]
    frames = []
    for step in range(400):
        session = dice.choice(sessions)
        session.at = START + step * dice.choice([1, 1000, SECOND, 40 * SECOND])
        taken = len(session.frames)
        back = dice.random() < 0.5
        flags = dice.choice([ACK] * 8 + [PSH | ACK] * 8 + [SYN, SYN | ACK, RST, FIN | ACK])
        session.put(flags, dice.choice([b"", b"z" * 700, b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"]), back=back)
        frames += session.frames[taken:]
    return frames


@pytest.mark.parametrize("seed", range(6))
def test_the_quick_way_and_the_thorough_way_agree(seed):
    frames = _busy(seed)
    _, quick = golden.tables_of(Source.of_bytes(wire.pcap(frames)), pcap)
    bare = [(time, frame[14:]) for time, frame in frames]
    _, thorough = golden.tables_of(Source.of_bytes(wire.pcap(bare, link=101)), pcap)
    assert sorted(quick) == sorted(thorough)
    places = {"offset", "length", "span_offset", "span_length"}
    for name, rows in quick.items():
        one, other = golden.rows_of(rows), golden.rows_of(thorough[name])
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            assert {k: v for k, v in left.items() if k not in places} == {
                k: v for k, v in right.items() if k not in places
            }


def test_totals_are_those_of_the_packets():
    frames = _busy(99)
    flows = flows_of(frames)
    assert sum(sum(counts(flow)[:2]) for flow in flows) == len(frames)
    assert sum(sum(counts(flow)[2:]) for flow in flows) == sum(len(frame) - 14 for _, frame in frames)


def test_sequence_numbers_wrap_around():
    session = Session()
    session.sent[True] = 0xFFFFFFF0
    line = wire.line(id=1, method="mining.subscribe", params=["miner/1.0"])
    session.open().say(line[:20]).say(line[20:])
    _, tables = golden.tables_of(Source.of_bytes(wire.pcap(session.frames)), pcap)
    (message,) = golden.rows_of(tables["application_message"])
    assert message["user_agent"] == "miner/1.0"


def test_addresses_are_written_in_their_canonical_form():
    mapped = wire.ipv6("::ffff:192.0.2.1", "2001:db8:0:0:1::0", 17, wire.udp(1, 2, b""))
    (flow,) = flows_of([(START, wire.ethernet(mapped))])
    assert (flow["src_address"], flow["dst_address"]) == ("::ffff:192.0.2.1", "2001:db8:0:0:1::")


def test_a_hostile_number_of_places_leaves_nothing_behind():
    flows = Flows(_ended, limit=50)
    inner = wire.ipv4(wire.CLIENT, wire.SERVER, 17, wire.udp(7, 9, b"x"))
    capture, link = Capture(flows), Link(276)
    for number in range(1, 300):
        frame = wire.cooked_2(inner, number)
        capture.packet(link, number, 0, 1, START + number, frame, 0, len(frame), len(frame))
    assert len(flows.open) <= 50
    assert len(flows._others) <= 100
    assert len(list(capture.finish())) == len(flows.open) or not flows.open
    assert not flows._others


def test_ports_are_read_in_network_order():
    body = pack(">HHHH", 258, 772, 8, 0)
    (flow,) = flows_of([packet(0, wire.CLIENT, wire.SERVER, body)])
    assert (flow["src_port"], flow["dst_port"]) == (258, 772)
