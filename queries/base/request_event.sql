-- question: which requests for resources, and answers to them, stand in a designated channel's own records?
-- grain:    one row per request or answer
-- columns:  event, source_id, record, part, line, request_id, kind ('request' | 'answer'), channel, requester, outcome
--           ('pending' | 'approved' | 'denied'; null where not said), text, earliest_us, best_us, latest_us, ts_basis
-- as:       table
-- not for:  saying that an agent asked: the requester is a name

with timed as (
    select
        *,
        coalesce(epoch_us(ts), epoch_us(ts_local)) as raw_us,
        case when ts is not null then 'utc' when ts_local is not null then 'local' end as clock_kind
    from resource_request
)

select
    timed.source_id || '#' || timed.record || '.' || timed.part as event,
    timed.source_id,
    timed.record,
    timed.part,
    timed.line,
    timed.request_id,
    timed.kind,
    timed.channel,
    timed.requester,
    timed.outcome,
    timed.text,
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
