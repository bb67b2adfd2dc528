-- question: where does a tool's answer show a miner at work: accepted shares, hash rates, a pool's account of them?
-- grain:    one row per answer
-- columns:  event, call_event, session_id, seq, shows ('mining' | 'accumulation'), reason
-- as:       table
-- not for:  opening a finding: logs of others are read too

with answer as (
    select event, call_event, session_id, seq, left(text, 20000) as head
    from tool_result
    where kind = 'tool_result' and call_event is not null and not coalesce(is_error, false) and text is not null
)

select event, call_event, session_id, seq, 'mining' as shows, 'the answer shows a miner at work' as reason
from answer
where regexp_matches(
    head,
    '(accepted \(\d+/\d+\)|accepted: \d+/\d+|speed 10s/60s/15m|\[ ?OK ?\] ?\d+/\d+ - [0-9.]+ ?[kKMG]?H/s|new job from \S+:\d+|Share accepted|[0-9.]+ ?[kKMG]H/s)')

union all

select event, call_event, session_id, seq, 'accumulation', 'the answer shows what a pool holds for an account'
from answer
where regexp_matches(
    head,
    '"(amtDue|amtPaid|totalHashes|validShares|unpaidBalance|pendingBalance|immature|paid_total|hashrate_?24h?|lastShare|last_?share)"\s*:')
