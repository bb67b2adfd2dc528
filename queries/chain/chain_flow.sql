-- question: which flows went to a host that a command of the chain names?
-- grain:    one row per flow record
-- columns:  event, source_id, record, part, line, peer_address, earliest_us, best_us, latest_us, ts_basis
-- as:       table
-- not for:  naming the process

with named as (
    select distinct lower(observable.host) as host
    from stage_event
    join command_event on command_event.event = stage_event.event
    join observable on observable.text_sha256 = command_event.text_sha256
    where observable.host is not null
),

address as (
    select distinct name_lookup.address
    from name_lookup
    join named on named.host = name_lookup.name
    where name_lookup.address is not null
    union
    select host from named where regexp_matches(host, '^[0-9.]+$|:')
    union
    select distinct socket_seen.address
    from stage_event
    join command_event on command_event.event = stage_event.event
    join socket_seen on socket_seen.pid = command_event.pid
    where socket_seen.address is not null and coalesce(socket_seen.port, 0) <> 53
),

timed as (
    select
        flow.source_id, flow.record, flow.part, flow.line, flow.dst_address as peer_address, flow.ts_precision_us,
        coalesce(epoch_us(flow.ts), epoch_us(flow.ts_local), flow.time_of_day_us) as raw_us,
        case when flow.ts is not null then 'utc' when flow.ts_local is not null then 'local'
            when flow.time_of_day_us is not null then 'time_of_day' end as clock_kind
    from flow
    join address on address.address = flow.dst_address
)

select
    timed.source_id || '#' || timed.record || '.' || timed.part as event,
    timed.source_id,
    timed.record,
    timed.part,
    timed.line,
    timed.peer_address,
    timed.raw_us - clock.offset_us - clock.before_us as earliest_us,
    timed.raw_us - clock.offset_us as best_us,
    timed.raw_us - clock.offset_us + clock.after_us + coalesce(timed.ts_precision_us, 0) as latest_us,
    coalesce(clock.basis, 'none') as ts_basis
from timed
left join clock
    on clock.source_id = timed.source_id
    and clock.kind = timed.clock_kind
    and timed.raw_us >= clock.from_us
    and timed.raw_us < clock.until_us
