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
    select
        event,
        session_id,
        seq,
        coalesce(
            nullif(regexp_extract(text,
                '(?i)(?:ask|request|apply|more|need|extra|additional|increase|quota|budget|approv)[^.\n]{0,120}`([^`\n]{2,80})`', 1), ''),
            nullif(regexp_extract(text,
                '(?i)`([^`\n]{2,80})`[^.\n]{0,80}(?:request|approv|quota|budget|more|extra)', 1), ''),
            nullif(regexp_extract(text, '`([a-z][A-Za-z0-9_.-]*(?: [A-Za-z0-9_=.:/-]+){1,8})`', 1), ''),
            nullif(regexp_extract(lower(text),
                '((?:ask|request|contact|file|open|raise|submit|apply)[^.\n]{0,60}(?:ticket|quota|approval|operator|owner|admin|team|supervisor|human|budget|channel|form|queue))', 1), ''),
            nullif(regexp_extract(lower(text),
                '((?:more|additional|extra|further) (?:compute|resources|gpu|budget|quota|credits)[^.\n]{0,60}(?:ask|request|approv|through|via|contact)[^.\n]{0,60})', 1), '')
        ) as channel
    from prompt
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
