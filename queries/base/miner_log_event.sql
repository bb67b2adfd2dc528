-- question: what else does a miner say in a log, its own or another's: pool in use, jobs, hash rate?
-- grain:    one row per row that a miner's lines make, whatever its table; shares left out
-- columns:  event, source_id, record, part, line, table_name, reason, pool_name, pool_port, earliest_us, best_us,
--           latest_us, ts_basis
-- as:       table
-- not for:  work or coins; see share_event

with said as (
    select source_id, record, part, line, 'usage_metric' as table_name,
        'the miner reports its hash rate' as reason, cast(null as varchar) as pool_name, cast(null as integer) as pool_port,
        ts, ts_local, time_of_day_us, ts_precision_us
    from usage_metric
    where metric = 'hash_rate'
    union all
    select source_id, record, part, line, 'artefact', 'the miner reports: ' || coalesce(kind, name, 'setting'),
        case when kind = 'pool' then lower(host) end, case when kind = 'pool' then port end, ts, ts_local,
        time_of_day_us, ts_precision_us
    from artefact
    where kind <> 'schedule'                                                -- what a system's log says of cron
    union all
    select source_id, record, part, line, 'name_lookup', 'the miner names its pool''s address', name, port, ts, ts_local,
        time_of_day_us, ts_precision_us
    from name_lookup
    where kind = 'log'
),

timed as (
    select
        said.*,
        coalesce(epoch_us(ts), epoch_us(ts_local), time_of_day_us) as raw_us,
        case when ts is not null then 'utc' when ts_local is not null then 'local'
            when time_of_day_us is not null then 'time_of_day' end as clock_kind
    from said
    join delivery
        on delivery.source_id = said.source_id
        and delivery.format in ('xmrig_log', 'docker_json_log', 'journald_export', 'journald_json', 'syslog')
)

select
    timed.source_id || '#' || timed.record || '.' || timed.part as event,
    timed.source_id,
    timed.record,
    timed.part,
    timed.line,
    timed.table_name,
    timed.reason,
    timed.pool_name,
    timed.pool_port,
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
