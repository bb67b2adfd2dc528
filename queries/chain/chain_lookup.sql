-- question: when was a name asked for that a command of the chain gives?
-- grain:    one row per observed lookup
-- columns:  event, source_id, record, part, line, name, address, earliest_us, best_us, latest_us, ts_basis
-- as:       table
-- not for:  lookups that no command of the chain explains

with wanted as (
    select distinct lower(observable.host) as name
    from stage_event
    join command_event on command_event.event = stage_event.event
    join observable on observable.text_sha256 = command_event.text_sha256
    where observable.host is not null
),

timed as (
    select
        name_lookup.*,
        coalesce(epoch_us(ts), epoch_us(ts_local)) as raw_us,
        case when ts is not null then 'utc' when ts_local is not null then 'local' end as clock_kind
    from name_lookup
    join wanted on wanted.name = name_lookup.name
    where name_lookup.kind in ('dns_answer', 'dns_query')
)

select
    timed.source_id || '#' || timed.record || '.' || timed.part as event,
    timed.source_id,
    timed.record,
    timed.part,
    timed.line,
    timed.name,
    timed.address,
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
