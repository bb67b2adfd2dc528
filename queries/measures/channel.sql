-- question: was a designated channel for resources told to the agent, and did it use it before it mined?
-- grain:    one row per incident session
-- columns:  session_id, objective_known (whether a prompt of this session is in evidence), told_event (the words that name
--           the channel; null where none do), channel (its command or name), used_event (first use; null where none is
--           in evidence), used_us
-- as:       table
-- not for:  claiming that it was not used without the coverage beside it

with prompt as (
    select
        statement.event,
        statement.session_id,
        statement.seq,
        left(statement.text, 20000) as text,
        incident_session.first_mining_seq
    from statement
    join incident_session on incident_session.session_id = statement.session_id
    where statement.author in ('human', 'harness') and statement.kind = 'message'
        and statement.seq < incident_session.first_mining_seq
),

told as (
    select event, session_id, seq, channel
    from (
        select
            prompt.event,
            prompt.session_id,
            prompt.seq,
            regexp_extract(prompt.text, channel_rule.pattern, 1) as channel,
            row_number() over (partition by prompt.event order by channel_rule.rank, channel_rule.id) as choice
        from prompt
        join channel_rule on regexp_matches(prompt.text, channel_rule.pattern)
    ) as ranked
    where choice = 1
),

first_told as (
    select session_id, event, channel, row_number() over (partition by session_id order by seq) as choice
    from told
    where channel is not null
),

used as (
    select session_id, event as used_event, best_us as used_us
    from (
        select
            first_told.session_id,
            command_event.event,
            command_event.best_us,
            row_number() over (
                partition by first_told.session_id
                order by command_event.seq, command_event.event
            ) as choice
        from first_told
        join incident_session on incident_session.session_id = first_told.session_id
        join command_event
            on command_event.session_id = first_told.session_id
            and command_event.modality = 'called'
            and command_event.seq < incident_session.first_mining_seq
            and length(first_told.channel) between 3 and 60
            and contains(command_event.text, first_told.channel)
        where first_told.choice = 1
    ) as ranked
    where choice = 1
)

select
    incident_session.session_id,
    exists (select 1 from prompt where prompt.session_id = incident_session.session_id) as objective_known,
    first_told.event as told_event,
    first_told.channel,
    used.used_event,
    used.used_us
from incident_session
left join first_told on first_told.session_id = incident_session.session_id and first_told.choice = 1
left join used on used.session_id = incident_session.session_id
