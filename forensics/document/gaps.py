"""What evidence itself says it missed, what could not be read, and what in it cannot be so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from forensics.document.cite import instant, moment
from forensics.engine import Engine

MAX_GAPS = 500  # of one kind; how many more there are is told

Row = dict[str, Any]

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
"""
_NOT_READ = "select path, status from source where status in ('not_recognised', 'ambiguous') order by intake, path"
_QUARANTINED = """
    select path, quarantined
    from source
    where format is not null and quarantined > 0
    order by intake, path
"""
_BREAKS = """
    select delivery.path, transcript_break.sign, transcript_break.places,
        left(transcript_break.source_id, 12) || '#' || transcript_break.record as place
    from transcript_break
    join delivery on delivery.source_id = transcript_break.source_id
    order by delivery.path, transcript_break.sign, transcript_break.session_id
"""
_IMPOSSIBLE = """
    select impossible_order.kind, impossible_order.apart_us, impossible_order.from_earliest_us,
        impossible_order.to_latest_us,
        left(cause.source_id, 12) || '#' || cause.record as from_event,
        left(effect.source_id, 12) || '#' || effect.record as to_event
    from impossible_order
    join event_place as cause on cause.event = impossible_order.from_event
    join event_place as effect on effect.event = impossible_order.to_event
    order by impossible_order.kind, impossible_order.from_event, impossible_order.to_event
"""
_SIGNS = {
    "answer_without_call": "a tool's answer stands without its call",
    "call_without_answer": "a call was never answered, though later ones were",
    "ends_in_a_call": "it ends with a call that has no answer",
    "time_goes_back": "times go back by more than ten minutes",
    "same_id_other_words": "one piece stands there twice with other words",
}


def gaps(engine: Engine) -> list[Row]:
    """Return every gap as `what`, `first` and `last`; of each kind at most `MAX_GAPS`, and one that counts the rest."""
    kinds: tuple[tuple[str, Callable[[Row], Row], str], ...] = (
        (_GAPS, _missed, "gaps that evidence itself tells of"),
        (_NOT_READ, _not_read, "files that were not read"),
        (_QUARANTINED, _quarantined, "files of which something could not be read"),
        (_BREAKS, _break, "signs of transcripts that are not whole, or were changed"),
        (_IMPOSSIBLE, _impossible, "impossible orders"),
    )
    return [gap for sql, of, name in kinds for gap in _bounded(engine.rows(sql), of, name)]


def _bounded(rows: list[Row], of: Callable[[Row], Row], name: str) -> Iterator[Row]:
    yield from (of(row) for row in rows[:MAX_GAPS])
    if len(rows) > MAX_GAPS:
        yield _gap(f"{len(rows) - MAX_GAPS} more {name} are not listed here: `forensics query` shows all")


def _gap(what: str, first: str | None = None, last: str | None = None) -> Row:
    return {"what": what, "first": first, "last": last}


def _missed(row: Row) -> Row:
    lost = f" ({row['lost_records']} records)" if row["lost_records"] else ""
    stretches = f" in {row['stretches']} stretches" if row["stretches"] > 1 else ""
    return _gap(f"{row['path']}: {row['reason']}{lost}{stretches}", instant(row["ts"]), instant(row["ts_end"]))


def _not_read(row: Row) -> Row:
    return _gap(f"{row['path']}: not read ({row['status']})")


def _quarantined(row: Row) -> Row:
    return _gap(f"{row['path']}: {row['quarantined']} records or ranges could not be read")


def _break(row: Row) -> Row:
    more = f" and {row['places'] - 1} more" if row["places"] > 1 else ""
    return _gap(f"{row['path']}: transcript not whole, or changed: {_SIGNS[row['sign']]} ({row['place']}{more})")


def _impossible(row: Row) -> Row:
    return _gap(
        f"impossible order: {row['to_event']} is {row['apart_us'] / 1_000_000:g} s or more before {row['from_event']},"
        f" which it follows from ({row['kind']}): a clock is off and was not corrected, or the two do not belong"
        " together",
        moment(row["to_latest_us"]),
        moment(row["from_earliest_us"]),
    )
