-- question: whose act or word is this record?
-- grain:    one row per event of a command, socket, logged call to a cloud, statement or tool result
-- columns:  event, actor ('agent' | 'operator' | 'intruder' | 'control' | 'other' | 'unknown')
-- as:       table
-- not for:  attribution of an undertaking; a prompt's author is taken to be an operator

with socket_owner as (
    select act_member.event, min(actor_of_event.actor) as actor
    from act_member
    join actor_of_event on actor_of_event.event = act_member.act
    where act_member.role = 'socket'
    group by act_member.event
),

every as (
    select event, actor, 1 as strength from actor_of_event
    union all
    select event, actor, 1 from socket_owner
    union all
    select event, actor, 1 from actor_of_cloud
    union all
    select event, case author when 'agent' then 'agent' when 'human' then 'operator' else 'other' end, 2
    from statement
    union all
    select event, 'other', 3 from tool_result
    union all
    select event, 'agent', 4 from transcript_once where kind = 'tool_call'
    union all
    select event, 'operator', 2 from custody_event
    union all
    select event, 'control', 2 from alert_event
),

ranked as (
    select event, actor, row_number() over (partition by event order by strength, actor) as choice
    from every
)

select event, actor
from ranked
where choice = 1
