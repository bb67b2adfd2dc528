"""Footnotes: which ref was cited where, and under which number."""

from __future__ import annotations

from dataclasses import dataclass, field

from reports.model import CitedRecord, Source


@dataclass
class Citations:
    """Numbers refs in the order of their first citation; remembers the sections that cite each.

    `section` is the section being written.
    """

    section: str = ""
    _numbers: dict[str, int] = field(default_factory=dict)
    _sections: dict[str, dict[str, None]] = field(default_factory=dict)

    def number(self, ref: str) -> int:
        """Cite `ref` in the current section and return its footnote number, from 1."""
        self._sections.setdefault(ref, {})[self.section] = None
        return self._numbers.setdefault(ref, len(self._numbers) + 1)

    def known(self, ref: str) -> int | None:
        """Return the number of a ref that was cited, without citing it."""
        return self._numbers.get(ref)

    def sections(self, ref: str) -> tuple[str, ...]:
        """Return the sections that cite `ref`, in reading order."""
        return tuple(self._sections.get(ref, ()))

    def cited(self) -> tuple[str, ...]:
        """Return every cited ref in the order of its number."""
        return tuple(self._numbers)


def anchor(ref: str) -> str:
    """Name the page's anchor of a ref: `ref-a1b2c3d4e5f6-17`."""
    return "ref-" + ref.replace("#", "-")


@dataclass(frozen=True, slots=True)
class NotInlined:
    """A cited ref without a card: what is known of its place."""

    number: int
    ref: str
    path: str
    record: str


def not_inlined(
    citations: Citations, records: tuple[CitedRecord, ...], sources: tuple[Source, ...]
) -> list[NotInlined]:
    """List cited refs that have no card, with the path of their source where one is listed."""
    carded = {record.ref for record in records}
    paths: dict[str, list[str]] = {}
    for source in sources:
        paths.setdefault(source.sha256[:12], []).append(source.path)
    found = []
    for ref in citations.cited():
        if ref in carded:
            continue
        prefix, _, record = ref.partition("#")
        candidates = paths.get(prefix[:12], [])
        path = candidates[0] if len(candidates) == 1 else ""
        found.append(NotInlined(citations.number(ref), ref, path, record))
    return found
