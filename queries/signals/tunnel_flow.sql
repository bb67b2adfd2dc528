-- question: which flows carried a tunnel of this case?
-- grain:    one row per flow record
-- columns:  event, source_id, record, part, line, client_address, far_address, far_port, earliest_us, best_us,
--           latest_us, end_us, ts_basis
-- as:       table
-- not for:  what went through the tunnel

with far_end as (
    select distinct address, port from tunnel_endpoint where address is not null
),

seen as (
    select flow.*, flow.src_address as client_address, far_end.address as far_address, far_end.port as far_port
    from flow
    join far_end on far_end.address = flow.dst_address and far_end.port = flow.dst_port
    union all
    select flow.*, flow.dst_address as client_address, far_end.address as far_address, far_end.port as far_port
    from flow
    join far_end on far_end.address = flow.src_address and far_end.port = flow.src_port
    where flow.directionality = 'one_way'
),

timed as (
    select
        *,
        coalesce(epoch_us(ts), epoch_us(ts_local), time_of_day_us) as raw_us,
        case when ts is not null then 'utc' when ts_local is not null then 'local'
            when time_of_day_us is not null then 'time_of_day' end as clock_kind
    from seen
)

select
    timed.source_id || '#' || timed.record || '.' || timed.part as event,
    timed.source_id,
    timed.record,
    timed.part,
    timed.line,
    timed.client_address,
    timed.far_address,
    timed.far_port,
    timed.raw_us - clock.offset_us - clock.before_us as earliest_us,
    timed.raw_us - clock.offset_us as best_us,
    timed.raw_us - clock.offset_us + clock.after_us + coalesce(timed.ts_precision_us, 0) as latest_us,
    timed.raw_us - clock.offset_us + coalesce(timed.duration_us, 0) as end_us,
    coalesce(clock.basis, 'none') as ts_basis
from timed
left join clock
    on clock.source_id = timed.source_id
    and clock.kind = timed.clock_kind
    and timed.raw_us >= clock.from_us
    and timed.raw_us < clock.until_us
