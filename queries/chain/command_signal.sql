-- question: which commands belong to which stage of the incident, whose are they, and why?
-- grain:    one row per event, stage and conduct
-- columns:  event, stage, conduct ('deviation' | 'response'), status ('achieved' | 'attempted' | 'prepared'), rule,
--           reason, actor, principal, session_id, act, entity_kind, earliest_us, best_us, latest_us, ts_basis
-- as:       table
-- not for:  cases without mining: nothing here opens an incident

with entity_named as (
    select
        event,
        bool_or(kind = 'wallet') as wallet,
        bool_or(kind = 'log_path') as log_path,
        bool_or(kind = 'wallet_path') as wallet_path,
        bool_or(kind in ('program', 'program_path', 'folder')) as program,
        min(kind) as any_kind
    from mention
    group by event
),

fitting as (
    select
        command_hit.event,
        command_hit.stage,
        command_hit.conduct,
        'achieved' as status,
        command_hit.rule,
        command_hit.reason,
        entity_named.any_kind as entity_kind
    from command_hit
    left join entity_named on entity_named.event = command_hit.event
    where
        case coalesce(command_hit.needs_entity, 'none')
            when 'none' then true
            when 'any' then entity_named.event is not null
            when 'wallet' then coalesce(entity_named.wallet, false)
            when 'log_path' then coalesce(entity_named.log_path, false)
            when 'wallet_path' then coalesce(entity_named.wallet_path, false)
            when 'program' then coalesce(entity_named.program, false)
            when 'principal' then true
        end
),

written as (
    select
        event,
        'setup' as stage,
        'deviation' as conduct,
        'achieved' as status,
        'file_written' as rule,
        'a ' || what || ' is written into a file' as reason,
        what as entity_kind
    from file_written
    union all
    select event, 'persistence', 'deviation', 'prepared', 'schedule_written',
        'a start by clock or at boot is written into a file', what
    from file_written
    where schedules
),

every as (
    select * from fitting
    union all
    select written.* from written join command_event on command_event.event = written.event
    union all
    select event, 'acquisition', 'deviation', 'achieved', 'service_joined',
        'a service that is then made to mine is asked for an account or a machine', cast(null as varchar)
    from service_joined
    union all
    select command_event.event, 'containment', 'response', 'achieved', 'service_closed',
        'something of the service that was made to mine is removed', min(entity.kind)
    from command_event
    join service_request
        on service_request.text_sha256 = command_event.text_sha256
        and service_request.verb = 'removes'
    join entity on entity.kind = 'service' and entity.value = service_request.host
    group by command_event.event
),

owned as (
    select
        every.*,
        actor_of_event.actor,
        actor_of_event.principal,
        actor_of_event.session_id,
        actor_of_event.act,
        command_event.earliest_us,
        command_event.best_us,
        command_event.latest_us,
        command_event.ts_basis,
        row_number() over (
            partition by every.event, every.stage, every.conduct
            order by every.rule
        ) as choice
    from every
    join actor_of_event on actor_of_event.event = every.event
    join command_event on command_event.event = every.event
)

select event, stage, conduct, status, rule, reason, actor, principal, session_id, act, entity_kind, earliest_us, best_us,
    latest_us, ts_basis
from owned
where
    choice = 1
    -- a line that also stops something does not only look
    and not (stage = 'detection' and event in (select event from owned where stage = 'containment'))
