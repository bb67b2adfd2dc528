-- question: which history lines have no time, and between which calls may they be placed?
-- grain:    one row per line without a time and per call with one; none where every line has its time
-- columns:  event, source_id, record, part, session (of a call), typed (a line; else a call), host, key (equal for like
--           commands), telling (nobody types it twice by chance), earliest_us, best_us, latest_us, answered_us
--           (bounds and last answer of a call)
-- as:       table
-- not for:  pairs: untimed_line makes them

with untimed as (
    select count(*) as lines
    from command_event
    where modality = 'typed' and best_us is null
),

answered as (
    select call_event, max(latest_us) as latest_us
    from tool_result
    where call_event is not null
    group by call_event
)

select
    command_event.event,
    command_event.source_id,
    command_event.record,
    command_event.part,
    case when command_event.modality = 'called'
        then coalesce(command_event.session_id, command_event.source_id) end as session,
    command_event.modality = 'typed' as typed,
    command_event.host,
    coalesce(command_text.key, command_event.text_sha256) as key,
    length(command_event.text) >= 24 as telling,
    command_event.earliest_us,
    command_event.best_us,
    command_event.latest_us,
    answered.latest_us as answered_us
from command_event
cross join untimed
left join command_text on command_text.text_sha256 = command_event.text_sha256
left join answered on answered.call_event = command_event.event
where
    untimed.lines > 0
    and (
        (command_event.modality = 'typed' and command_event.best_us is null)
        or (command_event.modality = 'called' and command_event.best_us is not null)
    )
