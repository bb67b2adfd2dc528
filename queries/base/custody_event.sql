-- question: what did responders write down about securing assets?
-- grain:    one row per entry of a recovery ledger
-- columns:  event, source_id, record, part, line, kind, asset, amount, amount_raw, from_address, to_address,
--           transaction_id, actor_name, earliest_us, best_us, latest_us, ts_basis
-- as:       table
-- not for:  proof of receipt; the chain or the custodian's record proves that

with timed as (
    select
        *,
        coalesce(epoch_us(ts), epoch_us(ts_local)) as raw_us,
        case when ts is not null then 'utc' when ts_local is not null then 'local' end as clock_kind
    from custody_action
)

select
    timed.source_id || '#' || timed.record || '.' || timed.part as event,
    timed.source_id,
    timed.record,
    timed.part,
    timed.line,
    timed.kind,
    timed.asset,
    timed.amount,
    timed.amount_raw,
    timed.from_address,
    timed.to_address,
    timed.transaction_id,
    timed.actor as actor_name,
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
