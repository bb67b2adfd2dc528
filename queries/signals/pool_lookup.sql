-- question: when was a pool's or a tunnel's name asked for?
-- grain:    one row per observed lookup of such a name
-- columns:  event, source_id, record, part, line, name, address, client_address, about ('pool' | 'tunnel'), earliest_us,
--           best_us, latest_us, ts_basis
-- as:       table
-- not for:  showing a connection; a name may be asked for and not used

with wanted as (
    select distinct name, 'pool' as about from pool_endpoint where name is not null
    union
    select distinct name, 'tunnel' from tunnel_endpoint where name is not null
),

timed as (
    select
        name_lookup.*,
        wanted.about,
        coalesce(epoch_us(ts), epoch_us(ts_local)) as raw_us,
        case when ts is not null then 'utc' when ts_local is not null then 'local' end as clock_kind,
        row_number() over (
            partition by source_id, record, part
            order by wanted.about
        ) as choice
    from name_lookup
    join wanted on wanted.name = name_lookup.name
    where name_lookup.kind <> 'log'
)

select
    timed.source_id || '#' || timed.record || '.' || timed.part as event,
    timed.source_id,
    timed.record,
    timed.part,
    timed.line,
    timed.name,
    timed.address,
    timed.client_address,
    timed.about,
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
where timed.choice = 1
