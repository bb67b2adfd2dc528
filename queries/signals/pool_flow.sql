-- question: which flows went to or came from a pool's endpoint?
-- grain:    one row per flow record
-- columns:  event, source_id, record, part, line, client_address, pool_address, pool_port, pool_name, bytes, packets,
--           basis (of the endpoint, strongest first), earliest_us, best_us, latest_us, end_us, ts_basis
-- as:       table
-- not for:  naming the process; see act_member for sockets

with endpoint as (
    select
        address,
        port,
        min(name) as name,
        min(case basis when 'spoken to' then 1 when 'started with' then 2 when 'logged' then 3 when 'configured' then 4
            when 'timed' then 5 when 'alerted' then 6 else 7 end) as strength
    from pool_endpoint
    where address is not null
    group by address, port
),

outward as (
    select flow.*, flow.src_address as client_address, flow.dst_address as pool_address, flow.dst_port as pool_port,
        endpoint.name as pool_name, endpoint.strength
    from flow
    join endpoint
        on endpoint.address = flow.dst_address
        and (endpoint.port = flow.dst_port or endpoint.port is null)
),

inward as (
    select flow.*, flow.dst_address as client_address, flow.src_address as pool_address, flow.src_port as pool_port,
        endpoint.name as pool_name, endpoint.strength
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

chosen as (
    select
        *,
        coalesce(epoch_us(ts), epoch_us(ts_local), time_of_day_us) as raw_us,
        case when ts is not null then 'utc' when ts_local is not null then 'local'
            when time_of_day_us is not null then 'time_of_day' end as clock_kind,
        row_number() over (
            partition by source_id, record, part
            order by strength, pool_address, pool_port, pool_name
        ) as choice
    from seen
    where protocol is null or protocol in (6, 17)
)

select
    chosen.source_id || '#' || chosen.record || '.' || chosen.part as event,
    chosen.source_id,
    chosen.record,
    chosen.part,
    chosen.line,
    chosen.client_address,
    chosen.pool_address,
    chosen.pool_port,
    chosen.pool_name,
    coalesce(chosen.src_bytes, 0) + coalesce(chosen.dst_bytes, 0) as bytes,
    coalesce(chosen.src_packets, 0) + coalesce(chosen.dst_packets, 0) as packets,
    case chosen.strength when 1 then 'spoken to' when 2 then 'started with' when 3 then 'logged' when 4
        then 'configured' when 5 then 'timed' when 6 then 'alerted' else 'listed name' end as basis,
    chosen.raw_us - clock.offset_us - clock.before_us as earliest_us,
    chosen.raw_us - clock.offset_us as best_us,
    chosen.raw_us - clock.offset_us + clock.after_us + coalesce(chosen.ts_precision_us, 0) as latest_us,
    chosen.raw_us - clock.offset_us + coalesce(chosen.duration_us, 0) as end_us,
    coalesce(clock.basis, 'none') as ts_basis
from chosen
left join clock
    on clock.source_id = chosen.source_id
    and clock.kind = chosen.clock_kind
    and chosen.raw_us >= clock.from_us
    and chosen.raw_us < clock.until_us
where chosen.choice = 1
