"""What templates need beyond the model: sums, shares, places in words. No HTML."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from reports import wording
from reports.citations import Citations
from reports.model import Asset, CitedRecord, Coverage, Incident, Source, Span
from reports.vocabulary import LIKELIHOODS


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the page; `ordinal` is its printed number or letter."""

    name: str
    ordinal: str
    title: str


@dataclass(frozen=True, slots=True)
class Band:
    """One band of the scale of likelihood, in percent; `here` holds the verdict's probability."""

    begin: int
    end: int
    words: str
    here: bool


@dataclass(frozen=True, slots=True)
class Books:
    """The books of all sources together, in bytes after decompression."""

    sources: int
    total: int
    parsed: int
    structure: int
    quarantined: int
    unbalanced: int


@dataclass(frozen=True, slots=True)
class Card:
    """A record's card: footnote number, place in words, the sections that cite it."""

    record: CitedRecord
    label: str
    place: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Covered:
    """A source over time in figures: first and last, how many stretches, how often it says that it lost some."""

    label: str
    from_us: int | None
    to_us: int | None
    stretches: int
    gaps: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar, in thousandths of its length."""

    name: str
    begin: int
    width: int


def bands(probability: float) -> list[Band]:
    """Return the scale of likelihood; a probability on a border belongs to the lower band."""
    found = []
    begin = 0
    placed = False
    for end, words in LIKELIHOODS:
        here = not placed and probability * 100 <= end
        placed = placed or here
        found.append(Band(begin, end, words, here))
        begin = end
    return found


def books(sources: Iterable[Source]) -> Books:
    """Sum the books."""
    listed = tuple(sources)
    return Books(
        len(listed),
        sum(source.bytes if source.stream_bytes is None else source.stream_bytes for source in listed),
        sum(source.bytes_parsed for source in listed),
        sum(source.bytes_structure for source in listed),
        sum(source.bytes_quarantined for source in listed),
        sum(not source.balanced for source in listed),
    )


def cards(
    records: Iterable[CitedRecord], citations: Citations, sections: Iterable[Section], in_timeline: frozenset[str]
) -> list[Card]:
    """Order cards by footnote number; records that only the timeline names are numbered after the others."""
    by_ref = {record.ref: record for record in records}
    citations.section = "timeline"
    for ref in by_ref:
        if ref in in_timeline:
            citations.number(ref)
    citations.section = ""
    for ref in by_ref:
        if citations.known(ref) is None:
            citations.number(ref)
    by_name = {section.name: section for section in sections}
    return [
        Card(
            by_ref[ref],
            str(citations.known(ref)),
            place(by_ref[ref]),
            tuple(by_name[name] for name in citations.sections(ref) if name in by_name),
        )
        for ref in citations.cited()
        if ref in by_ref
    ]


def place(record: CitedRecord) -> str:
    """Say where in its source a record stands."""
    parts = []
    if record.line is not None:
        parts.append(f"line {record.line:,}")
    if record.offset is not None and record.length is not None:
        last = record.offset + max(record.length - 1, 0)
        parts.append(f"bytes {record.offset:,} to {last:,} ({wording.count(record.length)} in all)")
    if record.locator:
        parts.append(record.locator)
    return ", ".join(parts) or "no byte range of its own"


def asset_shares(asset: Asset) -> list[Part]:
    """Split what was received (else paid, else credited) into recovered, spent, outstanding; empty if more than it."""
    whole = next((value for value in (asset.received, asset.paid, asset.credited) if value is not None), None)
    if whole is None or Decimal(whole) <= 0:
        return []
    named = (("recovered", asset.recovered), ("spent", asset.spent), ("outstanding", asset.outstanding))
    amounts = [(name, Decimal(value)) for name, value in named if value is not None]
    if not amounts or min(value for _, value in amounts) < 0 or sum(value for _, value in amounts) > Decimal(whole):
        return []
    found = []
    begin = 0
    for name, value in amounts:
        width = round(value * 1000 / Decimal(whole))
        if width:
            found.append(Part(name, begin, width))
        begin += width
    return found


def covered(coverage: Iterable[Coverage]) -> list[Covered]:
    """Sum up each source's stretches; sources without a dated record are left out."""
    return [
        Covered(
            row.label,
            min((span.from_us for span in row.present), default=None),
            max((span.to_us for span in row.present), default=None),
            len(row.present),
            len(row.gaps),
        )
        for row in coverage
        if row.present or row.gaps
    ]


def mining_spans(incidents: Iterable[Incident]) -> tuple[Span, ...]:
    """Return the stretches from first to last mining event that are dated at both ends."""
    return tuple(
        Span(stage.first.us, stage.last.us, "mining")
        for incident in incidents
        for stage in incident.stages
        if stage.stage == "mining" and stage.found and stage.first.us is not None and stage.last.us is not None
    )
