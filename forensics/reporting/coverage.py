"""Which source covers which time, and whose clock was corrected, as the report shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from forensics.engine import Engine
from forensics.reporting.timeline import short_label
from parsers.schema import EVIDENCE_TABLES
from reports import wording
from reports.model import Coverage, Exhibit, Line, Span, Statement

HOUR = 3_600_000_000
MAX_SOURCES = 1_000
MAX_GAPS = 5_000
# a session spans what its pieces leave out, a price is no event, a gap is the contrary
_NO_RECORDS = frozenset({"session", "price", "coverage_gap"})

Document = Mapping[str, Any]

# clocks are corrected after grouping: hours are few, rows are not
_CORRECTED = """
    select seen.source_id, seen.first_us - coalesce(clock.offset_us, 0) as first_us,
        seen.last_us - coalesce(clock.offset_us, 0) as last_us
    from ({seen}) as seen
    left join clock
        on clock.source_id = seen.source_id and clock.kind = seen.kind
        and seen.first_us >= clock.from_us and seen.first_us < clock.until_us
    order by 1, 2, 3
"""


def coverage(engine: Engine, document: Document) -> Iterator[Coverage]:
    """Per source the hours in which it has records, joined where they touch, and the stretches it says it lost.

    The sources with the most hours come first.
    """
    seen = " union all ".join(
        _seen(table, f"// {HOUR} * {HOUR}") for table in EVIDENCE_TABLES if table not in _NO_RECORDS
    )
    hours = f"select source_id, kind, first_us, max(last_us) + {HOUR} as last_us from ({seen}) group by 1, 2, 3"
    present = _spans(engine.rows(_CORRECTED.format(seen=hours)))
    lost = _spans(engine.rows(_CORRECTED.format(seen=_seen("coverage_gap", "")) + f" limit {MAX_GAPS}"))
    paths = {source["sha256"]: source["path"] for source in document["sources"]}
    ranked = sorted(
        present.keys() | lost.keys(),
        key=lambda source: (-sum(s.to_us - s.from_us for s in present.get(source, ())), paths.get(source, source)),
    )
    for source in ranked[:MAX_SOURCES]:
        label = short_label(paths.get(source, source[:12]))
        yield Coverage(label, present.get(source, ()), lost.get(source, ()))


def _seen(table: str, unit: str) -> str:
    begin = "epoch_us(coalesce(ts, cast(ts_local as timestamptz)))"
    return (
        f"select source_id, case when ts is null then 'local' else 'utc' end as kind, {begin} {unit} as first_us,"
        f' greatest(epoch_us(ts_end), {begin}) {unit} as last_us from "{table}" where {begin} is not null'
    )


def _spans(rows: list[dict[str, Any]]) -> dict[str, tuple[Span, ...]]:
    """Join what touches or overlaps; rows come by source and begin."""
    found: dict[str, list[Span]] = {}
    for row in rows:
        own = found.setdefault(row["source_id"], [])
        if own and row["first_us"] <= own[-1].to_us:
            own[-1] = Span(own[-1].from_us, max(own[-1].to_us, row["last_us"]))
        else:
            own.append(Span(row["first_us"], row["last_us"]))
    return {source: tuple(spans) for source, spans in found.items()}


_ERRORS = {"zone": "whole zone", "counter": "wrapped counter", "offset": "clock off", "drift": "clock drifting"}


def clocks(document: Document) -> Exhibit:
    """Every clock that was corrected: by how much, what was wrong with it, and what tells that."""
    sources = document["sources"]
    paths = {source["sha256"]: source["path"] for source in sources}
    corrected = [source for source in sources if source["clock"] is not None]
    others = len(sources) - len(corrected)
    return Exhibit(
        title="Clocks and their corrections",
        statements=(
            Statement(
                f"Times of {len(corrected)} of {len(sources)} sources are moved by what is found here;"
                f" those of the other {others} stand as recorded, in the zone that record or case gives."
            ),
        )
        if corrected
        else (),
        columns=("Source", "Its clock", "What was wrong", "Compared with", "Events seen by both"),
        lines=tuple(_clock(source, paths) for source in corrected),
        nothing="No source's clock was corrected: times stand as recorded, in the zone that record or case gives.",
    )


def _clock(source: Document, paths: Mapping[str, str]) -> Line:
    clock = source["clock"]
    reference = clock["compared_with"]
    cells = (
        source["path"],
        _offset(source["clock_offset_seconds"]),
        clock_error(clock),
        "the case's setting" if reference is None else paths.get(reference, reference[:12]),
        f"{clock['inliers']:,}" if clock["inliers"] else "none",
    )
    return Line(tuple(Statement(cell) for cell in cells))


def _offset(seconds: float) -> str:
    if seconds == 0:
        return "no offset"
    return f"{wording.duration(abs(seconds))} {'ahead' if seconds > 0 else 'behind'}"


def clock_error(clock: Document) -> str:
    """Say in a few words how a clock was wrong."""
    parts = [_ERRORS[clock["error"]]]
    if clock["drift_ppm"] is not None:
        parts.append(f"{clock['drift_ppm']} ppm")
    elif clock["pieces"] > 1:
        parts.append(f"set {clock['pieces'] - 1} times")
    return ", ".join(parts)
