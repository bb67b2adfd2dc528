-- question: who ran this command?
-- grain:    one row per command event
-- columns:  event, principal, actor ('agent' | 'operator' | 'other' | 'unknown'), session_id (of the agent's act),
--           act, basis
-- as:       table
-- not for:  intent; an agent may have been told to

with placed as (
    select
        event,
        modality,
        session_id,
        case modality
            when 'called' then 'session:' || coalesce(session_id, source_id)
            when 'typed' then 'history:' || source_id
            else 'account:' || coalesce(host, '') || '/' || coalesce(login_uid, uid, -1)
        end as principal
    from command_event
),

linked as (
    select
        act_member.event,
        act_member.act,
        act_member.basis,
        call.session_id,
        row_number() over (partition by act_member.event order by act_member.candidates, act_member.act) as choice
    from act_member
    join command_event as call on call.event = act_member.act and call.modality = 'called'
),

-- a shell's own record of who typed
told as (
    select source_id || '#' || record || '.' || part as event
    from process
    where author_kind = 'agent'
)

select
    placed.event,
    placed.principal,
    case
        when placed.modality = 'called' then 'agent'
        when linked.act is not null then 'agent'
        when told.event is not null then 'agent'
        when principal.case_actor is not null then principal.case_actor
        when principal.explained * 2 >= principal.commands then 'unknown'
        when placed.modality = 'typed' then 'operator'
        else 'unknown'
    end as actor,
    coalesce(placed.session_id, linked.session_id) as session_id,
    coalesce(linked.act, placed.event) as act,
    case
        when placed.modality = 'called' then 'the agent''s own tool call'
        when linked.act is not null then 'linked to a tool call: ' || linked.basis
        when told.event is not null then 'the history says that an agent typed it'
        when principal.case_actor is not null then 'the case file says so'
        when principal.explained * 2 >= principal.commands then 'an account the agent uses, but no call explains it'
        when placed.modality = 'typed' then 'typed into a shell that no tool call explains'
        else 'no tool call explains it'
    end as basis
from placed
left join linked on linked.event = placed.event and linked.choice = 1
left join told on told.event = placed.event
left join principal on principal.principal = placed.principal
