-- question: what did other sensors report, and is it about mining?
-- grain:    one row per alert; a vendor's sample findings left out
-- columns:  event, source_id, record, part, line, product, rule, title, about_mining, earliest_us, best_us, latest_us,
--           ts_basis
-- as:       table
-- not for:  showing mining; an alert is somebody's detection

with timed as (
    select
        *,
        coalesce(epoch_us(ts), epoch_us(ts_local)) as raw_us,
        case when ts is not null then 'utc' when ts_local is not null then 'local' end as clock_kind
    from alert
    where not coalesce(is_sample, false)
)

select
    timed.source_id || '#' || timed.record || '.' || timed.part as event,
    timed.source_id,
    timed.record,
    timed.part,
    timed.line,
    timed.product,
    timed.rule,
    timed.title,
    regexp_matches(
        lower(coalesce(timed.rule, '') || ' ' || coalesce(timed.category, '') || ' ' || left(coalesce(timed.title, ''), 2000)),
        '(cryptocurrency|crypto.?min|coin ?min|(^|[^a-z])miners?([^a-z]|$)|(^|[^a-z])mining([^a-z]|$)|stratum|bitcoin|monero)') as about_mining,
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
