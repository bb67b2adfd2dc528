"""Having every distinct source read: which format was decided, who reads it, and what it all came to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from forensics.archives import MOST_DEPTH, Opened
from forensics.case import Case
from forensics.contents import Contents, Delivery
from forensics.durable import storing
from forensics.evidence import Shelf
from forensics.ledger import Ledger, write_rows
from forensics.paths import matches
from forensics.progress import Progress
from forensics.reading import Assignment, Outcome, Part, key_of
from forensics.transaction import Transaction
from forensics.workers import Failure, Pool, Work
from parsers.assemble import Books
from parsers.streams import Measure

# in the notes of a source: the investigator named the format; the mapping it was read with
DECIDED = "format_decided"
MAPPING = "mapping:"


@dataclass(frozen=True, slots=True)
class Decision:
    """`--as FORMAT=GLOB`: what fits `pattern` (None: everything) is read as `format`, with the mapping of that name."""

    format: str
    pattern: str | None = None
    mapping: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one content: the columns of its `source` rows, rows by table, whether the books balance."""

    columns: Mapping[str, Any]
    rows: Mapping[str, int] = field(default_factory=dict)
    balanced: bool = True


@dataclass
class Reader:
    """Has the contents of one intake read and puts their parts into the act."""

    case: Case
    act: Transaction
    shelf: Shelf
    workers: Pool
    progress: Progress
    decisions: tuple[Decision, ...]
    mappings: Mapping[str, str]

    def read_all(self, contents: Contents, kept: Ledger) -> dict[str, Result]:
        """Return the result of every content delivered, by source id."""
        results = {each: self._container(each, opened) for each, opened in contents.opened.items()}
        assignments = self._assignments(contents, kept)
        self.progress.begin("reading", sum(each.size for each in assignments.values()), "bytes")
        known = {row["source_id"]: row for row in kept.sources}
        outcomes = self._run({source_id: ("read", (each,)) for source_id, each in assignments.items()}, assignments)
        ranged = {source_id: each for source_id, each in outcomes.items() if isinstance(each, Outcome) and each.ranges}
        outcomes |= self._read_ranges(ranged, assignments)
        failed = {source_id: each for source_id, each in outcomes.items() if isinstance(each, Failure)}
        outcomes |= self._quarantine(failed, assignments)
        for source_id, outcome in sorted(outcomes.items()):
            assert isinstance(outcome, Outcome)
            row = known.get(source_id)
            if outcome.is_known and row is not None:
                results[source_id] = Result({column: row[column] for column in _COLUMNS})
            else:
                self._drop_parts(row)
                results[source_id] = self._placed(outcome, assignments[source_id], failed.get(source_id))
            self.shelf.clear(Path(assignments[source_id].scratch))
        return results

    def _assignments(self, contents: Contents, kept: Ledger) -> dict[str, Assignment]:
        by_source: dict[str, list[Delivery]] = defaultdict(list)
        for delivery in contents.deliveries:
            if not contents.is_container(delivery.source_id):
                by_source[delivery.source_id].append(delivery)
        known: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in kept.sources:
            known[row["source_id"]].append(row)
        return {
            source_id: self._assignment(number, deliveries, known[source_id], contents.failures.get(source_id))
            for number, (source_id, deliveries) in enumerate(sorted(by_source.items()))
        }

    def _assignment(
        self, number: int, deliveries: list[Delivery], known: list[dict[str, Any]], failure: Failure | None
    ) -> Assignment:
        first = deliveries[0]
        places = [*((row["intake"], row["path"]) for row in known), *((each.intake, each.path) for each in deliveries)]
        decision = self._decided([each.path for each in deliveries])
        if decision is None and known:
            decision = _decided_before(known[0])
        return Assignment(
            source_id=first.source_id,
            path=str(self.shelf.place(first.source_id)),
            size=first.size,
            names=tuple(path for _, path in sorted(places)),
            scratch=str(self.act.work / f"read-{number}"),
            limit=max(each.decoded_limit for each in deliveries),
            forced=decision.format if decision else None,
            mapping=decision.mapping if decision else None,
            mappings=self.mappings,
            known=known[0]["reading"] if known else None,
            unopened=failure.reason if failure else f"it is nested deeper than {MOST_DEPTH}",
        )

    def _decided(self, paths: list[str]) -> Decision | None:
        for decision in reversed(self.decisions):
            if decision.pattern is None or any(matches(path, decision.pattern) for path in paths):
                return decision
        return None

    def _run(
        self, calls: Mapping[str, tuple[str, tuple[Any, ...]]], assignments: Mapping[str, Assignment]
    ) -> dict[str, Outcome | Failure]:
        largest_first = sorted(calls, key=lambda source_id: (-assignments[source_id].size, source_id))
        works = [
            Work(f"forensics.reading:{calls[each][0]}", calls[each][1], assignments[each].size, each)
            for each in largest_first
        ]
        return {work.tag: outcome for work, outcome in self.workers.run(works)}

    def _read_ranges(
        self, planned: Mapping[str, Outcome], assignments: Mapping[str, Assignment]
    ) -> dict[str, Outcome | Failure]:
        works = [
            Work(
                "forensics.reading:read_range", (assignments[source_id], plan, number), span.length, (source_id, number)
            )
            for source_id, plan in sorted(planned.items())
            for number, span in enumerate(plan.ranges)
        ]
        found: dict[str, dict[int, Any]] = defaultdict(dict)
        for work, outcome in self.workers.run(works):
            source_id, number = work.tag
            found[source_id][number] = outcome
        return {source_id: _joined(planned[source_id], found[source_id]) for source_id in planned}

    def _quarantine(
        self, failed: Mapping[str, Failure], assignments: Mapping[str, Assignment]
    ) -> dict[str, Outcome | Failure]:
        calls = {each: ("quarantine", (assignments[each], failure.reason)) for each, failure in failed.items()}
        outcomes = self._run(calls, assignments)
        for source_id, outcome in outcomes.items():
            if isinstance(outcome, Failure):
                outcomes[source_id] = self._sealed_only(assignments[source_id], failed[source_id].reason)
        return outcomes

    def _sealed_only(self, assignment: Assignment, reason: str) -> Outcome:
        """Not even looking at it goes well: the bytes as delivered are in quarantine, unseen."""
        row = {"source_id": assignment.source_id, "record": 1, "offset": 0, "length": assignment.size, "reason": reason}
        scratch = Path(assignment.scratch)
        part = scratch / "quarantine.parquet"
        with storing(part):
            scratch.mkdir(exist_ok=True)
            part.unlink(missing_ok=True)
            write_rows(part, "quarantine", [row])
        return Outcome(
            key=key_of(assignment.source_id, None, {}),
            status="not_recognised",
            format=None,
            format_version=None,
            candidates=(),
            codecs=(),
            stream=Measure(assignment.size, assignment.source_id, None, ()),
            name=assignment.names[0],
            books=Books(quarantined=1, bytes_quarantined=assignment.size, rows={"quarantine": 1}),
            parts=(Part("quarantine", str(part), 1),),
        )

    def _placed(self, outcome: Outcome, assignment: Assignment, failure: Failure | None) -> Result:
        for part in outcome.parts:
            with storing(Path(part.file)):
                suffix = Path(part.file).stem.removeprefix(part.table)
                self.act.put_file(f"tables/{part.table}/{outcome.key}{suffix}.parquet", Path(part.file))
        notes = [*outcome.stream.remarks, *outcome.notes, *([DECIDED] if assignment.forced else [])]
        if outcome.mapping:
            notes.append(f"{MAPPING}{outcome.mapping}")
        columns = _columns(outcome.books, outcome.stream, outcome.codecs) | {
            "format": outcome.format,
            "format_version": outcome.format_version,
            "status": outcome.status,
            "candidates": list(outcome.candidates) or None,
            "reading": outcome.key,
            "notes": notes or None,
        }
        balanced = outcome.books.stream_bytes == outcome.stream.size and (failure is None or failure.kind != "books")
        return Result(columns, outcome.books.rows, balanced)

    def _container(self, source_id: str, opened: Opened) -> Result:
        """A container's bytes are structure, but for those that are in no member."""
        stream = opened.stream
        assert stream is not None
        lost = sum(fault.length for fault in opened.faults)
        books = Books(
            quarantined=len(opened.faults),
            bytes_quarantined=lost,
            bytes_structure=stream.size - lost,
        )
        key = key_of(source_id, None, {"container": opened.kind})
        rows: dict[str, list[dict[str, Any]]] = {"quarantine": [], "coverage_gap": []}
        for record, fault in enumerate(opened.faults, 1):
            place = {"source_id": source_id, "record": record, "offset": fault.offset, "length": fault.length}
            rows["quarantine"].append(place | {"reason": fault.reason, "format": opened.kind})
            rows["coverage_gap"].append(place | {"part": 0, "reason": "archive_damaged", "text": fault.reason})
        for table, found in rows.items() if opened.faults else ():
            books.rows[table] = len(found)
            temporary = self.act.work / f"{table}.parquet"
            with storing(temporary):
                temporary.unlink(missing_ok=True)
                write_rows(temporary, table, found)
                self.act.put_file(f"tables/{table}/{key}.parquet", temporary)
        columns = _columns(books, stream, opened.codecs) | {
            "format": opened.kind,
            "format_version": None,
            "status": "container",
            "candidates": None,
            "reading": key,
            "notes": list(stream.remarks) or None,
        }
        return Result(columns, books.rows, books.stream_bytes == stream.size)

    def _drop_parts(self, row: Mapping[str, Any] | None) -> None:
        if row is not None and row["reading"]:
            for path in list(self.act.files):
                if path.startswith("tables/") and PurePosixPath(path).name.startswith(row["reading"]):
                    self.act.drop(path)


def _decided_before(row: Mapping[str, Any]) -> Decision | None:
    notes: list[str] = row["notes"] or []
    if DECIDED not in notes:
        return None
    mapping = next((note.removeprefix(MAPPING) for note in notes if note.startswith(MAPPING)), None)
    return Decision(row["format"], mapping=mapping)


_COLUMNS = (
    "stream_bytes",
    "stream_sha256",
    "codec",
    "format",
    "format_version",
    "records",
    "quarantined",
    "bytes_parsed",
    "bytes_quarantined",
    "bytes_structure",
    "rows",
    "first",
    "last",
    "status",
    "candidates",
    "reading",
    "notes",
)


def _columns(books: Books, stream: Measure, codecs: tuple[str, ...]) -> dict[str, Any]:
    evidence_rows = sum(count for table, count in books.rows.items() if table not in {"quarantine", "locator"})
    return {
        "stream_bytes": stream.size,
        "stream_sha256": stream.sha256,
        "codec": "+".join(codecs) or None,
        "records": books.records,
        "quarantined": books.quarantined,
        "bytes_parsed": books.bytes_parsed,
        "bytes_quarantined": books.bytes_quarantined,
        "bytes_structure": books.bytes_structure,
        "rows": evidence_rows,
        "first": books.first_us,
        "last": books.last_us,
    }


def _joined(plan: Outcome, found: Mapping[int, Any]) -> Outcome | Failure:
    """Put the ranges of a source together; one that failed makes the whole fail."""
    ordered = [found[number] for number in sorted(found)]
    for each in ordered:
        if isinstance(each, Failure):
            return each
    books = Books.total(books for books, _ in ordered)
    parts = tuple(part for _, some in ordered for part in some)
    return Outcome(
        key=plan.key,
        status="partly_read" if books.quarantined else plan.status,
        format=plan.format,
        format_version=plan.format_version,
        candidates=plan.candidates,
        codecs=plan.codecs,
        stream=plan.stream,
        name=plan.name,
        books=books,
        parts=parts,
    )
