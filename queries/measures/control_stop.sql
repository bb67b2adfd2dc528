-- question: which records would each control have stopped, had it been there?
-- grain:    one row per control and record
-- columns:  control (of the knowledge file), event, source_id, record, part, line, table_name, act (the call; null
--           where the record belongs to none), reason, earliest_us, best_us (when it would have stopped it),
--           latest_us, ts_basis
-- as:       table
-- order:    control, best_us, event
-- not for:  saying that the incident would have been prevented: who is stopped may try another way

with told_host as (
    select distinct lower(observable.host) as name
    from statement
    join observable on observable.text_sha256 = sha256(statement.text)
    where statement.kind = 'message' and statement.author in ('human', 'harness') and observable.host is not null
),

listed as (
    select distinct named.name
    from (
        select name from agent_contact where name is not null
        union
        select name from name_lookup where name is not null
        union
        select pool_name from pool_flow where pool_name is not null
    ) as named
    join pool_name on named.name = pool_name.domain or named.name like '%.' || pool_name.domain
),

pool_port as (
    select cast(port as integer) as port from miner_port
),

contact as (
    select
        agent_contact.*,
        coalesce(agent_contact.name, agent_contact.address) || coalesce(':' || agent_contact.port, '') as place
    from agent_contact
),

traffic as (
    select event, 'flow' as table_name, pool_name as name, pool_address as address, pool_port as port from pool_flow
    union
    select event, 'flow', cast(null as varchar), far_address, far_port from tunnel_flow
),

other_flow as (
    select
        flow.source_id || '#' || flow.record || '.' || flow.part as event,
        flow.source_id, flow.record, flow.part, flow.line, flow.dst_port as port,
        coalesce(epoch_us(flow.ts), epoch_us(flow.ts_local), flow.time_of_day_us) as raw_us, flow.ts_precision_us,
        case when flow.ts is not null then 'utc' when flow.ts_local is not null then 'local' else 'time_of_day' end
            as clock_kind
    from flow
    join pool_port on pool_port.port = flow.dst_port
    where
        flow.protocol = 6
        -- an answer, told on its own: the port is the client's
        and not (coalesce(flow.directionality, '') = 'one_way' and coalesce(flow.src_port, 0) < flow.dst_port)
),

charged as (
    select
        source_id, record, part, line, billing_currency as currency,
        cast(billed_cost as decimal(38, 12)) as billed_cost,   -- room for sums, whatever a bill says
        epoch_us(coalesce(ts_end, ts)) as best_us,
        epoch_us(coalesce(ts_end, ts)) // 86400000000 as day
    from charge
    where ts is not null and billed_cost > 0 and coalesce(charge_category, 'Usage') = 'Usage'
),

began as (
    select min(first_us) as first_us
    from (
        select min(first_act_us) as first_us from incident_session
        union all
        select min(best_us) from mining_event where opens
    ) as beginning
),

cap as (
    select currency, max(cost) as cost
    from (
        select charged.currency, charged.day, sum(charged.billed_cost) as cost
        from charged
        cross join began
        where charged.day < began.first_us // 86400000000
        group by charged.currency, charged.day
    ) as daily
    group by currency
),

metered as (
    select
        charged.*,
        sum(charged.billed_cost) over (
            partition by charged.currency, charged.day
            order by charged.best_us, charged.source_id, charged.record, charged.part
            rows between unbounded preceding and current row
        ) as spent
    from charged
),

acting as (
    select 'egress_allow_list' as control, event, act, 'connects to ' || place as reason
    from contact
    where own_network is distinct from true and coalesce(name, address) not in (select name from told_host)
    union all
    select 'name_or_port_block', event, act, 'reaches ' || place
    from contact
    where name in (select name from listed) or port in (select port from pool_port)
    union all
    select 'sandbox_without_network', event, act, 'connects to ' || place
    from contact
    union all
    select 'command_allow_list', event, event, action || 's ' || program
    from agent_act
    where action <> 'use' and program not in (select name from work_program)
        and program not in (select name from reader_program)
    union all
    select 'egress_allow_list', event, cast(null as varchar), 'traffic to ' || address || ':' || port
    from traffic
    where not regexp_matches(address, '^(10\.|127\.|169\.254\.|172\.(1[6-9]|2[0-9]|3[01])\.|192\.168\.|f[cd][0-9a-f]{2}:|fe80:)')
    union all
    select 'name_or_port_block', event, cast(null as varchar), 'traffic to ' || address || ':' || port
    from traffic
    where port in (select port from pool_port) or name in (select name from listed)
    union all
    select 'name_or_port_block', event, cast(null as varchar), 'asks for ' || name
    from pool_lookup
    where name in (select name from listed)
),

placed as (
    select acting.control, acting.event, event_place.source_id, event_place.record, event_place.part, event_place.line,
        event_place.table_name, acting.act, acting.reason, event_place.earliest_us, event_place.best_us,
        event_place.latest_us, event_place.ts_basis
    from acting
    join event_place on event_place.event = acting.event
    union all
    select 'behaviour_detection', event, source_id, record, part, line, 'flow', cast(null as varchar),
        'contact with ' || far_address || ':' || far_port || ' has lasted an hour', full_us, full_us, full_us, 'bounded'
    from lasting_flow
    union all
    select 'name_or_port_block', other_flow.event, other_flow.source_id, other_flow.record, other_flow.part,
        other_flow.line, 'flow', cast(null as varchar), 'traffic to port ' || other_flow.port,
        other_flow.raw_us - clock.offset_us - clock.before_us, other_flow.raw_us - clock.offset_us,
        other_flow.raw_us - clock.offset_us + clock.after_us + coalesce(other_flow.ts_precision_us, 0), clock.basis
    from other_flow
    join clock
        on clock.source_id = other_flow.source_id
        and clock.kind = other_flow.clock_kind
        and other_flow.raw_us >= clock.from_us
        and other_flow.raw_us < clock.until_us
    union all
    select 'budget_cap', metered.source_id || '#' || metered.record || '.' || metered.part, metered.source_id,
        metered.record, metered.part, metered.line, 'charge', cast(null as varchar),
        'the day''s cost passes ' || regexp_replace(cast(cap.cost as varchar), '\.?0+$', '', 'g') || ' '
        || metered.currency, metered.best_us, metered.best_us,
        metered.best_us, 'recorded'
    from metered
    join cap on cap.currency = metered.currency
    where metered.spent > cap.cost
),

ranked as (
    select *, row_number() over (partition by control, event order by reason, table_name, record, part) as choice
    from placed
)

select control, event, source_id, record, part, line, table_name, act, reason, earliest_us, best_us, latest_us, ts_basis
from ranked
where choice = 1
