"""nfcapd files: flows as nfdump's collectors store them, layouts 1 (nfdump 1.6) and 2 (1.7).

Source of the format: phaag/nfdump, nffile.h of 1.6 and nffileV2.h of 1.7 (file header, blocks, compression);
`parsers.flows.nfcapd_records` has the records.

One record is one flow, one way unless the exporter counted the way back: which end opened it is not said. Times count
milliseconds from 1970 (`ts`). Headers, extension maps and what is told of exporters are structure; a file whose
statistics name failures in the exporters' sequence has a record for these, which makes a `coverage_gap`. In a
compressed block (LZO, bzip2, LZ4, zstandard) a flow has no bytes of its own; the block is parsed as a whole. Files of
layout 3 (1.8) are recognised and turned down.
"""

from __future__ import annotations

import bz2
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NamedTuple

import zstandard

from parsers.assemble import to_batch
from parsers.contract import Block, Format, Grade, Item, Record, Reject, Structure
from parsers.flows import nfcapd_records as records
from parsers.flows.lz import LzFault, lz4_block, lzo_block
from parsers.flows.nfcapd_records import BadRecord, Exporters
from parsers.source import Source

FORMAT = Format(
    name="nfcapd",
    title="nfcapd files (nfdump, binary)",
    tables=("flow", "coverage_gap"),
    signature=True,
    line_based=False,
)

LOST = "sequence_failures"
MOST_BLOCK_BYTES = 16 << 20

_MAGIC = b"\x0c\xa5"
_BLOCK = struct.Struct("<IIHH")
_NONE, _LZO, _BZ2, _LZ4, _ZSTD = range(5)
_V1_HEADER, _V1_STATISTICS = 140, 136
_V2_HEADER = 40
_NEWEST = 3
_V1_OLD_FLOWS, _V1_FLOWS, _V2_FLOWS = 1, 2, 3  # types of blocks; others hold histograms, catalogues, tables
_STATISTICS = 0x8002
_V2_STATISTICS = struct.Struct("<17QQ")


class _Header(NamedTuple):
    layout: int
    length: int
    compression: int
    encrypted: bool
    anonymised: bool


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """Grade a head by its magic, layout and what else its header may hold."""
    return Grade.STRONG if _header(head) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one `flow` row a flow, and a `coverage_gap` where statistics name failures in the sequence."""
    with source.open() as stream:
        head = stream.read(_V1_HEADER + _V1_STATISTICS)
        header = _header(head)
        if header is None or len(head) < header.length:
            if head:
                yield Reject(Record(1, 0, len(head) + _skipped(stream), None), "no header of an nfcapd file")
            return
        if header.layout == _NEWEST:
            reason = f"layout {_NEWEST}, of nfdump 1.8, is not read: nfdump can print it as JSON"
            yield Reject(Record(1, 0, len(head) + _skipped(stream), None), reason)
            return
        reading = _File(source.id, header)
        yield Structure(0, _V1_HEADER if header.layout == 1 else header.length)
        if header.layout == 1:
            yield from reading.statistics_v1(head[_V1_HEADER:])
        else:
            stream.seek(0)
            stream.read(header.length)
        yield from reading.blocks(stream, header.length)


def _header(head: bytes) -> _Header | None:
    if len(head) < _V2_HEADER or not head.startswith(_MAGIC):
        return None
    layout = int.from_bytes(head[2:4], "little")
    if layout == 1:
        flags = int.from_bytes(head[4:8], "little")
        if flags > 31 or b"\0" not in head[12:_V1_HEADER]:
            return None
        compression = _LZO if flags & 1 else _BZ2 if flags & 8 else _LZ4 if flags & 16 else _NONE
        return _Header(1, _V1_HEADER + _V1_STATISTICS, compression, encrypted=False, anonymised=bool(flags & 2))
    if layout in (2, _NEWEST) and head[16] <= _ZSTD:
        return _Header(layout, _V2_HEADER, head[16], encrypted=head[17] != 0, anonymised=False)
    return None


def _skipped(stream: BinaryIO) -> int:
    count = 0
    while more := len(stream.read(1 << 20)):
        count += more
    return count


@dataclass
class _File:
    source_id: str
    header: _Header
    known: Exporters = field(default_factory=Exporters)
    number: int = 0  # of the last record
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def statistics_v1(self, data: bytes) -> Iterator[Item]:
        """Account for the statistics behind the header."""
        first, last, ms_first, ms_last, failures = struct.unpack("<IIHHI", data[-16:])
        if failures:
            self._lost(first * 1000 + ms_first, last * 1000 + ms_last, failures, _V1_HEADER, len(data))
            yield self._taken(_V1_HEADER, len(data), len(data))
        else:
            yield Structure(_V1_HEADER, len(data))

    def blocks(self, stream: BinaryIO, at: int) -> Iterator[Item]:
        """Account for the blocks from byte `at` of the stream on."""
        while begin := stream.read(_BLOCK.size):
            if len(begin) < _BLOCK.size:
                yield self._reject(at, len(begin), "the header of a block is cut short")
                return
            _, size, kind, flags = _BLOCK.unpack(begin)
            if size > MOST_BLOCK_BYTES:
                rest = len(begin) + _skipped(stream)
                yield self._reject(at, rest, f"a block of {size} bytes (the limit is {MOST_BLOCK_BYTES})")
                return
            data = stream.read(size)
            yield from self._block(data, at, size, kind, flags)
            at += len(begin) + len(data)

    def _block(self, data: bytes, at: int, size: int, kind: int, flags: int) -> Iterator[Item]:
        whole = _BLOCK.size + len(data)
        packed = self.header.compression != _NONE and not flags & 1
        if self.header.layout == 1 and kind == _V1_OLD_FLOWS:
            yield self._reject(at, whole, "a block as nfdump wrote them before 1.6")
        elif self.header.encrypted and not flags & 2:
            yield self._reject(at, whole, "an encrypted block")
        elif packed:
            try:
                if len(data) < size:
                    raise LzFault("a block that is cut short")
                unpacked = _unpacked(data, self.header.compression)
            except (LzFault, OSError, ValueError, zstandard.ZstdError) as fault:
                yield self._reject(at, whole, f"a compressed block: {fault}")
                return
            yield from self._records(unpacked, kind, at, None)
            yield Block(at, whole, 0, len(data), _BLOCK.size, {})
        else:
            yield Structure(at, _BLOCK.size)
            yield from self._records(data, kind, at + _BLOCK.size, at + _BLOCK.size)
            if len(data) < size:
                reason = f"a block of {size} bytes that ends after {len(data)}"
                yield self._reject(at + whole, 0, reason)

    def _records(self, data: bytes, kind: int, at: int, base: int | None) -> Iterator[Item]:
        """Account for a block's content, at byte `base` of the stream unless it is decompressed."""
        if kind not in ((_V1_FLOWS,) if self.header.layout == 1 else (_V2_FLOWS,)):
            if base is not None and data:
                yield Block(base, len(data), 0, 0, len(data), {})
            return
        done = place = parsed = 0
        while place < len(data):
            size = records.header_of(data, place)[1] if place + 4 <= len(data) else 0
            fault = None
            if size < 4 or place + size > len(data):
                size, fault = len(data) - place, "a record that goes beyond its block"
            else:
                try:
                    parsed += size * self._record(data, place, size, base)
                except BadRecord as bad:
                    fault = str(bad)
            if fault is not None:
                yield from self._pending(at, base, done, place, parsed)
                done, parsed = place + size, 0
                where = (at, 0) if base is None else (base + place, size)
                yield self._reject(*where, fault)
            place += size
        yield from self._pending(at, base, done, place, parsed)

    def _pending(self, at: int, base: int | None, begin: int, end: int, parsed: int) -> Iterator[Item]:
        """Yield the rows made from bytes `begin` to `end` of a block's content."""
        if base is not None and end > begin:
            yield self._taken(base + begin, end - begin, parsed)
        elif self.rows:
            yield self._taken(at, 0, 0)

    def _taken(self, offset: int, length: int, parsed: int) -> Block:
        tables = {table: to_batch(table, rows) for table, rows in self.rows.items()}
        count = sum(len(rows) for rows in self.rows.values())
        self.rows = {}
        return Block(offset, length, count, parsed, length - parsed, tables)

    def _record(self, data: bytes, at: int, size: int, base: int | None) -> bool:
        """Read one record; tell whether it made a row."""
        kind, _ = records.header_of(data, at)
        offset = None if base is None else base + at
        length = None if base is None else size
        if kind in (records.MAP, records.EXPORTER):
            records.learn(data, at, size, kind, self.known)
            return False
        if kind == _STATISTICS and size == _V2_STATISTICS.size + 4:
            *_, first, last, failures = _V2_STATISTICS.unpack_from(data, at + 4)
            if failures:
                self._lost(first, last, failures, offset, length)
            return bool(failures)
        if kind == records.FLOW_V3:
            values = records.flow_v3(data, at, size, self.known)
        elif kind in (records.FLOW_V0, records.FLOW_V1):
            values = records.flow_v1(data, at, size, self.known, anonymised=self.header.anonymised)
        elif kind in records.NO_FLOWS:
            return False
        else:
            raise BadRecord(f"a record of type {kind}, which is not known")
        self._row("flow", offset, length, values)
        return True

    def _lost(self, first: int, last: int, failures: int, offset: int | None, length: int | None) -> None:
        values = {
            "ts": first * 1000 if 0 < first < 1 << 47 else None,
            "ts_end": last * 1000 if 0 < last < 1 << 47 else None,
            "ts_precision_us": 1000 if first else None,
            "reason": LOST,
            "text": f"{failures} sequence failures",
        }
        self._row("coverage_gap", offset, length, values)

    def _row(self, table: str, offset: int | None, length: int | None, values: dict[str, Any]) -> None:
        self.number += 1
        place = {"source_id": self.source_id, "record": self.number, "part": 0, "offset": offset, "length": length}
        self.rows.setdefault(table, []).append({**values, **place})

    def _reject(self, offset: int, length: int, reason: str) -> Reject:
        self.number += 1
        return Reject(Record(self.number, offset, length, None), reason)


def _unpacked(data: bytes, compression: int) -> bytes:
    """Decompress a block; raises where it is damaged or larger than the limit."""
    if compression == _LZO:
        return lzo_block(data, MOST_BLOCK_BYTES)
    if compression == _LZ4:
        return lz4_block(data, MOST_BLOCK_BYTES)
    if compression == _ZSTD:
        return zstandard.ZstdDecompressor().decompress(data, MOST_BLOCK_BYTES, allow_extra_data=False)
    decompressor = bz2.BZ2Decompressor()
    found = decompressor.decompress(data, MOST_BLOCK_BYTES)
    if not decompressor.eof or decompressor.unused_data:
        raise LzFault("a bzip2 stream that does not end with its block")
    return found
