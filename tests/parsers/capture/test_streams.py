"""One direction of a session: pieces put together, sent again, missing, late, and never without bound."""

from __future__ import annotations

import wire
from hypothesis import given
from hypothesis import strategies as st

from parsers.capture import dns, http, ssh, stratum, tls
from parsers.capture.messages import Unread
from parsers.capture.streams import (
    HELD_BYTES,
    HELD_SEGMENTS,
    Bounds,
    Packet,
    Stream,
    by_content,
    by_content_mining,
)
from parsers.contract import Record

FIRST = wire.line(id=1, method="mining.subscribe", params=["miner/1.0"])
SECOND = wire.line(id=2, method="mining.authorize", params=["account.rig", "x"])


class Fed:
    """A stream fed with segments; `heard` keeps the method of each message and the numbers of its packets."""

    def __init__(self, start: int = 100, choose=by_content_mining, bounds: Bounds | None = None) -> None:
        self.bounds = bounds or Bounds()
        self.stream = Stream(start, self.bounds)
        self.choose = choose
        self.number = 0
        self.heard: list[tuple] = []

    def put(self, sequence: int, payload: bytes, missing: int = 0) -> Fed:
        self.number += 1
        packet = Packet(Record(self.number, 0, 0, None), None)
        self._keep(self.stream.hear(sequence, payload, missing, packet, self.choose))
        return self

    def close(self) -> Fed:
        self._keep(self.stream.close())
        return self

    def _keep(self, messages) -> None:
        for message in messages:
            content = message.content
            name = content.method if isinstance(content, stratum.Line) else type(content).__name__
            cut = getattr(content, "cut", None)
            self.heard.append((name, [packet.record.number for packet in message.packets], cut))


def test_lines_of_one_segment_are_told_apart():
    fed = Fed().put(100, FIRST + SECOND)
    assert fed.heard == [("mining.subscribe", [1], False), ("mining.authorize", [1], False)]
    assert not fed.stream.gapped


def test_a_line_over_three_segments_names_all_three():
    fed = (
        Fed()
        .put(100, FIRST[:10])
        .put(110, FIRST[10:20])
        .put(120, FIRST[20:] + SECOND[:5])
        .put(115 + len(FIRST) - 10, b"")
    )
    assert fed.heard == [("mining.subscribe", [1, 2, 3], False)]


def test_an_object_needs_no_newline():
    fed = Fed().put(100, FIRST.rstrip()).put(100 + len(FIRST) - 1, SECOND.rstrip() + FIRST.rstrip())
    assert [name for name, *_ in fed.heard] == ["mining.subscribe", "mining.authorize", "mining.subscribe"]


def test_what_is_sent_again_is_heard_once():
    fed = Fed().put(100, FIRST).put(100, FIRST).put(100, FIRST + SECOND)
    assert fed.heard == [("mining.subscribe", [1], False), ("mining.authorize", [3], False)]


def test_a_gap_ends_what_was_begun_and_reading_starts_anew():
    after = 100 + len(FIRST)
    fed = Fed().put(100, FIRST[:45]).put(after, SECOND)
    assert [(name, cut) for name, _, cut in fed.heard] == [("mining.subscribe", True), ("mining.authorize", False)]
    assert fed.stream.gapped


def test_a_segment_that_is_late_is_heard_by_itself_and_fills_the_gap():
    after = 100 + len(FIRST)
    fed = Fed().put(100, FIRST).put(after + len(SECOND), FIRST)
    assert fed.stream.gapped
    fed.put(after, SECOND).put(after, SECOND)
    assert [(name, packets) for name, packets, _ in fed.heard] == [
        ("mining.subscribe", [1]),
        ("mining.subscribe", [2]),
        ("mining.authorize", [3]),
    ]
    assert not fed.stream.gapped


def test_a_gap_that_is_filled_in_part_stays_one():
    fed = Fed().put(100, FIRST).put(5000, FIRST).put(2000, SECOND)
    assert len(fed.heard) == 3
    assert fed.stream.gapped


def test_gaps_that_are_no_longer_waited_for_are_remembered():
    fed = Fed(0).put(0, FIRST)
    for number in range(1, 12):
        fed.put(number * 1000, FIRST)
    assert fed.stream.gapped
    assert len(fed.stream._gaps) == 8


def test_a_cut_segment_is_read_as_far_as_it_goes():
    fed = Fed().put(100, FIRST[:45], missing=len(FIRST) - 45).put(100 + len(FIRST), SECOND)
    assert [(name, cut) for name, _, cut in fed.heard] == [("mining.subscribe", True), ("mining.authorize", False)]
    assert not fed.stream.gapped


def test_the_tail_of_an_unseen_line_is_passed_over():
    fed = Fed(choose=by_content).put(100, b'nonce":"00"}}\n' + SECOND)
    assert [name for name, *_ in fed.heard] == ["Unread", "mining.authorize"]


def test_what_is_held_is_bounded_in_bytes():
    fed = Fed().put(100, b'{"id":1,"method":"mining.notify","params":["' + b"a" * HELD_BYTES)
    assert [(name, cut) for name, _, cut in fed.heard] == [("mining.notify", True)]
    assert fed.stream._buffer == b""


def test_what_is_held_is_bounded_in_segments():
    fed = Fed()
    for at in range(HELD_SEGMENTS + 1):
        fed.put(100 + at, FIRST[at : at + 1] if at < 20 else b" ")
    assert len(fed.heard) == 1
    assert fed.stream._places == []


def test_what_is_held_is_bounded_over_all_sessions():
    bounds = Bounds(held_bytes=30)
    one, other = Fed(bounds=bounds).put(100, FIRST[:25]), Fed(bounds=bounds).put(100, FIRST[:25])
    assert (len(one.heard), len(other.heard)) == (0, 1)
    one.close()
    other.close()
    assert bounds.bytes == 30


def test_a_number_that_leaps_or_falls_far_is_a_gap_and_not_a_loop():
    fed = Fed().put(100, FIRST).put(0x7FFFFFFF, SECOND).put(0xFFFFFFF0, FIRST).put(5, SECOND)
    assert len(fed.heard) >= 3


READERS = (stratum.read, http.read, tls.read, ssh.read, dns.read_stream)
BEGINNINGS = st.sampled_from(
    [
        b"",
        b"{",
        FIRST,
        b"GET / HTTP/1.1\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"SSH-2.0-x\r\n",
        wire.hello("a.example"),
        b"\0\x0c",
    ]
)


@given(st.sampled_from(READERS), BEGINNINGS, st.binary(max_size=300), st.booleans())
def test_readers_use_what_they_take(reader, beginning, noise, final):
    buffer = beginning + noise
    if not buffer:
        return
    heard = reader(buffer, final=final)
    assert 0 <= heard.used <= len(buffer)
    assert heard.waiting or heard.used > 0
    if final:
        assert not heard.waiting
    for found in heard.found:
        assert 0 <= found.begin <= found.end <= len(buffer)


@given(st.lists(st.integers(min_value=1, max_value=40), max_size=30), st.sampled_from([by_content, by_content_mining]))
def test_however_a_stream_is_cut_into_segments_it_says_the_same(sizes, choose):
    data = FIRST + SECOND + FIRST + b'{"id":9,"result":true,"error":null}\n'
    fed = Fed(choose=choose)
    at = 0
    for size in [*sizes, len(data)]:
        if at < len(data):
            fed.put(100 + at, data[at : at + size])
            at += size
    names = [name for name, *_ in fed.close().heard if name != "Unread"]
    if choose is by_content_mining:
        assert names == ["mining.subscribe", "mining.authorize", "mining.subscribe", None]


def test_unread_is_said_of_lines_that_are_not_mining():
    heard = stratum.read(wire.line(level="info", msg="x") * 3, final=False)
    assert [type(found.content) for found in heard.found] == [Unread] * 3
