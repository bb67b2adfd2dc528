-- question: which flows went to or came from a pool's endpoint?
-- grain:    one row per flow record, but for halves of a flow that the source tells whole as well
-- columns:  event, source_id, record, part, line, client_address, pool_address, pool_port, pool_name, bytes, packets,
--           basis (of the endpoint, strongest first), way ('in': the pool's half of a flow; else 'out'), counts (false:
--           an interim record of a connection that a later one tells whole), earliest_us, best_us, latest_us, end_us,
--           ts_basis
-- as:       table
-- not for:  naming the process; see act_member for sockets

with endpoint as (
    select
        address,
        port,
        min(name) as name,
        min(case basis when 'spoken to' then 1 when 'started with' then 2 when 'logged' then 3 when 'configured' then 4
            when 'timed' then 5 when 'alerted' then 6 when 'listed name' then 7 else 8 end) as strength
    from pool_endpoint
    where address is not null
    group by address, port
),

outward as (
    select flow.*, flow.src_address as client_address, flow.dst_address as pool_address, flow.dst_port as pool_port,
        endpoint.name as pool_name, endpoint.strength, 'out' as way
    from flow
    join endpoint
        on endpoint.address = flow.dst_address
        and (endpoint.port = flow.dst_port or endpoint.port is null)
),

inward as (
    select flow.*, flow.dst_address as client_address, flow.src_address as pool_address, flow.src_port as pool_port,
        endpoint.name as pool_name, endpoint.strength, 'in' as way
    from flow
    join endpoint
        on endpoint.address = flow.src_address
        and endpoint.port = flow.src_port
    where flow.directionality = 'one_way'
),

seen as (
    select * from outward
    union all
    select * from inward
),

-- a sensor may log each flow whole and, once more, in its two halves
whole as (
    select distinct source_id, flow_id, ts
    from flow
    where directionality = 'both' and flow_id is not null and ts is not null
),

chosen as (
    select
        seen.*,
        coalesce(epoch_us(seen.ts), epoch_us(seen.ts_local), seen.time_of_day_us) as raw_us,
        case when seen.ts is not null then 'utc' when seen.ts_local is not null then 'local'
            when seen.time_of_day_us is not null then 'time_of_day' end as clock_kind,
        row_number() over (
            partition by seen.source_id, seen.record, seen.part
            order by seen.strength, seen.pool_address, seen.pool_port, seen.pool_name
        ) as choice
    from seen
    left join whole
        on whole.source_id = seen.source_id
        and whole.flow_id = seen.flow_id
        and whole.ts = seen.ts
    where
        (seen.protocol is null or seen.protocol in (6, 17))
        and (whole.flow_id is null or seen.directionality is distinct from 'one_way')
),

-- a sensor may tell a connection while it is open, from its beginning each time, and once more at its end
telling as (
    select
        *,
        row_number() over (
            partition by flow_id, client_address, src_port, dst_port, pool_address, raw_us
            order by duration_us desc nulls last, source_id, record, part
        ) as telling
    from chosen
    where choice = 1
)

select
    telling.source_id || '#' || telling.record || '.' || telling.part as event,
    telling.source_id,
    telling.record,
    telling.part,
    telling.line,
    telling.client_address,
    telling.pool_address,
    telling.pool_port,
    telling.pool_name,
    coalesce(telling.src_bytes, 0) + coalesce(telling.dst_bytes, 0) as bytes,
    coalesce(telling.src_packets, 0) + coalesce(telling.dst_packets, 0) as packets,
    case telling.strength when 1 then 'spoken to' when 2 then 'started with' when 3 then 'logged' when 4
        then 'configured' when 5 then 'timed' when 6 then 'alerted' when 7
        then 'listed name' else 'behaves' end as basis,
    telling.way,
    telling.flow_id is null or telling.duration_us is null or telling.telling = 1 as counts,
    telling.raw_us - clock.offset_us - clock.before_us as earliest_us,
    telling.raw_us - clock.offset_us as best_us,
    telling.raw_us - clock.offset_us + clock.after_us + coalesce(telling.ts_precision_us, 0) as latest_us,
    telling.raw_us - clock.offset_us + coalesce(telling.duration_us, 0) as end_us,
    coalesce(clock.basis, 'none') as ts_basis
from telling
left join clock
    on clock.source_id = telling.source_id
    and clock.kind = telling.clock_kind
    and telling.raw_us >= clock.from_us
    and telling.raw_us < clock.until_us
