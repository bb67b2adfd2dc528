-- question: when was each tool call of an agent under way?
-- grain:    one row per tool call that has a time
-- columns:  event, session_id, begin_us (the call, best estimate), end_us (its last answer; the call where none is in
--           evidence or it seems to come before)
-- as:       view
-- not for:  what outlives a call: a process left running in the background ends later

with timed as (
    select
        transcript_once.*,
        coalesce(epoch_us(transcript_once.ts), epoch_us(transcript_once.ts_local)) - clock.offset_us as best_us
    from transcript_once
    join clock
        on clock.source_id = transcript_once.source_id
        and clock.kind = case when transcript_once.ts is not null then 'utc' else 'local' end
        and coalesce(epoch_us(transcript_once.ts), epoch_us(transcript_once.ts_local)) >= clock.from_us
        and coalesce(epoch_us(transcript_once.ts), epoch_us(transcript_once.ts_local)) < clock.until_us
    where transcript_once.kind = 'tool_call' and transcript_once.session_id is not null
)

select
    timed.event,
    timed.session_id,
    timed.best_us as begin_us,
    greatest(timed.best_us, coalesce(max(tool_result.best_us), timed.best_us)) as end_us
from timed
left join tool_result on tool_result.call_event = timed.event and tool_result.kind = 'tool_result'
group by timed.event, timed.session_id, timed.best_us
