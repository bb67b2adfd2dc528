"""Sources with their books, and what may be said to be absent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from forensics.document.cite import instant, moment
from forensics.document.episodes import Episode
from forensics.engine import Engine
from parsers.schema import EVIDENCE_TABLES

Row = dict[str, Any]


def sources(engine: Engine) -> list[dict[str, Any]]:
    """Every delivery with its books, in order of intake and path."""
    rows_of = _rows_per_table(engine)
    clocks = {row["source_id"]: row for row in engine.rows(_CLOCKS)}
    listed = []
    for row in engine.rows("select * from source where source_id is not null order by intake, path, source_id"):
        clock = clocks.get(row["source_id"])
        entry: dict[str, Any] = {
            "path": row["path"],
            "intake": row["intake"],
            "sha256": row["source_id"],
            "bytes": row["bytes"],
            "format": row["format"],
            "records": row["records"] or 0,
            "quarantined": row["quarantined"] or 0,
            "bytes_parsed": row["bytes_parsed"] or 0,
            "bytes_quarantined": row["bytes_quarantined"] or 0,
            "bytes_structure": row["bytes_structure"] or 0,
            "rows": rows_of.get(row["source_id"], {}),
            "first": instant(row["first"]),
            "last": instant(row["last"]),
            "clock_offset_seconds": None if clock is None else round(clock["offset_us"] / 1_000_000, 6),
            "clock": None if clock is None else _clock(clock),
        }
        if row["codec"]:
            entry["stream_bytes"] = row["stream_bytes"]
            entry["stream_sha256"] = row["stream_sha256"]
        listed.append(entry)
    return listed


# where a clock ran away or was set, the piece in the middle of what the source recorded speaks for it
_CLOCKS = """
    select source_id, offset_us, error, drift_ppb, reference_id, steps, inliers, pieces
    from (
        select
            clock.*,
            count(*) over (partition by clock.source_id, clock.kind) as pieces,
            row_number() over (
                partition by clock.source_id
                order by
                    case when epoch_us(source.first) + (epoch_us(source.last) - epoch_us(source.first)) // 2
                        between clock.from_us and clock.until_us then 1 else 2 end,
                    clock.kind,
                    clock.from_us
            ) as choice
        from clock
        join (select source_id, min(first) as first, max(last) as last from source group by source_id) as source
            on source.source_id = clock.source_id
        where clock.basis = 'clock_corrected' and clock.kind in ('local', 'utc')
    ) as ranked
    where choice = 1
    order by source_id
"""


def _clock(row: Row) -> dict[str, Any]:
    """How a clock was wrong, and how that is known."""
    return {
        "error": row["error"],
        "drift_ppm": str(Decimal(row["drift_ppb"]).scaleb(-3)) if row["drift_ppb"] else None,
        "pieces": row["pieces"],
        "compared_with": row["reference_id"],
        "steps": row["steps"],
        "inliers": row["inliers"],
    }


def _rows_per_table(engine: Engine) -> dict[str, dict[str, int]]:
    counted: dict[str, dict[str, int]] = {}
    for table in EVIDENCE_TABLES:
        for row in engine.rows(f'select source_id, count(*) as n from "{table}" group by source_id order by source_id'):
            counted.setdefault(row["source_id"], {})[table] = row["n"]
    return counted


def transcript_coverage(engine: Engine, sessions: list[str], begin_us: int | None, end_us: int | None) -> float | None:
    """Share of a window that the sessions' transcripts span, from first to last record; None if unknown."""
    if begin_us is None or end_us is None or end_us <= begin_us or not sessions:
        return None
    bounds = engine.rows(
        # placed times: what a harness prints without a zone covers its stretch as well
        "select min(best_us) as first_us, max(best_us) as last_us from (select session_id, best_us from statement"
        " union all select session_id, best_us from tool_result union all select session_id, best_us from command_event"
        " where modality = 'called') as piece where list_contains($1, session_id) and best_us is not null",
        [sessions],
    )[0]
    if bounds["first_us"] is None:
        return None
    inside = min(bounds["last_us"], end_us) - max(bounds["first_us"], begin_us)
    return round(float(max(inside, 0)) / (end_us - begin_us), 3)


def absences(engine: Engine, episodes: list[Episode], channel_coverage: float | None) -> list[dict[str, Any]]:
    """Claims that something did not happen, each with the coverage that carries it."""
    claims: list[dict[str, Any]] = []
    tables = {row["t"]: row["n"] for row in engine.rows(_COUNTS)}
    for episode in episodes:
        if channel_coverage is not None:
            claims.append(
                {
                    "claim": "no use of the designated channel is in evidence before mining began",
                    "coverage": channel_coverage,
                    "sources": [],
                }
            )
        if "reinvestment" not in episode.stages:
            covered = 1.0 if tables["coin_movement"] else 0.0
            claims.append(
                {
                    "claim": "no spending of proceeds is in evidence (no feedback loop seen)",
                    "from": moment(episode.start_us()),
                    "to": None,
                    "coverage": covered,
                    "sources": [],
                }
            )
        if "constraint" not in episode.stages and episode.sessions:
            claims.append(
                {"claim": "no resource limit met before mining is in evidence", "coverage": 1.0, "sources": []}
            )
    if not episodes:
        seen = sum(1 for name in ("process", "flow", "transcript") if tables[name])
        claims.append({"claim": "no mining is in evidence", "coverage": round(seen / 3, 3), "sources": []})
    return claims


_COUNTS = (
    "select 'coin_movement' as t, count(*) as n from coin_movement union all select 'process', count(*) from process"
    " union all select 'flow', count(*) from flow union all select 'transcript', count(*) from transcript order by t"
)
