-- question: where does a tool's answer show a miner at work (accepted shares, hash rates, its process, a pool's account
--           of them), or say that it was stopped for what it is?
-- grain:    one row per answer and what it shows
-- columns:  event, call_event, session_id, seq, shows ('mining' | 'accumulation' | 'detection' | 'containment'), reason
-- as:       table
-- not for:  opening a finding: logs of others are read too

with answer as (
    select event, call_event, session_id, seq, left(text, 20000) as head
    from tool_result
    where kind = 'tool_result' and call_event is not null and not coalesce(is_error, false) and text is not null
),

talking as (
    select event, call_event, session_id, seq, 'the answer shows a miner at work' as reason
    from answer
    where regexp_matches(
        -- what a whole network works is no miner's speed
        regexp_replace(head, '(?i)\bnet(work)?[ _-]*hash[ _-]*(rate)?\W{0,4}[0-9.]+ ?[kMGTPE]?H/s', '', 'g'),
        '(accepted \(\d+/\d+\)|accepted: \d+/\d+|speed 10s/60s/15m|\[ ?OK ?\] ?\d+/\d+ - [0-9.]+ ?[kKMG]?H/s|new job from \S+:\d+|Share accepted|[0-9.]+ ?[kKMG]H/s)')
),

-- a list of what runs on the machine
listing as (
    select distinct command_event.event
    from command_event
    join command_part on command_part.text_sha256 = command_event.text_sha256
    where regexp_full_match(
        lower(command_part.executable),
        '(ps|top|htop|pgrep|pidof|nvidia-smi|rocm-smi|nvtop|get-process|gps|tasklist)(\.exe)?')
),

miner as (
    select distinct program
    from command_hit
    where stage = 'mining' and reach = 'run' and rule in ('miner_started', 'miner_bare') and length(program) >= 4
),

listed as (
    select distinct answer.event, answer.call_event, answer.session_id, answer.seq,
        'the answer lists the miner among what runs' as reason
    from answer
    join listing on listing.event = answer.call_event
    -- what was searched for stands in the list too
    join miner
        on contains(lower(regexp_replace(answer.head, '(?m)^.*\bgrep\b.*$', '', 'g')), miner.program)
)

select event, call_event, session_id, seq, 'mining' as shows, min(reason) as reason
from (
    select * from talking
    union all
    select * from listed
) as shown
group by event, call_event, session_id, seq

union all

select event, call_event, session_id, seq, 'accumulation', 'the answer shows what a pool holds for an account'
from answer
where regexp_matches(
    head,
    '"(amtDue|amtPaid|totalHashes|validShares|unpaidBalance|pendingBalance|immature|paid_total|hashrate_?24h?|lastShare|last_?share)"\s*:')

union all

-- the machine's owner speaks: what ran was stopped because it mines
select tool_result.event, tool_result.call_event, tool_result.session_id, tool_result.seq, stage.value,
    'the answer says that it was stopped because it mines'
from tool_result
cross join unnest(['detection', 'containment']) as stage(value)
where
    tool_result.kind = 'tool_result'
    and tool_result.call_event is not null
    and regexp_matches(
        lower(left(tool_result.text, 4000)),
        '(crypto[- ]?(currency)?|coin)[- ]?min(ing|er)|min(ing|er) ((of|any) )?(crypto|coin)|kryptomining|criptominer|挖矿')
    and regexp_matches(
        lower(left(tool_result.text, 4000)),
        '\b(stopped|cancell?ed|culled|suspended|terminated|restricted|locked|disabled|blocked|banned|killed|removed)\b|gesperrt|beendet|suspendid|cancelad|封禁|停用|终止')
    and regexp_matches(
        lower(left(tool_result.text, 4000)),
        '\b(prohibited|not (permitted|allowed)|forbidden|acceptable use|terms|policy|violat\w+|abuse|unauthori[sz]ed)\b|verboten|prohibid|禁止|违反')
