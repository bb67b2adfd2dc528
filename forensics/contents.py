"""From deliveries to distinct contents: containers opened level by level, within what each may grow to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from forensics.archives import MOST_DEPTH, Opened
from forensics.durable import storing
from forensics.evidence import Shelf
from forensics.paths import of_member
from forensics.progress import Progress
from forensics.transaction import Transaction
from forensics.workers import Failure, Pool, Work
from parsers.streams import MOST_RATIO, allowed_bytes

NESTED_RATIO = 30  # a container inside another may grow to its share of the outer one's allowance, at least to this


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file as delivered, or one member of a delivered container. `allowance`: bytes it may grow to."""

    intake: int
    path: str
    source_id: str
    size: int
    allowance: int
    depth: int = 0
    container_id: str | None = None
    container_member: int | None = None
    expected_sha256: str | None = None

    @classmethod
    def of_file(cls, intake: int, path: str, source_id: str, size: int) -> Delivery:
        """A file as the user gave it."""
        return cls(intake, path, source_id, size, allowed_bytes(size))

    @property
    def decoded_limit(self) -> int:
        """Bytes that its stream may decode to, where it is no container."""
        return max(self.allowance, MOST_RATIO * self.size)


@dataclass
class Contents:
    """All deliveries of an intake with what the containers among them hold."""

    deliveries: list[Delivery] = field(default_factory=list)
    refusals: list[dict[str, Any]] = field(default_factory=list)
    opened: dict[str, Opened] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)

    def is_container(self, source_id: str) -> bool:
        """Whether the content was opened up."""
        return source_id in self.opened


def open_all(given: list[Delivery], act: Transaction, shelf: Shelf, workers: Pool, progress: Progress) -> Contents:
    """Open containers and the containers in them, sealing every member; deterministic in any order of work."""
    found = Contents()
    level = given
    looked_at: set[str] = set()
    while level:
        found.deliveries.extend(level)
        allowances: dict[str, Delivery] = {}
        for delivery in level:
            best = allowances.get(delivery.source_id)
            if delivery.depth < MOST_DEPTH and (best is None or delivery.allowance > best.allowance):
                allowances[delivery.source_id] = delivery
        new = [delivery for source_id, delivery in sorted(allowances.items()) if source_id not in looked_at]
        looked_at.update(delivery.source_id for delivery in new)
        progress.begin("looking for archives", len(new), "files")
        for source_id, result in _opened(new, act, shelf, workers):
            if isinstance(result, Failure):
                found.failures[source_id] = result
            elif result.kind is not None:
                found.opened[source_id] = result
        level = list(_members(level, found))
    return found


def _opened(
    new: list[Delivery], act: Transaction, shelf: Shelf, workers: Pool
) -> Iterator[tuple[str, Opened | Failure]]:
    works = []
    for number, delivery in enumerate(new):
        scratch = act.work / f"open-{delivery.depth}-{number}"
        source_id, most = delivery.source_id, delivery.allowance
        arguments = (str(shelf.place(source_id)), delivery.size, source_id, str(scratch), most)
        works.append(Work("forensics.archives:open_up", arguments, most, (delivery, scratch)))
    for work, result in workers.run(works):
        delivery, scratch = work.tag
        if isinstance(result, Opened):
            _seal_members(result, scratch, shelf)
        shelf.clear(scratch)
        yield delivery.source_id, result


def _seal_members(opened: Opened, scratch: Path, shelf: Shelf) -> None:
    for taken in opened.members:
        if taken.file is not None and taken.sha256 is not None:
            with storing(scratch):
                shelf.seal(scratch / taken.file, taken.size, taken.sha256)


def _members(level: list[Delivery], found: Contents) -> Iterator[Delivery]:
    for outer in level:
        opened = found.opened.get(outer.source_id)
        if opened is None:
            continue
        if outer.depth >= MOST_DEPTH:
            found.refusals.append(refusal(outer, "depth", f"an archive nested deeper than {MOST_DEPTH}"))
            continue
        total = sum(taken.size for taken in opened.members) or 1
        for taken in opened.members:
            member = Delivery(
                outer.intake,
                of_member(outer.path, taken.name),
                taken.sha256 or "",
                taken.size,
                max(outer.allowance * taken.size // total, NESTED_RATIO * taken.size),
                outer.depth + 1,
                outer.source_id,
                taken.number,
            )
            if taken.file is None:
                found.refusals.append(refusal(member, taken.kind, taken.detail))
                continue
            if taken.detail:
                found.refusals.append(refusal(member, "damaged", taken.detail))
            yield member


def refusal(delivery: Delivery, kind: str, detail: str) -> dict[str, Any]:
    """Return the `refusal` row of something that was not taken, or not taken whole."""
    return {
        "intake": delivery.intake,
        "path": delivery.path,
        "kind": kind,
        "detail": detail,
        "container_id": delivery.container_id,
        "container_member": delivery.container_member,
    }


def with_expected(deliveries: list[Delivery], expected: Mapping[str, str]) -> list[Delivery]:
    """Note the expected sha256 by path."""
    return [replace(each, expected_sha256=expected.get(each.path)) for each in deliveries]
