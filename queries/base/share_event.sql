-- question: which shares of work were handed in, and what did the pool say?
-- grain:    one row per share, or batch of shares
-- columns:  event, source_id, record, part, line, account, worker, pool, difficulty, count, accepted, asset, earliest_us,
--           best_us, latest_us, ts_basis
-- as:       table
-- not for:  coins; a share is work, not money

with timed as (
    select
        *,
        coalesce(epoch_us(ts), epoch_us(ts_local), time_of_day_us) as raw_us,
        case when ts is not null then 'utc' when ts_local is not null then 'local'
            when time_of_day_us is not null then 'time_of_day' end as clock_kind
    from mining_share
)

select
    timed.source_id || '#' || timed.record || '.' || timed.part as event,
    timed.source_id,
    timed.record,
    timed.part,
    timed.line,
    timed.account,
    timed.worker,
    timed.pool,
    timed.difficulty,
    coalesce(timed.count, 1) as count,
    timed.accepted,
    timed.asset,
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
