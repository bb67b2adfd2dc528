-- question: under which account did each command run, and how far do an agent's tool calls explain what that account did?
-- grain:    one row per session, history file or host account
-- columns:  principal, kind ('session' | 'history' | 'account'), session_id (the session that explains most), commands,
--           explained (commands linked to a tool call), case_actor (who the case file says it is), host, user_name
-- as:       table
-- not for:  deciding about a single command; see actor_of_event

with placed as (
    select
        command_event.event,
        case command_event.modality
            when 'called' then 'session:' || coalesce(command_event.session_id, command_event.source_id)
            when 'typed' then 'history:' || command_event.source_id
            else 'account:' || coalesce(command_event.host, '') || '/'
                || coalesce(command_event.login_uid, command_event.uid, -1)
        end as principal,
        case command_event.modality when 'called' then 'session' when 'typed' then 'history' else 'account' end as kind,
        command_event.session_id,
        command_event.host,
        command_event.user_name,
        delivery.actor as case_actor
    from command_event
    join delivery on delivery.source_id = command_event.source_id
),

explained as (
    select act_member.event, call.session_id
    from act_member
    join command_event as call on call.event = act_member.act and call.modality = 'called'
    where act_member.role in ('typed', 'executed', 'descendant')
),

counted as (
    select
        placed.principal,
        explained.session_id,
        count(*) as commands,
        row_number() over (partition by placed.principal order by count(*) desc, explained.session_id) as choice
    from placed
    join explained on explained.event = placed.event
    group by placed.principal, explained.session_id
)

select
    placed.principal,
    min(placed.kind) as kind,
    coalesce(min(case when placed.kind = 'session' then placed.session_id end), min(counted.session_id)) as session_id,
    count(distinct placed.event) as commands,
    count(distinct explained.event) as explained,
    min(placed.case_actor) as case_actor,
    min(placed.host) as host,
    min(placed.user_name) as user_name
from placed
left join explained on explained.event = placed.event
left join counted on counted.principal = placed.principal and counted.choice = 1
group by placed.principal
