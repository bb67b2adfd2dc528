"""Reading one source into parts of Parquet; runs in a worker and knows nothing of the case but a scratch folder.

A source is read in one go, or, where it is large and its format offers ranges, range by range: `read` then returns the
ranges and `read_range` reads one. What does not decode, what no parser knows and what a parser could not read ends in
quarantine; the books say what became of every byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from forensics import canonical, mappings
from forensics.archives import container_of
from forensics.ledger import batch_of
from forensics.originals import open_original
from parsers.assemble import Books, Reading
from parsers.codecs import Damage
from parsers.contract import HEAD_BYTES, RANGE_BYTES, Format, Grade, Parsed, Range, Record, Reject, is_ranged
from parsers.formats import Recognition, head_of, parser_of, recognise_head
from parsers.schema import ALL_TABLES
from parsers.source import Source
from parsers.streams import MOST_BYTES, Decoding, Measure, decoded
from parsers.tables import PartWriter

SPOOL_BYTES = 2 << 30
SPOOL = "stream"
KEY_DIGITS = 32
UNKNOWN = "no parser knows it"
SEARCHED_IN_PART = "searched_in_part"  # in the notes of a source too large to be searched for addresses as a whole
_SUFFIXES = (".gz", ".zst", ".xz", ".bz2")


@dataclass(frozen=True, slots=True)
class Assignment:
    """One source to read. `names` are its paths as delivered, in order; `known` the key under which it was read before.

    `limit` bounds what its compression may decode to, `forced` names the format where the investigator decided it and
    `mapping` the one of `mappings` (text by name) to read it with; without, those that claim it of themselves apply.
    `unopened` says why an archive comes here at all.
    """

    source_id: str
    path: str
    size: int
    names: tuple[str, ...]
    scratch: str
    limit: int | None = None
    forced: str | None = None
    mapping: str | None = None
    mappings: Mapping[str, str] = field(default_factory=dict)
    known: str | None = None
    unopened: str = "nested too deep"


class Part(NamedTuple):
    """One finished Parquet file in the scratch folder."""

    table: str
    file: str
    rows: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a source. `key` names its parts in the case; `is_known`: the parts are there already.

    With `ranges` only the ground is prepared: each range is still to be read, from `stream_path`.
    """

    key: str
    status: str
    format: str | None
    format_version: int | None
    candidates: tuple[str, ...]
    codecs: tuple[str, ...]
    stream: Measure
    name: str
    mapping: str | None = None
    container: str | None = None
    notes: tuple[str, ...] = ()
    books: Books = field(default_factory=Books)
    parts: tuple[Part, ...] = ()
    is_known: bool = False
    ranges: tuple[Range, ...] = ()
    stream_path: str | None = None


Tell = Callable[[int], None]


def read(assignment: Assignment, tell: Tell) -> Outcome:
    """Read a source, or find that it is known or to be read in ranges."""
    prepared = _prepare(assignment)
    outcome, source = prepared.outcome, prepared.source
    if outcome.key == assignment.known:
        return replace(outcome, is_known=True)
    parts = _Parts(Path(assignment.scratch))
    parser = parser_of(outcome.format) if outcome.format else None
    if parser is None:
        books = _quarantined(parts, source, outcome, assignment)
        outcome = _searched(outcome)
        tell(assignment.size)
    elif is_ranged(parser) and source.path is not None and (source.size or 0) > RANGE_BYTES:
        ranges = tuple(parser.ranges(source))
        return replace(outcome, ranges=ranges, stream_path=str(source.path))
    else:
        books = _read_all(parts, Reading(source, parser), tell, assignment.size / (source.size or 1))
        _note_damage(parts, source, parser.FORMAT, outcome.stream.damage, books, books.records + books.quarantined)
    _clear_spool(assignment)
    return replace(outcome, status=_status(outcome, books), books=books, parts=parts.finish())


def read_range(assignment: Assignment, outcome: Outcome, number: int, tell: Tell) -> tuple[Books, tuple[Part, ...]]:
    """Read one of the ranges that `read` returned; the last one also tells of damage."""
    span = outcome.ranges[number]
    path = Path(outcome.stream_path or "")
    settings = mapping_settings(assignment, outcome.mapping)
    size = outcome.stream.size
    source = Source(assignment.source_id, outcome.name, lambda: open_original(path), path, size, settings)
    parser = parser_of(outcome.format or "")
    parts = _Parts(Path(assignment.scratch), f"-{number:04d}")
    books = _read_all(parts, Reading(source, parser, span=span), tell)
    if number == len(outcome.ranges) - 1:
        last = span.records + books.records + books.quarantined
        _note_damage(parts, source, parser.FORMAT, outcome.stream.damage, books, last)
    return books, parts.finish()


def quarantine(assignment: Assignment, reason: str, tell: Tell) -> Outcome:
    """Put a source into quarantine as a whole, for a reason that reading it gave."""
    prepared = _prepare(assignment)
    parts = _Parts(Path(assignment.scratch))
    books = _quarantined(parts, prepared.source, prepared.outcome, assignment, reason)
    tell(assignment.size)
    _clear_spool(assignment)
    return replace(_searched(prepared.outcome), status="partly_read", books=books, parts=parts.finish())


def locate(path: str, source_id: str, name: str, fmt: str, number: int, tell: Tell) -> Record | None:
    """Find a record that made no row by reading its source again, up to it; None inside a block."""
    tell(0)
    delivered = Source(source_id, "", lambda: open_original(path), Path(path), Path(path).stat().st_size)
    decoding = decoded(delivered, MOST_BYTES)
    source = replace(decoding.source, name=name_behind(name, decoding.codecs))
    for item in parser_of(fmt).read(source):
        if isinstance(item, Parsed | Reject) and item.record.number == number:
            return item.record
    return None


def key_of(source_id: str, fmt: Format | None, settings: Mapping[str, Any]) -> str:
    """Name the parts of a source: by content, format, version, the tables' columns and the settings."""
    tables = () if fmt is None else (*fmt.tables, "locator", "quarantine")
    columns = [[table, ALL_TABLES[table].to_string()] for table in tables]
    ground = [source_id, fmt and [fmt.name, fmt.version], columns, dict(settings)]
    return canonical.digest(ground)[:KEY_DIGITS]


def name_behind(path: str, codecs: tuple[str, ...]) -> str:
    """The path as delivered without the suffixes of compression."""
    for _ in codecs:
        for suffix in _SUFFIXES:
            path = path.removesuffix(suffix)
    return path


class _Prepared(NamedTuple):
    source: Source
    outcome: Outcome


def _prepare(assignment: Assignment) -> _Prepared:
    Path(assignment.scratch).mkdir(exist_ok=True)
    path = Path(assignment.path)
    delivered = Source(assignment.source_id, "", lambda: open_original(path), path, assignment.size)
    decoding = decoded(delivered, assignment.limit)
    source, measure = _spooled(decoding, assignment)
    head = head_of(source)
    names = tuple(name_behind(name, decoding.codecs) for name in assignment.names)
    mapping = assignment.mapping
    if assignment.forced is None:
        claims = (mappings.fitting(assignment.mappings, name, head) for name in names)
        mapping = next((claim for claim in claims if claim), None)
    forced = mappings.format_of(assignment.mappings[mapping]) if mapping else assignment.forced
    container = container_of(head)
    name, found = _recognised(head, names, forced)
    if container and forced is None:  # what lies in an archive is not the archive's
        found = Recognition(None, found.candidates, ambiguous=False)
    fmt = parser_of(found.chosen).FORMAT if found.chosen else None
    settings = mapping_settings(assignment, mapping)
    empty = measure.size == 0 and measure.damage is None
    outcome = Outcome(
        key=key_of(assignment.source_id, fmt, settings),
        status="empty" if empty else "read" if fmt else "ambiguous" if found.ambiguous else "not_recognised",
        format=fmt.name if fmt else None,
        format_version=fmt.version if fmt else None,
        candidates=tuple(f"{candidate}:{grade.name.lower()}" for candidate, grade in found.candidates),
        codecs=decoding.codecs,
        stream=measure,
        name=name,
        mapping=mapping,
        container=container,
    )
    return _Prepared(replace(source, name=name, settings=settings), outcome)


def mapping_settings(assignment: Assignment, mapping: str | None) -> Mapping[str, Any]:
    """The settings of a source that is read with the mapping of that name."""
    return mappings.settings_of(assignment.mappings[mapping]) if mapping else {}


def _spooled(decoding: Decoding, assignment: Assignment) -> tuple[Source, Measure]:
    """Decode once: count and hash the stream, and keep it as a plain file unless it is very large."""
    if not decoding.codecs:
        return decoding.source, Measure(assignment.size, assignment.source_id, None, ())
    spool = Path(assignment.scratch) / SPOOL
    with spool.open("wb") as file:
        measure = decoding.measure(lambda block: file.write(block) if file.tell() < SPOOL_BYTES else 0)
    if spool.stat().st_size < measure.size:
        spool.unlink()
        return replace(decoding.source, size=measure.size), measure
    return replace(decoding.source, open=lambda: open_original(spool), path=spool, size=measure.size), measure


def _clear_spool(assignment: Assignment) -> None:
    (Path(assignment.scratch) / SPOOL).unlink(missing_ok=True)


def _recognised(head: bytes, names: tuple[str, ...], forced: str | None) -> tuple[str, Recognition]:
    """Recognise under every name; the best grade decides, then the order of the names."""
    if forced is not None:
        return names[0], Recognition(forced, ((forced, Grade.STRONG),), ambiguous=False)
    found = [(name, recognise_head(head, name)) for name in names]
    chosen = [(name, each) for name, each in found if each.chosen]
    return max(chosen, key=lambda each: each[1].candidates[0][1]) if chosen else found[0]


def _read_all(parts: _Parts, reading: Reading, tell: Tell, share: float = 1.0) -> Books:
    """`share` is how many delivered bytes a byte of the stream stands for."""
    told = 0
    for table, batch in reading.batches():
        parts.write(table, batch)
        now = int(reading.books.stream_bytes * share)
        tell(now - told)
        told = now
    tell(int(reading.books.stream_bytes * share) - told)
    return reading.books


def _quarantined(
    parts: _Parts, source: Source, outcome: Outcome, assignment: Assignment, reason: str | None = None
) -> Books:
    size = outcome.stream.size
    books = Books(quarantined=1 if size else 0, bytes_quarantined=size)
    if size:
        claims = ", ".join(claim.partition(":")[0] for claim in outcome.candidates)
        told = UNKNOWN
        if reason:
            told = reason
        elif outcome.container:
            told = f"a {outcome.container} archive that was not opened: {assignment.unopened}"
        elif outcome.status == "ambiguous":
            told = f"more than one format claims it: {claims}"
        parts.row("quarantine", _place(source.id, 1, 0, size) | {"reason": told, "format": outcome.format}, books)
        for row in _raw_observables(source):
            parts.row("raw_observable", row, books)
    _note_damage(parts, source, None, outcome.stream.damage, books, books.quarantined)
    return books


def _note_damage(
    parts: _Parts, source: Source, fmt: Format | None, damage: Damage | None, books: Books, last_record: int
) -> None:
    """A damaged stream ends in a quarantine row of no bytes behind the last record, and in a gap."""
    if damage is None:
        return
    place = _place(source.id, last_record + 1, source.size or 0, 0)
    told = f"{damage.reason} (byte {damage.at} of the compressed data)"
    books.quarantined += 1
    parts.row("quarantine", place | {"reason": told, "format": fmt.name if fmt else None}, books)
    if damage.kind != "trailing":
        gap = {"part": 0, "reason": f"stream_{damage.kind}", "text": told}
        parts.row("coverage_gap", place | gap, books)


def _searched(outcome: Outcome) -> Outcome:
    from parsers.dissect.observables import MAX_RAW

    return replace(outcome, notes=(SEARCHED_IN_PART,)) if outcome.stream.size > MAX_RAW else outcome


def _raw_observables(source: Source) -> Iterator[dict[str, Any]]:
    """Addresses, names and wallets in the first bytes of a source that no parser read; lines are told for text."""
    from parsers.dissect.observables import MAX_RAW, find_raw  # few sources need it

    with source.open() as stream:
        data = stream.read(MAX_RAW)
    is_text = b"\0" not in data[:HEAD_BYTES]
    line, at = 1, 0
    for part, found in enumerate(find_raw(data)):
        line, at = line + data.count(b"\n", at, found.offset), found.offset
        place = {"source_id": source.id, "record": 1, "part": part, "line": line if is_text else None}
        yield place | found._asdict()


def _place(source_id: str, record: int, offset: int, length: int) -> dict[str, Any]:
    return {"source_id": source_id, "record": record, "line": None, "offset": offset, "length": length}


def _status(outcome: Outcome, books: Books) -> str:
    return "partly_read" if outcome.status == "read" and books.quarantined else outcome.status


class _Parts:
    """The Parquet files of one source or range, one a table, opened when the first row comes."""

    def __init__(self, folder: Path, suffix: str = "") -> None:
        self._folder = folder
        self._suffix = suffix
        self._writers: dict[str, PartWriter] = {}

    def write(self, table: str, batch: pa.RecordBatch) -> None:
        if table not in self._writers:
            self._writers[table] = PartWriter(self._folder / f"{table}{self._suffix}.parquet", table)
        self._writers[table].write(batch)

    def row(self, table: str, row: dict[str, Any], books: Books) -> None:
        self.write(table, batch_of(table, [row]))
        books.rows[table] = books.rows.get(table, 0) + 1

    def finish(self) -> tuple[Part, ...]:
        for writer in self._writers.values():
            writer.close()
        return tuple(Part(table, str(writer.path), writer.rows) for table, writer in sorted(self._writers.items()))
