"""The report's timeline: every record of the chain, and the background around it up to a limit, by a fixed rule."""

from __future__ import annotations

from typing import Any

from forensics.document.cite import summary_of
from forensics.engine import Engine
from reports.model import Timeline

MAX_ROWS = 100_000
MAX_PER_KIND = 25_000
MAX_TEXT = 300
MAX_LABEL = 26

_COUNTED = (
    "transcript",
    "process",
    "socket_event",
    "flow",
    "name_lookup",
    "application_message",
    "mining_share",
    "coin_movement",
)

_CHAIN = """
    select place.best_us, place.earliest_us, place.latest_us, place.ts_basis, place.source_id, place.record, place.part,
        place.table_name, stage.stage, stage.actor, stage.weight, stage.reason, place.event
    from (
        select event, min(stage) as stage, min(actor) as actor, min(weight) as weight, min(reason) as reason
        from stage_event group by event
    ) as stage
    join event_place as place on place.event = stage.event
"""
_BACKGROUND = """
    select best_us, earliest_us, latest_us, ts_basis, source_id, record, part, table_name, '' as stage, actor, weight,
        reason, event
    from (
        select command_event.best_us, command_event.earliest_us, command_event.latest_us, command_event.ts_basis,
            command_event.source_id, command_event.record, command_event.part, command_event.table_name,
            coalesce(actor_of_event.actor, 'unknown') as actor, 20 as weight, left(command_event.text, 2000) as reason,
            command_event.event
        from command_event
        left join actor_of_event on actor_of_event.event = command_event.event
        where command_event.event not in (select event from stage_event)
        order by command_event.best_us nulls last, command_event.event
        limit $1
    ) as commands
    union all
    select best_us, earliest_us, latest_us, ts_basis, source_id, record, part, 'transcript', '',
        case author when 'agent' then 'agent' when 'human' then 'operator' else 'other' end, 15,
        left(coalesce(text, content_state), 2000), event
    from (
        select * from statement where event not in (select event from stage_event)
        order by best_us nulls last, event limit $1
    ) as words
"""
_FLOWS = """
    select epoch_us(flow.ts) as best_us, epoch_us(flow.ts) as earliest_us,
        epoch_us(flow.ts) + coalesce(flow.ts_precision_us, 0) as latest_us, 'recorded' as ts_basis, flow.source_id,
        flow.record, flow.part, 'flow' as table_name, '' as stage, 'unknown' as actor, 60 as weight,
        flow.src_address || ':' || coalesce(flow.src_port, 0) || ' to ' || flow.dst_address || ':'
        || coalesce(flow.dst_port, 0) as reason, flow.source_id || '#' || flow.record || '.' || flow.part as event
    from flow
    where flow.ts is not null and flow.source_id || '#' || flow.record || '.' || flow.part
        not in (select event from stage_event)
    order by hash(flow.source_id || '#' || flow.record || '.' || flow.part), event
    limit $1
"""


def timeline(engine: Engine, digits: int) -> Timeline:
    """Return the columns; `digits` is how many hex digits of a source a reference prints."""
    rows = engine.rows(_CHAIN) + engine.rows(_BACKGROUND, [MAX_PER_KIND])
    rows += engine.rows(_FLOWS, [max(min(MAX_ROWS - len(rows), MAX_PER_KIND), 0)])
    rows.sort(key=lambda row: (row["best_us"] is None, row["best_us"] or 0, row["event"]))
    paths = {row["source_id"]: row["path"] for row in engine.rows("select source_id, path from delivery order by path")}
    details = _texts(engine, [row["event"] for row in rows if row["stage"]])
    total = sum(
        engine.rows(f'select count(*) as n from "{table}"')[0]["n"]
        for table in (
            "transcript",
            "process",
            "socket_event",
            "flow",
            "name_lookup",
            "application_message",
            "mining_share",
        )
    )
    shown = rows[:MAX_ROWS]
    return Timeline(
        us=tuple(row["best_us"] for row in shown),
        earliest_us=tuple(row["earliest_us"] for row in shown),
        latest_us=tuple(row["latest_us"] for row in shown),
        basis=tuple(row["ts_basis"] for row in shown),
        source=tuple(short_label(paths.get(row["source_id"], row["source_id"][:12])) for row in shown),
        actor=tuple(row["actor"] for row in shown),
        stage=tuple(row["stage"] for row in shown),
        kind=tuple(row["table_name"] for row in shown),
        text=tuple(_text(row, details) for row in shown),
        ref=tuple(_ref(row, digits) for row in shown),
        weight=tuple(100 - row["weight"] for row in shown),
        total=max(total, len(shown)),
        selection=(
            "All records of the chain; commands and words around it in order of time, flows by a hash of their place."
            if total > len(shown)
            else ""
        ),
    )


def short_label(path: str) -> str:
    """A path as a lane's label: at most `MAX_LABEL` characters, of the folder its end, of a long name both ends."""
    if len(path) <= MAX_LABEL:
        return path
    folder, _, name = path.rpartition("/")
    if len(name) > MAX_LABEL - 10:
        name = f"{name[:10]}…{name[-10:]}"
    room = MAX_LABEL - len(name) - 2
    return f"…{folder[-room:]}/{name}" if room > 2 else name


def _texts(engine: Engine, events: list[str]) -> dict[str, str]:
    """What chain records say, for those that say something."""
    rows = engine.rows(
        "select event, left(text, 2000) as text from command_event where event in (select event from stage_event)"
        " union all select event, left(text, 2000) from statement where event in (select event from stage_event)"
        " union all select event, left(text, 2000) from tool_result where event in (select event from stage_event)"
        " and text is not null order by event, text"
    )
    wanted = set(events)
    return {row["event"]: row["text"] for row in rows if row["event"] in wanted}


def _text(row: dict[str, Any], details: dict[str, str]) -> str:
    said = details.get(row["event"])
    text = f"{row['reason']}: {said}" if said and row["stage"] else row["reason"] or ""
    return summary_of(text)[:MAX_TEXT]


def _ref(row: dict[str, Any], digits: int) -> str:
    suffix = f".{row['part']}" if row["part"] else ""
    return f"{row['source_id'][:digits]}#{row['record']}{suffix}"
