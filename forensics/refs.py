"""References: `<12 or more hex digits of the source's sha256>#<record>[.<part>]`, and the bytes that they stand for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

import pyarrow.parquet as pq

from forensics import ledger
from forensics.case import Case
from forensics.errors import CheckFailed, UsageFault
from forensics.evidence import open_evidence, place_of
from forensics.ledger import Row
from forensics.workers import Work, Workers
from parsers.contract import Record
from parsers.schema import ALL_TABLES
from parsers.source import Source
from parsers.streams import MOST_BYTES, decoded

MOST_PIECE = 1 << 20
_REF = re.compile(r"([0-9a-f]{12,64})#(\d{1,18})(?:\.(\d{1,9}))?")


class Ref(NamedTuple):
    """A reference as written."""

    source: str
    record: int
    part: int | None

    def __str__(self) -> str:
        return f"{self.source[:12]}#{self.record}" + (f".{self.part}" if self.part is not None else "")


class Span(NamedTuple):
    """A byte range of the decompressed stream."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Place:
    """What a reference stands for: its source, the table and row that gave the place, and the byte ranges.

    `spans` is empty where the record has no range of its own (a row of a columnar file): `row` is then what there is.
    """

    ref: Ref
    source: Row
    table: str
    row: Row
    spans: tuple[Span, ...]

    @property
    def told(self) -> str:
        """The place in words."""
        line = f", line {self.row['line']}" if self.row.get("line") else ""
        ranges = ", ".join(f"{span.offset}+{span.length}" for span in self.spans[:3])
        more = f" and {len(self.spans) - 3} more" if len(self.spans) > 3 else ""
        where = f", bytes {ranges}{more}" if self.spans else ""
        return f"{self.ref} {self.source['path']} record {self.row['record']}{line}{where} ({self.table})"


def parse(text: str) -> Ref:
    """Read a reference; raises `UsageFault`."""
    match = _REF.fullmatch(text)
    if match is None:
        raise UsageFault(f"{text!r} is no reference", hint="such as a1b2c3d4e5f6#17, as reports print them")
    return Ref(match[1], int(match[2]), int(match[3]) if match[3] is not None else None)


def find(case: Case, ref: Ref) -> Place:
    """Find what a reference stands for; raises `UsageFault` where the case holds no such source or record."""
    source = _source(case, ref)
    parts = [path for path in case.files("tables/") if PurePosixPath(path).name.startswith(source["reading"])]
    case.check(parts)
    rows = {path.split("/")[1]: _row(case.path(path), ref, source) for path in parts}
    found = {table: row for table, row in rows.items() if row is not None}
    table = next((table for table in ALL_TABLES if table in found), None)
    if table is None:
        return _unseen(case, ref, source)
    row = found[table]
    spans = tuple(_spans(case, parts, ref._replace(part=row.get("part")), source))
    if not spans and row["offset"] is not None and row["length"] is not None:
        spans = (Span(row["offset"], row["length"]),)
    return Place(ref, source, table, row, spans)


def _unseen(case: Case, ref: Ref, source: Row) -> Place:
    """A record that made no row is found by reading the source again, in a process of its own."""
    known = source["records"] + source["quarantined"]
    if ref.record > known or ref.part or source["format"] is None:
        raise UsageFault(f"there is no record {ref.record}", where=str(ref), hint=f"the source has {known} records")
    source_id = source["source_id"]
    work = Work(
        "forensics.reading:locate",
        (str(place_of(case, source_id)), source_id, source["path"], source["format"], ref.record),
        source["stream_bytes"],
    )
    with Workers(1) as workers:
        _, found = next(workers.run([work]))
    if not isinstance(found, Record):
        raise UsageFault(f"record {ref.record} made no row", where=str(ref), hint=f"the source has {known} records")
    row = {"record": found.number, "line": found.line, "offset": found.offset, "length": found.length}
    return Place(ref, source, "no table", row, (Span(found.offset, found.length),))


def _source(case: Case, ref: Ref) -> Row:
    rows = [row for row in ledger.load(case).sources if row["source_id"].startswith(ref.source)]
    found = sorted({row["source_id"] for row in rows})
    if len(found) > 1:
        told = ", ".join(source_id[: len(ref.source) + 4] for source_id in found)
        raise UsageFault(f"more than one source begins with {ref.source}", hint=f"write one of {told}")
    if not found:
        raise UsageFault(f"the case holds no source that begins with {ref.source}", where=str(case.root))
    return min(rows, key=lambda row: (row["intake"], row["path"]))


def _row(part: Path, ref: Ref, source: Row) -> Row | None:
    if "span_record" in pq.read_schema(part).names:
        return None
    wanted = [("source_id", "=", source["source_id"]), ("record", "=", ref.record)]
    rows: list[Row] = pq.read_table(part, filters=wanted).to_pylist()
    fitting = [row for row in rows if ref.part is None or row.get("part", 0) == ref.part]
    return min(fitting, key=lambda row: row.get("part") or 0, default=None)


def _spans(case: Case, parts: list[str], ref: Ref, source: Row) -> Iterator[Span]:
    for path in parts:
        if path.split("/")[1] != "locator" or ref.part is None:
            continue
        wanted = [
            ("source_id", "=", source["source_id"]),
            ("record", "=", ref.record),
            ("part", "=", ref.part),
        ]
        rows = pq.read_table(case.path(path), filters=wanted).to_pylist()
        for row in sorted(rows, key=lambda each: each["span"]):
            yield Span(row["span_offset"], row["span_length"])


def pieces(case: Case, place: Place) -> Iterator[bytes]:
    """Yield the very bytes, in pieces; several spans are set apart by a newline where the source has lines.

    Raises `CheckFailed` where the evidence is no longer what was sealed.
    """
    source_id = place.source["source_id"]
    _check(case, source_id)
    size = place.source["bytes"]
    source = Source(source_id, "", lambda: open_evidence(case, source_id), None, size)
    stream_source = decoded(source, MOST_BYTES).source  # bounded by where the record ends
    with stream_source.open() as stream:
        at = 0
        for number, span in enumerate(sorted(place.spans)):
            if number and place.row.get("line") is not None:
                yield b"\n"
            at = _skip(stream, at, span.offset)
            left = span.length
            while left and (piece := stream.read(min(left, MOST_PIECE))):
                left -= len(piece)
                at += len(piece)
                yield piece
            if left:
                raise CheckFailed("the evidence is shorter than the record says", where=str(place.ref))


def _skip(stream: BinaryIO, at: int, to: int) -> int:
    if at > to:
        raise CheckFailed("spans overlap", where=f"byte {to}")
    try:
        stream.seek(to)
    except OSError:  # a compressed stream only goes forward
        while at < to and (piece := stream.read(min(to - at, MOST_PIECE))):
            at += len(piece)
    return to


def _check(case: Case, source_id: str) -> None:
    digest = hashlib.sha256()
    with open_evidence(case, source_id) as stream:
        while block := stream.read(MOST_PIECE):
            digest.update(block)
    if digest.hexdigest() != source_id:
        hint = "`forensics verify` tells more"
        raise CheckFailed("the evidence is not what was sealed", where=source_id, hint=hint)
