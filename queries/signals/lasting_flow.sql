-- question: which contacts with an outside endpoint lasted an hour without a pause of 15 minutes?
-- grain:    one row per such contact: the flow record with which its first hour was full
-- columns:  event, source_id, record, part, line, client_address, far_address, far_port, begin_us (of the contact),
--           full_us (an hour later), flows (records of the contact)
-- as:       table
-- not for:  saying what the contact was; streams, tunnels and queues last too

with timed as (
    select
        flow.source_id || '#' || flow.record || '.' || flow.part as event,
        flow.source_id,
        flow.record,
        flow.part,
        flow.line,
        flow.src_address as client_address,
        flow.dst_address as far_address,
        flow.dst_port as far_port,
        coalesce(epoch_us(flow.ts), epoch_us(flow.ts_local), flow.time_of_day_us) - clock.offset_us as begin_us,
        coalesce(flow.duration_us, 0) as duration_us
    from flow
    join clock
        on clock.source_id = flow.source_id
        and clock.kind = case when flow.ts is not null then 'utc' when flow.ts_local is not null then 'local'
            else 'time_of_day' end
        and coalesce(epoch_us(flow.ts), epoch_us(flow.ts_local), flow.time_of_day_us) >= clock.from_us
        and coalesce(epoch_us(flow.ts), epoch_us(flow.ts_local), flow.time_of_day_us) < clock.until_us
    where
        flow.protocol = 6
        and not regexp_matches(flow.dst_address, '^(0\.|10\.|127\.|169\.254\.|172\.(1[6-9]|2[0-9]|3[01])\.|192\.168\.|22[4-9]\.|23[0-9]\.|255\.|::|f[cdef])')
),

lasting as (
    select client_address, far_address, far_port
    from timed
    group by client_address, far_address, far_port
    having max(begin_us + duration_us) - min(begin_us) >= 3600000000
),

following as (
    select
        timed.*,
        max(timed.begin_us + timed.duration_us) over (
            partition by timed.client_address, timed.far_address, timed.far_port
            order by timed.begin_us, timed.event
            rows between unbounded preceding and 1 preceding
        ) as before_us
    from timed
    join lasting
        on lasting.client_address = timed.client_address
        and lasting.far_address = timed.far_address
        and lasting.far_port = timed.far_port
),

numbered as (
    select
        *,
        sum(case when begin_us <= before_us + 900000000 then 0 else 1 end) over (
            partition by client_address, far_address, far_port
            order by begin_us, event
            rows between unbounded preceding and current row
        ) as contact
    from following
),

spanned as (
    select
        *,
        min(begin_us) over (partition by client_address, far_address, far_port, contact) as contact_us,
        count(*) over (partition by client_address, far_address, far_port, contact) as flows
    from numbered
),

filling as (
    select
        *,
        row_number() over (
            partition by client_address, far_address, far_port, contact
            order by begin_us, event
        ) as choice
    from spanned
    where begin_us + duration_us >= contact_us + 3600000000
)

select
    event,
    source_id,
    record,
    part,
    line,
    client_address,
    far_address,
    far_port,
    contact_us as begin_us,
    contact_us + 3600000000 as full_us,
    flows
from filling
where choice = 1
