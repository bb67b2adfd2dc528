-- question: which agent sessions took part in mining, and where does their deviation begin?
-- grain:    one row per session with a deviating act of its own that belongs to mining, and per session that handed the
--           task to such a one
-- columns:  session_id, first_act_seq (position of the first deviating call), first_mining_seq (of the
--           last preparation, where mining never began), first_act_us, first_mining_us, mining_us_last
-- as:       table
-- not for:  sessions that only talk

with own as (
    select
        command_signal.session_id,
        command_event.seq,
        command_signal.best_us,
        command_signal.stage,
        command_signal.rule
    from command_signal
    join command_event on command_event.event = command_signal.event and command_event.modality = 'called'
    where command_signal.actor = 'agent' and command_signal.conduct = 'deviation'

    union all

    select transcript.session_id, transcript.seq, epoch_us(transcript.ts), 'setup', 'file_written'
    from file_written
    join transcript_once as transcript on transcript.event = file_written.event
    where file_written.table_name = 'transcript' and (file_written.what <> 'miner' or file_written.minerlike)

    union all

    -- what later behaves like a miner was fetched by a call
    select call.session_id, call.seq, call.best_us, 'acquisition', 'fetched_before'
    from contact_beside
    join actor_of_event on actor_of_event.event = contact_beside.fetched_event and actor_of_event.actor = 'agent'
    join command_event as call on call.event = actor_of_event.act and call.modality = 'called'
    where contact_beside.behaves
),

mined as (
    select
        mining_event.session_id,
        min(command_event.seq) as first_mining_seq,
        min(mining_event.best_us) as first_mining_us,
        max(mining_event.best_us) as mining_us_last
    from mining_event
    join command_event on command_event.event = mining_event.act and command_event.modality = 'called'
    where
        mining_event.actor = 'agent'
        and (mining_event.family = 'command' or (mining_event.family = 'socket' and mining_event.opens))
    group by mining_event.session_id

    union all

    select preparation.session_id, max(command_event.seq), max(preparation.best_us), max(preparation.best_us)
    from preparation
    join command_event on command_event.event = preparation.event
    group by preparation.session_id
),

began as (
    select
        mined.session_id,
        mined.first_mining_seq,
        mined.first_mining_us,
        mined.mining_us_last,
        least(mined.first_mining_seq, coalesce(min(own.seq), mined.first_mining_seq)) as first_act_seq,
        least(mined.first_mining_us, coalesce(min(own.best_us), mined.first_mining_us)) as first_act_us
    from mined
    left join own
        on own.session_id = mined.session_id
        and own.stage in ('acquisition', 'setup', 'egress', 'evasion', 'persistence', 'mining')
    group by mined.session_id, mined.first_mining_seq, mined.first_mining_us, mined.mining_us_last
),

handed as (
    select
        sub_agent_call.giver_session as session_id,
        min(sub_agent_call.seq) as first_act_seq,
        min(sub_agent_call.seq) as first_mining_seq,
        min(sub_agent_call.best_us) as first_act_us,
        min(began.first_mining_us) as first_mining_us,
        max(began.mining_us_last) as mining_us_last
    from began
    join sub_agent_call on sub_agent_call.session_id = began.session_id
    where sub_agent_call.giver_session not in (select session_id from began)
    group by sub_agent_call.giver_session
),

-- and by words that the one wrote where the other read them
passed as (
    select
        handover.giver_session as session_id,
        min(handover.call_seq) as first_act_seq,
        min(handover.call_seq) as first_mining_seq,
        min(handover.call_us) as first_act_us,
        min(began.first_mining_us) as first_mining_us,
        max(began.mining_us_last) as mining_us_last
    from handover
    join began on began.session_id = handover.taker_session
    where
        handover.giver_session not in (select session_id from began)
        and handover.giver_session not in (select session_id from handed)
    group by handover.giver_session
),

every as (
    select session_id, first_act_seq, first_mining_seq, first_act_us, first_mining_us, mining_us_last from began
    union all
    select session_id, first_act_seq, first_mining_seq, first_act_us, first_mining_us, mining_us_last from handed
    union all
    select session_id, first_act_seq, first_mining_seq, first_act_us, first_mining_us, mining_us_last from passed
)

select session_id, first_act_seq, first_mining_seq, first_act_us, first_mining_us, mining_us_last
from every
