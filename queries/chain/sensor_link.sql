-- question: which records of the chain saw the same thing, led to an alert, followed by lineage, answered a request or
--           were billed?
-- grain:    one row per ordered pair and kind
-- columns:  from_event, to_event, kind ('alerted_on' | 'same_act' | 'ran_then_ran' | 'requested_then_answered' |
--           'ran_then_charged'), basis ('identifier' | 'lineage' | 'same command' | 'order'), candidates, why
-- as:       table
-- order:    kind, from_event, to_event
-- not for:  cause; an alert may have other grounds

with staged as (
    select distinct event from stage_event
),

raised as (
    select alert_event.event, alert_event.best_us, alert.src_address, alert.dst_address, alert.dst_port, alert.name,
        alert.resource_id, alert.pid, alert.host_name,
        lower(left(coalesce(alert.title, '') || ' ' || coalesce(alert.command, ''), 4000)) as words
    from alert_event
    join alert
        on alert.source_id = alert_event.source_id
        and alert.record = alert_event.record
        and alert.part = alert_event.part
    join staged on staged.event = alert_event.event
),

-- the traffic that an alert names by its ends, the last that began before it
by_flow as (
    select pool_flow.event as from_event, raised.event as to_event,
        count(*) over (partition by raised.event) as candidates,
        row_number() over (
            partition by raised.event, pool_flow.source_id
            order by case when pool_flow.best_us <= raised.best_us + 1000000 then 1 else 2 end,
                abs(pool_flow.best_us - raised.best_us), pool_flow.event
        ) as choice
    from raised
    join pool_flow
        on pool_flow.pool_address in (raised.dst_address, raised.src_address)
        and (raised.src_address is null or pool_flow.client_address in (raised.src_address, raised.dst_address))
    where raised.dst_address is not null
),

by_name as (
    select pool_lookup.event as from_event, raised.event as to_event,
        count(*) over (partition by raised.event) as candidates,
        row_number() over (
            partition by raised.event, pool_lookup.source_id
            order by abs(pool_lookup.best_us - raised.best_us), pool_lookup.event
        ) as choice
    from raised
    join pool_lookup
        on lower(raised.name) = pool_lookup.name
        or (length(pool_lookup.name) >= 8 and contains(raised.words, pool_lookup.name))
),

by_socket as (
    select socket_seen.event as from_event, raised.event as to_event,
        count(*) over (partition by raised.event) as candidates,
        row_number() over (
            partition by raised.event
            order by abs(socket_seen.best_us - raised.best_us), socket_seen.event
        ) as choice
    from raised
    join socket_seen on socket_seen.address = raised.dst_address and socket_seen.port = raised.dst_port
    join staged on staged.event = socket_seen.event
),

by_process as (
    select command_event.event as from_event, raised.event as to_event,
        count(*) over (partition by raised.event) as candidates,
        row_number() over (
            partition by raised.event
            order by abs(command_event.best_us - raised.best_us), command_event.event
        ) as choice
    from raised
    join command_event
        on command_event.pid = raised.pid
        and command_event.modality = 'executed'
        and command_event.best_us <= raised.best_us + 1000000
        and coalesce(command_event.host, '') = coalesce(raised.host_name, command_event.host, '')
    join staged on staged.event = command_event.event
),

by_resource as (
    select actor_of_cloud.event as from_event, raised.event as to_event
    from raised
    join cloud_event on list_contains(cloud_event.resource_ids, raised.resource_id)
    join actor_of_cloud on actor_of_cloud.event = cloud_event.event
    join cloud_act on cloud_act.event = cloud_event.event and cloud_act.kind = 'launch'
    where raised.resource_id is not null and cloud_event.best_us <= raised.best_us
),

-- a line of history and an exec of one call saw the same act
twice_run as (
    select typed.event as from_event, executed.event as to_event
    from act_member as typed
    join act_member as executed on executed.act = typed.act and executed.role = 'executed'
    join staged on staged.event = typed.event
    where typed.role = 'typed'
),

-- one flow that two sensors recorded
seen_flow as (
    select mining_event.event, flow.source_id, flow.src_address, flow.src_port, flow.dst_address, flow.dst_port,
        mining_event.best_us
    from mining_event
    join flow
        on flow.source_id = mining_event.source_id
        and flow.record = mining_event.record
        and flow.part = mining_event.part
    where mining_event.family = 'flow' and flow.src_port is not null and mining_event.best_us is not null
),

twice_seen as (
    select one.event as from_event, other.event as to_event
    from seen_flow as one
    join seen_flow as other
        on other.src_address = one.src_address
        and other.src_port = one.src_port
        and other.dst_address = one.dst_address
        and other.dst_port = one.dst_port
        and other.source_id > one.source_id
        and abs(other.best_us - one.best_us) <= 2000000
),

child as (
    select parent.event as from_event, run.event as to_event,
        row_number() over (partition by run.event order by parent.best_us desc, parent.event) as choice
    from command_event as run
    join staged on staged.event = run.event
    join command_event as parent
        on parent.modality = 'executed'
        and parent.pid = run.parent_pid
        and coalesce(parent.host, '') = coalesce(run.host, '')
        and parent.event <> run.event
        and run.best_us between parent.best_us and parent.best_us + 86400000000
    join staged as staged_parent on staged_parent.event = parent.event
    where run.modality = 'executed' and run.parent_pid is not null
),

answered as (
    select asked.event as from_event, answer.event as to_event
    from request_event as asked
    join request_event as answer on answer.request_id = asked.request_id and answer.kind = 'answer'
    where asked.kind = 'request'
),

-- a tool that files a request is answered by what it prints
printed as (
    select channel.used_event as from_event, tool_result.event as to_event
    from channel
    join tool_result on tool_result.call_event = channel.used_event and tool_result.kind = 'tool_result'
    where channel.used_event is not null
),

launched as (
    select actor_of_cloud.event, cloud_event.best_us, resource.value
    from actor_of_cloud
    join cloud_event on cloud_event.event = actor_of_cloud.event
    join cloud_act on cloud_act.event = cloud_event.event and cloud_act.kind = 'launch'
    join staged on staged.event = cloud_event.event
    cross join unnest(cloud_event.resource_ids) as resource(value)
    where length(resource.value) >= 6
),

billed as (
    select distinct launched.event as from_event,
        charge.source_id || '#' || charge.record || '.' || charge.part as to_event
    from launched
    join charge
        on (charge.resource_id = launched.value or charge.resource_id like '%/' || launched.value)
        and epoch_us(charge.ts_end) >= launched.best_us
)

select from_event, to_event, 'alerted_on' as kind, 'identifier' as basis, candidates,
    'the alert names the ends of this traffic' as why
from by_flow
where choice = 1
union all
select from_event, to_event, 'alerted_on', 'identifier', candidates, 'the alert names the name that was looked up'
from by_name
where choice = 1
union all
select from_event, to_event, 'alerted_on', 'identifier', candidates, 'the alert names the place that was connected to'
from by_socket
where choice = 1
union all
select from_event, to_event, 'alerted_on', 'identifier', candidates, 'the alert names the process'
from by_process
where choice = 1
union all
select from_event, to_event, 'alerted_on', 'identifier', 1, 'the alert names a machine that this call launched'
from by_resource
union all
select from_event, to_event, 'same_act', 'same command', 1, 'history and audit log saw one act'
from twice_run
union all
select from_event, to_event, 'same_act', 'identifier', 1, 'two sensors saw one flow'
from twice_seen
union all
select from_event, to_event, 'ran_then_ran', 'lineage', 1, 'the process is a child of that one'
from child
where choice = 1
union all
select from_event, to_event, 'requested_then_answered', 'identifier', 1, 'request and answer have one number'
from answered
union all
select from_event, to_event, 'requested_then_answered', 'identifier', 1, 'what the channel''s tool printed'
from printed
union all
select from_event, to_event, 'ran_then_charged', 'identifier', 1, 'the bill names a machine that this call launched'
from billed
