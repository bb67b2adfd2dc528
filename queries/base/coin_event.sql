-- question: which coins moved, in which direction as seen from the accounts of this case?
-- grain:    one row per entry of a pool, wallet or exchange
-- columns:  event, source_id, record, part, line, kind, side ('in' | 'out' | 'state'), asset, amount (exact decimal; null
--           where the text is no exact number), amount_raw, from_address, to_address, account, transaction_id,
--           counterparty, purpose, repeats (the event of the same movement in another source: lists are saved more than
--           once, and a wallet is exported in several ways), earliest_us, best_us, latest_us, ts_basis
-- as:       table
-- not for:  totals over assets or currencies

with timed as (
    select
        *,
        coalesce(epoch_us(ts), epoch_us(ts_local)) as raw_us,
        case when ts is not null then 'utc' when ts_local is not null then 'local' end as clock_kind
    from coin_movement
),

numbered as (
    select
        *,
        source_id || '#' || record || '.' || part as event,
        -- a transaction may pay the same amount twice: the nth in one source is the nth in another
        row_number() over (
            partition by source_id, kind, asset, amount, case when amount is null then amount_raw end, transaction_id
            order by record, part
        ) as nth
    from timed
),

compared as (
    select
        *,
        min(event) over (
            partition by kind, asset, amount, case when amount is null then amount_raw end, transaction_id, nth
        ) as first_event
    from numbered
)

select
    timed.event,
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
    case when timed.transaction_id is not null and timed.first_event <> timed.event then timed.first_event end as repeats,
    timed.raw_us - clock.offset_us - clock.before_us as earliest_us,
    timed.raw_us - clock.offset_us as best_us,
    timed.raw_us - clock.offset_us + clock.after_us + coalesce(timed.ts_precision_us, 0) as latest_us,
    coalesce(clock.basis, 'none') as ts_basis
from compared as timed
left join clock
    on clock.source_id = timed.source_id
    and clock.kind = timed.clock_kind
    and timed.raw_us >= clock.from_us
    and timed.raw_us < clock.until_us
