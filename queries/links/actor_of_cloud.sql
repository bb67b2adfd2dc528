-- question: whose is a call in a cloud's log?
-- grain:    one row per logged call
-- columns:  event, actor ('agent' | 'operator' | 'unknown'), session_id (of the agent), act (the tool call, else the
--           logged call itself), basis
-- as:       table
-- not for:  intent; and a key that an agent uses may be used by others

with linked as (
    select cloud_event as event, call_event as act, basis, session_id
    from cloud_run
),

-- a key that served a tool call, while the session lasted
own_key as (
    select cloud_event.access_key_id, min(linked.session_id) as session_id
    from linked
    join cloud_event on cloud_event.event = linked.event
    where cloud_event.access_key_id is not null
    group by cloud_event.access_key_id
    having count(distinct linked.session_id) = 1
),

lasting as (
    select session_id, min(epoch_us(ts)) as first_us, max(epoch_us(ts)) as last_us
    from transcript_once
    where ts is not null
    group by session_id
)

select
    cloud_event.event,
    case
        when linked.event is not null or lasting.session_id is not null then 'agent'
        when cloud_event.actor_type in ('IAMUser', 'Root', 'user', 'User') then 'operator'
        else 'unknown'
    end as actor,
    coalesce(linked.session_id, lasting.session_id) as session_id,
    coalesce(linked.act, cloud_event.event) as act,
    case
        when linked.event is not null then 'linked to a tool call: ' || linked.basis
        when lasting.session_id is not null then 'made with the key that the agent''s calls used, during its session'
        when cloud_event.actor_type in ('IAMUser', 'Root', 'user', 'User') then 'a person''s identity'
        else 'no tool call explains it'
    end as basis
from cloud_event
left join linked on linked.event = cloud_event.event
left join own_key on own_key.access_key_id = cloud_event.access_key_id
left join lasting
    on lasting.session_id = own_key.session_id
    and cloud_event.best_us between lasting.first_us - 2000000 and lasting.last_us + 60000000
