"""One direction of a TCP session, read in order as far as the capture shows it.

Only what may belong to a message that is being read is held, in one buffer of bounded size. Segments sent again are
passed over; where bytes are missing, what is held is read as a beginning and reading starts anew behind the gap. A
segment that arrives late and fills a gap is read by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from parsers.capture import http, ssh, stratum, tls
from parsers.capture.messages import Reader
from parsers.contract import Record

HELD_BYTES = 65_536
HELD_SEGMENTS = 64
# parts of a packet's record: its flow, if it is the first; what the file says was lost before it; that secrets stand
# before it; what it says itself
FLOW_PART, LOSS_PART, SECRETS_PART, FIRST_SAID = range(4)
_GAPS = 8
_HALF, _WHOLE = 1 << 31, 1 << 32

# by the first byte of a segment: may a message that we read begin here?
OPENING = bytes(byte in b"{\x16" or ord("A") <= byte <= ord("Z") for byte in range(256))
# and where a segment begins within a line: may a line of JSON begin behind it?
NEXT_LINE = b'\n{"'


def _distance(begin: int, end: int) -> int:
    """Return how far sequence number `end` lies behind `begin`; numbers wrap around."""
    return (end - begin + _HALF) % _WHOLE - _HALF


class Packet:
    """A packet that carries something worth a row."""

    __slots__ = ("_part", "record", "time")

    def __init__(self, record: Record, time: int | None) -> None:
        self.record = record
        self.time = time
        self._part = FIRST_SAID - 1

    def take_part(self) -> int:
        """Return the next free part of the packet's record."""
        self._part += 1
        return self._part


class Bounds:
    """What all sessions of a capture may hold together: bytes of unfinished messages, rows that wait for an answer."""

    __slots__ = ("bytes", "rows")

    def __init__(self, held_bytes: int = 256 << 20, rows: int = 200_000) -> None:
        self.bytes = held_bytes
        self.rows = rows


class Message(NamedTuple):
    """What was read, and the packets that carried it, in order."""

    content: Any
    packets: tuple[Packet, ...]


Choose = Callable[[bytes], Reader | None]


def by_content(buffer: bytes) -> Reader | None:
    """Return the reader of what begins here, None where nothing that we read does."""
    if buffer.startswith(tls.OPENING):
        return tls.read
    if buffer.startswith(ssh.OPENING):
        return ssh.read
    if http.opens(buffer):
        return http.read
    if stratum.opens(buffer):
        return stratum.read
    line = buffer.find(NEXT_LINE)
    return stratum.read if line >= 0 and stratum.opens(buffer[line + 1 :]) else None


def by_content_mining(buffer: bytes) -> Reader | None:
    """The same in a session that is known to carry mining: what is nothing else belongs to it."""
    return by_content(buffer) or stratum.read


class Stream:
    """One direction of one session. `next_sequence` is the number of the byte that should come next."""

    __slots__ = ("_bounds", "_buffer", "_gaps", "_lost", "_places", "_reader", "next_sequence")

    def __init__(self, sequence: int, bounds: Bounds) -> None:
        self.next_sequence = sequence
        self._bounds = bounds
        self._gaps: list[tuple[int, int]] = []  # unfilled, oldest first
        self._lost = False  # a gap is no longer waited for
        self._reader: Reader | None = None
        self._buffer = b""
        self._places: list[tuple[int, Packet]] = []

    @property
    def gapped(self) -> bool:
        """Whether bytes are missing that no segment brought later."""
        return self._lost or bool(self._gaps)

    def hear(self, sequence: int, payload: bytes, missing: int, packet: Packet, choose: Choose) -> list[Message]:
        """Take one segment and return the messages that it completes; `missing` bytes behind `payload` were cut off."""
        messages: list[Message] = []
        ahead = _distance(self.next_sequence, sequence)
        after = (sequence + len(payload) + missing) % _WHOLE
        if ahead < 0:
            if len(payload) + missing + ahead <= 0:
                return self._late(sequence, payload, missing, packet, choose)
            payload = payload[-ahead:]
        elif ahead > 0:
            messages = self.close()
            self._gaps.append((self.next_sequence, sequence))
            if len(self._gaps) > _GAPS:
                self._lost = True
                del self._gaps[0]
        self.next_sequence = after
        messages += self._read(payload, packet, choose, final=missing > 0)
        return messages

    def close(self) -> list[Message]:
        """No more bytes will come: return what is held as a message that was cut."""
        if not self._buffer or not self._reader:
            return []
        heard = self._reader(self._buffer, final=True)
        messages = [Message(found.content, self._carriers(found.begin, found.end)) for found in heard.found]
        self._forget(len(self._buffer))
        return messages

    def _read(self, payload: bytes, packet: Packet, choose: Choose, *, final: bool) -> list[Message]:
        self._places.append((len(self._buffer), packet))
        self._buffer += payload
        self._bounds.bytes -= len(payload)
        messages = []
        final = final or len(self._buffer) > HELD_BYTES or len(self._places) > HELD_SEGMENTS or self._bounds.bytes < 0
        while self._buffer:
            self._reader = self._reader or choose(self._buffer)
            if not self._reader:
                break
            heard = self._reader(self._buffer, final=final)
            messages += [Message(found.content, self._carriers(found.begin, found.end)) for found in heard.found]
            reader = self._reader
            self._forget(heard.used)
            if heard.waiting:
                self._reader = reader
                return messages
        self._forget(len(self._buffer))
        return messages

    def _late(self, sequence: int, payload: bytes, missing: int, packet: Packet, choose: Choose) -> list[Message]:
        for number, (begin, end) in enumerate(self._gaps):
            into = _distance(begin, sequence)
            if 0 <= into < _distance(begin, end):
                after = (sequence + len(payload) + missing) % _WHOLE
                left = [(begin, sequence), (after, end)]
                self._gaps[number : number + 1] = [gap for gap in left if _distance(*gap) > 0]
                return Stream(sequence, self._bounds)._read(payload, packet, choose, final=True)  # noqa: SLF001
        return []

    def _carriers(self, begin: int, end: int) -> tuple[Packet, ...]:
        """Return the packets that carried the bytes from `begin` to `end` of the buffer."""
        starts = [place for place, _ in self._places] + [len(self._buffer)]
        return tuple(
            packet for number, (at, packet) in enumerate(self._places) if at < end and starts[number + 1] > begin
        )

    def _forget(self, used: int) -> None:
        """Drop bytes that are done with, and the packets that carried nothing else."""
        self._reader = None
        self._bounds.bytes += min(used, len(self._buffer))
        self._buffer = self._buffer[used:]
        if not self._buffer:
            self._places = []
            return
        starts = [place for place, _ in self._places] + [used + len(self._buffer)]
        self._places = [
            (max(at - used, 0), packet) for number, (at, packet) in enumerate(self._places) if starts[number + 1] > used
        ]
