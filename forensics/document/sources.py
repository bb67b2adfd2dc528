"""Sources with their books, gaps, and what may be said to be absent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from forensics.document.cite import moment
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
            "first": _iso(row["first"]),
            "last": _iso(row["last"]),
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


def _iso(value: Any) -> str | None:
    return None if value is None else value.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def _rows_per_table(engine: Engine) -> dict[str, dict[str, int]]:
    counted: dict[str, dict[str, int]] = {}
    for table in EVIDENCE_TABLES:
        for row in engine.rows(f'select source_id, count(*) as n from "{table}" group by source_id order by source_id'):
            counted.setdefault(row["source_id"], {})[table] = row["n"]
    return counted


# a flow log tells of every minute without traffic: of many stretches alike only the whole is told
_GAPS = """
    with found as (
        select
            delivery.path,
            coverage_gap.*,
            count(*) over (partition by delivery.path, coverage_gap.reason) as alike
        from coverage_gap
        join delivery on delivery.source_id = coverage_gap.source_id
    )
    select path, reason, lost_records, ts, ts_end, 1 as stretches, record, part
    from found
    where alike <= 20
    union all
    select path, reason, sum(lost_records), min(ts), max(coalesce(ts_end, ts)), count(*), min(record), min(part)
    from found
    where alike > 20
    group by path, reason
    order by path, record, part, reason
    limit 500
"""


_BREAKS = """
    select delivery.path, transcript_break.sign, transcript_break.places,
        left(transcript_break.source_id, 12) || '#' || transcript_break.record as place
    from transcript_break
    join delivery on delivery.source_id = transcript_break.source_id
    order by delivery.path, transcript_break.sign, transcript_break.session_id
    limit 500
"""
_SIGNS = {
    "answer_without_call": "a tool's answer stands without its call",
    "call_without_answer": "a call was never answered, though later ones were",
    "ends_in_a_call": "it ends with a call that has no answer",
    "time_goes_back": "times go back by more than ten minutes",
    "same_id_other_words": "one piece stands there twice with other words",
}


_IMPOSSIBLE = """
    select impossible_order.kind, impossible_order.apart_us, impossible_order.from_earliest_us,
        impossible_order.to_latest_us,
        left(cause.source_id, 12) || '#' || cause.record as from_event,
        left(effect.source_id, 12) || '#' || effect.record as to_event
    from impossible_order
    join event_place as cause on cause.event = impossible_order.from_event
    join event_place as effect on effect.event = impossible_order.to_event
    order by impossible_order.kind, impossible_order.from_event, impossible_order.to_event
    limit 500
"""


def _more(places: int) -> str:
    return f" and {places - 1} more" if places > 1 else ""


def gaps(engine: Engine) -> list[dict[str, Any]]:
    """What evidence itself says it missed, and what could not be read."""
    found: list[dict[str, Any]] = [
        {
            "what": f"{row['path']}: {row['reason']}"
            + (f" ({row['lost_records']} records)" if row["lost_records"] else "")
            + (f" in {row['stretches']} stretches" if row["stretches"] > 1 else ""),
            "first": _iso(row["ts"]),
            "last": _iso(row["ts_end"]),
        }
        for row in engine.rows(_GAPS)
    ]
    found.extend(
        {"what": f"{row['path']}: not read ({row['status']})", "first": None, "last": None}
        for row in engine.rows(
            "select path, status from source where status in ('not_recognised', 'ambiguous') order by intake, path"
        )[:500]
    )
    found.extend(
        {
            "what": f"{row['path']}: {row['quarantined']} records or ranges could not be read",
            "first": None,
            "last": None,
        }
        for row in engine.rows(
            "select path, quarantined from source where format is not null and quarantined > 0 order by intake, path"
        )[:500]
    )
    found.extend(
        {
            "what": f"{row['path']}: transcript not whole, or changed: {_SIGNS[row['sign']]}"
            f" ({row['place']}{_more(row['places'])})",
            "first": None,
            "last": None,
        }
        for row in engine.rows(_BREAKS)
    )
    found.extend(
        {
            "what": f"impossible order: {row['to_event']} is {row['apart_us'] / 1_000_000:g} s or more before"
            f" {row['from_event']}, which it follows from ({row['kind']}): a clock is off and was not corrected, or the"
            " two do not belong together",
            "first": moment(row["to_latest_us"]),
            "last": moment(row["from_earliest_us"]),
        }
        for row in engine.rows(_IMPOSSIBLE)
    )
    return found


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
