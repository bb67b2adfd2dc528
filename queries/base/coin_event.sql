-- question: which coins moved, in which direction as seen from the accounts of this case?
-- grain:    one row per entry of a pool, wallet or exchange
-- columns:  event, source_id, record, part, line, kind, side ('in' | 'out' | 'state'), asset, amount (exact decimal; null
--           where the text is no exact number), amount_raw, from_address, to_address, account, transaction_id,
--           counterparty, purpose, earliest_us, best_us, latest_us, ts_basis
-- as:       table
-- not for:  totals over assets or currencies

with timed as (
    select
        *,
        coalesce(epoch_us(ts), epoch_us(ts_local)) as raw_us,
        case when ts is not null then 'utc' when ts_local is not null then 'local' end as clock_kind
    from coin_movement
)

select
    timed.source_id || '#' || timed.record || '.' || timed.part as event,
    timed.source_id,
    timed.record,
    timed.part,
    timed.line,
    timed.kind,
    case when timed.kind in ('credit', 'payout', 'receipt') then 'in' when timed.kind in ('spend', 'trade')
        then 'out' when timed.kind = 'transfer' and timed.to_address is null and timed.from_address is null then 'state'
        when timed.kind = 'transfer' and timed.to_address is distinct from timed.account then 'out'
        when timed.kind = 'transfer' then 'in' else 'state' end as side,
    timed.asset,
    timed.amount,
    timed.amount_raw,
    timed.from_address,
    timed.to_address,
    timed.account,
    timed.transaction_id,
    timed.counterparty,
    timed.purpose,
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
