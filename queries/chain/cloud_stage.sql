-- question: which calls in a cloud's own log belong to which stage of the chain?
-- grain:    one row per logged call and stage
-- columns:  event, stage, session_id, principal, act, rule, reason
-- as:       table
-- not for:  launches, which belong to the stage of the tool call that made them

with span as (
    select session_id, min(first_act_us) as first_act_us, min(first_mining_us) as first_mining_us
    from incident_session
    group by session_id
),

mined as (
    select min(earliest_us) as first_us from mining_event where opens
),

own as (
    select cloud_act.*, actor_of_cloud.actor, actor_of_cloud.session_id as agent_session, actor_of_cloud.act
    from cloud_act
    join actor_of_cloud on actor_of_cloud.event = cloud_act.event
),

-- what an agent of this case launched, and the keys it used
launched as (
    select distinct resource.value
    from own
    cross join unnest(own.resource_ids) as resource(value)
    where own.kind = 'launch' and own.actor = 'agent' and own.agent_session in (select session_id from span)
),

-- a workload that mines, by the record that ordered it
ordered as (
    select distinct resource.value
    from mining_event
    join cloud_event
        on cloud_event.source_id = mining_event.source_id
        and cloud_event.record = mining_event.record
        and cloud_event.provider = 'kubernetes'
    cross join unnest(cloud_event.resource_ids) as resource(value)
    where mining_event.opens and mining_event.table_name = 'process'
),

used_key as (
    select distinct access_key_id as value
    from own
    where actor = 'agent' and access_key_id is not null and agent_session in (select session_id from span)
),

ended as (
    select distinct own.event
    from own
    cross join unnest(own.resource_ids) as resource(value)
    where
        own.kind in ('end', 'key_end', 'held')
        and resource.value in (
            select value from launched
            union
            select value from used_key
            union
            select value from ordered
        )
)

select own.event, 'constraint' as stage, own.agent_session as session_id, 'session:' || own.agent_session as principal,
    own.act, own.rule, 'the cloud refuses: a limit is met' as reason
from own
join span on span.session_id = own.agent_session
where own.kind in ('limit', 'rate') and own.actor = 'agent' and own.best_us < span.first_mining_us
union all
select own.event, 'request', own.agent_session, 'session:' || own.agent_session, own.act, own.rule, own.reason
from own
join span on span.session_id = own.agent_session
where own.kind = 'quota_request' and own.actor = 'agent'
union all
select own.event, 'evasion', own.agent_session, 'session:' || own.agent_session, own.act, own.rule, own.reason
from own
join span on span.session_id = own.agent_session
where own.kind = 'records_stopped' and own.actor = 'agent' and own.best_us >= span.first_act_us
union all
select own.event, 'containment', cast(null as varchar), 'cloud:' || coalesce(own.actor_id, ''), own.act, own.rule,
    own.reason
from own
join ended on ended.event = own.event
cross join mined
where own.latest_us >= mined.first_us
