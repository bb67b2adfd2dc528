-- question: when was each flow, clocks applied?
-- grain:    one row per flow record that has a time
-- columns:  event, source_id, dst_address, earliest_us, best_us, latest_us, ts_basis
-- as:       view
-- not for:  showing mining; see pool_flow

select
    flow.source_id || '#' || flow.record || '.' || flow.part as event,
    flow.source_id,
    flow.dst_address,
    epoch_us(flow.ts) - clock.offset_us - clock.before_us as earliest_us,
    epoch_us(flow.ts) - clock.offset_us as best_us,
    epoch_us(flow.ts) - clock.offset_us + clock.after_us + coalesce(flow.ts_precision_us, 0) as latest_us,
    clock.basis as ts_basis
from flow
join clock
    on clock.source_id = flow.source_id
    and clock.kind = 'utc'
    and epoch_us(flow.ts) >= clock.from_us
    and epoch_us(flow.ts) < clock.until_us
