"""Which agent sessions were active around a record, and whether records like it line up with them beyond chance."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from forensics.asking import ask
from forensics.case import Case
from forensics.coincidence import AFTER_US, Fit, fit
from forensics.engine import Engine
from forensics.errors import UsageFault
from forensics.refs import Ref, find
from parsers.times import text_of

MOST_SESSIONS = 20
MOST_CALLS = 5


class _Like(NamedTuple):
    """The question where a record is, the question when those like it were, and what makes them so."""

    one: str
    like: str
    keys: tuple[str, ...]
    words: str


_ALIKE = {
    "alert": _Like(
        "select event, earliest_us, best_us, latest_us, product, rule from alert_event where event = $1",
        "select best_us from alert_event where best_us is not null and product is not distinct from $1"
        " and rule is not distinct from $2 order by best_us, event",
        ("product", "rule"),
        "alerts of the same product and rule",
    ),
    "flow": _Like(
        "select event, earliest_us, best_us, latest_us, source_id, dst_address from flow_event where event = $1",
        "select best_us from flow_event where source_id = $1"
        " and dst_address is not distinct from $2 order by best_us, event",
        ("source_id", "dst_address"),
        "flows of the same source to the same address",
    ),
}
_OTHER = "select event, earliest_us, best_us, latest_us from event_place where event = $1"
_AROUND = """
    select session_id, event, begin_us, end_us from call_span
    where begin_us <= $1 and end_us + $3 >= $2
    order by session_id, begin_us desc, event
"""
_SESSIONS = """
    select session_id, count(*) as calls from call_span group by session_id order by session_id
"""


def explain(case: Case, ref: Ref) -> dict[str, Any]:
    """Explain one record; plain JSON, shares as decimal strings, times ISO.

    Raises `UsageFault` where there is no such record or it has no time.
    """
    place = find(case, ref)
    event = f"{place.source['source_id']}#{place.row['record']}.{place.row.get('part') or 0}"
    case.check(list(case.files("tables/")))
    with case.scratch() as scratch:
        engine = Engine(case.tables(), scratch)
        try:
            return _explained(engine, event, place.table) | {"ref": str(ref), "path": place.source["path"]}
        finally:
            engine.close()


def _explained(engine: Engine, event: str, table: str) -> dict[str, Any]:
    kind = _ALIKE.get(table)
    rows = ask(engine, kind.one if kind else _OTHER, [event]).to_pylist()
    if not rows or rows[0]["best_us"] is None:
        raise UsageFault("the record has no time that is known in UTC", where=event[:12])
    record = rows[0]
    like = ask(engine, kind.like, [record[key] for key in kind.keys]).to_pylist() if kind else []
    records = [row["best_us"] for row in like]
    counted = {row["session_id"]: row["calls"] for row in ask(engine, _SESSIONS).to_pylist()}
    around: dict[str, list[Mapping[str, Any]]] = {}
    bounds = [record["latest_us"], record["earliest_us"], AFTER_US]
    for row in ask(engine, _AROUND, bounds).to_pylist():
        around.setdefault(row["session_id"], []).append(row)
    chosen = sorted(around, key=lambda session: (-around[session][0]["begin_us"], session))[:MOST_SESSIONS]
    names = _names(engine, chosen)
    return {
        "table": table,
        "at": text_of(record["best_us"]),
        "earliest": text_of(record["earliest_us"]),
        "latest": text_of(record["latest_us"]),
        "alike": kind.words if kind else None,
        "records_alike": len(records),
        "sessions_compared": len(counted),
        "sessions_active": len(around),
        "sessions": [
            {
                "session": session,
                "agent": names.get(session),
                "calls": counted[session],
                "calls_around": [_call(row, record["best_us"]) for row in around[session][:MOST_CALLS]],
                "chance": _chance(engine, session, records, len(counted)),
            }
            for session in chosen
        ],
    }


def _names(engine: Engine, sessions: list[str]) -> dict[str, str | None]:
    query = "select session_id, min(agent_name) as agent from session where list_contains($1, session_id) group by all"
    return {row["session_id"]: row["agent"] for row in ask(engine, query, [sessions]).to_pylist()}


def _call(row: Mapping[str, Any], at: int) -> dict[str, Any]:
    source, _, place = row["event"].partition("#")
    return {
        "ref": f"{source[:12]}#{place.removesuffix('.0')}",
        "began_before_us": at - row["begin_us"],
        "ended_before_us": at - row["end_us"],
    }


def _chance(engine: Engine, session: str, records: list[int], sessions: int) -> dict[str, Any] | None:
    rows = ask(
        engine, "select begin_us, end_us from call_span where session_id = $1 order by begin_us, event", [session]
    )
    calls = [(row["begin_us"], row["end_us"]) for row in rows.to_pylist()]
    times = [*records, *(begin for begin, _ in calls), *(end + AFTER_US for _, end in calls)]
    found = fit(records, calls, (min(times), max(times)), sessions)
    return None if found is None else _told(found)


def _told(found: Fit) -> dict[str, Any]:
    return {
        "records": found.records,
        "inside": found.inside,
        "share": _decimal(Fraction(found.inside, found.records)),
        "expected_share": _decimal(found.expected),
        "share_explained": _decimal(found.explained),
        "p": _decimal(found.p),
        "p_whole_days": None if found.p_days is None else _decimal(found.p_days),
        "whole_days": found.days,
        "finding": found.finding,
    }


def _decimal(value: Fraction) -> str:
    return str((Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.0001")))
