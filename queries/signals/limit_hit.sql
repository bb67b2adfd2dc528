-- question: where did a machine answer that a resource ran out?
-- grain:    one row per answer and kind of limit
-- columns:  event, call_event, session_id, seq, kind, rule, earliest_us, best_us, latest_us, ts_basis
-- as:       table
-- not for:  saying that the limit caused anything

with reading_call as (
    select command_event.event
    from command_event
    join command_part on command_part.text_sha256 = command_event.text_sha256
    group by command_event.event
    having
        bool_or(lower(command_part.executable) in ('cat', 'grep', 'rg', 'less', 'more', 'git', 'sed', 'awk', 'find', 'ag',
            'bat'))
        and bool_and(lower(coalesce(command_part.executable, 'cd')) in ('cat', 'grep', 'rg', 'less', 'more', 'git', 'sed',
            'awk', 'find', 'ag', 'bat', 'head', 'tail', 'wc', 'sort', 'uniq', 'cut', 'tr', 'cd', 'echo', 'ls', 'jq'))
),

answer as (
    select
        *,
        left(coalesce(text, ''), 20000) as head
    from tool_result
    where
        kind in ('tool_result', 'system_event')
        and coalesce(tool_class, 'other') in ('shell', 'code', 'mcp', 'other', 'web')
),

worded as (
    select answer.*, limit_rule.kind as limit_kind, limit_rule.id as rule
    from answer
    join limit_rule on regexp_matches(answer.head, limit_rule.pattern)
    left join reading_call on reading_call.event = answer.call_event
    where
        (reading_call.event is null or coalesce(answer.is_error, false))
        and (limit_rule.id <> 'budget_words' or coalesce(answer.is_error, false) or length(answer.text) < 600)
),

typed as (
    select
        *,
        case
            when http_status in (402, 429, 507, 529) then 'rate'
            when exit_code = 137 then 'memory'
            when limit_used_percent >= 95 then 'rate'
            else 'quota'
        end as limit_kind,
        'typed_field' as rule
    from answer
    where
        http_status in (402, 429, 507, 529)
        or exit_code = 137
        or limit_used_percent >= 95
        or lower(coalesce(error_type, '')) in (
            'insufficient_quota', 'rate_limit_exceeded', 'rate_limit_error', 'overloaded_error', 'quota_exceeded',
            'billing_hard_limit_reached', 'resource_exhausted', 'usage_limit_reached',
            -- limits of harnesses: Inspect, SWE-agent, mini-swe-agent, OpenHands, Claude Code, and names of LiteLLM's errors
            'token_limit', 'time_limit', 'working_limit', 'message_limit', 'cost_limit', 'context_limit',
            'exit_cost', 'exit_context', 'exit_total_execution_time', 'limitsexceeded', 'timeexceeded', 'rate_limited',
            'ratelimiterror', 'llmratelimiterror', 'out_of_credits', 'maxiterationsreached', 'budgetexceedederror',
            'contextwindowexceedederror', 'llmcontextwindowexceederror', 'error_max_turns', 'error_max_budget_usd')
),

every as (
    select event, call_event, session_id, seq, limit_kind, rule, earliest_us, best_us, latest_us, ts_basis from worded
    union all
    select event, call_event, session_id, seq, limit_kind, rule, earliest_us, best_us, latest_us, ts_basis from typed
)

select
    event,
    min(call_event) as call_event,
    min(session_id) as session_id,
    min(seq) as seq,
    limit_kind as kind,
    min(rule) as rule,
    min(earliest_us) as earliest_us,
    min(best_us) as best_us,
    max(latest_us) as latest_us,
    min(ts_basis) as ts_basis
from every
group by event, limit_kind
