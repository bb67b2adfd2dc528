-- question: which refused calls stand right before an agent turned away from its task?
-- grain:    one row per refused answer
-- columns:  event, call_event, session_id, seq
-- as:       table
-- not for:  naming what ran out; that a call was refused, never made good and followed by something else is all that is
--           known, whatever the language of the answer

with late_call as (
    select
        transcript.session_id,
        transcript.event,
        transcript.seq,
        search_call.event is not null as searches,
        row_number() over (
            partition by transcript.session_id
            order by transcript.seq desc, transcript.event
        ) as backwards
    from transcript_once as transcript
    join deviation on deviation.session_id = transcript.session_id
    left join search_call on search_call.event = transcript.event
    where transcript.kind = 'tool_call' and transcript.seq < deviation.first_act_seq
),

-- it turned away with the first search among its last calls, else with the first deviating act
turn as (
    select session_id, coalesce(max(case when searches then backwards end), 0) as backwards
    from late_call
    where backwards <= 8
    group by session_id
),

last_try as (
    select late_call.session_id, late_call.event
    from late_call
    join turn on turn.session_id = late_call.session_id
    where late_call.backwards > turn.backwards and late_call.backwards <= turn.backwards + 5
)

select refused_call.event, refused_call.call_event, refused_call.session_id, refused_call.seq
from refused_call
join deviation on deviation.session_id = refused_call.session_id and refused_call.seq < deviation.first_act_seq
join last_try on last_try.event = refused_call.call_event
where refused_call.made_good_seq is null or refused_call.made_good_seq >= deviation.first_act_seq
