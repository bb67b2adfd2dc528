-- question: what did a tool answer, and to which call?
-- grain:    one row per tool result or typed limit notice of a session; copied context left out
-- columns:  event, call_event (null where the call is not in evidence), source_id, record, part, line, session_id, seq,
--           kind, tool_class, text, is_error, error_type, http_status, exit_code, limit_used_percent, pids, earliest_us,
--           best_us, latest_us, ts_basis
-- as:       table
-- not for:  deciding who acted; a result is the machine's word

with answered as (
    select
        *,
        coalesce(epoch_us(ts), epoch_us(ts_local)) as raw_us,
        case when ts is not null then 'utc' when ts_local is not null then 'local' end as clock_kind
    from transcript_once
    where kind in ('tool_result', 'system_event', 'usage')
),

calls as (
    select
        session_id,
        call_id,
        min(event) as call_event,
        min(tool_class) as tool_class
    from transcript_once
    where kind = 'tool_call' and call_id is not null
    group by session_id, call_id
)

select
    answered.source_id || '#' || answered.record || '.' || answered.part as event,
    calls.call_event,
    answered.source_id,
    answered.record,
    answered.part,
    answered.line,
    answered.session_id,
    answered.seq,
    answered.kind,
    coalesce(answered.tool_class, calls.tool_class) as tool_class,
    answered.text,
    answered.is_error or answered.refused as is_error,
    answered.error_type,
    answered.http_status,
    answered.exit_code,
    answered.limit_used_percent,
    answered.pids,
    answered.raw_us - clock.offset_us - clock.before_us as earliest_us,
    answered.raw_us - clock.offset_us as best_us,
    answered.raw_us - clock.offset_us + clock.after_us + coalesce(answered.ts_precision_us, 0) as latest_us,
    coalesce(clock.basis, 'none') as ts_basis
from answered
left join calls on calls.session_id = answered.session_id and calls.call_id = answered.call_id
left join clock
    on clock.source_id = answered.source_id
    and clock.kind = answered.clock_kind
    and answered.raw_us >= clock.from_us
    and answered.raw_us < clock.until_us
