-- question: which call of a session started which sub-agent?
-- grain:    one row per sub-agent's session whose parent is in evidence
-- columns:  session_id (of the sub-agent), giver_session, event (the call), seq, best_us (as the call's own record
--           says; null where it does not)
-- as:       table
-- order:    session_id
-- not for:  agents that give each other work by words in a file; see handover

with child as (
    select session_id, min(parent_session_id) as giver_session, min(ts) as ts
    from session
    where parent_session_id is not null and parent_session_id <> session_id
    group by session_id
),

told as (
    select transcript.session_id, transcript.text,
        row_number() over (partition by transcript.session_id order by transcript.seq, transcript.event) as choice
    from transcript_once as transcript
    join child on child.session_id = transcript.session_id
    where transcript.kind = 'message' and transcript.author in ('human', 'harness') and transcript.text is not null
),

-- what it was told first, as far as one line of it goes
order_given as (
    select session_id, left(trim(regexp_extract(left(text, 8192), '^\s*([^\n]+)', 1)), 200) as words
    from told
    where choice = 1
),

fitting as (
    select
        child.session_id,
        child.giver_session,
        call.event,
        call.seq,
        epoch_us(call.ts) as best_us,
        row_number() over (
            partition by child.session_id
            order by
                case when length(order_given.words) >= 12
                    and contains(replace(left(call.text, 20000), '\"', '"'), order_given.words) then 1 else 2 end,
                case when child.ts is not null then call.ts end desc nulls last,
                call.seq,
                call.event
        ) as choice
    from child
    join transcript_once as call
        on call.session_id = child.giver_session
        and call.kind = 'tool_call'
        and call.tool_class = 'sub_agent'
        and (call.ts is null or child.ts is null or call.ts <= child.ts + interval 5 second)
    left join order_given on order_given.session_id = child.session_id
)

select session_id, giver_session, event, seq, best_us
from fitting
where choice = 1
