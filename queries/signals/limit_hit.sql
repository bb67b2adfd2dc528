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
            'bat', 'wc', 'ls', 'stat', 'du'))
        and bool_and(lower(coalesce(command_part.executable, 'cd')) in ('cat', 'grep', 'rg', 'less', 'more', 'git', 'sed',
            'awk', 'find', 'ag', 'bat', 'head', 'tail', 'wc', 'sort', 'uniq', 'cut', 'tr', 'cd', 'echo', 'ls', 'jq', 'stat', 'du'))
),

-- what others wrote, shown by a forge's program, is read as a file is
shown_page as (
    select event
    from command_event
    where regexp_matches(left(text, 4000), '^\s*(gh|glab|tea) (pr|issue|mr|release) (view|list|diff|status)\b')
),

-- a list of everybody's jobs is not about the one who asks for it
everybody as (
    select command_event.event
    from command_event
    join command_part on command_part.text_sha256 = command_event.text_sha256
    group by command_event.event
    having
        bool_or(lower(command_part.executable) in ('squeue', 'qstat', 'bjobs', 'sacct', 'bhist'))
        and not bool_or(regexp_matches(left(command_event.text, 4000),
            '\s(--me|--user|--users|--job|--jobs|--name|-u|-j|-n|-J)\b'))
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

-- a page, or the description of an interface, speaks of limits without meeting one; an error's own page does not
graded as (
    select
        answer.*,
        coalesce(answer.is_error, false) or coalesce(answer.exit_code, 0) <> 0 or coalesce(answer.http_status, 0) >= 400
            as failed,
        length(coalesce(answer.text, '')) < 600 as brief,
        regexp_matches(
            answer.head,
            '(?i)((^|\n|Output: )\s*<(!doctype|html|head|body|h[1-6]|p|article|main|div)\b|^\s*#{1,3} \S|"(responses|openapi|swagger)"\s*:)')
            and not regexp_matches(answer.head, '(?i)<(title|h1)>\s*(402|429|507|529)\b') as page,
        reading_call.event is not null as looked_up,
        -- the kernel names whom it killed
        regexp_extract(answer.head, 'Killed process [0-9]+ \(([^)\n]{1,40})\)', 1) as killed_program
    from answer
    left join (
        select event from reading_call
        union
        select event from shown_page
        union
        select event from everybody
    ) as reading_call
        on reading_call.event = answer.call_event
),

own_program as (
    select distinct graded.event
    from graded
    join command_event
        on command_event.session_id = graded.session_id
        and contains(command_event.text, graded.killed_program)
    where graded.killed_program <> ''
),

worded as (
    select graded.*, limit_rule.kind as limit_kind, limit_rule.id as rule
    from graded
    join limit_rule on regexp_matches(graded.head, limit_rule.pattern)
    where
        case limit_rule.holds
            when 'failed' then graded.failed
            when 'brief' then graded.failed or (graded.brief and not graded.page and not graded.looked_up)
            -- what is left of an allowance stands in files as well
            when 'standing' then graded.brief and not graded.page
            else graded.failed or not (graded.page or graded.looked_up)
        end
        and (
            limit_rule.equal is null
            or regexp_extract(graded.head, limit_rule.pattern, 1) = regexp_extract(graded.head, limit_rule.pattern, 2)
        )
        and (limit_rule.also is null or regexp_matches(graded.head, limit_rule.also))
        and (coalesce(graded.killed_program, '') = '' or graded.event in (select event from own_program))
),

typed as (
    select
        *,
        case
            when http_status in (402, 429, 507, 529) then 'rate'
            when exit_code = 137 then 'memory'
            when exit_code in (152, 153) then 'process'
            when limit_used_percent >= 95 then 'rate'
            else 'quota'
        end as limit_kind,
        'typed_field' as rule
    from answer
    where
        http_status in (402, 429, 507, 529)
        -- killed for memory; a shell's word for the kernel's limits on processor time and on the size of a file
        or exit_code in (137, 152, 153)
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
