"""Damage and malice: whatever happens to the bytes, reading goes on, books balance, and what is far stays the same."""

from __future__ import annotations

import time

import golden
import wire
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parsers.capture import pcap, pcapng
from parsers.source import Source

QUIET = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
READERS = {
    "session": (pcap, wire.session_capture()),
    "cut": (pcap, wire.cut_capture()),
    "sections": (pcapng, wire.sections_capture()),
}


def read(parser, data: bytes):
    source = Source.of_bytes(data)
    books, tables = golden.tables_of(source, parser)
    assert books.stream_bytes == len(data)
    for rows in tables.values():
        rows.validate(full=True)
    for row in golden.rows_of(tables["quarantine"]) if "quarantine" in tables else []:
        assert not row["reason"].startswith("the parser stopped"), row["reason"]
    return books, {name: golden.rows_of(rows) for name, rows in tables.items()}


@QUIET
@given(
    st.sampled_from(sorted(READERS)),
    st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_changed_bytes_are_survived(name, changes):
    parser, data = READERS[name]
    copy = bytearray(data)
    for at, value in changes:
        copy[at % len(copy)] = value
    read(parser, bytes(copy))


@QUIET
@given(st.sampled_from(sorted(READERS)), st.integers(0, 4000), st.integers(0, 4000), st.binary(max_size=60))
def test_lost_and_inserted_bytes_are_survived(name, begin, length, noise):
    parser, data = READERS[name]
    begin %= len(data)
    read(parser, data[:begin] + noise + data[begin + length :])


@QUIET
@given(st.sampled_from(sorted(READERS)), st.integers(0, 4000))
def test_a_cut_costs_nothing_before_it(name, size):
    parser, data = READERS[name]
    kept = data[: size % len(data)]
    books, _ = read(parser, kept)
    whole, _ = read(parser, data)
    assert books.records <= whole.records
    assert books.quarantined <= whole.quarantined + 1


@QUIET
@given(st.integers(0, 2000), st.integers(0, 255))
def test_rows_before_the_damage_are_unchanged(at, value):
    """Every message that was complete before the damaged packet is read as before."""
    data = wire.session_capture()
    at = 24 + at % (len(data) - 24)
    copy = bytearray(data)
    copy[at] = value
    _, whole = read(pcap, data)
    _, damaged = read(pcap, bytes(copy))
    ends = {}
    for span in whole["locator"]:
        key = (span["record"], span["part"])
        ends[key] = max(ends.get(key, 0), span["span_offset"] + span["span_length"])
    for table in ("application_message", "name_lookup"):
        for row in whole[table]:
            end = ends.get((row["record"], row["part"]), row["offset"] + row["length"])
            # what still waited for an answer may get another one
            if end <= at and row.get("method") != "keepalived" and row.get("kind") != "dns_query":
                assert row in damaged[table]


@QUIET
@given(
    st.lists(st.binary(max_size=90), max_size=12), st.sampled_from([0, 1, 12, 101, 113, 276, 147]), st.integers(1, 100)
)
def test_any_frames_are_survived(frames, link, snap):
    timed = [(wire.START + number, frame) for number, frame in enumerate(frames)]
    read(pcap, wire.pcap(timed, link=link, snap=snap))


@QUIET
@given(st.binary(max_size=300))
def test_any_bytes_behind_a_header_are_survived(noise):
    read(pcap, wire.pcap([]) + noise)
    read(pcapng, wire.section() + wire.interface() + noise)
    read(pcapng, noise)


def test_a_flood_of_small_things_takes_linear_time():
    session = wire.Session().open()
    session.say(b'{"id":1,"method":"x","a":' + b"{}" * 600 + b"}\n")
    for _ in range(300):
        session.say(b"{}" * 700)
    for _ in range(60):
        session.say(b'{"method":"mining.notify","params":[' + b'{"a":[' * 100 + b"}")
    begin = time.process_time()
    read(pcap, wire.pcap(session.frames))
    assert time.process_time() - begin < 10
