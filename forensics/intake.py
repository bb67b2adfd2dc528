"""Taking evidence into a case: walk, seal, open archives, read every distinct source once, keep the ledger.

The same deliveries give the same content whatever the number of workers, the order in which they finish, or the folder
that the case is in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from forensics import hashlists, ledger, mappings
from forensics.case import Case
from forensics.contents import Contents, Delivery, open_all, refusal, with_expected
from forensics.errors import UsageFault
from forensics.evidence import Shelf
from forensics.hashlists import Comparison
from forensics.ledger import Ledger
from forensics.originals import Refused
from forensics.progress import SILENT, Progress
from forensics.readings import Decision, Reader, Result
from forensics.sealing import seal
from forensics.spark import session
from forensics.transaction import Transaction
from forensics.walk import Found, walk
from forensics.workers import Pool, Workers
from parsers import formats

TOLD_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Options:
    """How to take evidence in. Of `decisions` (`--as`) the last that fits a path decides.

    With `spark`, the master of a Spark session, its executors read; else `workers` processes of this machine.
    """

    in_place: bool = False
    decisions: tuple[Decision, ...] = ()
    mappings: tuple[Path, ...] = ()
    hashes: Path | None = None
    workers: int = 2
    spark: str | None = None


@dataclass
class Summary:
    """What an intake did: the new rows of `source` and `refusal`, and how hashes compared."""

    intakes: list[int] = field(default_factory=list)
    sources: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[dict[str, Any]] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    comparison: Comparison | None = None
    unbalanced: list[str] = field(default_factory=list)

    def count(self, *states: str) -> int:
        """How many deliveries ended in one of `states`."""
        return sum(row["status"] in states for row in self.sources)

    @property
    def quarantined(self) -> int:
        """Records and ranges that could not be read, over distinct sources."""
        return sum({row["source_id"]: row["quarantined"] for row in self.sources}.values())

    @property
    def all_read(self) -> bool:
        """Whether everything was taken and read whole."""
        return not self.refusals and not self.count("partly_read", "not_recognised", "ambiguous")

    def told(self) -> dict[str, Any]:
        """The summary as custody and `--json` have it."""
        states = sorted({row["status"] for row in self.sources})
        told: dict[str, Any] = {
            "intakes": self.intakes,
            "deliveries": len(self.sources),
            "distinct": len({row["source_id"] for row in self.sources}),
            "bytes": sum(row["bytes"] for row in self.sources if row["container_id"] is None),
            "status": {state: self.count(state) for state in states},
            "quarantined": self.quarantined,
            "refused": len(self.refusals),
            "rows": dict(sorted(self.rows.items())),
        }
        if self.comparison is not None:
            told["hashes"] = {
                "matching": len(self.comparison.matching),
                "mismatched": self.comparison.mismatched,
                "missing": self.comparison.missing,
                "extra": len(self.comparison.extra),
            }
        return told


def ingest(
    case: Case, paths: Iterable[Path], options: Options = Options(), progress: Progress = SILENT, **told: Any
) -> Summary:
    """Take files and folders in as one act; `told` goes into custody's first entry.

    Raises `UsageFault` before anything is written where an argument is wrong, `CaseBusy`, `StorageFault`.
    """
    given = list(paths)
    index = hashlists.Index(hashlists.load(options.hashes)) if options.hashes else None
    new = dict(mappings.load(path) for path in options.mappings)
    decisions = _checked(options.decisions, new)
    listed = [(path, walk(path, case.root)) for path in given]
    if options.spark is not None:
        session.check()
        told["engine"] = "spark"
    with case.writing("ingest", paths=[str(path.absolute()) for path in given], **told) as act:
        known = mappings.of_case(case) | new
        for name, text in new.items():
            mappings.keep(act, name, text)
        return _Intake(case, act, replace(options, decisions=decisions), progress, index, known).run(listed)


def _checked(decisions: tuple[Decision, ...], given: Mapping[str, str]) -> tuple[Decision, ...]:
    """Check that formats exist, and give a mapped format the one mapping that was given for it."""
    checked = []
    for decision in decisions:
        formats.parser_of(decision.format)
        fitting = [name for name, text in given.items() if mappings.format_of(text) == decision.format]
        if decision.format in mappings.FORMATS.values() and len(fitting) != 1:
            raise UsageFault(f"{decision.format} needs one mapping file", hint="give it with --mapping")
        checked.append(replace(decision, mapping=fitting[0] if fitting else None))
    used = {decision.mapping for decision in checked}
    for name, text in given.items():
        if name not in used and not mappings.applies_of_itself(text):
            hint = f"add a [match] section, or say --as {mappings.format_of(text)}=GLOB"
            raise UsageFault("the mapping does not say which files it is for", hint=hint)
    return tuple(checked)


class _Intake:
    def __init__(
        self,
        case: Case,
        act: Transaction,
        options: Options,
        progress: Progress,
        index: hashlists.Index | None,
        known_mappings: Mapping[str, str],
    ) -> None:
        self.mappings = known_mappings
        self.case = case
        self.act = act
        self.options = options
        self.progress = progress
        self.index = index
        self.shelf = Shelf(case, act)
        self.summary = Summary()
        self.delivered: dict[str, Mapping[str, str]] = {}
        self.refusals: list[dict[str, Any]] = []

    def run(self, listed: list[tuple[Path, list[Found]]]) -> Summary:
        kept = ledger.load(self.case)
        given: list[Delivery] = []
        self.progress.begin("sealing", sum(each.size for _, found in listed for each in found), "bytes")
        for number, (_, found) in enumerate(listed, kept.last_intake + 1):
            self.summary.intakes.append(number)
            given.extend(self._sealed(number, found))
        if self.index is not None:
            self.summary.comparison = hashlists.compare(self.index, self.delivered)
            given = with_expected(given, self._expected(given))
        with self._workers() as workers:
            contents = open_all(given, self.act, self.shelf, workers, self.progress)
            decisions = self.options.decisions
            reader = Reader(self.case, self.act, self.shelf, workers, self.progress, decisions, self.mappings)
            results = reader.read_all(contents, kept)
        self._keep(kept, contents, results)
        return self.summary

    @contextmanager
    def _workers(self) -> Iterator[Pool]:
        if self.options.spark is None:
            with Workers(self.options.workers, self.progress) as workers:
                yield workers
            return
        from forensics.spark.workers import SparkWorkers

        with session.session(self.act.work, self.options.spark) as spark:
            yield SparkWorkers(spark, self.progress)

    def _sealed(self, intake: int, found: list[Found]) -> list[Delivery]:
        deliveries, told = [], []
        for number, each in enumerate(found):
            nothing = Delivery(intake, each.path, "", 0, 0)
            if each.kind != "file":
                self.refusals.append(refusal(nothing, each.kind, each.detail))
                continue
            target = None if self.options.in_place else self.act.work / f"seal-{number}"
            algorithms = self.index.algorithms if self.index else frozenset()
            try:
                sealed = seal(each.place, target, algorithms, self.progress.advance)
            except Refused as fault:
                self.refusals.append(refusal(nothing, fault.kind, fault.detail))
                continue
            if target is None:
                self.shelf.refer(each.place, sealed)
            else:
                self.shelf.seal(target, sealed.size, sealed.sha256)
            self.delivered[each.path] = sealed.digests
            deliveries.append(Delivery.of_file(intake, each.path, sealed.sha256, sealed.size))
            told.append([each.path, sealed.size, sealed.state.mtime_ns, sealed.sha256])
        for at in range(0, len(told), TOLD_AT_ONCE):
            self.act.note(intake=intake, sealed=told[at : at + TOLD_AT_ONCE])
        return deliveries

    def _expected(self, given: list[Delivery]) -> dict[str, str]:
        assert self.index is not None
        found = {each.path: self.index.of(each.path) for each in given}
        return {path: line.digests["sha256"] for path, line in found.items() if line and "sha256" in line.digests}

    def _keep(self, kept: Ledger, contents: Contents, results: Mapping[str, Result]) -> None:
        self.refusals.extend(contents.refusals)
        for at in range(0, len(self.refusals), TOLD_AT_ONCE):
            some = self.refusals[at : at + TOLD_AT_ONCE]
            self.act.note(refused=[[row["intake"], row["path"], row["kind"], row["detail"]] for row in some])
        new = [_row(delivery, results[delivery.source_id]) for delivery in contents.deliveries]
        old = [
            row | dict(results[row["source_id"]].columns) if row["source_id"] in results else row
            for row in kept.sources
        ]
        self.summary.sources = new
        self.summary.refusals = self.refusals
        self.summary.unbalanced = sorted(source for source, result in results.items() if not result.balanced)
        for result in results.values():
            for table, count in result.rows.items():
                self.summary.rows[table] = self.summary.rows.get(table, 0) + count
        self.act.drop_derived()
        ledger.store(
            self.act, Ledger([*old, *new], [*kept.refusals, *self.refusals], kept.annotations), self.case.settings
        )
        self.shelf.finish()
        self.act.outcome.update(self.summary.told())


def _row(delivery: Delivery, result: Result) -> dict[str, Any]:
    return {
        "source_id": delivery.source_id,
        "intake": delivery.intake,
        "path": delivery.path,
        "bytes": delivery.size,
        "container_id": delivery.container_id,
        "container_member": delivery.container_member,
        "expected_sha256": delivery.expected_sha256,
        **result.columns,
    }
