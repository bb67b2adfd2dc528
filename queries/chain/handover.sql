-- question: which agent session gave the task to one that mined, by words that the other then read?
-- grain:    one row per giving session, taking session and piece received
-- columns:  giver_session, taker_session, call_event (the giver's call that wrote it down), call_seq, call_us,
--           received_event (where the taker read it)
-- as:       table
-- not for:  sub-agents that their harness names as such; see parent_session_id of the table session

with mined as (
    select mining_event.session_id, value.value, min(command_event.seq) as seq
    from mining_event
    join command_event on command_event.event = mining_event.act and command_event.modality = 'called'
    cross join unnest([mining_event.wallet, mining_event.pool_name]) as value(value)
    where
        mining_event.actor = 'agent'
        and mining_event.family = 'command'
        and mining_event.session_id is not null
        and length(value.value) >= 8
    group by mining_event.session_id, value.value
),

-- a transcript without times was read before the mining that it led to
worked as (
    select value.value, min(mining_event.best_us) as first_us
    from mining_event
    cross join unnest([mining_event.wallet, mining_event.pool_name]) as value(value)
    group by value.value
),

received as (
    select distinct piece.event, piece.session_id, coalesce(epoch_us(piece.ts), worked.first_us) as until_us,
        trim(line.value) as line
    from mined
    join worked on worked.value = mined.value
    join transcript_once as piece
        on piece.session_id = mined.session_id
        and piece.seq < mined.seq
        and (piece.kind = 'tool_result' or (piece.kind = 'message' and piece.author in ('human', 'harness')))
        and contains(piece.text, mined.value)
    cross join unnest(string_split(left(piece.text, 20000), chr(10))) as line(value)
    where contains(line.value, mined.value) and length(trim(line.value)) >= 24
)

select
    call.session_id as giver_session,
    received.session_id as taker_session,
    min(call.event) as call_event,
    min(call.seq) as call_seq,
    min(epoch_us(call.ts)) as call_us,
    received.event as received_event
from received
join transcript_once as call
    on call.kind = 'tool_call'
    and call.session_id <> received.session_id
    and epoch_us(call.ts) <= received.until_us
    and contains(replace(left(coalesce(call.command, call.text), 20000), '\"', '"'), received.line)
group by call.session_id, received.session_id, received.event
